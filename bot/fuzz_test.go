package bot

import (
	"encoding/json"
	"errors"
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
		"g `IDU` <@U1>", "\u202e\u200b\xff\x00 A", `"..." A`, "ﷺ ﬃ", `"a`, "set set set", "é&amp;amp; A because %s%n{}",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		command, err := ParseCommand("/allocate", text)
		if err != nil {
			var malformed *CommandError
			if !errors.As(err, &malformed) {
				t.Fatalf("%T: %v", err, err)
			}
			checkMalformed(t, "/allocate", malformed)
			return
		}
		switch command.Verb {
		case VerbCancel:
			expectHarmless(t, testWords().Cancelled(command.ID, approvals.ErrNoRequest, ""))
		case VerbAdd:
			checkAsk(t, command.Ask)
		case VerbHelp, VerbForm:
		default:
			t.Fatalf("verb %q", command.Verb)
		}
	})
}

func checkAsk(t *testing.T, ask approvals.Ask) {
	t.Helper()
	length := utf8.RuneCountInString
	if ask.Group == "" || length(ask.Group) > maxGroup || length(ask.Why) > maxReason || len(ask.Codes) == 0 || len(ask.Codes) > maxCodes {
		t.Fatalf("ask without shape: %+v", ask)
	}
	for i, c := range ask.Codes {
		if !isCode(c) || slices.Contains(ask.Codes[:i], c) {
			t.Fatalf("codes %q", ask.Codes)
		}
	}
	r := approvals.Request{ID: "R-7K3F9QXA", State: approvals.Filed, Requester: "U0ROBIN", Ask: ask}
	expectHarmless(t, testWords().Receipt(r, 300))
	r.Proposal = &approvals.Proposal{Group: approvals.Group{ID: ask.Group}, Change: approvals.Change{Add: ask.Codes}}
	expectHarmless(t, testWords().who(r))
	again, err := ParseCommand("/allocate", slackutilsx.EscapeMessage(strings.TrimPrefix(suggestion("/allocate", ask.Group, ask.Codes), "/allocate")))
	if err != nil || again.Ask.Group != ask.Group {
		t.Fatalf("%q is suggested as %q: %v", ask.Group, again.Ask.Group, err)
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
	kept := redact(raw)
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
			if kept := redact([]byte(raw)); len(kept) > 100 {
				t.Errorf("%d bytes are kept", len(kept))
			}
		})
	}
}
