package fakeslack

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"licensebot/internal/fault"
)

// testSocket is a bare WebSocket, for what slack-go hides.
type testSocket struct {
	*websocket.Conn
	t *testing.T
}

// openLink asks for a WebSocket URL.
func (r *testRig) openLink() string {
	r.t.Helper()
	req, _ := http.NewRequest(http.MethodPost, r.APIURL()+"apps.connections.open", nil)
	req.Header.Set("Authorization", "Bearer "+r.AppToken())
	said := r.sendRequest(req)
	url, _ := said.body["url"].(string)
	if url == "" {
		r.t.Fatal(said.body)
	}
	return url
}

// dialSocket opens a WebSocket and leaves its first frame unread.
func (r *testRig) dialSocket() *testSocket {
	r.t.Helper()
	conn, _, err := websocket.DefaultDialer.DialContext(r.ctx, r.openLink(), nil)
	if err != nil {
		r.t.Fatal(err)
	}
	deadline, _ := r.ctx.Deadline()
	_ = conn.SetReadDeadline(deadline)
	r.t.Cleanup(func() { _ = conn.Close() })
	return &testSocket{conn, r.t}
}

// dialGreeted opens a WebSocket and reads its hello.
func (r *testRig) dialGreeted() *testSocket {
	r.t.Helper()
	wire := r.dialSocket()
	if frame := wire.nextFrame(); frame["type"] != "hello" {
		r.t.Fatal(frame)
	}
	return wire
}

func (w *testSocket) nextFrame() map[string]any {
	w.t.Helper()
	var frame map[string]any
	if err := w.ReadJSON(&frame); err != nil {
		w.t.Fatal(err)
	}
	return frame
}

func (w *testSocket) sendAck(frame map[string]any, payload any) {
	w.t.Helper()
	out := map[string]any{"envelope_id": frame["envelope_id"]}
	if payload != nil {
		out["payload"] = payload
	}
	if err := w.WriteJSON(out); err != nil {
		w.t.Fatal(err)
	}
}

// typeInBackground types a command in the background.
func (r *testRig) typeInBackground(text string) <-chan Typed {
	done := make(chan Typed, 1)
	go func() {
		typed, err := r.Command(r.ctx, annaID, publicID, "/allocate", text)
		if err != nil {
			r.t.Error(err)
		}
		done <- typed
	}()
	return done
}

func TestHello(t *testing.T) {
	r := newTestRig(t, Config{ConnectionLife: 360})
	r.dialGreeted()
	frame := r.dialSocket().nextFrame()
	debug := frame["debug_info"].(map[string]any)
	if frame["num_connections"] != 2.0 || debug["approximate_connection_time"] != 360.0 {
		t.Errorf("the frame is %v", frame)
	}
	if app := frame["connection_info"].(map[string]any)["app_id"]; app != r.AppID() {
		t.Errorf("app %v", app)
	}
}

func TestTicketsAreUsedOnce(t *testing.T) {
	r := newTestRig(t, Config{})
	url := r.openLink()
	for i, want := range []int{http.StatusSwitchingProtocols, http.StatusForbidden} {
		conn, resp, _ := websocket.DefaultDialer.DialContext(r.ctx, url, nil)
		if conn != nil {
			defer func() { _ = conn.Close() }()
		}
		if resp.StatusCode != want {
			t.Errorf("dial %d: %d", i, resp.StatusCode)
		}
	}
}

func TestEleventhSocket(t *testing.T) {
	r := newTestRig(t, Config{})
	for range maxSockets {
		r.dialGreeted()
	}
	frame := r.dialSocket().nextFrame()
	if frame["type"] != "disconnect" || frame["reason"] != "too_many_websockets" || frame["num_connections"] != 11.0 {
		t.Errorf("the frame is %v", frame)
	}
	if r.Connections() != maxSockets {
		t.Errorf("%d sockets are connected", r.Connections())
	}
}

func TestPings(t *testing.T) {
	r := newTestRig(t, Config{PingInterval: 5 * time.Millisecond})
	wire := r.dialGreeted()
	ping := make(chan string, 1)
	wire.SetPingHandler(func(text string) error {
		select {
		case ping <- text:
		default:
		}
		return nil
	})
	go func() { _, _, _ = wire.ReadMessage() }()
	if text := <-ping; !strings.HasPrefix(text, "Ping from ") {
		t.Errorf("the ping says %q", text)
	}
}

func TestAnswersPings(t *testing.T) {
	r := newTestRig(t, Config{})
	wire := r.dialGreeted()
	pong := make(chan string, 1)
	wire.SetPongHandler(func(text string) error { pong <- text; return nil })
	if err := wire.WriteControl(websocket.PingMessage, []byte("there?"), time.Now().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	go func() { _, _, _ = wire.ReadMessage() }()
	if text := <-pong; text != "there?" {
		t.Errorf("the ping says %q", text)
	}
}

func TestCommandErrors(t *testing.T) {
	r := newTestRig(t, Config{AckTimeout: 20 * time.Millisecond})
	if typed := <-r.typeInBackground("x"); typed.Error != "dispatch_failed" || typed.Deliveries != 0 {
		t.Errorf("without a socket: %+v", typed)
	}
	wire := r.dialGreeted()
	if typed := <-r.typeInBackground("x"); typed.Error != "operation_timeout" || typed.Deliveries != 1 {
		t.Errorf("without an ack: %+v", typed)
	}
	late := wire.nextFrame()
	wire.sendAck(late, nil)
	r.awaitState("late ack", func() bool { return len(r.journalOf(EntryAckRefused)) == 1 })
	if e := r.journalOf(EntryAckRefused)[0]; e.Detail != "too late" {
		t.Errorf("the entry is %+v", e)
	}
}

func TestPeopleWhoCannotType(t *testing.T) {
	r := newTestRig(t, Config{})
	r.AddUser(User{ID: "U0GONE", Name: "gone", Deleted: true})
	r.AddUser(User{ID: "U0EXT", Name: "ext", TeamID: "T0OTHER"})
	r.AddChannel(Channel{ID: "C0OLD", Archived: true})
	for _, test := range [][]string{
		{"user_not_found", "U404", publicID, "/allocate"},
		{"user_not_found", r.BotUserID(), publicID, "/allocate"},
		{"account_inactive", "U0GONE", publicID, "/allocate"},
		{"restricted_action", "U0EXT", publicID, "/allocate"},
		{"channel_not_found", benID, shutID, "/allocate"},
		{"is_archived", benID, "C0OLD", "/allocate"},
		{"unknown_command", benID, publicID, "allocate"},
	} {
		if _, err := r.Command(r.ctx, test[1], test[2], test[3], ""); err == nil || err.Error() != test[0] {
			t.Errorf("%v: %v", test, err)
		}
	}
}

func TestAckPayloads(t *testing.T) {
	blocks := []any{map[string]any{"type": "divider"}}
	tests := []struct {
		name    string
		payload any
		want    Typed
	}{
		{"none", nil, Typed{}},
		{"empty", map[string]any{}, Typed{}},
		{"text", map[string]any{"text": "hi"}, Typed{Response: "hi", ResponseType: "ephemeral"}},
		{"in channel", map[string]any{"text": "hi", "response_type": "in_channel"}, Typed{Response: "hi", ResponseType: "in_channel"}},
		{"blocks", map[string]any{"blocks": blocks}, Typed{ResponseType: "ephemeral"}},
		{"no message", map[string]any{"text": ""}, Typed{Error: "invalid_command_response", ResponseType: ""}},
		{"bad blocks", map[string]any{"blocks": []any{map[string]any{"type": "x"}}}, Typed{Error: "invalid_command_response"}},
		{"bad type", map[string]any{"text": "x", "response_type": "public"}, Typed{Error: "invalid_command_response"}},
		{"a string", "hi", Typed{Error: "invalid_command_response"}},
		{"20 KB", map[string]any{"text": strings.Repeat("x", maxAckFrame)}, Typed{Error: "operation_timeout"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			cfg := Config{AckTimeout: 10 * time.Second}
			if test.want.Error == "operation_timeout" {
				cfg.AckTimeout = 50 * time.Millisecond
			}
			r := newTestRig(t, cfg)
			wire := r.dialGreeted()
			done := r.typeInBackground("x")
			wire.sendAck(wire.nextFrame(), test.payload)
			got := <-done
			if got.Error != test.want.Error || got.Response != test.want.Response || got.ResponseType != test.want.ResponseType {
				t.Errorf("the person saw %+v", got)
			}
			if posted := len(r.Messages(publicID)); (posted == 1) != (test.want.ResponseType == "in_channel") {
				t.Errorf("%d messages", posted)
			}
		})
	}
}

func TestCommandWithoutPostingRights(t *testing.T) {
	r := newTestRig(t, Config{})
	wire := r.dialGreeted()
	done := make(chan Typed, 1)
	go func() {
		typed, _ := r.Command(r.ctx, annaID, shutID, "/allocate", "x")
		done <- typed
	}()
	frame := wire.nextFrame()
	if name := frame["payload"].(map[string]any)["channel_name"]; name != "privategroup" {
		t.Errorf("channel_name %v", name)
	}
	wire.sendAck(frame, map[string]any{"text": "here too"})
	if typed := <-done; typed.Response != "here too" {
		t.Errorf("the person saw %+v", typed)
	}
}

func TestAcksThatDoNotCount(t *testing.T) {
	r := newTestRig(t, Config{})
	first := r.dialGreeted()
	done := r.typeInBackground("x")
	frame := first.nextFrame()
	second := r.dialGreeted()
	second.sendAck(frame, nil)
	second.sendAck(map[string]any{"envelope_id": "nobody's"}, nil)
	r.awaitState("refusals", func() bool { return len(r.journalOf(EntryAckRefused)) == 2 })
	first.sendAck(frame, nil)
	if typed := <-done; typed.Error != "" {
		t.Errorf("the person saw %+v", typed)
	}
	first.sendAck(frame, nil)
	if err := first.WriteMessage(websocket.TextMessage, []byte("hello?")); err != nil {
		t.Fatal(err)
	}
	r.awaitState("the rest", func() bool { return len(r.journalOf(EntryFrame)) == 1 })
	var details []string
	for _, e := range r.journalOf(EntryAckRefused) {
		details = append(details, e.Detail)
	}
	want := "sent on another socket than the envelope, unknown envelope, acked before"
	if got := strings.Join(details, ", "); got != want {
		t.Errorf("the person saw %s", got)
	}
}

func TestCopies(t *testing.T) {
	r := newTestRig(t, Config{})
	wire := r.dialGreeted()
	done := make(chan Typed, 1)
	go func() {
		typed, _ := r.CommandWith(r.ctx, CommandOptions{User: annaID, Channel: publicID, Command: "/allocate", Copies: 3})
		done <- typed
	}()
	frames := []map[string]any{wire.nextFrame(), wire.nextFrame(), wire.nextFrame()}
	if frames[0]["envelope_id"] != frames[2]["envelope_id"] {
		t.Errorf("the frames are %v", frames)
	}
	wire.sendAck(frames[0], nil)
	if typed := <-done; typed.Deliveries != 3 {
		t.Errorf("the person saw %+v", typed)
	}
}

func TestCopiesOfEverything(t *testing.T) {
	r := newTestRig(t, Config{})
	wire := r.dialGreeted()
	r.SetCopies(2)
	r.SendEvent(map[string]any{"type": "app_uninstalled"})
	first, second := wire.nextFrame(), wire.nextFrame()
	if first["envelope_id"] != second["envelope_id"] || second["retry_attempt"] != 0.0 {
		t.Errorf("the frames are %v, %v", first, second)
	}
}

func TestEnvelopesGoToAnySocket(t *testing.T) {
	r := newTestRig(t, Config{})
	r.dialGreeted()
	r.dialGreeted()
	for range 20 {
		r.SendEvent(map[string]any{"type": "app_uninstalled"})
	}
	share := map[int]int{}
	for _, e := range r.journalOf(EntryEnvelope) {
		share[e.Socket]++
	}
	if len(share) != 2 {
		t.Errorf("the sockets got %v", share)
	}
}

func TestDisconnect(t *testing.T) {
	r := newTestRig(t, Config{Linger: time.Millisecond})
	warned, told := r.dialGreeted(), r.dialGreeted()
	r.Disconnect("warning")
	if frame := warned.nextFrame(); frame["reason"] != "warning" || r.Connections() != 2 {
		t.Errorf("the frame is %v, %d sockets are connected", frame, r.Connections())
	}
	told.nextFrame()
	r.DisconnectOne("refresh_requested")
	if frame := warned.nextFrame(); frame["reason"] != "refresh_requested" || r.Connections() != 1 {
		t.Errorf("the frame is %v, %d sockets are connected", frame, r.Connections())
	}
	if _, _, err := warned.ReadMessage(); err == nil {
		t.Error("the socket stayed open")
	}
	r.CutSockets()
	if _, _, err := told.ReadMessage(); err == nil {
		t.Error("the socket was not cut")
	}
	r.RefuseSockets("link_disabled")
	if frame := r.dialSocket().nextFrame(); frame["type"] != "disconnect" || frame["reason"] != "link_disabled" {
		t.Errorf("the frame is %v", frame)
	}
	r.RefuseSockets("")
	r.dialGreeted()
}

// After a disconnect frame a socket gets no more envelopes, whatever the
// reason. After a warning it gets them.
func TestEnvelopesAfterDisconnect(t *testing.T) {
	for _, reason := range []string{"warning", "refresh_requested", "link_disabled", "too_many_websockets"} {
		t.Run(reason, func(t *testing.T) {
			r := newTestRig(t, Config{Linger: time.Hour})
			wire := r.dialGreeted()
			r.Disconnect(reason)
			if frame := wire.nextFrame(); frame["type"] != "disconnect" || frame["reason"] != reason {
				t.Errorf("the frame is %v", frame)
			}
			r.SendEvent(map[string]any{"type": "app_uninstalled"})
			sent, lost := len(r.journalOf(EntryEnvelope)), len(r.journalOf(EntryUndeliverable))
			if warned := reason == "warning"; warned != (sent > 0) || warned == (lost > 0) {
				t.Errorf("%d sent, %d not delivered", sent, lost)
			}
		})
	}
}

func TestSilence(t *testing.T) {
	r := newTestRig(t, Config{AckTimeout: 20 * time.Millisecond})
	wire := r.dialGreeted()
	r.Silence(true)
	if typed := <-r.typeInBackground("x"); typed.Error != "operation_timeout" {
		t.Errorf("the person saw %+v", typed)
	}
	r.Silence(false)
	if err := r.SendRaw([]byte(`{"type":"novelty"}`)); err != nil {
		t.Fatal(err)
	}
	if frame := wire.nextFrame(); frame["type"] != "novelty" {
		t.Errorf("the lost envelope came: %v", frame)
	}
}

func TestSendRawNeedsASocket(t *testing.T) {
	r := newTestRig(t, Config{})
	if err := r.SendRaw([]byte("{}")); err == nil {
		t.Error("SendRaw worked without a socket")
	}
}

func TestIgnoreAcks(t *testing.T) {
	r := newTestRig(t, Config{AckTimeout: 30 * time.Millisecond})
	wire := r.dialGreeted()
	r.IgnoreAcks(true)
	done := r.typeInBackground("x")
	wire.sendAck(wire.nextFrame(), nil)
	if typed := <-done; typed.Error != "operation_timeout" {
		t.Errorf("the person saw %+v", typed)
	}
}

func TestLinkFault(t *testing.T) {
	r := newTestRig(t, Config{})
	r.Inject("link", fault.Fault{Times: 1, Status: http.StatusServiceUnavailable})
	_, resp, err := websocket.DefaultDialer.DialContext(r.ctx, r.openLink(), nil)
	if err == nil || resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("the dial gave %v, %v", resp, err)
	}
	r.dialGreeted()
}

func TestEnvelopesAreJSON(t *testing.T) {
	r := newTestRig(t, Config{})
	wire := r.dialGreeted()
	r.SendEvent(map[string]any{"type": "reaction_added", "user": annaID, "item": map[string]any{"channel": publicID}})
	frame := wire.nextFrame()
	payload := frame["payload"].(map[string]any)
	event := payload["event"].(map[string]any)
	authorization := payload["authorizations"].([]any)[0].(map[string]any)
	if frame["type"] != "events_api" || frame["accepts_response_payload"] != false || frame["retry_attempt"] != 0.0 ||
		payload["type"] != "event_callback" || !strings.HasPrefix(payload["event_id"].(string), "Ev") ||
		event["event_ts"] == nil || authorization["user_id"] != r.BotUserID() {
		raw, _ := json.Marshal(frame)
		t.Errorf("the raw frame is %s", raw)
	}
}
