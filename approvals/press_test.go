package approvals_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	. "licensebot/approvals"
	"licensebot/internal/groupname"
)

// A gesture is one act of one person on a card: a reaction given or taken back, or a
// press.
type gesture struct {
	user   string
	name   string // "ok", "x", or a button
	taken  bool
	lost   bool // no event told of it
	button PressButton
}

// playGestures applies them one second apart and returns the request and the reactions
// that Slack shows then.
func playGestures(t *testing.T, gestures []gesture) (Request, []Reaction) {
	t.Helper()
	r := requestIn(Pending)
	r.CardTS = fmt.Sprintf("%d.000100", early.Unix()-60)
	var shown []Reaction
	taken := map[string]string{} // when a person took the last reaction back
	for i, g := range gestures {
		at := fmt.Sprintf("%d.000000", early.Unix()+int64(i))
		if g.button != "" {
			step, err := Next(r, Pressed{Press: Press{User: g.user, Button: g.button, At: at}, Authorized: true}, early)
			if err == nil {
				r = step.Request
			} else if !errors.Is(err, ErrAlreadyPressed) {
				t.Fatal(err)
			}
			continue
		}
		shown = slices.DeleteFunc(shown, func(s Reaction) bool { return s.User == g.user && s.Name == g.name })
		switch {
		case g.taken:
			taken[g.user+g.name] = at
		case g.lost:
			after := taken[g.user+g.name]
			shown = append(shown, Reaction{User: g.user, Name: g.name, AfterTS: after, SeenAt: early, Present: true})
		default:
			shown = append(shown, Reaction{User: g.user, Name: g.name, EventTS: at, SeenAt: early, Present: true})
		}
	}
	return r, shown
}

func TestPressesAndReactionsAreVotesAlike(t *testing.T) {
	yes := func(u string) gesture { return gesture{user: u, name: "ok"} }
	approve := func(u string) gesture { return gesture{user: u, button: PressApprove} }
	deny := func(u string) gesture { return gesture{user: u, button: PressDeny} }
	withdraw := func(u string) gesture { return gesture{user: u, button: PressWithdraw} }
	back := func(g gesture) gesture { g.taken = true; return g }
	lost := func(g gesture) gesture { g.lost = true; return g }
	no := func(u string) gesture { return gesture{user: u, name: "x"} }
	for _, c := range []struct {
		what     string
		gestures []gesture
		want     State
		votes    int
	}{
		{"a quorum of presses", []gesture{approve(anna), approve(ben)}, Approved, 2},
		{"one of each", []gesture{yes(anna), approve(ben)}, Approved, 2},
		{"one person by both means is one vote", []gesture{yes(anna), approve(anna)}, Pending, 1},
		{"a press stands when the reaction is taken back", []gesture{yes(anna), approve(anna), back(yes(anna))}, Pending, 1},
		{"a press denies", []gesture{approve(anna), deny(ben)}, Denied, 0},
		{"a reaction denies what was pressed", []gesture{approve(anna), approve(ben), no(cleo)}, Denied, 0},
		{"withdrawing takes back both", []gesture{yes(anna), approve(anna), withdraw(anna), yes(ben)}, Pending, 1},
		{"withdrawing takes back a no", []gesture{no(anna), withdraw(anna), yes(anna), yes(ben)}, Approved, 2},
		{"a reaction after it is a new act", []gesture{yes(anna), withdraw(anna), back(yes(anna)), yes(anna), yes(ben)}, Approved, 2},
		{"one that no event told is none", []gesture{withdraw(anna), lost(yes(anna)), yes(ben)}, Pending, 1},
		{"but for one after a removal that was told",
			[]gesture{yes(anna), withdraw(anna), back(yes(anna)), lost(yes(anna)), yes(ben)}, Approved, 2},
		{"a press after it is a new act", []gesture{approve(anna), withdraw(anna), approve(anna), approve(ben)}, Approved, 2},
		{"withdrawing is of one person alone", []gesture{approve(anna), withdraw(cleo), approve(ben)}, Approved, 2},
		{"the last press of a person holds", []gesture{approve(anna), deny(anna)}, Denied, 0},
	} {
		t.Run(c.what, func(t *testing.T) {
			r, shown := playGestures(t, c.gestures)
			var ballots []Ballot
			for _, v := range r.VotesAmong(shown) {
				ballots = append(ballots, NewBallot(r, v, Voter{Person: Person{ID: v.User}, Stages: []int{0}}))
			}
			step, err := Next(r, VotesCounted{Ballots: ballots}, early.Add(time.Minute))
			if err != nil {
				t.Fatal(err)
			}
			if step.Request.State != c.want {
				t.Errorf("%s, want %s", step.Request.State, c.want)
			}
			if c.want != Denied && len(step.Request.Votes) != c.votes {
				t.Errorf("%d votes, want %d", len(step.Request.Votes), c.votes)
			}
		})
	}
}

// A write that rests on votes is stopped by whatever takes one of them away, by either
// means.
func TestAPressStopsTheWrite(t *testing.T) {
	r, shown := playGestures(t, []gesture{{user: anna, name: "ok"}, {user: ben, button: PressApprove}})
	guardOf := func() VoteGuard {
		votes := r.VotesAmong(shown)
		var ballots []Ballot
		for _, v := range votes {
			ballots = append(ballots, NewBallot(r, v, Voter{Person: Person{ID: v.User}, Stages: []int{0}}))
		}
		return LookAt(votes, ballots, [][]string{{anna, ben, cleo}}, false).Guard
	}
	guard := guardOf()
	if !guard.Holds(r, shown) {
		t.Fatal("the guard does not hold although nothing happened")
	}
	late := fmt.Sprintf("%d.5", early.Unix()+100)
	for _, c := range []struct {
		user   string
		button PressButton
		holds  bool
	}{
		{anna, PressWithdraw, false}, {ben, PressWithdraw, false}, {cleo, PressDeny, false}, {cleo, PressApprove, true},
	} {
		step, err := Next(r, Pressed{Press: Press{User: c.user, Button: c.button, At: late}, Authorized: true}, early)
		if err != nil {
			t.Fatal(err)
		}
		if holds := guard.Holds(step.Request, shown); holds != c.holds {
			t.Errorf("after %s of %s the guard holds: %t, want %t", c.button, c.user, holds, c.holds)
		}
	}
}

// A reaction without a time of its own: unknown is not favorable.
func TestWithdrawingUndatedReactions(t *testing.T) {
	r, _ := playGestures(t, []gesture{{user: anna, button: PressApprove}, {user: anna, button: PressWithdraw}})
	for _, c := range []struct {
		what   string
		name   string
		seen   time.Duration
		counts bool
	}{
		{"a yes that was seen before", "ok", -time.Minute, false},
		{"a yes that was seen later, and may be older", "ok", time.Minute, false},
		{"a no that was seen before, by a clock that may be slow", "x", -time.Minute, true},
		{"a no that was seen later, and may be new", "x", time.Minute, true},
	} {
		votes := r.VotesAmong([]Reaction{{User: anna, Name: c.name, SeenAt: early.Add(c.seen), Present: true}})
		if (len(votes) == 1) != c.counts {
			t.Errorf("%s: counts %t, want %t", c.what, len(votes) == 1, c.counts)
		}
	}
}

func TestPressesThatChangeNothing(t *testing.T) {
	r, _ := playGestures(t, []gesture{{user: anna, button: PressApprove}})
	press := func(r Request, p Press) error {
		_, err := Next(r, Pressed{Press: p, Authorized: true}, early)
		return err
	}
	if err := press(r, Press{User: anna, Button: PressApprove, At: "9999999999.0"}); !errors.Is(err, ErrAlreadyPressed) {
		t.Errorf("the same again: %v", err)
	}
	if err := press(r, Press{User: anna, Button: PressWithdraw, At: "1.0"}); !errors.Is(err, ErrAlreadyPressed) {
		t.Errorf("an older one: %v", err)
	}
	step, err := Next(r, Pressed{Press: Press{User: anna, Button: PressDeny}, Authorized: true}, early.Add(-time.Hour))
	if err != nil || step.Request.Presses[0].At <= r.Presses[0].At {
		t.Errorf("a denial by a clock that is behind Slack's: %v, %v", step.Request.Presses, err)
	}
	step, err = Next(r, Pressed{Press: Press{User: anna, Button: PressDeny, At: "1.0"}, Authorized: true}, early)
	if err != nil || step.Request.Presses[0].At <= r.Presses[0].At {
		t.Errorf("a denial by a form opened before: %v, %v", step.Request.Presses, err)
	}
	if err := press(step.Request, Press{User: anna, Button: PressWithdraw, At: "9999999999.0"}); err != nil {
		t.Errorf("its withdrawal: %v", err)
	}
	r.Terms.Buttons = false
	if err := press(r, Press{User: ben, Button: PressApprove, At: "9999999999.0"}); !errors.Is(err, ErrNoTransition) {
		t.Errorf("a card without buttons: %v", err)
	}
}

// A restored copy learns from the channel which buttons were pressed since.
func TestPressesAreAdopted(t *testing.T) {
	r, _ := playGestures(t, []gesture{{user: anna, button: PressApprove}, {user: ben, button: PressApprove}})
	told := func(ts, number string, p Press) Told {
		return Told{Post: Post{TS: ts, EventType: "allocation_vote", Number: number}, Actor: p.User, Press: &p}
	}
	later := fmt.Sprintf("%d.000000", early.Unix()+50)
	adopted := Adopt(r.CardTS, []Told{
		told("1.2", "1", r.Presses[0]), told("1.3", "2", r.Presses[1]),
		told("1.4", "3", Press{User: anna, Button: PressWithdraw, At: later}),
	})
	step, err := Next(r, adopted, early)
	if err != nil {
		t.Fatal(err)
	}
	if votes := step.Request.VotesAmong(nil); len(votes) != 1 || votes[0].User != ben {
		t.Errorf("votes after the adoption: %v, want Ben's alone", votes)
	}
	if step.Request.PressCount != 3 {
		t.Errorf("%d presses counted, want 3: a number would be told twice", step.Request.PressCount)
	}
	if _, err := Next(step.Request, adopted, early); !errors.Is(err, ErrNoTransition) {
		t.Errorf("adopted twice: %v", err)
	}
}

func TestEscalationAddsPeople(t *testing.T) {
	r := requestIn(Pending)
	r.Terms.Escalation = Escalation{After: time.Hour, Approvers: []string{"UDANA", ben}}
	step, err := Next(r, Escalated{}, early)
	if err != nil {
		t.Fatal(err)
	}
	if got := step.Request.Terms.Stages[0].Approvers; !slices.Equal(got, []string{anna, ben, cleo, "UDANA"}) {
		t.Errorf("approvers %v", got)
	}
	if slices.Contains(r.Terms.Stages[0].Approvers, "UDANA") {
		t.Error("the request before the step was changed")
	}
	if _, err := Next(step.Request, Escalated{}, early); !errors.Is(err, ErrNoTransition) {
		t.Errorf("escalated twice: %v", err)
	}
}

// People who were asked later count before the write only as far as today's policy asks
// them after the same wait.
func TestTodaysPolicyRulesOnEscalation(t *testing.T) {
	group := groupname.Group("group-01", "Finance")
	rule := PolicyRule{Name: "all", Stages: []Stage{{Approvers: []string{anna}, Quorum: 1}}}
	input := PolicyInput{Group: group, Change: Change{Add: []string{"NEW"}}}
	r := requestIn(Pending)
	r.Terms = Terms{Stages: rule.Stages, Escalation: Escalation{After: time.Hour, Approvers: []string{"UDANA"}}}
	step, err := Next(r, Escalated{}, early)
	if err != nil {
		t.Fatal(err)
	}
	shown := step.Request.Terms
	for _, c := range []struct {
		today Escalation
		want  bool
	}{{shown.Escalation, true}, {Escalation{}, false}, {Escalation{After: time.Hour, Approvers: []string{ben}}, false}} {
		rule.Escalation = c.today
		again := Policy{Rules: []PolicyRule{rule}}.Recheck(shown, group, input)
		if got := slices.Contains(again.Today.Approvers(), "UDANA"); got != c.want {
			t.Errorf("today's policy escalates to %v: Dana may approve %t, want %t", c.today.Approvers, got, c.want)
		}
	}
}

// A card that was given up carries no consent to the next one. A no still counts.
func TestARedirectedCardKeepsNoApprovals(t *testing.T) {
	r, _ := playGestures(t, []gesture{{user: anna, button: PressApprove}, {user: ben, button: PressDeny}})
	r.CardTS = ""
	step, err := Next(r, CardRedirected{Channel: "C2"}, early)
	if err != nil {
		t.Fatal(err)
	}
	if votes := step.Request.VotesAmong(nil); len(votes) != 1 || votes[0].User != ben || !votes[0].Deny {
		t.Errorf("votes on the new card: %v, want Ben's no alone", votes)
	}
}

// TestAVoidPressIsPressedAnew approves by a button, loses the right to approve and gets it
// again: the old press stays void, and the same press once more counts.
func TestAVoidPressIsPressedAnew(t *testing.T) {
	press := func(r Request, second int64) (Request, error) {
		at := fmt.Sprintf("%d.000000", early.Unix()+second)
		step, err := Next(r, Pressed{Press: Press{User: anna, Button: PressApprove, At: at}, Authorized: true}, early)
		return step.Request, err
	}
	count := func(r Request, stages ...int) Request {
		t.Helper()
		var ballots []Ballot
		for _, v := range r.VotesAmong(nil) {
			ballots = append(ballots, NewBallot(r, v, Voter{Person: Person{ID: v.User}, Stages: stages}))
		}
		step, err := Next(r, VotesCounted{Ballots: ballots}, early)
		if err != nil {
			t.Fatal(err)
		}
		return step.Request
	}
	r := requestIn(Pending)
	r.CardTS = fmt.Sprintf("%d.000100", early.Unix()-60)
	r, err := press(r, 1)
	if _, again := press(r, 2); err != nil || !errors.Is(again, ErrAlreadyPressed) {
		t.Fatalf("%v; again: %v", err, again)
	}
	if r = count(count(r), 0); len(r.Votes) != 0 {
		t.Errorf("a void press counts: %+v", r.Votes)
	}
	if r, err = press(r, 3); err != nil {
		t.Fatalf("pressed anew: %v", err)
	}
	if r = count(r, 0); len(r.Votes) != 1 {
		t.Errorf("the new press does not count: %+v", r.Judgments)
	}
}
