package licensing

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"licensebot/internal/groupname"
)

const (
	opReadRule = "read rule"
	opSetRule  = "set rule"
	opSeats    = "list seats"
)

// Rule is what a group's members may lease.
type Rule struct {
	GroupID string
	// Codes are the user bundle codes: sorted, upper case, each once.
	Codes []string
	// External is useExternalLicense: the group leases from licenses that are
	// managed elsewhere. It is to be kept as it was read.
	External bool
	// Quotas limit how many members may hold a code at once, sorted by code:
	// empty if there are no limits, nil if UiPath did not say.
	Quotas []Quota
	// Available tells what the organization owns, sorted by code: empty if it
	// owns nothing, nil if UiPath did not say. Only a rule that was read has it.
	Available []Seats
}

// Quota limits how many members of a group may hold a license of one code.
type Quota struct {
	Code  string
	Limit int // seats, at least 1
	Used  int // seats held now; of no meaning in SetRule
}

// Seats are an organization's licenses of one code.
type Seats struct {
	Code      string
	Allocated int // seats taken, by anybody in the organization
	Total     int // seats bought
}

// Rule reads a group's rule. It asks both endpoints that know it, with-quota
// and the plain one, and tells the union of their answers: only the first knows
// quotas, only the second the seats and useExternalLicense, which the list of all
// rules tells as well. One of them may be missing, as with-quota
// is on Automation Suite; a group that both answer with 404 is a Refused
// [*Error]. Sources: get-group-license-allocation-with-quota,
// available-resources.
func (c *Client) Rule(ctx context.Context, groupID string) (Rule, error) {
	if !validID(groupID) {
		return Rule{}, &Error{Op: opReadRule, Kind: Refused, Err: ErrBadID}
	}
	quota, quotaErr := c.readRule(ctx, groupID, "/with-quota")
	if quotaErr != nil && !absent(quotaErr) {
		return Rule{}, quotaErr
	}
	plain, plainErr := c.readRule(ctx, groupID, "")
	switch {
	case plainErr != nil && !absent(plainErr):
		return Rule{}, plainErr
	case plainErr != nil && quotaErr != nil:
		return Rule{}, bothSaid(plainErr, quotaErr)
	}
	if quotaErr == nil && quota.quotas == nil {
		quota.quotas = []Quota{} // whoever tells quotas and has none may say null
	}
	if plainErr != nil && quota.external == nil { // a write would reset what nobody told
		if quota.external, plainErr = c.listedExternal(ctx, groupID); plainErr != nil {
			return Rule{}, plainErr
		}
	}
	return Rule{
		GroupID:   groupID,
		Codes:     Union(quota.codes, plain.codes),
		External:  isTrue(quota.external) || isTrue(plain.external),
		Quotas:    quota.quotas,
		Available: plain.seats,
	}, nil
}

// listedExternal reads a group's useExternalLicense from the list of all rules;
// nil where the list does not tell it, or is not there.
func (c *Client) listedExternal(ctx context.Context, groupID string) (external *bool, err error) {
	err = c.eachRule(ctx, func(id string, rule ruleBody) bool {
		if !groupname.SameID(id, groupID) {
			return true
		}
		external = rule.UseExternalLicense
		return false
	})
	if absent(err) {
		return nil, nil
	}
	return external, err
}

// readRule reads one of the two endpoints.
func (c *Client) readRule(ctx context.Context, groupID, suffix string) (told, error) {
	var t told
	a := ask{op: opReadRule, method: http.MethodGet, url: c.groupURL(groupID) + suffix}
	err := c.exchange(ctx, a, &t)
	if err == nil {
		err = sameGroup(a, t, groupID)
	}
	return t, err
}

func (c *Client) groupURL(groupID string) string {
	return c.lease("/group/" + url.PathEscape(groupID))
}

// sameGroup refuses an answer that names another group: whatever it tells, it
// is not what was asked.
func sameGroup(a ask, t told, groupID string) error {
	if t.groupID == "" || groupname.SameID(t.groupID, groupID) {
		return nil
	}
	return &Error{Op: a.op, Status: http.StatusOK, Kind: Unknown, Write: a.write, Err: ErrOtherGroup}
}

// absent tells whether an endpoint, or what it is about, is not there. Which of
// the two cannot be told from a 404, so that the other endpoint is asked.
func absent(err error) bool {
	var e *Error
	if !errors.As(err, &e) || e.Op == opToken {
		return false
	}
	switch e.Status {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return true
	}
	return false
}

// bothSaid is the plain endpoint's 404 with the words of both: the plain one's
// speak only of the account's license, with-quota's of the group.
func bothSaid(plain, quota error) error {
	var p, q *Error
	if !errors.As(plain, &p) || !errors.As(quota, &q) || q.Err != nil || q.Said == "" || q.Said == p.Said {
		return plain
	}
	joined := *p
	joined.Said = oneLine(strings.TrimPrefix(p.Said+" / "+q.Said, " / "), nil)
	return &joined
}

func isTrue(b *bool) bool { return b != nil && *b }

// ruleRequest is the body of both PUTs. useExternalLicense is not documented
// for with-quota; leaving it out could reset it.
type ruleRequest struct {
	Codes    []string        `json:"userBundleCodes"`
	External bool            `json:"useExternalLicense"`
	Quotas   *[]quotaRequest `json:"quotas,omitempty"`
}

type quotaRequest struct {
	Code  string `json:"userBundleCode"`
	Limit int    `json:"limit"`
}

// SetRule replaces a group's whole rule: codes that rule does not have are
// taken from the group. It returns what the answer says is set now, which may
// be less than was asked (see [Missing]): UiPath drops codes that it does not
// know. Flags and quotas that the answer does not tell are returned as asked
// and as none.
//
// A rule with quotas goes through with-quota, with those of its quotas whose
// code it has; if none is left, with an empty list, which lifts all limits. Any
// other goes through the plain endpoint. The verb is always PUT. The same call
// may be repeated safely. Where [Error.MayHaveTakenEffect], [Client.Rule] tells
// whether it did. Sources: allocate-licenses-to-a-group,
// allocate-licenses-to-a-group-with-quota.
func (c *Client) SetRule(ctx context.Context, groupID string, rule Rule) (Rule, error) {
	if !validID(groupID) {
		return Rule{}, &Error{Op: opSetRule, Kind: Refused, Err: ErrBadID}
	}
	a := ask{op: opSetRule, write: true}
	url, body := c.groupURL(groupID), ruleRequest{Codes: Codes(rule.Codes...), External: rule.External}
	if len(rule.Quotas) > 0 {
		quotas := keptQuotas(rule.Quotas, body.Codes)
		url, body.Quotas = url+"/with-quota", &quotas
	}
	var t told
	if err := c.put(ctx, opSetRule, url, body, &t); err != nil {
		return Rule{}, err
	}
	if err := sameGroup(a, t, groupID); err != nil {
		return Rule{}, err
	}
	if t.external == nil {
		t.external = &rule.External
	}
	return Rule{GroupID: groupID, Codes: t.codes, External: *t.external, Quotas: t.quotas, Available: t.seats}, nil
}

// keptQuotas leaves out quotas of codes that are not in the rule: with-quota
// refuses them.
func keptQuotas(quotas []Quota, codes []string) []quotaRequest {
	kept := []quotaRequest{} // [] and null are not the same to UiPath
	for _, q := range quotas {
		code := normalCode(q.Code)
		if _, found := slices.BinarySearch(codes, code); found {
			kept = append(kept, quotaRequest{Code: code, Limit: q.Limit})
		}
	}
	return kept
}

// Owned lists what the organization owns, sorted by code. The endpoint is in
// the OpenAPI description that UiPath published in 2023 and in no page since,
// and may be gone or refused; [Rule.Available] tells the same from a documented
// one.
func (c *Client) Owned(ctx context.Context) ([]Seats, error) {
	var list page[seatsBody]
	if err := c.get(ctx, opSeats, c.lease(""), &list); err != nil {
		return nil, err
	}
	return seatsOf(list.items), nil
}

func sortQuotas(quotas []Quota) []Quota {
	slices.SortFunc(quotas, func(a, b Quota) int { return cmp.Compare(a.Code, b.Code) })
	return quotas
}

func sortSeats(seats []Seats) []Seats {
	slices.SortFunc(seats, func(a, b Seats) int { return cmp.Compare(a.Code, b.Code) })
	return seats
}
