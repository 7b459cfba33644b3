package fakeslack

import (
	"encoding/json"
	"testing"
)

func TestReadable(t *testing.T) {
	names := map[string]string{"U1": "Robin", "C1": "licenses", "S1": "approvers"}
	name := func(id string) string { return names[id] }
	for text, want := range map[string]string{
		"<@U1> in <#C1|old>, <!subteam^S1>":     "@Robin in #licenses, @approvers",
		"<@U404> in <#C404>":                    "@U404 in #C404",
		"*Done* :white_check_mark: :no_such:":   "Done ✅ :no_such:",
		"a &lt;b&gt; &amp;amp; c":               "a <b> &amp; c",
		"<!date^99999999999999999999^{x}|then>": "then",
	} {
		if got := Readable(text, name); got != want {
			t.Errorf("%q reads %q, want %q", text, got, want)
		}
	}
}

func TestRender(t *testing.T) {
	blocks := json.RawMessage(`[{"type":"section","text":{"type":"mrkdwn","text":"one"},
		"fields":[{"type":"mrkdwn","text":"*Asked by*\nRobin"}]},{"type":"divider"},
		{"type":"section","text":{"type":"mrkdwn","text":"state"}},{"type":"context","elements":[{"type":"mrkdwn","text":"small"}]}]`)
	if got := Render(blocks); got != "one\n*Asked by*: Robin\n────────\nstate\nsmall" {
		t.Errorf("renders %q", got)
	}
	if got := Render(json.RawMessage(`{`)); got != "" {
		t.Errorf("nothing renders %q", got)
	}
}
