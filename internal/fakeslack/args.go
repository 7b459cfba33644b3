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
)

// maxBody is more than any request of the bot can be.
const maxBody = 4 << 20

// callArgs are the arguments of a call as text; those that came as JSON
// values other than strings are JSON text.
type callArgs map[string]string

// readRequest takes arguments and token from a request, as a form or as JSON.
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

// takeValues moves form values into the arguments; the token goes its own way, so
// that no record of the arguments can hold it.
func (c *apiCall) takeValues(values url.Values) {
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

// argSpec is what a method says of one argument.
type argSpec struct {
	name, kind string
	required   bool
}

// parseArgSpecs reads "channel! ts!:ts limit:int": required arguments have a
// mark, kinds other than text are named.
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

// checkSpec compares the arguments with a spec. Slack ignores unknown ones; they
// are returned as they may be typing errors.
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

// acceptsValue leaves timestamps to the methods, each of which has an error name
// of its own for a wrong one.
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

// timestampMicros is a timestamp in microseconds; "1.5" is "1.500000".
func timestampMicros(ts string) (int64, bool) {
	if !timestampPattern.MatchString(ts) {
		return 0, false
	}
	seconds, fraction, _ := strings.Cut(ts, ".")
	micros, err := strconv.ParseInt(seconds+(fraction + "000000")[:6], 10, 64)
	return micros, err == nil
}

// apiCall is a call of a Web API method on its way.
type apiCall struct {
	method   string
	args     callArgs
	token    string
	inHeader bool     // the token came in the Authorization header
	warnings []string // that the answer carries
}
