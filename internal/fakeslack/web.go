package fakeslack

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"licensebot/internal/fault"
)

// slackError is the name of a refusal.
type slackError string

func (e slackError) Error() string { return string(e) }

// slackRefusal is a refusal that says more than its name.
type slackRefusal struct {
	name       string
	fields     slackReply
	retryAfter int // seconds; makes the status 429
}

func (e *slackRefusal) Error() string {
	if len(e.fields) == 0 {
		return e.name
	}
	return fmt.Sprintf("%s: %v", e.name, e.fields)
}

func slackErrorName(err error) string {
	if refusal, ok := errors.AsType[*slackRefusal](err); ok {
		return refusal.name
	}
	return err.Error()
}

// slackInvalid is a refusal with the messages that Slack gives to developers.
func slackInvalid(name string, messages ...string) error {
	return &slackRefusal{name: name, fields: slackReply{"response_metadata": slackReply{"messages": messages}}}
}

// slackReply is the JSON object of an answer.
type slackReply = map[string]any

// slackCall is a call of a Web API method on its way.
type slackCall struct {
	method   string
	args     slackArgs
	token    string
	inHeader bool     // the token came in the Authorization header
	warnings []string // that the answer carries
}

// serveAPI is the Web API.
func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request) {
	started := &slackCall{method: strings.TrimPrefix(r.URL.Path, "/api/")}
	err := started.read(w, r)
	call := s.arrived(started.method, maps.Clone(started.args))
	s.answerCall(call, w, r, func() slackAnswer {
		var reply slackReply
		if err == nil {
			reply, err = s.perform(started)
		}
		if err != nil {
			return refusal(err)
		}
		return slackAnswer{status: http.StatusOK, reply: started.success(reply)}
	})
}

// perform checks a call as Slack does, in Slack's order, and runs it.
func (s *Server) perform(c *slackCall) (slackReply, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	m, known := slackMethods(c.method)
	if !known {
		return nil, &slackRefusal{name: "unknown_method", fields: slackReply{"req_method": c.method}}
	}
	if err := s.authorize(m, c); err != nil {
		return nil, err
	}
	if err := s.withinTier(m, c.method); err != nil {
		return nil, err
	}
	if m.scope != "" {
		if err := s.needScope(m.scope); err != nil {
			return nil, err
		}
	}
	unknown, err := c.args.check(m.args)
	for _, name := range unknown {
		s.note(Entry{Kind: EntryOddity, Type: c.method, Detail: "unknown argument " + name})
	}
	if err != nil {
		return nil, err
	}
	return m.run(s, c)
}

// authorize checks the token of a call.
func (s *Server) authorize(m slackMethod, c *slackCall) error {
	right, wrong := s.ids.botToken, s.ids.appToken
	if m.app {
		right, wrong = wrong, right
	}
	switch {
	case c.token == "":
		return slackError("not_authed")
	case c.token == wrong:
		return slackError("not_allowed_token_type")
	case c.token != right:
		return slackError("invalid_auth")
	case m.app && !c.inHeader:
		return slackError("missing_args") // as an argument the app-level token does not count
	case !m.app && s.revoked:
		return slackError("token_revoked")
	}
	return nil
}

// granted tells whether the bot token has a scope, and remembers that it was of
// use. Callers hold s.lock.
func (s *Server) granted(scope string) bool {
	has := slices.Contains(s.cfg.Scopes, scope)
	if has {
		s.used[scope] = true
	}
	return has
}

// SetScopes installs the app anew, with other scopes and the same token.
func (s *Server) SetScopes(scopes ...string) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.cfg.Scopes = slices.Clone(scopes)
	s.note(Entry{Kind: EntryWorkspace, Type: "scopes", Detail: strings.Join(scopes, " ")})
}

// UsedScopes are the scopes that a call, an event or a command needed so far
// and had, sorted.
func (s *Server) UsedScopes() []string {
	s.lock.Lock()
	defer s.lock.Unlock()
	return slices.Sorted(maps.Keys(s.used))
}

func (s *Server) needScope(scope string) error {
	if s.granted(scope) {
		return nil
	}
	return &slackRefusal{name: "missing_scope", fields: slackReply{
		"needed": scope, "provided": strings.Join(s.cfg.Scopes, ","),
	}}
}

// authTest is auth.test.
func (s *Server) authTest(*slackCall) (slackReply, error) {
	return slackReply{
		"url": "https://sandbox.slack.com/", "team": "Sandbox", "user": s.users[s.ids.botUser].Name,
		"team_id": s.ids.team, "user_id": s.ids.botUser, "bot_id": s.ids.bot, "is_enterprise_install": false,
	}, nil
}

// slackAnswer is an HTTP answer before it is written.
type slackAnswer struct {
	status     int
	problem    string
	retryAfter int
	reply      slackReply
	plain      string // instead of reply
}

func refusal(err error) slackAnswer {
	answer := slackAnswer{status: http.StatusOK, problem: slackErrorName(err), reply: refusalBody(err)}
	if detailed, ok := errors.AsType[*slackRefusal](err); ok && detailed.retryAfter > 0 {
		answer.status, answer.retryAfter = http.StatusTooManyRequests, detailed.retryAfter
	}
	return answer
}

func refusalBody(err error) slackReply {
	body := slackReply{"ok": false, "error": slackErrorName(err)}
	if detailed, ok := errors.AsType[*slackRefusal](err); ok {
		maps.Copy(body, detailed.fields)
	}
	return body
}

// success is the body of an answer without error.
func (c *slackCall) success(reply slackReply) slackReply {
	body := slackReply{"ok": true}
	maps.Copy(body, reply)
	if len(c.warnings) == 0 {
		return body
	}
	body["warning"] = strings.Join(c.warnings, ",")
	metadata, _ := body["response_metadata"].(slackReply)
	metadata = maps.Clone(metadata)
	if metadata == nil {
		metadata = slackReply{}
	}
	metadata["warnings"] = c.warnings
	body["response_metadata"] = metadata
	return body
}

// answerCall answers a call, in the way a planned fault says if there is one,
// and records what the caller saw.
func (s *Server) answerCall(call *Call, w http.ResponseWriter, r *http.Request, perform func() slackAnswer) {
	started := time.Now()
	status, problem := 0, ""
	defer func() { s.answered(call, status, problem, time.Since(started)) }()
	effect := func(w http.ResponseWriter, _ *http.Request) {
		answer := perform()
		status, problem = answer.status, answer.problem
		s.writeAnswer(w, answer)
	}
	planned, harmed := s.Take(call.Method)
	if !harmed {
		effect(w, r)
		return
	}
	s.lock.Lock()
	call.Faulted = true
	s.lock.Unlock()
	defer func() { status, problem = seenOf(planned, status, problem) }() // runs before the one above
	planned.Serve(w, r, effect, refuseSlackCall)
}

// seenOf is what a caller saw of a faulted call. The caller may see something
// else than the call's real outcome.
func seenOf(planned fault.Fault, status int, problem string) (int, string) {
	switch {
	case planned.Hang:
		return 0, "hang"
	case planned.Cut:
		return 0, "cut"
	case planned.Body != "" || planned.Status != 0 || planned.Error != "":
		return slackFaultStatus(planned), planned.Error
	}
	return status, problem
}

func slackFaultStatus(planned fault.Fault) int {
	switch {
	case planned.Status != 0:
		return planned.Status
	case planned.Error == "ratelimited":
		return http.StatusTooManyRequests
	}
	return http.StatusOK
}

// refuseSlackCall answers for a fault: HTML with a 5xx, as Slack does, JSON
// otherwise.
func refuseSlackCall(w http.ResponseWriter, planned fault.Fault) {
	status := slackFaultStatus(planned)
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
	writeSlackJSON(w, status, slackReply{"ok": false, "error": name})
}

func (s *Server) scopes() string {
	s.lock.Lock()
	defer s.lock.Unlock()
	return strings.Join(s.cfg.Scopes, ",")
}

func (s *Server) writeAnswer(w http.ResponseWriter, answer slackAnswer) {
	w.Header().Set("X-OAuth-Scopes", s.scopes())
	if answer.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(answer.retryAfter))
	}
	if answer.plain != "" {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(answer.status)
		_, _ = w.Write([]byte(answer.plain))
		return
	}
	writeSlackJSON(w, answer.status, answer.reply)
}

func writeSlackJSON(w http.ResponseWriter, status int, body slackReply) {
	raw, err := json.Marshal(body)
	if err != nil {
		panic("fakeslack: " + err.Error()) // every value comes from this package or from JSON
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(raw)
}
