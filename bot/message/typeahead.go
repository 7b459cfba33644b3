package message

import (
	"encoding/json"
	"slices"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"licensebot/approvals"
	"licensebot/internal/outside"
)

// maxOptionBytes bounds the options of one answer. Slack silently drops an
// acknowledgment of 20 KB, which a hundred options can reach.
const maxOptionBytes = 16 << 10

// Options is the acknowledgment that fills a select. Slack wants the list even
// if it is empty.
type Options struct {
	Options []*slack.OptionBlockObject `json:"options"`
}

// NoOptions offers nothing.
func NoOptions() Options { return Options{Options: []*slack.OptionBlockObject{}} }

// GroupOptions offers groups to a person who typed a query. If there are none, it
// offers what was typed: the group may exist although no list shows it, and the
// request is checked in any case.
func GroupOptions(query string, found []approvals.Group) Options {
	offered := groupOptions(found)
	if len(offered) == 0 && query != "" && utf8.RuneCountInString(query) <= maxOptionValue {
		shown := plainText(outside.OneLine("Use “"+query+"” as it is typed", maxOptionText))
		offered = append(offered, slack.NewOptionBlockObject(query, shown, nil))
	}
	return Options{Options: offered}
}

// groupOptions are options that carry the ids of groups.
func groupOptions(groups []approvals.Group) []*slack.OptionBlockObject {
	offered := make([]*slack.OptionBlockObject, 0, len(groups))
	room := maxOptionBytes
	for i, g := range groups {
		if utf8.RuneCountInString(g.ID) > maxOptionValue || g.ID == "" {
			continue // no option can carry it; its exact name can be typed in a command
		}
		hasNamesake := slices.ContainsFunc(groups, func(other approvals.Group) bool {
			return other.Canonical == g.Canonical && other.ID != g.ID
		})
		option := groupOption(g, hasNamesake)
		size, err := json.Marshal(option)
		if room -= len(size) + 1; err != nil || room < 0 || i == MaxOptions {
			break
		}
		offered = append(offered, option)
	}
	return offered
}

// groupOption shows a group by its name, and also by its id if people cannot tell
// its name from another's.
func groupOption(g approvals.Group, hasNamesake bool) *slack.OptionBlockObject {
	name := outside.OneLine(g.Name, maxOptionText)
	if name == "" {
		return slack.NewOptionBlockObject(g.ID, plainText(outside.OneLine(g.ID, maxOptionText)), nil)
	}
	var id *slack.TextBlockObject
	if hasNamesake {
		id = plainText(outside.OneLine(g.ID, maxOptionText))
	}
	return slack.NewOptionBlockObject(g.ID, plainText(name), id)
}
