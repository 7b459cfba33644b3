package slackapi

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"licensebot/internal/fakeslack"
	"licensebot/internal/fault"
)

// TestIdentify goes on while Slack cannot answer, and not when it will not.
func TestIdentify(t *testing.T) {
	r := newRig(t, fakeslack.Config{})
	r.slack.Inject("auth.test", fault.Fault{Times: 1, Status: 503})
	if self, err := r.client.Identify(r.ctx, r.logger()); err != nil || self.UserID != r.slack.BotUserID() || self.TeamID != r.slack.TeamID() {
		t.Errorf("%+v, %v", self, err)
	}
	for name, fault := range map[string]fault.Fault{
		"SLACK_BOT_TOKEN": {Times: 1, Error: "invalid_auth"},
		"xoxb-":           {Times: 1, Body: `{"ok":true,"team_id":"T1"}`},
	} {
		r.slack.Inject("auth.test", fault)
		before := len(r.slack.Calls("auth.test"))
		_, err := r.client.Identify(r.ctx, r.logger())
		if err == nil || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), r.slack.BotToken()) {
			t.Errorf("%v does not name %s", err, name)
		}
		if calls := len(r.slack.Calls("auth.test")) - before; calls != 1 {
			t.Errorf("%d calls", calls)
		}
	}
}

// TestCheckChannel tells an operator what is wrong with the channel, and what
// happens meanwhile.
func TestCheckChannel(t *testing.T) {
	r := newRig(t, fakeslack.Config{})
	r.slack.AddChannel(fakeslack.Channel{ID: "C0ARCHIVED", Name: "a", Archived: true, Members: []string{r.identity.UserID}})
	r.slack.AddChannel(fakeslack.Channel{ID: "C0SHARED", Name: "s", ExtShared: true, Members: []string{r.identity.UserID}})
	const kept = "requests are kept until then"
	for id, want := range map[string][2]string{
		general: {"invite it there", kept}, "C0NONE": {"check LICENSEBOT_CHANNEL", kept}, "C0ARCHIVED": {"unarchive it", kept},
		"C0SHARED": {"another organization", "cards are posted in it all the same"},
	} {
		err := r.client.CheckChannel(r.ctx, id)
		if err == nil || !strings.Contains(err.Error(), want[0]) || !strings.Contains(err.Error(), want[1]) {
			t.Errorf("%s: %v", id, err)
		}
	}
	if err := r.client.CheckChannel(r.ctx, channel); err != nil {
		t.Errorf("a good channel: %v", err)
	}
	r.slack.Inject("conversations.info", fault.Fault{Times: 1, Error: "missing_scope"})
	if err := r.client.CheckChannel(r.ctx, channel); err == nil || !strings.Contains(err.Error(), "cannot be told") || strings.Contains(err.Error(), kept) {
		t.Errorf("a channel that was not seen: %v", err)
	}
}

// TestNoRedirectIsFollowed keeps the token, and what is posted, at Slack.
func TestNoRedirectIsFollowed(t *testing.T) {
	followed := 0
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed++ }))
	defer elsewhere.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		slack := httptest.NewServer(http.RedirectHandler(elsewhere.URL, status))
		_, err := NewClient(slack.URL+"/", "xoxb-secret").api.AuthTestContext(t.Context())
		slack.Close()
		if err == nil || followed != 0 {
			t.Errorf("%d: %v, followed %d times", status, err, followed)
		}
	}
}

// TestWhichWorkspacesAreOwn compares the ids that a delivery names with the bot's.
func TestWhichWorkspacesAreOwn(t *testing.T) {
	alone := Identity{TeamID: "T1"}
	inGrid := Identity{TeamID: "T1", EnterpriseID: "E1"}
	wholeOrg := Identity{TeamID: "E1", EnterpriseID: "E1"}
	for _, c := range []struct {
		from                    Workspace
		alone, inGrid, wholeOrg bool
	}{
		{from: Workspace{}},
		{from: Workspace{TeamID: "T1"}, alone: true, inGrid: true},
		{from: Workspace{TeamID: "T1", EnterpriseID: "E1"}, alone: true, inGrid: true, wholeOrg: true},
		{from: Workspace{TeamID: "T1", EnterpriseID: "E2"}, alone: true}, // the workspace joined it a moment ago
		{from: Workspace{TeamID: "T2"}},
		{from: Workspace{TeamID: "T2", EnterpriseID: "E1"}, wholeOrg: true},
		{from: Workspace{TeamID: "T2", EnterpriseID: "E1", OrgInstall: true}, inGrid: true, wholeOrg: true},
		{from: Workspace{TeamID: "T2", EnterpriseID: "E2", OrgInstall: true}},
		{from: Workspace{EnterpriseID: "E1"}, inGrid: true, wholeOrg: true},
		{from: Workspace{EnterpriseID: "E2"}},
		{from: Workspace{TeamID: "E1"}, inGrid: true, wholeOrg: true},
		{from: Workspace{TeamID: "E2", EnterpriseID: "E1"}},
		{from: Workspace{OrgInstall: true}},
	} {
		got := []bool{alone.Owns(c.from), inGrid.Owns(c.from), wholeOrg.Owns(c.from)}
		if want := []bool{c.alone, c.inGrid, c.wholeOrg}; !slices.Equal(got, want) {
			t.Errorf("%+v: %v, want %v", c.from, got, want)
		}
	}
}
