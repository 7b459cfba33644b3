package bot

import (
	"strings"
	"testing"

	"licensebot/bot/message"
	"licensebot/internal/fakeslack"
	"licensebot/internal/fakeuipath"
)

// TestFormsRefuseWhatUiPathDoesNotHave: a group or a license that UiPath does not have is
// an error under its field, and no request. A group that was just made is found.
func TestFormsRefuseWhatUiPathDoesNotHave(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeslack.Config{})
	u := r.withUiPath()
	r.listen(r.store)
	submit := func(group string, code string) map[string]string {
		t.Helper()
		v := r.form()
		if _, err := r.slack.Suggest(r.ctx, robin, v.ID, message.FieldGroup, group); err != nil {
			t.Fatal(err)
		}
		return r.submit(v, map[string]any{message.FieldGroup: group, message.FieldCodes: []string{code}}).Errors
	}
	if wrong := submit("Controlling", "IDU"); !strings.Contains(wrong[message.FieldGroup], "UiPath shows no group by the id or the exact name Controlling") {
		t.Errorf("an unknown group: %v", wrong)
	}
	u.AddGroup(fakeuipath.Group{ID: "group-09", Name: "Controlling"})
	if wrong := submit("Controlling", "IDU"); len(wrong) > 0 {
		t.Errorf("a new group: %v", wrong)
	}
	if _, total, err := r.store.ListByRequester(r.ctx, robin, 1, 0); total != 1 || err != nil {
		t.Errorf("%d requests are recorded: %v", total, err)
	}
}
