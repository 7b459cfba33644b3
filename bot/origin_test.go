package bot

import (
	"fmt"
	"strings"
	"testing"

	"licensebot/approvals"
	"licensebot/bot/message"
	"licensebot/internal/fakeslack"
)

// TestAnotherWorkspaceIsRefused privately. Nothing is looked up and nothing recorded.
func TestAnotherWorkspaceIsRefused(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeslack.Config{})
	r.withUiPath()
	kept := new(letters)
	r.listen(faultyStore{Store: r.store, letters: kept})
	r.recorded("group-01 IDU")
	card := r.posted(approvals.Pending)
	form := r.form()
	if found, err := r.slack.Suggest(r.ctx, robin, form.ID, message.FieldGroup, "group-01"); err != nil || len(found.Options) == 0 {
		t.Fatalf("%+v, %v", found, err)
	}
	calls, log := len(r.slack.Calls("")), r.log.String()
	r.slack.DeliverFrom(fakeslack.Origin{TeamID: "T0OTHER", EnterpriseID: "E0OTHER"})
	for _, text := range []string{"group-01 IDU", "pending", "mine", "show group-01", "codes", "help", "", "cancel R-7K2MPX4C", "what is this?"} {
		if typed := r.typed(text); typed.Response != message.CommandForeign() {
			t.Errorf("%q is answered with %q", text, typed.Response)
		}
	}
	if done := r.submit(form, map[string]any{message.FieldGroup: "group-01", message.FieldCodes: []string{"IDU"}}); done.Errors[message.FieldGroup] != message.FormForeign() {
		t.Errorf("the form is answered with %+v", done)
	}
	if found, err := r.slack.Suggest(r.ctx, robin, form.ID, message.FieldGroup, "robots"); err != nil || len(found.Options) != 0 {
		t.Errorf("the type-ahead shows %+v, %v", found, err)
	}
	if done, err := r.slack.Shortcut(r.ctx, robin, ShortcutOpen); err != nil || done.Error != "" {
		t.Errorf("the shortcut: %+v, %v", done, err)
	}
	r.react(alex, card.CardTS)
	if err := r.slack.OpenHome(robin); err != nil {
		t.Fatal(err)
	}
	r.await("all to be acknowledged", func() bool { return r.slack.Unacked() == 0 })
	counts, err := r.store.CountOpen(r.ctx)
	heard, _ := r.store.ListReactions(r.ctx, channel, card.CardTS)
	if err != nil || counts[approvals.Filed] != 1 || len(heard) != 0 || len(kept.all) != 0 {
		t.Errorf("recorded: %v, %+v, %v, %v", counts, heard, kept.all, err)
	}
	if n := len(r.slack.Calls("")); n != calls {
		t.Errorf("Slack was called %d times", n-calls)
	}
	if !strings.Contains(strings.TrimPrefix(r.log.String(), log), "from another workspace") {
		t.Error("the operator is not told")
	}
}

// TestOwnWorkspaces are known by whichever ids Slack names.
func TestOwnWorkspaces(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeslack.Config{})
	r.slack.JoinEnterprise("E0GRID")
	r.listen(r.store)
	for i, from := range []fakeslack.Origin{
		{TeamID: r.slack.TeamID()},
		{TeamID: r.slack.TeamID(), EnterpriseID: "E0GRID"},
		{EnterpriseID: "E0GRID"},
		{TeamID: "E0GRID"},
		{TeamID: "T0SISTER", EnterpriseID: "E0GRID", OrgInstall: true},
	} {
		r.slack.DeliverFrom(from)
		r.recorded(fmt.Sprintf("group-%d IDU", i))
	}
	for _, from := range []fakeslack.Origin{
		{TeamID: "T0SISTER", EnterpriseID: "E0GRID"}, {TeamID: "E0OTHER"}, {EnterpriseID: "E0OTHER"},
		{TeamID: r.slack.TeamID(), EnterpriseID: "E0OTHER"}, {TeamID: "T0OTHER", EnterpriseID: "E0OTHER", OrgInstall: true},
	} {
		r.slack.DeliverFrom(from)
		if typed := r.typed("group-01 IDU"); typed.Response != message.CommandForeign() {
			t.Errorf("%+v: %q", from, typed.Response)
		}
	}
}
