package bot

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/slack-go/slack/slackutilsx"

	"licensebot/approvals"
)

// FuzzParseCommand gives the parser anything. It understands it or says what
// to type instead, and nothing that is typed comes back as markup.
func FuzzParseCommand(f *testing.F) {
	for _, text := range []string{
		"", "help", "cancel R-7K3F9QXA", "group-01 RPADEVPRONU IDU", `“Finance Robots” idu, IDU because “Q3” audit.`,
		"<http://group-01.example.com|group-01.example.com> IDU", "&lt;!channel&gt; IDU", "g IDU=10", "g IDU for 30d",
		"g `IDU` <@U1>", "set g A=5 b", "remove g A emptying", "set g emptying because &", "g A until 2027-01-31", "g A for 30 days", "show g h", "mine 2", "why R-7K3F9QXA", "end x", "cancel R-7K3F9QXA because “no”", "\u202e\u200b\xff\x00 A", `"..." A`, "ﷺ ﬃ", `"a`, "set set set", "é&amp;amp; A because %s%n{}",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		command, err := Parse("/allocate", text, testTime)
		if err != nil {
			var malformed *Error
			if !errors.As(err, &malformed) {
				t.Fatalf("%T: %v", err, err)
			}
			checkMalformed(t, "/allocate", malformed)
			return
		}
		checkCommand(t, command)
	})
}

// checkCommand expects what was understood to be within its bounds, and to be
// shown without harm.
func checkCommand(t *testing.T, c Command) {
	t.Helper()
	switch c.Verb {
	case VerbCancel, VerbEnd, VerbWhy, VerbStatus:
		if !idShape.MatchString(c.ID) && (c.ID != "" || c.Verb != VerbStatus) || utf8.RuneCountInString(c.Why) > MaxReason {
			t.Fatalf("%+v", c)
		}
		expectHarmless(t, ExplainUnknownRequest(c.ID+"R"))
	case VerbMine, VerbPending:
		if c.Page < 1 || c.Page > maxPages {
			t.Fatalf("page %d", c.Page)
		}
	case VerbShow:
		if c.Group == "" || utf8.RuneCountInString(c.Group) > MaxGroup {
			t.Fatalf("group %q", c.Group)
		}
		expectHarmless(t, ExplainLookupError("/allocate", c.Group, &approvals.GroupError{Candidates: []string{c.Group}}))
	case VerbAsk:
		checkAsk(t, c.Ask)
	case VerbHelp, VerbCodes, VerbForm:
	default:
		t.Fatalf("verb %q", c.Verb)
	}
}

func checkAsk(t *testing.T, ask approvals.Ask) {
	t.Helper()
	length := utf8.RuneCountInString
	emptying := ask.Action == approvals.Set && ask.MayEmpty
	if ask.Group == "" || length(ask.Group) > MaxGroup || length(ask.Reason) > MaxReason || (len(ask.Codes) == 0) != emptying || len(ask.Codes) > MaxCodes {
		t.Fatalf("ask without shape: %+v", ask)
	}
	if ask.IsTimed() && ask.Action != approvals.Add || len(ask.Quotas) > 0 && ask.Action == approvals.Remove || ask.MayEmpty && ask.Action == approvals.Add {
		t.Fatalf("ask without sense: %+v", ask)
	}
	if d := ask.Duration(testTime); d < 0 || d > MaxPeriod {
		t.Fatalf("lasts %v: %+v", d, ask)
	}
	for _, q := range ask.Quotas {
		if !slices.Contains(ask.Codes, q.Code) || q.Limit < 1 || q.Limit > maxSeats {
			t.Fatalf("limits %+v", ask.Quotas)
		}
	}
	for i, c := range ask.Codes {
		if !IsCode(c) || slices.Contains(ask.Codes[:i], c) {
			t.Fatalf("codes %q", ask.Codes)
		}
	}
	r := approvals.Request{ID: "R-7K3F9QXA", State: approvals.Filed, Requester: "U0ROBIN", Ask: ask}
	expectHarmless(t, testWords().ConfirmReceipt(r, 300))
	r.Proposal = &approvals.Proposal{Group: approvals.Group{ID: ask.Group}, Change: approvals.Change{Add: ask.Codes}}
	expectHarmless(t, introduceRequest(r))
	checkSuggestion(t, ask)
}

// checkSuggestion copies what an ask is suggested as, and expects the same ask,
// unless there was no room for all of it.
func checkSuggestion(t *testing.T, ask approvals.Ask) {
	t.Helper()
	text := Suggest(ask)
	again, err := Parse("/allocate", slackutilsx.EscapeMessage(strings.TrimPrefix(text, NameOf(ask))), testTime)
	if err != nil {
		t.Fatalf("%+v is suggested as %q: %v", ask, text, err)
	}
	got := again.Ask
	if len(got.Codes) < len(ask.Codes) || got.Reason == "" {
		got.Action, got.Codes, got.Quotas, got.Reason = ask.Action, ask.Codes, ask.Quotas, ask.Reason
	}
	got.Command = ask.Command
	byCode := func(a, b approvals.Quota) int { return strings.Compare(a.Code, b.Code) }
	slices.SortFunc(got.Quotas, byCode)
	ask.Quotas = slices.SortedFunc(slices.Values(ask.Quotas), byCode)
	if !reflect.DeepEqual(got, ask) {
		t.Fatalf("%+v is suggested as %q, which is %+v", ask, text, got)
	}
}

// FuzzEnvelope gives the decoders anything. None panics, and what is kept of
// a delivery holds no credential and is not long.
func FuzzEnvelope(f *testing.F) {
	for _, frame := range []string{
		`{"envelope_id":"1","type":"slash_commands","accepts_response_payload":true,"payload":{"command":"/allocate","text":"g A","user_id":"U1","response_url":"https://hooks.slack.com/commands/1"}}`,
		`{"envelope_id":"1","type":"events_api","retry_attempt":"2","payload":{"token":"t","type":"event_callback","event":{"type":"reaction_added","user":"U1","item":{"type":"message","channel":"C1","ts":"1.2"}}}}`,
		`{"envelope_id":"1","payload":{"event":{"type":"x","channel":{"id":1}},"a":["xoxb-1",{"xoxp-2":3}],"é":"XAPP-1-A"}}`,
		`{"envelope_id":5}`, `{"payload":`, `null`, `[]`, `""`, `{"envelope_id":"\ud800\u0000"}`, "\xff", `{"payload":1e999}`,
	} {
		f.Add([]byte(frame))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		checkRedacted(t, raw)
		env, err := decodeEnvelope(raw)
		if (err == nil) != (env.ID != "") {
			t.Fatalf("envelope %q, %v", env.ID, err)
		}
		checkRedacted(t, env.Payload)
		if c, err := decodeSlashCommand(env.Payload); err == nil && (c.UserID == "" || c.Command == "") {
			t.Fatalf("command %+v", c)
		}
		if _, err := decodeEvent(env.Payload); err != nil && len(err.Error()) > 1000 {
			t.Fatalf("the error has %d bytes", len(err.Error()))
		}
	})
}

func checkRedacted(t *testing.T, raw []byte) {
	t.Helper()
	kept := redactDelivery(raw)
	if !json.Valid(kept) || len(kept) > maxDeadLetter {
		t.Fatalf("%d bytes are kept: %.300s", len(kept), kept)
	}
	for _, start := range []string{"xoxb-", "xoxp-", "xoxe-", "xapp-", "hooks.slack.com/"} {
		if strings.Contains(strings.ToLower(string(kept)), start) {
			t.Fatalf("%s is kept: %s", start, kept)
		}
	}
	for name := range capabilities {
		if left := strings.Count(string(kept), `"`+name+`":`); left != strings.Count(string(kept), `"`+name+`":"removed"`) {
			t.Fatalf("%s is kept: %s", name, kept)
		}
	}
}

// TestRedactBounds are the deliveries that are too much to keep.
func TestRedactBounds(t *testing.T) {
	for name, raw := range map[string]string{
		"deep":                     strings.Repeat("[", 20000),
		"long":                     `{"text":"` + strings.Repeat("x", maxDeadLetter) + `"}`,
		"grows when it is written": `"` + strings.Repeat("<", maxDeadLetter/2) + `"`,
	} {
		t.Run(name, func(t *testing.T) {
			checkRedacted(t, []byte(raw))
			if kept := redactDelivery([]byte(raw)); len(kept) > 100 {
				t.Errorf("%d bytes are kept", len(kept))
			}
		})
	}
}
