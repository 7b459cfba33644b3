package slackapi

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/rs/zerolog"
	"github.com/slack-go/slack"
)

// An Identity is who the bot is in its workspace.
type Identity struct {
	UserID, BotID, TeamID, EnterpriseID string // UserID is the canonical one

	userIDs      []string // all ids of the bot's user that Slack tells
	workspaceURL string   // with a slash at the end
}

// MessageLink is the address of a message, as chat.getPermalink would answer.
func (i Identity) MessageLink(channel, ts string) string {
	return i.workspaceURL + "archives/" + url.PathEscape(channel) + "/p" + strings.ReplaceAll(ts, ".", "")
}

// isAuthor reports whether the bot wrote a message.
func (i Identity) isAuthor(m slack.Message) bool {
	return i.isSelf(m.User) || i.BotID != "" && m.BotID == i.BotID
}

// isSelf reports whether an id is one of the bot's own user.
func (i Identity) isSelf(user string) bool { return slices.Contains(i.userIDs, user) }

// canonicalID is the one id by which the bot knows a person. On Enterprise Grid a
// person has an id of the organization besides that of the workspace, and Slack may
// show either. The one of the organization is the same in all its workspaces.
func (i Identity) canonicalID(u *slack.User) string {
	if i.EnterpriseID != "" && u.Enterprise.EnterpriseID == i.EnterpriseID && u.Enterprise.ID != "" {
		return u.Enterprise.ID
	}
	return u.ID
}

// mayHaveAnotherID reports whether a person may have another id than this one, which
// is then the canonical one. An id with a W is always the organization's.
func (i Identity) mayHaveAnotherID(user string) bool {
	return i.EnterpriseID != "" && !strings.HasPrefix(user, "W")
}

// Identify asks Slack who the bot is, until Slack answers or ctx ends. It is an
// error if Slack rejects the token, or if the answer lacks the user id by which the
// bot tells its own reactions from those of people.
func (c *Client) Identify(ctx context.Context, log zerolog.Logger) (Identity, error) {
	return backoff.Retry(ctx, func() (Identity, error) {
		who, err := c.api.AuthTestContext(ctx)
		switch {
		case err != nil && isRetryable(ctx, err):
			return Identity{}, ClassifyError("auth.test", err)
		case err != nil:
			return Identity{}, backoff.Permanent(ClassifyError("auth.test", err))
		case who.UserID == "" || who.TeamID == "":
			return Identity{}, backoff.Permanent(errors.New("Slack auth.test: the answer names no user and team; " +
				"SLACK_BOT_TOKEN has to be a bot token (xoxb-…)"))
		}
		return c.withOtherID(ctx, newIdentity(who))
	}, backoff.WithMaxElapsedTime(0), backoff.WithNotify(func(err error, wait time.Duration) {
		log.Warn().Err(err).Dur("retry_in", wait).Msg("Slack does not say who the bot is; trying again")
	}))
}

func newIdentity(who *slack.AuthTestResponse) Identity {
	return Identity{
		UserID: who.UserID, BotID: who.BotID, TeamID: who.TeamID, EnterpriseID: who.EnterpriseID,
		userIDs: []string{who.UserID}, workspaceURL: who.URL,
	}
}

// withOtherID adds the other id that the bot itself has on Enterprise Grid. Where
// Slack refuses to show it, the bot knows itself by one id.
func (c *Client) withOtherID(ctx context.Context, i Identity) (Identity, error) {
	if i.EnterpriseID == "" {
		return i, nil
	}
	self, err := c.api.GetUserInfoContext(ctx, i.UserID)
	if err != nil && isRetryable(ctx, err) {
		return Identity{}, ClassifyError("users.info", err)
	}
	if err != nil {
		self = &slack.User{ID: i.UserID}
	}
	for _, id := range []string{self.ID, i.canonicalID(self)} {
		if id != "" && !i.isSelf(id) {
			i.userIDs = append(i.userIDs, id)
		}
	}
	i.UserID = i.canonicalID(self)
	return i, nil
}

// A Workspace is one that Slack names as the origin of a delivery. Slack may leave
// out either id.
type Workspace struct {
	TeamID, EnterpriseID string

	OrgInstall bool // the app is installed in the whole organization
}

// Owns reports whether a workspace is the bot's own. An app that is installed in a
// whole organization has all its workspaces; a token for one workspace has that one.
// What Slack does not name is not the bot's own.
func (i Identity) Owns(w Workspace) bool {
	isOwnEnterprise := w.EnterpriseID != "" && w.EnterpriseID == i.EnterpriseID
	isForWholeOrg := w.TeamID == "" || w.OrgInstall || isEnterprise(i.TeamID)
	switch {
	case w.EnterpriseID != "" && i.EnterpriseID != "" && !isOwnEnterprise:
		return false
	case w.TeamID != "" && w.TeamID == i.TeamID:
		return true
	case isEnterprise(w.TeamID):
		return w.TeamID == i.EnterpriseID
	}
	return isOwnEnterprise && isForWholeOrg
}

// isEnterprise reports whether Slack put the id of an organization in the place of a
// team's.
func isEnterprise(team string) bool { return strings.HasPrefix(team, "E") }
