package message

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"licensebot/approvals"
	"licensebot/bot/bottest"
	"licensebot/bot/command"
)

// TestHomeOfEveryState is taken by Slack, and harmless.
func TestHomeOfEveryState(t *testing.T) {
	r := newRig(t)
	hostile := "<!channel> *x* `y` & " + strings.Repeat("ﷺ<", 300)
	var all []approvals.Request
	for _, state := range approvals.States() {
		for _, card := range []string{"", "1700000001.000100"} {
			request := approvals.Request{
				ID: approvals.NewID(), State: state, Requester: "U0ROBIN", Channel: "C0APPROVALS", Deadline: testTime,
				Terms:    approvals.Terms{Stages: []approvals.Stage{{Approvers: []string{"U0ALEX"}, Quorum: 1}}, TTL: time.Hour},
				Outcome:  &approvals.Outcome{Reason: approvals.ReasonNothingToDo, By: "U0ALEX"},
				Proposal: &approvals.Proposal{Group: approvals.Group{ID: "group-01"}, Change: approvals.Change{Add: []string{"RPADEVPRONU"}}},
			}
			request.CardTS, request.DelayReason, request.FiledAt = card, hostile, testTime
			request.Ask = approvals.Ask{Group: hostile, Codes: repeat(command.MaxCodes, "CODE%02d"), Reason: hostile, Action: approvals.Set, Quotas: []approvals.Quota{{Code: "CODE1", Limit: 5}}}
			request.Proposal.Group = approvals.Group{ID: hostile, Name: hostile}
			if state == approvals.Filed || state == approvals.Refused {
				request.Proposal = nil
			}
			all = append(all, request)
		}
	}
	for i := range all {
		if all[i].State == approvals.Pending {
			withButtons(&all[i])
		}
	}
	approved := goldenRequest(approvals.Pending, inStages, withButtons)
	approved.CardTS = "1700000001.000100"
	grants := slices.Repeat([]approvals.Request{goldenRequest(approvals.Done, timed)}, 12)
	for i := range grants {
		grants[i].ID, grants[i].CardTS = approvals.NewID(), "1700000001.000100"
		grants[i].Proposal.Group = approvals.Group{ID: hostile, Name: hostile}
	}
	c := HomeContent{Waiting: slices.Repeat(all[:HomePageSize], 3), Own: slices.Repeat(all[HomePageSize:], 3), Approved: []approvals.Request{approved}, Grants: grants, Closed: all[15:], Problems: []string{hostile, hostile}, Pages: HomePages{Waiting: 3, Own: 4}, Link: r.identity.MessageLink}
	view := phrases().RenderHome(c)
	if n := len(view.Blocks.BlockSet); n > 80 {
		t.Errorf("it has %d blocks", n)
	}
	if _, err := r.views.Publish(t.Context(), "U0ROBIN", "", view); err != nil {
		t.Fatal(err)
	}
	tab, _ := r.slack.Home("U0ROBIN")
	shown := bottest.ListTexts(t, tab.Blocks)
	for line := range strings.SplitSeq(shown, "\n") {
		bottest.ExpectHarmless(t, regexp.MustCompile(`<https://sandbox\.slack\.com/archives/C0APPROVALS/p\d{16}\|(R-[A-Z0-9]{8})>`).ReplaceAllString(line, "$1"))
	}
	if strings.Contains(shown, "filed") {
		t.Error(shown)
	}
}

func TestPages(t *testing.T) {
	for value, want := range map[string]HomePages{"0 0": {}, "3 12": {3, 12}, "-1 0": {}, "x": {}, "1": {}, "0 99999999999999999999": {}, "0 100001": {}} {
		if got, ok := ParseHomePages("home_page_mine_on", value); !ok || got != want {
			t.Errorf("%q turns to %v", value, got)
		}
	}
	if _, ok := ParseHomePages("other", "0 0"); ok {
		t.Error("any button turns a page")
	}
	for all, want := range map[int][3]int{0: {0, 0, 0}, 1: {0, 0, 0}, 10: {0, 0, 0}, 11: {0, 1, 1}, 20: {0, 1, 1}, 21: {0, 1, 2}} {
		for page, want := range want {
			if got := ClampHomePage(page, all); got != want {
				t.Errorf("page %d of %d is %d", page, all, got)
			}
		}
	}
}
