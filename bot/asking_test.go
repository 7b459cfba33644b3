package bot

import (
	"context"
	"slices"
	"strings"
	"testing"

	"licensebot/approvals"
	"licensebot/bot/message"
	"licensebot/internal/fakeslack"
)

// TestReceiptsSayWhenSeatsAreShort says what UiPath told last, and nothing if that is not
// known.
func TestReceiptsSayWhenSeatsAreShort(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeslack.Config{})
	filing := r.bot.intake.filing
	request := r.request(approvals.Filed)
	for said, seats := range map[string][]approvals.Seats{
		"No free seat: `RPADEVPRONU` (40 of 40 seats allocated).": {{Code: "RPADEVPRONU", Allocated: 40, Total: 40}},
		"": nil,
	} {
		filing.seats = func(context.Context) []approvals.Seats { return seats }
		receipt := filing.confirmReceipt(r.ctx, request, approvals.Receipt{})
		if !strings.Contains(receipt, said) || said == "" && strings.Contains(receipt, "seat") {
			t.Errorf("the receipt is %q", receipt)
		}
	}
}

// TestPacksInCommandAndForm asks for a pack in both ways, and finds it in the list of
// codes. The request holds the codes.
func TestPacksInCommandAndForm(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeslack.Config{})
	r.withUiPath()
	r.policy.Packs = []approvals.Pack{{Name: "developer", Codes: []string{"RPADEVPRONU", "IDU"}}}
	r.listen(r.store)

	typed := r.typed("Finance Robots developers for 30d").Response
	if want := "add `RPADEVPRONU` and `IDU` to the group `Finance Robots`, for 30d (with the pack `developer`)"; !strings.Contains(typed, want) {
		t.Errorf("the receipt is %q", typed)
	}
	v := r.form()
	if _, err := r.slack.Suggest(r.ctx, robin, v.ID, message.FieldGroup, "Finance"); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(v.Blocks), `"Pack developer"`) {
		t.Errorf("the form does not offer the pack: %s", v.Blocks)
	}
	r.submit(v, map[string]any{
		message.FieldGroup: "group-01", message.FieldCodes: []string{"developer"}, message.FieldSeats: "RPADEVPRONU=5",
	})
	requests, _, err := r.store.ListByRequester(r.ctx, robin, 5, 0)
	if err != nil || len(requests) != 2 {
		t.Fatalf("%d requests, %v\n%s", len(requests), err, r.log)
	}
	for _, request := range requests {
		ask := request.Ask
		if !slices.Equal(ask.Codes, []string{"RPADEVPRONU", "IDU"}) || !slices.Equal(ask.Packs, []string{"developer"}) {
			t.Errorf("%+v is recorded", ask)
		}
	}
	r.typed("codes")
	r.await("the list of codes", func() bool {
		told := r.slack.Ephemerals(robin)
		return len(told) > 0 && strings.Contains(told[len(told)-1].Text, "the pack `developer` is `RPADEVPRONU` and `IDU`")
	})
}
