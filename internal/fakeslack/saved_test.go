package fakeslack

import (
	"encoding/json"
	"testing"
	"time"
)

// A Server that goes on with a saved one shows the same, with the past that a
// late read shows, and gives no timestamp twice.
func TestSavedWorkspace(t *testing.T) {
	rig := newTestRig(t, Config{})
	parent, err := rig.Say(annaID, publicID, "", "one")
	if err != nil {
		t.Fatal(err)
	}
	for _, do := range []func() error{
		func() error { return rig.React(benID, publicID, parent, "x") },
		func() error { return rig.React(annaID, publicID, parent, "eyes") },
		func() error { rig.clock.Advance(time.Minute); return rig.Unreact(benID, publicID, parent, "x") },
		func() error { _, err := rig.Say(benID, publicID, parent, "a reply"); return err },
		func() error { _, err := rig.Say(benID, publicID, "", "to be deleted"); return err },
		func() error { return rig.DeleteMessage(publicID, rig.Messages(publicID)[1].TS) },
	} {
		if err := do(); err != nil {
			t.Fatal(err)
		}
	}
	for _, call := range [][]string{
		{"chat.postMessage", "text", "with blocks", "blocks", `[{"type":"divider"}]`,
			"metadata", `{"event_type":"told","event_payload":{"n":1}}`},
		{"chat.postEphemeral", "text", "only you", "user", annaID},
	} {
		if got := rig.callMethod(call[0], append(call[1:], "channel", publicID)...); got.body["ok"] != true {
			t.Fatalf("%s: %+v", call[0], got)
		}
	}
	before, err := rig.Save()
	if err != nil {
		t.Fatal(err)
	}
	rig.Close()
	again, err := New(Config{Now: rig.clock.Now, Saved: before})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(again.Close)
	if again.APIURL() != rig.APIURL() || again.BotToken() != rig.BotToken() || again.TeamID() != rig.TeamID() {
		t.Errorf("%s with %s instead of %s with %s", again.APIURL(), again.BotToken(), rig.APIURL(), rig.BotToken())
	}
	messages := again.AllMessages(publicID)
	if len(messages) != 3 || messages[0].Blocks != nil || len(messages[2].Blocks) == 0 || len(again.Ephemerals(annaID)) != 1 {
		t.Errorf("the messages are %+v", messages)
	}
	after, err := again.Save()
	if err != nil || string(after) != string(before) {
		t.Errorf("what is saved again differs: %v\n%s\n%s", err, before, after)
	}
	next, err := again.Say(annaID, publicID, "", "after the pause")
	if err != nil || next <= messages[len(messages)-1].TS {
		t.Errorf("the next timestamp is %s: %v", next, err)
	}
}

func TestSavedWorkspaceIsRefused(t *testing.T) {
	for name, saved := range map[string]string{"torn": `{"Address":"127.0.`, "empty": `{}`} {
		if s, err := New(Config{Saved: json.RawMessage(saved)}); err == nil {
			s.Close()
			t.Errorf("%s: it was taken", name)
		}
	}
}
