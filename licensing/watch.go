package licensing

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"licensebot/approvals"
	"licensebot/internal/groupname"
)

const (
	opReadAudit = "read audit log"

	maxAuditEvents = 200 // asked for at once
	maxEdits       = 3   // kept
	maxEditText    = 80
)

// A ListedAllocation is one entry of the list of allocations.
type ListedAllocation struct {
	Group
	Codes  []string // sorted, upper case, each once; nil if UiPath did not say, or says two things
	Quotas []Quota  // nil if UiPath did not say
}

// ListAllocations lists the groups that have an allocation, page by page. Of a group that
// two pages show, which happens when the list changes between them, it keeps the first.
func (c *Client) ListAllocations(ctx context.Context) ([]ListedAllocation, error) {
	var all []ListedAllocation
	seen := map[string]bool{}
	err := c.eachListed(ctx, func(item listedBody) bool {
		id := groupname.CanonicalID(item.id())
		if id == "" || seen[id] {
			return true
		}
		seen[id] = true
		quotas := item.Quotas
		if quotas == nil {
			quotas = item.Allocation.Quotas
		}
		all = append(all, ListedAllocation{
			Group: Group{ID: id, Name: string(item.Allocation.Name), Known: true},
			Codes: item.Allocation.listedCodes(), Quotas: decodeQuotas(quotas),
		})
		return true
	})
	return all, err
}

// listedCodes is nil if the entry does not tell all codes, or has two lists that differ.
func (b allocationBody) listedCodes() []string {
	codes, err := soleCodes(b.codeLists())
	if err != nil || codes == nil {
		return nil
	}
	return NormalizeCodes(codes...)
}

// ListAllocations lists the allocations of all groups that have one. The error is a
// *RefusedError where UiPath does not show the list to the bot.
func (a *Allocations) ListAllocations(ctx context.Context) ([]approvals.GroupAllocation, error) {
	all, err := a.client.ListAllocations(ctx)
	if err != nil && isOutOfReach(err) {
		return nil, &approvals.RefusedError{Answer: err.Error(), Err: err}
	}
	if err != nil {
		return nil, a.client.toApprovalsError(err)
	}
	var listed []approvals.GroupAllocation
	for _, one := range all {
		listed = append(listed, approvals.GroupAllocation{
			Group:      groupname.Group(one.ID, one.Name),
			Allocation: toAllocation(Allocation{Codes: one.Codes, Quotas: one.Quotas}), Untold: one.Codes == nil,
		})
	}
	return listed, nil
}

// auditEvent is an entry of the audit log. Its names differ between services.
type auditEvent struct {
	At   time.Time
	By   string
	What string
}

func (e *auditEvent) UnmarshalJSON(data []byte) error {
	var body struct {
		CreatedOn, Timestamp, CreationTime                looseText
		ActorName, ActorEmail, UserName, UserEmail, Actor json.RawMessage
		EventSummary, Summary, EventType, Type            looseText
	}
	if err := json.Unmarshal(data, &body); err != nil {
		return err
	}
	for _, raw := range []json.RawMessage{body.ActorName, body.ActorEmail, body.UserName, body.UserEmail, body.Actor} {
		var text string
		if e.By == "" && json.Unmarshal(raw, &text) == nil {
			e.By = shorten(text)
		}
	}
	at := string(firstNonEmpty(body.CreatedOn, body.Timestamp, body.CreationTime))
	e.At, _ = time.Parse(time.RFC3339, at)
	e.What = shorten(string(firstNonEmpty(body.EventSummary, body.Summary, body.EventType, body.Type)))
	return nil
}

// FindEdits looks into UiPath's audit log for entries about a group within a time, other
// than those of the bot's own writes. It finds none where UiPath does not let the bot read
// the log, or has none.
//
// No page names the entries of the license service, so an entry counts if it mentions the
// group by its id or in quotes by its name. Source: get-audit-logs.
func (a *Allocations) FindEdits(
	ctx context.Context, group approvals.Group, since, until time.Time,
) ([]approvals.PortalEdit, error) {
	query := url.Values{
		"from": {since.UTC().Format(time.RFC3339)}, "to": {until.UTC().Format(time.RFC3339)},
		"maxCount": {strconv.Itoa(maxAuditEvents)},
	}
	var list listAnswer[json.RawMessage]
	err := a.client.getJSON(ctx, opReadAudit, a.client.site+"/orgaudit_/api/query/events?"+query.Encode(), &list)
	if isOutOfReach(err) {
		return nil, nil
	}
	if err != nil {
		return nil, a.client.toApprovalsError(err)
	}
	var found []approvals.PortalEdit
	for _, raw := range list.items {
		var event auditEvent
		if !mentionsGroup(raw, group) || json.Unmarshal(raw, &event) != nil || event.By == "" {
			continue
		}
		if event.At.Before(since) || event.At.After(until) {
			continue
		}
		found = append(found, approvals.PortalEdit{At: event.At.UTC(), By: event.By, What: event.What})
	}
	slices.SortStableFunc(found, func(a, b approvals.PortalEdit) int { return cmp.Compare(b.At.Unix(), a.At.Unix()) })
	return found[:min(len(found), maxEdits)], nil
}

// shorten makes a text of the log one short line.
func shorten(text string) string {
	line := []rune(oneLine(text, nil))
	if len(line) > maxEditText {
		line = append(line[:maxEditText-1], '…')
	}
	return string(line)
}

func mentionsGroup(raw json.RawMessage, group approvals.Group) bool {
	text := bytes.ToLower(raw)
	if bytes.Contains(text, []byte(strings.ToLower(group.ID))) {
		return true
	}
	name, err := json.Marshal(strings.ToLower(group.Name))
	return err == nil && group.Name != "" && bytes.Contains(text, name)
}
