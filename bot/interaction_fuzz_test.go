package bot

import (
	"cmp"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"licensebot/approvals"
	"licensebot/bot/bottest"
	"licensebot/bot/command"
	"licensebot/bot/message"
)

// FuzzInteraction gives the decoder of interactive payloads anything. It never
// panics; what a form says is a request like any command's, or wrong in words
// that a field can show.
func FuzzInteraction(f *testing.F) {
	for _, payload := range []string{
		`{"type":"view_submission","user":{"id":"U1"},"view":{"callback_id":"allocate_form","private_metadata":"{\"channel\":\"C0GENERAL\"}","hash":"1.2",
		 "state":{"values":{"group":{"group":{"type":"external_select","selected_option":{"value":"group-01"}}},"codes":{"codes":{"selected_options":[{"value":"IDU"},{"value":"AKIT"}]}},
		 "term":{"term":{"selected_option":{"value":"good"}}},"until":{"until":{"value":null}},"seats":{"seats":{"value":"5"}},"action":{"action":{"selected_option":{"value":"set"}}},"why":{"why":{"value":"Q3"}}}}}}`,
		`{"type":"view_submission","user":{"id":"U1"},"view":{"state":{"values":{"group":{"group":{"value":"“x” <@U1> &amp;"}},"codes":{"codes":{"value":"a, b=1 because for"}},"until":{"until":{"value":"2026-13-45 IDU"}},"term":{"term":{"selected_option":{"value":"30d"}}}}}}}`,
		`{"type":"block_suggestion","user":{"id":"U1"},"action_id":"group","value":"<!channel>\u202e"}`,
		`{"type":"block_actions","user":{"id":"U1"},"actions":[{"action_id":"home_page_mine_on","value":"9 -1"},5,null]}`,
		`{"type":"shortcut","user":{"id":5},"callback_id":[]}`, `{"type":7,"user":"U1"}`, `null`, `[]`, `{"user":{"id":"\ud800"},"type":"\u0000"}`, "\xff", `{"view":{"state":{"values":{"group":null}}}}`,
	} {
		f.Add([]byte(payload))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		x, err := decodeInteraction(raw)
		if err != nil {
			if len(err.Error()) > 1000 {
				t.Fatalf("the error has %d bytes", len(err.Error()))
			}
			return
		}
		if x.Type == "" || x.User.ID == "" {
			t.Fatalf("%+v", x)
		}
		if origin := decodeOrigin(x.View.PrivateMetadata).Channel; origin != "" && !originShape.MatchString(origin) {
			t.Fatalf("origin %q", origin)
		}
		for _, a := range x.Actions {
			if at, _ := message.ParseHomePages(a.ActionID, a.Value); min(at.Own, at.Waiting) < 0 || max(at.Own, at.Waiting) > message.MaxHomePage {
				t.Fatalf("page %v", at)
			}
		}
		ask, wrong := readForm(x.View).parseAsk(cmp.Or(decodeOrigin(x.View.PrivateMetadata).Command, command.DefaultName), command.Known{Now: time.Now()})
		if len(wrong) == 0 {
			bottest.CheckAsk(t, ask, time.Now())
			bottest.ExpectHarmless(t, phrases().ConfirmReceipt(message.Receipt{
				Request: approvals.Request{ID: command.ExampleID, Channel: channel, Ask: ask}, Ahead: 300,
			}))
			return
		}
		shown, err := json.Marshal(message.FieldErrors(wrong))
		if err != nil || len(shown) > 10<<10 || strings.Contains(string(shown), `:""`) {
			t.Fatalf("%s, %v", shown, err)
		}
	})
}
