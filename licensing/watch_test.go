package licensing

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"licensebot/approvals"
	"licensebot/internal/fakeuipath"
	"licensebot/internal/fault"
	"licensebot/internal/groupname"
)

func (o *organization) signIn(t *testing.T, scopes ...string) *Allocations {
	t.Helper()
	o.SetAppScopes(scopes...)
	cfg := o.tokenConfig()
	cfg.Scopes = scopes
	tokens, err := ClientCredentials(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return o.allocations(t, tokens)
}

var readScopes = []string{"PM.License.Read", "PM.Group.Read"}

// TestAllAllocationsAreListed has more groups than three pages.
func TestAllAllocationsAreListed(t *testing.T) {
	t.Parallel()
	o := newOrganization(t)
	for i := range 3*pageSize + 1 {
		o.AddGroup(fakeuipath.Group{
			ID: fmt.Sprintf("more-%03d", i), Name: fmt.Sprintf("More %03d", i), Codes: []string{"ACNU"},
			Quotas: map[string]int{"ACNU": i + 1},
		})
	}
	all, err := o.signIn(t, readScopes...).ListAllocations(t.Context())
	if err != nil || len(all) != 3*pageSize+2 {
		t.Fatalf("%d allocations, %v", len(all), err)
	}
	for _, one := range all {
		if one.Group.ID != "more-149" {
			continue
		}
		items := approvals.AllocationItems(one.Allocation)
		if !slices.Equal(items, []string{"ACNU", "ACNU=150"}) || one.Group.Canonical.String() != "more 149" {
			t.Errorf("%+v: %v", one, items)
		}
		return
	}
	t.Error("a group is missing")
}

// TestTheListMayBeOutOfReach: the right for it is one of its own, and Automation Suite lacks it.
func TestTheListMayBeOutOfReach(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer  fault.Fault
		refused bool
	}{
		"forbidden": {fault.Fault{Status: 403}, true},
		"missing":   {fault.Fault{Status: 404}, true},
		"down":      {fault.Fault{Status: 503}, false},
	} {
		o := newOrganization(t)
		a := o.signIn(t, readScopes...)
		o.Inject("GET groups with-quota", c.answer)
		if _, err := a.ListAllocations(t.Context()); err == nil || approvals.IsRefused(err) != c.refused {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestEditsAreFoundWhereTheLogMayBeRead looks for an edit of one of two groups.
func TestEditsAreFoundWhereTheLogMayBeRead(t *testing.T) {
	t.Parallel()
	o := newOrganization(t)
	o.AddGroup(fakeuipath.Group{ID: "group-02", Name: "Sales", Codes: []string{"IDU"}})
	since := o.clock.now().Add(-time.Minute)
	for _, id := range []string{groupID, "group-02"} {
		o.Edit(id, func(codes []string) []string { return append(codes, "ACNU") })
	}
	find := func(a *Allocations, until time.Time) []approvals.PortalEdit {
		t.Helper()
		found, err := a.FindEdits(t.Context(), groupname.Group(groupID, "Finance"), since, until)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	now := o.clock.now().Add(time.Minute)
	reader := o.signIn(t, slices.Concat(readScopes, []string{fakeuipath.ScopeAudit})...)
	if found := find(reader, now); len(found) != 1 || found[0].By != fakeuipath.PortalAdmin || found[0].What == "" {
		t.Errorf("found %+v", found)
	}
	if found := find(reader, since.Add(time.Second)); len(found) > 0 {
		t.Errorf("before the edit: found %+v", found)
	}
	o.HideAudit(true)
	if found := find(reader, now); len(found) > 0 {
		t.Errorf("licensing is not in the log: found %+v", found)
	}
	o.HideAudit(false)
	if found := find(o.signIn(t, readScopes...), now); len(found) > 0 {
		t.Errorf("without the right: found %+v", found)
	}
}

// TestAnEntryMayNotTell: an entry without codes, or with two lists that differ, is no word
// that its group has none.
func TestAnEntryMayNotTell(t *testing.T) {
	t.Parallel()
	for body, untold := range map[string]bool{
		`[{"groupRule":{"id":"group-01"}}]`:                                                        true,
		`[{"groupRule":{"id":"group-01","userBundleCodes":["A"],"userBundleLicenses":["B"]}}]`:     true,
		`[{"groupRule":{"id":"group-01","userBundleCodes":[]}}]`:                                   false,
		`[{"groupRule":{"id":"group-01","userBundleCodes":["IDU"],"userBundleLicenses":["IDU"]}}]`: false,
	} {
		o := newOrganization(t)
		a := o.signIn(t, readScopes...)
		o.Inject("GET groups with-quota", fault.Fault{Body: body})
		if all, err := a.ListAllocations(t.Context()); err != nil || len(all) != 1 || all[0].Untold != untold {
			t.Errorf("%s: %+v, %v", body, all, err)
		}
	}
}
