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
// its answers to reads, or answer otherwise, and has no list of allocations.
type reticent struct {
	mu       sync.Mutex
	codes    []string
	limits   map[string]int
	external bool
	leaves   []string // the fields that it leaves out
	instead  object   // what it answers in some fields, in place of the truth
	noQuotas bool     // as an Automation Suite
	identity int      // the status of all answers of Identity; 0: the truth
	puts     []string
}

const reticentGroup = "11111111-2222-3333-4444-555555555555"

// leaveOut has answers lack fields from now on.
func (u *reticent) leaveOut(fields ...string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.leaves = fields
}

// until has UiPath answer otherwise for a while, or for good.
func (u *reticent) until(over time.Duration, change, back func()) {
	set := func(f func()) {
		u.mu.Lock()
		defer u.mu.Unlock()
		f()
	}
	set(change)
	if over > 0 {
		time.AfterFunc(over, func() { set(back) })
	}
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
	case strings.Contains(path, "/identity_/") && u.identity != 0:
		status, answer = u.identity, object{"message": "passing"}
	case strings.HasSuffix(path, "/group/"+reticentGroup+"/with-quota") && !u.noQuotas:
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
	for field, value := range u.instead {
		if _, has := answer[field]; has {
			answer[field] = value
		}
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

// Codes that one look does not tell stay. Two looks that agree are believed: an admin may have
// taken the allocation away, and a group that never had one may look like that.
func TestCodesThatAreNotTold(t *testing.T) {
	t.Parallel()
	untold := object{"allocatedUserBundles": nil, "groupRule": nil, "quotas": nil}
	for name, c := range map[string]struct {
		codes    []string
		noQuotas bool
		first    bool // it is so before the card
		over     time.Duration
		want     string
	}{
		"for a moment":                {codes: []string{"OLD"}, over: 5 * time.Second, want: `["NEW","OLD"]`},
		"for a moment, without quota": {codes: []string{"OLD"}, noQuotas: true, over: 5 * time.Second, want: `["NEW","OLD"]`},
		"for good":                    {codes: []string{"OLD"}, want: `["NEW"]`},
		"of a group without any":      {first: true, want: `["NEW"]`},
		"of one, without quota":       {first: true, noQuotas: true, want: `["NEW"]`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			live(t, func(w *world) {
				u := &reticent{codes: c.codes, noQuotas: c.noQuotas}
				hide := func() {
					u.until(c.over, func() { u.instead = untold }, func() { u.instead = nil })
				}
				if c.first {
					hide()
				}
				w.workOn(u)
				r := w.cardedOn("e1")
				w.workOn(u) // a restart
				if !c.first {
					hide()
				}
				w.react(r, anna, true)
				r = w.until("a write", func(Request) bool { _, _, puts := u.seen(); return len(puts) > 0 })
				if took := time.Since(r.DecidedAt); took > time.Minute {
					t.Errorf("it took %v", took)
				}
				if _, _, puts := u.seen(); !strings.Contains(puts[0], `"userBundleCodes":`+c.want) {
					t.Errorf("wrote %v, want %s", puts, c.want)
				}
				u.until(0, func() { u.instead = nil }, nil)
				w.untilState(Done)
			})
		})
	}
}

// A limit that the card shows and that one look lacks stays, whatever the form of that look. A
// second look that agrees is believed: an admin has lifted the limit.
func TestALimitThatOneLookLacks(t *testing.T) {
	t.Parallel()
	limit := func(code string, limit any) object { return object{"userBundleCode": code, "limit": limit} }
	for name, shown := range map[string][]object{
		"null":    {limit("OLD", nil), limit("NEXT", 7)},
		"zero":    {limit("OLD", 0), limit("NEXT", 7)},
		"missing": {limit("NEXT", 7)},
		"none":    {},
	} {
		for _, over := range []time.Duration{5 * time.Second, 0} {
			t.Run(fmt.Sprint(name, " for ", over), func(t *testing.T) {
				t.Parallel()
				live(t, func(w *world) {
					u := &reticent{codes: []string{"NEXT", "OLD"}, limits: map[string]int{"NEXT": 7, "OLD": 5}}
					w.workOn(u)
					r := w.cardedOn("e1")
					w.workOn(u) // a restart
					u.until(over, func() { u.instead = object{"quotas": shown} }, func() { u.instead = nil })
					w.react(r, anna, true)
					r = w.until("a write", func(Request) bool { _, _, puts := u.seen(); return len(puts) > 0 })
					u.until(0, func() { u.instead = nil }, nil)
					if took := time.Since(r.DecidedAt); took > time.Minute {
						t.Errorf("it took %v", took)
					}
					w.ended(w.untilState(Done), Done, ReasonConfirmed)
					want := 5
					if over == 0 {
						want = 0
					}
					if limits, _, puts := u.seen(); limits["OLD"] != want || name != "none" && limits["NEXT"] != 7 {
						t.Errorf("wrote %v; the limits are %v", puts, limits)
					}
				})
			})
		}
	}
}

// A limit that UiPath confirmed is waited for, too, where the card did not show it.
func TestAConfirmedLimitThatOneLookLacks(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		u := &reticent{codes: []string{"OLD"}, limits: map[string]int{}}
		w.workOn(u)
		later := w.cardedOn("e1")
		r, _, err := w.store.FileRequest(w.Context(), Request{
			ID: NewID(), EnvelopeID: "e2", Requester: requester, Channel: "C-APPROVALS",
			Ask:   Ask{Group: reticentGroup, Codes: []string{"OLD"}, Quotas: []Quota{{Code: "OLD", Limit: 5}}},
			Terms: Terms{TTL: time.Hour},
		})
		if err != nil {
			t.Fatal(err)
		}
		w.request = r
		w.react(w.until("a card", func(r Request) bool { return r.CardTS != "" }), anna, true)
		w.untilState(Done)
		time.Sleep(2 * ReadLag)
		w.workOn(u) // a restart
		u.until(5*time.Second, func() { u.instead = object{"quotas": []object{}} }, func() { u.instead = nil })
		w.request = later
		w.react(later, anna, true)
		w.ended(w.untilState(Done), Done, ReasonConfirmed)
		if limits, _, puts := u.seen(); limits["OLD"] != 5 {
			t.Errorf("wrote %v", puts)
		}
	})
}

// A name that the card shows and that Identity does not show for a moment is unknown, and the
// request waits. A refusal is for an operator.
func TestANameThatIsNotShown(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusNotFound, http.StatusForbidden, http.StatusUnauthorized} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			live(t, func(w *world) {
				u := &reticent{codes: []string{}}
				w.workOn(u)
				r := w.cardedOn("e1")
				if r.Proposal.Group.Name == "" {
					t.Fatal("the card shows no name")
				}
				time.Sleep(4 * time.Second) // lists are kept for three
				u.until(20*time.Second, func() { u.identity = status }, func() { u.identity = 0 })
				w.react(r, anna, true)
				delayed := w.until("a delay", func(r Request) bool { return r.DelayReason != "" })
				_, _, puts := u.seen()
				if delayed.OperatorFault != (status != http.StatusNotFound) || len(puts) > 0 {
					t.Errorf("it waits because %q, wrote %v", delayed.DelayReason, puts)
				}
				w.ended(w.untilState(Done), Done, ReasonConfirmed)
			})
		})
	}
}
