//go:build linux

package chaos

import (
	"testing"
	"time"

	grammar "licensebot/bot/command"
)

// The grammar grows, and what was nonsense may come to ask for something.
func TestNoAsksAskForNothing(t *testing.T) {
	for _, text := range noAsks {
		if understood, err := grammar.Parse(command, text, time.Now()); err == nil && understood.Verb == grammar.VerbAsk {
			t.Errorf("%.40q asks for %+v", text, understood.Ask)
		}
	}
}
