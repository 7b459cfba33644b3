package main

import "testing"

// TestTooFewSeats asks for a code without a free seat, and for a limit above what is
// owned. The card and the outcome say so; one rule refuses instead.
func TestTooFewSeats(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.uipath.Own("IDU", 10, 10)
	w.uipath.Own("RPADEVPRONU", 40, 42)
	w.writePolicy("  - name: strict\n    codes: RPADEVPRONU\n    approvers: " + approver + "\n    when_full: refuse\n" +
		"  - name: mild\n    approvers: " + approver + "\n")
	w.startReplica()

	const full, above = "No free seat: `IDU` (10 of 10 seats allocated).", "`IDU=50` (10 seats owned)"
	w.typeRequest("group-01 IDU=50")
	card := w.awaitCard()
	w.wantPhrases(card.Text, full, above)
	w.reactToCard(approver, "white_check_mark")
	w.awaitOutcome("allocation_done", "*Done*")
	thread := w.slack.Thread(approvalsChannel, card.TS)
	w.wantPhrases(thread[len(thread)-1].Text, "IDU", full, above)

	w.wantRejected("group-01 RPADEVPRONU", "More seats are in use than the organization owns: `RPADEVPRONU` "+
		"(42 of 40 seats allocated); UiPath gives 14 days to put that right.")
}
