package licensing

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"licensebot/internal/groupname"
	"licensebot/internal/guard"
)

const (
	withQuota = "/with-quota"

	pageSize = 50  // the most that UiPath gives, whatever top asks for
	maxPages = 400 // 20,000 groups; ends the loop at a server that ignores skip
)

// Allocation is what a group's members may lease. UiPath calls it a rule.
type Allocation struct {
	GroupID string
	// Codes are the user bundle codes: sorted, upper case, each once.
	Codes []string
	// UseExternalLicense reports whether the group leases licenses that are
	// managed elsewhere. Write it as it was read.
	UseExternalLicense bool
	// Quotas limit how many members may hold a code at once, sorted by code:
	// empty if there are no limits, nil if UiPath did not say.
	Quotas []Quota
	// Available is what the organization owns, sorted by code: empty if it owns
	// nothing, nil if UiPath did not say. Only reading fills it in.
	Available []Seats

	// QuotasLeftOut says that an answer without quotas was taken for none, and that only one
	// look of this client says so. ExternalLeftOut says so of UseExternalLicense, taken for
	// false. Only reading fills them in.
	QuotasLeftOut, ExternalLeftOut bool
}

// Quota limits how many members of a group may hold a license of one code.
type Quota struct {
	Code  string
	Limit int // seats, at least 1
	Used  int // seats held now; writing ignores it
}

// UnknownSeats stands for a number of seats that UiPath does not tell.
const UnknownSeats = -1

// Seats are an organization's licenses of one code.
type Seats struct {
	Code      string
	Allocated int // seats that people of the organization hold
	Total     int // seats bought
}

// maxReadRounds is how often both endpoints are read while their answers differ.
const maxReadRounds = 3

// ReadAllocation reads a group's allocation. Two endpoints know it, with-quota and
// the plain one. Each has what the other lacks: quotas come from with-quota,
// seats and useExternalLicense from the plain one. Both tell the codes. If the
// codes differ, a person has just changed them, and both are read again; answers
// that go on differing are [ErrAnswersDiffer].
//
// Absence needs two looks. If the answers say null for the codes, or nothing, or do not show the
// quota of a code that had one, only a second such reading is believed, ten seconds to twenty
// minutes later. Until then the error is [ErrNoAllocation] or [ErrQuotasUnknown]. No page says
// how a group that never had an allocation looks: it may be null. A client that was never told
// quotas of the group takes null for none and marks the answer as QuotasLeftOut. See
// [Client.ExpectQuotas].
//
// One endpoint may be missing, as with-quota is on Automation Suite. An endpoint
// that has answered before is not missing: see [ErrQuotasUnknown]. A group that
// both answer with 404 is a Refused [*Error]. Sources:
// get-group-license-allocation-with-quota, available-resources.
func (c *Client) ReadAllocation(ctx context.Context, groupID string) (allocation Allocation, err error) {
	if !isPathSegment(groupID) {
		return Allocation{}, &Error{Op: opReadAllocation, Kind: Refused, Err: ErrBadID}
	}
	for range maxReadRounds {
		allocation, err = c.readBothEndpoints(ctx, groupID)
		if !errors.Is(err, ErrAnswersDiffer) {
			break
		}
	}
	return allocation, err
}

func (c *Client) readBothEndpoints(ctx context.Context, groupID string) (Allocation, error) {
	awaitPlain := guard.Begin(func() (allocationAnswer, error) { return c.readEndpoint(ctx, groupID, "") })
	quota, quotaErr := c.readEndpoint(ctx, groupID, withQuota)
	plain, plainErr := awaitPlain()
	if quotaErr != nil && !isAbsent(quotaErr) {
		return Allocation{}, quotaErr
	}
	if plainErr != nil && !isAbsent(plainErr) {
		return Allocation{}, plainErr
	}
	var err error
	switch {
	case plainErr != nil && quotaErr != nil:
		return Allocation{}, joinAnswers(plainErr, quotaErr)
	case quotaErr != nil:
		err = c.checkNoQuotas(ctx, plain)
	case plainErr != nil && c.seen.has(plainEndpoint), plainErr == nil && !plain.agreesWith(quota):
		err = laterError(ErrAnswersDiffer)
	}
	if err != nil {
		return Allocation{}, err
	}
	external, err := c.externalLicense(ctx, groupID, plain, quota)
	if err != nil {
		return Allocation{}, err
	}
	codes, err := c.checkCodes(groupID, plain, quota)
	if err != nil {
		return Allocation{}, err
	}
	leftOut := false
	if quotaErr == nil {
		if quota.quotas, leftOut, err = c.checkLimits(groupID, codes, quota.quotas); err != nil {
			return Allocation{}, err
		}
	}
	return Allocation{
		GroupID: groupID, Codes: codes, Quotas: quota.quotas, QuotasLeftOut: leftOut,
		UseExternalLicense: isTrue(external), ExternalLeftOut: external == nil, Available: plain.seats,
	}, nil
}

// checkCodes takes the codes from the answer that tells them. If none does, the group has none
// once a second look agrees.
func (c *Client) checkCodes(groupID string, answers ...allocationAnswer) ([]string, error) {
	for _, answer := range answers {
		if answer.codes != nil {
			c.seen.shows(codesOf(groupID))
			return NormalizeCodes(answer.codes...), nil
		}
	}
	if !c.seen.lacks(codesOf(groupID), c.transport.now()) {
		return nil, lookAgainError(opReadAllocation, ErrNoAllocation)
	}
	return []string{}, nil
}

// checkLimits takes what with-quota tells of a group's limits. It may say null for none.
func (c *Client) checkLimits(
	groupID string, codes []string, told []Quota,
) (quotas []Quota, leftOut bool, err error) {
	missing, leftOut := c.seen.missesLimits(groupID, codes, told, c.transport.now())
	if missing {
		return nil, false, lookAgainError(opReadAllocation, ErrQuotasUnknown)
	}
	if told == nil {
		told = []Quota{}
	}
	return told, leftOut, nil
}

// ExpectQuotas tells the client that codes of the group had a quota. [Client.ReadAllocation]
// then believes only a second reading without it.
func (c *Client) ExpectQuotas(groupID string, codes []string) { c.seen.expectLimits(groupID, codes) }

// agreesWith reports whether two answers tell the same allocation, as far as both tell it.
func (a allocationAnswer) agreesWith(other allocationAnswer) bool {
	sameExternal := a.useExternal == nil || other.useExternal == nil || *a.useExternal == *other.useExternal
	sameCodes := a.codes == nil || other.codes == nil || SameCodes(a.codes, other.codes)
	return sameCodes && sameExternal
}

// lookAgainError asks for a second look, which may agree.
func lookAgainError(op string, cause error) error {
	return &Error{Op: op, Kind: Later, RetryAfter: secondLookAfter, Err: cause}
}

func laterError(cause error) error {
	return &Error{Op: opReadAllocation, Kind: Later, Err: cause}
}

// checkNoQuotas takes an answer of with-quota that says 404. It is nil if that
// means no limits: because the group has no code that could have one, or because
// the installation has no quotas at all, as the list of allocations confirms. Codes
// that are unknown are checked apart.
func (c *Client) checkNoQuotas(ctx context.Context, plain allocationAnswer) error {
	switch {
	case len(plain.codes) == 0:
		return nil
	case c.seen.has(quotaEndpoint):
		return laterError(ErrQuotasUnknown)
	case c.seen.lacksQuotas(c.transport.now()):
		return nil
	}
	err := c.eachAllocation(ctx, func(string, allocationBody) bool { return false })
	switch {
	case err == nil:
		return laterError(ErrQuotasUnknown)
	case !isAbsent(err):
		return err
	}
	c.seen.noteNoQuotas(c.transport.now())
	return nil
}

// externalLicense is useExternalLicense as an answer tells it. A write would reset
// what no answer tells, so that the list of all allocations is asked then. It is nil if
// that does not tell it either.
func (c *Client) externalLicense(ctx context.Context, groupID string, answers ...allocationAnswer) (*bool, error) {
	for _, answer := range answers {
		if answer.useExternal != nil {
			c.seen.note(externalField)
			return answer.useExternal, nil
		}
	}
	if c.seen.has(externalField) {
		return nil, laterError(ErrExternalUnknown)
	}
	return c.readListedExternal(ctx, groupID)
}

// readListedExternal reads a group's useExternalLicense from the list of all
// allocations. It is nil if the list lacks it or is missing itself.
func (c *Client) readListedExternal(ctx context.Context, groupID string) (external *bool, err error) {
	err = c.eachAllocation(ctx, func(id string, allocation allocationBody) bool {
		if !groupname.SameID(id, groupID) {
			return true
		}
		external = (*bool)(allocation.UseExternalLicense)
		return false
	})
	if isAbsent(err) {
		return nil, nil
	}
	return external, err
}

// eachAllocation visits the groups that have an allocation until visit returns false.
func (c *Client) eachAllocation(
	ctx context.Context, visit func(id string, allocation allocationBody) (more bool),
) error {
	return c.eachListed(ctx, func(item listedBody) bool { return visit(item.id(), item.Allocation) })
}

// listedBody is an entry of the list of allocations.
type listedBody struct {
	Allocation allocationBody `json:"groupRule"`
	Quotas     []quotaBody    `json:"quotas"`
}

func (b listedBody) id() string { return string(firstNonEmpty(b.Allocation.ID, b.Allocation.GroupID)) }

// eachListed visits the entries of the list until visit returns false. It reads page by
// page until a page brings no new group. A short page is not the last one, because the
// server may give fewer than were asked for. Source: get-groups-rules-with-quotas.
func (c *Client) eachListed(ctx context.Context, visit func(listedBody) (more bool)) error {
	seen := map[string]bool{}
	for skip, pages := 0, 0; pages < maxPages; pages++ {
		query := url.Values{"skip": {strconv.Itoa(skip)}, "top": {strconv.Itoa(pageSize)}}
		var list listAnswer[listedBody]
		err := c.getJSON(ctx, opListAllocations, c.accountantURL("/groups"+withQuota+"?"+query.Encode()), &list)
		if err != nil {
			return err
		}
		c.seen.note(quotaEndpoint)
		known := len(seen)
		for _, item := range list.items {
			if !visit(item) {
				return nil
			}
			seen[strings.ToLower(item.id())] = true
		}
		if len(seen) == known {
			return nil
		}
		skip += len(list.items)
	}
	return nil
}

// readEndpoint reads one of the two endpoints, with-quota or the plain one.
func (c *Client) readEndpoint(ctx context.Context, groupID, suffix string) (allocationAnswer, error) {
	var answer allocationAnswer
	r := request{operation: opReadAllocation, method: http.MethodGet, url: c.groupURL(groupID) + suffix}
	err := c.sendAuthorized(ctx, r, &answer)
	if err == nil {
		err = checkSameGroup(r, answer, groupID)
	}
	if err == nil {
		c.seen.note(endpoint(suffix))
	}
	return answer, err
}

func (c *Client) groupURL(groupID string) string {
	return c.accountantURL("/group/" + url.PathEscape(groupID))
}

// checkSameGroup refuses an answer that names another group than the one asked
// about.
func checkSameGroup(r request, answer allocationAnswer, groupID string) error {
	if answer.groupID == "" || groupname.SameID(answer.groupID, groupID) {
		return nil
	}
	return &Error{Op: r.operation, Status: http.StatusOK, Kind: Unknown, Write: r.write, Err: ErrOtherGroup}
}

// joinAnswers returns the plain endpoint's 404 with the words of both. The plain
// one's speak of the account's license only, with-quota's of the group.
func joinAnswers(plain, quota error) error {
	p, ok := errors.AsType[*Error](plain)
	q, also := errors.AsType[*Error](quota)
	if !ok || !also || q.Err != nil || q.Answer == "" || q.Answer == p.Answer {
		return plain
	}
	joined := *p
	joined.Answer = oneLine(strings.TrimPrefix(p.Answer+" / "+q.Answer, " / "), nil)
	return &joined
}

func isTrue(b *bool) bool { return b != nil && *b }

// allocationRequest is the body of both PUTs. useExternalLicense is not
// documented for with-quota; leaving it out could reset it.
type allocationRequest struct {
	Codes       []string        `json:"userBundleCodes"`
	UseExternal bool            `json:"useExternalLicense"`
	Quotas      *[]quotaRequest `json:"quotas,omitempty"`
}

type quotaRequest struct {
	Code  string `json:"userBundleCode"`
	Limit int    `json:"limit"`
}

// WriteAllocation replaces a group's whole allocation: codes that it leaves out
// are taken from the group. It returns what the answer says is allocated now.
// That may be less than was asked, because UiPath drops codes that it does not
// know (see [MissingCodes]). A useExternalLicense that the answer lacks is
// returned as asked, quotas that it lacks as nil. An answer that does not tell the codes is
// [ErrNoAllocation]: whether the write took effect is unknown.
//
// If the allocation has quotas, it goes through with-quota, with the quotas of
// its own codes. If none is left, the list is empty, which lifts all limits. Any
// other allocation goes through the plain endpoint. The verb is always PUT.
//
// The same call may be repeated safely. The client never does so by itself: after a 401
// it gets a fresh token and returns [ErrTokenRenewed]. If [Error.MayHaveTakenEffect],
// [Client.ReadAllocation] shows whether it did. Sources:
// allocate-licenses-to-a-group, allocate-licenses-to-a-group-with-quota.
func (c *Client) WriteAllocation(ctx context.Context, groupID string, wanted Allocation) (Allocation, error) {
	if !isPathSegment(groupID) {
		return Allocation{}, &Error{Op: opWriteAllocation, Kind: Refused, Err: ErrBadID}
	}
	r := request{operation: opWriteAllocation, write: true}
	url, body := c.groupURL(groupID), allocationRequest{
		Codes: NormalizeCodes(wanted.Codes...), UseExternal: wanted.UseExternalLicense,
	}
	if len(wanted.Quotas) > 0 {
		quotas := quotasToWrite(wanted.Quotas, body.Codes)
		url, body.Quotas = url+withQuota, &quotas
	}
	var answer allocationAnswer
	if err := c.putJSON(ctx, opWriteAllocation, url, body, &answer); err != nil {
		return Allocation{}, err
	}
	if err := checkSameGroup(r, answer, groupID); err != nil {
		return Allocation{}, err
	}
	if answer.codes == nil {
		return Allocation{}, &Error{
			Op: opWriteAllocation, Status: http.StatusOK, Kind: Unknown, Write: true, Err: ErrNoAllocation,
		}
	}
	if answer.useExternal == nil {
		answer.useExternal = &wanted.UseExternalLicense
	}
	return Allocation{
		GroupID: groupID, Codes: answer.codes, UseExternalLicense: *answer.useExternal,
		Quotas: answer.quotas, Available: answer.seats,
	}, nil
}

// quotasToWrite leaves out quotas of codes outside the allocation and limits below
// 1, which mean no limit: with-quota refuses them.
func quotasToWrite(quotas []Quota, codes []string) []quotaRequest {
	kept := []quotaRequest{} // [] and null are not the same to UiPath
	for _, q := range quotas {
		code := normalizeCode(q.Code)
		if _, found := slices.BinarySearch(codes, code); found && q.Limit >= 1 {
			kept = append(kept, quotaRequest{Code: code, Limit: q.Limit})
		}
	}
	return kept
}

// ListSeats lists what the organization owns, sorted by code. The endpoint is in
// the OpenAPI description that UiPath published in 2023 and in no page since. It
// may be gone or refuse; [Allocation.Available] has the same from a documented
// endpoint.
func (c *Client) ListSeats(ctx context.Context) ([]Seats, error) {
	var list listAnswer[seatsBody]
	if err := c.getJSON(ctx, opListSeats, c.accountantURL(""), &list); err != nil {
		return nil, err
	}
	return decodeSeats(list.items), nil
}
