package message

import (
	"encoding/json"
	"fmt"
	"html"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"licensebot/approvals"
	"licensebot/bot/bottest"
	"licensebot/bot/command"
)

// TestListsFitAnAcknowledgment shows the longest requests that there can be.
// Slack drops an acknowledgment of 20 KB or more without a word.
func TestListsFitAnAcknowledgment(t *testing.T) {
	for _, state := range approvals.States() {
		p := Page{Total: 1e6, Number: 7, Approvable: map[string]bool{}}
		for i := range PageSize {
			r := largestSet(state)
			r.ID = fmt.Sprintf("R-%08d", i)
			r.Ask.Codes = r.Proposal.Change.Add
			p.Approvable[r.ID] = true
			p.Requests = append(p.Requests, r)
		}
		hostile := hostileRequest(state)
		hostile.Ask.Action = approvals.Set
		hostile.Outcome = hostileOutcome(approvals.ReasonNotOwned)
		p.Requests[3] = hostile
		largest := largestSet(state)
		largest.Ask.Reason = strings.Repeat("<", command.MaxReason)
		for _, said := range []string{
			ListOwn("/allocate", p), ListPending("/allocate", p),
			phrases().DescribeRequest("/allocate", largest, "https://acme.slack.com/archives/C1/p1"), phrases().ExplainRequest(largest, "https://acme.slack.com/archives/C1/p1"),
			phrases().DescribeRequest("/allocate", hostile, ""), phrases().ExplainRequest(hostile, ""),
		} {
			if n := utf8.RuneCountInString(said); n > maxPrivate {
				t.Errorf("%s: %d characters: %.200s", state, n, said)
			}
			bottest.ExpectHarmless(t, strings.ReplaceAll(said, "<https://acme.slack.com/archives/C1/p1|Its card>", ""))
			frame, _ := json.Marshal(map[string]string{"response_type": "ephemeral", "text": said})
			if len(frame) > 18<<10 {
				t.Errorf("%s: %d bytes: %.200s", state, len(frame), said)
			}
		}
	}
}

// TestLookupsAreShort shows the group and the organization with the most codes, and
// the longest requests about the group.
func TestLookupsAreShort(t *testing.T) {
	var owned []approvals.Seats
	var codes []string
	for i := range 200 {
		code := fmt.Sprintf("%s&%03d", strings.Repeat("X", 60), i)
		codes, owned = append(codes, code), append(owned, approvals.Seats{Code: code, Total: 1000000, Allocated: 999999})
	}
	var open []approvals.Request
	for range PageSize + 1 {
		open = append(open, largestSet(approvals.Pending))
	}
	group := approvals.Group{ID: strings.Repeat("&", 150), Name: strings.Repeat("<", 500)}
	for name, show := range map[string]func(page int) string{
		"show": func(page int) string {
			return phrases().ShowAllocation("/allocate", group, approvals.Allocation{Codes: codes, Owned: owned, UseExternalLicense: true}, open, page)
		},
		"codes": func(page int) string { return phrases().ListOwnedCodes("/allocate", owned, nil, page) },
	} {
		t.Run(name, func(t *testing.T) { checkPages(t, show, codes) })
	}
}

// checkPages reads all pages, each by the command that the one before names, and expects
// every code on one of them.
func checkPages(t *testing.T, show func(page int) string, codes []string) {
	t.Helper()
	all := ""
	for page := 1; page != 0; {
		said := show(page)
		bottest.ExpectHarmless(t, said)
		if n := utf8.RuneCountInString(said); n > maxPrivate {
			t.Errorf("page %d has %d characters: %.300s", page, n, said)
		}
		all += said
		_, more, isMore := strings.Cut(said, "\nMore: `")
		page = 0
		if isMore {
			more, _, _ = strings.Cut(more, "`")
			next, err := command.Parse("/allocate", html.UnescapeString(strings.TrimPrefix(more, "/allocate ")), testTime)
			if err != nil {
				t.Fatalf("the next page is %q: %v", more, err)
			}
			page = next.Page
		}
	}
	for _, code := range codes {
		if !strings.Contains(all, escapeLine(code)+"`") {
			t.Errorf("%s is on no page", code)
		}
	}
	if past := show(4000); !strings.Contains(past, "There is no page 4000; the last is ") {
		t.Errorf("past the end: %.300s", past)
	}
}

// TestNoTextIsParsedBySlack: each text with markup is verbatim, so that what others
// wrote makes no mention and no link.
func TestNoTextIsParsedBySlack(t *testing.T) {
	texts := 0
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, inner := range v {
				walk(inner)
			}
		case map[string]any:
			if v["type"] == "mrkdwn" {
				texts++
				if v["verbatim"] != true {
					t.Errorf("not verbatim: %v", v)
				}
			}
			for _, inner := range v {
				walk(inner)
			}
		}
	}
	for _, state := range approvals.States() {
		r := usualRequest(state)
		home := phrases().RenderHome(HomeContent{Own: []approvals.Request{r}, Waiting: []approvals.Request{r}, Problems: []string{"x"}})
		raw, err := json.Marshal([]any{phrases().RenderCard(r).Blocks, home, PlainBlocks("x")})
		var drawn any
		if err != nil || json.Unmarshal(raw, &drawn) != nil {
			t.Fatal(err)
		}
		walk(drawn)
	}
	if texts < 50 {
		t.Errorf("only %d texts were looked at", texts)
	}
}

func TestListPages(t *testing.T) {
	r := usualRequest(approvals.Pending)
	r.Ask.Codes = []string{"IDU"}
	r.Votes = []approvals.Vote{{User: "U0ALEX", Stages: []int{0}}}
	for _, c := range []struct {
		all, number int
		want, never string
	}{
		{0, 1, "No request waits", "page"},
		{1, 1, "(1)\n• `R-7K3F9QXA` by <@U0123456789>: add `IDU` to the group `Finance Robots`", "More"},
		{10, 1, "(10)", "More"},
		{11, 1, "(page 1 of 2, 11 in all)", "page 3"},
		{11, 1, "More: `/licenses pending 2`", "no page"},
		{11, 2, "(page 2 of 2, 11 in all)", "More"},
		{11, 3, "There is no page 3; the last is 2.\nTry: `/licenses pending 2`", "More"},
	} {
		said := ListPending("/licenses", Page{Requests: []approvals.Request{r}, Total: c.all, Number: c.number})
		if !strings.Contains(said, c.want) || strings.Contains(said, c.never) {
			t.Errorf("page %d of %d: %s", c.number, c.all, said)
		}
	}
	said := ListPending("/licenses", Page{Requests: []approvals.Request{r}, Total: 1, Number: 1, Approvable: map[string]bool{r.ID: true}})
	if !strings.Contains(said, "waiting with 1 of 2 approvals, until "+formatTime(r.Deadline)+" · *you may approve it*") {
		t.Error(said)
	}
}

// TestExplanations reads why requests are where they are, as one sentence each.
func TestExplanations(t *testing.T) {
	stages := []approvals.Stage{
		{Name: "owner", Approvers: []string{"U0ALEX", "U0KIM"}, Quorum: 1},
		{Approvers: []string{"S0SECURITY"}, Quorum: 2},
	}
	staged := approvals.Terms{Rule: "costly", Stages: stages, TTL: time.Hour}
	one := approvals.Terms{Stages: []approvals.Stage{{Approvers: []string{"U0ALEX", "U0KIM"}, Quorum: 2}}, TTL: time.Hour}
	own := one
	own.SelfApproval = true
	outcome := func(reason approvals.Reason) *approvals.Outcome {
		return &approvals.Outcome{Reason: reason, By: "U0KIM", Comment: "wrong group", Answer: "missing_scope"}
	}
	kim := []approvals.Vote{{User: "U0KIM", Stages: []int{0, 1}}}
	for name, c := range map[string]struct {
		state   approvals.State
		terms   approvals.Terms
		votes   []approvals.Vote
		outcome *approvals.Outcome
		stalled string
		want    []string
	}{
		"filed":   {state: approvals.Filed, want: []string{"I am checking it with UiPath", "After that the bot looks up which rule decides about it."}},
		"refused": {state: approvals.Refused, outcome: outcome(approvals.ReasonUncheckable), want: []string{"was not put before an approver"}},
		"nobody yet": {state: approvals.Pending, terms: one, want: []string{
			"The same approvers decide about every request", "• 2 of <@U0ALEX> and <@U0KIM> have to approve; no approval yet.",
			"<@U0ROBIN> cannot approve their own request. One :x: by any of them denies it", "• Without enough approvals by " + formatTime(testTime) + " it expires",
			"exactly the change that the card shows",
		}},
		"one of two": {state: approvals.Pending, terms: own, votes: []approvals.Vote{{User: "U0KIM", Stages: []int{0}}}, want: []string{
			"• 2 of <@U0ALEX> and <@U0KIM> have to approve; <@U0KIM> did, 1 more is missing.", "The policy lets the requester be one of them.",
		}},
		"in stages": {state: approvals.Pending, terms: staged, votes: kim, want: []string{
			"The policy rule `costly` decides about it.", "• *Owner*: 1 of <@U0ALEX> and <@U0KIM> has to approve; <@U0KIM> did: that is enough.",
			"• *Stage 2*: 2 of <!subteam^S0SECURITY> have to approve; no approval yet.", "Each person counts for one of these only.",
		}},
		"no card yet": {state: approvals.Pending, terms: one, stalled: "Slack is down", want: []string{"its card could not be posted in <#C0APPROVALS> yet: Slack is down"}},
		"approved":    {state: approvals.Approved, terms: one, votes: kim, want: []string{"UiPath is being asked to make the change", "has not confirmed it by " + formatTime(testTime.Add(time.Hour))}},
		"held up":     {state: approvals.Approved, terms: one, votes: kim, stalled: "UiPath is down", want: []string{"*not done yet*: UiPath is down"}},
		"granted":     {state: approvals.Pending, terms: approvals.Terms{Rule: "free", AutoApprove: true}, want: []string{"grants it without an approver", "Once its card is posted"}},
		"called off": {state: approvals.Cancelled, terms: one, outcome: outcome(approvals.ReasonCancelledByApprover), want: []string{
			formatTime(testTime) + ": Request `R-7K3F9QXA` was cancelled by <@U0KIM>, who may approve it, because `wrong group`. Nothing was changed at UiPath.",
		}},
		"expired": {state: approvals.Expired, terms: one, outcome: outcome(approvals.ReasonDeadline), want: []string{"expired with 0 of 2 approvals needed", "have to approve; no approval yet."}},
	} {
		r := approvals.Request{
			ID: command.ExampleID, State: c.state, Requester: "U0ROBIN", Channel: "C0APPROVALS", Ask: approvals.Ask{Group: "group-01", Codes: []string{"IDU"}, Reason: "audit"},
			Terms: c.terms, Votes: c.votes, Outcome: c.outcome, DelayReason: c.stalled, FiledAt: testTime, Deadline: testTime, DecidedAt: testTime, ClosedAt: testTime,
		}
		if c.state != approvals.Filed && c.state != approvals.Refused {
			r.Proposal = &approvals.Proposal{Group: approvals.Group{ID: "group-01"}, Change: approvals.Change{Add: []string{"IDU"}}}
		}
		said := phrases().ExplainRequest(r, "")
		bottest.ExpectHarmless(t, said)
		for _, want := range c.want {
			if !strings.Contains(said, want) {
				t.Errorf("%s: it is not said that %q:\n%s", name, want, said)
			}
		}
	}
}

func TestOverview(t *testing.T) {
	if said := SummarizeOpen("/licenses", nil); !strings.Contains(said, "No request is open") {
		t.Error(said)
	}
	said := SummarizeOpen("/licenses", map[approvals.State]int{approvals.Pending: 3, approvals.Approved: 1})
	if !slices.Contains(strings.Split(said, "\n"), "• 3 waiting for approval") || !strings.Contains(said, "• 1 approved and not done yet") || strings.Contains(said, "checked") {
		t.Error(said)
	}
}

// TestRulesAreShown reads what show and codes answer.
func TestRulesAreShown(t *testing.T) {
	g := approvals.Group{ID: "id-1", Name: "Finance"}
	now := approvals.Allocation{
		Codes: []string{"ATTUNU", "IDU", "PMD"}, UseExternalLicense: true, Quotas: []approvals.Quota{{Code: "ATTUNU", Limit: 10, Used: 3}},
		Owned: []approvals.Seats{{Code: "ATTUNU", Allocated: 12, Total: 50}, {Code: "IDU", Allocated: 2, Total: 1}},
	}
	open := usualRequest(approvals.Pending)
	open.Ask.Codes = []string{"PMD"}
	said := phrases().ShowAllocation("/licenses", g, now, []approvals.Request{open}, 1)
	for _, want := range []string{
		"*Licenses allocated to the group `Finance` (id `id-1`)*", "• `ATTUNU` Attended – Named User · at most 10 seats for this group, 3 in use · 12 of 50 seats allocated",
		"• `IDU` Insights Designer Users · 2 of 1 seat allocated", "• `PMD` Process Mining Developer · the organization no longer owns it",
		"managed elsewhere", "Open request `R-7K3F9QXA` by <@U0123456789>: add `PMD` to the group",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("it is not said that %q:\n%s", want, said)
		}
	}
	empty := phrases().ShowAllocation("/licenses", g, approvals.Allocation{}, nil, 1)
	if !strings.Contains(empty, "None: the group gives") || !strings.Contains(empty, "No request about it is open") {
		t.Error(empty)
	}
	owned := phrases().ListOwnedCodes("/licenses", now.Owned, nil, 1)
	if !strings.Contains(owned, "• `IDU` Insights Designer Users · 2 of 1 seat allocated, 0 free") || !strings.Contains(owned, "`/licenses group-01 ATTUNU`") {
		t.Error(owned)
	}
	huge := approvals.Allocation{Codes: repeat(300, strings.Repeat("<", 40)+"%d")}
	open.Ask.Codes = repeat(5, "CODE%d")
	last := ""
	for page := 1; !strings.Contains(last, "There is no page"); page++ {
		last = phrases().ShowAllocation("/licenses", g, huge, slices.Repeat([]approvals.Request{open}, PageSize+1), page)
		said += last
	}
	if !strings.Contains(said, "more; see `/licenses pending`") {
		t.Errorf("it is not said where the other requests are:\n%.3000s", said)
	}
}
