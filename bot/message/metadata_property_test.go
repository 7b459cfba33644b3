package message

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"licensebot/approvals"
	"licensebot/internal/audit"
)

// anyRequest draws a request about a group, with all that metadata tells of it.
func anyRequest(t *rapid.T) approvals.Request {
	codes := rapid.SliceOfNDistinct(rapid.StringMatching(`[A-Z]{2,20}[0-9]{0,3}`), 0, 70, rapid.ID[string])
	text := rapid.StringOfN(rapid.OneOf(rapid.Rune(), rapid.SampledFrom([]rune("<>&\u2028é😀"))), 0, 300, -1)
	state := rapid.SampledFrom([]approvals.State{approvals.Pending, approvals.Approved, approvals.Denied, approvals.Done, approvals.Failed, approvals.Superseded}).Draw(t, "state")
	r := goldenRequest(state)
	r.Proposal.Group.ID = rapid.OneOf(rapid.StringMatching(`[0-9a-f]{8}-[0-9a-f]{4}`), text).Draw(t, "group")
	r.Ask.Action = rapid.SampledFrom([]approvals.Action{"", approvals.Add, approvals.Remove, approvals.Set}).Draw(t, "action")
	r.Ask.Reason, r.Terms.Rule = text.Draw(t, "reason"), text.Draw(t, "rule")
	r.Proposal.Change = approvals.Change{
		Add: codes.Draw(t, "add"), Remove: codes.Draw(t, "remove"), Extend: codes.Draw(t, "extend"),
	}
	for _, code := range codes.Draw(t, "quotas") {
		r.Proposal.Change.Quotas = append(r.Proposal.Change.Quotas, approvals.QuotaChange{Code: code, To: rapid.IntRange(1, 1e6).Draw(t, "limit")})
	}
	for _, user := range rapid.SliceOfN(rapid.StringMatching(`U[0-9A-Z]{10}`), 0, 30).Draw(t, "voters") {
		r.Votes = append(r.Votes, approvals.Vote{User: user})
	}
	switch rapid.IntRange(0, 2).Draw(t, "term") {
	case 1:
		r.Ask.For = time.Duration(rapid.IntRange(1, 1e6).Draw(t, "minutes")) * time.Minute
	case 2:
		r.Ask.Until = testTime.Add(time.Duration(rapid.IntRange(1, 1e6).Draw(t, "minutes")) * time.Minute)
	}
	if r.Outcome != nil {
		r.Outcome.Allocation = codes.Draw(t, "allocation")
	}
	r.Grant = &approvals.Grant{Until: testTime, Revocation: &approvals.Revocation{Removed: codes.Draw(t, "removed"), Allocation: codes.Draw(t, "left")}}
	if state != approvals.Done {
		r.Grant.Revocation.Removed = nil
	}
	return r
}

// speaking are the jobs that post messages with metadata.
func speaking() []approvals.JobKind {
	var kinds []approvals.JobKind
	for _, spec := range approvals.JobKinds() {
		if spec.Pace != approvals.PaceNone && spec.Pace != approvals.PaceEmoji {
			kinds = append(kinds, spec.Kind)
		}
	}
	return kinds
}

// The metadata of every message is flat, of strings, and below 1 kB.
func TestMetadataIsFlatAndBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		job := approvals.Job{
			Kind: rapid.SampledFrom(speaking()).Draw(t, "job"), Number: rapid.IntRange(0, 1000).Draw(t, "number"),
		}
		if job.Kind.Spec().Anchored {
			job.Payload.JournalHead = audit.FormatHead(rapid.Int64Range(0, 1e12).Draw(t, "seal"), strings.Repeat("f", 64))
		}
		m := RenderMetadata(anyRequest(t), job)
		raw, err := json.Marshal(m)
		if err != nil || len(raw) >= 1024 {
			t.Fatalf("%d bytes, %v: %s", len(raw), err, raw)
		}
		for name, value := range m.EventPayload {
			if text, ok := value.(string); !ok || strings.ContainsAny(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ ") {
				t.Fatalf("%s is %T %q", name, value, text)
			}
		}
	})
}

// Two requests with different changes have different metadata, on the card and on the
// outcome.
func TestMetadataTellsChangesApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		one := anyRequest(t)
		other := one
		change := one.Proposal.Change
		proposal := *one.Proposal
		other.Proposal = &proposal
		switch rapid.IntRange(0, 5).Draw(t, "difference") {
		case 0:
			change.Add, change.Remove = change.Remove, change.Add
		case 1:
			change.Add = append(append([]string{}, change.Add...), "ONE9999MORE")
		case 2:
			change.Add, change.Extend = change.Extend, change.Add
		case 3:
			change.Quotas = append(append([]approvals.QuotaChange{}, change.Quotas...), approvals.QuotaChange{Code: "ONE9999MORE", To: 7})
		case 4:
			other.Ask.For += time.Hour
		case 5:
			other.Ask.Reason += " more"
		}
		other.Proposal.Change = change
		for _, kind := range []approvals.JobKind{approvals.JobPostCard, approvals.JobPostOutcome} {
			a, b := RenderMetadata(one, approvals.Job{Kind: kind}), RenderMetadata(other, approvals.Job{Kind: kind})
			isSame := approvals.SameSet(one.Proposal.Change.Add, change.Add) && approvals.SameSet(one.Proposal.Change.Remove, change.Remove) &&
				len(one.Proposal.Change.Quotas) == len(change.Quotas) && one.Ask.For == other.Ask.For && one.Ask.Reason == other.Ask.Reason
			if !isSame && reflect.DeepEqual(a, b) {
				t.Fatalf("both are %v", a)
			}
		}
	})
}

// The golden file shows the metadata of typical messages.
func TestMetadataGolden(t *testing.T) {
	const file = "testdata/metadata.golden"
	both := func(r *approvals.Request) {
		r.Terms.Stages[0].Quorum = 2
		r.Votes = []approvals.Vote{{User: "U0KIM"}, {User: "U0ALEX"}}
	}
	because := func(r *approvals.Request) { r.Ask.Reason, r.Terms.Rule = "FIN-123, month's end", "costly licenses" }
	long := func(r *approvals.Request) { r.Proposal.Change.Add = repeat(65, "LICENSE%03dCODE") }
	outcome, card := approvals.JobPostOutcome, approvals.JobPostCard
	var b strings.Builder
	for _, c := range []struct {
		title string
		r     approvals.Request
		job   approvals.Job
	}{
		{"a card: add", goldenRequest(approvals.Pending, because), approvals.Job{Kind: card}},
		{"a card: remove", goldenRequest(approvals.Pending, emptying), approvals.Job{Kind: card}},
		{"a card: set", goldenRequest(approvals.Pending, exchanging), approvals.Job{Kind: card}},
		{"a card: seat limits", goldenRequest(approvals.Pending, limiting), approvals.Job{Kind: card}},
		{"a card: for a time", goldenRequest(approvals.Pending, timed), approvals.Job{Kind: card}},
		{"a card: 65 codes", goldenRequest(approvals.Pending, long), approvals.Job{Kind: card}},
		{"a reminder", goldenRequest(approvals.Pending), approvals.Job{Kind: approvals.JobRemind, Number: 2}},
		{"done, by two approvers", goldenRequest(approvals.Done, both, timed), approvals.Job{Kind: outcome}},
		{"denied", goldenRequest(approvals.Denied), approvals.Job{Kind: outcome}},
		{"a grant has ended", goldenRequest(approvals.Done, withRevocation(approvals.Revocation{Removed: []string{"IDU"}, Allocation: []string{"ATTUNU"}})), approvals.Job{Kind: approvals.JobPostRevocation, Number: 1}},
		{"a part is in effect after all", goldenRequest(approvals.Failed, timed, func(r *approvals.Request) {
			r.EffectFound, r.EffectInPart, r.Grant = true, true, &approvals.Grant{Codes: []string{"IDU"}, Until: testTime.Add(time.Hour)}
		}), approvals.Job{Kind: approvals.JobPostEffect}},
		{"a double", goldenRequest(approvals.Pending), approvals.Job{Kind: approvals.JobRemoveDoubles}},
	} {
		raw, err := json.MarshalIndent(RenderMetadata(c.r, c.job), "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString("== " + c.title + "\n" + string(raw) + "\n\n")
	}
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || string(want) != b.String() {
		t.Errorf("the metadata changed; look at the difference after: go test ./bot/message -update (%v)\n%s", err, b.String())
	}
}
