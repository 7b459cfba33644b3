//go:build linux

package chaos

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"licensebot/internal/sandbox"
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
		if e.Kind != sandbox.EntryReactionAdded && e.Kind != sandbox.EntryReactionRemoved || e.User == h.Bot {
			continue
		}
		deny, ok := approves(e.Detail)
		if c := h.card(e.TS); ok && c != nil && e.Channel == approvalsChannel {
			c.Votes = append(c.Votes, Vote{At: e.At, User: e.User, Deny: deny, Emoji: e.Detail, Present: e.Kind == sandbox.EntryReactionAdded})
		}
	}
}

// readLooks keeps the looks whose answer the bot may have read.
func (h *History) readLooks(calls []sandbox.Call) {
	for _, call := range calls {
		if c := h.card(call.Args["timestamp"]); c != nil && call.Status == 200 && call.Error == "" {
			c.Looks = append(c.Looks, Look{From: call.At, To: call.At.Add(call.Dur + time.Millisecond)})
		}
	}
}

// readKnown finds when the bot knew of each card: it looked at it, put an emoji
// on it or changed it. A card whose post was not answered may be unknown to it.
func (h *History) readKnown(calls []sandbox.Call) {
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
		case e.Kind != sandbox.EntryWorkspace:
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
	for _, call := range h.uipath {
		switch {
		case call.Operation == sandbox.OperationPortal:
			h.Edits = append(h.Edits, Edit{At: call.At, Group: call.Path, Before: call.Before, After: call.After})
		case strings.HasPrefix(call.Operation, "PUT group"):
			h.Writes = append(h.Writes, writeOf(call))
		}
	}
	slices.SortFunc(h.Writes, func(a, b *Write) int { return a.Arrived.Compare(b.Arrived) })
}

func writeOf(call sandbox.UiPathCall) *Write {
	var body struct {
		Codes []string `json:"userBundleCodes"`
	}
	_ = json.Unmarshal([]byte(call.Body), &body)
	_, rest, _ := strings.Cut(call.Path, "/user-license/group/")
	group, _, _ := strings.Cut(rest, "/")
	return &Write{
		Seq: call.Seq, Group: group, Asked: body.Codes, Arrived: call.At, Took: call.TookAt, Ended: call.At.Add(call.Dur),
		Spoilt: call.Faulted, Status: call.Status, Before: call.Before, After: call.After, Changed: call.Changed,
	}
}
