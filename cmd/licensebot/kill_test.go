package main

import (
	"testing"

	"licensebot/internal/fault"
	"licensebot/internal/sweep"
)

// A killPoint is a call during which the process dies: before the call takes effect,
// or after that and before its answer arrives.
type killPoint struct {
	method string
	uipath bool
	after  bool
}

func (k killPoint) String() string {
	when := " before it took effect"
	if k.after {
		when = " after it took effect"
	}
	return k.method + when
}

// TestKilledAtEveryCall kills the process with SIGKILL during each call between the
// command and the outcome, and starts it again. The result must be that of a run
// without the kill: one card, one change, one outcome.
func TestKilledAtEveryCall(t *testing.T) {
	t.Parallel()
	var points []killPoint
	for _, method := range []string{"chat.postMessage", "reactions.add", "users.info", "reactions.get", "chat.update"} {
		points = append(points, killPoint{method: method}, killPoint{method: method, after: true})
	}
	for _, method := range []string{"token", "GET identity groups", "GET group", "GET group with-quota", "PUT group"} {
		points = append(points, killPoint{method: method, uipath: true}, killPoint{method: method, uipath: true, after: true})
	}
	for i, point := range points {
		t.Run(point.String(), func(t *testing.T) {
			sweep.InSample(t, i%3 == 0)
			t.Parallel()
			w := newWorld(t)
			hang := fault.Fault{Times: 1, Hang: true, AfterEffect: point.after}
			faults := &w.slack.Faults
			if point.uipath {
				faults = &w.uipath.Faults
			}
			w.startReplica()
			faults.Inject(point.method, hang)
			w.typeRequest("group-01 RPADEVPRONU IDU")
			isReached := func() bool { return faults.Injected() > 0 }
			w.awaitCondition("the kill point or a card to vote on", func() bool { return isReached() || w.hasCompleteCard() })
			isVoteFirst := !isReached()
			if isVoteFirst {
				w.reactToCard(approver, "white_check_mark")
				w.awaitCondition("the kill point", isReached)
			}
			w.killReplicas()
			w.startReplica()
			if !isVoteFirst {
				w.reactToCard(approver, "white_check_mark")
			}
			w.awaitOutcome("allocation_done", "*Done*")
			w.wantAllocation(1, "ATTUNU", "IDU", "RPADEVPRONU")
		})
	}
}

// TestKilledDuringTheReply kills the process during its last call, the second post.
func TestKilledDuringTheReply(t *testing.T) {
	t.Parallel()
	for name, after := range map[string]bool{"before it took effect": false, "after it took effect": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.startReplica()
			w.typeRequest("group-01 RPADEVPRONU IDU")
			w.awaitCard()
			w.awaitCondition("the emoji on the card", w.hasCompleteCard)
			w.slack.Inject("chat.postMessage", fault.Fault{Times: 1, Hang: true, AfterEffect: after})
			w.reactToCard(approver, "white_check_mark")
			w.awaitCondition("the reply", func() bool { return w.slack.Injected() > 0 })
			w.killReplicas()
			w.startReplica()
			w.awaitOutcome("allocation_done", "*Done*")
			w.wantAllocation(1, "ATTUNU", "IDU", "RPADEVPRONU")
		})
	}
}
