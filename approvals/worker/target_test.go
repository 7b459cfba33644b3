package worker_test

import (
	"errors"
	"strings"
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

// wantForeign has the workers of another organization meet the request: they ask
// nothing of UiPath for it, do not end it, and tell people why it waits.
func (w *world) wantForeign(r Request, other Target, state State) {
	w.Helper()
	calls := len(w.uipath.log())
	if !w.workFor(other, 4*time.Minute) {
		w.Error("no problem is a ForeignError")
	}
	if after := w.uipath.log(); len(after) != calls {
		w.Errorf("UiPath was asked for it: %v", after[calls:])
	}
	r = w.read(r.ID)
	why := r.DelayReason
	if r.Grant != nil {
		why = r.Grant.DelayReason
	}
	if r.State != state || !strings.Contains(why, home.String()) || !strings.Contains(why, other.String()) {
		w.Errorf("the request is %s, delayed because %q", r.State, why)
	}
}

// A bot that is set up for another organization leaves a request alone, in whatever
// state it is: the bot of its organization carries it out afterwards.
func TestForeignRequestsWait(t *testing.T) {
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
				w.wantForeign(r, other, Filed)
				w.posts(JobTellRequester, 1)
				w.workFor(home, 6*time.Minute)

				w.react(w.read(r.ID), anna, true)
				w.wantForeign(r, other, Approved)
				w.posts(JobPostDelay, 1)
				w.puts(0)
				w.workFor(home, 6*time.Minute)
				w.puts(1)

				time.Sleep(2 * time.Hour)
				w.wantForeign(r, other, Done)
				w.posts(JobPostRevocationDelay, 1)
				w.puts(1)
				w.workFor(home, 6*time.Minute)
				w.puts(2)
			})
		})
	}
}

// The jobs of the pools that read and write UiPath check the target.
func TestJobsAtUiPathCheckTheTarget(t *testing.T) {
	for _, spec := range JobKinds() {
		if atUiPath := spec.Pool == PoolPrepare || spec.Pool == PoolWrites; spec.UiPath != atUiPath {
			t.Errorf("%s checks the target: %t", spec.Kind, spec.UiPath)
		}
	}
}
