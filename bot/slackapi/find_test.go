package slackapi

import (
	"errors"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"licensebot/internal/fakeslack"
	"licensebot/internal/fault"
)

// TestFindGivesUpTruthfully does not call a post missing that it could not
// look for.
func TestFindGivesUpTruthfully(t *testing.T) {
	r := newRig(t, fakeslack.Config{})
	page := `{"ok":true,"messages":[],"has_more":true,"response_metadata":{"next_cursor":"bmV4dF90czox"}}`
	r.slack.Inject("conversations.history", fault.Fault{Body: page})
	found, err := r.messenger.FindPosts(r.ctx, Search{Channel: channel})
	if found != nil || !errors.Is(err, errTooMuchHistory) || meaning(err) != "unknown" {
		t.Errorf("%v, %v", found, err)
	}
	calls := r.slack.Calls("conversations.history")
	if len(calls) != findPages {
		t.Errorf("%d pages", len(calls))
	}
	if calls[0].Args["oldest"] != "" || calls[0].Args["include_all_metadata"] == "" {
		t.Errorf("asked for %v", calls[0].Args)
	}
}

// TestFindGoesBySlacksClock finds a post, whatever this machine's clock shows, and stops at
// what is too old by the newest message's own time.
func TestFindGoesBySlacksClock(t *testing.T) {
	t.Parallel()
	for name, ahead := range map[string]time.Duration{
		"the same": 0, "Slack's is hours ahead": 5 * time.Hour, "Slack's is hours behind": -5 * time.Hour,
		"Slack's is years ahead": 90_000 * time.Hour, "Slack's is years behind": -90_000 * time.Hour,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := time.Now().Add(ahead)
			r := newRig(t, fakeslack.Config{Now: func() time.Time { return now }})
			say := func(n int) {
				for range n {
					if _, err := r.slack.Say(kim, channel, "", "chatter"); err != nil {
						t.Fatal(err)
					}
				}
			}
			say(1500) // older than all that is looked for
			now = now.Add(48 * time.Hour)
			first := r.posted()
			say(250)
			now = now.Add(time.Hour)
			second := r.posted()
			search := Search{
				Channel: channel, Age: time.Hour, Matches: func(m slack.SlackMetadata) bool { return m.EventType == "card" },
			}
			found, err := r.messenger.FindPosts(r.ctx, search)
			if err != nil || len(found) != 2 || found[0].TS != first || found[1].TS != second {
				t.Errorf("%v, %v; want %s and %s", found, err, first, second)
			}
			if calls := r.slack.Calls("conversations.history"); len(calls) != 2 {
				t.Errorf("%d pages", len(calls))
			}
		})
	}
}
