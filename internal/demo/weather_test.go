package demo

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"licensebot/internal/sweep"
)

// fair is what a look at each side finds in fair weather.
var fair = map[string]string{
	"slack":  "auth.test 200, history 200 new, command: heard",
	"uipath": "token 200, write 200 made, read 200 new",
}

// What each kind of weather does, as its title and detail say.
var effects = map[string]string{
	"slack-down":    "auth.test 503, history 503, command: dispatch_failed",
	"slack-cut":     "auth.test 200, history 200 new, command: dispatch_failed",
	"slack-silent":  "auth.test 200, history 200 new, command: operation_timeout",
	"slack-limited": "auth.test 429 wait 10, history 429 wait 10, command: heard",
	"slack-late":    "auth.test 200, history 200 old, command: heard",
	"slack-slow":    "auth.test 200 slow, history 200 new slow, command: heard",
	"uipath-secret": "token 400, write 401 not made, read 401",
	"uipath-401":    "token 200, write 401 not made, read 401",
	"uipath-403":    "token 200, write 403 not made, read 403",
	"uipath-503":    "token 503, write 503 not made, read 503",
	"uipath-429":    "token 200, write 429 wait 10 not made, read 429 wait 10",
	"uipath-cut":    "token 200, write cut made, read 200 new",
	"uipath-slow":   "token 200 slow, write 200 slow made, read 200 new slow",
	"uipath-late":   "token 200, write 200 made, read 200 old",
}

// Every switch does what its label says, and no more after it is off.
func TestWeatherEffects(t *testing.T) {
	t.Parallel()
	if len(weathers()) != len(effects) {
		t.Errorf("there are %d kinds of weather and %d effects", len(weathers()), len(effects))
	}
	for _, w := range weathers() {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			sweep.InSample(t, !strings.HasSuffix(w.name, "-slow"))
			l := newLookout(t)
			look := l.lookAtSlack
			if w.side == "uipath" {
				look = l.lookAtUiPath
			}
			for _, step := range []struct {
				when string
				on   bool
				want string
			}{{"off", false, fair[w.side]}, {"on", true, effects[w.name]}, {"off again", false, fair[w.side]}} {
				if err := l.setWeather(w.name, step.on); err != nil {
					t.Fatal(err)
				}
				if got := look(); got != step.want {
					t.Errorf("%s: %s\ninstead of %s", step.when, got, step.want)
				}
			}
		})
	}
}

// A lookout calls the simulators as the bot would.
type lookout struct {
	*Sandbox
	t      *testing.T
	token  string // of UiPath
	socket *websocket.Conn
	heard  chan struct{} // closed when the socket has ended
}

func newLookout(t *testing.T) *lookout {
	t.Helper()
	s, err := Open(Options{CodeName: func(string) string { return "" }})
	if err != nil {
		t.Fatal(err)
	}
	l := &lookout{Sandbox: s, t: t}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		l.awaitEnd()
	})
	if err := s.advanceClock(time.Hour); err != nil { // so that the groups are old
		t.Fatal(err)
	}
	return l
}

// send sends a request. It returns the status as people say it, and the body.
func (l *lookout) send(method, address, body string, header http.Header, patience time.Duration) (status, answer string) {
	l.t.Helper()
	req, err := http.NewRequest(method, address, strings.NewReader(body))
	if err != nil {
		l.t.Fatal(err)
	}
	req.Header = header
	began := time.Now()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "cut", ""
	}
	defer func() { _ = resp.Body.Close() }()
	text, _ := io.ReadAll(resp.Body)
	status = fmt.Sprint(resp.StatusCode)
	if after := resp.Header.Get("Retry-After"); after != "" {
		status += " wait " + after
	}
	if time.Since(began) >= patience {
		status += " slow"
	}
	return status, string(text)
}

func (l *lookout) callSlack(method, token string, args url.Values) (status, answer string) {
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Authorization": {"Bearer " + token}}
	return l.send(http.MethodPost, l.slack.APIURL()+method, args.Encode(), header, 2*time.Second)
}

func (l *lookout) lookAtSlack() string {
	l.t.Helper()
	ts, err := l.slack.Say(requesterID, channelID, "", "a message")
	if err != nil {
		l.t.Fatal(err)
	}
	called, _ := l.callSlack("auth.test", l.slack.BotToken(), nil)
	history, answer := l.callSlack("conversations.history", l.slack.BotToken(), url.Values{"channel": {channelID}})
	if strings.HasPrefix(history, "200") {
		history = insertAge(history, strings.Contains(answer, ts))
	}
	if l.slack.Connections() == 0 {
		l.connect()
	}
	typed, err := l.slack.Command(l.t.Context(), requesterID, generalID, commandName, "help")
	if err != nil {
		l.t.Fatal(err)
	}
	return fmt.Sprintf("auth.test %s, history %s, command: %s", called, history, typed.Error+typed.Response)
}

// insertAge says after a status whether the answer shows the newest.
func insertAge(status string, isNew bool) string {
	age := " old"
	if isNew {
		age = " new"
	}
	return status[:3] + age + status[3:]
}

// connect opens a socket that answers commands, if Slack lets it.
func (l *lookout) connect() {
	l.t.Helper()
	l.awaitEnd()
	_, answer := l.callSlack("apps.connections.open", l.slack.AppToken(), nil)
	var opened struct{ URL string }
	if json.Unmarshal([]byte(answer), &opened) != nil || opened.URL == "" {
		return
	}
	socket, _, err := websocket.DefaultDialer.DialContext(l.t.Context(), opened.URL, nil)
	if err != nil {
		return
	}
	l.socket, l.heard = socket, make(chan struct{})
	go func() { defer close(l.heard); answerCommands(socket) }()
	if err := l.slack.Wait(l.t.Context(), func() bool { return l.slack.Connections() > 0 }); err != nil {
		l.t.Fatal(err)
	}
}

func answerCommands(socket *websocket.Conn) {
	for {
		var frame struct {
			EnvelopeID string `json:"envelope_id"`
			Type       string `json:"type"`
		}
		if socket.ReadJSON(&frame) != nil {
			return
		}
		ack := map[string]any{"envelope_id": frame.EnvelopeID, "payload": map[string]string{"text": "heard"}}
		if frame.Type == "slash_commands" && socket.WriteJSON(ack) != nil {
			return
		}
	}
}

func (l *lookout) awaitEnd() {
	if l.socket != nil {
		_ = l.socket.Close()
		<-l.heard
		l.socket = nil
	}
}

// lookAtUiPath takes a token, writes, and reads. Where there is no new token, it uses the
// last.
func (l *lookout) lookAtUiPath() string {
	l.t.Helper()
	l.uipath.Edit(groupID, func([]string) []string { return []string{"ATTUNU"} })
	form := url.Values{
		"grant_type": {"client_credentials"}, "client_id": {l.uipath.ClientID()}, "client_secret": {l.uipath.ClientSecret()},
		"scope": {"PM.License.Read PM.License.Write PM.Group.Read"},
	}
	const limit = 3 * time.Second
	base := l.uipath.URL() + "/" + l.uipath.Organization()
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	token, answer := l.send(http.MethodPost, base+"/identity_/connect/token", form.Encode(), header, limit)
	var given struct {
		Token string `json:"access_token"`
	}
	if json.Unmarshal([]byte(answer), &given) == nil && given.Token != "" {
		l.token = given.Token
	}
	header = http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + l.token}}
	group := base + "/lease_/api/account/" + l.uipath.AccountID() + "/user-license/group/" + groupID
	write, _ := l.send(http.MethodPut, group, `{"userBundleCodes":["ATTUNU","IDU"],"useExternalLicense":false}`, header, limit)
	made := "not made"
	if allocation, _ := l.uipath.Allocation(groupID); len(allocation.Codes) == 2 {
		made = "made"
	}
	read, answer := l.send(http.MethodGet, group, "", header, limit)
	var found struct {
		Codes []string `json:"allocatedUserBundles"`
	}
	if json.Unmarshal([]byte(answer), &found) == nil && found.Codes != nil {
		read = insertAge(read, slices.Contains(found.Codes, "IDU"))
	}
	return fmt.Sprintf("token %s, write %s %s, read %s", token, write, made, read)
}

// Each method that a weather names is one of the simulator's, so that no switch harms
// nothing.
func TestWeatherNamesMethods(t *testing.T) {
	t.Parallel()
	l := newLookout(t)
	for _, method := range slackCalls {
		if method == "response_url" {
			continue
		}
		if _, answer := l.callSlack(method, l.slack.BotToken(), nil); strings.Contains(answer, "unknown_method") {
			t.Errorf("Slack has no method %s", method)
		}
	}
	if _, answer := l.callSlack("no.such", l.slack.BotToken(), nil); !strings.Contains(answer, "unknown_method") {
		t.Errorf("Slack answers %s", answer)
	}
}
