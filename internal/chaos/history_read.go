//go:build linux

package chaos

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"licensebot/internal/fakeslack"
	"licensebot/internal/fakeuipath"
)

func (h *History) card(ts string) *Card {
	for _, c := range h.Cards {
		if c.TS == ts {
			return c
		}
	}
	return nil
}

// approves tells what an emoji means, if anything.
func approves(emoji string) (deny, ok bool) {
	plain, _, _ := strings.Cut(emoji, "::skin-tone-")
	switch {
	case plain == denyEmoji:
		return true, true
	case plain == "thumbsup", slices.Contains(approveEmoji, plain):
		return false, true
	}
	return false, false
}

func (h *History) readVotes() {
	for _, e := range h.slack {
		if e.Kind != fakeslack.EntryReactionAdded && e.Kind != fakeslack.EntryReactionRemoved || e.User == h.Bot {
			continue
		}
		deny, ok := approves(e.Detail)
		if c := h.card(e.TS); ok && c != nil && e.Channel == approvalsChannel {
			c.Votes = append(c.Votes, Vote{At: e.At, User: e.User, Deny: deny, Emoji: e.Detail, Present: e.Kind == fakeslack.EntryReactionAdded})
		}
	}
}

// readLooks keeps the looks whose answer the bot may have read.
func (h *History) readLooks(calls []fakeslack.Call) {
	for _, call := range calls {
		if c := h.card(call.Args["timestamp"]); c != nil && call.Status == 200 && call.Error == "" {
			c.Looks = append(c.Looks, Look{From: call.At, To: call.At.Add(call.Dur + time.Millisecond)})
		}
	}
}

// readKnown finds when the bot knew of each card: it looked at it, put an emoji
// on it or changed it. A card whose post was not answered may be unknown to it.
func (h *History) readKnown(calls []fakeslack.Call) {
	know := func(c *Card, at time.Time) {
		if c.Known.IsZero() || at.Before(c.Known) {
			c.Known = at
		}
	}
	for _, call := range calls {
		ts := call.Args["timestamp"]
		if ts == "" {
			ts = call.Args["ts"]
		}
		if c := h.card(ts); c != nil {
			know(c, call.At)
		}
	}
	for _, c := range h.Cards {
		for _, look := range c.Looks {
			know(c, look.From)
		}
	}
}

// readRights follows who is in the user group and whose account works.
func (h *History) readRights() {
	member, active := map[string]bool{}, map[string]bool{}
	for _, user := range voters {
		active[user] = true
		member[user] = slices.Contains(approversOf, user)
	}
	for _, e := range h.slack {
		switch {
		case e.Kind != fakeslack.EntryWorkspace:
			continue
		case e.Type == "user group":
			_, folk, _ := strings.Cut(e.Detail, ": ")
			for _, user := range voters {
				if !slices.Contains(approversOf, user) {
					member[user] = slices.Contains(strings.Fields(folk), user)
				}
			}
		case e.Type == "user":
			active[e.User] = e.Detail != "deactivated"
		}
		for _, user := range voters {
			h.Rights = append(h.Rights, Right{At: e.At, User: user, Has: member[user] && active[user]})
		}
	}
}

func (h *History) readUiPath() {
	h.Reads = map[string][]time.Time{}
	for _, call := range h.uipath {
		switch {
		case call.Operation == fakeuipath.OperationPortal:
			h.Edits = append(h.Edits, Edit{At: call.At, Group: call.Path, Before: call.Before, After: call.After})
		case strings.HasPrefix(call.Operation, "PUT group"):
			h.Writes = append(h.Writes, writeOf(call))
		case strings.HasPrefix(call.Operation, "GET group "), call.Operation == "GET group":
			h.Reads[groupOf(call)] = append(h.Reads[groupOf(call)], call.At)
		}
	}
	for _, reads := range h.Reads {
		slices.SortFunc(reads, time.Time.Compare)
	}
	slices.SortFunc(h.Writes, func(a, b *Write) int { return a.Arrived.Compare(b.Arrived) })
}

func writeOf(call fakeuipath.Call) *Write {
	var body struct {
		Codes []string `json:"userBundleCodes"`
	}
	_ = json.Unmarshal([]byte(call.Body), &body)
	return &Write{
		Seq: call.Seq, Group: groupOf(call), Asked: body.Codes, Arrived: call.At, Took: call.TookAt, Ended: call.At.Add(call.Dur),
		Spoilt: call.Faulted, Status: call.Status, Before: call.Before, After: call.After, Altered: altered(call.Was, call.Is), Changed: call.Changed,
	}
}

// groupOf is the group that a call reads or writes the rule of.
func groupOf(call fakeuipath.Call) string {
	_, rest, _ := strings.Cut(call.Path, "/user-license/group/")
	group, _, _ := strings.Cut(rest, "/")
	return group
}

// altered names what a write changed of what stays in a rule: a limit of seats,
// or where its licences come from. Nobody in a world asks for either.
func altered(was, is fakeuipath.Allocation) string {
	if was.External != is.External {
		return fmt.Sprintf("useExternalLicense from %v to %v", was.External, is.External)
	}
	for _, code := range common(was.Codes, is.Codes) {
		if was.Quotas[code] != is.Quotas[code] {
			return fmt.Sprintf("the limit of %s from %d to %d", code, was.Quotas[code], is.Quotas[code])
		}
	}
	return ""
}
