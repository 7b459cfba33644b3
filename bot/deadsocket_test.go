package bot

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"licensebot/approvals"
	"licensebot/internal/fakeslack"
)

// Every socket is cut while a command is being stored. The command is stored
// once. The requester sees Slack's own time-out, because an answer must take the
// same socket. The next command is answered as ever.
func TestTheSocketDiesBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	for name, back := range map[string]bool{"answered on the cut one": false, "answered when others are open": true} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, fakeslack.Config{AckTimeout: patience})
			held, gate := make(chan struct{}), make(chan struct{})
			hold := sync.OnceFunc(func() { close(held); <-gate })
			r.listen(faultyStore{Store: r.store, file: func(approvals.Request) error { hold(); return nil }})
			waiting, givesUp := context.WithCancel(r.ctx)
			defer givesUp()
			first := make(chan fakeslack.Typed, 1)
			go func() {
				typed, _ := r.slack.Command(waiting, robin, general, "/allocate", "group-01 IDU")
				first <- typed
			}()
			<-held
			r.slack.CutSockets()
			if back {
				r.awaitConnections()
			}
			close(gate)
			if !back {
				r.awaitConnections()
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
