package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"licensebot/approvals"
	"licensebot/internal/fakeslack"
	"licensebot/internal/fault"
	"licensebot/internal/sweep"
)

// A copy is the files of a database in SQLite, as an operator backs them up.
type copyOfFiles map[string][]byte

// backUp copies the database while the bot is stopped.
func (s *clockedWorld) backUp() copyOfFiles {
	s.t.Helper()
	s.stop()
	files := copyOfFiles{}
	paths, err := filepath.Glob(s.databasePath() + "*")
	if err != nil {
		s.t.Fatal(err)
	}
	for _, path := range paths {
		if files[path], err = os.ReadFile(path); err != nil {
			s.t.Fatal(err)
		}
	}
	return files
}

// restore puts a copy in the place of the database, and starts the bot.
func (s *clockedWorld) restore(files copyOfFiles) {
	s.t.Helper()
	s.stop()
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.RemoveAll(s.databasePath() + suffix); err != nil {
			s.t.Fatal(err)
		}
	}
	for path, content := range files {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			s.t.Fatal(err)
		}
	}
	s.restartAfter(0)
}

func (s *clockedWorld) databasePath() string {
	return strings.TrimPrefix(s.env["LICENSEBOT_DATABASE_URL"], "sqlite://")
}

// eventsOf lists what the channel tells of one request, the card first.
func (s *clockedWorld) eventsOf(id string) []string {
	var events []string
	for _, card := range s.cardsOf(id) {
		events = append(events, card.Metadata.EventType)
		for _, reply := range s.slack.Thread(approvalsChannel, card.TS) {
			events = append(events, reply.Metadata.EventType)
		}
	}
	return events
}

func (s *clockedWorld) cardsOf(id string) []fakeslack.Message {
	return slices.DeleteFunc(s.listCards(), func(m fakeslack.Message) bool { return m.Metadata.EventPayload["request_id"] != id })
}

// askFor files a request while the bot is stopped, and waits for its card.
func (s *clockedWorld) askFor(ask approvals.Ask) (id string) {
	s.t.Helper()
	s.stop()
	id = s.fileRequest(ask).ID
	s.restartAfter(0)
	s.awaitCondition("the card of "+id, func() bool { return len(s.cardsOf(id)) == 1 })
	s.awaitNoJobs()
	return id
}

func (s *clockedWorld) react(id, emoji string) {
	s.t.Helper()
	if err := s.slack.React(approver, approvalsChannel, s.cardsOf(id)[0].TS, emoji); err != nil {
		s.t.Fatal(err)
	}
}

func (s *clockedWorld) awaitEvent(id, event string) {
	s.t.Helper()
	s.awaitCondition(event+" of "+id, func() bool { return slices.Contains(s.eventsOf(id), event) })
	s.awaitNoJobs()
}

// awaitState waits until the database has a request in a state. What the bot says or
// writes besides is not waited for.
func (s *clockedWorld) awaitState(id, state string) {
	s.t.Helper()
	db := s.openDatabase()
	defer func() { _ = db.Close() }()
	s.pollUntil(id+" to be "+state, func() bool {
		var now string
		return db.QueryRow(`SELECT state FROM requests WHERE id = $1`, id).Scan(&now) == nil && now == state
	})
}

// awaitSealed waits until each row of the journal has its seal.
func (s *clockedWorld) awaitSealed() {
	s.t.Helper()
	db := s.openDatabase()
	defer func() { _ = db.Close() }()
	s.pollUntil("all rows to be sealed", func() bool {
		var waiting int
		return db.QueryRow(`SELECT count(*) FROM journal_unsealed`).Scan(&waiting) == nil && waiting == 0
	})
}

func (s *clockedWorld) wantEvents(id string, want ...string) {
	s.t.Helper()
	if got := s.eventsOf(id); !slices.Equal(got, want) {
		s.t.Errorf("the channel tells %v instead of %v", got, want)
	}
}

const (
	toldCard  = "allocation_requested"
	toldDone  = "allocation_done"
	toldEnded = "allocation_ended"
)

// TestRestoredCopyDoesNotRepeat copies the database before a request is decided. What
// the channel tells since then holds, although the ✅ is still on the card and a UiPath
// admin took the code out meanwhile.
func TestRestoredCopyDoesNotRepeat(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ emoji, end, before, want string }{
		{"white_check_mark", toldDone, "filed", "cancelled"}, {"white_check_mark", toldDone, "pending", "done"},
		{"x", "allocation_denied", "filed", "cancelled"}, {"x", "allocation_denied", "pending", "denied"},
	} {
		t.Run(c.end+", copied when "+c.before, func(t *testing.T) {
			t.Parallel()
			s := newClockedWorld(newWorld(t))
			r := s.fileRequest(approvals.Ask{Group: groupID, Codes: []string{"IDU"}})
			old := s.backUp()
			s.restartAfter(0)
			s.awaitEvent(r.ID, toldCard)
			if c.before == "pending" {
				old = s.backUp()
				s.restartAfter(0)
			}
			s.react(r.ID, c.emoji)
			s.awaitEvent(r.ID, c.end)
			s.stop()
			writes := len(s.uipath.Writes())
			s.uipath.SetAllocation(groupID, "ATTUNU")
			s.restore(old)
			s.awaitState(r.ID, c.want)
			s.awaitNoJobs()
			s.wantEvents(r.ID, toldCard, c.end)
			if n := len(s.uipath.Writes()); n != writes {
				t.Errorf("the restored bot wrote %d times", n-writes)
			}
			s.typeRequest("group-01 RPADEVPRONU") // the bot goes on
			s.awaitCondition("another card", func() bool { return len(s.listCards()) == 2 })
		})
	}
}

// TestRestoredCopyLooksTwice has one look at the channel that shows too little: no thread, or a
// channel or thread as it was before the outcome.
func TestRestoredCopyLooksTwice(t *testing.T) {
	t.Parallel()
	const lag = 8 * time.Second
	for name, c := range map[string]struct {
		read  string
		fault fault.Fault
	}{
		"the thread is not found": {"conversations.replies", fault.Fault{Times: 1, Error: "thread_not_found"}},
		"the thread lags":         {"conversations.replies", fault.Fault{Times: 1, Lag: lag}},
		"the channel lags":        {"conversations.history", fault.Fault{Times: 1, Lag: lag}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newClockedWorld(newWorld(t))
			id := s.askFor(approvals.Ask{Group: groupID, Codes: []string{"IDU"}})
			old := s.backUp()
			s.restartAfter(0)
			s.react(id, "white_check_mark")
			s.awaitEvent(id, toldDone)
			s.stop()
			writes := len(s.uipath.Writes())
			s.uipath.SetAllocation(groupID, "ATTUNU")
			s.slack.Inject(c.read, c.fault)
			s.restore(old)
			s.awaitState(id, "done")
			s.awaitNoJobs()
			s.wantEvents(id, toldCard, toldDone)
			if n := len(s.uipath.Writes()); n != writes {
				t.Errorf("the restored bot wrote %d times", n-writes)
			}
		})
	}
}

// TestRestoredCopyNamesTheHeadItLost copies the database before two requests are done. The outcome
// of the later one carries the newest head of the lost chain.
func TestRestoredCopyNamesTheHeadItLost(t *testing.T) {
	t.Parallel()
	s := newClockedWorld(newWorld(t))
	first := s.askFor(approvals.Ask{Group: groupID, Codes: []string{"IDU"}})
	second := s.askFor(approvals.Ask{Group: groupID, Codes: []string{"RPADEVPRONU"}})
	old := s.backUp()
	s.restartAfter(0)
	s.react(second, "white_check_mark")
	s.awaitEvent(second, toldDone)
	s.awaitSealed()
	s.react(first, "white_check_mark")
	s.awaitEvent(first, toldDone)
	lost := s.slack.Thread(approvalsChannel, s.cardsOf(first)[0].TS)[0].Metadata.EventPayload["journal_head"].(string)
	s.restore(old)
	s.awaitState(first, "done")
	s.awaitState(second, "done")
	s.awaitNoJobs()
	code, out := s.runProgram("audit", "verify", "--offline")
	if want := "The channel tells of a lost head: " + lost + "."; code != 0 || !strings.Contains(out, want) {
		t.Errorf("exit code %d, want %q in: %s", code, want, out)
	}
}

// TestRestoredCopyKeepsGrants copies the database before a grant begins. The grant is
// known again, and ends at its time.
func TestRestoredCopyKeepsGrants(t *testing.T) {
	t.Parallel()
	s := newClockedWorld(newWorld(t))
	id := s.askFor(approvals.Ask{Group: groupID, Codes: []string{"IDU"}, For: 2 * time.Hour})
	old := s.backUp()
	s.restartAfter(0)
	s.react(id, "white_check_mark")
	s.awaitEvent(id, toldDone)
	s.restore(old)
	s.wantAllocation(1, "ATTUNU", "IDU")
	s.restartAfter(3 * time.Hour)
	s.awaitEvent(id, toldEnded)
	s.wantEvents(id, toldCard, toldDone, toldEnded)
	s.wantAllocation(2, "ATTUNU")
}

// TestRestoredCopyLooksForALateEffect copies the database before UiPath refuses a change for a time
// and makes it late all the same. The thread tells of the failure. The restored bot
// looks once more: the grant holds, and ends at its time.
func TestRestoredCopyLooksForALateEffect(t *testing.T) {
	t.Parallel()
	s := newClockedWorld(newWorld(t))
	id := s.askFor(approvals.Ask{Group: groupID, Codes: []string{"IDU"}, For: 2 * time.Hour})
	old := s.backUp()
	s.restartAfter(0)
	s.uipath.Inject("PUT group", fault.Fault{Times: 1, Status: 409, Error: "no"})
	s.react(id, "white_check_mark")
	s.awaitEvent(id, "allocation_failed")
	s.stop()
	s.uipath.SetAllocation(groupID, "ATTUNU", "IDU") // what the refused write did
	s.restore(old)
	s.awaitState(id, "failed")
	s.restartAfter(2 * time.Minute)
	s.awaitEvent(id, "allocation_found")
	s.restartAfter(3 * time.Hour)
	s.awaitEvent(id, toldEnded)
	s.wantEvents(id, toldCard, "allocation_failed", "allocation_found", toldEnded)
	s.wantAllocation(1, "ATTUNU")
}

// TestRestoredCopyDoesNotEndTwice copies the database while a grant runs. After its end
// a UiPath admin gives the code again. The restored bot leaves that alone.
func TestRestoredCopyDoesNotEndTwice(t *testing.T) {
	t.Parallel()
	s := newClockedWorld(newWorld(t))
	id := s.askFor(approvals.Ask{Group: groupID, Codes: []string{"IDU"}, For: 2 * time.Hour})
	s.react(id, "white_check_mark")
	s.awaitEvent(id, toldDone)
	old := s.backUp()
	s.restartAfter(3 * time.Hour)
	s.awaitEvent(id, toldEnded)
	s.stop()
	writes := len(s.uipath.Writes())
	s.uipath.SetAllocation(groupID, "ATTUNU", "IDU")
	s.restore(old)
	s.awaitJobs("the end of the grant", `kind IN ('grant_expiry', 'revoke')`, 0)
	s.awaitNoJobs()
	s.wantEvents(id, toldCard, toldDone, toldEnded)
	if n := len(s.uipath.Writes()); n != writes {
		t.Errorf("the restored bot wrote %d times", n-writes)
	}
}

// TestRestoredCopyLeavesOthersCodes copies the database while a grant runs. A request
// that the copy does not know then gets the code for good. The end of the grant leaves
// it there, also after further starts and further cards.
func TestRestoredCopyLeavesOthersCodes(t *testing.T) {
	t.Parallel()
	s := newClockedWorld(newWorld(t))
	first := s.askFor(approvals.Ask{Group: groupID, Codes: []string{"IDU", "RPADEVPRONU"}, For: 2 * time.Hour})
	s.react(first, "white_check_mark")
	s.awaitEvent(first, toldDone)
	old := s.backUp()
	unknown := s.askFor(approvals.Ask{Group: groupID, Codes: []string{"IDU"}})
	s.react(unknown, "white_check_mark")
	s.awaitEvent(unknown, toldDone)
	s.restore(old)
	s.askFor(approvals.Ask{Group: groupID, Codes: []string{"ATTUNU"}, Quotas: []approvals.Quota{{Code: "ATTUNU", Limit: 20}}})
	s.restartAfter(3 * time.Hour)
	s.awaitEvent(first, toldEnded)
	s.wantAllocation(2, "ATTUNU", "IDU")
	ended := s.slack.Thread(approvalsChannel, s.cardsOf(first)[0].TS)
	if text := ended[len(ended)-1].Text; !strings.Contains(text, "`IDU` (request `"+unknown+"`, which is in the channel and not in my database") {
		t.Errorf("the thread says %s", text)
	}
}

// TestRestoredCopyDoesNotPostTwice copies the database while a message waits to be
// posted. Since then it was posted.
func TestRestoredCopyDoesNotPostTwice(t *testing.T) {
	t.Parallel()
	for waits, jobs := range map[string]int{toldCard: 0, toldDone: 1} {
		t.Run(waits, func(t *testing.T) {
			t.Parallel()
			s := newClockedWorld(newWorld(t))
			var id string
			if jobs == 0 {
				id = s.fileRequest(approvals.Ask{Group: groupID, Codes: []string{"IDU"}}).ID
				s.slack.Inject("chat.postMessage", fault.Fault{Error: "ratelimited", Status: 429, RetryAfter: "1"})
				s.restartAfter(0)
				s.awaitJobs("the card to wait", `kind = 'post_card' AND leased = 0 AND attempt > 0`, 1)
			} else {
				id = s.askFor(approvals.Ask{Group: groupID, Codes: []string{"IDU"}})
				s.slack.Inject("chat.postMessage", fault.Fault{Error: "ratelimited", Status: 429, RetryAfter: "1"})
				s.react(id, "white_check_mark")
				s.awaitJobs("the outcome to wait", `kind = 'post_outcome' AND leased = 0 AND attempt > 0`, 1)
			}
			old := s.backUp()
			s.slack.Clear()
			s.restartAfter(0)
			s.awaitEvent(id, waits)
			s.restore(old)
			s.awaitNoJobs()
			if events := s.eventsOf(id); events[len(events)-1] != waits || len(events) != 1+jobs {
				t.Errorf("the channel tells %v", events)
			}
		})
	}
}

// TestRestoredCopyReadsTheChannelOfToday copies the database before another channel is set, where an
// unknown request gets the same code for good. The end of a grant leaves it there.
func TestRestoredCopyReadsTheChannelOfToday(t *testing.T) {
	t.Parallel()
	s := newClockedWorld(newWorld(t))
	s.addChannel(otherChannel)
	id := s.askFor(approvals.Ask{Group: groupID, Codes: []string{"IDU"}, For: 2 * time.Hour})
	s.react(id, "white_check_mark")
	s.awaitEvent(id, toldDone)
	old := s.backUp()
	s.channel = otherChannel
	s.restartAfter(0)
	s.typeRequest("group-01 IDU")
	card := s.awaitCardIn(otherChannel, 1)
	s.world.react(otherChannel, card.TS, approver, "white_check_mark")
	s.awaitThreadIn(otherChannel, card.TS, toldDone)
	s.awaitNoJobs()
	s.restore(old)
	s.restartAfter(3 * time.Hour)
	s.awaitEvent(id, toldEnded)
	if rule, _ := s.uipath.Allocation(groupID); !slices.Contains(rule.Codes, "IDU") {
		t.Errorf("what was given for good is taken out: %v", rule.Codes)
	}
}

// TestRestoredCopyFindsItsCardInTheChannelOfToday copies the database while the channel is archived and
// a request has no card. The card is posted in the next channel, and may be decided there.
func TestRestoredCopyFindsItsCardInTheChannelOfToday(t *testing.T) {
	t.Parallel()
	for name, isDone := range map[string]bool{"done there": true, "open there": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newClockedWorld(newWorld(t))
			s.addChannel(otherChannel)
			s.slack.UpdateChannel(approvalsChannel, func(c *fakeslack.Channel) { c.Archived = true })
			s.restartAfter(0)
			s.typeRequest("group-01 IDU")
			s.awaitJobs("the card to fail", "kind = 'post_card' AND attempt >= 1", 1)
			old := s.backUp()
			s.channel = otherChannel
			s.restartAfter(0)
			card := s.awaitCardIn(otherChannel, 1)
			if isDone {
				s.world.react(otherChannel, card.TS, approver, "white_check_mark")
				s.awaitThreadIn(otherChannel, card.TS, toldDone)
			}
			s.awaitNoJobs()
			s.restore(old)
			s.awaitJobs("the card", "kind = 'post_card'", 0)
			s.awaitNoJobs()
			if !isDone {
				s.world.react(otherChannel, card.TS, approver, "white_check_mark")
				s.awaitThreadIn(otherChannel, card.TS, toldDone)
			}
			if n := len(s.slack.Messages(otherChannel)); n != 1 {
				t.Errorf("%d messages are in the channel", n)
			}
			s.wantAllocation(1, "ATTUNU", "IDU")
		})
	}
}

// TestNothingIsWrittenBeforeTheChannelIsRead restores a copy while Slack does not show
// the channel. The bot says so in its log and waits.
func TestNothingIsWrittenBeforeTheChannelIsRead(t *testing.T) {
	t.Parallel()
	sweep.InSample(t, false)
	s := newClockedWorld(newWorld(t))
	id := s.askFor(approvals.Ask{Group: groupID, Codes: []string{"IDU"}, For: 2 * time.Hour})
	s.react(id, "white_check_mark")
	s.awaitEvent(id, toldDone)
	old := s.backUp()
	s.restartAfter(3 * time.Hour)
	s.awaitEvent(id, toldEnded)
	s.stop()
	writes := len(s.uipath.Writes())
	s.uipath.SetAllocation(groupID, "ATTUNU", "IDU")
	s.slack.Inject("conversations.history", fault.Fault{Error: "fatal_error"})
	s.restore(old)
	s.pollUntil("the job that waits in the log", func() bool {
		log := s.log.String()
		return strings.Contains(log, "could not read the approvals channel") && strings.Contains(log, approvals.ErrChannelUnread.Error())
	})
	s.slack.Clear()
	s.awaitJobs("the end of the grant", `kind IN ('grant_expiry', 'revoke')`, 0)
	s.awaitNoJobs()
	s.wantEvents(id, toldCard, toldDone, toldEnded)
	if n := len(s.uipath.Writes()); n != writes {
		t.Errorf("the restored bot wrote %d times", n-writes)
	}
}

// TestOrdinaryStartReadsLittle starts again with an open request and a grant.
func TestOrdinaryStartReadsLittle(t *testing.T) {
	t.Parallel()
	s := newClockedWorld(newWorld(t))
	granted := s.askFor(approvals.Ask{Group: groupID, Codes: []string{"IDU"}, For: 2 * time.Hour})
	s.react(granted, "white_check_mark")
	s.awaitEvent(granted, toldDone)
	s.askFor(approvals.Ask{Group: groupID, Codes: []string{"RPADEVPRONU"}})
	s.stop()
	history, replies := len(s.slack.Calls("conversations.history")), len(s.slack.Calls("conversations.replies"))
	s.restartAfter(0)
	s.typeRequest("group-01 RPADEVPRONU IDU")
	s.awaitCondition("the next card", func() bool { return len(s.listCards()) == 3 })
	reads := 0
	for _, call := range s.slack.Calls("conversations.history")[history:] {
		if call.Args["latest"] == "" { // else a survey reads it
			reads++
		}
	}
	// It reads once more after a while: what one look does not show may be there.
	if threads := len(s.slack.Calls("conversations.replies")) - replies; reads == 0 || reads > 2 || threads > 0 {
		t.Errorf("an ordinary start read history %d times and %d threads", reads, threads)
	}
}
