package fakeslack

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/slack-go/slack"
)

// repeatJSON is an array of n copies of a JSON value.
func repeatJSON(n int, value string) string {
	return "[" + strings.Repeat(value+",", n-1) + value + "]"
}

func sectionBlock(text string) string {
	return fmt.Sprintf(`{"type":"section","text":{"type":"mrkdwn","text":%q}}`, text)
}

func buttonBlock(extra string) string {
	return `{"type":"actions","elements":[{"type":"button","text":{"type":"plain_text","text":"Go"}` + extra + `}]}`
}

func TestBlocks(t *testing.T) {
	tests := []struct {
		name, blocks string
		want         string // part of the first message; "" for accepted
	}{
		{"section", `[` + sectionBlock("hi") + `]`, ""},
		{"50", repeatJSON(50, `{"type":"divider"}`), ""},
		{"51", repeatJSON(51, `{"type":"divider"}`), "no more than 50 items allowed [json-pointer:/blocks]"},
		{"no type", `[{}]`, "missing required field: type [json-pointer:/blocks/0]"},
		{"unknown type", `[{"type":"card"}]`, "unsupported type: card [json-pointer:/blocks/0/type]"},
		{"alert in a message", `[{"type":"alert"}]`, "unsupported type: alert"},
		{"section 3000", `[` + sectionBlock(strings.Repeat("x", 3000)) + `]`, ""},
		{"section 3001", `[` + sectionBlock(strings.Repeat("x", 3001)) + `]`, "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"},
		{"empty text", `[` + sectionBlock("") + `]`, "must be more than 0 characters"},
		{"section of nothing", `[{"type":"section"}]`, "either text or fields"},
		{"11 fields", `[{"type":"section","fields":` + repeatJSON(11, `{"type":"mrkdwn","text":"x"}`) + `}]`, "no more than 10 items"},
		{"long field", `[{"type":"section","fields":[{"type":"mrkdwn","text":"` + strings.Repeat("x", 2001) + `"}]}]`, "less than 2001"},
		{"stray property", `[{"type":"divider","color":"red"}]`, "invalid additional property: color"},
		{"emoji in mrkdwn", `[{"type":"section","text":{"type":"mrkdwn","text":"x","emoji":true}}]`, "invalid additional property: emoji"},
		{"header", `[{"type":"header","text":{"type":"plain_text","text":"x"}}]`, ""},
		{"header in mrkdwn", `[{"type":"header","text":{"type":"mrkdwn","text":"x"}}]`, "unsupported type: mrkdwn"},
		{"long header", `[{"type":"header","text":{"type":"plain_text","text":"` + strings.Repeat("x", 151) + `"}}]`, "less than 151"},
		{"context", `[{"type":"context","elements":` + repeatJSON(10, `{"type":"mrkdwn","text":"x"}`) + `}]`, ""},
		{"crowded context", `[{"type":"context","elements":` + repeatJSON(11, `{"type":"mrkdwn","text":"x"}`) + `}]`, "no more than 10"},
		{"button", `[` + buttonBlock(`,"action_id":"go","value":"v","style":"primary"`) + `]`, ""},
		{"long value", `[` + buttonBlock(`,"value":"`+strings.Repeat("v", 2001)+`"`) + `]`, "less than 2001"},
		{"style", `[` + buttonBlock(`,"style":"green"`) + `]`, "valid enum value"},
		{"long action_id", `[` + buttonBlock(`,"action_id":"`+strings.Repeat("v", 256)+`"`) + `]`, "less than 256"},
		{"no button text", `[{"type":"actions","elements":[{"type":"button"}]}]`, "missing required field: text"},
		{"no elements", `[{"type":"actions","elements":[]}]`, "no less than 1 items"},
		{"same block_id", repeatJSON(2, `{"type":"divider","block_id":"b"}`), "block_id already exists: b"},
		{"long block_id", `[{"type":"divider","block_id":"` + strings.Repeat("v", 256) + `"}]`, "less than 256"},
		{"same action_id", `[{"type":"actions","elements":` + repeatJSON(2, `{"type":"button","action_id":"a","text":{"type":"plain_text","text":"x"}}`) + `}]`, "action_id already exists"},
		{"image without alt", `[{"type":"image","image_url":"https://e.com/x.png"}]`, "missing required field: alt_text"},
		{"image of nothing", `[{"type":"image","alt_text":"x"}]`, "either image_url or slack_file"},
		{"a number as text", `[{"type":"section","text":{"type":"mrkdwn","text":1}}]`, "must provide a string"},
		{"a text as object", `[{"type":"section","text":"x"}]`, "must provide an object"},
	}
	r := newTestRig(t, Config{})
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			said := r.callMethod("chat.postMessage", "channel", publicID, "text", "x", "blocks", test.blocks)
			if test.want == "" {
				if said.errorName() != "" {
					t.Errorf("the answer is %v", said.body)
				}
				return
			}
			if text := fmt.Sprint(said.body["response_metadata"]); said.errorName() != "invalid_blocks" || !strings.Contains(text, test.want) {
				t.Errorf("the answer is %v, want %s", said.body, test.want)
			}
		})
	}
	if said := r.callMethod("chat.postMessage", "channel", publicID, "blocks", `{"type":"divider"}`); said.errorName() != "invalid_blocks_format" {
		t.Errorf("the answer is %v", said.body)
	}
}

// The blocks that slack-go makes must pass.
func TestBlocksOfSlackGo(t *testing.T) {
	r := newTestRig(t, Config{})
	plain := func(text string) *slack.TextBlockObject {
		return slack.NewTextBlockObject("plain_text", text, true, false)
	}
	mrkdwn := func(text string) *slack.TextBlockObject {
		return slack.NewTextBlockObject("mrkdwn", text, false, false)
	}
	button := slack.NewButtonBlockElement("approve", "R-1", plain("Approve")).WithStyle(slack.StylePrimary)
	button.Confirm = slack.NewConfirmationBlockObject(plain("Sure?"), mrkdwn("Really"), plain("Yes"), plain("No"))
	option := slack.NewOptionBlockObject("v", plain("V"), nil)
	blocks := []slack.Block{
		slack.NewHeaderBlock(plain("Request")),
		slack.NewSectionBlock(mrkdwn("*x*"), []*slack.TextBlockObject{mrkdwn("a"), mrkdwn("b")}, slack.NewAccessory(button)),
		slack.NewContextBlock("c", mrkdwn("by <@U1>")),
		slack.NewDividerBlock(),
		slack.NewActionBlock("acts", slack.NewOptionsSelectBlockElement("static_select", plain("pick"), "menu", option),
			slack.NewOverflowBlockElement("more", option)),
		slack.NewImageBlock("https://e.com/x.png", "alt", "", plain("t")),
	}
	_, ts, err := r.apiClient().PostMessageContext(r.ctx, publicID, slack.MsgOptionText("x", false), slack.MsgOptionBlocks(blocks...))
	if err != nil {
		t.Fatal(err)
	}
	m, _ := r.Message(publicID, ts)
	var kept []map[string]any
	if json.Unmarshal(m.Blocks, &kept) != nil || len(kept) != len(blocks) {
		t.Errorf("blocks %s", m.Blocks)
	}
}

func TestMetadata(t *testing.T) {
	tests := []struct{ name, metadata, want string }{
		{"flat", `{"event_type":"allocation_requested","event_payload":{"request_id":"R-1","n":3,"ok":true,"codes":["A","B"]}}`, ""},
		{"empty payload", `{"event_type":"a_b","event_payload":{}}`, ""},
		{"broken", `{`, "invalid_metadata_format"},
		{"list", `[]`, "invalid_metadata_format"},
		{"no type", `{"event_payload":{}}`, "invalid_metadata_format"},
		{"no payload", `{"event_type":"a"}`, "invalid_metadata_format"},
		{"type", `{"event_type":"Allocation Requested","event_payload":{}}`, "invalid_metadata_schema"},
		{"key", `{"event_type":"a","event_payload":{"RequestID":"x"}}`, "invalid_metadata_schema"},
		{"key that starts with a digit", `{"event_type":"a","event_payload":{"1a":"x"}}`, "invalid_metadata_schema"},
		{"object", `{"event_type":"a","event_payload":{"k":{}}}`, "invalid_metadata_schema"},
		{"array of objects", `{"event_type":"a","event_payload":{"k":[{}]}}`, "invalid_metadata_schema"},
		{"null", `{"event_type":"a","event_payload":{"k":null}}`, "invalid_metadata_schema"},
		{"too large", `{"event_type":"a","event_payload":{"k":"` + strings.Repeat("x", 8<<10) + `"}}`, "metadata_too_large"},
	}
	r := newTestRig(t, Config{})
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			said := r.callMethod("chat.postMessage", "channel", publicID, "text", "x", "metadata", test.metadata)
			if said.errorName() != test.want {
				t.Errorf("the answer is %v, want %q", said.body, test.want)
			}
		})
	}
}

func TestBlocksWithoutTextAreAnOddity(t *testing.T) {
	r := newTestRig(t, Config{})
	ts := r.postText(publicID, "x")
	for method, args := range map[string][]string{"chat.postMessage": nil, "chat.update": {"ts", ts}} {
		args = append(args, "channel", publicID, "blocks", `[{"type":"divider"}]`)
		if said := r.callMethod(method, args...); said.errorName() != "" {
			t.Errorf("%s: %v", method, said.body)
		}
	}
	if odd := r.journalOf(EntryOddity); len(odd) != 2 || odd[0].Detail != "blocks without text" {
		t.Errorf("oddities %+v", odd)
	}
}
