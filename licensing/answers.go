package licensing

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
)

// UiPath's field names differ from page to page, and the types here read all of
// them:
//
//   - Codes are userBundleCodes in a rule, userBundleLicenses in lists and
//     allocatedUserBundles in a group's GET.
//   - The group's id is groupId or id.
//   - Lists come bare, under "results", or with that in one more array.
//
// As always in encoding/json, keys match in any case.

// allocationBody is any JSON that has one group's allocation.
type allocationBody struct {
	GroupRule            json.RawMessage `json:"groupRule"` // of the same form
	GroupID              looseText       `json:"groupId"`
	ID                   looseText       `json:"id"`
	Name                 looseText       `json:"name"`
	UseExternalLicense   *looseBool      `json:"useExternalLicense"`
	UserBundleCodes      codeList        `json:"userBundleCodes"`
	UserBundleLicenses   codeList        `json:"userBundleLicenses"`
	AllocatedUserBundles codeList        `json:"allocatedUserBundles"`
	Quotas               []quotaBody     `json:"quotas"`
	AvailableUserBundles []seatsBody     `json:"availableUserBundles"`
}

type quotaBody struct {
	Code  looseText   `json:"userBundleCode"`
	Limit looseNumber `json:"limit"`
	Used  looseNumber `json:"currentUsage"`
}

type seatsBody struct {
	Code      looseText    `json:"code"`
	Allocated *looseNumber `json:"allocated"`
	Total     *looseNumber `json:"total"`
}

// allocationAnswer is what one answer says about an allocation.
type allocationAnswer struct {
	groupID     string   // "" if the answer lacks it
	useExternal *bool    // nil if the answer lacks it
	codes       []string // nil if the answer does not tell them: a null list is no empty one
	quotas      []Quota
	seats       []Seats
}

// UnmarshalJSON refuses JSON without any field for codes, such as "{}".
func (a *allocationAnswer) UnmarshalJSON(data []byte) error {
	var body allocationBody
	if item, ok := soleObject(data); ok {
		data = item
	}
	if err := json.Unmarshal(data, &body); err != nil {
		return err
	}
	inner := allocationBody{}
	if len(body.GroupRule) > 0 {
		if err := json.Unmarshal(body.GroupRule, &inner); err != nil {
			return err
		}
	}
	if len(body.GroupRule) == 0 && !body.hasCodes() {
		return ErrNoAllocation
	}
	a.groupID = string(firstNonEmpty(inner.GroupID, body.GroupID))
	a.useExternal = (*bool)(inner.UseExternalLicense)
	if a.useExternal == nil {
		a.useExternal = (*bool)(body.UseExternalLicense)
	}
	a.quotas = decodeQuotas(body.Quotas)
	a.seats = decodeSeats(body.AvailableUserBundles)
	var err error
	a.codes, err = soleCodes(append(inner.codeLists(), body.codeLists()...))
	return err
}

func (b allocationBody) hasCodes() bool {
	return b.UserBundleCodes.present || b.UserBundleLicenses.present || b.AllocatedUserBundles.present
}

func (b allocationBody) codeLists() []codeList {
	return []codeList{b.UserBundleCodes, b.UserBundleLicenses, b.AllocatedUserBundles}
}

// errNameless is a list with an entry that does not say which code it is.
var errNameless = errors.New("a code has no name")

// soleCodes is what the lists of one answer tell: nil if none tells anything. Lists that differ
// are an error, and so is a list of which a part is unreadable.
func soleCodes(lists []codeList) (codes []string, err error) {
	for _, list := range lists {
		switch {
		case list.hasNameless:
			return nil, errNameless
		case list.codes == nil:
		case codes != nil && !SameCodes(codes, list.codes):
			return nil, ErrAnswersDiffer
		default:
			codes = list.codes
		}
	}
	return codes, nil
}

// decodeQuotas returns nil only if the answer lacks the list: to have no limits
// is something else. A limit that is null or below 1 is none.
func decodeQuotas(bodies []quotaBody) []Quota {
	if bodies == nil {
		return nil
	}
	quotas := []Quota{}
	for _, b := range bodies {
		if code := normalizeCode(string(b.Code)); code != "" && b.Limit >= 1 {
			quotas = append(quotas, Quota{Code: code, Limit: int(b.Limit), Used: int(b.Used)})
		}
	}
	return sortQuotas(quotas)
}

// decodeSeats returns nil only if the answer lacks the list: to own nothing is
// something else.
func decodeSeats(bodies []seatsBody) []Seats {
	if bodies == nil {
		return nil
	}
	seats := []Seats{}
	for _, b := range bodies {
		if code := normalizeCode(string(b.Code)); code != "" {
			seats = append(seats, Seats{Code: code, Allocated: countOrUnknown(b.Allocated), Total: countOrUnknown(b.Total)})
		}
	}
	return sortSeats(seats)
}

// countOrUnknown is a number of seats, or UnknownSeats where the answer lacks it.
func countOrUnknown(n *looseNumber) int {
	if n == nil || *n < 0 {
		return UnknownSeats
	}
	return int(*n)
}

// listAnswer is a list in any of its wrappings.
type listAnswer[T any] struct{ items []T }

// UnmarshalJSON finds the list in its wrapping.
func (l *listAnswer[T]) UnmarshalJSON(data []byte) error {
	if item, ok := soleObject(data); ok && json.Unmarshal(item, l) == nil {
		return nil // one more array around the list
	}
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("[")) {
		return json.Unmarshal(data, &l.items)
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
		l.items = *body.Results
	case body.Value != nil:
		l.items = *body.Value
	default:
		return errors.New("no list")
	}
	return nil
}

// soleObject returns the item of an array of one object.
func soleObject(data []byte) (json.RawMessage, bool) {
	var items []json.RawMessage
	if json.Unmarshal(data, &items) != nil || len(items) != 1 {
		return nil, false
	}
	return items[0], bytes.HasPrefix(items[0], []byte("{"))
}

// looseText is a string that may come as a number: ids do in UiPath's samples. It has no NUL,
// which PostgreSQL does not store.
type looseText string

// UnmarshalJSON reads a string or a number.
func (t *looseText) UnmarshalJSON(data []byte) error {
	var s string
	if err := json.Unmarshal(data, &s); err == nil {
		*t = looseText(strings.TrimSpace(strings.ReplaceAll(s, "\x00", "")))
		return nil
	}
	var n json.Number
	if err := json.Unmarshal(data, &n); err != nil {
		return err
	}
	*t = looseText(n.String())
	return nil
}

// looseNumber is a whole number that may come as 10, 10.0, "10" or null.
type looseNumber int

// UnmarshalJSON reads null and the empty string as zero.
func (n *looseNumber) UnmarshalJSON(data []byte) error {
	plain := strings.Trim(string(data), `" `)
	if plain == "null" || plain == "" {
		return nil
	}
	f, err := strconv.ParseFloat(plain, 64)
	if err != nil || math.IsNaN(f) || math.Abs(f) > math.MaxInt32 {
		return errors.New("not a number of seats: " + plain)
	}
	*n = looseNumber(f)
	return nil
}

// looseBool is true or false that may come as text or as a number.
type looseBool bool

func (b *looseBool) UnmarshalJSON(data []byte) error {
	v, err := strconv.ParseBool(strings.ToLower(strings.Trim(string(data), `" `)))
	*b = looseBool(v)
	return err
}

// codeList is a list of codes, or of objects that have a code. null is present and tells
// nothing: codes is nil then.
type codeList struct {
	present     bool
	hasNameless bool // an entry is empty or null
	codes       []string
}

// UnmarshalJSON remembers that the list is present.
func (l *codeList) UnmarshalJSON(data []byte) error {
	var items []codeItem
	if err := json.Unmarshal(data, &items); err != nil {
		return err
	}
	l.present = true
	if items == nil {
		return nil
	}
	codes := make([]string, 0, len(items))
	for _, item := range items {
		l.hasNameless = l.hasNameless || normalizeCode(string(item)) == ""
		codes = append(codes, string(item))
	}
	l.codes = NormalizeCodes(codes...)
	return nil
}

type codeItem looseText

// UnmarshalJSON reads a code, or an object with a code.
func (c *codeItem) UnmarshalJSON(data []byte) error {
	var object struct {
		Code   looseText `json:"code"`
		Bundle looseText `json:"userBundleCode"`
	}
	if bytes.HasPrefix(data, []byte("{")) {
		err := json.Unmarshal(data, &object)
		*c = codeItem(firstNonEmpty(object.Code, object.Bundle))
		return err
	}
	return (*looseText)(c).UnmarshalJSON(data)
}

func firstNonEmpty(texts ...looseText) looseText {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

func sortQuotas(quotas []Quota) []Quota {
	slices.SortFunc(quotas, func(a, b Quota) int { return cmp.Compare(a.Code, b.Code) })
	return quotas
}

func sortSeats(seats []Seats) []Seats {
	slices.SortFunc(seats, func(a, b Seats) int { return cmp.Compare(a.Code, b.Code) })
	return seats
}
