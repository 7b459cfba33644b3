package approvals

import "time"

// Events of looks at a card.
type (
	// CardMissed means a look missed the card, or Slack told of its deletion. One such
	// look is no proof: a replica of Slack may lag.
	CardMissed struct{}

	// CardSeen means a look showed the card after one without it.
	CardSeen struct{}
)

func (CardMissed) Kind() string { return "card_missed" }
func (CardSeen) Kind() string   { return "card_seen" }

func (CardMissed) Actor() string { return Bot }
func (CardSeen) Actor() string   { return Bot }

func (CardMissed) move(r Request, now time.Time) (Step, error) {
	if first, _ := r.JudgeMiss(now); !first || r.CardTS == "" {
		return Step{}, ErrNoTransition
	}
	r.CardMissingSince = now
	return Step{Request: r}, nil
}

func (CardSeen) move(r Request, _ time.Time) (Step, error) {
	if r.CardMissingSince.IsZero() {
		return Step{}, ErrNoTransition
	}
	r.CardMissingSince = time.Time{}
	return Step{Request: r}, nil
}

// JudgeMiss says what a look without the card means at this time. It may be the first
// such look, which is to be recorded. Otherwise wait is how long until a look is late
// enough to be the second. The card is deleted if both are zero.
func (r Request) JudgeMiss(now time.Time) (first bool, wait time.Duration) {
	if !mayBeSecondLook(r.CardMissingSince, now) {
		return true, SecondLookAfter
	}
	return false, max(0, SecondLookAfter-now.Sub(r.CardMissingSince))
}
