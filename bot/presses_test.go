package bot

import (
	"strings"
	"testing"
	"time"

	"licensebot/approvals"
	"licensebot/internal/fakeslack"
)

// A withdrawal from an approved request does not promise that the change stays away: it may be
// on its way to UiPath.
func TestAWithdrawalAfterTheApproval(t *testing.T) {
	t.Parallel()
	for state, want := range map[approvals.State]string{
		approvals.Pending: "is withdrawn", approvals.Approved: "If the change was already sent to UiPath, it stays",
	} {
		r := newRig(t, fakeslack.Config{})
		r.listen(r.store)
		id := r.recorded("group-01 RPADEVPRONU")
		pending := r.request(approvals.Pending)
		pending.Terms.Buttons = true
		r.happens(id, approvals.Prepared{Proposal: *pending.Proposal, Terms: pending.Terms})
		r.happens(id, approvals.CardPosted{TS: "1700000001.000100"})
		r.happens(id, approvals.Pressed{
			Press: approvals.Press{User: alex, Button: approvals.PressApprove, At: "1700000002.000100"}, Authorized: true,
		})
		if state == approvals.Approved {
			counts := approvals.Ballot{User: alex, Eligibility: approvals.Counts, Stages: []int{0}}
			r.happens(id, approvals.VotesCounted{Ballots: []approvals.Ballot{counts}})
		}
		if now, err := r.store.Request(r.ctx, id); err != nil || now.State != state {
			t.Fatalf("%s instead of %s, %v", now.State, state, err)
		}
		press := approvals.Press{User: alex, Button: approvals.PressWithdraw, At: "1700000003.000100"}
		if said := r.bot.intake.presses.record(r.ctx, id, press); !strings.Contains(said, want) {
			t.Errorf("%s: %s", state, said)
		}
	}
}

// A request of another organization is left as it is, by command and by button, and the answer
// names both organizations.
func TestRequestsOfAnotherOrganization(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeslack.Config{})
	r.listen(r.store)
	request, _, err := r.store.FileRequest(r.ctx, approvals.Request{
		ID: approvals.NewID(), EnvelopeID: "e1", Requester: robin, Channel: channel, Terms: approvals.Terms{TTL: time.Hour},
		Target: approvals.Target{URL: "https://cloud.example", Organization: "acme", AccountID: "a-1"},
	})
	if err != nil {
		t.Fatal(err)
	}
	press := approvals.Press{User: alex, Button: approvals.PressApprove, At: "1700000002.000100"}
	for what, said := range map[string]string{
		"cancel": r.typed("cancel " + request.ID + " because I can").Response,
		"end":    r.typed("end " + request.ID).Response,
		"press":  r.bot.intake.presses.record(r.ctx, request.ID, press),
	} {
		if !strings.Contains(said, "belongs to the UiPath organization `acme` (account `a-1`)") {
			t.Errorf("%s: %q", what, said)
		}
	}
	if now, err := r.store.Request(r.ctx, request.ID); err != nil || now.State != approvals.Filed || now.PressCount > 0 {
		t.Errorf("the request is %s, %v", now.State, err)
	}
}
