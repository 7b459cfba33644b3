package fakeslack

import (
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
)

const searchModal = `{"type":"modal","title":{"type":"plain_text","text":"Find"},"submit":{"type":"plain_text","text":"Ask"},"blocks":[
 {"type":"input","block_id":"group","label":{"type":"plain_text","text":"Group"},"element":{"type":"external_select","action_id":"find","min_query_length":2}},
 {"type":"actions","elements":[{"type":"button","action_id":"more","value":"2","text":{"type":"plain_text","text":"More"}}]}]}`

func (r *testRig) openSearch() View {
	r.t.Helper()
	if said := r.callMethod("views.open", "trigger_id", r.takeTrigger(), "view", searchModal); said.errorName() != "" {
		r.t.Fatal(said.body)
	}
	return r.Views(annaID)[0]
}

func suggestionOption(text, value string) map[string]any {
	return map[string]any{"text": map[string]any{"type": "plain_text", "text": text}, "value": value}
}

func TestSuggest(t *testing.T) {
	r := newTestRig(t, Config{})
	answers := make(chan any, 2)
	answers <- map[string]any{"options": []any{suggestionOption("Finance", "g-1"), suggestionOption("Fine Arts", "g-2")}}
	answers <- nil
	seen := r.runClient(func(socketmode.Event) any { return <-answers })
	view := r.openSearch()
	if _, err := r.Submit(r.ctx, annaID, view.ID, map[string]map[string]any{"group": {"find": "g-1"}}); err == nil {
		t.Error("what was never offered was chosen")
	}
	got, err := r.Suggest(r.ctx, annaID, view.ID, "find", "fi")
	if err != nil || got.Error != "" || len(got.Options) != 2 || got.Options[1] != (SelectOption{Text: "Fine Arts", Value: "g-2"}) {
		t.Fatalf("the person saw %+v, %v", got, err)
	}
	asked := (<-seen).Data.(slack.InteractionCallback)
	if asked.Type != slack.InteractionTypeBlockSuggestion || asked.ActionID != "find" || asked.BlockID != "group" || asked.Value != "fi" || asked.View.ID != view.ID {
		t.Errorf("the app was asked %+v", asked)
	}
	if done, err := r.Submit(r.ctx, annaID, view.ID, map[string]map[string]any{"group": {"find": "g-2"}}); err != nil || done.Error != "" {
		t.Fatalf("the person saw %+v, %v", done, err)
	}
	submitted := (<-seen).Data.(slack.InteractionCallback)
	if chosen := submitted.View.State.Values["group"]["find"].SelectedOption; chosen.Value != "g-2" || chosen.Text.Text != "Fine Arts" {
		t.Errorf("the person chose %+v", chosen)
	}
}

func TestSuggestionsThatSlackCannotShow(t *testing.T) {
	many := make([]any, 101)
	for i := range many {
		many[i] = suggestionOption("x", strings.Repeat("v", i+1))
	}
	for name, c := range map[string]struct {
		payload any
		problem string
	}{
		"none":           {map[string]any{"options": []any{}}, ""},
		"nothing":        {nil, "invalid_response"},
		"too many":       {map[string]any{"options": many}, "invalid_response"},
		"too long":       {map[string]any{"options": []any{suggestionOption(strings.Repeat("x", 76), "v")}}, "invalid_response"},
		"no value":       {map[string]any{"options": []any{suggestionOption("x", "")}}, "invalid_response"},
		"marked up":      {map[string]any{"options": []any{map[string]any{"text": map[string]any{"type": "mrkdwn", "text": "x"}, "value": "v"}}}, "invalid_response"},
		"another shape":  {map[string]any{"choices": many[:1]}, "invalid_response"},
		"20 KB or more":  {map[string]any{"options": []any{suggestionOption("x", "v")}, "x": strings.Repeat("x", maxAckFrame)}, "operation_timeout"},
		"in groups":      {map[string]any{"option_groups": []any{map[string]any{"label": map[string]any{"type": "plain_text", "text": "l"}, "options": many[:2]}}}, ""},
		"both at a time": {map[string]any{"options": many[:1], "option_groups": []any{}}, "invalid_response"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newTestRig(t, Config{AckTimeout: 200 * time.Millisecond})
			view := r.openSearch()
			wire := r.dialGreeted()
			shown := make(chan Suggested, 1)
			go func() {
				got, err := r.Suggest(r.ctx, annaID, view.ID, "find", "fi")
				if err != nil {
					t.Error(err)
				}
				shown <- got
			}()
			wire.sendAck(wire.nextFrame(), c.payload)
			if got := <-shown; got.Error != c.problem {
				t.Errorf("the person saw %+v", got)
			}
		})
	}
}

func TestSuggestIsNotAsked(t *testing.T) {
	r := newTestRig(t, Config{})
	view := r.openSearch()
	for part, c := range map[string][3]string{
		"shorter than min_query_length 2": {annaID, "find", "f"},
		"no select":                       {annaID, "else", "fin"},
		"not_found":                       {benID, "find", "fin"},
	} {
		if _, err := r.Suggest(r.ctx, c[0], view.ID, c[1], c[2]); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("the error is %v, want %s", err, part)
		}
	}
	if got, err := r.Suggest(r.ctx, annaID, view.ID, "find", "fin"); err != nil || got.Error != "dispatch_failed" {
		t.Errorf("the person saw %+v, %v", got, err)
	}
}

func TestShortcut(t *testing.T) {
	r := newTestRig(t, Config{})
	seen := r.runClient(ackPlainly)
	if got, err := r.Shortcut(r.ctx, benID, "allocate_open"); err != nil || got.Error != "" {
		t.Fatalf("the person saw %+v, %v", got, err)
	}
	callback := (<-seen).Data.(slack.InteractionCallback)
	if callback.Type != slack.InteractionTypeShortcut || callback.CallbackID != "allocate_open" || callback.User.ID != benID ||
		callback.TriggerID == "" || callback.ResponseURL != "" || callback.Channel.ID != "" {
		t.Errorf("the callback is %+v", callback)
	}
	if said := r.callMethod("views.open", "trigger_id", callback.TriggerID, "view", allocateModal); said.errorName() != "" || len(r.Views(benID)) != 1 {
		t.Errorf("the answer is %v", said.body)
	}
	r.SetScopes("chat:write")
	if _, err := r.Shortcut(r.ctx, benID, "allocate_open"); err == nil {
		t.Error("a shortcut without the scope commands")
	}
}

func TestClickView(t *testing.T) {
	r := newTestRig(t, Config{})
	seen := r.runClient(ackPlainly)
	view := r.openSearch()
	if got, err := r.ClickView(r.ctx, annaID, view.ID, "more", ""); err != nil || got.Error != "" {
		t.Fatalf("the person saw %+v, %v", got, err)
	}
	callback := (<-seen).Data.(slack.InteractionCallback)
	if action := callback.ActionCallback.BlockActions[0]; action.ActionID != "more" || action.Value != "2" ||
		callback.View.ID != view.ID || callback.View.Hash != view.Hash || callback.ResponseURL != "" || callback.TriggerID == "" {
		t.Errorf("the callback is %+v", callback)
	}
	if _, err := r.ClickView(r.ctx, benID, view.ID, "more", ""); err == nil {
		t.Error("Ben clicked in Anna's view")
	}
	if _, err := r.ClickView(r.ctx, annaID, view.ID, "less", ""); err == nil {
		t.Error("clicked what is not there")
	}
}

func TestTimeZones(t *testing.T) {
	r := newTestRig(t, Config{Now: func() time.Time { return time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC) }})
	r.AddUser(User{ID: "U0CLARA", TZ: "Europe/Zurich"})
	for user, want := range map[string]slack.User{
		"U0CLARA": {TZ: "Europe/Zurich", TZLabel: "CEST", TZOffset: 7200},
		benID:     {TZ: "Etc/UTC", TZLabel: "UTC"},
	} {
		info, err := r.apiClient().GetUserInfoContext(r.ctx, user)
		if err != nil || info.TZ != want.TZ || info.TZLabel != want.TZLabel || info.TZOffset != want.TZOffset {
			t.Errorf("%s: %q %q %d, %v", user, info.TZ, info.TZLabel, info.TZOffset, err)
		}
	}
}
