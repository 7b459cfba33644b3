package slackapi

import (
	"strings"
	"testing"

	"github.com/slack-go/slack"

	"licensebot/internal/fakeslack"
	"licensebot/internal/fault"
)

// TestAddReactions puts both emoji on the card, whatever is there already.
func TestAddReactions(t *testing.T) {
	r := newRig(t, fakeslack.Config{})
	ts := r.posted()
	_ = r.client.api.AddReactionContext(r.ctx, "white_check_mark", slack.NewRefToMessage(channel, ts))
	if err := r.messenger.AddReactions(r.ctx, channel, ts, "white_check_mark", "x"); err != nil {
		t.Error(err)
	}
	if m, _ := r.slack.Message(channel, ts); len(m.Reactions) != 2 {
		t.Errorf("%+v", m.Reactions)
	}
	if err := r.messenger.AddReactions(r.ctx, channel, ts, "NO SUCH EMOJI", "x"); err != nil || !strings.Contains(r.log.String(), "LICENSEBOT_APPROVE_EMOJI") {
		t.Errorf("%v\n%s", err, r.log)
	}
	_ = r.slack.DeleteMessage(channel, ts)
	if err := r.messenger.AddReactions(r.ctx, channel, ts, "NO SUCH EMOJI", "x"); meaning(err) != "refusal message_not_found" {
		t.Errorf("%v", err)
	}
}

// TestTellWaiting answers where a person asked, or directly if Slack refuses that.
func TestTellWaiting(t *testing.T) {
	r := newRig(t, fakeslack.Config{})
	for answer, directly := range map[string]bool{
		"": false, "restricted_action": true, "no_permission": true, "is_archived": true, "unheard_of": true,
		"ratelimited": false, "internal_error": false,
	} {
		if answer != "" {
			r.slack.Inject("chat.postEphemeral", fault.Fault{Times: 1, Error: answer})
		}
		before := len(r.slack.DirectMessages(kim))
		err := r.messenger.TellWaiting(r.ctx, channel, kim, "here you are")
		if told := len(r.slack.DirectMessages(kim)) > before; told != directly || (err == nil) != (directly || answer == "") {
			t.Errorf("%q: told directly: %t, %v", answer, told, err)
		}
	}
	if told := r.slack.Ephemerals(kim); len(told) != 1 {
		t.Errorf("%+v", told)
	}
}
