package store

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"licensebot/approvals"
)

// TestARefusalIsARowAPersonGroupAndDay lets the policy refuse two people for two groups on two
// days, again and again.
func TestARefusalIsARowAPersonGroupAndDay(t *testing.T) {
	t.Parallel()
	for kind, url := range moveURLs {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			url := url(t)
			b := openBench(t, url)
			t.Cleanup(func() { b.mustSucceed(b.Close()) })
			n := 0
			refuse := func(person, group string, reason approvals.Reason) {
				n++
				r := sampleRequest(n)
				r.Requester = person
				r, _, err := b.FileRequest(b.context(), r)
				b.mustSucceed(err)
				rejected := approvals.Rejected{
					Group:   approvals.Group{ID: group, Name: "Name of " + group},
					Outcome: approvals.Outcome{Reason: reason, ConcernedCodes: []string{"IDU"}},
				}
				if reason == approvals.ReasonPolicy {
					rejected.Outcome.Violation = &approvals.Violation{Kind: approvals.ViolationDenied, Rule: "no bots"}
				}
				b.applyEvent(r, rejected)
			}
			for range 2 { // days, of which the first has fifteen hours left
				for range 3 {
					refuse("U-ANNA", "g-1", approvals.ReasonPolicy)
					refuse("U-BEN", "g-1", approvals.ReasonPolicy)
					refuse("U-ANNA", "g-2", approvals.ReasonPolicy)
					refuse("U-ANNA", "g-3", approvals.ReasonNothingToDo) // not by the policy
				}
				b.clock.advance(15 * time.Hour)
			}
			var got []string
			for row, err := range journalRows(b.context(), b.store().read, `WHERE j.kind = $1`, approvals.KindRefusal) {
				b.mustSucceed(err)
				var e approvals.RefusalEntry
				b.mustSucceed(json.Unmarshal(row.Event, &e))
				got = append(got, row.At.Format(time.DateOnly)+" "+row.Actor+" "+e.GroupID+" "+e.Request+" "+string(e.Violation))
			}
			want := []string{
				"2026-03-02 U-ANNA g-1 R-00000001 denied", "2026-03-02 U-BEN g-1 R-00000002 denied",
				"2026-03-02 U-ANNA g-2 R-00000003 denied",
				"2026-03-03 U-ANNA g-1 R-00000013 denied", "2026-03-03 U-BEN g-1 R-00000014 denied",
				"2026-03-03 U-ANNA g-2 R-00000015 denied",
			}
			if !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
			b.mustSucceed(sealAll(t.Context(), b))
			if findings, _, _ := verify(t, url); len(findings) > 0 {
				t.Errorf("findings: %q", findings)
			}
		})
	}
}
