package fakeuipath

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
)

// An optionalBool is .NET's bool in a body: it may be missing, but must not be
// null.
type optionalBool struct{ sent, on bool }

// UnmarshalJSON takes true and false only.
func (f *optionalBool) UnmarshalJSON(text []byte) error {
	switch string(text) {
	case "true", "false":
		*f = optionalBool{sent: true, on: string(text) == "true"}
		return nil
	default:
		return fmt.Errorf("useExternalLicense is %s, want true or false", text)
	}
}

type allocationBody struct {
	Codes    []string     `json:"userBundleCodes"`
	Alias    []string     `json:"userBundleLicenses"`
	External optionalBool `json:"useExternalLicense"`
	Quotas   []quotaLimit `json:"quotas"`
}

type quotaLimit struct {
	Code  string  `json:"userBundleCode"`
	Limit float64 `json:"limit"`
}

// putGroup replaces a group's allocation: what the body leaves out is gone
// (docs.uipath.com, allocate-licenses-to-a-group).
func (x *exchange) putGroup() {
	var body allocationBody
	if !x.decodeBody(&body, "userBundleCodes", "userBundleLicenses", "useExternalLicense") {
		return
	}
	codes, err := x.u.requestedCodes(body)
	if err != nil {
		x.answerError(http.StatusBadRequest, "%v", err)
		return
	}
	g, ok := x.findGroup(true)
	if !ok {
		return
	}
	allocation := Allocation{Codes: codes, External: body.External.on, Quotas: make(map[string]int)}
	if x.u.cfg.PlainPutKeepsQuotas {
		allocation.Quotas = g.Quotas
	}
	if x.replaceAllocation(g, allocation) {
		x.answerJSON(http.StatusOK, x.u.writtenAllocation(g))
	}
}

func (u *Server) writtenAllocation(g *storedGroup) map[string]any {
	return map[string]any{"groupId": g.ID, "organizationId": u.cfg.AccountID,
		"useExternalLicense": g.External, "userBundleCodes": jsonList(g.Codes)}
}

// putGroupWithQuota replaces a group's allocation and quotas (docs.uipath.com,
// allocate-licenses-to-a-group-with-quota). The page does not list
// useExternalLicense. The Server takes it all the same, because the allocation
// has it and no other call can write both.
func (x *exchange) putGroupWithQuota() {
	var body allocationBody
	if !x.decodeBody(&body, "userBundleCodes", "quotas", "useExternalLicense") {
		return
	}
	codes, err := x.u.requestedCodes(body)
	if err != nil {
		x.answerError(http.StatusBadRequest, "%v", err)
		return
	}
	g, ok := x.findGroup(false)
	if !ok {
		return
	}
	quotas, err := checkLimits(body.Quotas, codes, g.Usage)
	if err != nil {
		x.answerError(http.StatusBadRequest, "%v", err)
		return
	}
	external := body.External.on
	if !body.External.sent && !x.u.cfg.QuotaPutResetsExternal {
		external = g.External
	}
	if x.replaceAllocation(g, Allocation{Codes: codes, External: external, Quotas: quotas}) {
		x.answerJSON(http.StatusOK, x.u.allocationWithQuotas(g))
	}
}

// requestedCodes returns the set of codes in a body. userBundleLicenses is the
// deprecated name of userBundleCodes.
func (u *Server) requestedCodes(body allocationBody) ([]string, error) {
	codes := body.Codes
	switch {
	case body.Codes == nil && body.Alias == nil:
		return nil, errors.New("userBundleCodes is required")
	case body.Codes == nil:
		codes = body.Alias
	case body.Alias != nil && !slices.Equal(sortedSet(body.Codes), sortedSet(body.Alias)):
		return nil, errors.New("userBundleCodes and userBundleLicenses differ")
	}
	if slices.Contains(codes, "") {
		return nil, errors.New("userBundleCodes has an empty code")
	}
	if len(codes) == 0 && u.cfg.RefuseEmptyAllocation {
		return nil, errors.New("userBundleCodes is empty")
	}
	return sortedSet(codes), nil
}

// checkLimits checks quotas as the page demands: only codes of the allocation,
// at least one seat, and at least the seats in use.
func checkLimits(quotas []quotaLimit, codes []string, usage map[string]int) (map[string]int, error) {
	limits := make(map[string]int, len(quotas))
	for _, quota := range quotas {
		limit := int(quota.Limit)
		_, twice := limits[quota.Code]
		switch {
		case twice:
			return nil, fmt.Errorf("two quotas for %q", quota.Code)
		case !slices.Contains(codes, quota.Code):
			return nil, fmt.Errorf("quota for %q, a code that is not in userBundleCodes", quota.Code)
		case quota.Limit != math.Trunc(quota.Limit) || quota.Limit < 1 || quota.Limit > math.MaxInt32:
			return nil, fmt.Errorf("limit of %q is not a number of at least 1", quota.Code)
		case limit < usage[quota.Code]:
			return nil, fmt.Errorf("limit of %q is below its current usage of %d", quota.Code, usage[quota.Code])
		}
		limits[quota.Code] = limit
	}
	return limits, nil
}

// replaceAllocation gives a group the codes that take, and the rest of the
// wanted allocation. If it returns false, it has answered a refusal and changed
// nothing.
func (x *exchange) replaceAllocation(g *storedGroup, want Allocation) bool {
	before := g.currentAllocation()
	x.call.Before, x.call.After, x.call.Was, x.call.Is = before.Codes, before.Codes, before, before
	if x.u.exceed {
		x.answerError(http.StatusConflict, msgExceeds)
		return false
	}
	if status := x.u.unknownCodeStatus(want.Codes); status != 0 {
		x.answerError(status, msgNoCode)
		return false
	}
	if x.u.forgets > 0 {
		x.u.forgets--
		want.External, want.Quotas = false, nil
	}
	x.u.keepPast(g.ID)
	g.Codes = x.u.acceptedCodes(want.Codes)
	g.External = want.External
	g.Quotas = quotasOfCodes(want.Quotas, g.Codes)
	g.hasAllocation = true
	x.u.groups[g.ID] = g
	after := g.currentAllocation()
	x.call.After, x.call.Is = after.Codes, after
	x.call.Took, x.call.TookAt = true, x.u.cfg.Now()
	x.call.Changed = !before.equalTo(after)
	x.u.wakeWaiters()
	return true
}

// unknownCodeStatus is the status for codes the organization lacks. 0 means they
// are all owned, or Config.UnknownCodes lets them pass.
func (u *Server) unknownCodeStatus(codes []string) int {
	for _, code := range codes {
		if _, ok := u.owned[code]; !ok {
			status, _ := strconv.Atoi(u.cfg.UnknownCodes)
			return status
		}
	}
	return 0
}

// acceptedCodes returns the codes that take: owned and not dropped.
func (u *Server) acceptedCodes(codes []string) []string {
	var taken []string
	for _, code := range codes {
		_, owned := u.owned[code]
		switch {
		case !owned:
		case u.drops[code] > 0:
			u.drops[code]--
		default:
			taken = append(taken, code)
		}
	}
	return taken
}
