package slackapi

import (
	"errors"
	"testing"

	"licensebot/internal/fakeslack"
	"licensebot/internal/fault"
)

// TestFindGivesUpTruthfully does not call a post missing that it could not
// look for.
func TestFindGivesUpTruthfully(t *testing.T) {
	r := newRig(t, fakeslack.Config{})
	page := `{"ok":true,"messages":[],"has_more":true,"response_metadata":{"next_cursor":"bmV4dF90czox"}}`
	r.slack.Inject("conversations.history", fault.Fault{Body: page})
	found, err := r.messenger.FindPosts(r.ctx, Search{Channel: channel, Since: testTime})
	if found != nil || !errors.Is(err, errTooMuchHistory) || meaning(err) != "unknown" {
		t.Errorf("%v, %v", found, err)
	}
	calls := r.slack.Calls("conversations.history")
	if len(calls) != findPages {
		t.Errorf("%d pages", len(calls))
	}
	if oldest := calls[0].Args["oldest"]; oldest != "1795425600.000000" || calls[0].Args["include_all_metadata"] == "" {
		t.Errorf("looked from %s on: %v", oldest, calls[0].Args)
	}
}
