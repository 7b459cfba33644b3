package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/rs/zerolog"

	"licensebot/approvals"
	"licensebot/bot/bottest"
	"licensebot/internal/fakeslack"
	"licensebot/internal/fakeuipath"
)

// hostileName is a group's name at UiPath, where any admin can choose it.
const hostileName = "<!channel> *R&D* <@U0EVIL> <https://evil.example|click> `x"

// hostileCommands are written by hand: each tries one thing.
var hostileCommands = []string{
	"<!channel> IDU", "<!here|here> IDU", "<!everyone> IDU", "<@U1> IDU", "<#C0GENERAL|general> IDU", "<!subteam^S1|x> IDU", "@channel IDU",
	"group-01 <!channel>", "group-01 IDU because <!channel>", "group-01 IDU because <@U1> <!here> @everyone", "group-02 IDU",
	"&lt;!channel&gt; IDU", "group-01 IDU because &lt;!channel&gt; &amp;lt;!here&amp;gt;", "&#60;!channel&#62; IDU", "group-01 IDU because &#x3c;@U1&#x3e;",
	"<https://evil.example|group-01> IDU", "<https://evil.example|<!channel>> IDU", "<javascript:alert(1)|group-01> IDU", "<|> IDU", "<> <> <>", "<<<>>>",
	"`group-01` IDU", "``` IDU ```", "` ` `", "group-01 IDU because `code` ```block``` ``", "*group-01* _IDU_ ~x~", "group-01 IDU because *bold* _it_ ~no~\n> quote\n- list",
	"\u202egroup-01 IDU", "group-01 IDU because \u202e\u2066evil\u2069", "\u200b\u200c\u200d\ufeff", "group-01\u200b IDU", "gro\u00adup-01 IDU", "\u061c\u200f\u200e IDU",
	"\x00", "group-01\x00IDU", "group-01 IDU because \x00\x01\x1b[31mred\x7f\u0085\u2028\u2029", "group-01\r\nIDU\r\n\r\n/allocate group-01 RPADEVPRONU",
	"\xff\xfe IDU", "group-01 \xc3\x28", "group-01 IDU because \xed\xa0\x80\xf8\x88\x80", "\ufffd\ufffe\uffff IDU", "\U000e0041\U000e0042 IDU",
	strings.Repeat("x", 40<<10), strings.Repeat("A ", 20<<10), strings.Repeat("<", 40<<10), strings.Repeat("🤖", 10<<10), strings.Repeat(`"`, 5000), "group-01 IDU because " + strings.Repeat("&", 900),
	strings.Repeat("&", 200) + " IDU", `"` + strings.Repeat("<", 200) + `" IDU`, strings.Repeat("ﷺ", 55) + " IDU", "group-01 " + strings.Repeat("ﷺ", 900),
	"../../identity_/api/Group IDU", "..%2F..%2Fadmin IDU", "group-01%2Fbulk-users IDU", "group-01/bulk-users IDU", "group-01?x=1 IDU", "group-01#x IDU", `..\..\x IDU`, "%00 IDU", "%s%n%d%v IDU", "group-01 %s",
	"//evil.example/ IDU", "https://evil.example/ IDU", "http://169.254.169.254/latest IDU", "file:///etc/passwd IDU", "evil.example.com IDU", "robot@example.com IDU",
	`{"group":"group-01","codes":["IDU"]}`, `[] {} null true`, `{"text":"<!channel>","response_type":"in_channel"}`, "group-01 IDU because {{.Secret}} ${HOME} $(id) `id`", `'; DROP TABLE requests; -- IDU`, `group-01' OR '1'='1 IDU`,
	"🤖 IDU", "👩‍👩‍👧‍👦 IDU", "group-01 🤖", ":x: IDU", "group-01 IDU because :white_check_mark: *Done*: confirmed", "e\u0301\u0301\u0301\u0301 IDU", "Z̸̢̛͔͓̜̪͚͒a̷͝l̴͔͌g̶̛̹ȯ̵ IDU", "ＧＲＯＵＰ－０１ ＩＤＵ", "груπ-01 IDU", "group-01 ІDU", "١٢٣ IDU",
	"help", "help <!channel>", "cancel", "cancel <@U1>", "cancel R-00000000", "cancel ../../x", "cancel R-7K3F9QXA R-7K3F9QXA", "set <!channel> IDU", "remove group-01 IDU", "status `x`", "why %s",
	"because", "because because because", "for", "group-01 for 30d", "group-01 IDU until <!date^1^{date}|x>", "group-01 IDU=<!channel>", "group-01 =", "group-01 IDU=-1", "group-01 IDU=99999999999999999999",
	`""`, `"`, `" "`, `"" ""`, `"group-01`, `"a" "b" "c"`, `“ ” IDU`, `"because" IDU`, `"help" IDU`, `"` + "`" + `" IDU`, ",", ";;;", "group-01 ,,,", "-", "--help", "group-01 -IDU --rf",
	"\t", "\n\n\n", "   ", "", "xoxb-1-2-3 IDU", "group-01 IDU because my token is xapp-1-A1-2-3",
}

// TestHostileCommands types more than two hundred commands, by hand and by chance.
// Each gets an answer in words. Nothing that the bot says anywhere has their markup.
// UiPath stays unchanged, and the bot still works.
func TestHostileCommands(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.uipath.AddGroup(fakeuipath.Group{ID: "group-02", Name: hostileName})
	log := w.serveInProcess()
	for _, text := range slices.Concat(hostileCommands, randomCommands(100)) {
		typed, err := w.slack.Command(w.guardContext(), requester, anyChannel, "/allocate", text)
		if forms := w.slack.Views(requester); err == nil && typed.Error == "" && typed.Response == "" && len(forms) == 1 {
			_ = w.slack.CloseView(requester, forms[0].ID) // it was all blanks, and that opens the form
			continue
		}
		if err != nil || typed.Error != "" || typed.ResponseType != "ephemeral" {
			t.Fatalf("%.200q was answered with %q: %v", text, typed.Error, err)
		}
		w.wantHarmless(text, typed.Response)
	}
	w.sendRawCommands()
	w.awaitNoJobs()
	w.wantHarmlessEverywhere()
	for _, call := range w.uipath.Calls("") {
		if call.Operation == "unknown" || call.Method != http.MethodGet && call.Operation != "token" {
			t.Errorf("UiPath was called with %s %s", call.Method, call.Path)
		}
	}
	if said := log.String(); strings.Contains(said, "panic") {
		t.Errorf("a handler panicked:\n%s", said)
	}

	before := len(w.listCards())
	w.typeRequest("group-01 RPADEVPRONU")
	w.awaitCondition("the card of a well-formed command", func() bool { return len(w.listCards()) > before })
	if err := w.slack.React(approver, approvalsChannel, w.listCards()[before].TS, "white_check_mark"); err != nil {
		t.Fatal(err)
	}
	w.awaitCondition("its end", func() bool { return strings.Contains(w.listCards()[before].Text, "*Done*") })
	w.wantAllocation(1, "ATTUNU", "RPADEVPRONU")
}

// randomCommands puts n commands together from parts, the same at every run.
func randomCommands(n int) []string {
	groups := []string{"group-01", "group-02", "<!channel>", `"Finance Robots"`, "`x`", "../..", "%2F", "\u202egroup", "a&b", `"<@U1> & co"`, "財務", "\x00g", strings.Repeat("g", 201)}
	codes := []string{"IDU", "idu,IDU", "RPADEVPRONU;", "<@U1>", "`IDU`", "IDU=5", "🤖", "*IDU*", "<!here>", "\u200bIDU\u200b", "&amp;", strings.Repeat("Z", 41), "for 30d", "%s"}
	reasons := []string{"", "because <!channel>", "because & < > `", "because \u202eevil\x00", "because " + strings.Repeat("<", 299), `because "quoted" 'text' {"a":1}`, "because " + strings.Repeat("🤖", 300)}
	chance := rand.New(rand.NewPCG(1, 2))
	pick := func(all []string) string { return all[chance.IntN(len(all))] }
	var made []string
	for range n {
		parts := []string{pick(groups)}
		for range chance.IntN(4) {
			parts = append(parts, pick(codes))
		}
		made = append(made, strings.Join(append(parts, pick(reasons)), pick([]string{" ", "  ", "\u00a0", "\t"})))
	}
	return made
}

// sendRawCommands delivers texts that Slack's own JSON cannot carry.
func (w *world) sendRawCommands() {
	w.t.Helper()
	for i, text := range []string{`\ud800 IDU`, `group-01 IDU because \udfff\ud800`, "\xff\xfe IDU", `\u0000\u0007`, "group-01 \xed\xa0\x80"} {
		id := fmt.Sprintf("raw-%d", i)
		frame := fmt.Sprintf(`{"envelope_id":%q,"type":"slash_commands","accepts_response_payload":true,"payload":{"team_id":%q,"command":"/allocate","user_id":%q,"channel_id":%q,"text":"`,
			id, w.slack.TeamID(), requester, anyChannel) + text + `"}}`
		if err := w.slack.SendRaw([]byte(frame)); err != nil {
			w.t.Fatal(err)
		}
		var ack struct{ Payload struct{ Text string } }
		w.awaitCondition("the acknowledgment of "+id, func() bool {
			for _, e := range w.slack.Journal() {
				if e.Kind == fakeslack.EntryAckRefused && e.Envelope == id {
					return json.Unmarshal(e.Payload, &ack) == nil
				}
			}
			return false
		})
		w.wantHarmless(text, ack.Payload.Text)
	}
}

// serveInProcess runs licensebot in this process, without pauses between its posts.
func (w *world) serveInProcess() *bottest.Log {
	w.t.Helper()
	cfg := Config{environment: environment{
		SlackBotToken: w.slack.BotToken(), SlackAppToken: w.slack.AppToken(), SlackAPIURL: w.slack.APIURL(),
		UiPathURL: w.uipath.URL(), UiPathOrganization: w.uipath.Organization(), UiPathAccountID: w.uipath.AccountID(),
		UiPathAuth: "client_credentials", UiPathClientID: w.uipath.ClientID(), UiPathClientSecret: w.uipath.ClientSecret(),
		Channel: approvalsChannel, HTTPAddr: "127.0.0.1:0", DatabaseURL: w.env["LICENSEBOT_DATABASE_URL"],
	}}
	cfg.Scopes = []string{"PM.License.Read", "PM.License.Write", "PM.Group.Read"}
	cfg.TTL, cfg.Policy = time.Hour, approvals.SimplePolicy([]string{approver}, 1, time.Hour)
	cfg.Emoji = testEmoji
	log := new(bottest.Log)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, cfg, Tuning{Rates: unpaced}, zerolog.New(log)) }()
	w.t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			w.t.Error(err)
		}
	})
	w.awaitCondition("licensebot to connect", func() bool { return w.slack.Connections() > 0 })
	return log
}

// wantHarmlessEverywhere checks every message that the bot posted, as it was and as
// it is, and every message to one person.
func (w *world) wantHarmlessEverywhere() {
	w.t.Helper()
	said := 0
	for _, call := range w.slack.Calls("") {
		if text := call.Args["text"]; text != "" {
			said++
			w.wantHarmless(call.Method, text)
		}
		if blocks := call.Args["blocks"]; blocks != "" {
			w.wantHarmless(call.Method, fakeslack.Render(json.RawMessage(blocks)))
		}
		// Who gave no response_url is told directly where the bot may not whisper.
		if call.Error != "" && call.Error != "not_in_channel" && call.Method != "views.open" {
			w.t.Errorf("Slack refused %s: %s", call.Method, call.Error)
		}
	}
	for _, told := range w.slack.Ephemerals(requester) {
		said++
		w.wantHarmless(told.Via, told.Text)
	}
	if said < 230 || len(w.listCards()) == 0 {
		w.t.Errorf("only %d things were said, and %d cards posted", said, len(w.listCards()))
	}
}

// ownMarkup matches what the bot itself puts between angle brackets.
var ownMarkup = regexp.MustCompile(`<(@(` + requester + `|` + approver + `)|#` + approvalsChannel + `|!date\^\d+\^\{date_short_pretty\} at \{time\}\|[-0-9: ]+UTC)>`)

var ownEntity = regexp.MustCompile(`&(amp|lt|gt);`)

// wantHarmless fails if what the bot said is empty, has the markup of others, or has
// characters that hide or turn text.
func (w *world) wantHarmless(because, said string) {
	w.t.Helper()
	rest := ownMarkup.ReplaceAllString(said, "")
	hidden := func(r rune) bool { return r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) }
	if strings.TrimSpace(said) == "" || strings.ContainsAny(rest, "<>") || strings.Contains(ownEntity.ReplaceAllString(rest, ""), "&") ||
		strings.ContainsFunc(said, hidden) || !utf8.ValidString(said) || len(said) > 12000 {
		w.t.Errorf("%.200q was answered with %.1000q", because, said)
	}
}
