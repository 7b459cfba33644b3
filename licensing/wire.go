package licensing

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
)

// The field names of rules differ from page to page: codes are called
// userBundleCodes in a rule, userBundleLicenses in lists and
// allocatedUserBundles in a group's GET; a rule's id is groupId or id; lists
// come bare, under "results", or with that wrapped in one more array. The types
// here read all of these. Keys are matched without regard to case, as
// encoding/json does.

// ruleBody is any answer that tells one group's rule.
type ruleBody struct {
	GroupRule            json.RawMessage `json:"groupRule"` // of the same form
	GroupID              text            `json:"groupId"`
	ID                   text            `json:"id"`
	Name                 text            `json:"name"`
	UseExternalLicense   *bool           `json:"useExternalLicense"`
	UserBundleCodes      codeList        `json:"userBundleCodes"`
	UserBundleLicenses   codeList        `json:"userBundleLicenses"`
	AllocatedUserBundles codeList        `json:"allocatedUserBundles"`
	Quotas               []quotaBody     `json:"quotas"`
	AvailableUserBundles []seatsBody     `json:"availableUserBundles"`
}

type quotaBody struct {
	Code  text   `json:"userBundleCode"`
	Limit number `json:"limit"`
	Used  number `json:"currentUsage"`
}

type seatsBody struct {
	Code      text   `json:"code"`
	Allocated number `json:"allocated"`
	Total     number `json:"total"`
}

// told is what one answer told about a rule.
type told struct {
	groupID  string // "" if not told
	external *bool  // nil if not told
	codes    []string
	quotas   []Quota
	seats    []Seats
}

// UnmarshalJSON refuses JSON that has none of the fields that tell a rule, so
// that "{}" is not taken for a rule without codes.
func (t *told) UnmarshalJSON(data []byte) error {
	var body ruleBody
	if item, ok := lone(data); ok {
		data = item
	}
	if err := json.Unmarshal(data, &body); err != nil {
		return err
	}
	inner := ruleBody{}
	if len(body.GroupRule) > 0 {
		if err := json.Unmarshal(body.GroupRule, &inner); err != nil {
			return err
		}
	}
	if len(body.GroupRule) == 0 && !body.tellsCodes() {
		return ErrNoRule
	}
	t.groupID = string(firstNonEmpty(inner.GroupID, body.GroupID))
	t.external = inner.UseExternalLicense
	if t.external == nil {
		t.external = body.UseExternalLicense
	}
	t.codes = Union(inner.codes(), body.codes())
	t.quotas = quotasOf(body.Quotas)
	t.seats = seatsOf(body.AvailableUserBundles)
	return nil
}

func (b ruleBody) tellsCodes() bool {
	return b.UserBundleCodes.told || b.UserBundleLicenses.told || b.AllocatedUserBundles.told
}

func (b ruleBody) codes() []string {
	return Union(b.UserBundleCodes.codes, b.UserBundleLicenses.codes, b.AllocatedUserBundles.codes)
}

// quotasOf is nil only of a list that was not told: to have no limits is
// something else.
func quotasOf(bodies []quotaBody) []Quota {
	if bodies == nil {
		return nil
	}
	quotas := []Quota{}
	for _, b := range bodies {
		if code := normalCode(string(b.Code)); code != "" {
			quotas = append(quotas, Quota{Code: code, Limit: int(b.Limit), Used: int(b.Used)})
		}
	}
	return sortQuotas(quotas)
}

// seatsOf is nil only of a list that was not told: to own nothing is something
// else.
func seatsOf(bodies []seatsBody) []Seats {
	if bodies == nil {
		return nil
	}
	seats := []Seats{}
	for _, b := range bodies {
		if code := normalCode(string(b.Code)); code != "" {
			seats = append(seats, Seats{Code: code, Allocated: int(b.Allocated), Total: int(b.Total)})
		}
	}
	return sortSeats(seats)
}

// page is a list in any of its wrappings.
type page[T any] struct{ items []T }

func (p *page[T]) UnmarshalJSON(data []byte) error {
	if item, ok := lone(data); ok && json.Unmarshal(item, p) == nil {
		return nil // one more array around a page
	}
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("[")) {
		return json.Unmarshal(data, &p.items)
	}
	var body struct {
		Results *[]T `json:"results"`
		Value   *[]T `json:"value"`
	}
	if err := json.Unmarshal(data, &body); err != nil {
		return err
	}
	switch {
	case body.Results != nil:
		p.items = *body.Results
	case body.Value != nil:
		p.items = *body.Value
	default:
		return errors.New("no list")
	}
	return nil
}

// lone returns the item of an array of one object.
func lone(data []byte) (json.RawMessage, bool) {
	var items []json.RawMessage
	if json.Unmarshal(data, &items) != nil || len(items) != 1 {
		return nil, false
	}
	return items[0], bytes.HasPrefix(items[0], []byte("{"))
}

// text is a string that may come as a number: ids do in the samples.
type text string

func (t *text) UnmarshalJSON(data []byte) error {
	var s string
	if err := json.Unmarshal(data, &s); err == nil {
		*t = text(strings.TrimSpace(s))
		return nil
	}
	var n json.Number
	if err := json.Unmarshal(data, &n); err != nil {
		return err
	}
	*t = text(n.String())
	return nil
}

// number is a whole number that may come as 10, 10.0, "10" or null.
type number int

func (n *number) UnmarshalJSON(data []byte) error {
	plain := strings.Trim(string(data), `"`)
	if plain == "null" || plain == "" {
		return nil
	}
	f, err := strconv.ParseFloat(plain, 64)
	if err != nil || math.IsNaN(f) || math.Abs(f) > math.MaxInt32 {
		return errors.New("not a number of seats: " + plain)
	}
	*n = number(f)
	return nil
}

// codeList is a list of codes, or of objects that have a code. null is an empty
// list that was told.
type codeList struct {
	told  bool
	codes []string
}

func (l *codeList) UnmarshalJSON(data []byte) error {
	var items []codeItem
	if err := json.Unmarshal(data, &items); err != nil {
		return err
	}
	l.told = true
	for _, item := range items {
		l.codes = append(l.codes, string(item))
	}
	l.codes = Codes(l.codes...)
	return nil
}

type codeItem text

func (c *codeItem) UnmarshalJSON(data []byte) error {
	var object struct {
		Code   text `json:"code"`
		Bundle text `json:"userBundleCode"`
	}
	if bytes.HasPrefix(data, []byte("{")) {
		err := json.Unmarshal(data, &object)
		*c = codeItem(firstNonEmpty(object.Code, object.Bundle))
		return err
	}
	return (*text)(c).UnmarshalJSON(data)
}

func firstNonEmpty(texts ...text) text {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
