package message

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/slack-go/slack"

	"licensebot/approvals"
	"licensebot/internal/groupname"
)

// TestSuggestionsFitAnAcknowledgment, of which Slack drops one of 20 KB.
func TestSuggestionsFitAnAcknowledgment(t *testing.T) {
	groups := make([]approvals.Group, MaxOptions)
	for i := range groups {
		groups[i] = groupname.Group(fmt.Sprintf("%s-%d", strings.Repeat("i", 120), i), strings.Repeat("Наймення ", 10))
	}
	groups[1] = groupname.Group(strings.Repeat("i", maxOptionValue+1), "no option can carry its id")
	groups[2] = groupname.Group("alone", "Alone")
	groups[3] = groupname.Group("nameless", "")
	groups[4] = groupname.Group("look-alike-1", "Prod-DB")
	groups[5] = groupname.Group("look-alike-2", "PROD‑DB")
	offered := groupOptions(groups)
	raw, err := json.Marshal(Options{Options: offered})
	if err != nil || len(raw) > 18<<10 || len(offered) < 20 {
		t.Errorf("%d options are %d bytes, %v", len(offered), len(raw), err)
	}
	shown := map[string]string{}
	for _, o := range offered {
		shown[o.Value] = o.Text.Text
		if o.Description != nil {
			shown[o.Value] += " / " + o.Description.Text
		}
	}
	if len(slices.Collect(maps.Keys(shown))[0]) > maxOptionValue || shown["alone"] != "Alone" || shown["nameless"] != "nameless" ||
		!strings.Contains(shown[groups[0].ID], " / iii") || shown["look-alike-2"] != "PROD‑DB / look-alike-2" {
		t.Errorf("%v", shown)
	}
	for _, o := range offered {
		if o.Text.Type != slack.PlainTextType || len([]rune(o.Text.Text)) > maxOptionText || len(o.Value) > maxOptionValue {
			t.Errorf("%+v", o)
		}
	}
}
