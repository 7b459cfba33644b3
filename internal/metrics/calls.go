package metrics

import (
	"bytes"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// The results of calls.
const (
	resultOK       = "ok"
	resultRefused  = "refused" // 4xx, or Slack's ok:false
	resultLimited  = "rate_limited"
	resultRedirect = "redirect"
	resultServer   = "server_error"
	resultNoAnswer = "no_answer"
)

// WatchSlack counts the calls of Slack's Web API that a transport carries out.
func (m *Metrics) WatchSlack(next http.RoundTripper) http.RoundTripper {
	return watched{next: next, calls: m.slackCalls, operation: slackMethod, judge: judgeSlack}
}

// WatchUiPath counts the calls of UiPath that a transport carries out.
func (m *Metrics) WatchUiPath(next http.RoundTripper) http.RoundTripper {
	return watched{next: next, calls: m.uipathCalls, operation: uipathOperation, judge: judgeStatus}
}

// A watched transport measures calls.
type watched struct {
	next      http.RoundTripper
	calls     *prometheus.HistogramVec
	operation func(*http.Request) string
	judge     func(*http.Response) string
}

// RoundTrip carries a call out and counts it.
func (w watched) RoundTrip(call *http.Request) (*http.Response, error) {
	begun := time.Now()
	answer, err := w.next.RoundTrip(call)
	result := resultNoAnswer
	if err == nil {
		result = w.judge(answer)
	}
	w.calls.WithLabelValues(w.operation(call), result).Observe(time.Since(begun).Seconds())
	return answer, err
}

// judgeStatus tells the result by the status.
func judgeStatus(answer *http.Response) string {
	switch status := answer.StatusCode; {
	case status == http.StatusTooManyRequests:
		return resultLimited
	case status >= 500:
		return resultServer
	case status >= 400:
		return resultRefused
	case status >= 300:
		return resultRedirect
	}
	return resultOK
}

// judgeSlack also looks at the beginning of the answer: Slack refuses with status 200.
func judgeSlack(answer *http.Response) string {
	result := judgeStatus(answer)
	if result != resultOK {
		return result
	}
	begin := make([]byte, 16)
	n, _ := io.ReadFull(answer.Body, begin) // an error shows again when the rest is read
	begin = begin[:n]
	answer.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(begin), answer.Body), answer.Body}
	if bytes.HasPrefix(bytes.ReplaceAll(begin, []byte(" "), nil), []byte(`{"ok":false`)) {
		return resultRefused
	}
	return result
}

// methodPattern is what a method of Slack's looks like.
var methodPattern = regexp.MustCompile(`^[a-z]+(\.[a-zA-Z]+)+$`)

// slackMethod is the method that a call names. The bot calls a fixed list of them; a
// response_url is a secret.
func slackMethod(call *http.Request) string {
	_, method, found := strings.Cut(call.URL.Path, "/api/")
	if !found || !methodPattern.MatchString(method) {
		return "response_url"
	}
	return method
}

// uipathOperations are the paths of UiPath's API, by their last fixed part.
var uipathOperations = []struct{ contains, operation string }{
	{"/user-license/group/", "allocation"},
	{"/user-license/groups", "list_allocations"},
	{"/user-license", "seats"},
	{"/identity_/api/Group/", "groups"},
	{"/connect/token", "token"},
	{"/account/authenticate", "token"},
}

// uipathOperation tells what a call does, without the ids in its path.
func uipathOperation(call *http.Request) string {
	for _, known := range uipathOperations {
		if strings.Contains(call.URL.Path, known.contains) {
			if call.Method == http.MethodPut || call.Method == http.MethodDelete {
				return strings.ToLower(call.Method) + "_" + known.operation
			}
			return known.operation
		}
	}
	return "other"
}
