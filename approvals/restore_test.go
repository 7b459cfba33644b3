package approvals_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	. "licensebot/approvals"
)

// heard is a message of the bot, some minutes after the request was filed.
func heard(minutes int, event string, changes ...func(*Told)) Told {
	at := filedAt.Add(time.Duration(minutes) * time.Minute)
	t := Told{
		Post:      Post{TS: fmt.Sprintf("%d.000000", at.Unix()), EventType: event},
		RequestID: "R-TEST0001", GroupID: "group-01", Codes: []string{"NEW"}, Added: []string{"NEW"},
		Actor: anna, Approvers: []string{anna, ben}, Allocation: []string{"NEW"},
	}
	for _, change := range changes {
		change(&t)
	}
	return t
}

func numbered(n string) func(*Told) { return func(t *Told) { t.Number = n } }

func untilTold(until time.Time) func(*Told) { return func(t *Told) { t.Until = until } }

const cardTS = "1772442000.000000"

// Whatever end the channel tells of an open request, it ends so, and no job of it is
// left that could write or speak.
func TestAdoptEveryEnd(t *testing.T) {
	for _, end := range []State{Denied, Cancelled, Expired, Done, Failed, Superseded} {
		for _, state := range []State{Pending, Approved} {
			thread := []Told{heard(1, "allocation_approved"), heard(2, "allocation_"+string(end))}
			step, err := Next(requestIn(state), Adopt(cardTS, thread), deadline.Add(time.Hour))
			if err != nil {
				t.Fatal(err)
			}
			r := step.Request
			if r.State != end || r.Outcome.Reason != ReasonFromChannel || r.Outcome.By != anna || r.CardTS != cardTS ||
				!r.ClosedAt.Equal(filedAt.Add(2*time.Minute)) || !slices.Equal(Voters(r.Votes), []string{anna, ben}) {
				t.Errorf("%s in the copy and %s in the channel became %+v", state, end, r)
			}
			step.Enqueue = slices.DeleteFunc(step.Enqueue, looksForEffect) // TestAdoptedEndIsLookedAtOnceMore has it
			if !onlyDrawsCard(step) || len(step.Drop) != len(JobKinds()) {
				t.Errorf("%s in the copy and %s in the channel enqueues %v and drops %d", state, end, step.Enqueue, len(step.Drop))
			}
		}
	}
}

// onlyDrawsCard reports whether nothing but the card is brought up to date: the bot may
// have ended between the outcome and the card.
func onlyDrawsCard(step Step) bool {
	return len(step.Enqueue) == 1 && step.Enqueue[0].Kind == JobUpdateCard
}

func looksForEffect(j Job) bool { return j.Kind == JobFindEffect }

// UiPath may show late what a write did before the end that the channel tells. The end itself is no
// more uncertain than the channel said.
func TestAdoptedEndIsLookedAtOnceMore(t *testing.T) {
	base := func(t *Told) { t.Allocation = []string{"OLD"} }
	nobody := func(t *Told) { t.Approvers = nil }
	end := func(s State, changes ...func(*Told)) Told { return heard(2, "allocation_"+string(s), changes...) }
	extends := func(r *Request) { r.Proposal.Change = Change{Extend: []string{"NEW"}} }
	tried := func(r *Request) { r.WriteAttempted = true }
	for name, c := range map[string]struct {
		copied State
		change func(*Request)
		thread []Told
		looks  bool
	}{
		"done":                           {Pending, nil, []Told{end(Done)}, false},
		"failed":                         {Pending, nil, []Told{end(Failed, base)}, true},
		"failed to extend":               {Pending, extends, []Told{end(Failed, base)}, false},
		"superseded":                     {Pending, nil, []Told{end(Superseded, base)}, true},
		"superseded, by the same codes":  {Pending, nil, []Told{end(Superseded)}, false},
		"the same after a write":         {Pending, tried, []Told{end(Superseded)}, true},
		"denied before the quorum":       {Pending, nil, []Told{end(Denied, nobody)}, false},
		"denied after it":                {Pending, nil, []Told{end(Denied)}, true},
		"denied when approved":           {Approved, nil, []Told{end(Denied, nobody)}, true},
		"expired after consent was lost": {Pending, nil, []Told{heard(1, "allocation_reopened"), end(Expired, nobody)}, true},
		"cancelled while it took long":   {Pending, nil, []Told{heard(1, "allocation_approved"), end(Cancelled, nobody)}, true},
	} {
		r := requestIn(c.copied)
		if c.change != nil {
			c.change(&r)
		}
		step, err := Next(r, Adopt(cardTS, c.thread), deadline.Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		at := slices.IndexFunc(step.Enqueue, looksForEffect)
		if looks := at >= 0; looks != c.looks || step.Request.MayHaveEffect() != looks || step.Request.Outcome.Uncertain {
			t.Errorf("%s: looks again: %t, %+v", name, looks, step.Request.Outcome)
		}
		if at >= 0 && !step.Enqueue[at].Due.Equal(filedAt.Add(2*time.Minute+ReadLag)) {
			t.Errorf("%s: looks at %s", name, step.Enqueue[at].Due)
		}
	}
}

// What the channel tells is adopted only where the request does not know it.
func TestAdoptOnlyWhatIsNew(t *testing.T) {
	until := filedAt.Add(10 * time.Hour)
	granted := func(state State, g Grant) Request {
		r := requestIn(state)
		r.Ask.For, g.Codes, g.Until = 10*time.Hour, []string{"NEW"}, until
		r.Grant = &g
		return r
	}
	left := &Revocation{Remaining: []string{"NEW"}}
	done, ended, again := heard(1, "allocation_done", untilTold(until)), heard(5, "allocation_ended", numbered("1")), heard(9, "allocation_ended", numbered("2"))
	for name, c := range map[string]struct {
		r      Request
		thread []Told
		isNew  bool
	}{
		"only a reminder":                    {requestIn(Pending), []Told{heard(1, "allocation_reminder", numbered("1"))}, false},
		"done, and known":                    {requestIn(Done), []Told{done}, false},
		"the end of a grant":                 {granted(Done, Grant{}), []Told{done, ended}, true},
		"the end of a grant, and known":      {granted(Done, Grant{Revocation: left}), []Told{done, ended}, false},
		"an earlier try to end it":           {granted(Done, Grant{Attempts: 1}), []Told{done, ended}, false},
		"a later try to end it":              {granted(Done, Grant{Attempts: 1}), []Told{done, ended, again}, true},
		"a later try, after one left a code": {granted(Done, Grant{Revocation: left}), []Told{done, ended, again}, true},
		"a grant that runs":                  {granted(Done, Grant{}), []Told{done}, false},
	} {
		step, err := Next(c.r, Adopt(cardTS, c.thread), early)
		if isNew := err == nil; isNew != c.isNew || err != nil && !errors.Is(err, ErrNoTransition) {
			t.Errorf("%s: %v", name, err)
		}
		if c.isNew && (!step.Request.Grant.IsOver() || step.Request.HoldsGrant() || !onlyDrawsCard(step)) {
			t.Errorf("%s: %+v", name, step)
		}
	}
}

// A grant begins again with the end that the channel tells, also if the effect was
// found late.
func TestAdoptGrant(t *testing.T) {
	until := filedAt.Add(3 * time.Hour)
	for name, thread := range map[string][]Told{
		"done":       {heard(1, "allocation_done", untilTold(until))},
		"found late": {heard(1, "allocation_failed"), heard(2, "allocation_found", untilTold(until))},
	} {
		r := requestIn(Approved)
		r.Ask.For = 2 * time.Hour
		step, err := Next(r, Adopt(cardTS, thread), early)
		if err != nil {
			t.Fatal(err)
		}
		ends := slices.ContainsFunc(step.Enqueue, func(j Job) bool { return j.Kind == JobGrantExpiry && j.Due.Equal(until) })
		if g := step.Request.Grant; g == nil || !g.Until.Equal(until) || !step.Request.HoldsGrant() || !ends {
			t.Errorf("%s: %+v, %v", name, step.Request.Grant, step.Enqueue)
		}
	}
	part := requestIn(Approved)
	part.Ask.For, part.Proposal.Change.Add = 2*time.Hour, []string{"NEW", "OTHER"}
	step, err := Next(part, Adopt(cardTS, []Told{heard(1, "allocation_failed"), heard(2, "allocation_found", untilTold(until))}), early)
	if err != nil || !step.Request.EffectInPart || !slices.Equal(step.Request.Grant.Codes, []string{"NEW"}) {
		t.Errorf("in effect in part: %v, %+v", err, step.Request)
	}
	failed := requestIn(Failed)
	failed.Ask.For, failed.Outcome = 2*time.Hour, &Outcome{Reason: ReasonUiPathRefused}
	if step, err := Next(failed, Adopt(cardTS, []Told{heard(1, "allocation_failed"), heard(2, "allocation_found", untilTold(until))}), early); err != nil || !step.Request.HoldsGrant() {
		t.Errorf("failed in the copy and in effect in the channel: %v, %+v", err, step.Request)
	}
}

// A request that was not prepared when the database was copied has a card by now. What
// that card asks is unknown, so the request is closed, and its requester told.
func TestAdoptFiled(t *testing.T) {
	step, err := Next(requestIn(Filed), Adopt(cardTS, nil), early)
	if err != nil {
		t.Fatal(err)
	}
	if step.Request.State != Cancelled || len(step.Enqueue) != 1 || step.Enqueue[0].Kind != JobTellRequester || !slices.Contains(step.Drop, JobPrepare) {
		t.Errorf("%+v", step)
	}
}

// The end of a grant leaves what a request that the copy does not know was given, as
// far as the channel tells. Where it does not tell all, it leaves everything.
func TestForeignHolders(t *testing.T) {
	holder := requestIn(Done)
	holder.Proposal.Change = Change{Add: []string{"A", "B"}}
	holder.Ask.For, holder.Grant = time.Hour, &Grant{Codes: []string{"A", "B"}, Until: early.Add(time.Hour)}
	now := early.Add(2 * time.Hour)
	card := heard(61, CardEventType, func(t *Told) { t.RequestID = "R-UNKNOWN" })
	is := func(changes ...func(*Told)) Told {
		return heard(62, "allocation_done", append([]func(*Told){func(t *Told) { t.Codes, t.Added = []string{"A"}, nil }}, changes...)...)
	}
	cut := func(t *Told) { t.Cut, t.Codes = true, nil }
	for name, c := range map[string]struct {
		card   Told
		thread []Told
		take   []string
	}{
		"nothing told":         {card, nil, []string{"A", "B"}},
		"denied":               {card, []Told{heard(62, "allocation_denied")}, []string{"A", "B"}},
		"extended for good":    {card, []Told{is()}, []string{"B"}},
		"extended for longer":  {card, []Told{is(untilTold(now.Add(time.Hour)))}, []string{"B"}},
		"extended until now":   {card, []Told{is(untilTold(now))}, []string{"A", "B"}},
		"taken out since":      {card, []Told{is(func(t *Told) { t.Removed = []string{"A"} })}, []string{"B"}},
		"added, and ended":     {card, []Told{is(untilTold(early), func(t *Told) { t.Added = t.Codes }), heard(90, "allocation_ended", numbered("1"))}, []string{"B"}},
		"found late":           {card, []Told{heard(62, "allocation_failed"), {Post: Post{TS: card.TS, EventType: "allocation_found"}, GroupID: "group-01", Codes: []string{"A"}}}, []string{"B"}},
		"a list that was cut":  {card, []Told{is(cut)}, nil},
		"cut, and for a time":  {card, []Told{is(cut, untilTold(early))}, nil},
		"a group that was cut": {heard(61, CardEventType, func(t *Told) { t.GroupID, t.RequestID = "", "R-UNKNOWN" }), []Told{is(func(t *Told) { t.GroupID = "" })}, nil},
		"another group":        {heard(61, CardEventType, func(t *Told) { t.GroupID = "group-02" }), []Told{is()}, []string{"A", "B"}},
	} {
		holders := append([]Request{holder}, Foreign(c.card, c.thread, ConcernedCodes([]Request{holder}))...)
		plan := PlanRevocation(holder, RevocationFacts{Holders: holders, Allocation: Allocation{Codes: []string{"A", "B", "C"}}, Now: now})
		if !slices.Equal(plan.Take, c.take) {
			t.Errorf("%s: takes %v out, want %v", name, plan.Take, c.take)
		}
		for _, kept := range plan.Result.Kept {
			if kept.Request != "" && (kept.Request != "R-UNKNOWN" || !kept.Foreign) {
				t.Errorf("%s: keeps %+v", name, kept)
			}
		}
	}
}

// Only threads are read that may tell something new. At an ordinary start there are
// none.
func TestReadingReadsLittle(t *testing.T) {
	open, filed := requestIn(Pending), requestIn(Filed)
	open.CardTS, filed.ID = heard(10, "").TS, "R-FILED"
	newest := heard(20, "").TS
	of := func(id string, minutes int, reply string) ToldCard {
		return ToldCard{Told: heard(minutes, CardEventType, func(t *Told) { t.RequestID = id }), LatestReply: reply}
	}
	elsewhere := of("R-OTHER", 30, heard(40, "").TS)
	elsewhere.GroupID = "group-02"
	reading := NewReading(ChannelToRead{Channel: "C1", Newest: newest, OfToday: true}, []Request{open, filed})
	for name, c := range map[string]struct {
		card ToldCard
		read bool
	}{
		"its thread has nothing new":               {of(open.ID, 10, newest), false},
		"its thread has something new":             {of(open.ID, 10, heard(21, "").TS), true},
		"a second card of it":                      {of(open.ID, 11, heard(21, "").TS), false},
		"a card of a request that had none":        {of(filed.ID, 30, ""), true},
		"an older card of a closed request":        {of("R-OTHER", 15, heard(40, "").TS), false},
		"a newer card, without a reply":            {of("R-OTHER", 30, ""), false},
		"a newer card, with a reply":               {of("R-OTHER", 30, heard(40, "").TS), true},
		"a newer card of a group without requests": {elsewhere, false},
	} {
		if got := reading.MayTell(c.card); got != c.read {
			t.Errorf("%s: to be read: %t", name, got)
		}
	}
	if got := reading.Oldest(); got != open.CardTS {
		t.Errorf("reads from %s", got)
	}
	reading.Watch()
	done := heard(40, "allocation_done", func(t *Told) { t.RequestID, t.GroupID, t.Added = "R-OTHER", "group-02", []string{"IDU"} })
	reading.Add(elsewhere, []Told{done}, false)
	if told := reading.Adoptions(); !reading.MayTell(elsewhere) || len(told) != 1 || len(told[0].Foreign) != 1 ||
		told[0].Foreign[0].Proposal.Group.ID != "group-02" {
		t.Errorf("of a watched group %+v is adopted", told)
	}
	if got, want := NewReading(ChannelToRead{Channel: "C1", OfToday: true}, []Request{filed}).Oldest(), heard(-10, "").TS; got != want {
		t.Errorf("without a card reads from %s, want %s", got, want)
	}
}

// A card may have got into the channel of today after the copy was made, or the channel its id.
func TestReadingOfAnotherChannel(t *testing.T) {
	other := func(card string) Request {
		r := requestIn(Pending)
		r.Channel, r.CardTS = "C1", card
		return r
	}
	card := func(id string) ToldCard {
		return ToldCard{Told: heard(30, CardEventType, func(t *Told) { t.RequestID = id }), LatestReply: heard(40, "").TS}
	}
	for name, c := range map[string]struct {
		channel ChannelToRead
		known   string // the card of the request
		own     bool   // the card shown is that of the request
		read    bool
	}{
		"of today, and no card yet":              {ChannelToRead{Channel: "C2", Newest: cardTS, OfToday: true}, "", true, true},
		"unknown, and no card yet":               {ChannelToRead{Channel: "C2", OfToday: true}, "", true, true},
		"unknown, with the same card":            {ChannelToRead{Channel: "C2", OfToday: true}, card("").TS, true, true},
		"unknown, with another card":             {ChannelToRead{Channel: "C2", OfToday: true}, cardTS, true, false},
		"of today, and a request of its group":   {ChannelToRead{Channel: "C2", Newest: cardTS, OfToday: true}, cardTS, false, true},
		"a former one, a request of its group":   {ChannelToRead{Channel: "C0", Newest: cardTS}, cardTS, false, true},
		"older than what is known of that group": {ChannelToRead{Channel: "C2", Newest: heard(50, "").TS, OfToday: true}, cardTS, false, false},
	} {
		r := other(c.known)
		shown := card("R-OTHER")
		if c.own {
			shown = card(r.ID)
		}
		if got := NewReading(c.channel, []Request{r}).MayTell(shown); got != c.read {
			t.Errorf("%s: to be read: %t", name, got)
		}
	}
	r := other("")
	reading := NewReading(ChannelToRead{Channel: "C2", OfToday: true}, []Request{r})
	reading.Add(card(r.ID), nil, true)
	step, err := Next(r, reading.Adoptions()[0].Event, early)
	if err != nil || step.Request.Channel != "C2" || step.Request.State != Pending || len(step.Drop) > 0 {
		t.Errorf("with its card in another channel: %v, %+v", err, step)
	}
	if _, err := Next(step.Request, reading.Adoptions()[0].Event, early); !errors.Is(err, ErrNoTransition) {
		t.Errorf("the same once more: %v", err)
	}
	reading.Add(card(r.ID), []Told{heard(35, "allocation_done")}, true)
	step, err = Next(r, reading.Adoptions()[1].Event, early)
	if err != nil || step.Request.Channel != "C2" || step.Request.State != Done || step.Request.CardTS != card("").TS {
		t.Errorf("done in another channel: %v, %+v", err, step)
	}
}

// What the channel did not show in one look holds up no private notice, and no message that is looked
// for anyhow.
func TestWhatRestsOnAbsence(t *testing.T) {
	for kind, rests := range map[JobKind]bool{
		JobApply: true, JobRevoke: true, JobCountVotes: true, JobExpire: true, JobPostCard: true, JobPostOutcome: true,
		JobPrepare: false, JobFindEffect: false, JobUpdateCard: false, JobTellRequester: false, JobGrantExpiry: false,
	} {
		job := LeasedJob{Job: Job{Kind: kind}}
		if job.RestsOnAbsence() != rests {
			t.Errorf("%s: %t", kind, !rests)
		}
		job.TriedAt = early
		if got := job.RestsOnAbsence(); got != (rests && kind.Spec().Pace != PacePosts) {
			t.Errorf("%s, tried before: %t", kind, got)
		}
	}
}

// Of an unknown request nothing tells what it did: its codes or its group were cut for their length, or
// its end is missing. Whatever the first look shows is no change outside then, and what comes
// after it is.
func TestWhatTheChannelDoesNotTellIsNoChangeOutside(t *testing.T) {
	cut := func(t *Told) { t.Cut, t.Codes, t.Added = true, nil, nil }
	groupless := func(t *Told) { t.GroupID = "" }
	unknown := func(t *Told) { t.RequestID = "R-UNKNOWN" }
	for name, c := range map[string]struct {
		card   Told
		thread []Told
		is     bool // it may have done something
	}{
		"codes that were cut":        {heard(1, CardEventType, unknown), []Told{heard(2, "allocation_done", unknown, cut)}, true},
		"a group that was cut":       {heard(1, CardEventType, unknown, groupless), []Told{heard(2, "allocation_done", unknown, groupless)}, true},
		"an end that is missing":     {heard(1, CardEventType, unknown), []Told{heard(2, "allocation_approved", unknown)}, true},
		"a card without a thread":    {heard(1, CardEventType, unknown), nil, true},
		"a refusal that may be late": {heard(1, CardEventType, unknown), []Told{heard(2, "allocation_failed", unknown)}, true},
		"a denial":                   {heard(1, CardEventType, unknown), []Told{heard(2, "allocation_denied", unknown)}, false},
	} {
		for _, concerned := range []string{"group-01", "group-02"} { // of the one unfinished request
			open := requestIn(Pending)
			open.Proposal = &Proposal{Group: Group{ID: concerned}, Change: Change{Add: []string{"OTHER"}}}
			reading := NewReading(ChannelToRead{Channel: "C1", OfToday: true}, []Request{open})
			reading.Watch()
			reading.Add(ToldCard{Told: c.card}, c.thread, false)
			var own OwnChanges
			for _, a := range reading.Adoptions() {
				own.Requests = append(own.Requests, a.Foreign...)
			}
			known := WatchedGroup{Group: Group{ID: "group-01"}, Items: []string{"A"}, At: filedAt.Add(-time.Hour), Settled: true}
			look := func(minutes int, items ...string) (told bool) {
				next, change := JudgeLook(known, GroupLook{Items: items, Begun: filedAt.Add(time.Duration(minutes) * time.Minute)}, own)
				known = next
				return change != nil
			}
			look(60, "B", "C")
			if told := look(75, "B", "C"); told == c.is {
				t.Errorf("%s, beside %s: told %t", name, concerned, told)
			}
			look(90, "B", "C", "D")
			if !look(105, "B", "C", "D") {
				t.Errorf("%s, beside %s: a later change is not told", name, concerned)
			}
		}
	}
}

// What the channel tells is adopted in the order in which requests ended, because that
// decides who holds a code.
func TestAdoptionsInOrder(t *testing.T) {
	first, second := requestIn(Pending), requestIn(Pending)
	second.ID = "R-SECOND"
	reading := NewReading(ChannelToRead{Channel: "C1", OfToday: true}, []Request{first, second})
	ofSecond := heard(1, CardEventType, func(t *Told) { t.RequestID = second.ID })
	reading.Add(ToldCard{Told: ofSecond}, []Told{heard(9, "allocation_done")}, true)
	reading.Add(ToldCard{Told: heard(2, CardEventType)}, []Told{heard(8, "allocation_done")}, true)
	reading.Add(ToldCard{Told: heard(3, CardEventType, func(t *Told) { t.RequestID = "R-UNKNOWN" })}, []Told{heard(7, "allocation_done")}, false)
	var order []string
	for _, a := range reading.Adoptions() {
		order = append(order, a.RequestID)
	}
	if want := []string{"R-UNKNOWN", first.ID, second.ID}; !slices.Equal(order, want) {
		t.Errorf("adopts %v, want %v", order, want)
	}
}
