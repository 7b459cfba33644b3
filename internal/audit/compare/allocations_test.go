package compare

import (
	"strings"
	"testing"
	"time"

	"licensebot/approvals"
	"licensebot/internal/fakeuipath"
	"licensebot/internal/fault"
	"licensebot/licensing"
)

// A portalRig is a rig with a UiPath.
type portalRig struct {
	*rig
	uipath   *fakeuipath.Server
	licenses *licensing.Allocations
	notes    []string
}

// newPortalRig has a history after which UiPath has what the database says.
func newPortalRig(t *testing.T) *portalRig {
	t.Helper()
	r := &portalRig{rig: newRig(t)}
	r.tell()
	r.connect()
	r.uipath.SetAllocation(finance.ID, "ATTUNU", "CTZDEVCU", "RPADEVPRONU")
	return r
}

func (r *portalRig) connect() {
	r.Helper()
	uipath, err := fakeuipath.New(fakeuipath.Config{Now: r.clock.Now})
	r.must(err)
	r.Cleanup(uipath.Close)
	for _, code := range []string{"ATTUNU", "CTZDEVCU", "IDU", "RPADEVPRONU"} {
		uipath.Own(code, 40, 3)
	}
	uipath.AddGroup(fakeuipath.Group{ID: finance.ID, Name: finance.Name, Codes: []string{"ATTUNU"}})
	uipath.SetPersonalAccessTokenScopes("PM.License.Read", "PM.Group.Read", fakeuipath.ScopeAudit)
	client, err := licensing.New(licensing.Config{
		URL: uipath.URL(), Organization: uipath.Organization(), AccountID: uipath.AccountID(),
		Tokens: licensing.StaticToken(uipath.PersonalAccessToken()),
	})
	r.must(err)
	r.uipath, r.licenses = uipath, licensing.NewAllocations(client)
}

func (r *portalRig) compareAllocations() (found []string, summary AllocationSummary) {
	r.Helper()
	r.notes = nil
	a := Allocations{
		Open: r.open, UiPath: r.licenses, Now: r.clock.Now, Sleep: r.sleep,
		Report: func(line string) { found = append(found, line) },
		Note:   func(line string) { r.notes = append(r.notes, line) },
	}
	summary, err := a.Run(r.ctx)
	r.must(err)
	if summary.Findings != len(found) {
		r.Errorf("%d findings are counted, %d reported", summary.Findings, len(found))
	}
	return found, summary
}

// TestEachChangeAtUiPathIsNamed has what can differ, each with its finding.
func TestEachChangeAtUiPathIsNamed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		edit  func(r *portalRig)
		wants []string
	}{
		"nothing": {func(*portalRig) {}, nil},
		"a code is added": {func(r *portalRig) {
			r.uipath.Edit(finance.ID, func(codes []string) []string { return append(codes, "IDU") })
		}, []string{"Finance Robots|UiPath has IDU|UiPath admin|the change outside " + outside}},
		"a code is removed": {func(r *portalRig) {
			r.uipath.SetAllocation(finance.ID, "ATTUNU", "CTZDEVCU")
		}, []string{"UiPath lacks RPADEVPRONU|UiPath admin"}},
		"the group is deleted": {func(r *portalRig) {
			r.uipath.RemoveGroup(finance.ID)
		}, []string{"does not have the group any more|UiPath admin"}},
		"the change outside is deleted": {func(r *portalRig) {
			r.edit(`DELETE FROM outside_changes`)
		}, []string{"UiPath has CTZDEVCU|compared with what UiPath confirmed at"}},
		"the confirmation is changed": {func(r *portalRig) {
			r.edit(`UPDATE confirmations SET detail = '{"codes":["ATTUNU"]}'`)
		}, []string{"the table confirmations|" + pressed + "|database user"}},
		"the confirmation is deleted": {func(r *portalRig) {
			r.edit(`DELETE FROM confirmations`)
		}, []string{"the table confirmations|" + pressed + "|database user"}},
		"the confirmation is dated later": {func(r *portalRig) {
			r.edit(`UPDATE confirmations SET at = at + 1`)
		}, []string{"the table confirmations|" + pressed + "|database user"}},
		"a request writes now": {func(r *portalRig) {
			r.apply(pending, approvals.VotesCounted{Ballots: []approvals.Ballot{
				{User: "U0ALEX", Eligibility: approvals.Counts, Stages: []int{0}},
			}})
			r.uipath.SetAllocation(finance.ID, "ATTUNU", "CTZDEVCU", "RPADEVPRONU", "IDU")
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newPortalRig(t)
			c.edit(r)
			found, summary := r.compareAllocations()
			wantFindings(t, found, c.wants...)
			if summary.Groups != 1 || len(summary.Unchecked) > 0 {
				t.Errorf("%+v", summary)
			}
		})
	}
}

// TestAToldChangeIsNoted has a change outside that was told, and is still in effect.
func TestAToldChangeIsNoted(t *testing.T) {
	t.Parallel()
	r := newPortalRig(t)
	r.compareAllocations()
	if len(r.notes) != 1 || !strings.Contains(r.notes[0], outside) {
		t.Errorf("notes: %q", r.notes)
	}
}

// TestALateReadIsNoDifference lets UiPath show for a while what was so before.
func TestALateReadIsNoDifference(t *testing.T) {
	t.Parallel()
	r := newPortalRig(t)
	r.uipath.SetAllocation(finance.ID, "ATTUNU", "CTZDEVCU")
	r.slept = func() { r.uipath.SetAllocation(finance.ID, "ATTUNU", "CTZDEVCU", "RPADEVPRONU") }
	found, _ := r.compareAllocations()
	wantFindings(t, found)
}

// TestAWriteBetweenTheLooksIsNoDifference lets a request finish meanwhile.
func TestAWriteBetweenTheLooksIsNoDifference(t *testing.T) {
	t.Parallel()
	r := newPortalRig(t)
	r.uipath.SetAllocation(finance.ID, "ATTUNU", "CTZDEVCU", "RPADEVPRONU", "IDU")
	isDone := false
	r.slept = func() {
		if !isDone {
			isDone = true
			r.approve(pending, "ATTUNU", "CTZDEVCU", "RPADEVPRONU", "IDU")
		}
	}
	found, _ := r.compareAllocations()
	wantFindings(t, found)
	if !isDone {
		t.Error("there was no second look")
	}
}

// TestWhatUiPathDoesNotShowIsNotChecked refuses the reads, for a while and for good.
func TestWhatUiPathDoesNotShowIsNotChecked(t *testing.T) {
	t.Parallel()
	r := newPortalRig(t)
	r.uipath.Inject("GET group with-quota", fault.Fault{Status: 429, RetryAfter: "20", Times: 2})
	found, summary := r.compareAllocations()
	wantFindings(t, found)
	if len(summary.Unchecked) > 0 || summary.Groups != 1 {
		t.Errorf("%+v", summary)
	}
	r.uipath.Inject("GET group with-quota", fault.Fault{Status: 503, Times: 1000})
	found, summary = r.compareAllocations()
	wantFindings(t, found)
	if len(summary.Unchecked) != 1 || summary.Groups != 0 || !strings.Contains(summary.Unchecked[0], "Finance Robots") {
		t.Errorf("%+v", summary)
	}
}

// TestTheAuditLogNamesEditors reads UiPath's audit log.
func TestTheAuditLogNamesEditors(t *testing.T) {
	t.Parallel()
	r := newPortalRig(t)
	r.clock.Advance(time.Minute)
	r.uipath.Edit(finance.ID, func(codes []string) []string { return append(codes, "IDU") })
	found, _ := r.compareAllocations()
	wantFindings(t, found, "UiPath has IDU|"+fakeuipath.PortalAdmin)
}
