package licensing

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"licensebot/approvals"
	"licensebot/internal/groupname"
)

// meaning names what approvals makes of an error, with the words that people
// will read.
func meaning(err error) string {
	var refusal *approvals.RefusedError
	var delay *approvals.DelayError
	var unknown *approvals.UnknownEffectError
	switch fault, ok := approvals.NeedsOperator(err); {
	case err == nil:
		return "well"
	case ok && fault.EffectUnknown:
		return fmt.Sprintf("%s, unknown effect: %s", fault.Variable, fault)
	case ok:
		return fmt.Sprintf("%s: %s", fault.Variable, fault)
	case errors.As(err, &unknown):
		return fmt.Sprintf("unknown, later after %s: %s", unknown.After, unknown.Reason)
	case errors.As(err, &refusal):
		return "refused: " + refusal.Answer
	case errors.As(err, &delay):
		return fmt.Sprintf("later after %s: %s", delay.After, delay.Reason)
	}
	return "of no class: " + err.Error()
}

// What answers mean for a read and for a write: only a write leaves an outcome
// unknown, and only what certainly had no effect is a delay. For the rest of the
// table see TestWhatEachAnswerOfUiPathMeans.
func TestWhatAnswersMean(t *testing.T) {
	const sick = "UiPath is not working properly; it answered "
	for name, c := range map[string]struct {
		answer      http.HandlerFunc
		read, write string
	}{
		"400":         {says(400, `{"message":"bad"}`), "refused: 400: bad", "refused: 400: bad"},
		"409":         {says(409, `{"message":"exceeds"}`), "refused: 409: exceeds", "refused: 409: exceeds"},
		"429":         {header(429, ``, "Retry-After", "7"), "later after 7s: UiPath asked the bot to slow down", "unknown, later after 7s: UiPath asked the bot to slow down"},
		"503 in time": {header(503, ``, "Retry-After", "9"), "later after 9s: " + sick + "503", "unknown, later after 9s: " + sick + "503"},
		"503":         {says(503, ``), "later after 0s: " + sick + "503", "unknown, later after 0s: " + sick + "503"},
		"500":         {says(500, `{"message":"oops"}`), "later after 0s: " + sick + "500: oops", "unknown, later after 0s: " + sick + "500: oops"},
		"cut":         {cut, "later after 0s: UiPath cannot be reached", "unknown, later after 0s: UiPath gave no complete answer"},
		"truncated":   {says(200, `{"userBundleCodes":["I`), "later after 0s: " + sick + "200", "unknown, later after 0s: " + sick + "200"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t)
			s.on("GET "+ruleRoute, c.answer)
			s.on("PUT "+ruleRoute, c.answer)
			a := NewAllocations(s.client(t))
			_, err := a.ReadAllocation(context.Background(), groupID)
			if got := meaning(err); got != c.read {
				t.Errorf("a read: %s, want %s", got, c.read)
			}
			_, err = a.WriteAllocation(context.Background(), groupID, approvals.Allocation{Codes: []string{"IDU"}})
			if got := meaning(err); got != c.write {
				t.Errorf("a write: %s, want %s", got, c.write)
			}
		})
	}
}

// The allocation comes over whole: quotas and the external flag are carried both
// ways.
func TestAllocationsInTermsOfApprovals(t *testing.T) {
	s := newStand(t)
	s.on("GET "+ruleRoute, says(200, plainAnswer))
	s.on("GET "+ruleRoute+"/with-quota", says(200, `{"groupRule":{"groupId":"group-01","userBundleCodes":["RPADEVPRONU"]},
		"quotas":[{"userBundleCode":"RPADEVPRONU","limit":10,"currentUsage":3}]}`))
	a := NewAllocations(s.client(t))
	allocation, err := a.ReadAllocation(context.Background(), groupID)
	want := approvals.Allocation{
		Codes: []string{"RPADEVPRONU"}, UseExternalLicense: true, Quotas: []approvals.Quota{{Code: "RPADEVPRONU", Limit: 10, Used: 3}},
		Owned: []approvals.Seats{{Code: "IDU", Allocated: 9, Total: 5}, {Code: "RPADEVPRONU", Allocated: 42, Total: 100}},
	}
	if err != nil || !reflect.DeepEqual(allocation, want) {
		t.Errorf("got %+v, %v\nwant %+v", allocation, err, want)
	}
	allocation.Codes = []string{"IDU", "RPADEVPRONU"}
	for tail, told := range map[string]bool{`}`: false, `,"quotas":null}`: false, `,"quotas":[]}`: true} {
		s.on("PUT "+ruleRoute+"/with-quota", says(200, `{"groupRule":{"groupId":"group-01","userBundleCodes":["IDU","RPADEVPRONU"]}`+tail))
		answer, err := a.WriteAllocation(context.Background(), groupID, allocation)
		if err != nil || !answer.UseExternalLicense || len(answer.Quotas) > 0 || (answer.Quotas != nil) != told {
			t.Errorf("%s: got %+v, %v", tail, answer, err)
		}
	}
	asked := s.requests()
	sameJSON(t, asked[len(asked)-1].Body,
		`{"userBundleCodes":["IDU","RPADEVPRONU"],"useExternalLicense":true,"quotas":[{"userBundleCode":"RPADEVPRONU","limit":10}]}`)
}

// To own nothing is not the same as not to say what is owned.
func TestOwnedNothing(t *testing.T) {
	for body, told := range map[string]bool{
		`{"allocatedUserBundles":[],"availableUserBundles":[]}`: true,
		`{"allocatedUserBundles":[]}`:                           false,
	} {
		s := newStand(t)
		s.on("GET "+ruleRoute, says(200, body))
		allocation, err := NewAllocations(s.client(t)).ReadAllocation(context.Background(), groupID)
		if err != nil || (allocation.Owned != nil) != told || len(allocation.Owned) != 0 {
			t.Errorf("%s: got %#v, %v", body, allocation.Owned, err)
		}
	}
}

// What the organization owns is told by its own list, and by any group's allocation
// where there is no such list; after a failure for now no other endpoint is asked.
func TestOwnedInTermsOfApprovals(t *testing.T) {
	const owned = "/base/acme/lease_/api/account/" + accountID + "/user-license"
	for name, c := range map[string]struct {
		owned http.HandlerFunc
		codes string
		said  string
	}{
		"listed":        {says(200, `[{"code":"IDU","allocated":1,"total":5}]`), "[{IDU 1 5}]", "well"},
		"no such list":  {says(404, ``), "[{IDU 9 5} {RPADEVPRONU 42 100}]", "well"},
		"not permitted": {says(403, ``), "[{IDU 9 5} {RPADEVPRONU 42 100}]", "well"},
		"down":          {says(503, ``), "[]", "later after 0s: UiPath is not working properly; it answered 503"},
	} {
		s := groupStand(t)
		s.on("GET "+owned, c.owned)
		a := NewAllocations(s.client(t))
		groups, err := a.client.ListGroups(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		s.on("GET /base/acme/lease_/api/account/"+accountID+"/user-license/group/"+groups[0].ID, says(200, plainAnswer))
		seats, err := a.Owned(t.Context())
		if got := fmt.Sprint(seats); got != c.codes || meaning(err) != c.said {
			t.Errorf("%s: %s, %s", name, got, meaning(err))
		}
	}
}

// Groups without a name, such as deleted ones, are asked about last,
// and not without end.
func TestOwnedByTheRuleOfAnyGroup(t *testing.T) {
	const groupRoute = "/base/acme/lease_/api/account/" + accountID + "/user-license/group/"
	s := newStand(t)
	s.on("GET "+idRoute, says(200, `[{"id":"deleted-1"},{"id":"deleted-2"},{"id":"deleted-3"},{"id":"deleted-4"},{"id":"deleted-5"},
		{"id":"g-1","name":"A"},{"id":"g-2","name":"B"}]`))
	s.on("GET "+groupRoute+"g-2", says(200, plainAnswer))
	a := NewAllocations(s.client(t))
	if seats, err := a.Owned(t.Context()); err != nil || len(seats) != 2 || s.count("GET "+groupRoute+"deleted-1") != 0 {
		t.Errorf("%v, %v", seats, err)
	}
	s.on("GET "+groupRoute+"g-2", nil)
	if _, err := a.Owned(t.Context()); !strings.HasPrefix(meaning(err), "refused: 404") || s.count("GET "+groupRoute+"deleted-4") != 0 {
		t.Errorf("%s; asked %+v", meaning(err), s.requests())
	}
	if err := a.Reachable(t.Context()); err != nil {
		t.Errorf("who refuses does not answer: %v", err)
	}
	s.on("GET "+groupRoute+"g-1", says(503, ``))
	a = NewAllocations(s.client(t))
	if got := meaning(a.Reachable(t.Context())); !strings.HasPrefix(got, "later") {
		t.Errorf("UiPath, which is down, is %s", got)
	}
}

func TestGroupsInTermsOfApprovals(t *testing.T) {
	s := groupStand(t)
	a := NewAllocations(s.client(t))
	if g, err := a.FindGroup(context.Background(), "everyone"); err != nil || g != groupname.Group(guidA, "Everyone") {
		t.Errorf("got %+v, %v", g, err)
	}
	for _, id := range []string{guidA, "ab684f6f-5af3-4e43-8516-1adad6e98fcd"} { // listed, and not
		if g, err := a.FindGroup(context.Background(), strings.ToUpper(id)); err != nil || g.ID != id {
			t.Errorf("%s in upper case is %+v (%v)", id, g, err)
		}
	}
	_, err := a.FindGroup(context.Background(), "Testers")
	var none *approvals.GroupError
	if !errors.As(err, &none) || none.Ambiguous || fmt.Sprint(none.Candidates) != "[AD Testers]" || none.Reference != "Testers" {
		t.Errorf("got %#v", err)
	}
	twins := newStand(t)
	twins.on("GET "+idRoute, says(200, `[{"id":"id-1","name":"Twins"},{"id":"id-2","name":"twins"}]`))
	_, err = NewAllocations(twins.client(t)).FindGroup(context.Background(), "Twins")
	if !errors.As(err, &none) || !none.Ambiguous || fmt.Sprint(none.Candidates) != "[id-1 id-2]" {
		t.Errorf("got %#v", err)
	}
	down := newStand(t)
	down.on("GET "+idRoute, header(429, ``, "Retry-After", "30"))
	_, err = NewAllocations(down.client(t)).FindGroup(context.Background(), "Twins")
	var delay *approvals.DelayError
	if !errors.As(err, &delay) || delay.After != 30*time.Second {
		t.Errorf("got %#v", err)
	}
}

// A rule governs a group however UiPath spells its name, and people read that
// spelling.
func TestAllocationsGovernTheGroupThatWasFound(t *testing.T) {
	s := newStand(t)
	s.on("GET "+idRoute, says(200, `[{"id":"`+guidA+`","name":"Prod\u2011“Bu\u0308ro”"}]`))
	group, err := NewAllocations(s.client(t)).FindGroup(t.Context(), "prod-büro")
	if err != nil || group.Name != "Prod\u2011“Bu\u0308ro”" {
		t.Fatalf("got %+v, %v", group, err)
	}
	policy := approvals.Policy{Rules: []approvals.PolicyRule{{
		Deny: true, Match: approvals.Match{Groups: []approvals.GroupPattern{groupname.Pattern("PROD-BÜRO")}},
	}}}
	_, violation := policy.Decide(approvals.PolicyInput{Group: group, Change: approvals.Change{Add: []string{"IDU"}}})
	if violation == nil || violation.Kind != approvals.ViolationDenied {
		t.Errorf("got %v", violation)
	}
}

func TestNoSecretInWhatPeopleRead(t *testing.T) {
	const clientSecret = "s3cr3t/+ %"
	for _, status := range []int{200, 302, 400, 401, 403, 404, 429, 500, 503} {
		for _, form := range []string{`{"message":%[2]s}`, `%[3]s`, `<html><title>%[1]s</title>`, ``, `[{"id":%[2]s}`} {
			s, at := newStand(t), newClock()
			for _, route := range []string{"GET " + ruleRoute, "PUT " + ruleRoute, "GET " + idRoute, "GET " + listRoute, tokenRoute} {
				s.on(route, echo(status, form))
			}
			for _, tokens := range []*TokenSource{StaticToken(secret), credentials(t, s.tokenConfig(at))} {
				client := s.client(t, func(c *Config) { c.Tokens = tokens })
				a := NewAllocations(client)
				_, groupErr := a.FindGroup(context.Background(), "Everyone")
				_, readErr := a.ReadAllocation(context.Background(), groupID)
				_, writeErr := a.WriteAllocation(context.Background(), groupID, approvals.Allocation{})
				_, ownedErr := client.ListSeats(context.Background())
				var read strings.Builder
				for _, err := range []error{groupErr, readErr, writeErr, ownedErr} {
					read.WriteString(meaning(err) + texts(err))
				}
				leaks(t, read.String(), secret, clientSecret)
			}
		}
	}
}
