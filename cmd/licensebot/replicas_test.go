package main

import (
	"cmp"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"licensebot/internal/fakeslack"
	"licensebot/internal/fakeuipath"
	"licensebot/internal/fault"
	"licensebot/internal/pgtest"
	"licensebot/internal/sweep"
)

// startFleet starts n replicas on one PostgreSQL.
func startFleet(t *testing.T, n int) *world {
	t.Helper()
	w := newWorld(t).usePostgres()
	for range n {
		w.startReplica()
	}
	w.awaitCondition("every connection", func() bool { return w.slack.Connections() == 2*n })
	return w
}

// eventsByRequest lists, by request, its cards and the event types of the replies.
func (w *world) eventsByRequest() map[string][]string {
	all := map[string][]string{}
	for _, card := range w.listCards() {
		id := fmt.Sprint(card.Metadata.EventPayload["request_id"])
		all[id] = append(all[id], "card")
		for _, reply := range w.slack.Thread(approvalsChannel, card.TS) {
			all[id] = append(all[id], reply.Metadata.EventType)
		}
	}
	return all
}

// TestReplicasShareTheWork delivers every envelope to three connections of any
// replicas. Each request still has one card, one change and one outcome.
func TestReplicasShareTheWork(t *testing.T) {
	t.Parallel()
	w := startFleet(t, 3)
	w.slack.SetCopies(3)
	const requests = 6
	for i := range requests {
		id := fmt.Sprintf("group-%02d", i+10)
		w.uipath.AddGroup(fakeuipath.Group{ID: id, Name: id, Codes: []string{"ATTUNU"}})
		w.typeRequest(id + " IDU")
	}
	w.awaitCondition("every card", func() bool { return len(w.listCards()) == requests })
	for _, card := range w.listCards() {
		if err := w.slack.React(approver, approvalsChannel, card.TS, "white_check_mark"); err != nil {
			t.Fatal(err)
		}
	}
	w.awaitCondition("every end", func() bool { return w.allEndedWith("allocation_done", requests) })
	w.awaitNoJobs()
	for id, told := range w.eventsByRequest() {
		if strings.Join(told, " ") != "card allocation_done" {
			t.Errorf("%s: %v", id, told)
		}
	}
	if n := len(w.uipath.Writes()); n != requests {
		t.Errorf("%d changes at UiPath instead of %d", n, requests)
	}
}

func (w *world) allEndedWith(end string, requests int) bool {
	n := 0
	for _, told := range w.eventsByRequest() {
		if len(told) > 1 && told[len(told)-1] == end {
			n++
		}
	}
	return n == requests
}

// TestReplicasWriteToOneGroupInTurn approves two requests for one group at once,
// with a replica for each. Both changes stay.
func TestReplicasWriteToOneGroupInTurn(t *testing.T) {
	t.Parallel()
	w := startFleet(t, 2)
	w.typeRequest("group-01 RPADEVPRONU")
	w.typeRequest("group-01 IDU")
	w.awaitCondition("both cards", func() bool { return len(w.listCards()) == 2 })
	w.uipath.Inject("PUT group", fault.Fault{Times: 2, Latency: 300 * time.Millisecond})
	for _, card := range w.listCards() {
		if err := w.slack.React(approver, approvalsChannel, card.TS, "white_check_mark"); err != nil {
			t.Fatal(err)
		}
	}
	w.awaitCondition("both ends", func() bool { return w.allEndedWith("allocation_done", 2) })
	w.awaitNoJobs()
	w.wantAllocation(2, "ATTUNU", "IDU", "RPADEVPRONU")
}

// TestAReplicaTakesOver kills a replica in the middle of a write. The other one
// finishes the write when the lease is over.
func TestAReplicaTakesOver(t *testing.T) {
	t.Parallel()
	w := startFleet(t, 1)
	w.typeRequest("group-01 RPADEVPRONU IDU")
	w.awaitCard()
	w.uipath.Inject("PUT group", fault.Fault{Times: 1, Hang: true, AfterEffect: true})
	w.reactToCard(approver, "white_check_mark")
	w.awaitCondition("the write", func() bool { return w.uipath.Injected() > 0 })
	w.startReplica()
	w.killOldest()
	w.expireLeases("apply")
	w.awaitOutcome("allocation_done", "*Done*")
	w.wantAllocation(1, "ATTUNU", "IDU", "RPADEVPRONU")
}

// TestAReplicaThatStoodStillWritesNothing stops a replica between its read and its
// write, for longer than its lease. Meanwhile another replica makes the change, and
// an admin changes the allocation by hand. The first must not write its old plan.
func TestAReplicaThatStoodStillWritesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t).usePostgres()
	look := w.newSlowRead()
	direct := w.env["UIPATH_URL"]
	w.env["UIPATH_URL"] = look.url
	w.startReplica()
	w.env["UIPATH_URL"] = direct
	w.typeRequest("group-01 RPADEVPRONU IDU")
	w.awaitCard()
	w.awaitNoJobs()
	look.armed.Store(true)
	w.reactToCard(approver, "white_check_mark")
	look.awaitDelayed(w)
	w.expireLeases("apply")
	w.startReplica()
	w.awaitOutcome("allocation_done", "*Done*")
	w.wantAllocation(1, "ATTUNU", "IDU", "RPADEVPRONU")
	w.uipath.SetAllocation(groupID, "ATTUNU")
	look.letGo()
	w.stopOldest() // which finishes what it is at
	w.awaitOutcome("allocation_done", "*Done*")
	w.wantAllocation(1, "ATTUNU")
	if n := len(w.uipath.Calls("PUT group")); n != 1 {
		t.Errorf("%d writes were sent", n)
	}
}

// A slowRead is a way to UiPath that can keep one answer to a read of the group's
// allocation, until the test lets it go.
type slowRead struct {
	url     string
	armed   atomic.Bool
	delayed chan struct{}
	free    chan struct{}
	letGo   func()
}

func (w *world) newSlowRead() *slowRead {
	w.t.Helper()
	target, err := url.Parse(w.uipath.URL())
	if err != nil {
		w.t.Fatal(err)
	}
	l := &slowRead{delayed: make(chan struct{}), free: make(chan struct{})}
	l.letGo = sync.OnceFunc(func() { close(l.free) })
	server := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite:        func(r *httputil.ProxyRequest) { r.SetURL(target) },
		ModifyResponse: l.delayAnswer,
	})
	w.t.Cleanup(server.Close)
	w.t.Cleanup(l.letGo) // or the server would wait for it
	l.url = server.URL
	return l
}

// delayAnswer keeps the answer to the last of the calls that read an allocation.
func (l *slowRead) delayAnswer(answer *http.Response) error {
	call := answer.Request
	if call.Method == http.MethodGet && strings.HasSuffix(call.URL.Path, "/group/"+groupID) && l.armed.CompareAndSwap(true, false) {
		close(l.delayed)
		<-l.free
	}
	return nil
}

func (l *slowRead) awaitDelayed(w *world) {
	w.t.Helper()
	select {
	case <-l.delayed:
	case <-w.guardContext().Done():
		w.t.Fatal("the replica never read the allocation")
	}
}

// stopOldest stops the oldest process as an operator does.
func (w *world) stopOldest() {
	w.t.Helper()
	if err := w.replicas[0].Process.Signal(syscall.SIGTERM); err != nil {
		w.t.Fatal(err)
	}
	if err := w.replicas[0].Wait(); err != nil {
		w.t.Errorf("stopped with %v", err)
	}
	w.replicas = w.replicas[1:]
}

// expireLeases ends the leases of one kind of job, as a minute of waiting does. It
// wakes the workers as the store does, so that no worker sleeps until its next poll.
func (w *world) expireLeases(kind string) {
	w.t.Helper()
	db := w.openDatabase()
	defer func() { _ = db.Close() }()
	if _, err := db.Exec(`UPDATE jobs SET due_at = 0 WHERE leased = 1 AND kind = $1`, kind); err != nil {
		w.t.Fatal(err)
	}
	if _, err := db.Exec(`SELECT pg_notify('licensebot_jobs', 'test ' || $1)`, kind); err != nil {
		w.t.Fatal(err)
	}
}

// TestPostgresRestarts kills PostgreSQL and starts it again. Acknowledged requests
// go on. A command that could not be recorded got an answer that says so.
func TestPostgresRestarts(t *testing.T) {
	t.Parallel()
	cluster := pgtest.New(t)
	w := newWorld(t)
	w.env["LICENSEBOT_DATABASE_URL"] = cluster.URL()
	w.startReplica()
	w.startReplica()
	w.typeRequest("group-01 RPADEVPRONU IDU")
	w.awaitCard()
	cluster.Kill()
	typed, err := w.slack.Command(w.guardContext(), requester, anyChannel, "/allocate", "group-01 IDU")
	if err != nil || !strings.Contains(typed.Response, "could not record") {
		t.Errorf("without a database the command was answered with %q %q (%v)", typed.Error, typed.Response, err)
	}
	w.reactToCard(approver, "white_check_mark") // is delivered again, or found by a look
	if err := cluster.Up(); err != nil {
		t.Fatal(err)
	}
	w.slack.RedeliverNow()
	w.awaitOutcome("allocation_done", "*Done*")
	w.wantAllocation(1, "ATTUNU", "IDU", "RPADEVPRONU")
}

// TestDownForHours starts the bot after hours. It catches up on votes and deletions.
// After the deadline, the reactions on the card decide.
func TestDownForHours(t *testing.T) {
	sweep.InSample(t, false)
	t.Parallel()
	for name, world := range map[string]func(*testing.T) *world{
		"SQLite":     newWorldWithoutRetries,
		"PostgreSQL": func(t *testing.T) *world { return newWorldWithoutRetries(t).usePostgres() },
	} {
		for _, hours := range []time.Duration{5 * time.Hour, benchTerms.TTL + 5*time.Hour} {
			t.Run(fmt.Sprint(name, ", for ", hours), func(t *testing.T) {
				t.Parallel()
				newClockedWorld(world(t)).playOutage(hours)
			})
		}
	}
}

// playOutage lets the bot miss a vote on one card and the deletion of another.
func (s *clockedWorld) playOutage(hours time.Duration) {
	s.uipath.AddGroup(fakeuipath.Group{ID: "group-02", Name: "Second", Codes: []string{"ATTUNU"}})
	s.restartAfter(0)
	s.typeRequest("group-01 RPADEVPRONU IDU")
	s.awaitCard()
	s.typeRequest("group-02 IDU")
	s.awaitCondition("the second card", func() bool { return len(s.listCards()) == 2 })
	s.awaitNoJobs()
	s.stop()
	s.reactToCard(approver, "white_check_mark")
	if err := s.slack.DeleteMessage(approvalsChannel, s.listCards()[1].TS); err != nil {
		s.t.Fatal(err)
	}
	s.restartAfter(hours)
	s.awaitTold(requester, "was deleted")
	if hours > benchTerms.TTL { // nothing tells whether the vote came before the deadline
		s.awaitOutcome("allocation_expired", "*Expired*")
		s.world.awaitReply(s.awaitCard(), "cannot be counted") // a reminder may come before it
		s.wantAllocation(0, "ATTUNU")
		return
	}
	s.awaitOutcome("allocation_done", "*Done*")
	s.wantAllocation(1, "ATTUNU", "IDU", "RPADEVPRONU")
}

// TestManyCardsWithinSlacksLimits starts the bot beside more cards than one call
// shows. The bot finds what it missed on the oldest and the newest, within the
// limits of Slack.
func TestManyCardsWithinSlacksLimits(t *testing.T) {
	sweep.InSample(t, false)
	t.Parallel()
	w := newWorldWith(t, fakeslack.Config{EnforceTiers: true})
	const pending = 1100 // a survey shows 999 messages a call
	seedPending(t, w.slack, w.env["LICENSEBOT_DATABASE_URL"], targetOf(w.uipath), pending)
	cards := w.listCards()
	for _, card := range []fakeslack.Message{cards[0], cards[pending-1]} {
		if err := w.slack.React(approver, approvalsChannel, card.TS, "white_check_mark"); err != nil {
			t.Fatal(err)
		}
	}
	for i := range cards {
		group := fmt.Sprintf("seed-%05d", i)
		w.uipath.AddGroup(fakeuipath.Group{ID: group, Name: group})
	}
	w.startReplica()
	w.awaitCondition("both writes", func() bool { return len(w.uipath.Writes()) == 2 })
	w.awaitCondition("both ends", func() bool {
		return len(w.slack.Thread(approvalsChannel, cards[0].TS)) == 1 && len(w.slack.Thread(approvalsChannel, cards[pending-1].TS)) == 1
	})
	for _, call := range w.slack.Calls("") {
		opens := call.Method == "apps.connections.open" // one a minute; the second connection waits
		if call.Status == 429 && !opens {
			t.Errorf("too many calls of %s", call.Method)
		}
	}
}

// newWorldWithoutRetries has a Slack that delivers an event once, so the bot misses
// what happens while it is down.
func newWorldWithoutRetries(t *testing.T) *world {
	return newWorldWith(t, fakeslack.Config{RetryDelays: []time.Duration{}})
}

// TestOverload has two thousand people type at once while UiPath hangs. Each is told
// that the request is recorded or that nothing was, and how many others are ahead.
// Each recorded request, and no other, gets its card when UiPath is back. Package
// bot holds acknowledgments to the three seconds of Slack. It runs alone: a simulated
// Slack that starves beside other tests looks dead to the bot.
func TestOverload(t *testing.T) {
	sweep.InSample(t, false)
	w := newWorldWith(t, fakeslack.Config{AckTimeout: patience})
	w.env["LICENSEBOT_MAX_OPEN"] = "1000" // all people are one here
	const early, lucky, commands = 11, 3, 2000
	own := func(i int) string { return fmt.Sprintf("own-%02d", i) }
	for i := range early + lucky {
		w.uipath.AddGroup(fakeuipath.Group{ID: own(i), Name: own(i)})
	}
	w.uipath.Inject("GET group", fault.Fault{Hang: true})
	w.startReplica()
	recorded := map[string]int{} // by group
	for i := range early {
		typed := w.typeCommand(own(i) + " IDU")
		recorded[own(i)] = 1
		if place := fmt.Sprintf("(%d others are ahead of it", i); !strings.Contains(typed.Response, "is recorded") || strings.Contains(typed.Response, place) != (i >= 10) {
			t.Errorf("after %d others: %q %q", i, typed.Error, typed.Response)
		}
	}
	answers := w.typeTogether(commands, func(i int) string {
		if i < lucky {
			return own(early + i)
		}
		return groupID
	})
	busy := 0
	for _, typed := range answers {
		group, _, _ := strings.Cut(typed.Text, " ")
		switch {
		case strings.Contains(typed.Response, "is recorded"):
			recorded[group]++
		case strings.Contains(typed.Response, "nothing was asked"):
			busy++
		default:
			t.Errorf("answered with %q %q", typed.Error, typed.Response)
		}
	}
	w.wantAckedOnce(early + commands)
	all := 0
	for _, n := range recorded {
		all += n
	}
	if mine := w.typeCommand("mine").Response; !strings.Contains(mine, fmt.Sprintf(" %d in all)", all)) {
		t.Errorf("%d were told that their request is recorded, %d to come back: %s", all, busy, mine)
	}
	w.wantMemoryBelow(256 << 20)
	w.uipath.Clear()
	w.awaitCondition("the cards", func() bool { return len(w.listCards()) >= len(recorded) })
	for _, card := range w.listCards() {
		if group := fmt.Sprint(card.Metadata.EventPayload["group_id"]); recorded[group] == 0 {
			t.Errorf("a card for %s, of which nothing was recorded", group)
		} else {
			delete(recorded, group)
		}
	}
	if len(recorded) > 0 {
		t.Errorf("no card for %v", recorded)
	}
	longest := slices.MaxFunc(answers, func(a, b fakeslack.Typed) int { return cmp.Compare(a.ElapsedToAck, b.ElapsedToAck) })
	t.Logf("%d recorded, %d told to come back; the longest waited %v", all, busy, longest.ElapsedToAck)
}

// typeCommand types a command as the requester.
func (w *world) typeCommand(text string) fakeslack.Typed {
	w.t.Helper()
	typed, err := w.slack.Command(w.guardContext(), requester, anyChannel, "/allocate", text)
	if err != nil {
		w.t.Error(err)
	}
	return typed
}

// typeTogether types n commands at once, each for a group.
func (w *world) typeTogether(n int, group func(i int) string) []fakeslack.Typed {
	var typing sync.WaitGroup
	answers := make([]fakeslack.Typed, n)
	for i := range n {
		typing.Go(func() { answers[i] = w.typeCommand(fmt.Sprintf("%s IDU because %d", group(i), i)) })
	}
	typing.Wait()
	return answers
}

// wantAckedOnce expects that the bot acknowledged each of n commands once.
func (w *world) wantAckedOnce(n int) {
	w.t.Helper()
	acks := map[string]int{}
	for _, e := range w.slack.Journal() {
		if (e.Kind == fakeslack.EntryEnvelope || e.Kind == fakeslack.EntryAck) && e.Type == "slash_commands" {
			acks[e.Envelope] += map[string]int{fakeslack.EntryAck: 1}[e.Kind]
		}
	}
	for envelope, times := range acks {
		if times != 1 {
			w.t.Errorf("%s was acknowledged %d times", envelope, times)
		}
	}
	if len(acks) != n {
		w.t.Errorf("%d commands were delivered instead of %d", len(acks), n)
	}
}

// wantMemoryBelow expects that the oldest process never took more memory than this
// from the system.
func (w *world) wantMemoryBelow(most float64) {
	w.t.Helper()
	_, metrics := getPage(w.t, w.healthBase()+"/metrics")
	for line := range strings.Lines(metrics) {
		if bytes, ok := strings.CutPrefix(line, "go_memstats_sys_bytes "); ok {
			took, err := strconv.ParseFloat(strings.TrimSpace(bytes), 64)
			if err != nil || took > most {
				w.t.Errorf("it took %s bytes of memory (%v)", strings.TrimSpace(bytes), err)
			}
			return
		}
	}
	w.t.Error("no metric tells how much memory it took")
}

// TestThrottledChannelDelaysNoWrite has Slack throttle the channel: that delays
// cards and replies, and no write.
func TestThrottledChannelDelaysNoWrite(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.startReplica()
	w.typeRequest("group-01 RPADEVPRONU IDU")
	w.awaitCard()
	w.slack.Inject("chat.postMessage", fault.Fault{Status: 429, RetryAfter: "600"})
	w.slack.Inject("chat.update", fault.Fault{Status: 429, RetryAfter: "600"})
	w.typeRequest("group-01 ATTUNU IDU") // its card meets the storm
	w.awaitCondition("the storm", func() bool { return w.slack.Injected() > 0 })
	w.reactToCard(approver, "white_check_mark")
	w.awaitCondition("the write", func() bool { return len(w.uipath.Writes()) == 1 })
}

// TestAnswerThatSlackDoesNotTake has Slack ignore the acknowledgment. The person
// sees Slack's time-out, and the recorded request goes on.
func TestAnswerThatSlackDoesNotTake(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, fakeslack.Config{AckTimeout: 500 * time.Millisecond})
	w.startReplica()
	w.awaitCondition("both connections", func() bool { return w.slack.Connections() == 2 })
	w.slack.IgnoreAcks(true)
	typed, err := w.slack.Command(w.guardContext(), requester, anyChannel, "/allocate", "group-01 RPADEVPRONU IDU")
	if err != nil || typed.Error == "" {
		t.Fatalf("the command was answered with %q %q (%v)", typed.Error, typed.Response, err)
	}
	w.slack.IgnoreAcks(false)
	w.awaitCard()
	w.reactToCard(approver, "white_check_mark")
	w.awaitOutcome("allocation_done", "*Done*")
	w.wantAllocation(1, "ATTUNU", "IDU", "RPADEVPRONU")
}

// TestTokenRevokedMidRequest revokes the bot token after the vote. The bot writes
// nothing until it can check consent again.
func TestTokenRevokedMidRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.startReplica()
	w.typeRequest("group-01 RPADEVPRONU IDU")
	w.awaitCard()
	w.awaitCondition("the emoji on the card", w.hasCompleteCard)
	w.awaitNoJobs()
	w.slack.RevokeBotToken()
	w.reactToCard(approver, "white_check_mark")
	w.awaitCondition("a look with the revoked token", func() bool { return w.callFailedWith("token_revoked") })
	w.wantAllocation(0, "ATTUNU")
	w.slack.RestoreBotToken()
	w.awaitOutcome("allocation_done", "*Done*")
	w.wantAllocation(1, "ATTUNU", "IDU", "RPADEVPRONU")
}

func (w *world) callFailedWith(problem string) bool {
	for _, call := range w.slack.Calls("") {
		if call.Error == problem {
			return true
		}
	}
	return false
}
