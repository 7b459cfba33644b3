package slackapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"licensebot/approvals"
	"licensebot/internal/outside"
)

// A Directory asks Slack who a person is, who is in a user group, and who
// reacted on a card.
type Directory struct {
	client   *Client
	api      *slack.Client // the client's
	identity Identity
	people   cache[approvals.Person]
	groups   cache[[]string]
	audience cache[approvals.Audience] // by channel
	names    sync.Map                  // of people, by canonical id
}

// NewDirectory makes the directory of the bot with this identity.
func NewDirectory(client *Client, identity Identity) *Directory {
	return &Directory{client: client, api: client.api, identity: identity}
}

// idMaxAge is how old an answer about a person's ids may be.
const idMaxAge = 24 * time.Hour

// CanonicalID is the one id of a person; Slack may show two. All ids are made
// canonical where they come in from Slack or from the configuration, so that the rest
// of the bot can compare them. The error is a *RefusedError where Slack does not tell
// about the person; the id is then as it came.
func (d *Directory) CanonicalID(ctx context.Context, user string) (string, error) {
	switch {
	case d.identity.isSelf(user):
		return d.identity.UserID, nil
	case user == "" || !d.identity.mayHaveAnotherID(user):
		return user, nil
	}
	person, err := d.FindPerson(ctx, user, idMaxAge)
	if err != nil {
		return user, err
	}
	return person.ID, nil
}

// IsSelf reports whether a canonical id is the bot's own.
func (d *Directory) IsSelf(user string) bool { return user == d.identity.UserID }

// FindPerson tells who a user is, by any id of theirs.
func (d *Directory) FindPerson(ctx context.Context, user string, maxAge time.Duration) (approvals.Person, error) {
	if d.identity.isSelf(user) {
		return approvals.Person{ID: d.identity.UserID, Bot: true}, nil
	}
	return d.people.get(user, maxAge, func() (approvals.Person, error) {
		info, err := d.api.GetUserInfoContext(ctx, user)
		if err != nil {
			return approvals.Person{}, asLookupRefusal(ClassifyError("users.info", err),
				"missing_scope", "user_not_found", "user_not_visible")
		}
		person, err := d.checkSubject(user, info)
		if err == nil {
			d.names.Store(person.ID, person.Name)
		}
		return person, err
	})
}

// KnownName is what Slack called a person when it was last asked, by the canonical id; empty
// if it was not asked yet.
func (d *Directory) KnownName(user string) string {
	name, _ := d.names.Load(user)
	text, _ := name.(string)
	return text
}

// checkSubject accepts an answer only if it is about the person in question. Any
// other answer leaves open who that person is, even whether they are the requester.
// Asked about the id of a workspace, Slack may answer with that of the organization.
func (d *Directory) checkSubject(user string, info *slack.User) (approvals.Person, error) {
	canonical := d.identity.canonicalID(info)
	isOtherID := d.identity.mayHaveAnotherID(user) && info.ID == info.Enterprise.ID
	switch {
	case info.ID == "":
		return approvals.Person{}, errors.New("Slack users.info: the answer names no user")
	case info.ID == user, canonical == user, isOtherID && info.ID == canonical:
		person := d.toPerson(info)
		if person.ID == info.ID && person.ID != user {
			person.LocalID = user
		}
		return person, nil
	}
	err := fmt.Errorf("Slack users.info: asked about %s, the answer is about %s", user, outside.OneLine(info.ID, 60))
	return approvals.Person{}, &approvals.RefusedError{Answer: "Slack answered about another person", Err: err}
}

// toPerson reads what decides about a vote. A user of another team is external,
// and so is a user without a team, unless they are in the bot's own enterprise.
func (d *Directory) toPerson(u *slack.User) approvals.Person {
	sameTeam := u.TeamID != "" && u.TeamID == d.identity.TeamID
	sameEnterprise := d.identity.EnterpriseID != "" && u.Enterprise.EnterpriseID == d.identity.EnterpriseID
	person := approvals.Person{
		ID:          d.identity.canonicalID(u),
		Bot:         u.IsBot || u.IsWorkflowBot || u.IsConnectorBot || u.ID == "USLACKBOT",
		Guest:       u.IsRestricted || u.IsUltraRestricted || u.IsInvitedUser,
		External:    u.IsStranger || !sameTeam && !sameEnterprise,
		Deactivated: u.Deleted,
		UTCOffset:   time.Duration(u.TZOffset) * time.Second,
		TimeZone:    u.TZ,
		Name:        nameOf(u),
	}
	if u.ID != person.ID {
		person.LocalID = u.ID
	}
	return person
}

// ListMembers lists the people among the approvers and the members of the user
// groups among them, each once. If Slack refuses to tell about a group or a person,
// the others are listed all the same, and the refusal comes with the list.
func (d *Directory) ListMembers(ctx context.Context, approvers []string, maxAge time.Duration) ([]string, error) {
	var members []string
	var refused error
	for _, id := range approvers {
		people := []string{id}
		if approvals.IsUserGroup(id) {
			inGroup, err := d.listGroup(ctx, id, maxAge)
			if refused, err = splitRefusal(refused, err); err != nil {
				return nil, err
			}
			people = inGroup
		}
		for _, user := range people {
			canonical, err := d.CanonicalID(ctx, user)
			if refused, err = splitRefusal(refused, err); err != nil {
				return nil, err
			}
			if !slices.Contains(members, canonical) {
				members = append(members, canonical)
			}
		}
	}
	return members, refused
}

// splitRefusal takes a refusal among earlier ones. It returns any other error as such.
func splitRefusal(refused, err error) (newest, other error) {
	if approvals.IsRefused(err) {
		return err, nil
	}
	return refused, err
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

// ListAudience lists who sees a channel. It asks for the members of a private one alone, of
// 20,000 at most. On Enterprise Grid they may stand there by an id that users.info does not
// tell with their other one.
func (d *Directory) ListAudience(
	ctx context.Context, channel string, maxAge time.Duration,
) (approvals.Audience, error) {
	return d.audience.get(channel, maxAge, func() (approvals.Audience, error) {
		info, err := d.client.InspectChannel(ctx, channel)
		if err != nil || !info.Private {
			return approvals.Audience{}, err
		}
		members, err := d.client.listChannelMembers(ctx, channel)
		return approvals.Audience{Private: true, Members: members, TwoIDs: d.identity.EnterpriseID != ""}, err
	})
}

// dateLag is how far the Date of an answer may be behind Slack's clock: it has whole seconds,
// and a server may tell one that it made a moment ago.
const dateLag = 2 * time.Second

// Now is Slack's clock, and dateLag; zero if the answer has no date.
func (d *Directory) Now(ctx context.Context) (time.Time, error) {
	who, err := d.api.AuthTestContext(ctx)
	if err != nil {
		return time.Time{}, ClassifyError("auth.test", err)
	}
	if date, garbled := http.ParseTime(who.Header.Get("Date")); garbled == nil {
		return date.Add(dateLag), nil
	}
	return time.Time{}, nil
}

// CardReactions reads all reactions on a card but the bot's own. cut are the emoji of which
// Slack does not tell all people. ErrCardDeleted means two ways of reading miss the card.
func (d *Directory) CardReactions(
	ctx context.Context, channel, ts string,
) (shown []approvals.Reaction, cut []string, err error) {
	item, err := d.api.GetReactionsContext(ctx, slack.NewRefToMessage(channel, ts),
		slack.GetReactionsParameters{Full: true})
	switch {
	case isAnswer(err, "message_not_found"):
		return nil, nil, d.confirmDeleted(ctx, channel, ts)
	case err != nil:
		return nil, nil, ClassifyError("reactions.get", err)
	case item.Message != nil && item.Message.SubType == tombstone:
		return nil, nil, approvals.ErrCardDeleted
	}
	return d.readReactions(ctx, channel, ts, item.Reactions)
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

// readReactions reads the reactions without the bot's own. cut are the emoji of which Slack
// counts more people than it names. A person hidden by Slack keeps the shown id, and the emoji is
// cut as well: by their other id they may be an approver.
func (d *Directory) readReactions(
	ctx context.Context, channel, ts string, all []slack.ItemReaction,
) (shown []approvals.Reaction, cut []string, err error) {
	for _, reaction := range all {
		name := approvals.GivenEmoji(reaction.Name)
		if len(reaction.Users) < reaction.Count {
			cut = append(cut, name)
		}
		for _, id := range reaction.Users {
			user, err := d.CanonicalID(ctx, id)
			if err != nil && !approvals.IsRefused(err) {
				return nil, nil, err
			}
			if err != nil {
				cut = append(cut, name)
			}
			given := approvals.Reaction{Channel: channel, TS: ts, User: user, Name: name, Present: true}
			if !d.IsSelf(user) && !slices.Contains(shown, given) {
				shown = append(shown, given)
			}
		}
	}
	return shown, cut, nil
}

// ReplyReactions reads the reactions on the bot's replies in a card's thread, but its own. cut is
// as of CardReactions.
func (d *Directory) ReplyReactions(
	ctx context.Context, channel, cardTS string,
) (all []approvals.Reaction, cut []string, err error) {
	cursor := ""
	for range findPages {
		page, _, next, err := d.api.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{
			ChannelID: channel, Timestamp: cardTS, Cursor: cursor, Limit: readPageSize,
		})
		if err != nil {
			return all, cut, ClassifyError("conversations.replies", err)
		}
		for _, m := range page {
			if m.Timestamp == cardTS || !d.identity.isAuthor(m) {
				continue
			}
			shown, unnamed, err := d.replyReactions(ctx, channel, m)
			if err != nil {
				return all, cut, err
			}
			all, cut = append(all, shown...), append(cut, unnamed...)
		}
		if next == "" {
			return all, cut, nil
		}
		cursor = next
	}
	return all, cut, errTooMuchHistory
}

// replyReactions reads the reactions on one reply. If Slack does not name all people of an emoji
// beside the message, it is asked for them.
func (d *Directory) replyReactions(
	ctx context.Context, channel string, m slack.Message,
) (shown []approvals.Reaction, cut []string, err error) {
	shown, cut, err = d.readReactions(ctx, channel, m.Timestamp, m.Reactions)
	if err != nil || len(cut) == 0 {
		return shown, cut, err
	}
	shown, cut, err = d.CardReactions(ctx, channel, m.Timestamp)
	if errors.Is(err, approvals.ErrCardDeleted) { // history shows no replies, so it proves nothing
		err = errors.New("Slack reactions.get: message_not_found, although conversations.replies shows the reply")
	}
	return shown, cut, err
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
		sighting, err := d.readSighting(ctx, channel, m)
		if err != nil {
			return approvals.HistoryPage{}, err
		}
		page.Sightings = append(page.Sightings, sighting)
	}
	return page, nil
}

// readSighting reads what history shows of one message. The reactions on messages of
// others mean nothing; where it takes a call to tell a person, it is not made for them.
func (d *Directory) readSighting(ctx context.Context, channel string, m slack.Message) (approvals.Sighting, error) {
	sighting := approvals.Sighting{TS: m.Timestamp, Replied: m.ReplyCount > 0}
	isOwn := d.identity.isAuthor(m)
	if !isOwn && d.identity.EnterpriseID != "" {
		return sighting, nil
	}
	if isOwn && m.Metadata.EventType == approvals.CardEventType {
		sighting.RequestID, _ = m.Metadata.EventPayload["request_id"].(string)
	}
	var err error
	sighting.Shown, sighting.Cut, err = d.readReactions(ctx, channel, m.Timestamp, m.Reactions)
	return sighting, err
}

// Permalink is the address of a message. It is empty if Slack does not tell one.
func (d *Directory) Permalink(ctx context.Context, channel, ts string) string {
	link, err := d.api.GetPermalinkContext(ctx, &slack.PermalinkParameters{Channel: channel, Ts: ts})
	if err != nil || !strings.HasPrefix(link, "https://") || strings.ContainsAny(link, "<>| ") {
		return ""
	}
	return link
}
