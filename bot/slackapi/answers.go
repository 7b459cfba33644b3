package slackapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"strconv"
	"time"

	"licensebot/internal/outbound"
)

// checkAnswer makes an error of an answer that the library would misunderstand.
func checkAnswer(method string, answer *http.Response) error {
	if err := outbound.CheckPage(answer); err != nil {
		return err
	}
	return checkSubject(method, answer)
}

// subjects is what the answer of a method is about. Without it, an answer with ok:true
// says nothing: an absent list is no empty one.
var subjects = map[string]string{
	"reactions.get": "message", "conversations.history": "messages", "conversations.replies": "messages",
	"usergroups.users.list": "users",
}

// checkSubject makes an error of an answer that lacks its subject. The library takes one
// for an empty list, or panics.
func checkSubject(method string, answer *http.Response) error {
	subject, known := subjects[method]
	if !known || answer.StatusCode != http.StatusOK {
		return nil
	}
	body, err := io.ReadAll(answer.Body)
	if err = errors.Join(err, answer.Body.Close()); err != nil {
		return err
	}
	answer.Body = io.NopCloser(bytes.NewReader(body))
	var parts map[string]json.RawMessage
	isJSON := json.Unmarshal(body, &parts) == nil
	if !isJSON || string(parts["ok"]) != "true" { // the library says what is wrong
		return nil
	}
	if text := parts[subject]; text == nil || string(text) == "null" {
		return fmt.Errorf("the answer says ok and has no %s", subject)
	}
	return nil
}

// defaultPause is for a 429 that does not say how long to wait.
const defaultPause = time.Second

// rewriteRetryAfter writes the pause of a 429 as whole seconds, the only form that the
// library reads.
func rewriteRetryAfter(answer *http.Response, now time.Time) {
	if answer.StatusCode != http.StatusTooManyRequests {
		return
	}
	pause, ok := outbound.ParseRetryAfter(answer.Header.Get("Retry-After"), now, maxPause)
	if !ok {
		pause = defaultPause
	}
	seconds := (pause + time.Second - 1) / time.Second
	answer.Header.Set("Retry-After", strconv.Itoa(int(seconds)))
}

// methodOf is the method of the Web API that a call is for.
func methodOf(call *http.Request) string { return path.Base(call.URL.Path) }
