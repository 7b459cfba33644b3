package fakeuipath

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"slices"
	"time"
)

// An exchange is one request on its way through a handler. The handler holds
// the lock of the Server throughout, and writes to memory only.
type exchange struct {
	u      *Server
	w      http.ResponseWriter
	r      *http.Request
	now    time.Time
	body   []byte
	params map[string]string
	call   *Call
}

func (x *exchange) answerJSON(status int, value any) { writeJSON(x.w, status, value) }

// answerError answers a refusal of the license service. Its real error format
// is not documented.
func (x *exchange) answerError(status int, format string, args ...any) {
	x.answerJSON(status, map[string]string{"message": fmt.Sprintf(format, args...)})
}

func (x *exchange) answerCodedError(status int, code, message string) {
	x.answerJSON(status, map[string]any{"error": map[string]any{"code": code, "message": message, "innerError": nil}})
}

// decodeBody reads a JSON body into value. It refuses fields other than names:
// .NET would ignore them, but they are a mistake of the client.
func (x *exchange) decodeBody(value any, names ...string) bool {
	if !x.hasContentType("application/json") {
		x.answerError(http.StatusUnsupportedMediaType, "Content-Type must be application/json.")
		return false
	}
	var fields map[string]json.RawMessage
	err := json.Unmarshal(x.body, &fields)
	if err == nil && fields == nil {
		err = errors.New("the body is null")
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if !slices.Contains(names, name) {
			err = errors.Join(err, fmt.Errorf("no field %q", name))
		}
	}
	if err == nil {
		err = json.Unmarshal(x.body, value)
	}
	if err != nil {
		x.answerError(http.StatusBadRequest, "The request body is not valid: %v", err)
	}
	return err == nil
}

func (x *exchange) hasContentType(want string) bool {
	got, _, err := mime.ParseMediaType(x.r.Header.Get("Content-Type"))
	return err == nil && got == want
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	encoded, err := json.Marshal(value)
	if err != nil {
		panic(err) // every value is of a type of this package
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(encoded)
}
