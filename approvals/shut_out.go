package approvals

import (
	"errors"
	"slices"
	"time"
)

// ShutOut means that Slack does not take what the bot has to say in the thread of a
// card: the card was deleted, or the channel stays closed to the bot. The requester is
// told privately instead, once for each post. The thread is told later, if it can.
type ShutOut struct{ Said Job }

func (ShutOut) Kind() string { return "shut_out" }

func (ShutOut) Actor() string { return Bot }

func (e ShutOut) move(r Request, now time.Time) (Step, error) {
	said := string(e.Said.Kind) + " " + e.Said.Key()
	if slices.Contains(r.ToldPrivately, said) {
		return Step{}, ErrNoTransition
	}
	r.ToldPrivately = append(slices.Clone(r.ToldPrivately), said)
	notice := Job{Kind: JobTellRequester, Number: len(r.ToldPrivately), Payload: e.Said.Payload}
	notice.Payload.Post = e.Said.Kind
	return Step{Request: r, Enqueue: append([]Job{notice}, r.SearchLater(now)...)}, nil
}

// shutOutAttempts is how often a post is tried until its words are told privately: for
// about half a minute.
const shutOutAttempts = 5

// IsShutOut reports whether a place in Slack has stayed closed to the job for so long
// that its words have to be told in another way.
func (t LeasedJob) IsShutOut(err error) bool {
	return t.Attempt >= shutOutAttempts && isClosed(err)
}

func isClosed(err error) bool {
	if unknown, ok := errors.AsType[*UnknownEffectError](err); ok {
		return unknown.Closed
	}
	delay, ok := errors.AsType[*DelayError](err)
	return ok && delay.Closed
}

// noticePauses are the pauses between the attempts to say private words. They may have reached
// their reader although Slack answered with an error, and cannot be looked for: so they are
// repeated rarely, and not for ever, but beyond an outage of hours.
var noticePauses = []time.Duration{time.Minute, 10 * time.Minute, time.Hour, 4 * time.Hour}

// RepeatNotice says how long after a failed attempt private words are said again; false if they
// are given up after the fifth. passed is what has passed for certain since the attempt before,
// zero if there was none: a clock that was put ahead ends nothing, and neither do attempts that
// were no more than a delay, because then the words certainly were not said.
func RepeatNotice(attempt int, passed time.Duration) (after time.Duration, again bool) {
	for i, pause := range noticePauses {
		if passed < pause || attempt <= i+1 {
			return pause, true
		}
	}
	return 0, false
}
