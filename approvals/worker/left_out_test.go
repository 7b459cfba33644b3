package worker_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/oauth2"

	. "licensebot/approvals"
	"licensebot/licensing"
)

// reticent is UiPath's HTTP without a network and with one group. It may leave settings out of
// its answers to reads, and has no list of allocations.
type reticent struct {
	mu       sync.Mutex
	codes    []string
	limits   map[string]int
	external bool
	leaves   []string // the fields that it leaves out
	puts     []string
}

const reticentGroup = "11111111-2222-3333-4444-555555555555"

// leaveOut has answers lack fields from now on.
func (u *reticent) leaveOut(fields ...string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.leaves = fields
}

// seen is what a test looks at: the state and the bodies of the writes.
func (u *reticent) seen() (limits map[string]int, external bool, puts []string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.limits, u.external, u.puts
}

type object = map[string]any

func (u *reticent) RoundTrip(r *http.Request) (*http.Response, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	status := http.StatusOK
	var answer any
	group := object{"id": reticentGroup, "name": "Robot developers"}
	switch path := r.URL.Path; {
	case r.Method == http.MethodPut:
		answer = u.write(r)
	case strings.HasSuffix(path, "/group/"+reticentGroup+"/with-quota"):
		answer = u.without(object{"groupRule": object{"userBundleCodes": u.codes}, "quotas": u.quotas()})
	case strings.HasSuffix(path, "/group/"+reticentGroup):
		var seats []object
		for _, code := range []string{"OLD", "NEW"} {
			seats = append(seats, object{"code": code, "allocated": 0, "total": 9})
		}
		answer = u.without(object{
			"allocatedUserBundles": u.codes, "useExternalLicense": u.external, "availableUserBundles": seats,
		})
	case strings.Contains(path, "/identity_/api/Group/") && strings.HasSuffix(path, reticentGroup):
		answer = group
	case strings.Contains(path, "/identity_/api/Group/"):
		answer = []object{group}
	default:
		status, answer = http.StatusNotFound, object{"message": "not here"}
	}
	text, err := json.Marshal(answer)
	return &http.Response{
		StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(text)),
	}, err
}

func (u *reticent) without(answer object) object {
	for _, field := range u.leaves {
		delete(answer, field)
	}
	return answer
}

func (u *reticent) quotas() []object {
	all := []object{}
	for code, limit := range u.limits {
		all = append(all, object{"userBundleCode": code, "limit": limit})
	}
	return all
}

// write replaces the allocation, limits included.
func (u *reticent) write(r *http.Request) object {
	text, _ := io.ReadAll(r.Body)
	u.puts = append(u.puts, string(text))
	var asked struct {
		Codes    []string `json:"userBundleCodes"`
		External bool     `json:"useExternalLicense"`
		Quotas   []struct {
			Code  string `json:"userBundleCode"`
			Limit int    `json:"limit"`
		} `json:"quotas"`
	}
	_ = json.Unmarshal(text, &asked)
	u.codes, u.limits, u.external = asked.Codes, map[string]int{}, asked.External
	for _, q := range asked.Quotas {
		u.limits[q.Code] = q.Limit
	}
	rule := object{"userBundleCodes": u.codes, "useExternalLicense": u.external}
	if asked.Quotas != nil {
		return object{"groupRule": rule, "quotas": u.quotas()}
	}
	return rule
}

// workOn starts workers of a process that knows nothing of UiPath yet.
func (w *world) workOn(u *reticent) {
	w.Helper()
	c, err := licensing.New(licensing.Config{
		URL: "https://uipath.test/", Organization: "acme", AccountID: "99999999-2222-3333-4444-555555555555",
		Tokens:     oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "x"}),
		HTTPClient: &http.Client{Transport: u},
	})
	if err != nil {
		w.Fatal(err)
	}
	w.stop()
	workers := w.workers(w.store)
	workers.Licenses = licensing.NewAllocations(c)
	w.stop = run(context.WithoutCancel(w.Context()), workers)
}

// cardedOn files a request for NEW on the group of u and waits for its card.
func (w *world) cardedOn(envelope string) Request {
	w.Helper()
	r, _, err := w.store.FileRequest(w.Context(), Request{
		ID: NewID(), EnvelopeID: envelope, Requester: requester, Channel: "C-APPROVALS",
		Ask: Ask{Group: reticentGroup, Codes: []string{"NEW"}}, Terms: Terms{TTL: time.Hour},
	})
	if err != nil {
		w.Fatal(err)
	}
	w.request = r
	return w.until("a card", func(r Request) bool { return r.CardTS != "" })
}

// A setting that the card was shown and that UiPath leaves out for a while is kept, also by a
// process that never saw it: a restarted one, or another replica.
func TestSettingsThatAnotherProcessWasShown(t *testing.T) {
	t.Parallel()
	for name, restart := range map[string]bool{"the same process": false, "another process": true} {
		t.Run(name, func(t *testing.T) {
			for _, field := range []string{"quotas", "useExternalLicense"} {
				live(t, func(w *world) {
					u := &reticent{codes: []string{"OLD"}, limits: map[string]int{"OLD": 2}, external: true}
					w.workOn(u)
					r := w.cardedOn("e1")
					if restart {
						w.workOn(u)
					}
					u.leaveOut(field)
					time.AfterFunc(5*time.Second, func() { u.leaveOut() })
					w.react(r, anna, true)
					r = w.untilState(Done)
					w.ended(r, Done, ReasonConfirmed)
					if limits, external, puts := u.seen(); limits["OLD"] != 2 || !external {
						t.Errorf("without %s: wrote %v", field, puts)
					}
				})
			}
		})
	}
}

// Limits that go on missing are believed gone after a second look, and limits that never were
// hold nothing up.
func TestLimitsThatAreLeftOutForGood(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		limits map[string]int
		waits  bool
	}{"there were some": {map[string]int{"OLD": 2}, true}, "there were none": {nil, false}} {
		t.Run(name, func(t *testing.T) {
			live(t, func(w *world) {
				u := &reticent{codes: []string{"OLD"}, limits: c.limits}
				if c.limits == nil {
					u.leaveOut("quotas")
				}
				w.workOn(u)
				r := w.cardedOn("e1")
				w.workOn(u)
				u.leaveOut("quotas")
				w.react(r, anna, true)
				r = w.untilState(Done)
				took := r.ClosedAt.Sub(r.DecidedAt)
				if waited := took >= SecondLookAfter; waited != c.waits || took > time.Minute {
					t.Errorf("it took %v", took)
				}
				if _, _, puts := u.seen(); len(puts) != 1 || strings.Contains(puts[0], "quotas") {
					t.Errorf("wrote %v", puts)
				}
			})
		})
	}
}

// A field that UiPath tells no more does not hold up the end of a grant for ever: where it was
// false, nothing is at stake; where it was true, people are told after a day.
func TestExternalLeftOutForGood(t *testing.T) {
	t.Parallel()
	for _, used := range []bool{false, true} {
		t.Run(fmt.Sprint("used: ", used), func(t *testing.T) {
			t.Parallel()
			live(t, func(w *world) {
				u := &reticent{codes: []string{"OLD"}, external: used}
				w.workOn(u)
				r, _, err := w.store.FileRequest(w.Context(), Request{
					ID: NewID(), EnvelopeID: "e1", Requester: requester, Channel: "C-APPROVALS",
					Ask: Ask{Group: reticentGroup, Codes: []string{"NEW"}, For: 2 * time.Hour}, Terms: Terms{TTL: time.Hour},
				})
				if err != nil {
					t.Fatal(err)
				}
				w.request = r
				r = w.until("a card", func(r Request) bool { return r.CardTS != "" })
				w.react(r, anna, true)
				w.untilState(Done)
				u.leaveOut("useExternalLicense")
				w.workOn(u) // a restart
				time.Sleep(3 * time.Hour)
				r = w.read(r.ID)
				if !used {
					if r.Grant.Revocation == nil {
						t.Errorf("the grant of two hours has not ended after three: %s; the group has %v", r.Grant.DelayReason, u.codes)
					}
					return
				}
				if r.Grant.Revocation != nil || r.Grant.DelayReason != ExternalUnknownReason {
					t.Errorf("before a day it says %q and did %+v", r.Grant.DelayReason, r.Grant.Revocation)
				}
				time.Sleep(24 * time.Hour)
				e := w.read(r.ID).Grant.Revocation
				if e == nil || !e.ExternalUnknown || e.QuotasUnknown || !slices.Equal(e.Remaining, []string{"NEW"}) {
					t.Errorf("after a day it did %+v", e)
				}
			})
		})
	}
}
