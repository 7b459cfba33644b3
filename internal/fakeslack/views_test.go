package fakeslack

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
)

const allocateModal = `{"type":"modal","callback_id":"allocate","private_metadata":"p",
 "title":{"type":"plain_text","text":"Allocate"},"submit":{"type":"plain_text","text":"Ask"},"blocks":[
 {"type":"input","block_id":"group","label":{"type":"plain_text","text":"Group"},"element":{"type":"plain_text_input","action_id":"name"}},
 {"type":"input","block_id":"code","label":{"type":"plain_text","text":"Code"},"element":{"type":"static_select","action_id":"pick","options":[
  {"text":{"type":"plain_text","text":"Developer"},"value":"RPADEVPRONU"}]}},
 {"type":"input","block_id":"why","optional":true,"label":{"type":"plain_text","text":"Why"},"element":{"type":"plain_text_input","action_id":"text"}}]}`

// takeTrigger makes a trigger_id for Anna.
func (r *testRig) takeTrigger() string {
	r.lock.Lock()
	defer r.lock.Unlock()
	return r.newTrigger(annaID)
}

func TestTriggers(t *testing.T) {
	r := newTestRig(t, Config{})
	late := r.takeTrigger()
	r.clock.Advance(3 * time.Second)
	fresh := r.takeTrigger()
	for _, test := range []struct{ trigger, want string }{
		{"1.2.abc", "invalid_trigger_id"},
		{late, "expired_trigger_id"},
		{fresh, ""},
		{fresh, "exchanged_trigger_id"},
	} {
		if said := r.callMethod("views.open", "trigger_id", test.trigger, "view", allocateModal); said.errorName() != test.want {
			t.Errorf("the answer is %v, want %q", said.body, test.want)
		}
	}
	if open := r.Views(annaID); len(open) != 1 || open[0].CallbackID != "allocate" || open[0].PrivateMetadata != "p" {
		t.Errorf("the open modals are %+v", open)
	}
}

func TestViewsAreJudged(t *testing.T) {
	r := newTestRig(t, Config{})
	for view, want := range map[string]string{
		`[]`:             "must provide an object",
		`{"type":"tab"}`: "valid enum value",
		`{"type":"modal","title":{"type":"plain_text","text":"x"}}`:                                                        "missing required field: blocks",
		`{"type":"modal","blocks":[]}`:                                                                                     "missing required field: title",
		strings.Replace(allocateModal, `"Allocate"`, `"A title of more than 24 characters"`, 1):                            "less than 25",
		strings.Replace(allocateModal, `"submit":{"type":"plain_text","text":"Ask"},`, "", 1):                              "missing required field: submit",
		`{"type":"modal","title":{"type":"plain_text","text":"x"},"blocks":` + repeatJSON(101, `{"type":"divider"}`) + `}`: "no more than 100",
	} {
		said := r.callMethod("views.open", "trigger_id", r.takeTrigger(), "view", view)
		raw, _ := json.Marshal(said.body)
		if said.errorName() != "invalid_arguments" || !strings.Contains(string(raw), want) {
			t.Errorf("%s: %s", view, raw)
		}
	}
	big := `{"type":"modal","private_metadata":"` + strings.Repeat("x", maxView) + `"}`
	if said := r.callMethod("views.open", "trigger_id", r.takeTrigger(), "view", big); said.errorName() != "view_too_large" {
		t.Errorf("the answer is %v", said.body)
	}
}

func TestHome(t *testing.T) {
	r := newTestRig(t, Config{})
	home := slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: []slack.Block{slack.NewDividerBlock()}}}
	first, err := r.apiClient().PublishViewContext(r.ctx, slack.PublishViewContextRequest{UserID: annaID, View: home})
	if err != nil {
		t.Fatal(err)
	}
	second, err := r.apiClient().PublishViewContext(r.ctx, slack.PublishViewContextRequest{UserID: annaID, View: home, Hash: &first.Hash})
	if err != nil || second.ID != first.ID {
		t.Fatalf("the second view is %+v, %v", second, err)
	}
	_, err = r.apiClient().PublishViewContext(r.ctx, slack.PublishViewContextRequest{UserID: annaID, View: home, Hash: &first.Hash})
	if clientError(err) != "hash_conflict" {
		t.Errorf("the error is %v", err)
	}
	if view, ok := r.Home(annaID); !ok || view.Type != "home" {
		t.Errorf("the view is %+v", view)
	}
	if _, ok := r.Home(benID); ok {
		t.Error("Ben has a home")
	}
}

// openModal opens the modal for Anna.
func (r *testRig) openModal() View {
	r.t.Helper()
	if said := r.callMethod("views.open", "trigger_id", r.takeTrigger(), "view", allocateModal); said.errorName() != "" {
		r.t.Fatal(said.body)
	}
	views := r.Views(annaID)
	return views[len(views)-1]
}

var modalAnswers = map[string]map[string]any{"group": {"name": "group-01"}, "code": {"pick": "RPADEVPRONU"}}

func TestSubmit(t *testing.T) {
	r := newTestRig(t, Config{})
	payload := map[string]any{"response_action": "errors", "errors": map[string]string{"group": "unknown group"}}
	answers := make(chan any, 2)
	answers <- payload
	answers <- nil
	seen := r.runClient(func(socketmode.Event) any { return <-answers })
	view := r.openModal()
	got, err := r.Submit(r.ctx, annaID, view.ID, modalAnswers)
	if err != nil || got.Error != "" || got.Errors["group"] != "unknown group" {
		t.Fatalf("the person saw %+v, %v", got, err)
	}
	if open := r.Views(annaID); len(open) != 1 || open[0].Errors["group"] == "" {
		t.Errorf("the open modals are %+v", open)
	}
	callback := (<-seen).Data.(slack.InteractionCallback)
	values := callback.View.State.Values
	if callback.Type != slack.InteractionTypeViewSubmission || callback.User.ID != annaID ||
		values["group"]["name"].Value != "group-01" || values["code"]["pick"].SelectedOption.Value != "RPADEVPRONU" {
		t.Errorf("the callback is %+v", callback)
	}
	if got, err = r.Submit(r.ctx, annaID, view.ID, modalAnswers); err != nil || got.Error != "" || len(r.Views(annaID)) != 0 {
		t.Errorf("the person saw %+v, %v", got, err)
	}
}

func TestSubmissionsThatTheClientRefuses(t *testing.T) {
	r := newTestRig(t, Config{})
	view := r.openModal()
	for part, values := range map[string]map[string]map[string]any{
		"must be answered":         {"group": {"name": "g"}},
		"is not among the offered": {"group": {"name": "g"}, "code": {"pick": "NONSENSE"}},
		"belong to no input":       {"group": {"name": "g"}, "code": {"pick": "RPADEVPRONU"}, "else": {"x": "y"}},
	} {
		if _, err := r.Submit(r.ctx, annaID, view.ID, values); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("the error is %v, want %s", err, part)
		}
	}
	if _, err := r.Submit(r.ctx, benID, view.ID, modalAnswers); err == nil {
		t.Error("Ben submitted Anna's modal")
	}
}

func TestSubmissionAcks(t *testing.T) {
	next := json.RawMessage(allocateModal)
	tests := []struct {
		name    string
		payload any
		problem string
		open    int
	}{
		{"close", nil, "", 1},
		{"clear", map[string]any{"response_action": "clear"}, "", 0},
		{"update", map[string]any{"response_action": "update", "view": next}, "", 2},
		{"push", map[string]any{"response_action": "push", "view": next}, "", 3},
		{"bad view", map[string]any{"response_action": "push", "view": map[string]any{}}, "invalid_response", 2},
		{"bad action", map[string]any{"response_action": "shut"}, "invalid_response", 2},
		{"error for no input", map[string]any{"response_action": "errors", "errors": map[string]any{"x": "y"}}, "invalid_response", 2},
		{"no object", "ok", "invalid_response", 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := newTestRig(t, Config{})
			r.runClient(func(socketmode.Event) any { return test.payload })
			r.openModal()
			view := r.openModal()
			got, err := r.Submit(r.ctx, annaID, view.ID, modalAnswers)
			if err != nil || got.Error != test.problem || len(r.Views(annaID)) != test.open {
				t.Errorf("%+v, %v, %d open", got, err, len(r.Views(annaID)))
			}
		})
	}
}

func TestSubmitWithoutASocket(t *testing.T) {
	r := newTestRig(t, Config{AckTimeout: 10 * time.Millisecond})
	view := r.openModal()
	if got, err := r.Submit(r.ctx, annaID, view.ID, modalAnswers); err != nil || got.Error != "dispatch_failed" {
		t.Errorf("the person saw %+v, %v", got, err)
	}
	r.dialGreeted()
	if got, err := r.Submit(r.ctx, annaID, view.ID, modalAnswers); err != nil || got.Error != "operation_timeout" {
		t.Errorf("the person saw %+v, %v", got, err)
	}
}

func TestUpdateViewAndClose(t *testing.T) {
	r := newTestRig(t, Config{})
	view := r.openModal()
	changed := strings.Replace(allocateModal, `"type":"modal"`, `"type":"modal","notify_on_close":true`, 1)
	for _, test := range [][]string{
		{"invalid_arguments", "view", changed},
		{"not_found", "view", changed, "view_id", "V404"},
		{"hash_conflict", "view", changed, "view_id", view.ID, "hash", "x"},
		{"", "view", changed, "view_id", view.ID, "hash", view.Hash},
	} {
		if said := r.callMethod("views.update", test[1:]...); said.errorName() != test[0] {
			t.Errorf("the answer is %v, want %q", said.body, test[0])
		}
	}
	wire := r.dialGreeted()
	if err := r.CloseView(annaID, view.ID); err != nil {
		t.Fatal(err)
	}
	if payload := wire.nextFrame()["payload"].(map[string]any); payload["type"] != "view_closed" {
		t.Errorf("the payload is %v", payload)
	}
	if err := r.CloseView(annaID, view.ID); err == nil {
		t.Error("closed twice")
	}
}

func TestClick(t *testing.T) {
	r := newTestRig(t, Config{})
	seen := r.runClient(ackPlainly)
	button := slack.NewButtonBlockElement("why", "R-1", slack.NewTextBlockObject("plain_text", "Why", false, false))
	ts := r.postText(publicID, "card", slack.MsgOptionBlocks(slack.NewActionBlock("acts", button)))
	if got, err := r.Click(r.ctx, benID, publicID, ts, "why", ""); err != nil || got.Error != "" {
		t.Fatalf("the person saw %+v, %v", got, err)
	}
	callback := (<-seen).Data.(slack.InteractionCallback)
	action := callback.ActionCallback.BlockActions[0]
	if callback.User.ID != benID || callback.Container.MessageTs != ts || action.ActionID != "why" ||
		action.BlockID != "acts" || action.Value != "R-1" || callback.ResponseURL == "" || callback.TriggerID == "" {
		t.Errorf("the callback is %+v", callback)
	}
	if _, err := r.Click(r.ctx, benID, publicID, ts, "else", ""); err == nil {
		t.Error("clicked what is not there")
	}
}
