package bot

import (
	"strings"
	"testing"

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
