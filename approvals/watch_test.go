package approvals_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	. "licensebot/approvals"
)

// A portal is a group's true allocation over time: a write of the bot or an edit outside at
// each step. The bot's requests are approved a while before their write, and confirmed a
// while after it.
type portal struct {
	steps []portalStep
	clock []clockStep
}

// A clockStep puts the store's clock forward or back from some time on.
type clockStep struct {
	at   time.Time
	skew time.Duration
}

// record is what the store's clock says.
func (p portal) record(t time.Time) time.Time {
	var skew time.Duration
	for _, s := range p.clock {
		if !t.Before(s.at) {
			skew = s.skew
		}
	}
	return t.Add(skew)
}

func drawClock(t *rapid.T) (steps []clockStep) {
	at := watchEpoch
	for range rapid.IntRange(0, 4).Draw(t, "clock steps") {
		at = at.Add(time.Duration(rapid.IntRange(1, 3000).Draw(t, "until a clock step")) * time.Second)
		steps = append(steps, clockStep{at: at, skew: time.Duration(rapid.IntRange(-300, 300).Draw(t, "skew")) * time.Second})
	}
	return steps
}

type portalStep struct {
	at      time.Time
	codes   []string // that the group has from then on
	outside bool
	request Request   // of a write
	settled time.Time // when UiPath confirmed it, or nothing told what it did
}

// codesAt is what the group had at a time.
func (p portal) codesAt(t time.Time) []string {
	codes := []string{"A"}
	for _, s := range p.steps {
		if !s.at.After(t) {
			codes = s.codes
		}
	}
	return codes
}

// factsAt is what the store knows at a time.
func (p portal) factsAt(t time.Time) OwnChanges {
	var own OwnChanges
	for _, s := range p.steps {
		approved := s.request.DecidedAt
		switch {
		case s.outside || t.Before(approved):
			continue
		case t.Before(s.settled):
			open := s.request
			open.State, open.Outcome, open.ClosedAt = Approved, nil, time.Time{}
			own.Requests = append(own.Requests, open)
			continue
		}
		own.Requests = append(own.Requests, s.request)
		if s.request.State == Done {
			own.Confirmed = Confirmation{Codes: s.codes, At: p.record(s.settled)}
		}
	}
	return own
}

var watchEpoch = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func drawPortal(t *rapid.T, outside bool) portal {
	p := portal{clock: drawClock(t)}
	at, codes := watchEpoch.Add(time.Hour), []string{"A"}
	for range rapid.IntRange(0, 6).Draw(t, "steps") {
		at = at.Add(time.Duration(rapid.IntRange(1, 1500).Draw(t, "pause")) * time.Second)
		code := rapid.SampledFrom([]string{"A", "B", "C"}).Draw(t, "code")
		change := Change{Add: Without([]string{code}, codes)}
		if slices.Contains(codes, code) {
			change = Change{Remove: []string{code}}
		}
		codes = Union(Without(codes, change.Remove), change.Add)
		step := portalStep{at: at, codes: codes, settled: at}
		if step.outside = outside && rapid.Bool().Draw(t, "outside"); !step.outside {
			step.settled = at.Add(time.Duration(rapid.SampledFrom([]int{0, 1, 40, 90, 3000}).Draw(t, "confirmed after")) * time.Second)
			step.request = Request{
				ID: fmt.Sprintf("R-%d", len(p.steps)), EnvelopeID: "e", State: Done, Proposal: &Proposal{Group: Group{ID: "g"}, Change: change},
				DecidedAt: at.Add(-time.Duration(rapid.IntRange(0, 600).Draw(t, "approved before")) * time.Second),
				ClosedAt:  p.record(step.settled), Outcome: &Outcome{},
			}
			if rapid.IntRange(0, 4).Draw(t, "result") == 0 { // nothing told that it took effect
				step.request.State, step.request.Outcome = Failed, &Outcome{Uncertain: true}
			}
			at = step.settled
		}
		p.steps = append(p.steps, step)
	}
	return p
}

// watchPortal looks again and again, each time as late as reads may be. It ends with three
// looks after all is quiet.
func watchPortal(t *rapid.T, p portal) (last WatchedGroup, changes []OutsideChange) {
	known := Baseline(GroupLook{Group: Group{ID: "g"}, Items: []string{"A"}, Begun: watchEpoch})
	begun := watchEpoch
	look := func(pause time.Duration, lag time.Duration) {
		begun = begun.Add(pause)
		shown := p.codesAt(begun.Add(-lag))
		ended := begun.Add(time.Duration(rapid.IntRange(0, 30).Draw(t, "takes")) * time.Second)
		next, change := JudgeLook(known, GroupLook{Items: shown, Begun: p.record(begun)}, p.factsAt(ended))
		if change != nil {
			changes = append(changes, *change)
		}
		known = next
	}
	end := watchEpoch.Add(2 * time.Hour)
	if len(p.steps) > 0 {
		end = p.steps[len(p.steps)-1].settled.Add(10 * time.Minute)
	}
	for begun.Before(end) {
		pause := rapid.SampledFrom([]time.Duration{WatchAgainAfter, 3 * time.Minute, WatchEvery}).Draw(t, "pause")
		look(pause, time.Duration(rapid.IntRange(0, 59).Draw(t, "lag"))*time.Second)
	}
	for range 3 {
		look(WatchEvery, 0)
	}
	return known, changes
}

// TestTheBotsWritesAreNeverAnOutsideChange tries random writes, confirmed early, late or
// never, under looks that are late by up to a minute, while the clock is put forward and back by up to five.
func TestTheBotsWritesAreNeverAnOutsideChange(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := drawPortal(t, false)
		last, changes := watchPortal(t, p)
		if len(changes) > 0 {
			t.Fatalf("told %+v of %+v", changes, p.steps)
		}
		if now := p.codesAt(watchEpoch.Add(48 * time.Hour)); !slices.Equal(last.Items, now) || last.IsSuspect() {
			t.Fatalf("knows %+v in the end, want %v", last, now)
		}
	})
}

// TestOutsideChangesAreFound mixes writes of the bot with edits. What is told was edited
// outside, and in the end the watch knows the allocation.
func TestOutsideChangesAreFound(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := drawPortal(t, true)
		last, changes := watchPortal(t, p)
		var edited []string
		codes := []string{"A"}
		for _, s := range p.steps {
			if s.outside {
				edited = Union(edited, Union(Without(s.codes, codes), Without(codes, s.codes)))
			}
			codes = s.codes
		}
		for _, c := range changes {
			if told := Union(c.Gained, c.Lost); len(Without(told, edited)) > 0 {
				t.Fatalf("told %v, edited %v", told, edited)
			}
		}
		if !slices.Equal(last.Items, codes) || last.IsSuspect() {
			t.Fatalf("knows %+v in the end, want %v", last, codes)
		}
	})
}

// TestEachEditAloneIsTold has no writes of the bot: each lasting edit is told, once.
func TestEachEditAloneIsTold(t *testing.T) {
	t.Parallel()
	known := Baseline(GroupLook{Group: Group{ID: "g"}, Items: []string{"A"}, Begun: watchEpoch})
	at := watchEpoch
	var told []string
	for _, shown := range [][]string{{"A", "B"}, {"A", "B"}, {"A", "B"}, {"A"}, {"A", "B"}, {"A=5", "A", "B"}, {"A", "A=5", "B"}} {
		at = at.Add(WatchEvery)
		slices.Sort(shown)
		next, change := JudgeLook(known, GroupLook{Items: shown, Begun: at}, OwnChanges{})
		if change != nil {
			told = append(told, change.Gained...)
			if !change.Since.Equal(known.At) || !change.SeenAt.Equal(known.SuspectAt) {
				t.Errorf("told since %v, seen at %v; known %+v", change.Since, change.SeenAt, known)
			}
		}
		known = next
	}
	if want := []string{"B", "A=5"}; !slices.Equal(told, want) {
		t.Errorf("told %v, want %v", told, want)
	}
}

// TestTwoLooksWithinAReadAreOne: a read may be late by a minute, so that two looks within it
// may both be late.
func TestTwoLooksWithinAReadAreOne(t *testing.T) {
	t.Parallel()
	known := Baseline(GroupLook{Group: Group{ID: "g"}, Items: []string{"A"}, Begun: watchEpoch})
	look := GroupLook{Items: []string{"B"}, Begun: watchEpoch.Add(time.Hour)}
	known, _ = JudgeLook(known, look, OwnChanges{})
	look.Begun = look.Begun.Add(ReadLag - time.Second)
	if _, change := JudgeLook(known, look, OwnChanges{}); change != nil {
		t.Errorf("told %+v", change)
	}
}

func TestWhatPutsAChangeBack(t *testing.T) {
	t.Parallel()
	g := Group{ID: "g"}
	for name, c := range map[string]struct {
		change OutsideChange
		action Action
		codes  []string
		quotas []Quota
		empty  bool
	}{
		"added":             {OutsideChange{Group: g, Gained: []string{"B"}, Items: []string{"A", "B"}}, Remove, []string{"B"}, nil, false},
		"added to none":     {OutsideChange{Group: g, Gained: []string{"B"}, Items: []string{"B"}}, Remove, []string{"B"}, nil, true},
		"removed":           {OutsideChange{Group: g, Lost: []string{"B"}, Items: []string{"A"}}, Add, []string{"B"}, nil, false},
		"removed limited":   {OutsideChange{Group: g, Lost: []string{"B", "B=5"}}, Add, []string{"B"}, []Quota{{Code: "B", Limit: 5}}, false},
		"replaced":          {OutsideChange{Group: g, Gained: []string{"B"}, Lost: []string{"C"}, Items: []string{"A", "B"}}, Set, []string{"A", "C"}, nil, false},
		"another limit":     {OutsideChange{Group: g, Gained: []string{"A=9"}, Lost: []string{"A=5"}, Items: []string{"A", "A=9"}}, Add, []string{"A"}, []Quota{{Code: "A", Limit: 5}}, false},
		"a limit is lost":   {OutsideChange{Group: g, Lost: []string{"A=5"}, Items: []string{"A"}}, Add, []string{"A"}, []Quota{{Code: "A", Limit: 5}}, false},
		"a limit is added":  {OutsideChange{Group: g, Gained: []string{"A=5"}, Items: []string{"A", "A=5"}}, "", nil, nil, false},
		"the group is gone": {OutsideChange{Group: g, Lost: []string{"A"}, Gone: true}, "", nil, nil, false},
	} {
		ask, ok := c.change.PutBack()
		isSame := ask.Action == c.action && slices.Equal(ask.Codes, c.codes) && slices.Equal(ask.Quotas, c.quotas)
		if ok != (c.action != "") || ok && (!isSame || ask.MayEmpty != c.empty) {
			t.Errorf("%s: %+v, %t", name, ask, ok)
		}
	}
}

// writeOf is a request about code B that closed in a state.
func writeOf(action Action, state State, closed time.Time, uncertain bool) Request {
	r := Request{
		ID: "R-" + closed.Format("150405"), EnvelopeID: "e", State: state, ClosedAt: closed,
		Proposal: &Proposal{Group: Group{ID: "group-01"}}, Outcome: &Outcome{Uncertain: uncertain},
	}
	if action == Remove {
		r.Proposal.Change.Remove = []string{"B"}
	} else {
		r.Proposal.Change.Add = []string{"B"}
	}
	return r
}

// TestAFreshWriteIsNotJudged adds, removes and adds a code within 75 seconds. Two late looks both
// lack it, and both come after a write that has it.
func TestAFreshWriteIsNotJudged(t *testing.T) {
	t.Parallel()
	first := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	after := func(seconds int) time.Time { return first.Add(time.Duration(seconds) * time.Second) }
	known := WatchedGroup{Group: Group{ID: "group-01"}, Items: []string{"A"}, At: first.Add(-time.Hour), Settled: true}
	own := OwnChanges{
		Confirmed: Confirmation{Codes: []string{"A", "B"}, At: first},
		Requests:  []Request{writeOf(Add, Done, first, false)},
	}
	next, change := JudgeLook(known, GroupLook{Group: known.Group, Items: []string{"A"}, Begun: after(10)}, own)
	if change != nil {
		t.Fatalf("the first look is taken for a change: %+v", change)
	}
	own.Confirmed.At = after(75)
	own.Requests = append(own.Requests, writeOf(Remove, Done, after(30), false), writeOf(Add, Done, after(75), false))
	if _, change = JudgeLook(next, GroupLook{Group: known.Group, Items: []string{"A"}, Begun: after(80)}, own); change != nil {
		t.Errorf("a late read is taken for a change outside: %+v", change)
	}
}

// TestAWriteInDoubtExplainsALateEffect has a write of which nothing told what it did, before the
// last look: as long before it as its effect can have been missed by a clock that is off, and longer.
func TestAWriteInDoubtExplainsALateEffect(t *testing.T) {
	t.Parallel()
	last := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	for before, want := range map[time.Duration]bool{
		time.Second: false, ReadLag + time.Second: false, 10 * time.Minute: false, 10*time.Minute + time.Second: true,
	} {
		known := WatchedGroup{Group: Group{ID: "group-01"}, Items: []string{"A"}, At: last, Settled: true}
		own := OwnChanges{Requests: []Request{writeOf(Add, Failed, last.Add(-before), true)}}
		var change *OutsideChange
		for _, begun := range []time.Time{last.Add(WatchEvery), last.Add(WatchEvery + WatchAgainAfter)} {
			known, change = JudgeLook(known, GroupLook{Group: known.Group, Items: []string{"A", "B"}, Begun: begun}, own)
		}
		if isChange := change != nil; isChange != want {
			t.Errorf("a write in doubt %s before the last look: change %t, want %t", before, isChange, want)
		}
	}
}

// TestAClockPutBackMakesNoChange has the clock put back by five minutes between a look and a
// write, which is then recorded as if it came long before the look.
func TestAClockPutBackMakesNoChange(t *testing.T) {
	t.Parallel()
	last := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	known := WatchedGroup{Group: Group{ID: "group-01"}, Items: []string{"A", "B"}, At: last, Settled: true}
	recorded := last.Add(-5 * time.Minute)
	own := OwnChanges{
		Confirmed: Confirmation{Codes: []string{"A"}, At: recorded}, Requests: []Request{writeOf(Remove, Done, recorded, false)},
	}
	for _, begun := range []time.Time{last.Add(WatchEvery), last.Add(WatchEvery + WatchAgainAfter)} {
		next, change := JudgeLook(known, GroupLook{Group: known.Group, Items: []string{"A"}, Begun: begun}, own)
		if change != nil {
			t.Fatalf("told %+v", change)
		}
		known = next
	}
	told := 0
	for n := range 6 { // an edit of the same code is told once
		begun := last.Add(time.Duration(n+2) * WatchEvery)
		next, change := JudgeLook(known, GroupLook{Group: known.Group, Items: []string{"A", "B"}, Begun: begun}, own)
		if known = next; change != nil {
			told++
		}
	}
	if told != 1 {
		t.Errorf("an edit was told %d times", told)
	}
}

// TestAnEditBesideAGrantIsToldOnce has a grant run for hours, so that the group is never quiet,
// and a code of another request edited.
func TestAnEditBesideAGrantIsToldOnce(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	grant := writeOf(Add, Done, start, false)
	grant.Proposal.Change.Add, grant.Grant = []string{"G"}, &Grant{Codes: []string{"G"}, Until: start.Add(12 * time.Hour)}
	own := OwnChanges{
		Confirmed: Confirmation{Codes: []string{"A", "B", "G"}, At: start.Add(time.Hour)},
		Requests:  []Request{grant, writeOf(Add, Done, start.Add(time.Hour), false)},
	}
	known := Baseline(GroupLook{Group: Group{ID: "group-01"}, Items: []string{"A"}, Begun: start.Add(-time.Hour)})
	var told []string
	for n := range 16 {
		shown := []string{"A", "B", "G"}
		if n > 4 {
			shown = []string{"A", "G"}
		}
		begun := start.Add(2*time.Hour + time.Duration(n)*WatchEvery)
		next, change := JudgeLook(known, GroupLook{Group: known.Group, Items: shown, Begun: begun}, own)
		if known = next; change != nil {
			told = append(told, change.Lost...)
		}
	}
	if !slices.Equal(told, []string{"B"}) {
		t.Errorf("told %v", told)
	}
}

// TestAListThatDoesNotTellIsNoEvidence has an entry that does not say what its group has.
func TestAListThatDoesNotTellIsNoEvidence(t *testing.T) {
	t.Parallel()
	listed := []GroupAllocation{{Group: Group{ID: "g"}, Untold: true}, {Group: Group{ID: "h"}, Allocation: Allocation{Codes: []string{"A"}}}}
	known := []WatchedGroup{Baseline(GroupLook{Group: Group{ID: "g"}, Items: []string{"B"}, Begun: watchEpoch})}
	if looks := LooksOf(listed, known, watchEpoch); len(looks) != 1 || looks[0].Group.ID != "h" {
		t.Errorf("looks %+v", looks)
	}
	if TellsAll(listed) || !TellsAll(listed[1:]) {
		t.Error("a list that leaves out what a group has tells all")
	}
}

// TestASecondEndOfAGrantIsNoChangeOutside has the first end leave a code, another request change
// the group long after, and the second end take the code out.
func TestASecondEndOfAGrantIsNoChangeOutside(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	after := func(minutes int) time.Time { return start.Add(time.Duration(minutes) * time.Minute) }
	ended := writeOf(Add, Done, after(-600), false)
	ended.Grant = &Grant{Codes: []string{"B"}, Until: start, Revocation: &Revocation{At: start, Remaining: []string{"B"}, Answer: "no"}}
	other := writeOf(Add, Done, after(20), false)
	other.Proposal.Change.Add = []string{"Z"}
	known := WatchedGroup{Group: Group{ID: "group-01"}, Items: []string{"B"}, At: after(12), Settled: true}
	own := OwnChanges{Confirmed: Confirmation{Codes: []string{"B", "Z"}, At: after(20)}, Requests: []Request{ended, other}}
	for _, minute := range []int{35, 50} {
		known, _ = JudgeLook(known, GroupLook{Group: known.Group, Items: []string{"B", "Z"}, Begun: after(minute)}, own)
	}
	again := *ended.Grant
	again.Attempts, again.Revocation = 1, &Revocation{At: after(60), Removed: []string{"B"}}
	ended.Grant = &again
	own = OwnChanges{Confirmed: Confirmation{Codes: []string{"Z"}, At: after(60)}, Requests: []Request{ended, other}}
	for _, minute := range []int{65, 80, 95} {
		next, change := JudgeLook(known, GroupLook{Group: known.Group, Items: []string{"Z"}, Begun: after(minute)}, own)
		if known = next; change != nil {
			t.Errorf("after %d minutes: %+v", minute, change)
		}
	}
}

// TestALookPutBackKeepsWhatItKnew has the clock be an hour ahead while the bot adds a code and another
// person, who is told of, takes it out. After the clock is put right, nothing is told again.
func TestALookPutBackKeepsWhatItKnew(t *testing.T) {
	t.Parallel()
	right := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	ahead := func(minutes int) time.Time { return right.Add(time.Hour + time.Duration(minutes)*time.Minute) }
	own := OwnChanges{
		Confirmed: Confirmation{Codes: []string{"A", "B"}, At: ahead(-40)}, Requests: []Request{writeOf(Add, Done, ahead(-40), false)},
	}
	known := WatchedGroup{Group: Group{ID: "group-01"}, Items: []string{"A"}, At: ahead(0), Settled: true}.PutBack(right, own)
	if !known.At.Equal(right) {
		t.Errorf("the look is at %s", known.At)
	}
	for n := range 8 {
		begun := right.Add(time.Duration(n+1) * WatchEvery)
		next, change := JudgeLook(known, GroupLook{Group: known.Group, Items: []string{"A"}, Begun: begun}, own)
		if known = next; change != nil {
			t.Errorf("after %d looks: %+v", n+1, change)
		}
	}
}
