package main

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"licensebot/bot"
	"licensebot/deploy"
	"licensebot/internal/fakeslack"
	"licensebot/internal/fault"
	"licensebot/internal/sweep"
)

// openForm types the command that opens the form, and returns the form.
func (w *world) openForm() fakeslack.View {
	w.t.Helper()
	typed, err := w.slack.Command(w.guardContext(), requester, anyChannel, "/allocate", "")
	if err != nil || typed.Error != "" || typed.Response != "" {
		w.t.Fatalf("/allocate was answered with %q %q, %v", typed.Error, typed.Response, err)
	}
	return w.openedForm()
}

// openedForm returns the one form that the requester sees.
func (w *world) openedForm() fakeslack.View {
	w.t.Helper()
	open := w.slack.Views(requester)
	if len(open) != 1 {
		w.t.Fatalf("%d forms are open", len(open))
	}
	return open[0]
}

func (w *world) suggestGroups(v fakeslack.View, query string) []fakeslack.SelectOption {
	w.t.Helper()
	found, err := w.slack.Suggest(w.guardContext(), requester, v.ID, "group", query)
	if err != nil || found.Error != "" {
		w.t.Fatalf("%q is answered with %q, %v", query, found.Error, err)
	}
	return found.Options
}

func (w *world) submitForm(v fakeslack.View, fields map[string]any) fakeslack.Interacted {
	w.t.Helper()
	values := map[string]map[string]any{}
	for name, value := range fields {
		values[name] = map[string]any{name: value}
	}
	done, err := w.slack.Submit(w.guardContext(), requester, v.ID, values)
	if err != nil || done.Error != "" {
		w.t.Fatalf("the form was answered with %q, %v", done.Error, err)
	}
	return done
}

var (
	anyID   = regexp.MustCompile(`R-[0-9A-Z]{8}`)
	anyDate = regexp.MustCompile(`<!date\^\d+\^([^|]*)\|[^>]*>`)
)

// comparableCard returns a card without its id and its dates, so that two cards can
// be compared.
func comparableCard(m fakeslack.Message) string {
	blocks := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">").Replace(string(m.Blocks))
	return anyDate.ReplaceAllString(anyID.ReplaceAllString(m.Text+"\n"+blocks, "ID"), "DATE")
}

// TestFormMakesTheCommandsCard asks for the same change by the form, opened in each
// way, and by the command. Card and outcome must be equal.
func TestFormMakesTheCommandsCard(t *testing.T) {
	t.Parallel()
	by := func(ask func(*world)) (card string) {
		w := newWorld(t)
		w.startReplica()
		ask(w)
		card = comparableCard(w.awaitCard())
		w.awaitTold(requester, "is recorded: add `RPADEVPRONU` and `IDU` to the group `group-01`")
		w.reactToCard(approver, "white_check_mark")
		w.awaitOutcome("allocation_done", "*Done*")
		w.wantAllocation(1, "ATTUNU", "IDU", "RPADEVPRONU")
		return card
	}
	fill := func(w *world, v fakeslack.View) {
		found := w.suggestGroups(v, "finance")
		if len(found) != 1 || found[0] != (fakeslack.SelectOption{Text: "Finance Robots", Value: groupID}) {
			t.Fatalf("found %+v", found)
		}
		if !strings.Contains(string(v.Blocks), "Automation Developer – Named User") || !strings.Contains(string(v.Blocks), "37 of 40 seats free") {
			t.Errorf("the codes are offered as %s", v.Blocks)
		}
		w.submitForm(v, map[string]any{"group": groupID, "codes": []string{"RPADEVPRONU", "IDU"}, "why": "Q3 & more"})
		if n := len(w.slack.Views(requester)); n != 0 {
			t.Errorf("%d forms are still open", n)
		}
	}
	command := by(func(w *world) { w.typeRequest("group-01 RPADEVPRONU IDU because Q3 & more") })
	for name, open := range map[string]func(*world) fakeslack.View{
		"command": (*world).openForm,
		"shortcut": func(w *world) fakeslack.View {
			if done, err := w.slack.Shortcut(w.guardContext(), requester, bot.ShortcutOpen); err != nil || done.Error != "" {
				t.Fatalf("%+v, %v", done, err)
			}
			return w.openedForm()
		},
		"home": func(w *world) fakeslack.View {
			w.openHome(requester, "Open the form")
			home, _ := w.slack.Home(requester)
			if done, err := w.slack.ClickView(w.guardContext(), requester, home.ID, bot.ShortcutOpen, ""); err != nil || done.Error != "" {
				t.Fatalf("%+v, %v", done, err)
			}
			return w.openedForm()
		},
	} {
		if card := by(func(w *world) { fill(w, open(w)) }); card != command {
			t.Errorf("the command's card:\n%s\nby %s:\n%s", command, name, card)
		}
	}
}

// TestManifestHasWhatTheFormNeeds compares the manifest with the ids in the code.
func TestManifestHasWhatTheFormNeeds(t *testing.T) {
	for _, want := range []string{
		"callback_id: " + bot.ShortcutOpen + " #", "home_tab_enabled: true #", "- app_home_opened #", "interactivity:\n    is_enabled: true #",
	} {
		if !strings.Contains(string(deploy.SlackManifest), want) {
			t.Errorf("%s is not in the manifest, with its reason", want)
		}
	}
}

func TestFormErrorsAndRedelivery(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for n := range 21 {
		w.uipath.Own(fmt.Sprintf("MORE%d", n), 5, 0)
	}
	w.slack.SetCopies(3)
	w.startReplica()
	w.awaitCondition("both connections", func() bool { return w.slack.Connections() == 2 })
	v := w.openForm()
	found := w.suggestGroups(v, "<@U0EVIL> no such")
	if len(found) != 1 || !strings.Contains(found[0].Text, "as it is typed") {
		t.Fatalf("found %+v", found)
	}
	codes := []string{"IDU"}
	for n := range 20 {
		codes = append(codes, fmt.Sprintf("MORE%d", n))
	}
	done := w.submitForm(v, map[string]any{"group": found[0].Value, "codes": codes, "term": "30d", "until": "2099-12-31", "why": strings.Repeat("x", 301)})
	for _, field := range []string{"group", "codes", "until", "why"} {
		if done.Errors[field] == "" {
			t.Errorf("nothing is said under %s: %v", field, done.Errors)
		}
	}
	w.suggestGroups(v, groupID)
	w.submitForm(v, map[string]any{"group": groupID, "codes": []string{"IDU"}})
	w.awaitCard()
	w.reactToCard(approver, "white_check_mark")
	w.awaitOutcome("allocation_done", "*Done*")
	w.wantAllocation(1, "ATTUNU", "IDU")
	var filed int
	db := w.openDatabase()
	defer func() { _ = db.Close() }()
	if err := db.QueryRow(`SELECT count(*) FROM requests`).Scan(&filed); err != nil || filed != 1 {
		t.Errorf("%d requests were filed, %v", filed, err)
	}
	receipts := 0
	for _, m := range w.slack.DirectMessages(requester) {
		if strings.Contains(m.Text, "is recorded") {
			receipts++
		}
	}
	if receipts != 1 {
		t.Errorf("%d receipts were given", receipts)
	}
}

// TestFormWhileUiPathIsDown opens the form without UiPath: its fields are for
// typing.
func TestFormWhileUiPathIsDown(t *testing.T) {
	t.Parallel()
	sweep.InSample(t, false)
	w := newWorld(t)
	for _, operation := range []string{"token", "GET identity groups", "GET groups with-quota", "GET account", "GET group", "GET group with-quota"} {
		w.uipath.Inject(operation, fault.Fault{Status: 503})
	}
	w.startReplica()
	v := w.openForm()
	if blocks := string(v.Blocks); strings.Contains(blocks, "external_select") || !strings.Contains(blocks, "Insights Designer Users") || !strings.Contains(blocks, "please type the group") {
		t.Fatalf("%s", blocks)
	}
	w.openHome(requester, "UiPath's sign-in does not work (503)")
	w.submitForm(v, map[string]any{"group": "finance robots", "other_codes": "idu"})
	w.awaitTold(requester, "is kept, but it could not be checked yet")
	w.openHome(requester, "not checked yet", "Your open requests (1)")
	w.uipath.Clear()
	w.awaitCard()
	w.reactToCard(approver, "white_check_mark")
	w.awaitOutcome("allocation_done", "*Done*")
	w.wantAllocation(1, "ATTUNU", "IDU")
}
