package worker_test

import (
	"errors"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	. "licensebot/approvals"
	"licensebot/approvals/worker"
)

var home = Target{URL: "https://cloud.uipath.com", Organization: "acme", AccountID: "8f3a"}

// workFor runs workers of a target for a while, and returns whether they met a request
// of another one.
func (w *world) workFor(target Target, while time.Duration) (foreign bool) {
	var mu sync.Mutex
	runner := w.workers(w.store)
	runner.Target = target
	runner.OnError = func(p worker.Problem) {
		mu.Lock()
		defer mu.Unlock()
		_, is := errors.AsType[*ForeignError](p.Err)
		foreign = foreign || is
	}
	stop := run(w.Context(), runner)
	time.Sleep(while)
	stop()
	return foreign
}

// wantForeign has the workers of another organization meet the request for a while: they
// change nothing of it, and call neither UiPath nor Slack for it.
func (w *world) wantForeign(r Request, other Target, while time.Duration) {
	w.Helper()
	before := w.read(r.ID)
	asked, spoken := len(w.uipath.log()), w.slack.callsForRequests()
	if !w.workFor(other, while) {
		w.Error("no problem is a ForeignError")
	}
	if after := w.uipath.log(); len(after) != asked {
		w.Errorf("UiPath was asked for it: %v", after[asked:])
	}
	if after := w.slack.callsForRequests(); !slices.Equal(after, spoken) {
		w.Errorf("Slack was called for it: %v", after[len(spoken):])
	}
	if after := w.read(r.ID); !reflect.DeepEqual(after, before) {
		w.Errorf("the request was\n%+v and is\n%+v", before, after)
	}
}

// callsForRequests lists the calls without those that look at all pending cards, or read the
// channel at the start.
func (s *slackFake) callsForRequests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.calls), func(call string) bool {
		return slices.Contains([]string{"survey", "look", "read_cards"}, call)
	})
}

// A bot that is set up for another organization leaves a request alone, in whatever
// state it is: the bot of its organization carries it out afterwards.
func TestForeignRequestsWait(t *testing.T) {
	t.Parallel()
	for name, other := range map[string]Target{
		"another organization": {URL: home.URL, Organization: "beta", AccountID: home.AccountID},
		"another account":      {URL: home.URL, Organization: home.Organization, AccountID: "9999"},
		"another cloud":        {URL: "https://govcloud.uipath.us", Organization: home.Organization, AccountID: home.AccountID},
		"no organization":      {},
	} {
		t.Run(name, func(t *testing.T) {
			live(t, func(w *world) {
				w.stop()
				r, _, err := w.store.FileRequest(w.Context(), Request{
					ID: NewID(), EnvelopeID: "e1", Requester: requester, Channel: "C-APPROVALS", Target: home,
					Ask: Ask{Group: "group-01", Codes: []string{"NEW"}, For: time.Hour}, Terms: Terms{TTL: time.Hour},
				})
				if err != nil {
					t.Fatal(err)
				}
				w.wantForeign(r, other, 4*time.Minute)
				w.workFor(home, 12*time.Minute)

				w.react(w.read(r.ID), anna, true)
				w.wantForeign(r, other, 4*time.Minute)
				w.workFor(home, 12*time.Minute)
				w.puts(1)

				time.Sleep(2 * time.Hour)
				w.wantForeign(r, other, 4*time.Minute)
				w.workFor(home, 12*time.Minute)
				w.puts(2)
			})
		})
	}
}

// The deadline of a request of another organization passes in silence: votes are not
// counted, and its thread hears nothing, because a copy of the database may run beside
// the bot that it comes from.
func TestForeignRequestsDoNotExpire(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.carded()
		w.stop()
		w.stop = func() {}
		w.slack.put(r, anna, true)
		w.wantForeign(r, home, 3*time.Hour)
	})
}
