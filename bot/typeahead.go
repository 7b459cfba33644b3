package bot

import (
	"context"
	"encoding/json"
	"slices"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"licensebot/approvals"
)

// maxSuggested bounds the options of one answer, in bytes. Slack drops an
// acknowledgement of 20 KB without a word, which a hundred options can reach.
const maxSuggested = 16 << 10

// An options is the acknowledgement that fills a select. Slack wants the list
// to be there, be it empty.
type Options struct {
	Options []*slack.OptionBlockObject `json:"options"`
}

// suggest offers groups to whom typed query. If none is found, or UiPath does
// not tell, it offers what was typed: a group that is in no list may be there
// all the same, and the request is checked in any case.
func (f *Form) suggestGroups(ctx context.Context, query string) Options {
	query = Normalize(OneLine(query, MaxGroup))
	found, err := f.Catalog.Groups(ctx, query, maxOptions)
	if err != nil {
		f.Log.Warn().Err(err).Msg("could not look for groups")
	}
	offered := groupOptions(found)
	if len(offered) == 0 && query != "" && utf8.RuneCountInString(query) <= maxOptionValue {
		as := plainText(OneLine("Use “"+query+"” as it is typed", maxOptionText))
		offered = append(offered, slack.NewOptionBlockObject(query, as, nil))
	}
	return Options{Options: offered}
}

// groupOptions are options that carry the groups' ids. The id is shown where
// the name alone does not tell the group from the others.
func groupOptions(groups []approvals.Group) []*slack.OptionBlockObject {
	offered := make([]*slack.OptionBlockObject, 0, len(groups))
	room := maxSuggested
	for i, g := range groups {
		if utf8.RuneCountInString(g.ID) > maxOptionValue || g.ID == "" {
			continue // no option can carry it; its exact name can be typed in a command
		}
		namesake := slices.ContainsFunc(groups, func(other approvals.Group) bool { return other.Name == g.Name && other.ID != g.ID })
		option := groupOption(g, namesake)
		size, err := json.Marshal(option)
		if room -= len(size) + 1; err != nil || room < 0 || i == maxOptions {
			break
		}
		offered = append(offered, option)
	}
	return offered
}

func groupOption(g approvals.Group, namesake bool) *slack.OptionBlockObject {
	name := OneLine(g.Name, maxOptionText)
	if name == "" {
		return slack.NewOptionBlockObject(g.ID, plainText(OneLine(g.ID, maxOptionText)), nil)
	}
	var id *slack.TextBlockObject
	if namesake {
		id = plainText(OneLine(g.ID, maxOptionText))
	}
	return slack.NewOptionBlockObject(g.ID, plainText(name), id)
}
