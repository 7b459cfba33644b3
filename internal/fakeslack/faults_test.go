package fakeslack

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"licensebot/internal/fault"
)

func TestFaults(t *testing.T) {
	tests := []struct {
		name       string
		fault      fault.Fault
		check      func(error) bool
		status     int
		problem    string
		takeEffect bool
	}{
		{"error", fault.Fault{Error: "internal_error"}, func(err error) bool { return clientError(err) == "internal_error" }, 200, "internal_error", false},
		{"429", fault.Fault{Status: 429, RetryAfter: "7"}, isLimited(7 * time.Second), 429, "", false},
		{"ratelimited", fault.Fault{Error: "ratelimited"}, isLimited(time.Second), 429, "ratelimited", false},
		{"503", fault.Fault{Status: 503}, hasStatusCode(503), 503, "", false},
		{"503 after the effect", fault.Fault{Status: 503, AfterEffect: true}, hasStatusCode(503), 503, "", true},
		{"cut", fault.Fault{Cut: true}, isError, 0, "cut", false},
		{"answer lost", fault.Fault{Cut: true, AfterEffect: true}, isError, 0, "cut", true},
		{"no JSON", fault.Fault{Body: "<html>"}, isError, 200, "", false},
		{"late", fault.Fault{Latency: time.Millisecond}, func(err error) bool { return err == nil }, 200, "", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := newTestRig(t, Config{})
			test.fault.Times = 1
			r.Inject("chat.postMessage", test.fault)
			_, _, err := r.apiClient().PostMessageContext(r.ctx, publicID, slack.MsgOptionText("x", false))
			if !test.check(err) {
				t.Errorf("the error is %v", err)
			}
			r.awaitState("the answer", func() bool { return len(r.journalOf(EntryAnswer)) == 1 })
			call := r.Calls("chat.postMessage")[0]
			if call.Status != test.status || call.Error != test.problem || !call.Faulted {
				t.Errorf("the call is %+v", call)
			}
			if posted := len(r.Messages(publicID)) == 1; posted != test.takeEffect {
				t.Errorf("posted: %t", posted)
			}
			r.postText(publicID, "the fault is over")
		})
	}
}

func isError(err error) bool { return err != nil }

func isLimited(wait time.Duration) func(error) bool {
	return func(err error) bool {
		refused, ok := errors.AsType[*slack.RateLimitedError](err)
		return ok && refused.RetryAfter == wait
	}
}

func hasStatusCode(code int) func(error) bool {
	return func(err error) bool {
		refused, ok := errors.AsType[slack.StatusCodeError](err)
		return ok && refused.Code == code
	}
}

func TestHangIsSeenWhileItHangs(t *testing.T) {
	r := newTestRig(t, Config{})
	r.Inject("chat.postMessage", fault.Fault{Hang: true, AfterEffect: true})
	ctx, cancel := context.WithCancel(r.ctx)
	done := make(chan error, 1)
	go func() {
		_, _, err := r.apiClient().PostMessageContext(ctx, publicID, slack.MsgOptionText("x", false))
		done <- err
	}()
	r.awaitState("the message", func() bool { return len(r.Messages(publicID)) == 1 })
	if call := r.Calls("")[0]; call.Status != 0 || call.Error != "" {
		t.Errorf("the call is %+v", call)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
	r.awaitState("the end", func() bool { return r.Calls("")[0].Error == "hang" })
}

// takeResponseURL types a command and returns its response_url.
func (r *testRig) takeResponseURL() string {
	r.t.Helper()
	wire := r.dialGreeted()
	done := r.typeInBackground("x")
	frame := wire.nextFrame()
	wire.sendAck(frame, nil)
	<-done
	url, _ := frame["payload"].(map[string]any)["response_url"].(string)
	return url
}

// postToURL posts to a response_url and returns the status and the body.
func (r *testRig) postToURL(url, body string) (int, string) {
	r.t.Helper()
	req, _ := http.NewRequestWithContext(r.ctx, http.MethodPost, url, strings.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	resp, err := r.http.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var text strings.Builder
	buffer := make([]byte, 1024)
	for {
		n, err := resp.Body.Read(buffer)
		text.Write(buffer[:n])
		if err != nil {
			return resp.StatusCode, text.String()
		}
	}
}

func TestResponseURLTakesFivePosts(t *testing.T) {
	r := newTestRig(t, Config{})
	url := r.takeResponseURL()
	if status, body := r.postToURL(url, `{"text":""}`); status != 400 || !strings.Contains(body, "no_text") {
		t.Errorf("the response_url answered %d %s", status, body)
	}
	for range responsePosts {
		if status, body := r.postToURL(url, `{"text":"hi"}`); status != 200 || body != "ok" {
			t.Errorf("the response_url answered %d %s", status, body)
		}
	}
	if status, body := r.postToURL(url, `{"text":"hi"}`); status != 404 || !strings.Contains(body, "used_url") {
		t.Errorf("the response_url answered %d %s", status, body)
	}
	seen := r.Ephemerals(annaID)
	if len(seen) != 5 || seen[0].Via != "response_url" {
		t.Errorf("the ephemerals are %+v", seen)
	}
	if calls := r.Calls("response_url"); len(calls) != 7 || calls[6].Error != "used_url" {
		t.Errorf("the calls are %+v", calls)
	}
}

func TestResponseURLExpires(t *testing.T) {
	r := newTestRig(t, Config{})
	url := r.takeResponseURL()
	r.clock.Advance(responseLife)
	if status, body := r.postToURL(url, `{"text":"hi"}`); status != 404 || !strings.Contains(body, "expired_url") {
		t.Errorf("the response_url answered %d %s", status, body)
	}
	if status, _ := r.postToURL(url+"0", `{"text":"hi"}`); status != 400 {
		t.Errorf("unknown URL: %d", status)
	}
}

func TestResponseInChannelHasNoAuthor(t *testing.T) {
	r := newTestRig(t, Config{})
	url := r.takeResponseURL()
	if status, body := r.postToURL(url, `{"text":"for all","response_type":"in_channel"}`); status != 200 {
		t.Fatal(body)
	}
	m := r.Messages(publicID)[0]
	if m.User != "" || m.BotID != r.BotID() {
		t.Errorf("the message is %+v", m)
	}
	wire := r.dialGreeted()
	r.DisconnectOne("link_disabled") // the socket of responseURL
	if err := r.React(benID, publicID, m.TS, "eyes"); err != nil {
		t.Fatal(err)
	}
	event := wire.nextFrame()["payload"].(map[string]any)["event"].(map[string]any)
	if _, has := event["item_user"]; has {
		t.Errorf("the event is %v", event)
	}
}

func TestResponseURLFault(t *testing.T) {
	r := newTestRig(t, Config{})
	url := r.takeResponseURL()
	r.Inject("response_url", fault.Fault{Times: 1, Status: 500})
	if status, _ := r.postToURL(url, `{"text":"hi"}`); status != 500 {
		t.Errorf("the status is %d", status)
	}
}

func TestEscape(t *testing.T) {
	r := newTestRig(t, Config{})
	for given, want := range map[string]string{
		"group-01 RPADEVPRONU":      "group-01 RPADEVPRONU",
		"a & b <c>":                 "a &amp; b &lt;c&gt;",
		"for @anna and @nobody":     "for <@" + annaID + "> and @nobody",
		"in #licenses not #secret":  "in <#" + publicID + "|licenses> not <#" + oursID + "|>",
		"group-01.example.com IDU":  "<http://group-01.example.com|group-01.example.com> IDU",
		"see https://e.com/a?b=c&d": "see <https://e.com/a?b=c&amp;d>",
		"mail anna@example.com":     "mail <mailto:anna@example.com|anna@example.com>",
		"version-1.2 notes.txt":     "version-1.2 notes.txt",
		"<@U0ANNA>":                 "&lt;@U0ANNA&gt;",
		"two  spaces\tand tabs":     "two  spaces\tand tabs",
	} {
		r.lock.Lock()
		got := r.escapeText(given)
		r.lock.Unlock()
		if got != want {
			t.Errorf("%q: %q, want %q", given, got, want)
		}
	}
}

func TestClearEndsWhatHangs(t *testing.T) {
	rig := newTestRig(t, Config{})
	rig.Inject("auth.test", fault.Fault{Times: 1, Hang: true})
	ended := make(chan error, 1)
	go func() {
		resp, err := rig.http.Get(rig.APIURL() + "auth.test")
		if err == nil {
			_ = resp.Body.Close()
		}
		ended <- err
	}()
	for rig.Injected() == 0 && rig.ctx.Err() == nil {
		runtime.Gosched() // a fault wakes no Wait
	}
	rig.Clear()
	if err := <-ended; err == nil {
		t.Error("a call that hung was answered")
	}
}
