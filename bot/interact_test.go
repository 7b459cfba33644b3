package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"licensebot/approvals"
	"licensebot/bot/message"
	"licensebot/bot/socket"
	"licensebot/internal/fakeslack"
	"licensebot/internal/fakeuipath"
	"licensebot/internal/fault"
	"licensebot/internal/groupname"
	"licensebot/licensing"
)

// withUiPath gives the form a UiPath to ask.
func (r *rig) withUiPath() *fakeuipath.Server {
	r.t.Helper()
	u, err := fakeuipath.New(fakeuipath.Config{})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(u.Close)
	for _, code := range []string{"RPADEVPRONU", "IDU"} {
		u.Own(code, 40, 3)
	}
	u.AddGroup(fakeuipath.Group{ID: "group-01", Name: "Finance Robots"})
	client, err := licensing.New(licensing.Config{
		URL: u.URL(), Organization: u.Organization(), AccountID: u.AccountID(), Tokens: licensing.StaticToken(u.PersonalAccessToken()),
	})
	if err != nil {
		r.t.Fatal(err)
	}
	r.uipath = licensing.NewAllocations(client)
	return u
}

// form opens the form by the command and returns it.
func (r *rig) form() fakeslack.View {
	r.t.Helper()
	if typed := r.typed(""); typed.Error != "" || typed.Response != "" {
		r.t.Fatalf("%q %q", typed.Error, typed.Response)
	}
	open := r.slack.Views(robin)
	if len(open) == 0 {
		r.t.Fatalf("no form is open\n%s", r.log)
	}
	return open[len(open)-1]
}

// submit fills a form in by hand.
func (r *rig) submit(v fakeslack.View, values map[string]any) fakeslack.Interacted {
	r.t.Helper()
	byBlock := map[string]map[string]any{}
	for name, value := range values {
		byBlock[name] = map[string]any{name: value}
	}
	done, err := r.slack.Submit(r.ctx, robin, v.ID, byBlock)
	if err != nil {
		r.t.Fatal(err)
	}
	return done
}

func typedIn() map[string]any {
	return map[string]any{message.FieldGroup: "group-01", message.FieldOther: "IDU"}
}

// TestFormsOfferWhatUiPathTells opens one of every kind there is.
func TestFormsOfferWhatUiPathTells(t *testing.T) {
	const groups, codes = "external_select", "seats free"
	for name, c := range map[string]struct {
		down []string
		want []string
	}{
		"all is told":  {nil, []string{groups, codes}},
		"no groups":    {[]string{"GET identity groups", "GET groups with-quota"}, []string{codes}},
		"no codes":     {[]string{"GET account"}, []string{groups}},
		"UiPath hangs": {[]string{"hang"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, fakeslack.Config{})
			u := r.withUiPath()
			for i := range message.MaxOptions - 2 {
				u.Own(fmt.Sprintf("CODE%d", i), 50, i)
			}
			for _, operation := range c.down {
				u.Inject(operation, fault.Fault{Status: 503})
			}
			if slices.Equal(c.down, []string{"hang"}) {
				for _, operation := range []string{"GET identity groups", "GET groups with-quota", "GET account"} {
					u.Inject(operation, fault.Fault{Hang: true})
				}
			}
			r.listen(r.store)
			v := r.form()
			for _, menu := range []string{groups, codes} {
				if got := strings.Contains(string(v.Blocks), menu); got != slices.Contains(c.want, menu) {
					t.Errorf("%s: %t\n%s", menu, got, v.Blocks)
				}
			}
			if !strings.Contains(string(v.Blocks), "Insights Designer Users") {
				t.Errorf("the licenses have no names\n%s", v.Blocks)
			}
			if told := strings.Contains(string(v.Blocks), "please type the group"); told == slices.Contains(c.want, groups) {
				t.Errorf("that it has to be typed is told: %t", told)
			}
			if strings.Contains(v.PrivateMetadata, "xoxb") || v.PrivateMetadata != (formOrigin{Channel: general, Command: "/allocate"}).encode() {
				t.Errorf("%s", v.PrivateMetadata)
			}
			u.Clear()
		})
	}
}

func TestFormThatCannotBeOpened(t *testing.T) {
	for name, fault := range map[string]fault.Fault{
		"refused": {Error: "expired_trigger_id"}, "limited": {Status: 429, RetryAfter: "30"}, "cut": {Cut: true}, "hangs": {Hang: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, fakeslack.Config{})
			r.withUiPath()
			r.slack.Inject("views.open", fault)
			r.listen(r.store)
			if typed := r.typed(""); typed.Error != "" || !strings.Contains(typed.Response, "could not open the form") || !strings.Contains(typed.Response, "/allocate cancel") {
				t.Errorf("%q %q", typed.Error, typed.Response)
			}
			if done, err := r.slack.Shortcut(r.ctx, kim, ShortcutOpen); err != nil || done.Error != "" {
				t.Errorf("%+v, %v", done, err)
			}
			r.await("Kim to be told", func() bool { return len(r.slack.DirectMessages(kim)) == 1 })
			if said := r.slack.DirectMessages(kim)[0].Text; !strings.Contains(said, "could not open the form") {
				t.Error(said)
			}
			r.slack.Clear()
		})
	}
}

// TestFormStaysOpenUntilItIsStored tells under a field why it was not.
func TestFormStaysOpenUntilItIsStored(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeslack.Config{})
	u := r.withUiPath()
	u.Inject("token", fault.Fault{Status: 503})
	for _, operation := range []string{"GET identity groups", "GET groups with-quota", "GET account"} {
		u.Inject(operation, fault.Fault{Status: 503})
	}
	broken := make(chan func() error, 3)
	r.listen(faultyStore{Store: r.store, file: func(approvals.Request) error { return (<-broken)() }})
	v := r.form()
	for words, how := range map[string]func() error{
		"could not record your request": func() error { return errors.New("disk full") },
		"You have 9 open requests":      func() error { return &approvals.TooManyOpenError{Most: 9} },
		"something go wrong":            func() error { panic("of the handler") },
	} {
		broken <- how
		if done := r.submit(v, typedIn()); done.Error != "" || !strings.Contains(done.Errors[message.FieldGroup], words) || len(r.slack.Views(robin)) != 1 {
			t.Errorf("%+v, want %s", done, words)
		}
	}
	broken <- func() error { return nil }
	if done := r.submit(v, typedIn()); done.Error != "" || done.Errors != nil || len(r.slack.Views(robin)) != 0 {
		t.Errorf("%+v", done)
	}
	r.await("the receipt", func() bool { return len(r.slack.DirectMessages(robin)) == 1 })
	if said := r.slack.DirectMessages(robin)[0].Text; !strings.Contains(said, "is recorded: add `IDU` to the group `group-01`") {
		t.Error(said)
	}
}

// TestFormAsksForTheReasonThatThePolicyRequires under its field, before anything is
// recorded, and only if the rule governs that group.
func TestFormAsksForTheReasonThatThePolicyRequires(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeslack.Config{})
	u := r.withUiPath()
	u.AddGroup(fakeuipath.Group{ID: "group-02", Name: "Sales"})
	stages := []approvals.Stage{{Approvers: []string{alex}, Quorum: 1}}
	named := approvals.Match{Groups: []approvals.GroupPattern{groupname.Pattern("Finance*")}}
	r.policy = approvals.Policy{Rules: []approvals.PolicyRule{
		{Name: "finance", Match: named, Stages: stages, Reason: approvals.ReasonRule{Required: true}},
		{Name: "others", Stages: stages},
	}}
	r.listen(r.store)
	fill := func(v fakeslack.View, group, why string) fakeslack.Interacted {
		t.Helper()
		if _, err := r.slack.Suggest(r.ctx, robin, v.ID, message.FieldGroup, group); err != nil {
			t.Fatal(err)
		}
		return r.submit(v, map[string]any{
			message.FieldGroup: group, message.FieldCodes: []string{"IDU"}, message.FieldReason: why,
		})
	}
	filed := func() int {
		_, all, err := r.store.ListByRequester(r.ctx, robin, 10, 0)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	v := r.form()
	done := fill(v, "group-01", "")
	if len(done.Errors) != 1 || !strings.Contains(done.Errors[message.FieldReason], "rule finance asks for a reason") {
		t.Errorf("%+v", done)
	}
	if len(r.slack.Views(robin)) != 1 || filed() != 0 {
		t.Errorf("%d forms are open, %d requests were filed", len(r.slack.Views(robin)), filed())
	}
	if done := fill(v, "group-01", "audit"); done.Errors != nil || filed() != 1 {
		t.Errorf("%+v, %d requests were filed", done, filed())
	}
	if done := fill(r.form(), "group-02", ""); done.Errors != nil || filed() != 2 {
		t.Errorf("%+v, %d requests were filed", done, filed())
	}
}

// TestReceiptIsTheCommandsReceipt, in the channel where the form was asked for
// if the bot is in it.
func TestReceiptIsTheCommandsReceipt(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeslack.Config{})
	r.withUiPath()
	r.slack.Join(general, r.slack.BotUserID())
	r.slack.SetCopies(3)
	r.listen(r.store)
	v := r.form()
	typed, err := r.slack.Command(r.ctx, robin, general, "/allocate", "group-01 IDU because new")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.slack.Suggest(r.ctx, robin, v.ID, message.FieldGroup, "fin"); err != nil {
		t.Fatal(err)
	}
	r.submit(v, map[string]any{message.FieldGroup: "group-01", message.FieldCodes: []string{"IDU"}, message.FieldReason: "new"})
	said := func() (receipts []string) {
		for _, e := range r.slack.Ephemerals(robin) {
			if e.Via == "chat.postEphemeral" {
				receipts = append(receipts, e.Text)
			}
		}
		return receipts
	}
	r.await("the receipt", func() bool { return len(said()) > 0 })
	id := func(text string) string { return requestID.FindString(text) }
	if got := said()[0]; strings.ReplaceAll(got, id(got), "ID") != strings.ReplaceAll(typed.Response, id(typed.Response), "ID") {
		t.Errorf("the form: %s\nthe command: %s", got, typed.Response)
	}
	byForm, err := r.store.Request(r.ctx, id(said()[0]))
	if err != nil {
		t.Fatal(err)
	}
	byCommand, err := r.store.Request(r.ctx, id(typed.Response))
	if err != nil || fmt.Sprintf("%+v", byForm.Ask) != fmt.Sprintf("%+v", byCommand.Ask) || byForm.OriginChannel != general || byForm.Requester != robin {
		t.Errorf("%+v\n%+v\n%v", byForm, byCommand, err)
	}
	if n := len(r.slack.Ephemerals(robin)); n != 2 {
		t.Errorf("the requester was told %d times", n)
	}
	mine, all, err := r.store.ListByRequester(r.ctx, robin, 10, 0)
	if err != nil || all != 2 {
		t.Errorf("%d requests were filed, %v: %+v", all, err, mine)
	}
}

// TestReceiptFindsAnotherWay where the bot is in the channel and may not speak.
func TestReceiptFindsAnotherWay(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeslack.Config{})
	r.withUiPath()
	r.slack.Join(general, r.slack.BotUserID())
	r.slack.Inject("chat.postEphemeral", fault.Fault{Error: "restricted_action"})
	r.listen(r.store)
	v := r.form()
	if _, err := r.slack.Suggest(r.ctx, robin, v.ID, message.FieldGroup, "fin"); err != nil {
		t.Fatal(err)
	}
	r.submit(v, map[string]any{message.FieldGroup: "group-01", message.FieldCodes: []string{"IDU"}})
	r.await("the receipt", func() bool { return len(r.slack.DirectMessages(robin)) == 1 })
	if said := r.slack.DirectMessages(robin)[0].Text; !strings.Contains(said, "is recorded") {
		t.Error(said)
	}
}

// TestFormsKeepTheCommandsName: what is said of a request that a form filed
// names the command that opened it; where none did, the one in the manifest.
func TestFormsKeepTheCommandsName(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeslack.Config{})
	u := r.withUiPath()
	for _, operation := range []string{"GET identity groups", "GET groups with-quota", "GET account"} {
		u.Inject(operation, fault.Fault{Status: 503})
	}
	r.listen(r.store)
	for want, open := range map[string]func() error{
		"/licenses": func() error {
			typed, err := r.slack.Command(r.ctx, robin, general, "/licenses", "")
			return errors.Join(err, errors.New(typed.Error+typed.Response))
		},
		"/allocate": func() error {
			done, err := r.slack.Shortcut(r.ctx, robin, ShortcutOpen)
			return errors.Join(err, errors.New(done.Error))
		},
	} {
		if err := open(); err.Error() != "" {
			t.Fatal(err)
		}
		before := len(r.slack.DirectMessages(robin))
		if done := r.submit(r.slack.Views(robin)[0], typedIn()); done.Error != "" || done.Errors != nil {
			t.Fatalf("%+v", done)
		}
		r.await("the receipt", func() bool { return len(r.slack.DirectMessages(robin)) > before })
		id := requestID.FindString(r.slack.DirectMessages(robin)[before].Text)
		request, err := r.store.Request(r.ctx, id)
		if said := message.ExplainVoteIgnored(request, approvals.IsRequester); err != nil || !strings.Contains(said, "`"+want+" cancel "+id+"`") {
			t.Errorf("%s: %s, %v", want, said, err)
		}
	}
}

// TestEveryInteractionIsAcknowledged, also if it is unknown, if it belongs to
// another app, or if the store does not answer.
func TestEveryInteractionIsAcknowledged(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeslack.Config{})
	u := r.withUiPath()
	kept := new(letters)
	b := r.newBot(faultyStore{Store: r.store, letters: kept})
	for name, c := range map[string]struct{ payload, answer, letter string }{
		"closed":        {`{"type":"view_closed","view":{"callback_id":"allocate_form"}}`, "null", ""},
		"shortcut":      {`{"type":"shortcut","callback_id":"other"}`, "null", "unknown interaction shortcut other"},
		"message":       {`{"type":"message_action","callback_id":"x"}`, "null", "unknown interaction message_action x"},
		"click":         {`{"type":"block_actions","actions":[{"action_id":"other"}]}`, "null", "unknown interaction block_actions"},
		"no click":      {`{"type":"block_actions"}`, "null", "unknown interaction block_actions"},
		"page":          {`{"type":"block_actions","actions":[{"action_id":"home_page_mine_on","value":"x"}]}`, "null", ""},
		"suggestion":    {`{"type":"block_suggestion","action_id":"other","value":"x"}`, `{"options":[]}`, "unknown interaction block_suggestion other"},
		"none found":    {`{"type":"block_suggestion","action_id":"group","value":"<!channel> x"}`, `"value":"\u003c!channel\u003e x"`, ""},
		"found":         {`{"type":"block_suggestion","action_id":"group","value":"FINANCE"}`, `"value":"group-01"`, ""},
		"nothing typed": {`{"type":"block_suggestion","action_id":"group","value":7}`, `"value":"group-01"`, ""},
		"other form":    {`{"type":"view_submission","view":{"callback_id":"other"}}`, "null", "unknown interaction view_submission other"},
		"empty form":    {`{"type":"view_submission","view":{"callback_id":"allocate_form","private_metadata":"{\"version\":2}"}}`, `"group":"The group's name is empty."`, ""},
		"mistyped form": {`{"type":"view_submission","view":{"callback_id":"allocate_form","private_metadata":"{\"version\":2}","state":7}}`, `"response_action":"errors"`, ""},
	} {
		payload := strings.Replace(c.payload, "{", `{"user":{"id":"U0KIM"},"team":{"id":"`+r.slack.TeamID()+`"},"token":"secret","trigger_id":"secret",`, 1)
		env := socket.Envelope{ID: name, Type: "interactive", AcceptsPayload: true, Payload: json.RawMessage(payload)}
		answer, ok := b.intake.Handle(r.ctx, env)
		raw, err := json.Marshal(answer)
		if !ok || err != nil || !strings.Contains(string(raw), c.answer) {
			t.Errorf("%s: %t, %s, %v", name, ok, raw, err)
		}
		if letter := kept.of(name); (letter != "") != (c.letter != "") || !strings.Contains(letter, c.letter) || strings.Contains(letter, "secret") {
			t.Errorf("%s: %q", name, letter)
		}
	}
	if err := r.store.Close(); err != nil {
		t.Fatal(err)
	}
	env := socket.Envelope{ID: "late", Type: "interactive", Payload: json.RawMessage(`{"type":"shortcut","user":{"id":"U1"},"team":{"id":"` + r.slack.TeamID() + `"}}`)}
	if _, ok := b.intake.Handle(r.ctx, env); !ok {
		t.Error("what could not be set aside is not acknowledged")
	}
	u.Close()
}

// TestFormOfAnotherVersion is not filed, whatever its fields say. It opens anew with what
// was filled in except the end, in an acknowledgment that Slack takes.
func TestFormOfAnotherVersion(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeslack.Config{})
	u := r.withUiPath()
	for i := range message.MaxOptions - 2 {
		u.Own(fmt.Sprintf("CODE%d", i), 50, i)
	}
	b := r.newBot(r.store)
	for _, metadata := range []string{`{\"channel\":\"C0GENERAL\"}`, `{\"channel\":\"C0GENERAL\",\"version\":1}`, `{\"channel\":\"C0GENERAL\",\"version\":3}`} {
		env := socket.Envelope{ID: metadata, Type: "interactive", AcceptsPayload: true, Payload: json.RawMessage(
			`{"type":"view_submission","user":{"id":"U0KIM"},"team":{"id":"` + r.slack.TeamID() + `"},"view":{"callback_id":"allocate_form",
			 "private_metadata":"` + metadata + `","state":{"values":{
			 "group":{"group":{"type":"external_select","selected_option":{"value":"Finance Robots"}}},
			 "codes":{"codes":{"selected_options":[{"value":"IDU"}]}}, "why":{"why":{"value":"audit"}},
			 "until":{"until":{"type":"datepicker","selected_date":"2026-12-31"}}}}}}`)}
		answer, ok := b.intake.Handle(r.ctx, env)
		raw, err := json.Marshal(answer)
		if !ok || err != nil || len(raw) > 16<<10 {
			t.Fatalf("%t, %d bytes, %v", ok, len(raw), err)
		}
		for _, want := range []string{`"response_action":"update"`, `"value":"Finance Robots"`, `"initial_options":[{"text":{"type":"plain_text","text":"IDU Insights`, `"initial_value":"audit"`, `version\":2`, `licensebot was updated`} {
			if !strings.Contains(string(raw), want) {
				t.Errorf("%s is missing in\n%s", want, raw)
			}
		}
		if strings.Contains(string(raw), "2026-12-31") {
			t.Error("the end of the other version is kept")
		}
	}
	if _, filed, err := r.store.ListByRequester(r.ctx, kim, 10, 0); err != nil || filed != 0 {
		t.Errorf("%d requests were filed, %v", filed, err)
	}
}

// TestTypeAheadWhileUiPathHangs is answered in time, with what was typed.
func TestTypeAheadWhileUiPathHangs(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeslack.Config{})
	u := r.withUiPath()
	r.listen(r.store)
	v := r.form()
	fresh, err := licensing.New(licensing.Config{URL: u.URL(), Organization: u.Organization(), AccountID: u.AccountID(), Tokens: licensing.StaticToken(u.PersonalAccessToken())})
	if err != nil {
		t.Fatal(err)
	}
	u.Inject("GET identity groups", fault.Fault{Hang: true})
	in := r.newBot(r.store).intake
	in.form.catalog = licensing.NewAllocations(fresh)
	ctx, cancel := context.WithTimeout(r.ctx, 100*time.Millisecond)
	defer cancel()
	if offered := in.form.suggestGroups(ctx, "Fin “x”"); len(offered.Options) != 1 || offered.Options[0].Value != `Fin "x"` {
		t.Errorf("%+v", offered)
	}
	u.Clear()
	if found, err := r.slack.Suggest(r.ctx, robin, v.ID, message.FieldGroup, "robots"); err != nil || len(found.Options) != 1 || found.Options[0] != (fakeslack.SelectOption{Text: "Finance Robots", Value: "group-01"}) {
		t.Errorf("%+v, %v", found, err)
	}
}
