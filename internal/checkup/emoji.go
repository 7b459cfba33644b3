package checkup

import (
	"context"
	"fmt"
	"slices"

	"github.com/agnivade/levenshtein"

	"licensebot/bot/slackapi"
	"licensebot/internal/emoji"
)

// scopeEmoji lets an app read the workspace's own emoji. The bot does not need it, and
// doctor uses it if it is there.
const scopeEmoji = "emoji:read"

// checkEmoji wants emoji that people can react with. Without emoji:read it cannot tell
// the workspace's own emoji from a misspelled name.
func (s Subject) checkEmoji(ctx context.Context, f *findings, client *slackapi.Client, scopes []string) {
	if because, faulty := s.isFaulty("LICENSEBOT_APPROVE_EMOJI", "LICENSEBOT_DENY_EMOJI"); faulty {
		f.skip(CheckEmoji, because)
		return
	}
	all := slices.Concat(s.Emoji.Approve, s.Emoji.Deny)
	var custom []string
	for _, name := range all {
		if !emoji.IsStandard(name) {
			custom = append(custom, name)
		}
	}
	switch {
	case len(custom) == 0:
		f.ok(CheckEmoji, fmt.Sprintf("%s approves, %s denies", and(s.Emoji.Approve), and(s.Emoji.Deny)))
	case client == nil || !slices.Contains(scopes, scopeEmoji):
		for _, name := range custom {
			f.results = append(f.results, Result{
				Check: CheckEmoji, State: NotChecked,
				Found: name + " is none of Slack's standard emoji; whether the workspace has one of its own is not checked",
				Do:    "look whether people can react with it" + suggestEmoji(name) + ", or give the app the scope " + scopeEmoji,
			})
		}
	default:
		s.checkCustomEmoji(ctx, f, client, custom)
	}
}

func (s Subject) checkCustomEmoji(ctx context.Context, f *findings, client *slackapi.Client, custom []string) {
	known, err := client.ListCustomEmoji(ctx)
	if err != nil {
		f.add(CheckEmoji, explainSlack(err))
		return
	}
	for _, name := range custom {
		if !slices.Contains(known, name) {
			f.problem(CheckEmoji, "the workspace has no emoji "+name,
				"correct LICENSEBOT_APPROVE_EMOJI or LICENSEBOT_DENY_EMOJI"+suggestEmoji(name))
		}
	}
	if !f.has(CheckEmoji) {
		f.ok(CheckEmoji, "the workspace has "+and(custom))
	}
}

// suggestEmoji asks whether the nearest standard name is meant.
func suggestEmoji(name string) string {
	best, least := "", 3 // letters
	for _, candidate := range emoji.Names() {
		distance := levenshtein.ComputeDistance(name, candidate)
		if len(name) > 3 && (distance < least) {
			best, least = candidate, distance
		}
	}
	if best == "" {
		return ""
	}
	return " (is " + best + " meant?)"
}
