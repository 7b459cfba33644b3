package bot

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"licensebot/approvals"
	"licensebot/internal/fakeslack"
	"licensebot/internal/fault"
)

// TestOnePersonWithTwoIDs plays one request for each combination of which id each
// surface of an Enterprise Grid shows. The outcome is always the same: the requester
// cannot approve, and an approver who is listed three times is one person.
func TestOnePersonWithTwoIDs(t *testing.T) {
	t.Parallel()
	varied := []fakeslack.Surface{
		fakeslack.SurfaceEvents, fakeslack.SurfaceAuthors, fakeslack.SurfaceReactions, fakeslack.SurfaceUserGroups, fakeslack.SurfaceUserInfo,
	}
	for _, first := range [][]fakeslack.Surface{
		{}, {fakeslack.SurfaceCommands}, {fakeslack.SurfaceAuthTest}, {fakeslack.SurfaceCommands, fakeslack.SurfaceAuthTest},
	} {
		t.Run(fmt.Sprint("commands and the token show the organization's id: ", first), func(t *testing.T) {
			r := newRig(t, fakeslack.Config{})
			r.slack.JoinEnterprise("E0GRID")
			for _, surface := range first {
				r.slack.ShowGlobalIDs(surface, true)
			}
			r.listen(r.store)
			for combination := range 1 << len(varied) {
				var shown []string
				for i, surface := range varied {
					on := combination>>i&1 == 1
					r.slack.ShowGlobalIDs(surface, on)
					if on {
						shown = append(shown, string(surface))
					}
				}
				r.playWithTwoIDs(fmt.Sprint(combination), strings.Join(shown, ", "))
			}
		})
	}
}

// playWithTwoIDs plays a request among people who are in no other play.
func (r *rig) playWithTwoIDs(play, shown string) {
	r.t.Helper()
	asker, one, other := "0ASK"+play, "0ONE"+play, "0OTHER"+play
	for _, id := range []string{asker, one, other} {
		r.slack.AddUser(fakeslack.User{ID: "U" + id, GlobalID: "W" + id, Name: id})
		r.slack.Join(channel, "U"+id)
		r.slack.Join(general, "U"+id)
	}
	group := "S0" + play
	r.slack.SetUserGroup(group, "U"+one, "U"+asker)
	terms := approvals.Terms{Stages: []approvals.Stage{{Approvers: []string{"U" + one, "W" + one, group, "U" + other}, Quorum: 2}}, TTL: time.Hour, Emoji: phrases().Emoji}
	typed, err := r.slack.Command(r.ctx, "U"+asker, general, "/allocate", "group-"+play+" IDU")
	id := requestID.FindString(typed.Response)
	if err != nil || id == "" {
		r.t.Fatalf("%s: %+v, %v", shown, typed, err)
	}
	ts := r.putCard(id, terms)
	for _, user := range []string{asker, one} {
		r.react("U"+user, ts)
	}
	wait := func() { r.await("the reactions to be heard", func() bool { return r.slack.Unacked() == 0 }) }
	wait()
	r.expectVotes(shown, id, "W"+asker+" requester", "W"+one+" counts", "met false")
	r.react("U"+other, ts)
	wait()
	r.expectVotes(shown, id, "W"+asker+" requester", "W"+one+" counts", "W"+other+" counts", "met true")
	// What an event tells under one id, another takes back under the other.
	before := strings.Contains(shown, string(fakeslack.SurfaceEvents))
	r.slack.ShowGlobalIDs(fakeslack.SurfaceEvents, !before)
	if err := r.slack.Unreact("U"+one, channel, ts, "white_check_mark"); err != nil {
		r.t.Fatal(err)
	}
	wait()
	r.expectVotes(shown, id, "W"+asker+" requester", "W"+other+" counts", "met false")
	said, err := r.slack.Command(r.ctx, "U"+asker, general, "/allocate", "mine")
	if err != nil || !strings.Contains(said.Response, id) {
		r.t.Errorf("%s: %+v, %v", shown, said, err)
	}
}

// putCard brings a filed request before its approvers.
func (r *rig) putCard(id string, terms approvals.Terms) (ts string) {
	r.t.Helper()
	proposal := approvals.Proposal{Group: approvals.Group{ID: id}, Change: approvals.Change{Add: []string{"IDU"}}}
	request, err := r.store.ApplyEvent(r.ctx, id, approvals.Prepared{Proposal: proposal, Terms: terms}, nil)
	if err == nil {
		ts, err = r.bot.messenger.PostCard(r.ctx, request)
	}
	if err == nil {
		request, err = r.store.ApplyEvent(r.ctx, id, approvals.CardPosted{TS: ts}, nil)
	}
	if err == nil {
		err = r.bot.messenger.AddReactions(r.ctx, request)
	}
	if err != nil {
		r.t.Fatal(err)
	}
	return ts
}

func (r *rig) react(user, ts string) {
	r.t.Helper()
	if err := r.slack.React(user, channel, ts, "white_check_mark"); err != nil {
		r.t.Fatal(err)
	}
}

// expectVotes expects what the events, a look at the card and the history of the
// channel say about the votes, which has to be the same.
func (r *rig) expectVotes(shown, id string, want ...string) {
	r.t.Helper()
	request, err := r.store.Request(r.ctx, id)
	if err != nil {
		r.t.Fatal(err)
	}
	heard, err := r.store.ListReactions(r.ctx, channel, request.CardTS)
	if err != nil {
		r.t.Fatal(err)
	}
	looked, _, err := r.bot.directory.CardReactions(r.ctx, channel, request.CardTS)
	if err != nil {
		r.t.Fatal(err)
	}
	page, err := r.bot.directory.ReadHistory(r.ctx, channel, request.CardTS, request.CardTS)
	s, found := page.Find(request.CardTS)
	if err != nil || !found || s.RequestID != id {
		r.t.Fatalf("%s: the bot does not know its own card: %+v, %v", shown, page, err)
	}
	sources := map[string][]approvals.Reaction{"events": heard, "a look": looked}
	if len(s.Cut) == 0 {
		sources["history"] = s.Shown
	}
	for source, reactions := range sources {
		if got := r.judge(request, reactions); !slices.Equal(got, want) {
			r.t.Errorf("%s show the organization's ids; %s: %v, want %v", shown, source, got, want)
		}
	}
}

// judge says what each vote is worth, and whether the votes carry the request.
func (r *rig) judge(request approvals.Request, reactions []approvals.Reaction) []string {
	r.t.Helper()
	var said []string
	var votes []approvals.Vote
	for _, reaction := range request.VotesAmong(reactions) {
		reaction.SeenAt = request.FiledAt
		voter, err := r.bot.intake.changes.voters.findVoter(r.ctx, request, reaction.User, time.Hour)
		if err != nil {
			r.t.Fatal(err)
		}
		ballot := approvals.NewBallot(request, reaction, voter)
		said = append(said, ballot.User+" "+string(ballot.Eligibility))
		if ballot.Eligibility == approvals.Counts {
			votes = append(votes, approvals.Vote{User: ballot.User, Stages: ballot.Stages})
		}
	}
	slices.SortFunc(said, func(a, b string) int { return strings.Compare(a[1:4], b[1:4]) })
	return append(said, fmt.Sprint("met ", request.Terms.Met(votes)))
}

// TestAPersonWhomSlackDoesNotTell cannot ask under an id that may not be the only one,
// and their vote is heard later.
func TestAPersonWhomSlackDoesNotTell(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeslack.Config{EventTimeout: 500 * time.Millisecond, RetryDelays: []time.Duration{0, 0, 0}})
	r.slack.JoinEnterprise("E0GRID")
	r.listen(r.store)
	for _, failure := range []string{"internal_error", "user_not_visible", "missing_scope"} {
		r.slack.Inject("users.info", fault.Fault{Times: 2, Error: failure}) // for the time zone, and for the id
		if said := r.typed("group-01 IDU").Response; !strings.Contains(said, "did not tell me who you are") {
			t.Errorf("%s: %q", failure, said)
		}
	}
	id := r.recorded("group-01 IDU")
	terms := r.request(approvals.Pending).Terms
	terms.Emoji = phrases().Emoji
	ts := r.putCard(id, terms)
	for failure, want := range map[fault.Fault]string{
		{Times: 1, Error: "internal_error"}:    "W0ONE",
		{Times: 1, Error: "user_not_visible"}:  "W0TWO",
		{Times: 3, Error: "user_not_visible"}:  "W0THREE",
		{Times: 90, Error: "user_not_visible"}: "U0NEVER",
	} {
		local := "U" + want[1:]
		r.slack.AddUser(fakeslack.User{ID: local, GlobalID: "W" + want[1:], Name: local})
		r.slack.Join(channel, local)
		r.slack.Inject("users.info", failure)
		r.react(local, ts)
		r.await("the vote", func() bool { return r.slack.Unacked() == 0 })
		heard, err := r.store.ListReactions(r.ctx, channel, ts)
		if err != nil || !slices.ContainsFunc(heard, func(h approvals.Reaction) bool { return h.User == want }) {
			t.Errorf("%+v: %+v, %v", failure, heard, err)
		}
		r.slack.Faults.Clear()
	}
}
