package fakeslack

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// slackMaxBody is more than any request of the bot can be.
const slackMaxBody = 4 << 20

// slackArgs are the arguments of a call as text; those that came as JSON
// values other than strings are JSON text.
type slackArgs map[string]string

// read takes arguments and token from a request, as a form or as JSON.
func (c *slackCall) read(w http.ResponseWriter, r *http.Request) error {
	c.args = slackArgs{}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, slackMaxBody))
	if err != nil {
		return slackError("request_timeout")
	}
	c.take(r.URL.Query())
	kind, params, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case r.Method == http.MethodGet:
	case kind == "application/x-www-form-urlencoded":
		err = c.readForm(body)
	case kind == "application/json":
		err = c.readJSON(body)
		if params["charset"] == "" {
			c.warnings = append(c.warnings, "missing_charset")
		}
	case kind == "" && len(body) == 0:
	default:
		err = slackError("invalid_post_type")
	}
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		c.token, c.inHeader = token, true
	}
	if r.Method == http.MethodGet && c.method == "apps.connections.open" {
		err = slackError("insecure_request")
	}
	return err
}

func (c *slackCall) readForm(body []byte) error {
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return slackError("invalid_form_data")
	}
	c.take(values)
	return nil
}

// take moves form values into the arguments; the token goes its own way, so
// that no record of the arguments can hold it.
func (c *slackCall) take(values url.Values) {
	for name, given := range values {
		if name == "token" {
			c.token = given[0]
			continue
		}
		c.args[name] = given[len(given)-1]
	}
}

// readJSON reads a JSON object. A token in it is not a token: Slack takes one
// from the header only when the body is JSON.
func (c *slackCall) readJSON(body []byte) error {
	if len(body) == 0 {
		return nil
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(body, &object); err != nil {
		if _, mismatch := errors.AsType[*json.UnmarshalTypeError](err); mismatch {
			return slackError("json_not_object")
		}
		return slackError("invalid_json")
	}
	delete(object, "token")
	for name, raw := range object {
		var text string
		switch {
		case json.Unmarshal(raw, &text) == nil && string(raw) != "null":
			c.args[name] = text
		case string(raw) != "null":
			c.args[name] = string(raw)
		}
	}
	return nil
}

// slackArg is what a method says of one argument.
type slackArg struct {
	name, kind string
	required   bool
}

// parseSlackSpec reads "channel! ts!:ts limit:int": required arguments have a
// mark, kinds other than text are named.
func parseSlackSpec(spec string) []slackArg {
	var args []slackArg
	for _, field := range strings.Fields(spec) {
		name, kind, _ := strings.Cut(field, ":")
		name, required := strings.CutSuffix(name, "!")
		args = append(args, slackArg{name: name, kind: kind, required: required})
	}
	return args
}

var (
	slackArgName = regexp.MustCompile(`^[A-Za-z0-9_]{1,60}$`)
	slackTS      = regexp.MustCompile(`^\d{1,12}(\.\d{1,6})?$`)
)

// check compares the arguments with a spec. Slack ignores unknown ones; they
// are returned as they may be typing errors.
func (a slackArgs) check(spec string) (unknown []string, err error) {
	known := parseSlackSpec(spec)
	for name := range a {
		if !slackArgName.MatchString(name) {
			return nil, slackError("invalid_arg_name")
		}
		if !slices.ContainsFunc(known, func(k slackArg) bool { return k.name == name }) {
			unknown = append(unknown, name)
		}
	}
	var problems []string
	for _, arg := range known {
		value := a[arg.name]
		switch {
		case value == "" && arg.required:
			problems = append(problems, "[ERROR] missing required field: "+arg.name)
		case value != "" && !arg.accepts(value):
			problems = append(problems, "[ERROR] invalid value for field: "+arg.name)
		}
	}
	slices.Sort(unknown)
	if problems != nil {
		return unknown, slackInvalid("invalid_arguments", problems...)
	}
	return unknown, nil
}

// accepts leaves timestamps to the methods, each of which has an error name
// of its own for a wrong one.
func (arg slackArg) accepts(value string) bool {
	switch arg.kind {
	case "bool":
		return slices.Contains([]string{"true", "false", "1", "0"}, value)
	case "int":
		_, err := strconv.Atoi(value)
		return err == nil
	}
	return true
}

func (a slackArgs) on(name string) bool { return a[name] == "true" || a[name] == "1" }

// slackMicros is a timestamp in microseconds; "1.5" is "1.500000".
func slackMicros(ts string) (int64, bool) {
	if !slackTS.MatchString(ts) {
		return 0, false
	}
	seconds, fraction, _ := strings.Cut(ts, ".")
	micros, err := strconv.ParseInt(seconds+(fraction + "000000")[:6], 10, 64)
	return micros, err == nil
}

// slackBucket paces one channel.
type slackBucket struct {
	left float64
	at   time.Time
}

// slackBurst is how many messages a channel takes at once.
const slackBurst = 5

// paced takes a message from the channel's allowance. Callers hold s.lock.
func (s *Server) paced(channel string) error {
	if !s.cfg.ChannelPace {
		return nil
	}
	now := s.cfg.Now()
	b := s.pace[channel]
	if b == nil {
		b = &slackBucket{left: slackBurst, at: now}
		s.pace[channel] = b
	}
	b.left = min(slackBurst, b.left+now.Sub(b.at).Seconds())
	b.at = now
	if b.left < 1 {
		return &slackRefusal{name: "ratelimited", retryAfter: 1}
	}
	b.left--
	return nil
}

// slackWindow counts the calls of one method in one minute.
type slackWindow struct {
	start time.Time
	calls int
}

// slackTierLimits are calls per minute.
var slackTierLimits = [...]int{1: 1, 2: 20, 3: 50, 4: 100}

// withinTier counts a call against the limit of its method. Callers hold
// s.lock.
func (s *Server) withinTier(m slackMethod, method string) error {
	if !s.cfg.EnforceTiers || m.tier == 0 {
		return nil
	}
	now := s.cfg.Now()
	window := s.tiers[method]
	if window == nil || now.Sub(window.start) >= time.Minute {
		window = &slackWindow{start: now}
		s.tiers[method] = window
	}
	window.calls++
	if window.calls > slackTierLimits[m.tier] {
		rest := time.Minute - now.Sub(window.start)
		return &slackRefusal{name: "ratelimited", retryAfter: max(1, int((rest+time.Second-1)/time.Second))}
	}
	return nil
}
