package bot

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"licensebot/approvals"
	"licensebot/internal/sandbox"
)

// Every socket is cut while a command is being stored. It is stored all the
// same, once; whoever typed it sees Slack's own time-out, because no other
// socket may tell them, and the next command is answered as ever.
func TestTheSocketDiesBeforeTheAnswer(t *testing.T) {
	for name, back := range map[string]bool{"answered on the cut one": false, "answered when others are open": true} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, sandbox.SlackConfig{AckTimeout: patience})
			held, gate := make(chan struct{}), make(chan struct{})
			hold := sync.OnceFunc(func() { close(held); <-gate })
			s := r.listen(filer{RequestStore: r.store, file: func(approvals.Request) error { hold(); return nil }})
			waiting, givesUp := context.WithCancel(r.ctx)
			defer givesUp()
			first := make(chan sandbox.Typed, 1)
			go func() {
				typed, _ := r.slack.Command(waiting, robin, general, "/allocate", "group-01 IDU")
				first <- typed
			}()
			<-held
			r.slack.CutSockets()
			if back {
				r.awaitConnections(s)
			}
			close(gate)
			if !back {
				r.awaitConnections(s)
			}
			second := r.recorded("group-02 IDU")
			givesUp()
			typed := <-first
			if typed.Error != "operation_timeout" {
				t.Errorf("the first was answered with %q %q", typed.Error, typed.Response)
			}
			r.expectFiled(typed.EnvelopeID, second)
		})
	}
}

// expectFiled expects two requests and no more, the first of an envelope and
// the second of an id, and that both are owed what leads to their card.
func (r *rig) expectFiled(envelope, second string) {
	r.t.Helper()
	var envelopes, ids []string
	for range 2 {
		_, request, err := r.store.ClaimJob(r.ctx, time.Minute, approvals.JobPrepare)
		if err != nil {
			r.t.Fatal(err)
		}
		envelopes, ids = append(envelopes, request.EnvelopeID), append(ids, request.ID)
	}
	if !slices.Contains(envelopes, envelope) || !slices.Contains(ids, second) {
		r.t.Errorf("owed for the envelopes %v, ids %v; want those of %s and of %s", envelopes, ids, envelope, second)
	}
	if _, n, err := r.store.ListByRequester(r.ctx, robin, 10, 0); err != nil || n != 2 {
		r.t.Errorf("%d requests are stored (%v)", n, err)
	}
}

// A counter stores reactions by counting them.
type counter struct {
	RequestStore
	stored atomic.Int32
}

func (c *counter) RecordReaction(context.Context, approvals.Reaction) error {
	c.stored.Add(1)
	return nil
}

// A socket that is gone takes no acknowledgements: slack-go keeps some, and has
// every other wait. That costs a handler a moment, however many wait, and
// neither what comes on the other socket nor an end.
func TestAcknowledgementsThatNoSocketTakes(t *testing.T) {
	const kept = 20 // by slack-go, for each socket
	synctest.Test(t, func(t *testing.T) {
		store := new(counter)
		s := NewSocket(SocketConfig{}, &Intake{Store: store, Words: testWords()}, zerolog.Nop())
		gone, other := s.clients[0], s.clients[1] // neither is connected, but little is said on the other
		payload, err := json.Marshal(map[string]any{"type": "event_callback", "event": map[string]any{
			"type": "reaction_added", "user": alex, "reaction": "white_check_mark",
			"item": map[string]any{"type": "message", "channel": channel, "ts": "1.000001"},
		}})
		if err != nil {
			t.Fatal(err)
		}
		env := Envelope{ID: "e", Type: "events_api", Payload: payload}
		intake, stop := context.WithCancel(t.Context())
		var working sync.WaitGroup
		for range workerCount {
			working.Go(func() { s.handleQueued(intake) })
		}
		const many = kept + 3*workerCount
		for range many {
			s.jobs <- job{env: env, client: gone, arrived: time.Now()}
		}
		s.jobs <- job{env: env, client: other, arrived: time.Now()}
		time.Sleep(3*ackLimit + time.Second) // of the test's own clock
		if n := store.stored.Load(); n != many+1 {
			t.Errorf("%d of %d deliveries were stored", n, many+1)
		}
		stop()
		working.Wait()
	})
}
