package fakeuipath

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// What the licence service says, in its own words.
const (
	uipathNoAccountLicense = "No account license is allocated for the indicated organization."
	uipathNoGroup          = "Organization or group does not exist."
	uipathExceeds          = "The license allocation is not allowed because it exceeds the account license quantities."
	uipathNoCode           = "Requested product code does not exist."
)

// uipathMaxTop is the largest page there is.
const uipathMaxTop = 50

type uipathBundle struct {
	Code      string `json:"code"`
	Allocated int    `json:"allocated"`
	Total     int    `json:"total"`
}

type uipathQuota struct {
	Code  string `json:"userBundleCode"`
	Limit int    `json:"limit"`
	Usage int    `json:"currentUsage"`
}

// uipathListedRule is a rule in lists, where its fields have other names than
// on the routes of one group.
type uipathListedRule struct {
	ID          string         `json:"id"`
	Name        string         `json:"name"`
	Codes       []string       `json:"userBundleLicenses"`
	Leases      map[string]int `json:"userBundleLeases"`
	External    bool           `json:"useExternalLicense"`
	Orphan      bool           `json:"orphan"`
	Unavailable []string       `json:"userLicenseBundlesUnavailable"`
}

type uipathListed struct {
	Rule   uipathListedRule `json:"groupRule"`
	Quotas []uipathQuota    `json:"quotas"`
}

type uipathHolder struct {
	ID          string    `json:"id"`
	Email       string    `json:"email"`
	Name        string    `json:"name"`
	Surname     string    `json:"surname"`
	DisplayName string    `json:"displayName"`
	LastInUse   time.Time `json:"lastInUse"`
	Codes       []string  `json:"userBundleLicenses"`
	Orphan      bool      `json:"orphan"`
}

// licensed tells whether the account in the path is this organisation's and
// has a licence, and answers when not.
func (x *uipathExchange) licensed() bool {
	if x.params["accountId"] == x.u.cfg.AccountID && !x.u.noLicense {
		return true
	}
	x.fail(http.StatusNotFound, uipathNoAccountLicense)
	return false
}

// group returns the group in the path, or answers why there is none. An open
// one is not added to the organisation; that is for whoever writes its rule.
func (x *uipathExchange) group(open bool) (*uipathGroup, bool) {
	if !x.licensed() {
		return nil, false
	}
	id := x.params["groupId"]
	if g, ok := x.u.groups[id]; ok {
		return g, true
	}
	if open && x.u.cfg.OpenGroups {
		return uipathUnlisted(id, x.now), true
	}
	x.fail(http.StatusNotFound, uipathNoGroup)
	return nil, false
}

func (u *Server) bundles() []uipathBundle {
	all := make([]uipathBundle, 0, len(u.owned))
	for _, code := range slices.Sorted(maps.Keys(u.owned)) {
		all = append(all, uipathBundle{Code: code, Allocated: u.owned[code].allocated, Total: u.owned[code].total})
	}
	return all
}

func (x *uipathExchange) getAccount() {
	if x.licensed() {
		x.json(http.StatusOK, x.u.bundles())
	}
}

// getGroup answers what could be allocated and what is (docs.uipath.com,
// available-resources).
func (x *uipathExchange) getGroup() {
	g, ok := x.group(true)
	if !ok {
		return
	}
	x.json(http.StatusOK, map[string]any{
		"availableUserBundles": x.u.bundles(),
		"allocatedUserBundles": uipathList(g.Rule),
		"useExternalLicense":   g.External,
	})
}

// getGroupWithQuota follows docs.uipath.com,
// get-group-license-allocation-with-quota: no useExternalLicense in there.
func (x *uipathExchange) getGroupWithQuota() {
	if g, ok := x.group(false); ok {
		x.json(http.StatusOK, x.u.ruleWithQuota(g))
	}
}

func (u *Server) ruleWithQuota(g *uipathGroup) map[string]any {
	rule := map[string]any{"groupId": g.ID, "organizationId": u.cfg.AccountID, "userBundleCodes": uipathList(g.Rule)}
	return map[string]any{"groupRule": rule, "quotas": g.quotas()}
}

func (g *uipathGroup) quotas() []uipathQuota {
	all := make([]uipathQuota, 0, len(g.Quotas))
	for _, code := range slices.Sorted(maps.Keys(g.Quotas)) {
		all = append(all, uipathQuota{Code: code, Limit: g.Quotas[code], Usage: g.Usage[code]})
	}
	return all
}

func (u *Server) listed(g *uipathGroup) uipathListed {
	rule := uipathListedRule{ID: g.ID, Name: g.Name, Codes: uipathList(g.Rule), Leases: g.Usage,
		External: g.External, Orphan: g.Orphan, Unavailable: []string{}}
	for _, code := range g.Rule {
		if u.owned[code].free() == 0 {
			rule.Unavailable = append(rule.Unavailable, code)
		}
	}
	return uipathListed{Rule: rule, Quotas: g.quotas()}
}

// getGroupsWithQuota lists the groups that have a rule, directory groups and
// orphans among them (docs.uipath.com, get-groups-rules-with-quotas).
func (x *uipathExchange) getGroupsWithQuota() {
	if !x.licensed() {
		return
	}
	var all []uipathListed
	for _, g := range x.u.groups {
		if g.ruled {
			all = append(all, x.u.listed(g))
		}
	}
	uipathPage(x, all, map[string]func(uipathListed) string{
		"Name": func(l uipathListed) string { return l.Rule.Name },
		"Id":   func(l uipathListed) string { return l.Rule.ID },
	})
}

// postGroups is what POST means on this path: read the rules of some groups
// by id. It allocates nothing.
func (x *uipathExchange) postGroups() {
	var body struct {
		GroupIDs []string `json:"groupIds"`
	}
	if !x.decode(&body, "groupIds") || !x.licensed() {
		return
	}
	if len(body.GroupIDs) == 0 {
		x.fail(http.StatusBadRequest, "groupIds is required")
		return
	}
	rules := []uipathListedRule{}
	for _, id := range uipathSet(body.GroupIDs) {
		if g, ok := x.u.groups[id]; ok && g.ruled {
			rules = append(rules, x.u.listed(g).Rule)
		}
	}
	x.json(http.StatusOK, rules)
}

// getHolders lists the people who hold the group's leases.
func (x *uipathExchange) getHolders() {
	g, ok := x.group(false)
	if !ok {
		return
	}
	uipathPage(x, g.holders(), map[string]func(uipathHolder) string{
		"DisplayName": func(h uipathHolder) string { return h.DisplayName },
		"Email":       func(h uipathHolder) string { return h.Email },
		"Id":          func(h uipathHolder) string { return h.ID },
	})
}

// holders invents as many people as the group's usage needs.
func (g *uipathGroup) holders() []uipathHolder {
	var all []uipathHolder
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
		all = append(all, uipathHolder{ID: g.ID + "-" + strings.ToLower(name), Email: strings.ToLower(name) + "@example.com",
			Name: name, Surname: "Example", DisplayName: name + " Example",
			LastInUse: g.created.UTC(), Codes: codes, Orphan: g.Orphan})
	}
}

// uipathPage answers one page of all, sorted by one of keys: UpperCamelCase
// names, "Id" among them, the first by alphabet when the query names none. A
// query parameter that is none of the four is refused: it is a misspelt one.
func uipathPage[T any](x *uipathExchange, all []T, keys map[string]func(T) string) {
	query := x.r.URL.Query()
	skip, skipErr := uipathNumber(query, "skip", 0, 0, math.MaxInt32)
	top, topErr := uipathNumber(query, "top", uipathMaxTop, 1, uipathMaxTop)
	names := slices.Sorted(maps.Keys(keys))
	sortBy, sortErr := uipathChoice(query, "sortBy", names)
	order, orderErr := uipathChoice(query, "sortOrder", []string{"asc", "desc"})
	err := cmp.Or(skipErr, topErr, sortErr, orderErr, uipathOnly(query, "skip", "top", "sortBy", "sortOrder"))
	if err != nil {
		x.fail(http.StatusBadRequest, "%v", err)
		return
	}
	slices.SortFunc(all, func(a, b T) int {
		// The id settles ties, so that pages do not overlap.
		result := cmp.Or(strings.Compare(keys[sortBy](a), keys[sortBy](b)), strings.Compare(keys["Id"](a), keys["Id"](b)))
		if order == "desc" {
			return -result
		}
		return result
	})
	from := min(skip, len(all))
	page := append([]T{}, all[from:min(from+top, len(all))]...)
	x.json(http.StatusOK, map[string]any{"results": page, "totalCount": len(all)})
}

func uipathNumber(query url.Values, name string, absent, low, high int) (int, error) {
	if !query.Has(name) {
		return absent, nil
	}
	n, err := strconv.Atoi(query.Get(name))
	if err != nil || n < low || n > high {
		return 0, fmt.Errorf("%s must be a number from %d to %d, not %q", name, low, high, query.Get(name))
	}
	return n, nil
}

func uipathChoice(query url.Values, name string, choices []string) (string, error) {
	if !query.Has(name) {
		return choices[0], nil
	}
	if got := query.Get(name); slices.Contains(choices, got) {
		return got, nil
	}
	return "", fmt.Errorf("%s must be one of %s, not %q", name, strings.Join(choices, ", "), query.Get(name))
}

func uipathOnly(query url.Values, names ...string) error {
	for name := range query {
		if !slices.Contains(names, name) {
			return fmt.Errorf("there is no query parameter %q", name)
		}
	}
	return nil
}

// uipathList makes JSON's [] of nothing, never null.
func uipathList(codes []string) []string { return append([]string{}, codes...) }
