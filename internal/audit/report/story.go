package report

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"licensebot/approvals"
	"licensebot/internal/outside"
	"licensebot/internal/store"
)

// maxText is the room for a text of people in one line.
const maxText = 300

// Story tells one request in plain sentences, with times in a zone.
// approvals.ErrNotFound if there is no such request.
func Story(ctx context.Context, out io.Writer, from *store.Reader, id string, zone *time.Location) error {
	r, err := from.Prove(ctx, id)
	if err != nil {
		return err
	}
	var b strings.Builder
	introduce(&b, r.Request, zone)
	for row, err := range from.Journal(ctx, id) {
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "%s  %s\n", row.At.In(zone).Format(storyTime), sentence(r.Request, row))
	}
	_, err = namePeople(r.Names).WriteString(out, b.String())
	return err
}

// namePeople puts the name that a person had before the person's id. Of two ids that begin alike,
// the longer one comes first.
func namePeople(names map[string]string) *strings.Replacer {
	var pairs []string
	for _, id := range slices.Backward(slices.Sorted(maps.Keys(names))) {
		pairs = append(pairs, id, plain(names[id])+" ("+id+")")
	}
	return strings.NewReplacer(pairs...)
}

const storyTime = "2006-01-02 15:04:05 MST"

// introduce says first what matters: who asked for what, who approved, and how it ended.
func introduce(b *strings.Builder, r approvals.Request, zone *time.Location) {
	l := newLine(r)
	fmt.Fprintf(b, "Request %s: %s asked to %s the group %s.\n",
		r.ID, l.Requester, describeLine(l), plain(l.nameGroup()))
	if l.Reason != "" {
		fmt.Fprintf(b, "Reason given: %s\n", plain(l.Reason))
	}
	if l.Rule != "" {
		fmt.Fprintf(b, "Rule: %s.\n", plain(l.Rule))
	}
	var approvers []string
	for _, a := range l.Approvals {
		approvers = append(approvers, a.By+" ("+a.At.In(zone).Format(storyTime)+")")
	}
	if len(approvers) > 0 {
		fmt.Fprintf(b, "Approved by: %s.\n", strings.Join(approvers, ", "))
	}
	fmt.Fprintf(b, "State: %s.\n", describeState(r, zone))
	if l.Permalink != "" {
		fmt.Fprintf(b, "Card: %s\n", l.Permalink)
	}
	b.WriteString("\n")
}

// nameGroup is the group's name and id, as far as they are known.
func (l Line) nameGroup() string {
	if l.GroupID == "" || l.GroupID == l.GroupName {
		return l.GroupName
	}
	return strings.TrimSpace(l.GroupName + " (" + l.GroupID + ")")
}

// describeLine says what was asked for, up to the words "the group".
func describeLine(l Line) string {
	var parts []string
	preposition := "in"
	for _, p := range []struct {
		verb  string
		codes []string
	}{{"add", l.Added}, {"remove", l.Removed}, {"extend", l.Extended}, {"limit", l.Limits}} {
		if len(p.codes) > 0 {
			parts = append(parts, p.verb+" "+strings.Join(p.codes, ", "))
		}
	}
	switch {
	case len(parts) == 0:
		return "change nothing in"
	case len(parts) == 1 && len(l.Added) > 0:
		preposition = approvals.Add.Preposition()
	case len(parts) == 1 && len(l.Removed) > 0:
		preposition = approvals.Remove.Preposition()
	}
	return strings.Join(parts, ", ") + " " + preposition
}

func describeState(r approvals.Request, zone *time.Location) string {
	text := string(r.State)
	if r.Outcome != nil {
		text += describeOutcome(*r.Outcome)
	}
	switch {
	case r.Grant == nil:
	case r.Grant.Revocation != nil:
		text += fmt.Sprintf("; its grant ended, and the end took out %s", codesOrNothing(r.Grant.Revocation.Removed))
	default:
		text += "; granted until " + r.Grant.Until.In(zone).Format(storyTime)
	}
	return text
}

func describeOutcome(o approvals.Outcome) string {
	text := ""
	if o.Reason != "" {
		text += " (" + strings.ReplaceAll(string(o.Reason), "_", " ") + ")"
	}
	if o.By != "" {
		text += " by " + o.By
	}
	if o.Comment != "" {
		text += ", who said: " + plain(o.Comment)
	}
	if o.Answer != "" {
		text += ", in UiPath's words: " + plain(o.Answer)
	}
	return text
}

func codesOrNothing(codes []string) string {
	if len(codes) == 0 {
		return "nothing"
	}
	return strings.Join(codes, ", ")
}

// plain makes a text of others one line without control characters.
func plain(text string) string { return outside.OneLine(text, maxText) }

// sentences tell what a journal row says by its kind alone.
var sentences = map[string]string{
	"approvers_changed": "Right before the write, other people carried the request than were recorded.",
	"card_missed":       "A look did not show the card.",
	"card_seen":         "A later look showed the card again.",
	"card_redirected":   "The card goes to another channel than planned.",
	"channel_replaced":  "The approvals channel was replaced, and the request was filed anew there.",
	"card_deleted":      "The card was deleted.",
	"consent_lost":      "Right before the write, too few approvals were left.",
	"read_refused":      "UiPath refused to show the group.",
	"read_shown":        "UiPath showed the group again.",
	"lane_yielded":      "The write failed again and again, and let other writes go first.",
	"remaining_gone":    "Codes that the end of the grant had left were gone after all.",
	"reminded":          "The approvers were reminded.",
	"escalated":         "More people were asked to approve.",
	"grant_expired":     "The time of the grant was over.",
	"orphaned":          "The request had no job to carry it on, and got one again.",
	"post_missing":      "A message was not found after its answer was lost. It was posted anew if it was still true.",
	"double_seen":       "The channel showed the card twice.",
	"denied_on_double":  "A person denied on the second card, or took that back.",
	"denied_on_reply":   "A person denied on another message, or took that back.",
	"shut_out":          "The thread did not take a message, and the requester was told privately.",
	"words_erased":      "Names or reasons were erased from the record.",
	"adopted":           "The database was a restored copy, and the channel told how the request went on.",
}

// sentence tells what a journal row says.
func sentence(r approvals.Request, row store.JournalRow) string {
	text := describeRow(r, row)
	if row.Before != row.After && row.Before != "" {
		text += fmt.Sprintf(" The request was %s and is %s.", row.Before, row.After)
	}
	return text
}

// A rowEvent has the fields of the events that a story tells. What a kind lacks is empty.
type rowEvent struct {
	Reason     string
	Outcome    approvals.Outcome
	Proposal   approvals.Proposal
	Terms      approvals.Terms
	Codes      []string
	User, Name string
	Deny       bool
	Taken      bool
	Post       string
	Person     string
	Ballots    []approvals.Ballot
	Withdrawn  []string
	Allocation []string
	Answered   []string
	Shown      []string
	Unread     bool
	Revocation approvals.Revocation
}

// describers tell the rows of some kinds by what their events say.
var describers = map[string]func(r approvals.Request, row store.JournalRow, e rowEvent) string{
	"filed": func(_ approvals.Request, row store.JournalRow, _ rowEvent) string {
		return row.Actor + " filed the request."
	},
	"pressed": func(_ approvals.Request, row store.JournalRow, _ rowEvent) string {
		return row.Actor + " pressed a button."
	},
	"reacted": func(_ approvals.Request, _ store.JournalRow, e rowEvent) string { return describeReaction(e) },
	"write_tried": func(_ approvals.Request, _ store.JournalRow, e rowEvent) string {
		return "The bot was about to write to UiPath that the group has " + codesOrNothing(e.Codes) + "."
	},
	"told": func(_ approvals.Request, _ store.JournalRow, e rowEvent) string {
		text := "A message went out: " + strings.ReplaceAll(e.Post, "_", " ")
		if e.Person != "" {
			text += ", to " + e.Person
		}
		return text + "."
	},
	"card_posted": func(r approvals.Request, _ store.JournalRow, _ rowEvent) string {
		return "The card was posted in the channel " + r.Channel + "."
	},
	"prepared": func(_ approvals.Request, _ store.JournalRow, e rowEvent) string { return describePrepared(e) },
	"rejected": func(_ approvals.Request, _ store.JournalRow, e rowEvent) string {
		return "It was refused before an approver saw it" + describeOutcome(e.Outcome) + "."
	},
	"votes_counted": func(_ approvals.Request, _ store.JournalRow, e rowEvent) string { return describeBallots(e) },
	"expire": func(_ approvals.Request, _ store.JournalRow, e rowEvent) string {
		return "The deadline passed. " + describeBallots(e)
	},
	"cancel": func(_ approvals.Request, row store.JournalRow, e rowEvent) string {
		return row.Actor + " cancelled it" + describeReason(e) + "."
	},
	"revoke_early": func(_ approvals.Request, row store.JournalRow, _ rowEvent) string {
		return row.Actor + " ended the grant early."
	},
	"delayed": func(_ approvals.Request, _ store.JournalRow, e rowEvent) string {
		return "It was held up: " + plain(e.Reason) + "."
	},
	"write_finished": func(_ approvals.Request, _ store.JournalRow, e rowEvent) string {
		return "The write was over" + describeOutcome(e.Outcome) + ". The group had " +
			codesOrNothing(e.Outcome.Allocation) + "."
	},
	"write_answered": func(_ approvals.Request, _ store.JournalRow, e rowEvent) string {
		if e.Unread {
			return "UiPath accepted the write and answered that the group has " + codesOrNothing(e.Answered) +
				"; a later read tells whether the other settings stayed."
		}
		return "UiPath accepted the write and answered that the group has " + codesOrNothing(e.Answered) +
			"; a read still showed " + codesOrNothing(e.Shown) + "."
	},
	"mismatch": func(_ approvals.Request, _ store.JournalRow, e rowEvent) string {
		return "UiPath had accepted the write, and a later read showed " + codesOrNothing(e.Shown) + "."
	},
	"effect_found": func(_ approvals.Request, _ store.JournalRow, e rowEvent) string {
		return "A later look showed the change in effect. The group had " + codesOrNothing(e.Allocation) + "."
	},
	"revoked": func(_ approvals.Request, _ store.JournalRow, e rowEvent) string {
		return "The end of the grant took out " + codesOrNothing(e.Revocation.Removed) + ". The group had " +
			codesOrNothing(e.Revocation.Allocation) + "."
	},
}

func describeRow(r approvals.Request, row store.JournalRow) string {
	if text, ok := sentences[row.Kind]; ok {
		return text
	}
	var e rowEvent
	describe, ok := describers[row.Kind]
	if !ok || json.Unmarshal(row.Event, &e) != nil {
		return row.Actor + ": " + strings.ReplaceAll(row.Kind, "_", " ") + "."
	}
	return describe(r, row, e)
}

func describeReaction(e rowEvent) string {
	vote := "an approval"
	if e.Deny {
		vote = "a denial"
	}
	if e.Taken {
		return fmt.Sprintf("%s took back %s (:%s:).", e.User, vote, e.Name)
	}
	return fmt.Sprintf("%s gave %s (:%s:).", e.User, vote, e.Name)
}

func describePrepared(e rowEvent) string {
	change := e.Proposal.Change
	text := fmt.Sprintf("The bot read the group at UiPath, which had %s, and fixed the change.",
		codesOrNothing(approvals.Union(change.Keep, change.Remove)))
	if e.Terms.AutoApprove {
		return text + " The rule needs no approver."
	}
	for _, stage := range e.Terms.Stages {
		text += fmt.Sprintf(" It needs %d of %s.", max(1, stage.Quorum), strings.Join(stage.Approvers, ", "))
	}
	return text
}

func describeBallots(e rowEvent) string {
	var parts []string
	for _, b := range e.Ballots {
		switch {
		case b.Eligibility != approvals.Counts:
			parts = append(parts, fmt.Sprintf("the vote of %s does not count (%s)", b.User,
				strings.ReplaceAll(string(b.Eligibility), "_", " ")))
		case b.Deny:
			parts = append(parts, b.User+" denied")
		default:
			parts = append(parts, b.User+" approved")
		}
	}
	for _, user := range e.Withdrawn {
		parts = append(parts, user+" took the approval back")
	}
	if len(parts) == 0 {
		return "The votes were counted; nothing was new."
	}
	return "The votes were counted: " + strings.Join(parts, ", ") + "."
}

func describeReason(e rowEvent) string {
	if e.Reason == "" {
		return ""
	}
	return " and said: " + plain(e.Reason)
}
