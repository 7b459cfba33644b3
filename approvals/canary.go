package approvals

import "time"

// A Canary is one round of the bot's own reaction on its status message, given or
// taken back. Its event shows that Slack delivers, and not only that connections are
// open.
type Canary struct {
	Number    int
	Channel   string
	TS        string    // of the status message; empty: there is none yet
	Present   bool      // the reaction was given, not taken back
	At        time.Time // when
	Unable    bool      // Slack did not take it, so that no event will come
	ArrivedAt time.Time // when the first event came; zero: none did
	Retried   bool      // that one was delivered again
	By        string    // the replica and connection that it came by
}

// On is the same round with a status message.
func (c Canary) On(ts string) Canary {
	c.TS = ts
	return c
}

// A CanaryResult is how the event of a canary arrived.
type CanaryResult string

// The results of a canary. None says that nothing can be told: the bot did not run, or
// there was no round.
const (
	CanaryNone    CanaryResult = ""
	CanaryArrived CanaryResult = "arrived" // at first, on a connection of any replica
	CanaryRetried CanaryResult = "retried" // only when Slack delivered it again
	CanaryLost    CanaryResult = "lost"    // not at all
	CanaryUnable  CanaryResult = "unable"  // Slack did not take the reaction
)

// CanaryResults lists what a round can end with.
func CanaryResults() []CanaryResult {
	return []CanaryResult{CanaryArrived, CanaryRetried, CanaryLost, CanaryUnable}
}

// Judge tells how a round ended, when the next one begins. Rounds begin every so often;
// one that is much older was interrupted by a stop.
func (c Canary) Judge(now time.Time, every time.Duration) CanaryResult {
	switch {
	case c.Number == 0:
		return CanaryNone
	case c.Unable:
		return CanaryUnable
	case !c.ArrivedAt.IsZero() && c.Retried:
		return CanaryRetried
	case !c.ArrivedAt.IsZero():
		return CanaryArrived
	case now.Sub(c.At) > 2*every:
		return CanaryNone
	}
	return CanaryLost
}
