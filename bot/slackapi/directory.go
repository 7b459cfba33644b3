package slackapi

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"licensebot/approvals"
	"licensebot/internal/outside"
)

// A Directory asks Slack who a person is, who is in a user group, and who
// reacted on a card.
type Directory struct {
	api      *slack.Client
	identity Identity
	emoji    approvals.Emoji
	people   cache[approvals.Person]
	groups   cache[[]string]
}

// NewDirectory makes the directory of the bot with this identity. It reads the
// reactions with these emoji.
func NewDirectory(client *Client, identity Identity, emoji approvals.Emoji) *Directory {
	return &Directory{api: client.api, identity: identity, emoji: emoji}
}

// FindPerson tells who a user is.
func (d *Directory) FindPerson(ctx context.Context, user string, maxAge time.Duration) (approvals.Person, error) {
	if user == d.identity.UserID {
		return approvals.Person{ID: user, Bot: true}, nil
	}
	return d.people.get(user, maxAge, func() (approvals.Person, error) {
		info, err := d.api.GetUserInfoContext(ctx, user)
		if err != nil {
			return approvals.Person{}, asLookupRefusal(ClassifyError("users.info", err),
				"missing_scope", "user_not_found", "user_not_visible")
		}
		return d.checkSubject(user, info)
	})
}

// checkSubject accepts an answer only if it is about the person in question. Any
// other answer leaves open who that person is, even whether they are the requester.
func (d *Directory) checkSubject(user string, info *slack.User) (approvals.Person, error) {
	switch info.ID {
	case user:
		return d.toPerson(info), nil
	case "":
		return approvals.Person{}, errors.New("Slack users.info: the answer names no user")
	}
	err := fmt.Errorf("Slack users.info: asked about %s, the answer is about %s", user, outside.OneLine(info.ID, 60))
	return approvals.Person{}, &approvals.RefusedError{Answer: "Slack answered about another person", Err: err}
}

// toPerson reads what decides about a vote. A user of another team is external,
// and so is a user without a team, unless they are in the bot's own enterprise.
func (d *Directory) toPerson(u *slack.User) approvals.Person {
	sameTeam := u.TeamID != "" && u.TeamID == d.identity.TeamID
	sameEnterprise := d.identity.EnterpriseID != "" && u.Enterprise.EnterpriseID == d.identity.EnterpriseID
	return approvals.Person{
		ID:          u.ID,
		Bot:         u.IsBot || u.IsWorkflowBot || u.IsConnectorBot || u.ID == "USLACKBOT",
		Guest:       u.IsRestricted || u.IsUltraRestricted || u.IsInvitedUser,
		External:    u.IsStranger || !sameTeam && !sameEnterprise,
		Deactivated: u.Deleted,
		UTCOffset:   time.Duration(u.TZOffset) * time.Second,
	}
}

// ListMembers lists the people among the approvers and the members of the user
// groups among them. If Slack refuses to tell about a group, the others are
// listed all the same, and the refusal comes with the list.
func (d *Directory) ListMembers(ctx context.Context, approvers []string, maxAge time.Duration) ([]string, error) {
	var members []string
	var refused error
	for _, id := range approvers {
		if !approvals.IsUserGroup(id) {
			members = append(members, id)
			continue
		}
		inGroup, err := d.listGroup(ctx, id, maxAge)
		switch {
		case approvals.IsRefused(err):
			refused = err
		case err != nil:
			return nil, err
		}
		members = append(members, inGroup...)
	}
	return members, refused
}

// listGroup lists the members of one user group.
func (d *Directory) listGroup(ctx context.Context, id string, maxAge time.Duration) ([]string, error) {
	return d.groups.get(id, maxAge, func() ([]string, error) {
		members, err := d.api.GetUserGroupMembersContext(ctx, id)
		return members, asLookupRefusal(ClassifyError("usergroups.users.list", err),
			"missing_scope", "no_such_subteam", "plan_upgrade_required")
	})
}

// ForgetGroup drops what is known of a user group, because its members changed.
func (d *Directory) ForgetGroup(group string) { d.groups.forget(group) }

// CardReactions reads all reactions on a card but the bot's own. ErrCardDeleted says
// that two ways of reading do not show the card.
func (d *Directory) CardReactions(ctx context.Context, channel, ts string) ([]approvals.Reaction, error) {
	item, err := d.api.GetReactionsContext(ctx, slack.NewRefToMessage(channel, ts),
		slack.GetReactionsParameters{Full: true})
	switch {
	case isAnswer(err, "message_not_found"):
		return nil, d.confirmDeleted(ctx, channel, ts)
	case err != nil:
		return nil, ClassifyError("reactions.get", err)
	case item.Message != nil && item.Message.SubType == tombstone:
		return nil, approvals.ErrCardDeleted
	}
	shown, _ := d.readReactions(channel, ts, item.Reactions)
	return shown, nil
}

// tombstone is the subtype of what is left of a deleted message with replies.
const tombstone = "tombstone"

// confirmDeleted is ErrCardDeleted if history does not show a message either. If it
// does, Slack's answers differ, and the error is a delay.
func (d *Directory) confirmDeleted(ctx context.Context, channel, ts string) error {
	message, found, err := readMessage(ctx, d.api, channel, ts)
	switch {
	case err != nil:
		return err
	case !found || message.SubType == tombstone:
		return approvals.ErrCardDeleted
	}
	return &approvals.DelayError{
		Reason: "Slack does not show the reactions on the card",
		Err:    errors.New("Slack reactions.get: message_not_found, although conversations.history shows it"),
	}
}

// readReactions reads the reactions without the bot's own. It is not whole if Slack
// counts more people with an emoji that means a vote today than it names.
func (d *Directory) readReactions(
	channel, ts string, all []slack.ItemReaction,
) (shown []approvals.Reaction, whole bool) {
	whole = true
	for _, reaction := range all {
		_, _, isVote := d.emoji.Meaning(reaction.Name)
		whole = whole && (!isVote || len(reaction.Users) >= reaction.Count)
		name := approvals.CanonicalEmoji(reaction.Name)
		for _, user := range reaction.Users {
			if user != d.identity.UserID {
				shown = append(shown, approvals.Reaction{Channel: channel, TS: ts, User: user, Name: name, Present: true})
			}
		}
	}
	return shown, whole
}

// ReadHistory reads the reactions on the messages of a channel from latest down to
// oldest, both included, up to 999 of them. A deleted message with replies is a
// tombstone in Slack's answer, and is skipped.
func (d *Directory) ReadHistory(ctx context.Context, channel, oldest, latest string) (approvals.HistoryPage, error) {
	answer, err := d.api.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{
		ChannelID: channel, Oldest: oldest, Latest: latest, Inclusive: true, Limit: 999,
		IncludeAllMetadata: true,
	})
	if err != nil {
		return approvals.HistoryPage{}, ClassifyError("conversations.history", err)
	}
	page := approvals.HistoryPage{Reached: oldest}
	if answer.HasMore {
		page.Reached = latest
	}
	for _, m := range answer.Messages {
		if answer.HasMore {
			page.Reached = min(page.Reached, m.Timestamp)
		}
		if m.SubType == tombstone {
			continue
		}
		page.Sightings = append(page.Sightings, d.readSighting(channel, m))
	}
	return page, nil
}

// readSighting reads what history shows of one message.
func (d *Directory) readSighting(channel string, m slack.Message) approvals.Sighting {
	sighting := approvals.Sighting{TS: m.Timestamp}
	sighting.Shown, sighting.Whole = d.readReactions(channel, m.Timestamp, m.Reactions)
	if m.Metadata.EventType == approvals.CardEventType && d.identity.isAuthor(m) {
		sighting.RequestID, _ = m.Metadata.EventPayload["request_id"].(string)
	}
	return sighting
}

// Permalink is the address of a message. It is empty if Slack does not tell one.
func (d *Directory) Permalink(ctx context.Context, channel, ts string) string {
	link, err := d.api.GetPermalinkContext(ctx, &slack.PermalinkParameters{Channel: channel, Ts: ts})
	if err != nil || !strings.HasPrefix(link, "https://") || strings.ContainsAny(link, "<>| ") {
		return ""
	}
	return link
}
