package approvals

import (
	"slices"
	"time"
)

// The approvals channel is the one that the operator set, by the id that it has now.
// Slack may give it another id, and the operator may set another channel.

// A ChannelMove says that Slack gave a channel another id.
type ChannelMove struct {
	From, To string
	EventTS  string // of Slack's event; orders the moves
}

// ChannelMoves are the known moves, by the old id. Each leads to the id of now.
type ChannelMoves map[string]ChannelMove

// Current is the id that a channel has now.
func (m ChannelMoves) Current(id string) string {
	if move, moved := m[id]; moved {
		return move.To
	}
	return id
}

// Add adds a move, if it tells something new. Slack may repeat its events and send them
// out of order.
func (m ChannelMoves) Add(move ChannelMove) (moves ChannelMoves, changed bool) {
	if later, known := m[move.To]; known && later.EventTS > move.EventTS {
		move.To = later.To // the channel went on from there
	}
	if known, isKnown := m[move.From]; move.From == move.To || isKnown && known.EventTS >= move.EventTS {
		return m, false
	}
	moves = ChannelMoves{move.From: move}
	for from, known := range m {
		switch {
		case from == move.From, from == move.To: // the channel has this id again
		case known.To == move.From:
			moves[from] = ChannelMove{From: from, To: move.To, EventTS: known.EventTS}
		default:
			moves[from] = known
		}
	}
	return moves, true
}

// A ChannelClaim is a channel that the operator has set for a bot.
type ChannelClaim struct {
	Channel  string
	ChosenAt time.Time // the claim that was chosen last has the approvals channel of today
	SeenAt   time.Time // when a running bot last had this setting
}

// claimHolds is how long a claim holds without a running bot that has its setting.
const claimHolds = 2 * time.Minute

// ChannelOfToday is the approvals channel of today; empty if none was claimed.
func ChannelOfToday(claims []ChannelClaim) string { return chosenClaim(claims).Channel }

func chosenClaim(claims []ChannelClaim) ChannelClaim {
	var chosen ChannelClaim
	for _, c := range claims {
		if c.ChosenAt.After(chosen.ChosenAt) {
			chosen = c
		}
	}
	return chosen
}

// RenewClaim is the claim of a bot that runs now with a channel as its setting. A channel
// that was never set is chosen at once. An earlier one is chosen again only if no running
// bot has the one of today: while replicas get another setting one by one, those of the
// old setting must not take it back. alone says that this bot is the only one.
func RenewClaim(claims []ChannelClaim, channel string, alone bool, now time.Time) ChannelClaim {
	chosen := chosenClaim(claims)
	claim := ChannelClaim{Channel: channel, SeenAt: now}
	i := slices.IndexFunc(claims, func(c ChannelClaim) bool { return c.Channel == channel })
	isForgotten := alone || now.Sub(chosen.SeenAt) >= claimHolds
	if i >= 0 && (chosen.Channel == channel || !isForgotten) {
		claim.ChosenAt = claims[i].ChosenAt
		return claim
	}
	claim.ChosenAt = now
	if !now.After(chosen.ChosenAt) { // the clock was put back
		claim.ChosenAt = chosen.ChosenAt.Add(time.Microsecond)
	}
	return claim
}

// A ChannelInUse is the approvals channel of today, as a bot learns it.
type ChannelInUse struct {
	Today string
	Moved bool // Slack gave the channel of the bot's setting another id
}

// Events of a request that needs its card in another channel than the one of today.
type (
	// CardRedirected means that the card of a request, which is surely in no channel
	// yet, is to be posted in another one.
	CardRedirected struct{ Channel string }

	// ChannelReplaced means that approvers decide in another channel now than the one
	// with the card. The request is filed anew there, because consent is given on the
	// card. Untried says that the worker that writes found that no write was tried, and
	// that the card cannot be read any more.
	ChannelReplaced struct {
		Channel string
		NewID   string
		Untried bool `json:",omitempty"`
	}
)

func (CardRedirected) Kind() string  { return "card_redirected" }
func (ChannelReplaced) Kind() string { return "channel_replaced" }

func (CardRedirected) Actor() string  { return Bot }
func (ChannelReplaced) Actor() string { return Bot }

func (e CardRedirected) move(r Request, _ time.Time) (Step, error) {
	if r.State != Pending || r.CardTS != "" || r.Channel == e.Channel {
		return Step{}, ErrNoTransition
	}
	r.Channel, r.DelayReason = e.Channel, ""
	r.Presses = slices.DeleteFunc(slices.Clone(r.Presses), func(p Press) bool {
		return p.Button == PressApprove // given on a card that was given up; a no still counts
	})
	return Step{Request: r}, nil
}

// An approved request keeps its approval, unless its card cannot be read any more.
func (e ChannelReplaced) move(r Request, now time.Time) (Step, error) {
	isApproved := r.State == Approved && e.Untried && !r.WriteAttempted
	if r.State != Pending && !isApproved || r.CardTS == "" || r.Channel == e.Channel {
		return Step{}, ErrNoTransition
	}
	anew := r.fileAnew(e.NewID, e.Channel, now)
	step := closeRequest(r, Superseded, Outcome{
		Reason: ReasonChannelReplaced, Channel: e.Channel, Suggestions: []string{e.NewID},
	}, now)
	if step.Request.DecidedAt.IsZero() {
		step.Request.DecidedAt = now
	}
	step.Drop = append(step.Drop, JobApply)
	step.File = &anew
	// The requester is told privately as well: they may not look into the old channel.
	told, err := ShutOut{Said: Job{Kind: JobPostOutcome}}.move(step.Request, now)
	step.Request = told.Request
	step.Enqueue = append(step.Enqueue, told.Enqueue...)
	return step, err
}

// fileAnew is a new request that asks for the same.
func (r Request) fileAnew(id, channel string, now time.Time) Request {
	return Request{
		ID: id, EnvelopeID: "anew " + r.ID, Requester: r.Requester, OriginChannel: r.OriginChannel,
		Channel: channel, Target: r.Target, Ask: r.Ask, Terms: Terms{TTL: r.Terms.TTL},
		FiledAt: now, Deadline: now.Add(r.Terms.TTL),
	}
}
