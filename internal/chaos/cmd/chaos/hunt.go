//go:build linux

package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"licensebot/internal/chaos"
)

// hunt sees whether every mutant whose name has only in it is caught.
func hunt(ctx context.Context, o chaos.Options, source, only string) error {
	if o.Rounds == 0 {
		o.Rounds = 24
	}
	if o.Steps == 0 {
		o.Steps = 160
	}
	if o.Patience == 0 {
		o.Patience = 45 * time.Second
	}
	missed := 0
	for _, m := range chaos.Mutants() {
		if !strings.Contains(m.Name, only) || ctx.Err() != nil {
			continue
		}
		h := m.Hunt(ctx, o, source)
		fmt.Println(h)
		if h.Caught == nil || h.Err != nil {
			missed++
		}
	}
	if missed > 0 {
		return fmt.Errorf("%d mutants were not caught", missed)
	}
	return ctx.Err()
}
