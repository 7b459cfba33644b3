package fakeuipath

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// identityGroup is the GroupDto of the identity service. The specification has
// words for its type, but the service answers a number.
type identityGroup struct {
	ID                   string    `json:"id"`
	Name                 string    `json:"name"`
	DisplayName          string    `json:"displayName"`
	Type                 int       `json:"type"`
	CreationTime         time.Time `json:"creationTime"`
	LastModificationTime time.Time `json:"lastModificationTime"`
	Members              []string  `json:"members"`
}

const (
	typeBuiltIn = iota
	typeCustom
)

// builtInNames are the groups that every organization has from the start.
var builtInNames = []string{
	"Administrators", "Automation Developers", "Automation Users", "Citizen Developers", "Everyone",
}

func (g *storedGroup) asIdentityGroup() identityGroup {
	kind := typeCustom
	if slices.Contains(builtInNames, g.Name) {
		kind = typeBuiltIn
	}
	created := g.created.UTC()
	return identityGroup{ID: g.ID, Name: g.Name, DisplayName: g.Name, Type: kind,
		CreationTime: created, LastModificationTime: created, Members: []string{}}
}

// checkPartition tells whether the path names this organization's partition,
// and answers if it does not (docs.uipath.com, retrieving-partitionglobalid).
func (x *exchange) checkPartition() bool {
	id := x.params["partitionGlobalId"]
	if id == x.u.cfg.AccountID {
		return true
	}
	problem := fmt.Sprintf("The value '%s' is not valid.", id)
	x.answerJSON(http.StatusBadRequest, map[string]any{"errors": map[string][]string{"partitionGlobalId": {problem}}})
	return false
}

// getIdentityGroups answers all local and built-in groups at once, without
// pages.
func (x *exchange) getIdentityGroups() {
	if !x.checkPartition() {
		return
	}
	all := []identityGroup{}
	for _, g := range x.visibleGroups() {
		if g.inIdentityList() {
			all = append(all, g.asIdentityGroup())
		}
	}
	slices.SortFunc(all, func(a, b identityGroup) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID))
	})
	x.answerJSON(http.StatusOK, all)
}

func (x *exchange) getIdentityGroup() {
	if !x.checkPartition() {
		return
	}
	g, ok := x.visibleGroup(x.params["groupId"])
	if !ok || !g.inIdentityList() {
		x.answerError(http.StatusNotFound, "Group '%s' does not exist.", x.params["groupId"])
		return
	}
	x.answerJSON(http.StatusOK, g.asIdentityGroup())
}
