package bot

import (
	"fmt"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"licensebot/approvals"
	"licensebot/bot/bottest"
	"licensebot/internal/fakeslack"
	"licensebot/internal/fault"
)

// carded files a person's request and records a card for it without posting one.
func (r *rig) carded(n int, requester string, stages ...approvals.Stage) approvals.Request {
	r.t.Helper()
	asked := r.request(approvals.Filed)
	asked.ID, asked.EnvelopeID, asked.Requester = fmt.Sprintf("R-%08d", n), fmt.Sprint("e", n), requester
	asked.Terms.TTL = 24 * time.Hour
	_, _, err := r.store.FileRequest(r.ctx, asked)
	if err == nil {
		proposal := approvals.Proposal{
			Group:  approvals.Group{ID: "group-01", Name: "R&D <EMEA>"},
			Change: approvals.Change{Add: []string{fmt.Sprintf("CODE%d", n)}},
		}
		_, err = r.store.ApplyEvent(r.ctx, asked.ID, approvals.Prepared{Proposal: proposal, Terms: approvals.Terms{Stages: stages, TTL: 24 * time.Hour}}, nil)
	}
	if err == nil {
		asked, err = r.store.ApplyEvent(r.ctx, asked.ID, approvals.CardPosted{TS: fmt.Sprintf("17000000%02d.000100", n)}, nil)
	}
	if err != nil {
		r.t.Fatal(err)
	}
	return asked
}

// home opens a person's home, waits until it shows what is wanted, and returns
// its whole text.
func (r *rig) home(user string, wanted ...string) string {
	r.t.Helper()
	if err := r.slack.OpenHome(user); err != nil {
		r.t.Fatal(err)
	}
	return r.awaitHome(user, wanted...)
}

func (r *rig) awaitHome(user string, wanted ...string) string {
	r.t.Helper()
	shown := ""
	r.await(fmt.Sprintf("a home with %q", wanted), func() bool {
		shown = r.shown(user)
		return shown != "" && !slices.ContainsFunc(wanted, func(w string) bool { return !strings.Contains(shown, w) })
	})
	return shown
}

func (r *rig) shown(user string) string {
	v, ok := r.slack.Home(user)
	if !ok {
		return ""
	}
	return bottest.ListTexts(r.t, v.Blocks)
}

var ownLink = regexp.MustCompile(`<https://sandbox\.slack\.com/archives/C0APPROVALS/p\d{16}\|(R-\d{8})>`)

func TestHomeShowsMineAndWhatWaitsForMe(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeslack.Config{})
	r.slack.SetUserGroup("S0TEAM", alex)
	r.listen(r.store)
	r.carded(1, robin, approvals.Stage{Approvers: []string{"S0TEAM", robin}, Quorum: 1}) // neither can decide alone
	r.carded(2, kim, approvals.Stage{Approvers: []string{robin}, Quorum: 1})
	r.carded(3, kim, approvals.Stage{Approvers: []string{alex}, Quorum: 1}, approvals.Stage{Approvers: []string{robin, alex}, Quorum: 1})
	shown := r.home(robin, "Waiting for you (2)", "Your open requests (1)")
	for _, want := range []string{
		"<https://sandbox.slack.com/archives/C0APPROVALS/p1700000002000100|R-00000002>", "R-00000003", "add `RPADEVPRONU` to the group `R&amp;D &lt;EMEA&gt;` (id `group-01`)",
		"asked by <@U0KIM>", "*Waiting*: 0 of 1 approval needed", "Deadline: <!date^", "/allocate help", "licensebot is well",
	} {
		if !strings.Contains(shown, want) {
			t.Errorf("%q is missing in\n%s", want, shown)
		}
	}
	bottest.ExpectHarmless(t, ownLink.ReplaceAllString(shown, "$1"))
	r.home(alex, "Waiting for you (2)", "R-00000001", "R-00000003", "No request of yours is open.")
	r.home(kim, "No request waits for your approval.", "Your open requests (2)")

	voted := approvals.VotesCounted{Ballots: []approvals.Ballot{{User: robin, Eligibility: approvals.Counts, Stages: []int{1}}}}
	if _, err := r.store.ApplyEvent(r.ctx, "R-00000003", voted, nil); err != nil {
		t.Fatal(err)
	}
	r.awaitHome(robin, "Waiting for you (1)")
	r.awaitHome(kim, "given by <@U0ROBIN>")
	if shown := r.shown(alex); !strings.Contains(shown, "Waiting for you (2)") {
		t.Errorf("Alex is still needed\n%s", shown)
	}
}

// TestHomeWithoutADirectory says that it does not know, and shows the rest.
func TestHomeWithoutADirectory(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeslack.Config{Scopes: []string{"commands", "chat:write", "users:read"}})
	r.listen(r.store)
	r.carded(1, robin, approvals.Stage{Approvers: []string{"S0TEAM"}, Quorum: 1})
	shown := r.home(alex, "Slack does not show who may approve what")
	if strings.Contains(shown, "R-00000001") {
		t.Errorf("%s", shown)
	}
	r.home(robin, "Your open requests (1)", "R-00000001")
}

// TestHomeConflicts: a home that another replica showed meanwhile is replaced only
// if the person asks.
func TestHomeConflicts(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeslack.Config{})
	b := r.listen(r.store)
	r.home(robin, "No request of yours is open.")
	elsewhere := slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: []slack.Block{slack.NewSectionBlock(slack.NewTextBlockObject(slack.MarkdownType, "of another replica", false, false), nil, nil)}}}
	if _, err := r.api().PublishViewContext(r.ctx, slack.PublishViewContextRequest{UserID: robin, View: elsewhere}); err != nil {
		t.Fatal(err)
	}
	conflicts := func() int {
		n := 0
		for _, call := range r.slack.Calls("views.publish") {
			if call.Error == "hash_conflict" {
				n++
			}
		}
		return n
	}
	r.carded(1, robin, approvals.Stage{Approvers: []string{alex}, Quorum: 1})
	r.await("a conflict", func() bool { return conflicts() == 1 })
	if shown := r.shown(robin); shown != "of another replica" {
		t.Errorf("it was shown over\n%s", shown)
	}
	for len(b.home.listOpen()) > 0 && r.ctx.Err() == nil {
		runtime.Gosched() // the tab is left to the replica that showed it
	}
	if r.ctx.Err() != nil {
		t.Fatal("it is tried again and again")
	}
	b.home.noteOpened(robin, "old.hash") // an event that was on its way meanwhile
	r.awaitHome(robin, "Your open requests (1)")
	if n := conflicts(); n != 2 {
		t.Errorf("%d conflicts", n)
	}
}

// TestHomesAreBounded: the tab that was opened longest ago is forgotten.
func TestHomesAreBounded(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeslack.Config{})
	h := r.bot.home
	for n := range homesOpen + 5 {
		h.noteOpened(fmt.Sprint("U", n), "")
	}
	if first, ok := h.nextWaiting(); len(h.listOpen()) != homesOpen || !ok || first != "U5" {
		t.Errorf("%d are open, first %s", len(h.listOpen()), first)
	}
	h.tabs["U7"].opened = time.Now().Add(-homeLife - time.Second)
	if open := h.listOpen(); slices.Contains(open, "U7") || len(open) != homesOpen-1 {
		t.Errorf("%d are open", len(open))
	}
}

// TestHomeThatSlackWillNotShow is tried a few times and then left.
func TestHomeThatSlackWillNotShow(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeslack.Config{})
	r.slack.Inject("views.publish", fault.Fault{Error: "not_enabled"})
	r.listen(r.store)
	if err := r.slack.OpenHome(robin); err != nil {
		t.Fatal(err)
	}
	tries := func() int { return len(r.slack.Calls("views.publish")) }
	r.await("all tries", func() bool { return tries() == homeTries })
	r.await("the last answer", func() bool { return r.entries(fakeslack.EntryAnswer, "views.publish") == homeTries })
	r.slack.Clear()
	r.home(kim, "No request of yours is open.")
	if n := tries(); n != homeTries+1 {
		t.Errorf("it was tried %d times", n-1)
	}
	if !strings.Contains(r.log.String(), "the Home tab of the Slack app is off") {
		t.Errorf("the operator is not told\n%s", r.log)
	}
}
