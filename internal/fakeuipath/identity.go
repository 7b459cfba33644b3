package fakeuipath

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// uipathIdentityGroup is the GroupDto of the identity service. Its type is a
// number in what the service answers, though its specification has words.
type uipathIdentityGroup struct {
	ID                   string    `json:"id"`
	Name                 string    `json:"name"`
	DisplayName          string    `json:"displayName"`
	Type                 int       `json:"type"`
	CreationTime         time.Time `json:"creationTime"`
	LastModificationTime time.Time `json:"lastModificationTime"`
	Members              []string  `json:"members"`
}

const (
	uipathBuiltIn = iota
	uipathCustom
)

// uipathBuiltIns are names of groups that every organisation is born with.
var uipathBuiltIns = []string{
	"Administrators", "Automation Developers", "Automation Users", "Citizen Developers", "Everyone",
}

func (g *uipathGroup) identity() uipathIdentityGroup {
	kind := uipathCustom
	if slices.Contains(uipathBuiltIns, g.Name) {
		kind = uipathBuiltIn
	}
	created := g.created.UTC()
	return uipathIdentityGroup{ID: g.ID, Name: g.Name, DisplayName: g.Name, Type: kind,
		CreationTime: created, LastModificationTime: created, Members: []string{}}
}

// partition tells whether the partition in the path is this organisation's,
// and answers when not (docs.uipath.com, retrieving-partitionglobalid).
func (x *uipathExchange) partition() bool {
	id := x.params["partitionGlobalId"]
	if id == x.u.cfg.AccountID {
		return true
	}
	problem := fmt.Sprintf("The value '%s' is not valid.", id)
	x.json(http.StatusBadRequest, map[string]any{"errors": map[string][]string{"partitionGlobalId": {problem}}})
	return false
}

// getIdentityGroups answers all local and built-in groups at once: there are
// no pages.
func (x *uipathExchange) getIdentityGroups() {
	if !x.partition() {
		return
	}
	all := []uipathIdentityGroup{}
	for _, g := range x.u.groups {
		if g.listed() {
			all = append(all, g.identity())
		}
	}
	slices.SortFunc(all, func(a, b uipathIdentityGroup) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID))
	})
	x.json(http.StatusOK, all)
}

func (x *uipathExchange) getIdentityGroup() {
	if !x.partition() {
		return
	}
	g, ok := x.u.groups[x.params["groupId"]]
	if !ok || !g.listed() {
		x.fail(http.StatusNotFound, "Group '%s' does not exist.", x.params["groupId"])
		return
	}
	x.json(http.StatusOK, g.identity())
}
