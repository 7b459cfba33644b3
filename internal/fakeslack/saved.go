package fakeslack

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// savedWorkspace is what Save keeps: what people would find in a workspace after a
// pause. Calls, sockets, forms and faults are not in it.
type savedWorkspace struct {
	Address   string
	IDs       savedIdentities
	LastTS    int64
	Users     map[string]*User
	Groups    map[string][]string
	Channels  []savedConversation
	Private   []Ephemeral
	Responses map[string]savedResponse
}

// savedIdentities has the fields of identities.
type savedIdentities struct {
	Bot, BotUser, Team, App, BotToken, AppToken, Verification string
}

func (i identities) save() savedIdentities {
	return savedIdentities{i.bot, i.botUser, i.team, i.app, i.botToken, i.appToken, i.verification}
}

func (i savedIdentities) restore() identities {
	return identities{i.Bot, i.BotUser, i.Team, i.App, i.BotToken, i.AppToken, i.Verification}
}

type savedConversation struct {
	Channel
	Person   string // of direct messages
	Messages []savedMessage
}

type savedMessage struct {
	Message
	Attachments json.RawMessage
	DeletedAt   time.Time
	Changes     []savedChange
}

type savedChange struct {
	At         time.Time
	User, Name string
	Added      bool
}

type savedResponse struct {
	User, Channel string
	Expires       time.Time
	Left          int
}

// Save returns the people, channels, messages and reactions, for [Config.Saved].
func (s *Server) Save() ([]byte, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	saved := savedWorkspace{
		Address: s.server.Addr, IDs: s.ids.save(), LastTS: s.lastTS, Users: s.users, Groups: s.groups,
		Private: s.private, Responses: map[string]savedResponse{},
	}
	for _, id := range slices.Sorted(maps.Keys(s.channels)) {
		saved.Channels = append(saved.Channels, s.channels[id].save())
	}
	for path, r := range s.answers {
		saved.Responses[path] = savedResponse{r.user, r.channel, r.expires, r.left}
	}
	return json.Marshal(saved)
}

func (c *conversation) save() savedConversation {
	saved := savedConversation{Channel: c.Channel, Person: c.dm}
	for _, m := range c.messages {
		kept := savedMessage{Message: m.Message, Attachments: m.attachments, DeletedAt: m.deletedAt}
		for _, change := range m.changes {
			kept.Changes = append(kept.Changes, savedChange{change.at, change.user, change.name, change.added})
		}
		saved.Messages = append(saved.Messages, kept)
	}
	return saved
}

// parseSaved reads what Save returned.
func parseSaved(text []byte) (savedWorkspace, error) {
	var saved savedWorkspace
	if err := json.Unmarshal(text, &saved); err != nil {
		return saved, fmt.Errorf("fakeslack: the saved workspace is not understood: %w", err)
	}
	if saved.Address == "" || saved.IDs.Team == "" {
		return saved, errors.New("fakeslack: the saved workspace has no address or no id")
	}
	return saved, nil
}

// restore puts a saved workspace in the place of the empty one, before it is served.
func (s *Server) restore(saved savedWorkspace) {
	s.ids, s.lastTS = saved.IDs.restore(), saved.LastTS
	s.users, s.groups = notNil(saved.Users), notNil(saved.Groups)
	for _, c := range saved.Channels {
		s.channels[c.ID] = c.restore()
	}
	for _, e := range saved.Private {
		e.Blocks = notNull(e.Blocks)
		s.private = append(s.private, e)
	}
	for path, r := range saved.Responses {
		s.answers[path] = &responseURL{r.User, r.Channel, r.Expires, r.Left}
	}
}

func (c savedConversation) restore() *conversation {
	restored := &conversation{Channel: c.Channel, dm: c.Person}
	for _, kept := range c.Messages {
		m := &storedMessage{Message: kept.Message, attachments: notNull(kept.Attachments), deletedAt: kept.DeletedAt}
		m.Blocks = notNull(m.Blocks)
		for i := range m.Revisions {
			m.Revisions[i].Blocks = notNull(m.Revisions[i].Blocks)
		}
		for _, change := range kept.Changes {
			m.changes = append(m.changes, reactionChange{change.At, change.User, change.Name, change.Added})
		}
		restored.messages = append(restored.messages, m)
	}
	return restored
}

func notNil[V any](saved map[string]V) map[string]V {
	if saved == nil {
		return map[string]V{}
	}
	return saved
}

// notNull is nil for the JSON null that nil was saved as.
func notNull(text json.RawMessage) json.RawMessage {
	if string(text) == "null" {
		return nil
	}
	return text
}
