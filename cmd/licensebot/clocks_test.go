package main

import (
	"strings"
	"testing"
	"time"

	"licensebot/internal/fakeslack"
	"licensebot/internal/fault"
	"licensebot/internal/sweep"
)

// TestClocksApart runs the bot on a host with a clock off Slack's, with requests that live for
// less. The answers to the card and to the outcome are lost: their messages are
// found by Slack's time, and not posted again. Votes come in time, and the operator is told.
func TestClocksApart(t *testing.T) {
	sweep.InSample(t, false)
	t.Parallel()
	for name, ahead := range map[string]time.Duration{
		"the host's is behind": 3 * time.Minute, "the host's is ahead": -3 * time.Minute,
		"the host's is hours behind": 3 * time.Hour, "the host's is hours ahead": -3 * time.Hour,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorldWith(t, fakeslack.Config{Now: func() time.Time { return time.Now().Add(ahead) }})
			w.env["LICENSEBOT_REQUEST_TTL"] = "1m"
			w.env["LICENSEBOT_QUORUM"] = "2"
			loseAnswer := func() {
				w.slack.Inject("chat.postMessage", fault.Fault{Times: 1, Cut: true, AfterEffect: true})
			}
			loseAnswer()
			w.startReplica()
			w.typeRequest("group-01 IDU")
			w.awaitCondition("the whole card", w.hasCompleteCard)
			w.reactToCard(approver, "white_check_mark")
			w.awaitCondition("one approval", func() bool { return strings.Contains(w.awaitCard().Text, "1 of 2") })
			loseAnswer()
			w.reactToCard(second, "white_check_mark")
			w.awaitOutcome("allocation_done", "*Done*")
			w.wantAllocation(1, "ATTUNU", "IDU")
			w.awaitLog("the clock of this host differs from Slack's")
		})
	}
}
