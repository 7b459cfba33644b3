package checkup

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"licensebot/approvals"
	"licensebot/bot/slackapi"
	"licensebot/deploy"
)

// botChecks rest on the bot token.
var botChecks = []string{CheckScopes, CheckChannel, CheckEmoji, CheckApprovers, CheckRules, CheckSlackClock}

// checkSlack asks Slack everything that the bot needs there.
func (s Subject) checkSlack(ctx context.Context, f *findings) {
	order := append([]string{CheckBotToken, CheckScopes, CheckAppToken, CheckSocketMode}, botChecks[1:]...)
	defer f.sortBy(order...)
	if because, faulty := s.isFaulty("SLACK_BOT_TOKEN", "SLACK_API_URL"); faulty {
		f.skipBotChecks(because)
		f.skip(CheckBotToken, because)
		s.checkEmoji(ctx, f, nil, nil)
		s.checkAppToken(ctx, f, nil, "")
		return
	}
	client := slackapi.NewClient(s.SlackURL, s.BotToken)
	asked := time.Now()
	info, err := client.InspectToken(ctx)
	ahead, dated := readSkew(info.Date, asked, time.Now())
	if err != nil {
		failure := explainSlack(err)
		f.add(CheckBotToken, failure)
		f.skipBotChecks("not checked, because of slack.bot_token")
		s.checkEmoji(ctx, f, nil, nil)
		if kind, _ := slackapi.AnswerOf(err); kind == slackapi.Refused {
			s.checkAppToken(ctx, f, nil, "")
			return
		}
		f.skipAll("not checked, because of slack.bot_token", CheckAppToken, CheckSocketMode)
		return
	}
	if info.IsBot {
		f.ok(CheckBotToken, "a bot token of the workspace "+info.Team)
	} else {
		f.problem(CheckBotToken, "SLACK_BOT_TOKEN is not the token of a bot", "copy the Bot User OAuth Token, xoxb-…")
	}
	s.checkAppToken(ctx, f, client, info.BotID)
	channel, known := s.checkChannel(ctx, f, client)
	s.checkScopes(f, info.Scopes, channel, known)
	s.checkEmoji(ctx, f, client, info.Scopes)
	s.checkApprovers(ctx, f, client, info.Identity, channel, known)
	f.addClock(CheckSlackClock, "Slack", ahead, dated)
}

// skipBotChecks skips what rests on the bot token, except for the emoji: most are
// standard ones, which need no call.
func (f *findings) skipBotChecks(because string) {
	for _, check := range botChecks {
		if check != CheckEmoji {
			f.skip(check, because)
		}
	}
}

// checkAppToken asks for the address of a socket, unless sockets that are open prove
// the same. client is nil without a bot token that Slack takes.
func (s Subject) checkAppToken(ctx context.Context, f *findings, client *slackapi.Client, botID string) {
	if because, faulty := s.isFaulty("SLACK_APP_TOKEN", "SLACK_API_URL"); faulty {
		f.skipAll(because, CheckAppToken, CheckSocketMode)
		return
	}
	if s.Sockets != nil && s.Sockets() > 0 {
		f.ok(CheckAppToken, "an app-level token")
		f.ok(CheckSocketMode, "on: "+count(s.Sockets(), "socket")+" open")
		return
	}
	err := slackapi.RequestSocket(ctx, s.SlackURL, s.AppToken)
	kind, refusal := slackapi.AnswerOf(err)
	const anew = "create a new app-level token with the scope connections:write, and set SLACK_APP_TOKEN to it"
	switch {
	case err == nil:
		s.compareApps(ctx, f, client, botID)
		f.ok(CheckSocketMode, "on: Slack gives out sockets")
		return
	case kind == slackapi.Refused && refusal == "missing_scope":
		f.problem(CheckAppToken, "the app-level token lacks the scope connections:write", anew)
	case kind == slackapi.Refused && refusal == "not_allowed_token_type":
		f.problem(CheckAppToken, "SLACK_APP_TOKEN is not an app-level token", anew)
	case kind == slackapi.Refused && slices.Contains(refusedTokens, refusal):
		f.problem(CheckAppToken, "Slack does not accept SLACK_APP_TOKEN ("+refusal+")", anew)
	case kind == slackapi.Refused:
		f.ok(CheckAppToken, "Slack knows the token")
		f.problem(CheckSocketMode, "Slack gives out no socket ("+refusal+")",
			"switch Socket Mode on in the app's settings, and check that the app is installed")
		return
	default:
		f.add(CheckAppToken, explainSlack(err))
	}
	f.skip(CheckSocketMode, "not checked, because of "+CheckAppToken)
}

// refusedTokens are Slack's answers to a token that it does not take.
var refusedTokens = []string{"invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive"}

// compareApps wants both tokens to be of one app. An app-level token has the app's id
// in it: xapp-1-A0123ABCD-….
func (s Subject) compareApps(ctx context.Context, f *findings, client *slackapi.Client, botID string) {
	parts := strings.Split(s.AppToken, "-")
	if client != nil && len(parts) > 3 {
		app, err := client.FindAppID(ctx, botID)
		if err == nil && app != "" && app != parts[2] {
			f.problem(CheckAppToken, fmt.Sprintf("SLACK_APP_TOKEN is of the app %s, and SLACK_BOT_TOKEN of the app %s",
				parts[2], app), "take both tokens from one app")
			return
		}
	}
	f.ok(CheckAppToken, "an app-level token with connections:write")
}

// manifestScopes are the bot scopes of the manifest.
func manifestScopes() []string {
	var manifest struct {
		OAuth struct {
			Scopes struct {
				Bot []string `yaml:"bot"`
			} `yaml:"scopes"`
		} `yaml:"oauth_config"`
	}
	if err := yaml.Unmarshal(deploy.SlackManifest, &manifest); err != nil {
		panic(err) // it is a part of the program
	}
	return manifest.OAuth.Scopes.Bot
}

// checkScopes compares the token's scopes with the manifest's.
func (s Subject) checkScopes(f *findings, has []string, channel slackapi.ChannelInfo, known bool) {
	if has == nil {
		f.skip(CheckScopes, "Slack's answer does not tell the scopes of the token")
		return
	}
	wanted := manifestScopes()
	missing := approvals.Without(wanted, has)
	spared := s.sparedScopes(missing, channel, known)
	if missing = approvals.Without(missing, spared); len(missing) > 0 {
		f.problem(CheckScopes, "the Slack app lacks "+and(missing),
			"add it at the app's OAuth page, or take the manifest over (licensebot manifest); then install the app "+
				"again and set SLACK_BOT_TOKEN to its new token")
	}
	if extra := approvals.Without(has, append(wanted, scopeEmoji)); len(extra) > 0 {
		f.problem(CheckScopes, "the Slack app may do more than the bot needs: "+and(extra),
			"remove it at the app's OAuth page, and install the app again")
	}
	switch {
	case f.has(CheckScopes):
	case len(spared) > 0:
		f.ok(CheckScopes, "all that this configuration needs; left out: "+and(spared))
	default:
		f.ok(CheckScopes, "those of the manifest")
	}
}

// sparedScopes are those that this configuration can do without.
func (s Subject) sparedScopes(missing []string, channel slackapi.ChannelInfo, known bool) []string {
	var spared []string
	for _, scope := range missing {
		isPrivate, isPublic := strings.HasPrefix(scope, "groups:"), strings.HasPrefix(scope, "channels:")
		_, faulty := s.policyFault()
		namesGroup := faulty || slices.ContainsFunc(s.namedIDs(), approvals.IsUserGroup)
		switch {
		case known && isPrivate && !channel.Private, known && isPublic && channel.Private,
			scope == "usergroups:read" && !namesGroup:
			spared = append(spared, scope)
		}
	}
	return spared
}

// checkChannel asks about the approvals channel. It is known if Slack shows it.
func (s Subject) checkChannel(
	ctx context.Context, f *findings, client *slackapi.Client,
) (info slackapi.ChannelInfo, known bool) {
	if because, faulty := s.isFaulty("LICENSEBOT_CHANNEL"); faulty {
		f.skip(CheckChannel, because)
		return info, false
	}
	info, err := client.InspectChannel(ctx, s.Channel)
	if err != nil {
		failure := explainSlack(err)
		if _, refusal := slackapi.AnswerOf(err); refusal == "missing_scope" {
			failure = Result{State: NotChecked, Found: "not checked, because of " + CheckScopes}
		} else if refusal == "channel_not_found" {
			failure.Found = fmt.Sprintf("Slack shows the bot no channel %s (%s)", s.Channel, refusal)
		}
		f.add(CheckChannel, failure)
		return info, false
	}
	s.judgeChannel(f, info)
	return info, true
}

func (s Subject) judgeChannel(f *findings, info slackapi.ChannelInfo) {
	name := "#" + info.Name
	if !info.Channel {
		f.problem(CheckChannel, s.Channel+" is a direct message, not a channel", "set LICENSEBOT_CHANNEL to a channel")
		return
	}
	if info.Archived {
		f.problem(CheckChannel, name+" is archived", "unarchive it, or set LICENSEBOT_CHANNEL to another")
	}
	if !info.Member && !info.Archived {
		f.problem(CheckChannel, "the bot is not in "+name, "invite it there with /invite")
	}
	if info.Shared {
		f.problem(CheckChannel, name+" is shared with another organization, or about to be: people there would read who "+
			"gets which licenses", "use a channel of your own")
	}
	if !f.has(CheckChannel) {
		kind := "public"
		if info.Private {
			kind = "private"
		}
		f.ok(CheckChannel, name+", a "+kind+" channel with the bot in it")
	}
}
