package fakeuipath

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"licensebot/internal/fault"
)

// What the license service says, in its own words.
const (
	msgNoLicense = "No account license is allocated for the indicated organization."
	msgNoGroup   = "Organization or group does not exist."
	msgExceeds   = "The license allocation is not allowed because it exceeds the account license quantities."
	msgNoCode    = "Requested product code does not exist."
)

// maxTop is the largest page size.
const maxTop = 50

type bundleCount struct {
	Code      string `json:"code"`
	Allocated int    `json:"allocated"`
	Total     int    `json:"total"`
}

type quotaUsage struct {
	Code  string `json:"userBundleCode"`
	Limit int    `json:"limit"`
	Usage int    `json:"currentUsage"`
}

// listedAllocation is an allocation in a list. Its fields have other names than on
// the routes of one group.
type listedAllocation struct {
	ID          string         `json:"id"`
	Name        string         `json:"name"`
	Codes       []string       `json:"userBundleLicenses"`
	Leases      map[string]int `json:"userBundleLeases"`
	External    any            `json:"useExternalLicense,omitempty"` // a bool, or nil to leave it out
	Orphan      bool           `json:"orphan"`
	Unavailable []string       `json:"userLicenseBundlesUnavailable"`
}

type listedGroup struct {
	Allocation listedAllocation `json:"groupRule"`
	Quotas     []quotaUsage     `json:"quotas"`
}

type seatHolder struct {
	ID          string    `json:"id"`
	Email       string    `json:"email"`
	Name        string    `json:"name"`
	Surname     string    `json:"surname"`
	DisplayName string    `json:"displayName"`
	LastInUse   time.Time `json:"lastInUse"`
	Codes       []string  `json:"userBundleLicenses"`
	Orphan      bool      `json:"orphan"`
}

// checkLicense tells whether the path names this organization's account and the
// account has a license. It answers if not.
func (x *exchange) checkLicense() bool {
	if x.params["accountId"] == x.u.cfg.AccountID && !x.u.noLicense {
		return true
	}
	x.answerError(http.StatusNotFound, msgNoLicense)
	return false
}

// findGroup returns the group in the path, or answers why it does not exist.
// With open and Config.OpenGroups, an unknown id gives a new group; the caller
// adds that to the organization with its first allocation.
func (x *exchange) findGroup(open bool) (*storedGroup, bool) {
	if !x.checkLicense() {
		return nil, false
	}
	id := x.params["groupId"]
	if g, ok := x.visibleGroup(id); ok {
		return g, true
	}
	if open && x.u.cfg.OpenGroups {
		return newUnlistedGroup(id, x.now), true
	}
	x.answerError(http.StatusNotFound, msgNoGroup)
	return nil, false
}

func (u *Server) listBundles() []bundleCount {
	all := make([]bundleCount, 0, len(u.owned))
	for _, code := range slices.Sorted(maps.Keys(u.owned)) {
		all = append(all, bundleCount{Code: code, Allocated: u.owned[code].allocated, Total: u.owned[code].total})
	}
	return all
}

func (x *exchange) getAccount() {
	if x.checkLicense() {
		x.answerJSON(http.StatusOK, x.u.listBundles())
	}
}

// getGroup answers what could be allocated and what is allocated
// (docs.uipath.com, available-resources).
func (x *exchange) getGroup() {
	g, ok := x.findGroup(true)
	if !ok {
		return
	}
	x.answerJSON(http.StatusOK, x.u.plainAllocation(g))
}

func (u *Server) plainAllocation(g *storedGroup) map[string]any {
	answer := map[string]any{"availableUserBundles": u.listBundles(), "allocatedUserBundles": jsonList(g.Codes)}
	if !u.noFlag {
		answer["useExternalLicense"] = g.External
	}
	return answer
}

// answerOtherCodes answers 200 with an allocation that has other codes than the
// group.
func (x *exchange) answerOtherCodes(codes string) {
	x.u.mu.Lock()
	defer x.u.mu.Unlock()
	g, ok := x.u.groups[x.params["groupId"]]
	if !ok {
		g = newUnlistedGroup(x.params["groupId"], x.now)
	}
	other := *g
	other.Codes = sortedSet(strings.Fields(codes))
	if codes == fault.AskedCodes {
		var asked allocationBody
		_ = json.Unmarshal(x.body, &asked)
		other.Codes = sortedSet(asked.Codes)
	}
	switch {
	case strings.HasSuffix(x.r.URL.Path, "/with-quota"):
		x.answerJSON(http.StatusOK, x.u.allocationWithQuotas(&other))
	case x.r.Method == http.MethodPut:
		x.answerJSON(http.StatusOK, x.u.writtenAllocation(&other))
	default:
		x.answerJSON(http.StatusOK, x.u.plainAllocation(&other))
	}
}

// getGroupWithQuota follows docs.uipath.com,
// get-group-license-allocation-with-quota: the answer has no
// useExternalLicense.
func (x *exchange) getGroupWithQuota() {
	if g, ok := x.findGroup(false); ok {
		x.answerJSON(http.StatusOK, x.u.allocationWithQuotas(g))
	}
}

func (u *Server) allocationWithQuotas(g *storedGroup) map[string]any {
	allocation := map[string]any{"groupId": g.ID, "organizationId": u.cfg.AccountID, "userBundleCodes": jsonList(g.Codes)}
	return map[string]any{"groupRule": allocation, "quotas": g.listQuotas()}
}

func (g *storedGroup) listQuotas() []quotaUsage {
	all := make([]quotaUsage, 0, len(g.Quotas))
	for _, code := range slices.Sorted(maps.Keys(g.Quotas)) {
		all = append(all, quotaUsage{Code: code, Limit: g.Quotas[code], Usage: g.Usage[code]})
	}
	return all
}

func (u *Server) describeGroup(g *storedGroup) listedGroup {
	allocation := listedAllocation{ID: g.ID, Name: g.Name, Codes: jsonList(g.Codes), Leases: g.Usage,
		Orphan: g.Orphan, Unavailable: []string{}}
	if !u.noFlag {
		allocation.External = g.External
	}
	for _, code := range g.Codes {
		if u.owned[code].freeSeats() == 0 {
			allocation.Unavailable = append(allocation.Unavailable, code)
		}
	}
	return listedGroup{Allocation: allocation, Quotas: g.listQuotas()}
}

// getGroupsWithQuota lists the groups with an allocation, directory groups and
// orphans included (docs.uipath.com, get-groups-rules-with-quotas).
func (x *exchange) getGroupsWithQuota() {
	if !x.checkLicense() {
		return
	}
	var all []listedGroup
	for _, g := range x.visibleGroups() {
		if g.hasAllocation {
			all = append(all, x.u.describeGroup(g))
		}
	}
	answerPage(x, all, map[string]func(listedGroup) string{
		"Name": func(l listedGroup) string { return l.Allocation.Name },
		"Id":   func(l listedGroup) string { return l.Allocation.ID },
	})
}

// postGroups reads the allocations of some groups by id, which is what POST
// means on this path. It allocates nothing.
func (x *exchange) postGroups() {
	var body struct {
		GroupIDs []string `json:"groupIds"`
	}
	if !x.decodeBody(&body, "groupIds") || !x.checkLicense() {
		return
	}
	if len(body.GroupIDs) == 0 {
		x.answerError(http.StatusBadRequest, "groupIds is required")
		return
	}
	allocations := []listedAllocation{}
	for _, id := range sortedSet(body.GroupIDs) {
		if g, ok := x.visibleGroup(id); ok && g.hasAllocation {
			allocations = append(allocations, x.u.describeGroup(g).Allocation)
		}
	}
	x.answerJSON(http.StatusOK, allocations)
}

// getHolders lists the people who hold the group's seats.
func (x *exchange) getHolders() {
	g, ok := x.findGroup(false)
	if !ok {
		return
	}
	answerPage(x, g.inventHolders(), map[string]func(seatHolder) string{
		"DisplayName": func(h seatHolder) string { return h.DisplayName },
		"Email":       func(h seatHolder) string { return h.Email },
		"Id":          func(h seatHolder) string { return h.ID },
	})
}

// inventHolders invents as many people as the group's usage needs.
func (g *storedGroup) inventHolders() []seatHolder {
	var all []seatHolder
	for n := 1; ; n++ {
		var codes []string
		for _, code := range slices.Sorted(maps.Keys(g.Usage)) {
			if g.Usage[code] >= n {
				codes = append(codes, code)
			}
		}
		if len(codes) == 0 {
			return all
		}
		name := fmt.Sprintf("Member%03d", n)
		all = append(all, seatHolder{ID: g.ID + "-" + strings.ToLower(name), Email: strings.ToLower(name) + "@example.com",
			Name: name, Surname: "Example", DisplayName: name + " Example",
			LastInUse: g.created.UTC(), Codes: codes, Orphan: g.Orphan})
	}
}

// answerPage answers one page of all, sorted by one of keys. Keys are
// UpperCamelCase names and include "Id". By default the first key by alphabet
// sorts. Any other query parameter is refused, because it must be a typing
// error.
func answerPage[T any](x *exchange, all []T, keys map[string]func(T) string) {
	query := x.r.URL.Query()
	skip, skipErr := numberParam(query, "skip", 0, 0, math.MaxInt32)
	top, topErr := numberParam(query, "top", maxTop, 1, maxTop)
	names := slices.Sorted(maps.Keys(keys))
	sortBy, sortErr := choiceParam(query, "sortBy", names)
	order, orderErr := choiceParam(query, "sortOrder", []string{"asc", "desc"})
	err := cmp.Or(skipErr, topErr, sortErr, orderErr, checkParams(query, "skip", "top", "sortBy", "sortOrder"))
	if err != nil {
		x.answerError(http.StatusBadRequest, "%v", err)
		return
	}
	slices.SortFunc(all, func(a, b T) int {
		// The id breaks ties, so pages do not overlap.
		result := cmp.Or(strings.Compare(keys[sortBy](a), keys[sortBy](b)), strings.Compare(keys["Id"](a), keys["Id"](b)))
		if order == "desc" {
			return -result
		}
		return result
	})
	from := min(skip, len(all))
	page := append([]T{}, all[from:min(from+top, len(all))]...)
	x.answerJSON(http.StatusOK, map[string]any{"results": page, "totalCount": len(all)})
}

func numberParam(query url.Values, name string, absent, low, high int) (int, error) {
	if !query.Has(name) {
		return absent, nil
	}
	n, err := strconv.Atoi(query.Get(name))
	if err != nil || n < low || n > high {
		return 0, fmt.Errorf("%s must be a number from %d to %d, not %q", name, low, high, query.Get(name))
	}
	return n, nil
}

func choiceParam(query url.Values, name string, choices []string) (string, error) {
	if !query.Has(name) {
		return choices[0], nil
	}
	if got := query.Get(name); slices.Contains(choices, got) {
		return got, nil
	}
	return "", fmt.Errorf("%s must be one of %s, not %q", name, strings.Join(choices, ", "), query.Get(name))
}

func checkParams(query url.Values, names ...string) error {
	for name := range query {
		if !slices.Contains(names, name) {
			return fmt.Errorf("there is no query parameter %q", name)
		}
	}
	return nil
}

// jsonList makes an empty list [] in JSON, not null.
func jsonList(codes []string) []string { return append([]string{}, codes...) }
