package main

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"licensebot/internal/fakeslack"
)

// So many people each type a command as soon as the last was answered, at most seventy
// of them a second together.
const (
	typists     = 7
	commandPace = typists * time.Second / 70
)

// TestRollingUpdate replaces two replicas, one after the other, while commands arrive.
// Slack sends them to any open socket, also to one that is about to close. Each is
// answered.
func TestRollingUpdate(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, fakeslack.Config{AckTimeout: 15 * time.Second}).usePostgres()
	for range 2 {
		w.startReplica()
	}
	w.awaitCondition("every connection", func() bool { return w.slack.Connections() == 4 })
	people := make([]string, typists)
	for i := range people {
		people[i] = fmt.Sprintf("U0TYPIST%d", i)
		w.slack.AddUser(fakeslack.User{ID: people[i], Name: people[i]})
	}
	w.slack.AddChannel(fakeslack.Channel{ID: "C0TYPISTS", Name: "typists", Members: people})
	var (
		typing         sync.WaitGroup
		stop           atomic.Bool
		answered, late atomic.Int64
	)
	for _, user := range people {
		typing.Go(func() {
			for !stop.Load() {
				before := w.countResponses(user)
				typed, err := w.slack.Command(w.guardContext(), user, "C0TYPISTS", "/allocate", "mine")
				switch {
				case err == nil && typed.Error == "" && typed.Response != "":
					answered.Add(1)
				case w.slack.Wait(w.guardContext(), func() bool { return w.countResponses(user) > before }) == nil:
					late.Add(1)
				default:
					t.Errorf("a command was left with %q %v", typed.Error, err)
					return
				}
				time.Sleep(commandPace) // the pace of a person; nothing waits for it
			}
		})
	}
	for i := range 2 {
		w.awaitCondition("some commands", func() bool { return answered.Load() > int64(i+1)*50 })
		w.startReplica()
		w.awaitCondition("the new replica", func() bool { return w.slack.Connections() == 6 })
		w.stopOldest()
	}
	stop.Store(true)
	typing.Wait()
	t.Logf("%d commands were acknowledged, %d answered in another way", answered.Load(), late.Load())
	if answered.Load() < 50 || late.Load() > answered.Load()/10 {
		t.Errorf("%d commands were acknowledged, %d answered in another way", answered.Load(), late.Load())
	}
}

// countResponses counts what a person was told by the response_url of a command.
func (w *world) countResponses(user string) int {
	n := 0
	for _, told := range w.slack.Ephemerals(user) {
		if told.Via == "response_url" {
			n++
		}
	}
	return n
}
