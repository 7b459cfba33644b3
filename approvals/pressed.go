package approvals

import (
	"slices"
	"time"
)

// Pressed means that a person voted by a button. Authorized says that this person
// may vote on the request.
type Pressed struct {
	Press      Press
	Authorized bool
}

func (Pressed) Kind() string    { return "pressed" }
func (e Pressed) Actor() string { return e.Press.User }

// A press counts from when it is recorded until the same person's next one, also if the
// store does not know the card's timestamp yet. A person who may not vote is told so,
// and nothing is recorded; to withdraw, a vote is enough.
func (e Pressed) move(r Request, now time.Time) (Step, error) {
	last, pressed := r.lastPress(e.Press.User)
	switch {
	case e.Press.At == "":
		e.Press.At = timeAfter(last, now)
	case e.Press.Button == PressDeny && e.Press.At <= last.At: // its time is that of its form
		e.Press.At = timeAfter(last, time.Time{})
	}
	withdraws := e.Press.Button == PressWithdraw && (pressed || HasVoted(r.Votes, e.Press.User))
	switch {
	case !r.Terms.Buttons || r.State != Pending && r.State != Approved:
		return Step{}, ErrNoTransition
	case !e.Authorized && !withdraws:
		return Step{}, ErrNotPermitted
	case pressed && (e.Press.At <= last.At || e.Press.Button == last.Button && !r.mayRepeat(last)):
		return Step{}, ErrAlreadyPressed
	}
	r.Presses = replacePress(r.Presses, e.Press)
	r.PressCount++
	return Step{Request: r, Enqueue: []Job{
		{Kind: JobCountVotes},
		{Kind: JobPostPress, Number: r.PressCount, Payload: Payload{Press: &e.Press}},
	}}, nil
}

// mayRepeat reports whether the same press once more is a new act: what became void
// meanwhile does not count again by itself.
func (r Request) mayRepeat(last Press) bool {
	first := r.firstEligibility(Ballot{User: last.User, Name: pressName, EventTS: last.At})
	return last.Button == PressWithdraw || last.Button == PressApprove && first != Counts
}

// timeAfter is now as Slack writes it, or a moment after a press that is later by
// Slack's clock.
func timeAfter(last Press, now time.Time) string {
	if at, dated := (Reaction{EventTS: last.At}).GivenAt(); dated && !now.After(at) {
		now = at.Add(time.Microsecond)
	}
	return TimestampAt(now)
}

// replacePress puts a press in the place of the same person's earlier one.
func replacePress(presses []Press, press Press) []Press {
	others := slices.DeleteFunc(slices.Clone(presses), func(p Press) bool { return p.User == press.User })
	return append(others, press)
}

func (r Request) lastPress(user string) (Press, bool) {
	for _, p := range r.Presses {
		if p.User == user {
			return p, true
		}
	}
	return Press{}, false
}

// pressesAsVotes are the presses that are a yes or a no, as reactions on the card.
func (r Request) pressesAsVotes() []Reaction {
	var votes []Reaction
	for _, p := range r.Presses {
		if p.Button != PressWithdraw {
			votes = append(votes, Reaction{
				Channel: r.Channel, TS: r.CardTS, User: p.User, Name: pressName,
				Deny: p.Button == PressDeny, EventTS: p.At, Present: true,
			})
		}
	}
	return votes
}

// isWithdrawn reports whether the giver of a reaction pressed Withdraw after it. One without
// a time of its own may be older or newer: a yes is then withdrawn, a no is not.
func (r Request) isWithdrawn(given Reaction) bool {
	last, pressed := r.lastPress(given.User)
	if !pressed || last.Button != PressWithdraw {
		return false
	}
	at, _ := Reaction{EventTS: last.At}.GivenAt()
	_, dated := given.GivenAt()
	return !given.isAfter(at) && (dated || !given.Deny)
}

// commentOf is what a person wrote when they denied the request by a button.
func (r Request) commentOf(user string) string {
	if last, pressed := r.lastPress(user); pressed && last.Button == PressDeny {
		return last.Comment
	}
	return ""
}

// DatedAs gives the reactions that a look showed the times that events told of them.
func DatedAs(known, shown []Reaction) []Reaction {
	dated := slices.Clone(shown)
	for i, reaction := range dated {
		if at := slices.IndexFunc(known, reaction.isSame); at >= 0 {
			dated[i].EventTS, dated[i].AfterTS = known[at].EventTS, known[at].AfterTS
			dated[i].SeenAt = known[at].SeenAt
		}
	}
	return dated
}
