package main

import (
	"fmt"
	"strings"
	"testing"

	"licensebot/internal/fakeuipath"
	"licensebot/internal/fault"
	"licensebot/internal/sweep"
)

// TestQuotasAndTheExternalFlagStay changes a group that has more than codes. A write
// without the quotas would drop them.
func TestQuotasAndTheExternalFlagStay(t *testing.T) {
	t.Parallel()
	w := newQuotaWorld(t)
	w.startReplica()
	w.typeRequest("group-01 IDU")
	w.reactToCard(approver, "white_check_mark")
	w.awaitOutcome("allocation_done", "*Done*")
	w.wantAllocation(1, "ATTUNU", "IDU")
	w.wantQuota(true, 10)
	if plain := w.uipath.Calls("PUT group"); len(plain) != 0 {
		t.Errorf("written without quotas: %+v", plain)
	}
}

// newQuotaWorld has a group with a quota and external licenses.
func newQuotaWorld(t *testing.T) *world {
	w := newWorld(t)
	w.uipath.AddGroup(fakeuipath.Group{
		ID: groupID, Name: "Finance Robots", Codes: []string{"ATTUNU"}, External: true,
		Quotas: map[string]int{"ATTUNU": 10}, Usage: map[string]int{"ATTUNU": 3},
	})
	return w
}

func (w *world) wantQuota(external bool, attended int) {
	w.t.Helper()
	if rule, _ := w.uipath.Allocation(groupID); rule.External != external || rule.Quotas["ATTUNU"] != attended {
		w.t.Errorf("the rule is %+v", rule)
	}
}

// TestWhatStaysIsNotKept has UiPath accept a write but lose a setting that should
// have stayed. The thread says so.
func TestWhatStaysIsNotKept(t *testing.T) {
	t.Parallel()
	w := newQuotaWorld(t)
	w.uipath.ForgetTheRest(1)
	w.startReplica()
	w.typeRequest("group-01 IDU")
	w.reactToCard(approver, "white_check_mark")
	w.awaitOutcome("allocation_done", "*Done*")
	w.wantThread(w.awaitCard(), "UiPath made the change but dropped a setting that should have stayed")
	w.wantAllocation(1, "ATTUNU", "IDU")
	w.wantQuota(false, 0)
}

// TestLimitsThatAreNotTold hides the quotas while the bot carries a change out. A
// write would drop them, so it waits.
func TestLimitsThatAreNotTold(t *testing.T) {
	t.Parallel()
	sweep.InSample(t, false)
	w := newQuotaWorld(t)
	w.startReplica()
	w.typeRequest("group-01 IDU")
	w.awaitCard()
	w.uipath.Inject("GET group with-quota", fault.Fault{Status: 404, Times: 2})
	w.reactToCard(approver, "white_check_mark")
	w.awaitOutcome("allocation_done", "*Done*")
	w.wantAllocation(1, "ATTUNU", "IDU")
	w.wantQuota(true, 10)
}

// TestAnOrganizationThatOwnsNothing has no codes to ask approvers for.
func TestAnOrganizationThatOwnsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, code := range []string{"RPADEVPRONU", "IDU", "ATTUNU"} {
		w.uipath.Disown(code)
	}
	w.startReplica()
	w.typeRequest("group-01 IDU")
	w.awaitTold(requester, "owns no user licenses")
	w.awaitNoJobs()
	if len(w.listCards()) != 0 {
		t.Error("a card was posted all the same")
	}
}

// TestSuiteWithoutQuotas runs against a UiPath without the routes of quotas.
func TestSuiteWithoutQuotas(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	suite, err := fakeuipath.New(fakeuipath.Config{NoQuotaRoutes: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(suite.Close)
	suite.Own("IDU", 5, 1)
	suite.Own("ATTUNU", 5, 1)
	w.uipath = suite
	w.env["UIPATH_URL"], w.env["UIPATH_ACCOUNT_ID"] = suite.URL(), suite.AccountID()
	for way, credentials := range map[string]map[string]string{
		"ropc with a tenant": {
			"UIPATH_AUTH": "ropc", "UIPATH_USERNAME": suite.Username(), "UIPATH_PASSWORD": suite.Password(), "UIPATH_TENANT": suite.Tenant(),
		},
		"ropc without one": {
			"UIPATH_AUTH": "ropc", "UIPATH_USERNAME": suite.Username(), "UIPATH_PASSWORD": suite.Password(), "UIPATH_TENANT": "",
			"UIPATH_CLIENT_ID": "", "UIPATH_CLIENT_SECRET": "",
		},
		"token": {"UIPATH_AUTH": "token", "UIPATH_ACCESS_TOKEN": suite.PersonalAccessToken()},
	} {
		for name, value := range credentials {
			w.env[name] = value
		}
		before := len(w.listCards())
		group := fmt.Sprintf("group-%02d", before+1) // because a second request for the same change is refused
		suite.AddGroup(fakeuipath.Group{ID: group, Name: "Robots of " + group, Codes: []string{"ATTUNU"}})
		w.startReplica()
		w.typeRequest(group + " IDU")
		w.awaitCondition("a card by "+way, func() bool { return len(w.listCards()) == before+1 })
		w.killReplicas()
	}
	w.startReplica()
	w.reactToCard(approver, "white_check_mark")
	w.awaitCondition("done", func() bool { return strings.Contains(w.awaitCard().Text, "*Done*") })
	w.wantAllocation(1, "ATTUNU", "IDU")
}

// TestAGroupAmongManyMembers asks by name where Identity's list has the members of
// all groups and is longer than other answers may be.
func TestAGroupAmongManyMembers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	members := strings.Repeat(`{"id":"8f3a1c2e-0d4b-4c5a-9e6f-7a8b9c0d1e2f","name":"person@example.com"},`, 100_000)
	w.uipath.Inject("GET identity groups", fault.Fault{
		Body: `[{"id":"` + everyone + `","name":"Everyone","members":[` + members + `{}]},{"id":"group-01","name":"Finance Robots","members":[]}]`,
	})
	w.startReplica()
	w.typeRequest(`"finance robots" IDU`)
	w.reactToCard(approver, "white_check_mark")
	w.awaitOutcome("allocation_done", "*Done*")
}
