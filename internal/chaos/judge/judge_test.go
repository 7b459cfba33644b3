package judge

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// at is a time of these tests, n seconds after their beginning.
func at(n float64) time.Time {
	return time.Unix(1795466553, 0).Add(time.Duration(n * float64(time.Second)))
}

// The people and groups of these tests.
const (
	robin  = "U0ROBIN"
	kim    = "U0KIM"
	boss   = "U0BOSS"
	anna   = "U0ANNA"
	ben    = "U0BEN"
	gawker = "U0GAWKER"

	approveEmoji = "white_check_mark"
	denyEmoji    = "x"
)

var setting = Setting{
	Codes:   []string{"ATTUNU", "IDU", "TSTNU"},
	Groups:  map[string]string{"group-01": "Finance Robots", "group-02": "Human Resources"},
	Voters:  []string{anna, ben, boss},
	Named:   []string{anna, ben},
	Members: []string{boss},
	Approve: []string{approveEmoji, "+1"},
	Deny:    denyEmoji,
	Quorum:  1, TTL: time.Hour, Skew: 5 * time.Minute,
}

const (
	aRequest = "R-AAAAAAAA"
	askText  = "<@U0ROBIN> asks to add `IDU` to the group `group-01`.\nReason given: `ask-1-0`\n• `+ IDU` Insights Designer\nUnchanged: `ATTUNU` Attended. Removed: nothing.\nMay approve: some\n"
	howText  = "\nReact with …"
	doneText = "<@U0ROBIN> Done: `IDU` added to the group `group-01`. Approved by <@U0ANNA>. UiPath confirmed it: the group now has `ATTUNU` and `IDU`."
)

// history is one request that went well: asked at 0, carded at 1, approved at
// 2, looked at 3, written at 4, told at 5.
func history() *History {
	command := &Command{
		Envelope: "e1", User: robin, Text: "group-01 IDU because ask-1-0", Ticket: "ask-1-0", At: at(0),
		Acked: true, Answer: "Request `R-AAAAAAAA` is recorded: add …", ID: aRequest, Copies: 1,
	}
	card := &Card{
		TS: "1.000001", ID: aRequest, Group: "group-01", Requester: robin, Codes: []string{"IDU"}, Ticket: "ask-1-0", At: at(1),
		Says: []Saying{
			{At: at(1), Text: askText + ":hourglass: *Waiting*" + howText},
			{At: at(5), Text: askText + ":ok: *Done*" + howText},
		},
		Blocks: askText,
		Thread: []Reply{{At: at(5), Event: doneEvent, Text: doneText}},
		Votes:  []Vote{{At: at(2), User: anna, Emoji: approveEmoji, Present: true, Heard: at(2.1)}},
		Looks:  []Look{{From: at(3), To: at(3.1)}},
	}
	write := &Write{
		Seq: 1, Group: "group-01", Asked: []string{"ATTUNU", "IDU"}, Arrived: at(4), Took: at(4), Ended: at(4.1), Status: 200,
		Before: []string{"ATTUNU"}, After: []string{"ATTUNU", "IDU"}, Changed: true,
	}
	h := &History{
		Commands: []*Command{command}, Cards: []*Card{card}, Writes: []*Write{write},
		Setting: setting,
	}
	for _, user := range setting.Voters {
		h.Rights = append(h.Rights, Right{User: user, Has: true})
	}
	return h
}

func rulesIn(found []Violation) []string {
	var rules []string
	for _, v := range found {
		rules = append(rules, v.Rule.Name)
	}
	return rules
}

// dropAndRepeat has UiPath drop a code from a write, and the bot make it again.
func dropAndRepeat(h *History) {
	h.Writes[0].After = []string{"IDU"}
	again := *h.Writes[0]
	again.Arrived, again.Took, again.Before, again.After = at(4.5), at(4.5), []string{"IDU"}, again.Asked
	h.Cards[0].Looks = append(h.Cards[0].Looks, Look{From: at(4.3), To: at(4.4)})
	h.Writes = append(h.Writes, &again)
}

func TestJudgeAcceptsWhatWentWell(t *testing.T) {
	for name, change := range map[string]func(*History){
		"as it should be": func(*History) {},
		"an answer that was lost": func(h *History) {
			h.Writes[0].Status, h.Writes[0].Spoilt = 0, true
			again := *h.Writes[0]
			again.Arrived, again.Took, again.Changed, again.Before = at(4.5), at(4.5), false, again.After
			h.Cards[0].Looks = append(h.Cards[0].Looks, Look{From: at(4.3), To: at(4.4)})
			h.Writes = append(h.Writes, &again)
		},
		"an answer that was lost, of a write from which UiPath dropped a code": func(h *History) {
			h.Writes[0].Status, h.Writes[0].Spoilt = 0, true
			dropAndRepeat(h)
		},
		"a killed reader of the answer to such a write": dropAndRepeat,
		"a yes without an effect, and the same change by hand": func(h *History) {
			h.Writes[0].Took, h.Writes[0].Changed = time.Time{}, false
			h.Edits = []Edit{{At: at(4.5), Group: "group-01", Before: h.Writes[0].Before, After: h.Writes[0].After}}
		},
		"a yes without an effect, and the same change by hand, hidden by a late read": func(h *History) {
			h.Writes[0].Took, h.Writes[0].Changed = time.Time{}, false
			h.Edits = []Edit{{At: at(-1), Group: "group-01", Before: h.Writes[0].Before, After: h.Writes[0].After}}
			h.LateReads = map[string][]Look{"group-01": {{From: at(3), To: at(3), Lag: 5 * time.Second}}}
		},
		"a word instead of a card": func(h *History) {
			h.Cards, h.Writes = nil, nil
			h.Private = []Word{{User: robin, Text: "Request `R-AAAAAAAA` was not put before an approver, and …"}}
		},
		"a vote withdrawn after the look": func(h *History) {
			h.Cards[0].Votes = append(h.Cards[0].Votes, Vote{At: at(3.5), User: anna, Emoji: approveEmoji})
		},
		"a denial by somebody who may not": func(h *History) {
			h.Cards[0].Votes = append(h.Cards[0].Votes, Vote{At: at(2), User: gawker, Deny: true, Emoji: denyEmoji, Present: true},
				Vote{At: at(2), User: robin, Deny: true, Emoji: denyEmoji, Present: true})
		},
		"a deleted card": func(h *History) { deleteCard(h); h.Writes = nil },
		"a deleted card after a write": func(h *History) {
			deleteCard(h)
			h.Private[0].Text += " A write was tried before, and all or part of it may have taken effect: check it."
		},
		"a deleted card whose outcome is corrected": func(h *History) {
			deleteCard(h)
			h.Private[0].At = at(5)
			h.Private = append(h.Private, Word{User: robin, At: at(9), Text: "Correction to request `R-AAAAAAAA`: it was made after all."})
		},
		"a card posted again after it was deleted": func(h *History) {
			gone := *h.Cards[0]
			gone.TS, gone.At, gone.Deleted, gone.Thread = "0.900001", at(0.5), at(0.6), nil // before the bot knew of it
			h.Cards = append(h.Cards, &gone)
		},
		"more that is typed than is asked, as the rule has it": func(h *History) {
			h.Commands[0].Text = "group-01 idu, attunu because ask-1-0"
		},
		"a command of which nobody can tell": func(h *History) {
			h.Cards, h.Writes, h.Commands[0].ID = nil, nil, ""
			h.Commands[0].Answer = "The database stopped answering while I recorded your request, so I cannot tell whether it was recorded."
		},
		"held up, reopened and held up again": func(h *History) {
			h.Cards[0].Thread = append([]Reply{
				{At: at(2.1), Event: approvedEvent, Text: "approved but not done yet"},
				{At: at(2.2), Event: reopenedEvent, Number: "1", Text: "Nothing was changed at UiPath."},
				{At: at(2.3), Event: approvedEvent, Number: "1", Text: "approved but not done yet"},
			}, h.Cards[0].Thread...)
		},
		"a loss of consent that is stored after the next approval's write": func(h *History) {
			h.Cards[0].Thread = append([]Reply{
				{At: at(4.5), Asked: at(2.2), Event: reopenedEvent, Number: "1", Text: "approved, but … Nothing had been changed at UiPath."},
			}, h.Cards[0].Thread...)
		},
		"a deadline with a last look": func(h *History) {
			expire(h)
			h.Cards[0].Looks, h.Cards[0].Votes = []Look{{From: at(3601), To: at(3601.1)}}, nil
		},
		"an approval that could not be looked at again": func(h *History) {
			h.Writes, h.Cards[0].Looks = nil, nil
			h.Cards[0].Thread[0] = Reply{At: at(3605), Event: failedEvent, Text: "It could not be carried out in time. Nothing was changed at UiPath."}
			h.Cards[0].Says[1].Text = askText + "*Failed*" + howText
		},
		"private words that will be said again": func(h *History) {
			h.Cards, h.Writes, h.Unhurried = nil, nil, true
			h.Unsaid = []string{"Request `R-AAAAAAAA` was not put before an approver"}
		},
		"UiPath refused to show the group": func(h *History) {
			h.Writes, h.Refusals = nil, []time.Time{at(4)}
			h.Cards[0].Thread[0] = Reply{At: at(5), Event: failedEvent, Text: "UiPath refused it. Nothing was changed at UiPath."}
			h.Cards[0].Says[1].Text = askText + "*Failed*" + howText
		},
		"a deadline before the last approval": func(h *History) {
			expire(h)
			h.Cards[0].Looks = []Look{{From: at(3601), To: at(3601.1)}}
			h.Cards[0].Votes[0].At = at(3600)
		},
		"a deadline of a card that the bot did not know of": expire,
		"a denial with `Done` in the reason": func(h *History) {
			h.Writes, h.Cards[0].Thread[0] = nil, Reply{At: at(5), Event: "allocation_denied", Text: "denied. Nothing was changed at UiPath."}
			h.Cards[0].Votes = append(h.Cards[0].Votes, Vote{At: at(4), User: ben, Deny: true, Emoji: denyEmoji, Present: true})
			for i, status := range []string{"*Waiting*", "*Denied*"} {
				h.Cards[0].Says[i].Text = "Reason given: `*Done*`\n" + askText + status + howText
			}
		},
		"a rule edited between the read and the write": func(h *History) {
			h.Writes[0].Before = []string{"ATTUNU", "TSTNU"}
			h.Edits = []Edit{{At: at(3.9), Group: "group-01", Before: []string{"ATTUNU"}, After: []string{"ATTUNU", "TSTNU"}}}
		},
	} {
		h := history()
		change(h)
		expectClean(t, name, h)
	}
}

// expectClean wants nothing found in a history, and nothing missing from it.
func expectClean(t *testing.T, name string, h *History) {
	t.Helper()
	if found := Judge(h); len(found) > 0 {
		t.Errorf("%s: %v", name, found)
	}
	if missing := h.Missing(); len(missing) > 0 {
		t.Errorf("%s: still missing: %v", name, missing)
	}
}

// deleteCard deletes the card before its end was told, and has that told.
func deleteCard(h *History) {
	h.Cards[0].Deleted, h.Cards[0].Thread = at(5), nil
	h.Private = []Word{{User: robin, Text: "Request `R-AAAAAAAA` is cancelled: its card in <#C> was deleted."}}
}

// expire lets the deadline pass without a look at the card.
func expire(h *History) {
	h.Writes, h.Skew = nil, 0
	h.Cards[0].Thread[0] = Reply{At: at(3602), Event: "allocation_expired", Text: "expired. Nothing was changed at UiPath."}
	h.Cards[0].Says[1] = Saying{At: at(3602), Text: askText + ":zzz: *Expired*" + howText}
}

// TestJudgeFinds breaks each promise once.
func TestJudgeFinds(t *testing.T) {
	for rule, change := range map[string]func(*History){
		"acknowledged, neither a card nor a word": func(h *History) { h.Cards, h.Writes = nil, nil },
		"one command, several requests": func(h *History) {
			other := *h.Cards[0]
			other.ID, other.TS = "R-BBBBBBBB", "2.000001"
			h.Cards = append(h.Cards, &other)
		},
		"a card for a protected group": func(h *History) { h.Protected = []string{"group-01"} },
		"failed without a refusal": func(h *History) {
			h.Writes = nil
			h.Cards[0].Thread[0] = Reply{At: at(5), Event: failedEvent, Text: "An operator has to act. Nothing was changed at UiPath."}
			h.Cards[0].Says[1].Text = askText + "*Failed*" + howText
		},
		"several cards": func(h *History) {
			other := *h.Cards[0]
			other.TS = "2.000001"
			h.Cards = append(h.Cards, &other)
		},
		"said that nothing was recorded": func(h *History) {
			h.Commands[0].Answer, h.Commands[0].ID = "I could not record your request, so nothing was asked and nothing will happen.", ""
		},
		"the receipt names another request": func(h *History) { h.Commands[0].ID = "R-CCCCCCCC" },
		"refused and asked all the same": func(h *History) {
			h.Private = []Word{{User: robin, Text: "Request `R-AAAAAAAA` was not put before an approver, and …"}}
		},
		"acknowledged without saying what became of it": func(h *History) {
			h.Cards, h.Writes, h.Commands[0].ID, h.Commands[0].Answer = nil, nil, "", ""
		},
		"names people who did not approve it": func(h *History) {
			h.Cards[0].Thread[0].Text = strings.Replace(doneText, "<@U0ANNA>", "<@U0ANNA> and <@U0BEN>", 1)
		},
		"told twice how it goes": func(h *History) {
			held := Reply{At: at(3), Event: approvedEvent, Text: "approved but not done yet"}
			h.Cards[0].Thread = append([]Reply{held, held}, h.Cards[0].Thread...)
		},
		"told of a consent that there never was": func(h *History) {
			h.Cards[0].Thread = append([]Reply{{At: at(1.5), Event: approvedEvent, Text: "approved but not done yet"}}, h.Cards[0].Thread...)
		},
		"the card shows something else than it asks": func(h *History) {
			h.Cards[0].Blocks = strings.Replace(askText, "`+ IDU`", "`+ TSTNU`", 1)
		},
		"a write changed a setting that no card names": func(h *History) { h.Writes[0].Altered = "the limit of ATTUNU from 5 to 0" },
		"told twice that a vote does not count": func(h *History) {
			word := Word{User: gawker, Text: "Your reaction on request `R-AAAAAAAA` does not count: …"}
			h.Private = []Word{word, word}
		},
		"a reply of no known kind": func(h *History) { h.Cards[0].Thread[0].Event = "hello" },
		"spoke after the outcome": func(h *History) {
			h.Cards[0].Thread = append(h.Cards[0].Thread, Reply{At: at(6), Event: approvedEvent})
		},
		"a card without an outcome": func(h *History) { h.Cards[0].Thread = nil },
		"several outcomes": func(h *History) {
			h.Cards[0].Thread = append(h.Cards[0].Thread, Reply{At: at(6), Event: doneEvent, Text: doneText})
		},
		"the card does not show its outcome": func(h *History) { h.Cards[0].Says = h.Cards[0].Says[:1] },
		"a card that no command asks for":    func(h *History) { h.Commands = nil },
		"the card names another requester":   func(h *History) { h.Cards[0].Requester = kim },
		"the card asks for something else":   func(h *History) { h.Commands[0].Text = "group-01 TSTNU because ask-1-0" },
		"the card changed what it asks":      func(h *History) { h.Cards[0].Says[1].Text = strings.Replace(askText, "IDU", "TSTNU", 1) + "*Done*" },
		"a message that is no card":          func(h *History) { h.Stray = []Stray{{Text: "hello"}} },
		"an alert of a change by hand that was none": func(h *History) {
			h.Alerts = []Alert{{ID: "1", Group: "group-02", At: at(5), Added: []string{"IDU"}}}
		},
		"an alert posted twice": func(h *History) {
			h.Edits = append(h.Edits, Edit{At: at(4), Group: "group-02", After: []string{"IDU"}})
			alert := Alert{ID: "1", Group: "group-02", At: at(5), Added: []string{"IDU"}}
			h.Alerts = []Alert{alert, alert}
		},
		"a write that no card asks for":       func(h *History) { h.Cards[0].Group = "group-02" },
		"a write took away what was there":    func(h *History) { h.Writes[0].Before = []string{"ATTUNU", "TSTNU"} },
		"a write added what no card asks for": func(h *History) { h.Writes[0].Asked = []string{"ATTUNU", "IDU", "TSTNU"} },
		"one request, two effects": func(h *History) {
			again := *h.Writes[0]
			again.Arrived, again.Took = at(4.5), at(4.5)
			h.Writes = append(h.Writes, &again)
		},
		"two writes to one group at once": func(h *History) {
			h.Writes[0].Took = at(4.4)
			again := *h.Writes[0]
			again.Arrived, again.Took = at(4.2), at(4.6)
			h.Writes = append(h.Writes, &again)
		},
		"said that nothing was changed": func(h *History) {
			h.Cards[0].Thread[0] = Reply{At: at(5), Event: "allocation_denied", Text: "It was denied. Nothing was changed at UiPath."}
		},
		"a write without consent": func(h *History) {
			deleteCard(h)
			h.Cards[0].Deleted = at(2.5)
			h.Cards[0].Looks = nil
		},
		"cancelled and carried on": func(h *History) {
			h.Commands = append(h.Commands, &Command{Envelope: "e2", User: robin, Text: "cancel R-AAAAAAAA", At: at(2),
				Answer: "Request `R-AAAAAAAA` is cancelled. Nothing was changed at UiPath."})
		},
		"denied without a denial": func(h *History) {
			h.Writes, h.Cards[0].Thread[0].Event = nil, "allocation_denied"
			h.Cards[0].Votes = append(h.Cards[0].Votes, Vote{At: at(4), User: gawker, Deny: true, Emoji: denyEmoji, Present: true},
				Vote{At: at(4), User: robin, Deny: true, Emoji: denyEmoji, Present: true})
		},
		"cancelled without a command": func(h *History) {
			h.Writes, h.Cards[0].Thread[0].Event = nil, "allocation_cancelled"
			h.Orders = []Order{{Verb: "cancel", ID: aRequest, User: gawker, At: at(3)}, {Verb: "cancel", ID: "R-BBBBBBBB", User: robin, At: at(3)}}
		},
		"expired with consent on the card": func(h *History) {
			expire(h)
			h.Cards[0].Looks = []Look{{From: at(3601), To: at(3601.1)}}
		},
		"carried out without consent": func(h *History) {
			h.Writes, h.Cards[0].Thread[0].Event = nil, failedEvent
			h.Cards[0].Votes = nil
		},
		"expired before its time": func(h *History) {
			h.Writes, h.Cards[0].Thread[0].Event = nil, "allocation_expired"
		},
		"expired without a last look": func(h *History) {
			expire(h)
			h.Cards[0].Known = at(3)
		},
		"a deleted card without a word": func(h *History) {
			deleteCard(h)
			h.Private = nil
		},
		"the card said done before it was":    func(h *History) { h.Cards[0].Says[1].At = at(3) },
		"success told before the effect":      func(h *History) { h.Cards[0].Thread[0].At = at(3.5) },
		"success told without the allocation": func(h *History) { h.Cards[0].Thread[0].Text = "Done." },
		"success told without the codes": func(h *History) {
			h.Cards[0].Thread[0].Text = strings.Replace(doneText, "`ATTUNU` and `IDU`", "`ATTUNU`", 1)
		},
		"claimed an allocation that never was": func(h *History) {
			h.Cards[0].Thread[0].Text = strings.Replace(doneText, "`ATTUNU` and `IDU`", "`IDU`", 1)
		},
	} {
		h := history()
		change(h)
		if found := rulesIn(Judge(h)); !slices.Contains(found, rule) {
			t.Errorf("%q was not found, only %q", rule, found)
		}
	}
}

// takeOut makes the request remove the only code.
func takeOut(h *History) {
	h.Commands[0].Text = "remove group-01 IDU empty because ask-1-0"
	text := "<@U0ROBIN> asks to remove `IDU` from the group `group-01`, even if that leaves it empty.\n*Change to the group's allocation*\n• `- IDU` Insights Designer\n*Removed: `IDU`.*\n*The group's allocation will be EMPTY.*\nUnchanged: nothing.\nMay approve: some\n"
	c := h.Cards[0]
	c.Blocks, c.Says[0].Text, c.Says[1].Text = text, text+"*Waiting*"+howText, text+"*Done*"+howText
	c.readChange(nil)
	c.Thread[0].Text = "<@U0ROBIN> Done: `IDU` removed from the group. Approved by <@U0ANNA>. UiPath confirmed it: the group now has no codes."
	w := h.Writes[0]
	w.Before, w.Asked, w.After = []string{"IDU"}, nil, nil
}

func TestJudgeAcceptsWhatIsTakenOut(t *testing.T) {
	for name, change := range map[string]func(*History){
		"as it should be": func(*History) {},
		"of a rule that has more": func(h *History) {
			h.Writes[0].Before, h.Writes[0].Asked, h.Writes[0].After = []string{"ATTUNU", "IDU"}, []string{"ATTUNU"}, []string{"ATTUNU"}
			h.Cards[0].Thread[0].Text = strings.Replace(h.Cards[0].Thread[0].Text, "no codes", "`ATTUNU`", 1)
		},
		"and put in again by hand": func(h *History) {
			h.Cards[0].Thread[0] = Reply{At: at(5), Event: "allocation_superseded", Text: "… changed by someone else …"}
			h.Cards[0].Says[1].Text = strings.Replace(h.Cards[0].Says[1].Text, "*Done*", "*Superseded*", 1)
			h.Writes[0].Spoilt, h.Writes[0].Status = true, 0
			h.Edits = []Edit{{At: at(4.5), Group: "group-01", After: []string{"IDU"}}}
		},
	} {
		h := history()
		takeOut(h)
		change(h)
		expectClean(t, name, h)
	}
}

func TestJudgeFindsWhatIsTakenOutWrongly(t *testing.T) {
	for rule, change := range map[string]func(*History){
		"a write took away what was there": func(h *History) { h.Writes[0].Before = []string{"ATTUNU", "IDU"} },
		"a write that no card asks for":    func(h *History) { h.Writes[0].Asked = []string{"IDU"} },
		"success told without the codes": func(h *History) {
			h.Cards[0].Thread[0].Text = strings.Replace(h.Cards[0].Thread[0].Text, "no codes", "`IDU`", 1)
		},
		"success told before the effect":   func(h *History) { h.Writes = nil },
		"the card asks for something else": func(h *History) { h.Commands[0].Text = "group-01 IDU because ask-1-0" },
		"the card shows something else than it asks": func(h *History) {
			h.Cards[0].Blocks = strings.Replace(h.Cards[0].Blocks, "*Removed: `IDU`.*\n", "", 1)
		},
		"a write without consent": func(h *History) { h.Cards[0].Votes = nil },
		"said that nothing was changed": func(h *History) {
			h.Cards[0].Thread[0] = Reply{At: at(5), Event: "allocation_superseded", Text: "… Nothing was changed …"}
			h.Edits = []Edit{{At: at(4.5), Group: "group-01", After: []string{"TSTNU"}}}
		},
		"superseded for a name that never changed": func(h *History) {
			h.Cards[0].Name = h.Groups["group-01"]
			h.Cards[0].Thread[0] = Reply{At: at(5), Event: "allocation_superseded",
				Text: "UiPath no longer shows the name `Robots` of the group with id `group-01`."}
		},
	} {
		h := history()
		takeOut(h)
		change(h)
		if found := rulesIn(Judge(h)); !slices.Contains(found, rule) {
			t.Errorf("%q was not found, only %q", rule, found)
		}
	}
}

// TestJudgeFindsInOtherWays breaks promises in a second way; TestJudgeFinds has
// the first.
func TestJudgeFindsInOtherWays(t *testing.T) {
	for name, broken := range map[string]struct {
		rule   string
		change func(*History)
	}{
		"told somebody else": {"acknowledged, neither a card nor a word", func(h *History) {
			h.Cards, h.Writes = nil, nil
			h.Private = []Word{{User: kim, Text: "Request `R-AAAAAAAA` was not put before an approver, and …"}}
		}},
		"told when asked only": {"acknowledged, neither a card nor a word", func(h *History) {
			h.Cards, h.Writes = nil, nil
			h.Private = []Word{{User: robin, Text: "Request `R-AAAAAAAA` expired.", Via: "ack"}}
		}},
		"a known card posted again after it was deleted": {"several cards", func(h *History) {
			gone := *h.Cards[0]
			gone.TS, gone.At, gone.Known, gone.Deleted, gone.Thread = "0.900001", at(0.5), at(0.55), at(0.6), nil
			h.Cards = append(h.Cards, &gone)
		}},
		"less asked than typed": {"the card asks for something else", func(h *History) {
			h.Commands[0].Text = "group-01 IDU TSTNU because ask-1-0"
		}},
		"a loss of consent that says nothing was changed": {"said that nothing was changed", func(h *History) {
			lost := Reply{At: at(4.5), Event: reopenedEvent, Number: "1", Text: "approved, but … Nothing was changed at UiPath."}
			h.Cards[0].Thread = append([]Reply{lost}, h.Cards[0].Thread...)
		}},
		"a rule edited before it was read for the write": {"a write took away what was there", func(h *History) {
			h.Writes[0].Before = []string{"ATTUNU", "TSTNU"}
			h.Edits = []Edit{{At: at(3.1), Group: "group-01", Before: []string{"ATTUNU"}, After: []string{"ATTUNU", "TSTNU"}}}
			for n := range 10 {
				h.Reads = map[string][]time.Time{"group-01": append(h.Reads["group-01"], at(3.2+0.01*float64(n)))}
			}
		}},
		"an edit that has nothing to do with it": {"said that nothing was changed", func(h *History) {
			h.Cards[0].Thread[0] = Reply{At: at(5), Event: "allocation_denied", Text: "It was denied. Nothing was changed at UiPath."}
			h.Edits = []Edit{{At: at(4.5), Group: "group-01", Before: []string{"ATTUNU", "IDU"}, After: []string{"ATTUNU", "IDU", "TSTNU"}}}
		}},
	} {
		h := history()
		broken.change(h)
		if found := rulesIn(Judge(h)); !slices.Contains(found, broken.rule) {
			t.Errorf("%s: %q was not found, only %q", name, broken.rule, found)
		}
	}
}

func TestJudgeFindsAnUntrueWordOfADeletion(t *testing.T) {
	h := history()
	deleteCard(h)
	h.Private[0].Text += " Nothing was changed at UiPath."
	if found := rulesIn(Judge(h)); !slices.Contains(found, "said that nothing was changed") {
		t.Errorf("found only %q", found)
	}
}

// A private word of a failure need not tell a part without an end that UiPath shows late.
func TestAPartThatIsNotToldPrivately(t *testing.T) {
	for part, want := range map[bool]int{true: 0, false: 1} {
		h := history()
		deleteCard(h)
		h.Private[0].Text = "Request `R-AAAAAAAA` failed after it was approved. The change was not made."
		if part {
			h.Cards[0].Codes = append(h.Cards[0].Codes, "TSTNU")
		}
		j := collectRequests(h)
		r := j.requests["R-AAAAAAAA"]
		r.writes = h.Writes
		if j.judgeDeleted(r, h.Cards[0]); len(j.found) != want {
			t.Errorf("part %t: %v", part, j.found)
		}
	}
}

// What stands on a card decides it, and people vote again only where the bot
// may rightly have passed over them.
func TestWhoVotesAgain(t *testing.T) {
	h := history()
	c := h.Cards[0]
	if !h.Decided(c) || len(h.OverlookedVotes(c)) > 0 {
		t.Error("a quorum of votes that count: somebody is to vote again")
	}
	h.Quorum = 2
	if h.Decided(c) {
		t.Error("one vote of two decides")
	}
	h.Rights = append(h.Rights, Right{At: at(0.5), User: anna}, Right{At: at(1), User: anna, Has: true})
	if again := h.OverlookedVotes(c); len(again) != 1 || again[0].User != anna {
		t.Errorf("a vote right after its right came back: %v", again)
	}
	h.Rights = append(h.Rights, Right{At: at(80), User: anna}, Right{At: at(90), User: anna, Has: true})
	if again := h.OverlookedVotes(c); len(again) != 1 {
		t.Errorf("a vote whose right was lost and came back: %v", again)
	}
	c.Votes[0].At = at(170)
	if again := h.OverlookedVotes(c); len(again) > 0 {
		t.Errorf("a vote long after: %v", again)
	}
}

// A refusal that was carried out all the same is to be told later, unless somebody took a part out.
func TestALateEffectOfWhichAPartIsGone(t *testing.T) {
	for gone, want := range map[string]int{"TSTNU": 0, "ATTUNU": 1} {
		h := history()
		c, w := h.Cards[0], h.Writes[0]
		c.Codes = []string{"IDU", "TSTNU"}
		c.Thread = []Reply{{At: at(5), Event: failedEvent, Text: "UiPath refused it. The change was not made."}}
		w.Before, w.After = []string{"ATTUNU", "TSTNU"}, []string{"ATTUNU", "IDU", "TSTNU"}
		h.LateReads = map[string][]Look{w.Group: {{From: w.Took.Add(time.Millisecond), Lag: time.Second}}}
		h.Edits = []Edit{{At: at(6), Group: w.Group, Before: w.After, After: without(w.After, []string{gone})}}
		j := collectRequests(h)
		r := j.requests[c.ID]
		r.writes = h.Writes
		if j.judgeOtherOutcome(r, c, c.Thread[0]); len(j.found) != want {
			t.Errorf("without %s: %v", gone, j.found)
		}
	}
}

// A vote given anew is judged anew, and its giver hears of it once more.
func TestNoticesOfVotesGivenAnew(t *testing.T) {
	h := history()
	word := Word{User: gawker, Text: "Your reaction on request `R-AAAAAAAA` does not count: …"}
	h.Private = []Word{word, word}
	for n, present := range []bool{true, false, true} {
		h.Cards[0].Votes = append(h.Cards[0].Votes, Vote{
			At: at(2 + float64(n)/10), User: gawker, Emoji: approveEmoji, Present: present,
		})
	}
	if found := rulesIn(Judge(h)); slices.Contains(found, "told twice that a vote does not count") {
		t.Errorf("found %q", found)
	}
	h.Private = append(h.Private, word)
	if found := rulesIn(Judge(h)); !slices.Contains(found, "told twice that a vote does not count") {
		t.Errorf("three words of two votes: found %q", found)
	}
}

// Whoever hears that a configuration left them out votes again, once it names them.
func TestWhoVotesAgainAfterAConfiguration(t *testing.T) {
	h := history()
	c := h.Cards[0]
	without := slices.DeleteFunc(slices.Clone(h.Named), func(id string) bool { return id == anna })
	h.Configs = []Config{
		{Replica: "a", Named: h.Named, Quorum: 1}, {Replica: "a", From: at(2.5), Named: without, Quorum: 1},
	}
	again := func(what string, want int) {
		t.Helper()
		if votes := h.OverlookedVotes(c); len(votes) != want {
			t.Errorf("%s: %v", what, votes)
		}
	}
	again("left out, and told nothing", 0)
	h.Private = append(h.Private, Word{User: anna, At: at(3), Text: c.ID + ": the policy of today does not name you"})
	again("still left out", 0)
	h.Configs = append(h.Configs, Config{Replica: "a", From: at(8), Named: h.Named, Quorum: 1})
	again("told privately", 1)
	h.Private = nil
	again("told nothing", 0)
	c.Thread = append(c.Thread, Reply{
		At: at(3), Event: reopenedEvent, Text: "Lost: <@" + anna + "> is no approver of it by the policy of today.",
	})
	again("told in the thread", 1)
	c.Votes[0].At = at(9)
	again("voted again", 0)
}

func TestJudgeFindsWritesWithoutConsent(t *testing.T) {
	vote := func(when float64, user, emoji string, present bool) Vote {
		deny, _ := setting.meaningOf(&Card{}, emoji)
		return Vote{At: at(when), User: user, Emoji: emoji, Deny: deny, Present: present}
	}
	for name, change := range map[string]func(*History){
		"no look":          func(h *History) { h.Cards[0].Looks = nil },
		"a look long ago":  func(h *History) { h.Cards[0].Looks = []Look{{From: at(-60), To: at(-59)}} },
		"nobody approved":  func(h *History) { h.Cards[0].Votes = nil },
		"too few":          func(h *History) { h.Quorum = 2 },
		"withdrawn":        func(h *History) { h.Cards[0].Votes = append(h.Cards[0].Votes, vote(2.5, anna, approveEmoji, false)) },
		"denied":           func(h *History) { h.Cards[0].Votes = append(h.Cards[0].Votes, vote(2.5, ben, denyEmoji, true)) },
		"by the requester": func(h *History) { h.Cards[0].Votes = []Vote{vote(2, robin, approveEmoji, true)} },
		"by a boss for a boss": func(h *History) {
			h.Cards[0].Requester, h.Cards[0].Votes = boss, []Vote{vote(2, boss, approveEmoji, true)}
		},
		"by a bystander":          func(h *History) { h.Cards[0].Votes = []Vote{vote(2, gawker, approveEmoji, true)} },
		"with another emoji":      func(h *History) { h.Cards[0].Votes[0].Present = false },
		"deactivated before":      func(h *History) { h.Rights = append(h.Rights, Right{At: at(2.5), User: anna}) },
		"approved after the look": func(h *History) { h.Cards[0].Votes[0].At = at(3.5) },
		"the look of an earlier write": func(h *History) {
			again := *h.Writes[0]
			again.Arrived, again.Took, again.Changed = at(4.5), at(4.5), false
			h.Writes = append(h.Writes, &again)
		},
	} {
		h := history()
		change(h)
		if found := rulesIn(Judge(h)); !slices.Contains(found, "a write without consent") {
			t.Errorf("%s: not found, only %q", name, found)
		}
	}
}

// An alert of a code that UiPath dropped from a write is right: nobody asked for that.
func TestAlertOfADroppedCode(t *testing.T) {
	for dropped, want := range map[string]int{"TSTNU": 0, "IDU": 1} {
		j := &judge{h: &History{
			Writes: []*Write{{Group: "group-02", Asked: []string{"IDU", "TSTNU"}, After: []string{"IDU"}, Took: at(4)}},
			Alerts: []Alert{{ID: "1", Group: "group-02", At: at(6), Removed: []string{dropped}}},
		}}
		if j.judgeAlerts(); len(j.found) != want {
			t.Errorf("an alert of %s: %v", dropped, j.found)
		}
	}
}

// An alert tells the seat limits that an edit by hand changed, and no others.
func TestAlertOfALimit(t *testing.T) {
	for limit, want := range map[string]int{"IDU=5": 0, "IDU=6": 1} {
		j := &judge{h: &History{
			Edits:  []Edit{{At: at(4), Group: "group-02", Before: []string{"IDU"}, LimitsBefore: []string{"IDU=5"}}},
			Alerts: []Alert{{ID: "1", Group: "group-02", At: at(6), Removed: []string{"IDU", limit}}},
		}}
		if j.judgeAlerts(); len(j.found) != want {
			t.Errorf("an alert of %s: %v", limit, j.found)
		}
	}
}

// Words that tell the part of a change that was made do not claim that nothing was.
func TestAPartThatIsTold(t *testing.T) {
	for words, want := range map[string]int{
		"Its allocation shows a part of the change all the same: `IDU` added.":                                        0,
		"The change was not made. The group does not have `ATTUNU` any more, although the card says that this stays.": 0,
		"A later look at UiPath shows the change after all.":                                                          0,
		"A later look at UiPath shows a part of the change after all.":                                                0,
		"The change was not made.": 1,
	} {
		h := history()
		j := collectRequests(h)
		if j.judgeUnchanged(j.requests["R-AAAAAAAA"], h.Writes, words, at(5)); len(j.found) != want {
			t.Errorf("%q: %v", words, j.found)
		}
	}
}

// A write belongs to the card that makes its allocation of what the bot read, also where an edit by
// hand in between makes another card fit what was there at the write.
func TestAskingCardBesideAnEdit(t *testing.T) {
	h := history()
	h.Edits = []Edit{{At: at(3.9), Group: "group-01", Before: []string{"ATTUNU"}, After: []string{"IDU"}}}
	h.Writes[0].Before = []string{"IDU"}
	h.Cards = append(h.Cards, &Card{TS: "0.900001", ID: "R-BBBBBBBB", Group: "group-01", Codes: []string{"ATTUNU"}, At: at(1)})
	if c := collectRequests(h).askingCard(h.Writes[0]); c == nil || c.ID != aRequest {
		t.Errorf("the write is given to %+v", c)
	}
}

// A set that was refused and made all the same is to be told, unless more than it is there.
func TestASetThatWasMadeAllTheSame(t *testing.T) {
	for more, want := range map[string]bool{"": true, "TSTNU": false} {
		h := history()
		h.Commands[0].Text = "set group-01 IDU ATTUNU because ask-1-0"
		c := h.Cards[0]
		c.Stays, c.Thread[0].Event = []string{"ATTUNU"}, failedEvent
		if more != "" {
			h.Edits = []Edit{{At: at(4.5), Group: "group-01", Before: []string{"ATTUNU", "IDU"}, After: []string{"ATTUNU", "IDU", more}}}
		}
		j := collectRequests(h)
		r := j.requests[aRequest]
		r.writes = h.Writes
		if got := j.lacksCorrection(r, c); got != want {
			t.Errorf("with %q besides: the correction is missing: %t", more, got)
		}
	}
}
