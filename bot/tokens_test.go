package bot

import (
	"strings"
	"testing"

	"licensebot/internal/fakeslack"
	"licensebot/internal/fault"
)

// A new bot token is used if Slack says that it is the same bot's. Otherwise the old
// one stays, and the error names no token.
func TestReplaceBotToken(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeslack.Config{})
	old := r.slack.BotToken()
	r.slack.ReplaceTokens()
	fresh := r.slack.BotToken()
	same := `{"ok":true,"user_id":"` + r.bot.UserID() + `","team_id":"` + r.slack.TeamID() + `"}`
	for wrong, body := range map[string]string{
		"restart to become another bot":  strings.Replace(same, r.bot.UserID(), "U0OTHER", 1),
		"in the workspace T0OTHER":       strings.Replace(same, r.slack.TeamID(), "T0OTHER", 1),
		"Slack does not accept":          `{"ok":false,"error":"invalid_auth"}`,
		"the answer names no user and t": `{"ok":true}`,
	} {
		r.slack.Inject("auth.test", fault.Fault{Times: 1, Body: body})
		err := r.bot.ReplaceBotToken(r.ctx, fresh)
		if err == nil || !strings.Contains(err.Error(), wrong) || strings.Contains(err.Error(), fresh) || strings.Contains(err.Error(), old) {
			t.Errorf("got %v, want %q", err, wrong)
		}
		if err := r.bot.CheckChannel(r.ctx); err == nil {
			t.Fatal("the new token is in use")
		}
	}
	if err := r.bot.ReplaceBotToken(r.ctx, fresh); err != nil {
		t.Fatal(err)
	}
	if err := r.bot.CheckChannel(r.ctx); err != nil {
		t.Errorf("with the new token: %v", err)
	}
}
