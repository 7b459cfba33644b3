package fakeuipath

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"licensebot/internal/fault"
)

func TestPutReplaces(t *testing.T) {
	c := startSeeded(t, Config{})
	group := c.licensePath("/group/g1")
	var answer struct {
		Group        string   `json:"groupId"`
		Organization string   `json:"organizationId"`
		External     bool     `json:"useExternalLicense"`
		Codes        []string `json:"userBundleCodes"`
	}
	c.put(group, `{"userBundleCodes":["IDU","ATTUNU","IDU"],"useExternalLicense":true}`).decodeJSON(t, &answer)
	if answer.Group != "g1" || answer.Organization != c.u.AccountID() || !answer.External ||
		!slices.Equal(answer.Codes, []string{"ATTUNU", "IDU"}) {
		t.Errorf("answer is %+v", answer)
	}
	c.wantAllocation("g1", "ATTUNU", "IDU")
	c.put(group, `{"userBundleCodes":["IDU"]}`).wantAnswer(t, 200, `"useExternalLicense":false`)
	c.put(group, `{"userBundleLicenses":["ATTUNU"]}`).wantAnswer(t, 200, "ATTUNU")
	c.put(group, `{"userBundleCodes":[]}`).wantAnswer(t, 200, `"userBundleCodes":[]`)
	c.wantAllocation("g1")
}

func TestJournalOfWrites(t *testing.T) {
	c := startSeeded(t, Config{})
	group := c.licensePath("/group/g1")
	c.put(group, `{"userBundleCodes":["IDU"]}`)
	c.put(group, `{"userBundleCodes":["IDU"]}`)
	c.put(group, `{"userBundleCodes":["IDU"],"useExternalLicense":true}`)
	calls, writes := c.u.Calls("PUT group"), c.u.Writes()
	if len(calls) != 3 || len(writes) != 2 {
		t.Fatalf("%d calls and %d writes, want 3 and 2", len(calls), len(writes))
	}
	first, second := calls[0], calls[1]
	if !first.Took || !first.Changed || !slices.Equal(first.Before, []string{"RPADEVPRONU"}) || !slices.Equal(first.After, []string{"IDU"}) {
		t.Errorf("first is %+v", first)
	}
	if !second.Took || second.Changed || second.Seq != first.Seq+1 || second.Body != `{"userBundleCodes":["IDU"]}` {
		t.Errorf("second is %+v", second)
	}
}

func TestPutRefusals(t *testing.T) {
	c := startSeeded(t, Config{RefuseEmptyAllocation: true})
	c.u.AddGroup(Group{ID: "g2", Codes: []string{"IDU"}, Quotas: map[string]int{"IDU": 4}, Usage: map[string]int{"IDU": 3}})
	const kind = "application/json"
	plain, quota := c.licensePath("/group/g1"), c.licensePath("/group/g2/with-quota")
	good := `{"userBundleCodes":["IDU"]}`
	limit := func(rest string) string { return `{"userBundleCodes":["IDU"],"quotas":[` + rest + `]}` }
	for _, test := range []struct {
		name, method, path, kind, body string
		status                         int
	}{
		{"POST does not allocate", "POST", plain, kind, good, 405},
		{"DELETE", "DELETE", plain, kind, "", 405},
		{"PATCH with quotas", "PATCH", quota, kind, good, 405},
		{"doubled organization", "PUT", "/acme" + plain, kind, good, 404},
		{"other case", "PUT", strings.Replace(plain, "acme", "Acme", 1), kind, good, 404},
		{"no organization", "PUT", strings.TrimPrefix(plain, "/acme"), kind, good, 404},
		{"doubled slash", "PUT", "/" + plain, kind, good, 404},
		{"trailing slash", "PUT", plain + "/", kind, good, 404},
		{"no group", "PUT", c.licensePath("/group/"), kind, good, 404},
		{"la instead of lease_", "PUT", strings.Replace(plain, "lease_", "la", 1), kind, good, 404},
		{"other account", "PUT", strings.Replace(plain, c.u.AccountID(), "1234", 1), kind, good, 404},
		{"unknown group", "PUT", c.licensePath("/group/g9"), kind, good, 404},
		{"unknown group with quota", "PUT", c.licensePath("/group/g9/with-quota"), kind, good, 404},
		{"form", "PUT", plain, "application/x-www-form-urlencoded", good, 415},
		{"no content type", "PUT", plain, "", good, 415},
		{"not JSON", "PUT", plain, kind, `{"userBundleCodes":`, 400},
		{"two values", "PUT", plain, kind, good + good, 400},
		{"array", "PUT", plain, kind, `["IDU"]`, 400},
		{"null", "PUT", plain, kind, `null`, 400},
		{"empty", "PUT", plain, kind, ``, 400},
		{"unknown field", "PUT", plain, kind, `{"userBundleCodes":["IDU"],"quantity":3}`, 400},
		{"field in other case", "PUT", plain, kind, `{"UserBundleCodes":["IDU"]}`, 400},
		{"quotas on the plain route", "PUT", plain, kind, limit(``), 400},
		{"codes missing", "PUT", plain, kind, `{"useExternalLicense":true}`, 400},
		{"codes not a list", "PUT", plain, kind, `{"userBundleCodes":"IDU"}`, 400},
		{"null code", "PUT", plain, kind, `{"userBundleCodes":[null]}`, 400},
		{"no codes", "PUT", plain, kind, `{"userBundleCodes":[]}`, 400},
		{"codes and alias differ", "PUT", plain, kind, `{"userBundleCodes":["IDU"],"userBundleLicenses":["ATTUNU"]}`, 400},
		{"external is null", "PUT", plain, kind, `{"userBundleCodes":["IDU"],"useExternalLicense":null}`, 400},
		{"external is a number", "PUT", plain, kind, `{"userBundleCodes":["IDU"],"useExternalLicense":1}`, 400},
		{"alias with quota", "PUT", quota, kind, `{"userBundleLicenses":["IDU"]}`, 400},
		{"quota of no code", "PUT", quota, kind, limit(`{"userBundleCode":"ATTUNU","limit":5}`), 400},
		{"quota of nothing", "PUT", quota, kind, limit(`{"userBundleCode":"IDU","limit":0}`), 400},
		{"quota of a half", "PUT", quota, kind, limit(`{"userBundleCode":"IDU","limit":3.5}`), 400},
		{"quota below use", "PUT", quota, kind, limit(`{"userBundleCode":"IDU","limit":2}`), 400},
		{"two quotas", "PUT", quota, kind, limit(`{"userBundleCode":"IDU","limit":3},{"userBundleCode":"IDU","limit":4}`), 400},
	} {
		t.Run(test.name, func(t *testing.T) {
			c.sendRequest(c.newRequest(test.method, test.path, test.kind, test.body)).wantAnswer(t, test.status, "")
		})
	}
	c.wantAllocation("g1", "RPADEVPRONU")
	if writes := c.u.Writes(); len(writes) != 0 {
		t.Errorf("a refused call changed something: %+v", writes)
	}
}

func TestPutWithoutToken(t *testing.T) {
	c := startSeeded(t, Config{})
	for _, header := range []string{"", "Bearer", "Bearer 1234", "Basic " + c.bearer, c.bearer} {
		r := c.newRequest("PUT", c.licensePath("/group/g1"), "application/json", `{"userBundleCodes":["IDU"]}`)
		r.Header.Set("Authorization", header)
		c.sendRequest(r).wantAnswer(t, 401, "")
	}
	c.wantAllocation("g1", "RPADEVPRONU")
}

func TestPutUnknownCode(t *testing.T) {
	const body = `{"userBundleCodes":["IDU","TYPO"]}`
	for _, test := range []struct {
		policy     string
		status     int
		allocation []string
	}{
		{"", 200, []string{"IDU"}},
		{"404", 404, []string{"RPADEVPRONU"}},
		{"409", 409, []string{"RPADEVPRONU"}},
	} {
		c := startSeeded(t, Config{UnknownCodes: test.policy})
		c.put(c.licensePath("/group/g1"), body).wantAnswer(t, test.status, "")
		c.wantAllocation("g1", test.allocation...)
	}
}

func TestDisownedCodeLeavesTheRuleAtTheNextPut(t *testing.T) {
	c := startSeeded(t, Config{})
	c.u.Disown("RPADEVPRONU")
	c.wantAllocation("g1", "RPADEVPRONU")
	c.put(c.licensePath("/group/g1"), `{"userBundleCodes":["RPADEVPRONU","IDU"]}`).wantAnswer(t, 200, "")
	c.wantAllocation("g1", "IDU")
}

func TestDropCode(t *testing.T) {
	c := startSeeded(t, Config{})
	c.u.DropCode("IDU", 1)
	const body = `{"userBundleCodes":["ATTUNU","IDU"]}`
	c.put(c.licensePath("/group/g1"), body).wantAnswer(t, 200, `["ATTUNU"]`)
	c.wantAllocation("g1", "ATTUNU")
	c.put(c.licensePath("/group/g1"), body).wantAnswer(t, 200, "IDU")
	c.wantAllocation("g1", "ATTUNU", "IDU")
}

func TestDocumentedErrors(t *testing.T) {
	c := startSeeded(t, Config{})
	const body = `{"userBundleCodes":["IDU"]}`
	c.u.Exceed(true)
	c.put(c.licensePath("/group/g1"), body).wantAnswer(t, 409, "exceeds the account license quantities")
	c.u.NoAccountLicense(true)
	c.put(c.licensePath("/group/g1"), body).wantAnswer(t, 404, "No account license is allocated")
	c.get(c.licensePath("")).wantAnswer(t, 404, "No account license is allocated")
	c.u.NoAccountLicense(false)
	c.u.Exceed(false)
	c.put(c.licensePath("/group/g1"), body).wantAnswer(t, 200, "IDU") // though no seat of IDU is free
}

func TestQuotas(t *testing.T) {
	for _, keeps := range []bool{false, true} {
		c := startSeeded(t, Config{PlainPutKeepsQuotas: keeps})
		const both = `{"userBundleCodes":["ATTUNU","IDU"],"quotas":[{"userBundleCode":"IDU","limit":10.0},{"userBundleCode":"ATTUNU","limit":2}]}`
		c.put(c.licensePath("/group/g1/with-quota"), both).wantAnswer(t, 200, `{"userBundleCode":"IDU","limit":10,"currentUsage":0}`)
		c.put(c.licensePath("/group/g1"), `{"userBundleCodes":["IDU"]}`).wantAnswer(t, 200, "")
		want := map[string]int{}
		if keeps {
			want["IDU"] = 10
		}
		if allocation, _ := c.u.Allocation("g1"); !maps.Equal(allocation.Quotas, want) {
			t.Errorf("keeps %v: quotas are %v, want %v", keeps, allocation.Quotas, want)
		}
		c.put(c.licensePath("/group/g1/with-quota"), both)
		c.put(c.licensePath("/group/g1/with-quota"), `{"userBundleCodes":["IDU"]}`).wantAnswer(t, 200, `"quotas":[]`)
	}
}

func TestQuotaPutAndExternalLicense(t *testing.T) {
	for _, resets := range []bool{false, true} {
		c := startSeeded(t, Config{QuotaPutResetsExternal: resets})
		path := c.licensePath("/group/g1/with-quota")
		c.put(path, `{"userBundleCodes":["IDU"],"useExternalLicense":true}`).wantAnswer(t, 200, "")
		if allocation, _ := c.u.Allocation("g1"); !allocation.External {
			t.Error("useExternalLicense was not taken")
		}
		c.put(path, `{"userBundleCodes":["IDU"]}`).wantAnswer(t, 200, "")
		if allocation, _ := c.u.Allocation("g1"); allocation.External == resets {
			t.Errorf("resets %v: useExternalLicense is %v", resets, allocation.External)
		}
	}
}

func TestOpenGroups(t *testing.T) {
	c := startSeeded(t, Config{OpenGroups: true})
	c.get(c.licensePath("/group/g9")).wantAnswer(t, 200, `"allocatedUserBundles":[]`)
	if _, ok := c.u.Allocation("g9"); ok {
		t.Error("reading made a group")
	}
	c.get(c.licensePath("/group/g9/with-quota")).wantAnswer(t, 404, "Organization or group does not exist.")
	c.put(c.licensePath("/group/g9"), `{"userBundleCodes":["IDU"]}`).wantAnswer(t, 200, "")
	c.wantAllocation("g9", "IDU")
}

func TestWithoutQuotaRoutes(t *testing.T) {
	c := startSeeded(t, Config{NoQuotaRoutes: true})
	c.get(c.licensePath("/group/g1/with-quota")).wantAnswer(t, 404, "")
	c.get(c.licensePath("/groups/with-quota")).wantAnswer(t, 404, "")
	c.put(c.licensePath("/group/g1/with-quota"), `{"userBundleCodes":["IDU"]}`).wantAnswer(t, 404, "")
	c.get(c.licensePath("/group/g1")).wantAnswer(t, 200, "")
}

func TestFaults(t *testing.T) {
	const date = "Fri, 31 Dec 2027 23:59:59 GMT"
	for _, test := range []struct {
		fault  fault.Fault
		status int
		body   string
		took   bool
	}{
		{fault.Fault{Status: 503}, 503, `{"message":"Service Unavailable"}`, false},
		{fault.Fault{Error: "boom"}, 500, `{"message":"boom"}`, false},
		{fault.Fault{Status: 429, RetryAfter: "7"}, 429, "", false},
		{fault.Fault{Status: 429, RetryAfter: date}, 429, "", false},
		{fault.Fault{Status: 502, Body: "<html>", ContentType: "text/html"}, 502, "<html>", false},
		{fault.Fault{Status: 504, AfterEffect: true}, 504, "", true},
	} {
		c := startSeeded(t, Config{})
		test.fault.Times = 1
		c.u.Inject("PUT group", test.fault)
		reply := c.put(c.licensePath("/group/g1"), `{"userBundleCodes":["IDU"]}`)
		reply.wantAnswer(t, test.status, test.body)
		if got := reply.header.Get("Retry-After"); got != test.fault.RetryAfter {
			t.Errorf("Retry-After is %q, want %q", got, test.fault.RetryAfter)
		}
		call := c.u.Calls("PUT group")[0]
		if !call.Faulted || call.Took != test.took || call.Status != test.status {
			t.Errorf("call is %+v", call)
		}
		c.put(c.licensePath("/group/g1"), `{"userBundleCodes":["IDU"]}`).wantAnswer(t, http.StatusOK, "IDU")
	}
}

func TestFaultCutsTheAnswer(t *testing.T) {
	for _, after := range []bool{false, true} {
		c := startSeeded(t, Config{})
		c.u.Inject("PUT group", fault.Fault{Cut: true, AfterEffect: after})
		r := c.newRequest("PUT", c.licensePath("/group/g1"), "application/json", `{"userBundleCodes":["IDU"]}`)
		r.GetBody = nil // net/http must not send it again
		if reply, err := c.trySend(r); err == nil {
			t.Errorf("answered %+v", reply)
		}
		if err := c.u.Wait(t.Context(), func() bool { return len(c.u.Calls("PUT group")) == 1 }); err != nil {
			t.Fatal(err)
		}
		call := c.u.Calls("PUT group")[0]
		if call.Status != 0 || call.Took != after || !call.Faulted || len(c.u.Writes()) == 1 != after {
			t.Errorf("after effect %v: call is %+v", after, call)
		}
	}
}

func TestFaultHangsUntilTheCallerGoes(t *testing.T) {
	c := startSeeded(t, Config{})
	c.u.Inject("PUT group", fault.Fault{Times: 1, Hang: true, AfterEffect: true})
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan error, 1)
	r := c.newRequest("PUT", c.licensePath("/group/g1"), "application/json", `{"userBundleCodes":["IDU"]}`).WithContext(ctx)
	go func() {
		_, err := c.trySend(r)
		gone <- err
	}()
	taken := func() bool {
		allocation, _ := c.u.Allocation("g1")
		return slices.Equal(allocation.Codes, []string{"IDU"})
	}
	if err := c.u.Wait(t.Context(), taken); err != nil {
		t.Fatal(err)
	}
	if pending := c.u.Pending("PUT group"); pending != 1 || len(c.u.Calls("PUT group")) != 0 {
		t.Errorf("%d calls pending, want 1", pending)
	}
	cancel()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if err := c.u.Wait(t.Context(), func() bool { return len(c.u.Writes()) == 1 }); err != nil {
		t.Fatal(err)
	}
}

func TestFaultOfToken(t *testing.T) {
	c := startSeeded(t, Config{})
	c.u.Inject("token", fault.Fault{Times: 1, Status: 503, Error: "temporarily_unavailable"})
	c.postTokenForm(c.clientForm("")).wantAnswer(t, 503, `{"error":"temporarily_unavailable"}`)
	c.postTokenForm(c.clientForm("")).wantAnswer(t, 200, "access_token")
	if c.u.Injected() != 1 {
		t.Errorf("injected %d", c.u.Injected())
	}
}
