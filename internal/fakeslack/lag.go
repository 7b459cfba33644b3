package fakeslack

import (
	"slices"
	"time"
)

// reactionChange is one emoji put on a message or taken back.
type reactionChange struct {
	at         time.Time
	user, name string
	added      bool
}

func (m *storedMessage) noteReaction(change reactionChange) { m.changes = append(m.changes, change) }

// lagging is a conversation as a replica shows it that lags behind. Callers hold
// s.lock.
func (s *Server) lagging(c *conversation, call *apiCall) *conversation {
	if call.lag <= 0 {
		return c
	}
	then := *c
	then.messages = nil
	for _, m := range c.messages {
		if old := m.asOf(s.cfg.Now().Add(-call.lag)); old != nil {
			then.messages = append(then.messages, old)
		}
	}
	return &then
}

// asOf is a message as it was at a time, nil before it was posted.
func (m *storedMessage) asOf(at time.Time) *storedMessage {
	if m.PostedAt.After(at) {
		return nil
	}
	old := *m
	old.Deleted = m.Deleted && !m.deletedAt.After(at)
	for i, r := range m.Revisions {
		if r.Until.After(at) {
			old.Text, old.Blocks, old.Metadata = r.Text, r.Blocks, r.Metadata
			old.Edited, old.Revisions = i > 0, m.Revisions[:i]
			break
		}
	}
	old.Reactions = m.reactionsAsOf(at)
	return &old
}

func (m *storedMessage) reactionsAsOf(at time.Time) []Reaction {
	var reactions []Reaction
	for _, change := range m.changes {
		if change.at.After(at) {
			break
		}
		i := slices.IndexFunc(reactions, func(r Reaction) bool { return r.Name == change.name })
		switch {
		case i < 0:
			reactions = append(reactions, Reaction{Name: change.name, Users: []string{change.user}})
		case change.added:
			reactions[i].Users = append(reactions[i].Users, change.user)
		default:
			reactions[i].Users = slices.DeleteFunc(reactions[i].Users, func(id string) bool { return id == change.user })
		}
	}
	return slices.DeleteFunc(reactions, func(r Reaction) bool { return len(r.Users) == 0 })
}
