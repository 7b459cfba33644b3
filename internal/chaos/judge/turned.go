package judge

import (
	"fmt"
	"slices"
	"time"
)

// The bot begins a write in a transaction and makes it right after. A vote that it
// acknowledged longer before the write than writeDelay must have stopped it. If a
// process stood still since the last look, or the database did within stallLimit, the
// transaction may have been longer before.
const (
	writeDelay = 3 * time.Second
	stallLimit = time.Minute
)

// whyTurned tells which no, or which withdrawal, the bot had acknowledged before a
// write and did not heed. "" if there is none.
func (h *History) whyTurned(c *Card, w *Write) string {
	before, known := h.turnsCountUntil(c, w)
	if !known {
		return ""
	}
	for _, v := range slices.Concat(votesAt(c, w.Arrived), h.votesOnDoubles(c, w.Arrived)) {
		if v.Deny && v.heardBefore(before) && h.mayAlways(c, v.User, v.At.Add(-personAge), w.Arrived) {
			return fmt.Sprintf("%s had denied it, which was acknowledged at %s", v.User, v.Heard.Format(clockLayout))
		}
	}
	var consents []string
	for _, user := range approvingUnless(c, w.Arrived, func(v Vote) bool { return v.heardBefore(before) }) {
		if h.mayEver(c, user, w.Arrived.Add(-lookLimit), w.Arrived) {
			consents = append(consents, user)
		}
	}
	if len(consents) < h.quorumOf(c) {
		return fmt.Sprintf("of the consents only those of %v had not been taken back", consents)
	}
	return ""
}

// A Stall is when a process or the database is held up, or goes on.
type Stall struct {
	At       time.Time
	Database bool
}

func (v Vote) heardBefore(when time.Time) bool { return !v.Heard.IsZero() && v.Heard.Before(when) }

// turnsCountUntil is until when a vote must have been acknowledged to stop a write.
// A call for a token may have come between.
func (h *History) turnsCountUntil(c *Card, w *Write) (until time.Time, known bool) {
	until = w.Arrived
	for _, call := range h.Tokens {
		if call.From.Before(until) && call.To.After(w.Arrived.Add(-lookLimit)) {
			until = call.From
		}
	}
	looked := c.lookedBefore(w.Arrived)
	stalled := slices.ContainsFunc(h.Stalls, func(s Stall) bool {
		return s.At.Before(w.Arrived) && (s.At.After(looked) || s.Database && w.Arrived.Sub(s.At) < stallLimit)
	})
	return until.Add(-writeDelay), !stalled
}

// votesOnDoubles are the reactions on other messages that name the card's request.
func (h *History) votesOnDoubles(c *Card, moment time.Time) []Vote {
	var votes []Vote
	for _, double := range slices.Concat(h.Doubles, h.Cards) {
		if double.ID == c.ID && double != c {
			votes = append(votes, votesAt(double, moment)...)
		}
	}
	return votes
}

// approvingUnless are the people whose approval stands on a card, where of the
// withdrawals only those count that the bot knew.
func approvingUnless(c *Card, moment time.Time, knew func(Vote) bool) []string {
	stands := map[[2]string]bool{}
	for _, v := range c.Votes {
		this := [2]string{v.User, v.Emoji}
		switch {
		case v.Deny || v.At.After(moment):
		case v.Present:
			stands[this] = true
		case knew(v):
			stands[this] = false
		}
	}
	var users []string
	for this, is := range stands {
		if is && !slices.Contains(users, this[0]) {
			users = append(users, this[0])
		}
	}
	slices.Sort(users)
	return users
}
