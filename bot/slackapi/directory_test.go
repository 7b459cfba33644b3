package slackapi

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"licensebot/approvals"
	"licensebot/internal/fakeslack"
	"licensebot/internal/fault"
)

// TestPerson reads from Slack what decides whether a person's vote counts.
func TestPerson(t *testing.T) {
	r := newRig(t, fakeslack.Config{})
	for name, c := range map[string]struct {
		user fakeslack.User
		want approvals.Person
	}{
		"member":                     {fakeslack.User{}, approvals.Person{}},
		"multi-channel guest":        {fakeslack.User{Restricted: true}, approvals.Person{Guest: true}},
		"single-channel guest":       {fakeslack.User{UltraRestricted: true}, approvals.Person{Guest: true}},
		"invited":                    {fakeslack.User{Invited: true}, approvals.Person{Guest: true}},
		"through Slack Connect":      {fakeslack.User{Stranger: true}, approvals.Person{External: true}},
		"of another team":            {fakeslack.User{TeamID: "T0OTHER"}, approvals.Person{External: true}},
		"bot":                        {fakeslack.User{Bot: true}, approvals.Person{Bot: true}},
		"workflow":                   {fakeslack.User{WorkflowBot: true}, approvals.Person{Bot: true}},
		"deactivated":                {fakeslack.User{Deleted: true}, approvals.Person{Deactivated: true}},
		"deactivated guest, a robot": {fakeslack.User{Deleted: true, Restricted: true, Bot: true}, approvals.Person{Deactivated: true, Guest: true, Bot: true}},
	} {
		c.user.ID, c.user.Name, c.want.ID = "U0SOMEBODY", "somebody", "U0SOMEBODY"
		c.want.Name = "somebody"
		c.want.TimeZone = "Etc/UTC" // as the simulated Slack gives it to each new person
		r.slack.AddUser(c.user)
		if got, err := r.directory.FindPerson(r.ctx, "U0SOMEBODY", 0); err != nil || got != c.want {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if name := r.directory.KnownName("U0SOMEBODY"); name != "somebody" {
			t.Errorf("the name is known as %q", name)
		}
	}
	if self, err := r.directory.FindPerson(r.ctx, r.identity.UserID, 0); err != nil || !self.Bot {
		t.Errorf("itself: %+v, %v", self, err)
	}
	if slackbot := r.directory.toPerson(userOf("USLACKBOT", "", "")); !slackbot.Bot {
		t.Error("Slackbot is no bot")
	}
	r.directory.identity.EnterpriseID = "E1"
	if colleague := r.directory.toPerson(userOf("U1", "T0OTHER", "E1")); colleague.External {
		t.Error("somebody of another team of the same enterprise is a stranger")
	}
	if stranger := r.directory.toPerson(userOf("U1", "T0OTHER", "")); !stranger.External {
		t.Error("somebody of another team and no enterprise is no stranger")
	}
}

// TestAnswersAboutNobody: an answer counts only for the person in question, and
// only if it says that they belong to this workspace.
func TestAnswersAboutNobody(t *testing.T) {
	r := newRig(t, fakeslack.Config{})
	request := approvals.Request{Requester: robin, Terms: approvals.Terms{Stages: []approvals.Stage{{Approvers: []string{alex}, Quorum: 1}}}}
	for body, want := range map[string]string{
		`{"ok":true}`:             "unknown",
		`{"ok":true,"user":null}`: "unknown",
		`{"ok":true,"user":{}}`:   "unknown",
		`{"ok":true,"user":{"team_id":"` + r.identity.TeamID + `"}}`:                      "unknown",
		`{"ok":true,"user":{"id":"W0ROBIN","team_id":"` + r.identity.TeamID + `"}}`:       "refusal Slack answered about another person",
		`{"ok":true,"user":{"id":"` + robin + `"}}`:                                       string(approvals.IsExternal),
		`{"ok":true,"user":{"id":"` + robin + `","team_id":""}}`:                          string(approvals.IsExternal),
		`{"ok":true,"user":{"id":"` + robin + `","team_id":"T0OTHER"}}`:                   string(approvals.IsExternal),
		`{"ok":true,"user":{"id":"` + robin + `","team_id":"` + r.identity.TeamID + `"}}`: string(approvals.IsRequester),
	} {
		r.slack.Inject("users.info", fault.Fault{Times: 1, Body: body})
		person, err := r.directory.FindPerson(r.ctx, robin, 0)
		got := meaning(err)
		if err == nil {
			got = string(approvals.EligibilityOf(request, person, []int{0}))
		}
		if got != want {
			t.Errorf("%s: %s, %v; want %s", body, got, err, want)
		}
	}
}

// TestPeopleWhoCannotBeLookedUp are refused for good, or not now.
func TestPeopleWhoCannotBeLookedUp(t *testing.T) {
	r := newRig(t, fakeslack.Config{})
	for name, want := range map[string]string{
		"missing_scope": "refusal missing_scope", "user_not_found": "refusal user_not_found", "user_not_visible": "refusal user_not_visible",
		"internal_error": "unknown", "invalid_auth": "delay 0s",
	} {
		r.slack.Inject("users.info", fault.Fault{Times: 1, Error: name})
		if _, err := r.directory.FindPerson(r.ctx, alex, time.Hour); meaning(err) != want {
			t.Errorf("users.info %s: %v", name, err)
		}
	}
	for name, want := range map[string]string{
		"missing_scope": "refusal missing_scope", "no_such_subteam": "refusal no_such_subteam",
		"plan_upgrade_required": "refusal plan_upgrade_required", "internal_error": "unknown",
	} {
		r.slack.Inject("usergroups.users.list", fault.Fault{Times: 1, Error: name})
		if _, err := r.directory.ListMembers(r.ctx, []string{"S0A"}, 0); meaning(err) != want {
			t.Errorf("usergroups.users.list %s: %v", name, err)
		}
	}
}

// TestMembers resolves user groups, each by itself.
func TestMembers(t *testing.T) {
	r := newRig(t, fakeslack.Config{})
	r.slack.SetUserGroup("S0A", alex, kim)
	r.slack.SetUserGroup("S0EMPTY")
	got, err := r.directory.ListMembers(r.ctx, []string{robin, "S0A", "S0EMPTY"}, 0)
	if err != nil || !slices.Equal(got, []string{robin, alex, kim}) {
		t.Errorf("%v, %v", got, err)
	}
	got, err = r.directory.ListMembers(r.ctx, []string{"S0NONE", robin, "S0A"}, 0)
	if !slices.Equal(got, []string{robin, alex, kim}) || meaning(err) != "refusal no_such_subteam" {
		t.Errorf("one group that is not there hides the others: %v, %v", got, err)
	}
	r.slack.Inject("usergroups.users.list", fault.Fault{Times: 1, Status: 500})
	if got, err = r.directory.ListMembers(r.ctx, []string{robin, "S0A"}, 0); err == nil || got != nil {
		t.Errorf("members in spite of an error: %v", got)
	}
	// A group that was known and can no longer be read has no members.
	r.slack.Inject("usergroups.users.list", fault.Fault{Times: 1, Error: "missing_scope"})
	if got, err = r.directory.ListMembers(r.ctx, []string{"S0A"}, 0); meaning(err) != "refusal missing_scope" || len(got) != 0 {
		t.Errorf("members from memory: %v, %v", got, err)
	}
}

// TestHowOldAnAnswerMayBe counts the calls behind the answers.
func TestHowOldAnAnswerMayBe(t *testing.T) {
	r := newRig(t, fakeslack.Config{})
	r.slack.SetUserGroup("S0A", alex)
	expect := func(what string, calls int, members ...string) {
		t.Helper()
		age := time.Hour
		if what == "anew" {
			age = 0
		}
		got, err := r.directory.ListMembers(r.ctx, []string{"S0A"}, age)
		if n := len(r.slack.Calls("usergroups.users.list")); err != nil || n != calls || !slices.Equal(got, members) {
			t.Errorf("%s: %v, %v after %d calls; want %v after %d", what, got, err, n, members, calls)
		}
	}
	expect("the first time", 1, alex)
	r.slack.SetUserGroup("S0A", kim)
	expect("from memory", 1, alex)
	expect("anew", 2, kim)
	r.slack.SetUserGroup("S0A", robin)
	r.directory.ForgetGroup("S0A")
	expect("after it was forgotten", 3, robin)
}

// TestAskingAnewSharesNoCall asks anew while an earlier call is under way. The
// answer to that call may be older than the question.
func TestAskingAnewSharesNoCall(t *testing.T) {
	r := newRig(t, fakeslack.Config{})
	r.slack.Inject("users.info", fault.Fault{Times: 1, Latency: 300 * time.Millisecond})
	first := make(chan error, 1)
	go func() {
		_, err := r.directory.FindPerson(r.ctx, alex, 0)
		first <- err
	}()
	r.await("the first call", func() bool { return len(r.slack.Calls("users.info")) == 1 })
	if _, err := r.directory.FindPerson(r.ctx, alex, 0); err != nil {
		t.Error(err)
	}
	if err := <-first; err != nil {
		t.Error(err)
	}
	if n := len(r.slack.Calls("users.info")); n != 2 {
		t.Errorf("%d calls for two questions", n)
	}
}

// TestOnCard reads every reaction that means something.
func TestOnCard(t *testing.T) {
	r := newRig(t, fakeslack.Config{})
	ts := r.posted()
	if err := r.messenger.AddReactions(r.ctx, channel, ts, "white_check_mark", "x"); err != nil {
		t.Fatal(err)
	}
	var voters []string // Slack lists a few unless asked for all
	for i := range 9 {
		id := fmt.Sprintf("U0VOTER%d", i)
		voters = append(voters, id)
		r.slack.AddUser(fakeslack.User{ID: id, Name: id})
		r.slack.Join(channel, id)
		if err := r.slack.React(id, channel, ts, "white_check_mark"); err != nil {
			t.Fatal(err)
		}
	}
	_ = r.slack.React(alex, channel, ts, "x")
	_ = r.slack.React(kim, channel, ts, "eyes")
	shown, _, err := r.directory.CardReactions(r.ctx, channel, ts)
	if err != nil || len(shown) != len(voters)+2 {
		t.Fatalf("%+v, %v", shown, err)
	}
	for _, v := range shown {
		if v.User == r.identity.UserID || v.Channel != channel || v.TS != ts || !v.Present || v.Name == "" {
			t.Errorf("%+v", v)
		}
	}
	_ = r.slack.DeleteMessage(channel, ts)
	if _, _, err := r.directory.CardReactions(r.ctx, channel, ts); !errors.Is(err, approvals.ErrCardDeleted) {
		t.Errorf("a deleted card: %v", err)
	}
}

func userOf(id, team, enterprise string) *slack.User {
	return &slack.User{ID: id, TeamID: team, Enterprise: slack.EnterpriseUser{EnterpriseID: enterprise}}
}

// TestZoneOfAPerson reads where it is day.
func TestZoneOfAPerson(t *testing.T) {
	r := newRig(t, fakeslack.Config{})
	r.slack.UpdateUser(alex, func(u *fakeslack.User) { u.TZOffset = -5 * 3600 })
	if p, err := r.directory.FindPerson(r.ctx, alex, 0); err != nil || p.UTCOffset != -5*time.Hour {
		t.Errorf("%+v, %v", p, err)
	}
}

// TestWhoSeesAChannel lists the members of a private channel, page by page, and keeps the
// list for as long as is asked. In a public channel nobody is counted.
func TestWhoSeesAChannel(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeslack.Config{})
	many := make([]string, 2001)
	for i := range many {
		many[i] = fmt.Sprintf("U0MANY%d", i)
	}
	kimSees := func(age time.Duration) bool {
		t.Helper()
		audience, err := r.directory.ListAudience(r.ctx, channel, age)
		if err != nil {
			t.Fatal(err)
		}
		return audience.Sees(approvals.Person{ID: kim})
	}
	if !kimSees(0) || len(r.slack.Calls("conversations.members")) != 0 {
		t.Error("the members of a public channel were looked at")
	}
	r.slack.UpdateChannel(channel, func(c *fakeslack.Channel) {
		c.Private, c.Members = true, append([]string{r.slack.BotUserID()}, many...)
	})
	if !kimSees(time.Hour) {
		t.Error("what was known is not used")
	}
	if kimSees(0) || len(r.slack.Calls("conversations.members")) != 3 {
		t.Errorf("%d pages", len(r.slack.Calls("conversations.members")))
	}
	r.slack.UpdateChannel(channel, func(c *fakeslack.Channel) { c.Members = append(c.Members, kim) })
	if kimSees(time.Hour) || !kimSees(0) {
		t.Error("the last page, or the age")
	}
	r.slack.Inject("conversations.members", fault.Fault{Times: 1, Status: 429})
	if _, err := r.directory.ListAudience(r.ctx, channel, 0); err == nil || !kimSees(time.Hour) {
		t.Errorf("a limit: %v", err)
	}
	r.slack.SetScopes(slices.DeleteFunc(fakeslack.DefaultScopes(), func(s string) bool { return s == "groups:read" })...)
	if _, err := r.directory.ListAudience(r.ctx, channel, 0); err == nil {
		t.Error("without the scope")
	}
}

// TestNowIsNeverBehindSlack compares it with the timestamps that Slack gives, in any part of a
// second, however far this host's clock is off.
func TestNowIsNeverBehindSlack(t *testing.T) {
	now := testTime
	r := newRig(t, fakeslack.Config{Now: func() time.Time { return now }})
	for _, part := range []time.Duration{0, time.Microsecond, 500 * time.Millisecond, 999999 * time.Microsecond} {
		now = testTime.Add(part)
		before, _ := approvals.ParseTimestamp(r.posted())
		asked, err := r.directory.Now(r.ctx)
		if err != nil || before.After(asked) || asked.Sub(now) > dateLag {
			t.Errorf("after a message of %s Slack's clock is %s, %v", before, asked, err)
		}
	}
}

// TestNowOfAnswersWithoutDate knows none, and passes a failure on.
func TestNowOfAnswersWithoutDate(t *testing.T) {
	for date, fails := range map[string]bool{"": false, "soon": false, "none": true} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Date"] = []string{date}
			_, _ = fmt.Fprintf(w, `{"ok":%t,"error":"invalid_auth"}`, !fails)
		}))
		t.Cleanup(server.Close)
		directory := NewDirectory(NewClient(server.URL+"/", "xoxb-1"), Identity{})
		if now, err := directory.Now(t.Context()); !now.IsZero() || (err != nil) != fails {
			t.Errorf("Date %q: %s, %v", date, now, err)
		}
	}
}
