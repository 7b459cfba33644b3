//go:build linux

package main

import (
	"context"
	"fmt"
	"strings"

	"licensebot/internal/chaos"
	"licensebot/internal/chaos/mutant"
)

// huntMutants sees whether every mutant with only in its name is caught.
func huntMutants(ctx context.Context, o chaos.Options, source, only string) error {
	all, err := mutant.All()
	if err != nil {
		return err
	}
	missed := 0
	for _, m := range all {
		if !strings.Contains(m.Name, only) || ctx.Err() != nil {
			continue
		}
		h := m.Hunt(ctx, o, source)
		fmt.Println(h)
		if h.Missed() {
			missed++
		}
	}
	if missed > 0 {
		return fmt.Errorf("%d mutants were not caught", missed)
	}
	return ctx.Err()
}
