package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"
	"golang.org/x/sync/singleflight"

	"licensebot/approvals"
)

// A Directory asks Slack who somebody is, who is in a user group, and who
// reacted on a card. It carries out package approvals' Directory.
type Directory struct {
	api   *slack.Client
	self  Identity
	words Phrases
	once  singleflight.Group

	mu     sync.Mutex
	people map[string]cached[approvals.Person]
	groups map[string]cached[[]string]
}

type cached[T any] struct {
	value T
	at    time.Time
}

// NewDirectory makes a directory for the bot that self describes.
func NewDirectory(api *slack.Client, self Identity, words Phrases) *Directory {
	return &Directory{
		api: api, self: self, words: words,
		people: make(map[string]cached[approvals.Person]),
		groups: make(map[string]cached[[]string]),
	}
}

// Person tells who a user is.
func (d *Directory) FindPerson(ctx context.Context, user string, maxAge time.Duration) (approvals.Person, error) {
	if user == d.self.UserID {
		return approvals.Person{ID: user, Bot: true}, nil
	}
	return recallOrAsk(d, d.people, "users.info "+user, user, maxAge, func() (approvals.Person, error) {
		info, err := d.api.GetUserInfoContext(ctx, user)
		if err != nil {
			return approvals.Person{}, asLookupRefusal(ClassifyError("users.info", err), "missing_scope", "user_not_found", "user_not_visible")
		}
		return d.checkSubject(user, info)
	})
}

// asked is what an answer says of the person who was asked about. One that is
// about nobody, or about somebody else, says nothing of them: not even that
// they are not the requester.
func (d *Directory) checkSubject(user string, info *slack.User) (approvals.Person, error) {
	switch info.ID {
	case user:
		return d.toPerson(info), nil
	case "":
		return approvals.Person{}, errors.New("Slack users.info: the answer names no user")
	}
	err := fmt.Errorf("Slack users.info: asked about %s, the answer is about %s", user, OneLine(info.ID, 60))
	return approvals.Person{}, &approvals.RefusedError{Answer: "Slack answered about somebody else", Err: err}
}

// person reads what decides about a vote. A user of another team, or of none
// that Slack tells, is a stranger, unless they are of the bot's own enterprise.
func (d *Directory) toPerson(u *slack.User) approvals.Person {
	sameTeam := u.TeamID != "" && u.TeamID == d.self.TeamID
	sameEnterprise := d.self.EnterpriseID != "" && u.Enterprise.EnterpriseID == d.self.EnterpriseID
	return approvals.Person{
		ID:          u.ID,
		Bot:         u.IsBot || u.IsWorkflowBot || u.IsConnectorBot || u.ID == "USLACKBOT",
		Guest:       u.IsRestricted || u.IsUltraRestricted || u.IsInvitedUser,
		External:    u.IsStranger || !sameTeam && !sameEnterprise,
		Deactivated: u.Deleted,
		UTCOffset:   time.Duration(u.TZOffset) * time.Second,
	}
}

// Members lists everybody whom approvers name, with the members of user
// groups. What one group refuses to tell does not hide the others: the list
// then comes with the refusal.
func (d *Directory) ListMembers(ctx context.Context, approvers []string, maxAge time.Duration) ([]string, error) {
	var members []string
	var refused error
	for _, id := range approvers {
		if !approvals.IsUserGroup(id) {
			members = append(members, id)
			continue
		}
		inGroup, err := d.listGroup(ctx, id, maxAge)
		var refusal *approvals.RefusedError
		switch {
		case errors.As(err, &refusal):
			refused = err
		case err != nil:
			return nil, err
		}
		members = append(members, inGroup...)
	}
	return members, refused
}

func (d *Directory) listGroup(ctx context.Context, id string, maxAge time.Duration) ([]string, error) {
	return recallOrAsk(d, d.groups, "usergroups.users.list "+id, id, maxAge, func() ([]string, error) {
		members, err := d.api.GetUserGroupMembersContext(ctx, id)
		return members, asLookupRefusal(ClassifyError("usergroups.users.list", err), "missing_scope", "no_such_subteam", "plan_upgrade_required")
	})
}

// Forget drops what is known of a user group whose members changed.
func (d *Directory) ForgetGroup(group string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.groups, group)
}

// recall answers from memory if that is young enough, and asks otherwise;
// those who ask the same at the same time share one call, unless it began
// before what they would take from memory.
func recallOrAsk[T any](d *Directory, memory map[string]cached[T], call, id string, maxAge time.Duration, ask func() (T, error)) (T, error) {
	oldest := time.Now().Add(-maxAge)
	d.mu.Lock()
	k, ok := memory[id]
	d.mu.Unlock()
	for !ok || k.at.Before(oldest) {
		answer, err, _ := d.once.Do(call, func() (any, error) {
			asked := time.Now()
			value, err := ask()
			return cached[T]{value: value, at: asked}, err
		})
		if err != nil {
			var none T
			return none, err
		}
		k, ok = answer.(cached[T]), true
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	memory[id] = k
	return k.value, nil
}

// OnCard reads the reactions on a card that mean something, all of them.
func (d *Directory) CardReactions(ctx context.Context, channel, ts string) ([]approvals.Reaction, error) {
	item, err := d.api.GetReactionsContext(ctx, slack.NewRefToMessage(channel, ts), slack.GetReactionsParameters{Full: true})
	if isAnswer(err, "message_not_found") {
		return nil, approvals.ErrCardDeleted
	}
	if err != nil {
		return nil, ClassifyError("reactions.get", err)
	}
	shown, _ := d.readVotes(channel, ts, item.Reactions)
	return shown, nil
}

// votes are the reactions that mean something, without the bot's own. whole is
// false where Slack counts more people than it names.
func (d *Directory) readVotes(channel, ts string, all []slack.ItemReaction) (shown []approvals.Reaction, whole bool) {
	whole = true
	for _, reaction := range all {
		name, deny, ok := d.words.vote(reaction.Name)
		if !ok {
			continue
		}
		whole = whole && len(reaction.Users) >= reaction.Count
		for _, who := range reaction.Users {
			if who != d.self.UserID {
				shown = append(shown, approvals.Reaction{Channel: channel, TS: ts, User: who, Name: name, Deny: deny, Present: true})
			}
		}
	}
	return shown, whole
}

// Survey reads the reactions on all messages of a channel from a timestamp on,
// 999 messages a call. Slack shows a deleted message with replies as a
// tombstone: that is none.
func (d *Directory) SurveyChannel(ctx context.Context, channel, oldest string, visit func(ts string, shown []approvals.Reaction, whole bool)) error {
	query := &slack.GetConversationHistoryParameters{ChannelID: channel, Oldest: oldest, Inclusive: true, Limit: 999}
	for {
		page, err := d.api.GetConversationHistoryContext(ctx, query)
		if err != nil {
			return ClassifyError("conversations.history", err)
		}
		for _, m := range page.Messages {
			if m.SubType == "tombstone" {
				continue
			}
			shown, whole := d.readVotes(channel, m.Timestamp, m.Reactions)
			visit(m.Timestamp, shown, whole)
		}
		if query.Cursor = page.ResponseMetaData.NextCursor; query.Cursor == "" {
			return nil
		}
	}
}

// aliases are the short names that Slack uses for one and the same emoji, as
// far as people vote with them. Custom emoji and their aliases are not
// resolved: whoever can add one could make it look like a vote.
var aliases = map[string]string{"thumbsup": "+1", "thumbsdown": "-1", "raised_hand": "hand"}

// vote tells what an emoji means, if anything, by its name without skin tone.
func (w Phrases) vote(name string) (plainName string, deny, ok bool) {
	name = canonical(name)
	same := func(configured string) bool { return canonical(configured) == name }
	switch {
	case slices.ContainsFunc(w.Deny, same):
		return name, true, true
	case slices.ContainsFunc(w.Approve, same):
		return name, false, true
	}
	return "", false, false
}

// canonical is an emoji's first short name, without a skin tone.
func canonical(name string) string {
	name, _, _ = strings.Cut(strings.Trim(name, ":"), "::skin-tone-")
	if first, ok := aliases[name]; ok {
		return first
	}
	return name
}
