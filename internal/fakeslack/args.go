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

// maxBody limits a request in bytes. No request of the bot comes near it.
const maxBody = 4 << 20

// callArgs are the arguments of a call as text. An argument that came as a JSON
// value other than a string is JSON text.
type callArgs map[string]string

// readRequest takes the arguments and the token from a request, which may be a
// form or JSON.
func (c *apiCall) readRequest(w http.ResponseWriter, r *http.Request) error {
	c.args = callArgs{}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return apiError("request_timeout")
	}
	c.takeValues(r.URL.Query())
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
		err = apiError("invalid_post_type")
	}
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		c.token, c.inHeader = token, true
	}
	if r.Method == http.MethodGet && c.method == "apps.connections.open" {
		err = apiError("insecure_request")
	}
	return err
}

func (c *apiCall) readForm(body []byte) error {
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return apiError("invalid_form_data")
	}
	c.takeValues(values)
	return nil
}

// takeValues moves form values into the arguments. It keeps the token apart: records
// of the arguments must not hold it.
func (c *apiCall) takeValues(values url.Values) {
	for name, given := range values {
		if name == "token" {
			c.token = given[0]
			continue
		}
		c.args[name] = given[len(given)-1]
	}
}

// readJSON reads a JSON object. It drops a token in the body: with JSON, Slack
// takes the token from the header only.
func (c *apiCall) readJSON(body []byte) error {
	if len(body) == 0 {
		return nil
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(body, &object); err != nil {
		if _, mismatch := errors.AsType[*json.UnmarshalTypeError](err); mismatch {
			return apiError("json_not_object")
		}
		return apiError("invalid_json")
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

// argSpec describes one argument of a method.
type argSpec struct {
	name, kind string
	required   bool
}

// parseArgSpecs reads a text such as "channel! ts!:ts limit:int". A mark stands
// after required arguments. A kind stands after arguments other than plain text.
func parseArgSpecs(spec string) []argSpec {
	var args []argSpec
	for _, field := range strings.Fields(spec) {
		name, kind, _ := strings.Cut(field, ":")
		name, required := strings.CutSuffix(name, "!")
		args = append(args, argSpec{name: name, kind: kind, required: required})
	}
	return args
}

var (
	argNamePattern   = regexp.MustCompile(`^[A-Za-z0-9_]{1,60}$`)
	timestampPattern = regexp.MustCompile(`^\d{1,12}(\.\d{1,6})?$`)
)

// checkSpec compares the arguments with a spec. Slack ignores unknown
// arguments; checkSpec returns them, because they may be typing errors.
func (a callArgs) checkSpec(spec string) (unknown []string, err error) {
	known := parseArgSpecs(spec)
	for name := range a {
		if !argNamePattern.MatchString(name) {
			return nil, apiError("invalid_arg_name")
		}
		if !slices.ContainsFunc(known, func(k argSpec) bool { return k.name == name }) {
			unknown = append(unknown, name)
		}
	}
	var problems []string
	for _, arg := range known {
		value := a[arg.name]
		switch {
		case value == "" && arg.required:
			problems = append(problems, "[ERROR] missing required field: "+arg.name)
		case value != "" && !arg.acceptsValue(value):
			problems = append(problems, "[ERROR] invalid value for field: "+arg.name)
		}
	}
	slices.Sort(unknown)
	if problems != nil {
		return unknown, invalidError("invalid_arguments", problems...)
	}
	return unknown, nil
}

// acceptsValue checks a value against its kind. It passes every timestamp on,
// because each method has an error name of its own for a wrong one.
func (arg argSpec) acceptsValue(value string) bool {
	switch arg.kind {
	case "bool":
		return slices.Contains([]string{"true", "false", "1", "0"}, value)
	case "int":
		_, err := strconv.Atoi(value)
		return err == nil
	}
	return true
}

func (a callArgs) isTrue(name string) bool { return a[name] == "true" || a[name] == "1" }

// timestampMicros is a timestamp in microseconds. The timestamp "1.5" means
// "1.500000".
func timestampMicros(ts string) (int64, bool) {
	if !timestampPattern.MatchString(ts) {
		return 0, false
	}
	seconds, fraction, _ := strings.Cut(ts, ".")
	micros, err := strconv.ParseInt(seconds+(fraction + "000000")[:6], 10, 64)
	return micros, err == nil
}

// apiCall is a call of a Web API method before its answer.
type apiCall struct {
	method   string
	args     callArgs
	token    string
	inHeader bool          // the token came in the Authorization header
	warnings []string      // for the answer
	lag      time.Duration // of what a read shows
}
