package fakeslack

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"sync"
	"time"

	"licensebot/internal/fault"
)

// httpAnswer is an HTTP answer before it is written.
type httpAnswer struct {
	status     int
	problem    string
	retryAfter int
	reply      jsonObject
	plain      string // instead of reply
}

func refusalAnswer(err error) httpAnswer {
	answer := httpAnswer{status: http.StatusOK, problem: errorName(err), reply: refusalBody(err)}
	if detailed, ok := errors.AsType[*detailedError](err); ok && detailed.retryAfter > 0 {
		answer.status, answer.retryAfter = http.StatusTooManyRequests, detailed.retryAfter
	}
	return answer
}

func refusalBody(err error) jsonObject {
	body := jsonObject{"ok": false, "error": errorName(err)}
	if detailed, ok := errors.AsType[*detailedError](err); ok {
		maps.Copy(body, detailed.fields)
	}
	return body
}

// performer carries a call out. The answer to a read may show what was so a while ago.
type performer func(lag time.Duration) httpAnswer

// answerCall answers a call, by a planned fault if there is one, and records
// what the caller saw.
func (s *Server) answerCall(call *Call, w http.ResponseWriter, r *http.Request, perform performer) {
	started := time.Now()
	status, problem, lag := 0, "", time.Duration(0)
	defer func() { s.completeCall(call, status, problem, time.Since(started)) }()
	effect := func(w http.ResponseWriter, _ *http.Request) {
		answer := perform(lag)
		status, problem = answer.status, answer.problem
		s.writeAnswer(w, answer)
	}
	planned, harmed := s.Take(call.Method)
	if !harmed {
		effect(w, r)
		return
	}
	s.lock.Lock()
	call.Faulted, call.Lag = true, planned.Lag
	s.lock.Unlock()
	lag = planned.Lag
	if planned.EffectAfter > 0 {
		s.performLate(planned.EffectAfter, perform)
	}
	defer func() { status, problem = seenOutcome(planned, status, problem) }() // runs before the one above
	planned.Serve(w, r, effect, refuseCall)
}

// The lateCalls are those that are carried out after their callers may have given up.
type lateCalls struct {
	hurry chan struct{} // closed: carry them out now
	all   sync.WaitGroup
}

func newLateCalls() *lateCalls { return &lateCalls{hurry: make(chan struct{})} }

func (s *Server) performLate(after time.Duration, perform performer) {
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.closed {
		return
	}
	late := s.late
	late.all.Add(1)
	s.runUntilClose(func() {
		defer late.all.Done()
		select {
		case <-time.After(after):
		case <-late.hurry:
		case <-s.quit:
			return
		}
		perform(0)
	})
}

// PerformLateCalls carries out the late calls that wait, such as before the clock is put
// forward: they would be later than Slack ever is.
func (s *Server) PerformLateCalls() {
	s.lock.Lock()
	late := s.late
	s.late = newLateCalls()
	s.lock.Unlock()
	close(late.hurry)
	late.all.Wait()
}

// seenOutcome is what the caller saw of a faulted call, which may differ from
// the call's real outcome.
func seenOutcome(planned fault.Fault, status int, problem string) (int, string) {
	switch {
	case planned.Hang:
		return 0, "hang"
	case planned.Cut:
		return 0, "cut"
	case planned.Body != "" || planned.Status != 0 || planned.Error != "":
		return faultStatus(planned), planned.Error
	}
	return status, problem
}

func faultStatus(planned fault.Fault) int {
	switch {
	case planned.Status != 0:
		return planned.Status
	case planned.Error == "ratelimited":
		return http.StatusTooManyRequests
	}
	return http.StatusOK
}

// refuseCall answers for a fault. Like Slack, it answers a 5xx with HTML and
// everything else with JSON.
func refuseCall(w http.ResponseWriter, planned fault.Fault) {
	status := faultStatus(planned)
	retry := planned.RetryAfter
	if retry == "" && status == http.StatusTooManyRequests {
		retry = "1"
	}
	if retry != "" {
		w.Header().Set("Retry-After", retry)
	}
	name := planned.Error
	if name == "" && status == http.StatusTooManyRequests {
		name = "ratelimited"
	}
	if name == "" {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, "<html><body>%d %s</body></html>", status, http.StatusText(status))
		return
	}
	writeJSON(w, status, jsonObject{"ok": false, "error": name})
}

func (s *Server) writeAnswer(w http.ResponseWriter, answer httpAnswer) {
	w.Header().Set("X-OAuth-Scopes", s.scopeList())
	w.Header().Set("Date", s.date())
	if answer.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(answer.retryAfter))
	}
	if answer.plain != "" {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(answer.status)
		_, _ = w.Write([]byte(answer.plain))
		return
	}
	writeJSON(w, answer.status, answer.reply)
}

// date is what the Date header tells: by the clock that dates events and messages, as at Slack.
func (s *Server) date() string {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.cfg.Now().Add(s.ahead).UTC().Format(http.TimeFormat)
}

func writeJSON(w http.ResponseWriter, status int, body jsonObject) {
	raw, err := json.Marshal(body)
	if err != nil {
		panic("fakeslack: " + err.Error()) // every value comes from this package or from JSON
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(raw)
}
