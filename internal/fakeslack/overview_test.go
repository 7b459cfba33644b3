package fakeslack

import (
	"slices"
	"testing"
)

// The overviews show everybody and everything, in order, and out of the reach of their
// readers.
func TestOverview(t *testing.T) {
	rig := newTestRig(t, Config{})
	var ids []string
	for _, u := range rig.Users() {
		ids = append(ids, u.ID)
	}
	if !slices.IsSorted(ids) || !slices.Contains(ids, annaID) || !slices.Contains(ids, rig.BotUserID()) {
		t.Errorf("the users are %v", ids)
	}
	if _, err := rig.Say(annaID, oursID, "", "one"); err != nil {
		t.Fatal(err)
	}
	rig.postText(annaID, "in a direct message")
	for _, c := range rig.Channels() {
		if c.ID == DirectChannel(annaID) {
			t.Error("direct messages are among the channels")
		}
		c.Members[0] = "changed"
	}
	if shown := rig.Channels(); len(shown) != 4 || slices.Contains(shown[0].Members, "changed") {
		t.Errorf("the channels are %+v", shown)
	}
	parent := rig.postText(oursID, "two")
	if _, err := rig.Say(annaID, oursID, parent, "a reply"); err != nil {
		t.Fatal(err)
	}
	if err := rig.DeleteMessage(oursID, parent); err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, m := range rig.AllMessages(oursID) {
		texts = append(texts, m.Text)
	}
	if !slices.Equal(texts, []string{"one", "a reply"}) {
		t.Errorf("the messages are %q", texts)
	}
	if v := rig.openModal(); v.Label("title") != "Allocate" || v.Label("submit") != "Ask" || v.Label("close") != "" {
		t.Errorf("the labels are %q, %q and %q", v.Label("title"), v.Label("submit"), v.Label("close"))
	}
}
