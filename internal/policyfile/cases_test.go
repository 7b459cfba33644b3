package policyfile

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"licensebot/approvals"
	"licensebot/internal/groupname"
)

const casesPolicy = `version: 1
rules:
  - name: two stages
    groups: prod
    expires_after: 36h
    stages:
      - {name: business, approvers: [U0BEN, U0ANNA]}
      - {approvers: S0COE, quorum: 2}
  - name: free
    groups: trial
    auto_approve: true
  - name: closed
    groups: closed
    deny: No.
`

const someCases = `version: 1
cases:
  - name: asks
    requester: U0ROBIN
    member_of: S0DEV
    group: prod
    group_id: x
    codes: [idu, RPADEVPRONU]
    seats: 3
    duration: 30d
    reason: a new project
    expect:
      rule: two stages
      verdict: ask
      approvers: [S0COE, U0ANNA, U0BEN]
      quorum: 3
      self_approval: false
      expires_after: 36h
      stages:
        - {name: business, approvers: [U0ANNA, U0BEN]}
        - {approvers: S0COE, quorum: 2}
  - name: is free
    requester: U0ROBIN
    group: trial
    codes: IDU
    expect: {rule: free, verdict: auto}
  - name: is closed
    requester: U0ROBIN
    group: closed
    codes: IDU
    action: remove
    expect: {rule: closed, verdict: deny, refusal: denied}
  - name: is nothing
    requester: U0ROBIN
    group: elsewhere
    codes: IDU
    expect: {refusal: not_allowed}
`

func loadBoth(t *testing.T) (approvals.Policy, []Case) {
	t.Helper()
	policy, err := Load("policy.yaml", []byte(casesPolicy), nil)
	if err != nil {
		t.Fatal(err)
	}
	cases, err := LoadCases("cases.yaml", []byte(someCases))
	if err != nil {
		t.Fatal(err)
	}
	return policy, cases
}

func TestCasesAskWhatTheySay(t *testing.T) {
	_, cases := loadBoth(t)
	full := approvals.PolicyInput{
		Requester: "U0ROBIN", MemberOf: []string{"S0DEV"}, Group: groupname.Group("x", "prod"),
		Change: approvals.Change{
			Add: []string{"IDU", "RPADEVPRONU"}, Quotas: []approvals.QuotaChange{{Code: "IDU", To: 3}, {Code: "RPADEVPRONU", To: 3}},
		},
		Seats: 3, Duration: 30 * 24 * time.Hour, Reason: "a new project",
	}
	if got := cases[0].Input; !reflect.DeepEqual(got, full) {
		t.Errorf("got %+v, want %+v", got, full)
	}
	if free, closed := cases[1].Input, cases[2].Input; !free.Unlimited || len(free.Change.Add) != 1 || closed.Unlimited || len(closed.Change.Remove) != 1 {
		t.Errorf("%+v, %+v", cases[1].Input, cases[2].Input)
	}
	if cases[1].Name != "is free" || cases[1].Line != 22 {
		t.Errorf("%+v", cases[1])
	}
}

// Each action of a case does what it says to the group's codes.
func TestCasesSayWhatIsDone(t *testing.T) {
	idu, gone := []string{"IDU"}, []string{"ACNU"}
	quotas := []approvals.QuotaChange{{Code: "IDU", To: 5}}
	for text, want := range map[string]approvals.PolicyInput{
		"codes: IDU":                               {Change: approvals.Change{Add: idu}, Unlimited: true},
		"codes: IDU, action: add, seats: 5":        {Action: approvals.Add, Change: approvals.Change{Add: idu, Quotas: quotas}, Seats: 5},
		"codes: IDU, action: remove":               {Action: approvals.Remove, Change: approvals.Change{Remove: idu}},
		"codes: IDU, action: quota, seats: 5":      {Action: approvals.ActionQuota, Change: approvals.Change{Quotas: quotas}, Seats: 5},
		"codes: IDU, action: set, removed: [ACNU]": {Action: approvals.Set, Change: approvals.Change{Add: idu, Remove: gone}, Unlimited: true},
		"action: set, removed: ACNU":               {Action: approvals.Set, Change: approvals.Change{Remove: gone}},
		"codes: IDU, held: 10d": {
			Change: approvals.Change{Add: idu}, Unlimited: true,
			Held: []approvals.GrantSpan{{Code: "IDU", From: time.Time{}.Add(-10 * 24 * time.Hour)}},
		},
	} {
		file := "version: 1\ncases: [{name: a, requester: U0ROBIN, group: prod, expect: {verdict: ask}, " + text + "}]"
		cases, err := LoadCases("cases.yaml", []byte(file))
		want.Requester, want.Group = "U0ROBIN", groupname.Group("", "prod")
		if err != nil || !reflect.DeepEqual(cases[0].Input, want) {
			t.Errorf("%s: %v\n got %+v\nwant %+v", text, err, cases, want)
		}
	}
}

func TestCasesThatHold(t *testing.T) {
	policy, cases := loadBoth(t)
	var rules []string
	for _, c := range cases {
		mismatches, rule := c.Check(policy)
		if len(mismatches) > 0 {
			t.Errorf("%s: %v", c.Name, mismatches)
		}
		rules = append(rules, rule)
	}
	if want := []string{"two stages", "free", "closed", ""}; !slices.Equal(rules, want) {
		t.Errorf("rules %q, want %q", rules, want)
	}
}

// Every expectation can fail, alone.
func TestEachExpectationIsCompared(t *testing.T) {
	policy, cases := loadBoth(t)
	for _, c := range cases {
		for i, right := range c.want {
			wrong := c
			wrong.want = slices.Clone(c.want)
			wrong.want[i].value = "otherwise"
			got, _ := wrong.Check(policy)
			if len(got) != 1 || got[0].What != right.what || got[0].Expected != "otherwise" {
				t.Errorf("%s, %s: %v", c.Name, right.what, got)
			}
		}
	}
}

func TestMismatchesSayWhatWasGot(t *testing.T) {
	policy, cases := loadBoth(t)
	asks, free, closed := cases[0], cases[1], cases[2]
	asks.Input, free.Input, closed.Input = closed.Input, asks.Input, free.Input
	want := []string{
		"verdict: expected ask, got deny (denied)",
		"rule: expected two stages, got closed",
		"approvers: expected S0COE U0ANNA U0BEN, got none (denied)",
		"quorum: expected 3, got none (denied)",
		"stages: expected business: 1 of U0ANNA U0BEN, 2: 2 of S0COE, got none (denied)",
		"self_approval: expected false, got none (denied)",
		"expires_after: expected 36h, got none (denied)",
		"verdict: expected auto, got ask",
		"rule: expected free, got two stages",
		"verdict: expected deny, got auto",
		"refusal: expected denied, got none",
		"rule: expected closed, got free",
	}
	var got []string
	for _, c := range []Case{asks, free, closed} {
		mismatches, _ := c.Check(policy)
		for _, m := range mismatches {
			got = append(got, m.String())
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestDurationsAreWrittenAsPeopleDo(t *testing.T) {
	for d, want := range map[time.Duration]string{
		time.Minute: "1m", 90 * time.Minute: "1h30m", 36 * time.Hour: "36h", 48 * time.Hour: "2d", 14 * 24 * time.Hour: "14d", 10 * time.Minute: "10m", 20 * time.Hour: "20h",
		90 * time.Second: "1m30s", 100 * time.Second: "1m40s", 10 * time.Second: "10s",
	} {
		if got := shortDuration(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}
