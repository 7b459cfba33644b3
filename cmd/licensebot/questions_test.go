package main

import (
	"fmt"
	"strings"
	"testing"

	"licensebot/internal/fakeuipath"
	"licensebot/internal/fault"
	"licensebot/internal/sweep"
)

// listAnswers lists the answers that reached a person through a response_url.
func (w *world) listAnswers(user string) []string {
	var texts []string
	for _, e := range w.slack.Ephemerals(user) {
		if e.Via == "response_url" {
			texts = append(texts, e.Text)
		}
	}
	return texts
}

// lookUp types a question that needs UiPath, and returns the answer.
func (w *world) lookUp(user, text string) string {
	w.t.Helper()
	before := len(w.listAnswers(user))
	if said := w.answerTo(user, text); said != "I am asking UiPath about the licenses…" {
		w.t.Fatalf("%q was acknowledged with %q", text, said)
	}
	w.awaitCondition("the answer to "+text, func() bool { return len(w.listAnswers(user)) > before })
	return w.listAnswers(user)[before]
}

// wantPhrases expects each of these phrases in an answer.
func (w *world) wantPhrases(said string, wants ...string) {
	w.t.Helper()
	for _, want := range wants {
		if !strings.Contains(said, want) {
			w.t.Errorf("it is not said that %q:\n%s", want, said)
		}
	}
}

func TestShowAndCodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.slack.SetCopies(3) // of each question, which is answered once
	w.uipath.AddGroup(fakeuipath.Group{
		ID: groupID, Name: "Finance Robots", Codes: []string{"ATTUNU"},
		Quotas: map[string]int{"ATTUNU": 10}, Usage: map[string]int{"ATTUNU": 3},
	})
	for _, id := range []string{"twin-1", "twin-2"} {
		w.uipath.AddGroup(fakeuipath.Group{ID: id, Name: "Twins"})
	}
	w.startReplica()
	w.awaitCondition("both connections", func() bool { return w.slack.Connections() == 2 })
	w.wantPhrases(w.lookUp(bystander, `show "Finance Robots"`),
		"*Licenses allocated to the group `Finance Robots` (id `group-01`)*",
		"• `ATTUNU` Attended – Named User · at most 10 seats for this group, 3 in use · 3 of 40 seats allocated",
		"No request about it is open.")
	card := w.cardFor("group-01 IDU because secret")
	id, _ := card.Metadata.EventPayload["request_id"].(string)
	shown := w.lookUp(bystander, "show group-01")
	w.wantPhrases(shown, "Open request `"+id+"` by <@"+requester+">: add `IDU` to the group · waiting with 0 of 1 approval, until ")
	if strings.Contains(shown, "secret") {
		t.Errorf("the reason is told to a bystander: %s", shown)
	}
	w.wantPhrases(w.lookUp(bystander, "codes"), "• `IDU` Insights Designer Users · 3 of 40 seats allocated, 37 free", "`/allocate group-01 ATTUNU`")
	w.wantPhrases(w.lookUp(bystander, `show "Finance Robot"`), "no group with the id or the exact name `Finance Robot`", "Try: `/allocate show \"Finance Robots\"`")
	w.wantPhrases(w.lookUp(bystander, "show Twins"), "Several groups at UiPath are called `Twins`", "`twin-1` and `twin-2`")
	if n := len(w.listAnswers(bystander)); n != 5 {
		t.Errorf("five questions were answered %d times", n)
	}
	if writes := len(w.uipath.Writes()); writes != 0 {
		t.Errorf("%d writes", writes)
	}
}

func TestUiPathDownWhenLookedUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.startReplica()
	for fault, want := range map[fault.Fault]string{
		{Status: 503}:                    "I could not look up the licenses of the group `group-01`: UiPath is not working properly; it answered 503: Service Unavailable. Please type it again in a minute.",
		{Cut: true}:                      "I could not look up the licenses of the group `group-01`: UiPath cannot be reached.",
		{Status: 404, Error: "no <way>"}: "UiPath refused to show that (`404: no &lt;way&gt;`).",
		{Status: 403, Error: "no <way>"}: "I could not look up the licenses of the group `group-01`: an operator has to act: UiPath does not let the bot do this (403).",
	} {
		w.uipath.Inject("GET group", fault)
		w.uipath.Inject("GET group with-quota", fault)
		w.wantPhrases(w.lookUp(bystander, "show group-01"), want)
		w.uipath.Clear()
	}
	w.wantPhrases(w.lookUp(bystander, "show group-01"), "*Licenses allocated to the group")
}

// TestNoListOfSeats has UiPath refuse the list of owned codes, and the first group.
// The seats come from another group.
func TestNoListOfSeats(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.uipath.AddGroup(fakeuipath.Group{ID: "deleted", Orphan: true, Codes: []string{"IDU"}})
	w.uipath.Inject("GET account", fault.Fault{Status: 404})
	w.uipath.Inject("GET group", fault.Fault{Status: 404, Times: 1})
	w.uipath.Inject("GET group with-quota", fault.Fault{Status: 404, Times: 1})
	w.startReplica()
	w.awaitCounted(w.healthBase(), 2)
	w.wantPhrases(w.lookUp(bystander, "codes"), "• `IDU` Insights Designer Users · 3 of 40 seats allocated, 37 free")
	w.uipath.Inject("GET group", fault.Fault{Status: 404})
	w.uipath.Inject("GET group with-quota", fault.Fault{Status: 404})
	w.openHome(bystander, "licensebot is well") // who refuses answers
}

// TestUiPathRefuses expects that the Home tab says what an operator has to do.
func TestUiPathRefuses(t *testing.T) {
	t.Parallel()
	for want, faults := range map[string]map[string]fault.Fault{
		"an operator has to act: UiPath refuses the bot's sign-in (invalid_client)": {"token": {Status: 400, Error: "invalid_client"}},
		"an operator has to act: UiPath's sign-in is not at its address (404)":      {"token": {Status: 404}},
		"check UIPATH_ACCOUNT_ID and UIPATH_ORGANIZATION": {
			"GET account": {Status: 404}, "GET groups with-quota": {Status: 404}, "GET identity groups": {Status: 404},
		},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			for operation, fault := range faults {
				w.uipath.Inject(operation, fault)
			}
			w.startReplica()
			w.openHome(bystander, want)
		})
	}
}

// TestAnswersFindAnotherWay loses a response_url. The answer comes as a direct
// message, because the bot is not in the channel of the question.
func TestAnswersFindAnotherWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.startReplica()
	w.slack.Inject("response_url", fault.Fault{Status: 404, Body: "used_url", Times: 1})
	w.answerTo(bystander, "show group-01")
	w.awaitTold(bystander, "*Licenses allocated to the group")
	if len(w.listAnswers(bystander)) != 0 || len(w.slack.DirectMessages(bystander)) != 1 {
		t.Errorf("answered by %v", w.slack.Ephemerals(bystander))
	}
}

func TestStatusAndWhy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env["LICENSEBOT_QUORUM"] = "2"
	w.startReplica()
	w.wantPhrases(w.answerTo(bystander, "status"), "No request is open.")
	w.wantPhrases(w.answerTo(bystander, "why R-00000000"), "I know no request `R-00000000`")
	card := w.cardFor("group-01 IDU because secret")
	id, _ := card.Metadata.EventPayload["request_id"].(string)
	link := "<https://sandbox.slack.com/archives/" + approvalsChannel + "/p" + strings.Replace(card.TS, ".", "", 1) + "|Its card>"
	w.awaitNoJobs() // the card's timestamp is stored
	w.wantPhrases(w.answerTo(bystander, "status"), "• 1 waiting for approval")
	w.wantPhrases(w.answerTo(requester, "status "+id), "Request `"+id+"` by <@"+requester+">", link, "Reason given: `secret`", "*Waiting*: 0 of 2 approvals needed", "`/allocate why "+id+"`")
	w.reactToCard(second, "white_check_mark")
	w.awaitCondition("one vote", func() bool { return strings.Contains(w.awaitCard().Text, "1 of 2") })
	why := w.answerTo(bystander, "why "+id)
	w.wantPhrases(why, link, "• 2 of <@"+approver+"> and <@"+second+"> have to approve; <@"+second+"> did, 1 more is missing.", "it expires, and nothing is changed")
	for _, said := range []string{why, w.answerTo(bystander, "status "+id)} {
		if strings.Contains(said, "secret") {
			t.Errorf("the reason is told to a bystander: %s", said)
		}
	}
	w.slack.Inject("chat.getPermalink", fault.Fault{Status: 500})
	w.wantPhrases(w.answerTo(requester, "status "+id), "*Waiting*") // without a link, but not without an answer
	w.slack.Clear()
	w.reactToCard(approver, "white_check_mark")
	w.awaitOutcome("allocation_done", "*Done*")
	w.wantPhrases(w.answerTo(bystander, "why "+id), "that is enough", "UTC>: Done: `IDU` added to the group")

	w.wantRejected("group-01 IDU", "already has `IDU`")
	mine := w.answerTo(requester, "mine")
	w.wantPhrases(mine, "(2)", "add `IDU` to the group `group-01` · not put before an approver", "add `IDU` to the group `Finance Robots` (id `group-01`) · done ")
	if first, last := strings.Index(mine, "not put before"), strings.Index(mine, "· done "); first > last {
		t.Errorf("the newest is not the first: %s", mine)
	}
	w.wantPhrases(w.answerTo(bystander, "mine"), "You have not asked for any licenses yet.")
}

func TestPendingByPages(t *testing.T) {
	sweep.InSample(t, false)
	t.Parallel()
	w := newWorld(t)
	w.env["LICENSEBOT_APPROVERS"] = "S0APPROVERS"
	w.slack.SetUserGroup("S0APPROVERS", approver, second)
	w.startReplica()
	w.wantPhrases(w.answerTo(approver, "pending"), "No request waits for approval.")
	for n := range 12 {
		id := fmt.Sprintf("group-1%02d", n)
		w.uipath.AddGroup(fakeuipath.Group{ID: id, Name: "Robots of " + id})
		w.typeRequest(id + " IDU")
	}
	w.awaitCondition("twelve cards", func() bool { return len(w.listCards()) == 12 })
	first, rest := w.answerTo(approver, "pending"), w.answerTo(approver, "pending 2")
	w.wantPhrases(first, "(page 1 of 2, 12 in all)", "More: `/allocate pending 2`")
	w.wantPhrases(rest, "(page 2 of 2, 12 in all)")
	if a, b := strings.Count(first, "*you may approve it*"), strings.Count(rest, "*you may approve it*"); a != 10 || b != 2 {
		t.Errorf("the approver may approve %d and %d", a, b)
	}
	w.wantPhrases(w.answerTo(approver, "pending 3"), "There is no page 3; the last is 2.\nTry: `/allocate pending 2`")
	for _, user := range []string{requester, bystander} {
		if said := w.answerTo(user, "pending"); strings.Contains(said, "you may approve") || !strings.Contains(said, "12 in all") {
			t.Errorf("%s is told: %s", user, said)
		}
	}
	if err := w.slack.React(second, approvalsChannel, w.listCards()[0].TS, "x"); err != nil {
		t.Fatal(err)
	}
	w.awaitCondition("one to be denied", func() bool { return strings.Contains(w.listCards()[0].Text, "*Denied*") })
	w.wantPhrases(w.answerTo(approver, "pending 2"), "11 in all")
}

// TestTheNameOfTheCommandIsTheTypedOne renames the command in the app's manifest.
// Suggestions to copy have the name that the person typed.
func TestTheNameOfTheCommandIsTheTypedOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.startReplica()
	for _, text := range []string{"group-01", "help", "mine", "group-01 RPADEVPRONUU", "group-01 IDU=x", "show group-1", "cancel R-1"} {
		typed, err := w.slack.Command(w.guardContext(), requester, anyChannel, "/licenses", text)
		if err != nil || typed.Error != "" {
			t.Fatal(err, typed.Error)
		}
	}
	w.awaitTold(requester, "`/licenses group-01 RPADEVPRONU`")
	w.awaitTold(requester, "`/licenses show ")
	w.awaitNoJobs()
	for _, e := range w.slack.Ephemerals(requester) {
		if strings.Contains(e.Text, "/allocate") {
			t.Errorf("another command is offered: %s", e.Text)
		}
	}
}
