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

// apiError is the name of a refusal.
type apiError string

func (e apiError) Error() string { return string(e) }

// detailedError is a refusal that says more than its name.
type detailedError struct {
	name       string
	fields     jsonObject
	retryAfter int // seconds; makes the status 429
}

func (e *detailedError) Error() string {
	if len(e.fields) == 0 {
		return e.name
	}
	return fmt.Sprintf("%s: %v", e.name, e.fields)
}

func errorName(err error) string {
	if refusal, ok := errors.AsType[*detailedError](err); ok {
		return refusal.name
	}
	return err.Error()
}

// invalidError is a refusal with the messages that Slack gives to developers.
func invalidError(name string, messages ...string) error {
	return &detailedError{name: name, fields: jsonObject{"response_metadata": jsonObject{"messages": messages}}}
}

// jsonObject is the JSON object of an answer.
type jsonObject = map[string]any

// apiCall is a call of a Web API method on its way.
type apiCall struct {
	method   string
	args     callArgs
	token    string
	inHeader bool     // the token came in the Authorization header
	warnings []string // that the answer carries
}

// serveAPI is the Web API.
func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request) {
	started := &apiCall{method: strings.TrimPrefix(r.URL.Path, "/api/")}
	err := started.readRequest(w, r)
	call := s.recordCall(started.method, maps.Clone(started.args))
	s.answerCall(call, w, r, func() httpAnswer {
		var reply jsonObject
		if err == nil {
			reply, err = s.performCall(started)
		}
		if err != nil {
			return refusalAnswer(err)
		}
		return httpAnswer{status: http.StatusOK, reply: started.successBody(reply)}
	})
}

// performCall checks a call as Slack does, in Slack's order, and runs it.
func (s *Server) performCall(c *apiCall) (jsonObject, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	m, known := findMethod(c.method)
	if !known {
		return nil, &detailedError{name: "unknown_method", fields: jsonObject{"req_method": c.method}}
	}
	if err := s.checkToken(m, c); err != nil {
		return nil, err
	}
	if err := s.countTierCall(m, c.method); err != nil {
		return nil, err
	}
	if m.scope != "" {
		if err := s.requireScope(m.scope); err != nil {
			return nil, err
		}
	}
	unknown, err := c.args.checkSpec(m.args)
	for _, name := range unknown {
		s.addEntry(Entry{Kind: EntryOddity, Type: c.method, Detail: "unknown argument " + name})
	}
	if err != nil {
		return nil, err
	}
	return m.run(s, c)
}

// checkToken checks the token of a call.
func (s *Server) checkToken(m webMethod, c *apiCall) error {
	right, wrong := s.ids.botToken, s.ids.appToken
	if m.app {
		right, wrong = wrong, right
	}
	switch {
	case c.token == "":
		return apiError("not_authed")
	case c.token == wrong:
		return apiError("not_allowed_token_type")
	case c.token != right:
		return apiError("invalid_auth")
	case m.app && !c.inHeader:
		return apiError("missing_args") // as an argument the app-level token does not count
	case !m.app && s.revoked:
		return apiError("token_revoked")
	}
	return nil
}

// hasScope tells whether the bot token has a scope, and remembers that it was of
// use. Callers hold s.lock.
func (s *Server) hasScope(scope string) bool {
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
	s.addEntry(Entry{Kind: EntryWorkspace, Type: "scopes", Detail: strings.Join(scopes, " ")})
}

// UsedScopes are the scopes that a call, an event or a command needed so far
// and had, sorted.
func (s *Server) UsedScopes() []string {
	s.lock.Lock()
	defer s.lock.Unlock()
	return slices.Sorted(maps.Keys(s.used))
}

func (s *Server) requireScope(scope string) error {
	if s.hasScope(scope) {
		return nil
	}
	return &detailedError{name: "missing_scope", fields: jsonObject{
		"needed": scope, "provided": strings.Join(s.cfg.Scopes, ","),
	}}
}

// authTest is auth.test.
func (s *Server) authTest(*apiCall) (jsonObject, error) {
	return jsonObject{
		"url": "https://sandbox.slack.com/", "team": "Sandbox", "user": s.users[s.ids.botUser].Name,
		"team_id": s.ids.team, "user_id": s.ids.botUser, "bot_id": s.ids.bot, "is_enterprise_install": false,
	}, nil
}

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

// successBody is the body of an answer without error.
func (c *apiCall) successBody(reply jsonObject) jsonObject {
	body := jsonObject{"ok": true}
	maps.Copy(body, reply)
	if len(c.warnings) == 0 {
		return body
	}
	body["warning"] = strings.Join(c.warnings, ",")
	metadata, _ := body["response_metadata"].(jsonObject)
	metadata = maps.Clone(metadata)
	if metadata == nil {
		metadata = jsonObject{}
	}
	metadata["warnings"] = c.warnings
	body["response_metadata"] = metadata
	return body
}

// answerCall answers a call, in the way a planned fault says if there is one,
// and records what the caller saw.
func (s *Server) answerCall(call *Call, w http.ResponseWriter, r *http.Request, perform func() httpAnswer) {
	started := time.Now()
	status, problem := 0, ""
	defer func() { s.completeCall(call, status, problem, time.Since(started)) }()
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
	defer func() { status, problem = seenOutcome(planned, status, problem) }() // runs before the one above
	planned.Serve(w, r, effect, refuseCall)
}

// seenOutcome is what a caller saw of a faulted call. The caller may see something
// else than the call's real outcome.
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

// refuseCall answers for a fault: HTML with a 5xx, as Slack does, JSON
// otherwise.
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

func (s *Server) scopeList() string {
	s.lock.Lock()
	defer s.lock.Unlock()
	return strings.Join(s.cfg.Scopes, ",")
}

func (s *Server) writeAnswer(w http.ResponseWriter, answer httpAnswer) {
	w.Header().Set("X-OAuth-Scopes", s.scopeList())
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

func writeJSON(w http.ResponseWriter, status int, body jsonObject) {
	raw, err := json.Marshal(body)
	if err != nil {
		panic("fakeslack: " + err.Error()) // every value comes from this package or from JSON
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(raw)
}
