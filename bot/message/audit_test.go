package message

import (
	"slices"
	"strings"
	"testing"

	"licensebot/approvals"
)

// TestACardShowsItsState compares each card with each state.
func TestACardShowsItsState(t *testing.T) {
	t.Parallel()
	for _, drawn := range approvals.States() {
		if drawn == approvals.Filed || drawn == approvals.Refused {
			continue // they have no card
		}
		r := goldenRequest(drawn, withAsk(approvals.Ask{Group: "group-01", Codes: []string{"IDU"}, Reason: "*Done*"}))
		card := phrases().RenderCard(r).Text
		for _, state := range approvals.States() {
			want := state == drawn || state.Open() && drawn.Open()
			if got := ShowsState(card, approvals.Request{State: state}); got != want {
				t.Errorf("a card drawn as %s shows %s: %t, want %t", drawn, state, got, want)
			}
		}
	}
}

// TestDifferencesAreNamed changes one value of each message's metadata after another.
func TestDifferencesAreNamed(t *testing.T) {
	t.Parallel()
	ended := goldenRequest(approvals.Done, timed, withRevocation(approvals.Revocation{
		Removed: []string{"IDU"}, Allocation: []string{"ATTUNU"},
	}))
	for kind, r := range map[approvals.JobKind]approvals.Request{
		approvals.JobPostCard: goldenRequest(approvals.Pending), approvals.JobPostOutcome: goldenRequest(approvals.Done),
		approvals.JobPostRevocation: ended, approvals.JobPostEffect: goldenRequest(approvals.Failed),
		approvals.JobRemind: goldenRequest(approvals.Pending),
	} {
		job := approvals.Job{Kind: kind}
		if got := FindDifferences(RenderMetadata(r, job), r, job); len(got) > 0 {
			t.Errorf("%s: %v differ in what was posted", kind, got)
		}
		for _, name := range slices.Concat(lastingFields, lastingOfKind[kind]) {
			m := RenderMetadata(r, job)
			m.EventPayload[name] = "another"
			if got := FindDifferences(m, r, job); !slices.Equal(got, []string{name}) {
				t.Errorf("%s: %s was changed, and %v differ", kind, name, got)
			}
		}
	}
}

// An outcome tells the allocation that was read before a later look found the effect, or none if it
// was posted after that. Both are what the bot said.
func TestOutcomePostedBeforeItsEffectWasFound(t *testing.T) {
	t.Parallel()
	before := goldenRequest(approvals.Failed, withOutcome(approvals.Outcome{
		Reason: approvals.ReasonUiPathRefused, Allocation: []string{"PMD"},
	}))
	after, job := before, approvals.Job{Kind: approvals.JobPostOutcome}
	after.EffectFound = true
	for _, posted := range []approvals.Request{before, after} {
		if got := FindDifferences(RenderMetadata(posted, job), after, job); len(got) > 0 {
			t.Errorf("posted with the effect found: %t, and %v differ", posted.EffectFound, got)
		}
	}
	m := RenderMetadata(before, job)
	m.EventPayload["allocation"] = "IDU"
	if got := FindDifferences(m, after, job); !slices.Equal(got, []string{"allocation"}) {
		t.Errorf("another allocation is told, and %v differ", got)
	}
}

// TestEachCardNamesItsRequesterAndCodes looks at cards of each state, with many codes and limits.
func TestEachCardNamesItsRequesterAndCodes(t *testing.T) {
	t.Parallel()
	var many []string
	for i := range 60 {
		many = append(many, "CODE"+strings.Repeat("X", i%9)+string(rune('A'+i%26)))
	}
	for _, state := range approvals.States() {
		if state == approvals.Filed || state == approvals.Refused {
			continue
		}
		for _, change := range []approvals.Change{
			{Add: []string{"IDU"}}, {Extend: []string{"IDU"}}, {Remove: many}, {Add: many, Remove: []string{"IDU"}},
			{Quotas: []approvals.QuotaChange{{Code: "IDU", To: 3}}},
		} {
			r := goldenRequest(state)
			r.Proposal.Change = change
			text := phrases().RenderCard(r).Text
			if lacking := FindLacking(text, r); len(lacking) > 0 {
				t.Errorf("%s, %+v: the card does not name %v:\n%s", state, change, lacking, text)
			}
		}
	}
	r := goldenRequest(approvals.Pending)
	r.Proposal.Change = approvals.Change{Add: []string{"IDU"}, Quotas: []approvals.QuotaChange{{Code: "ATTUNU", To: 3}}}
	if lacking := FindLacking("edited", r); !slices.Equal(lacking, []string{"the requester", "IDU", "the limit of ATTUNU"}) {
		t.Errorf("an edited text lacks %q", lacking)
	}
}

// TestCutValuesAreNoDifference has more codes than metadata has room for.
func TestCutValuesAreNoDifference(t *testing.T) {
	t.Parallel()
	r := goldenRequest(approvals.Done)
	for i := range 80 {
		r.Proposal.Change.Add = append(r.Proposal.Change.Add, strings.Repeat("X", 20)+string(rune('A'+i%26)))
	}
	job := approvals.Job{Kind: approvals.JobPostOutcome}
	m := RenderMetadata(r, job)
	if !strings.Contains(m.EventPayload["added"].(string), cutMark) {
		t.Fatal("nothing was cut")
	}
	if got := FindDifferences(m, r, job); len(got) > 0 {
		t.Errorf("%v differ", got)
	}
	r.Proposal.Change.Add[0] = "OTHER"
	if got := FindDifferences(m, r, job); !slices.Equal(got, []string{"added", "codes"}) {
		t.Errorf("a code was changed, and %v differ", got)
	}
}

// TestOnlyTheChannelTold has a request of which the database learned from the channel.
func TestOnlyTheChannelTold(t *testing.T) {
	t.Parallel()
	r := goldenRequest(approvals.Done, withReason(approvals.ReasonFromChannel))
	job := approvals.Job{Kind: approvals.JobPostOutcome}
	m := RenderMetadata(r, job)
	m.EventPayload["allocation"], m.EventPayload["approvers"] = "3, sha256:1", "9, sha256:1"
	if got := FindDifferences(m, r, job); len(got) > 0 {
		t.Errorf("%v differ", got)
	}
}
