package judge

import (
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	forText   = "<@U0ROBIN> asks to add `IDU` to the group `group-01`, for 2h.\n*Change to the group's allocation*\n• `+ IDU`\nGranted for: 2 hours from when UiPath confirms it; then the codes are removed again.\nUnchanged: `ATTUNU` Attended. Removed: nothing.\nMay approve: some\n"
	endedText = "<@U0ROBIN> The grant of request `R-AAAAAAAA` has ended: its time is over. UiPath confirmed that `IDU` was removed from the group `group-01`. The group now has `ATTUNU`."
)

// granted is the history of a request for two hours, whose end is written at
// 7210 and told at 7211.
func granted() *History {
	h := history()
	h.Skew = 0
	h.Commands[0].Text = "group-01 IDU for 2h because ask-1-0"
	c := h.Cards[0]
	for i, status := range []string{"*Waiting*", "*Done* Granted until then."} {
		c.Says[i].Text = forText + status + howText
	}
	c.Blocks = forText
	c.Says = append(c.Says, Saying{At: at(7211), Text: forText + "*Done* *Ended* then." + howText})
	c.Thread[0].Text += " Granted until then; then I remove `IDU`, unless another request holds it. To end it earlier, type `/allocate end R-AAAAAAAA`."
	c.Thread = append(c.Thread, Reply{At: at(6000), Event: warningEvent, Number: "1"}, Reply{At: at(7211), Event: revokedEvent, Number: "1", Text: endedText})
	h.Writes = append(h.Writes, &Write{
		Seq: 2, Group: "group-01", Asked: []string{"ATTUNU"}, Arrived: at(7210), Took: at(7210), Ended: at(7210.1), Status: 200,
		Before: []string{"ATTUNU", "IDU"}, After: []string{"ATTUNU"}, Changed: true,
	})
	c.readChange(nil)
	return h
}

// rival asks for the same code, and is told at 5000 that it is done.
func rival(h *History, change string, write *Write) *Card {
	h.Commands = append(h.Commands, &Command{
		Envelope: "e2", User: kim, Text: "group-01 IDU because ask-2-0", Ticket: "ask-2-0", At: at(4990),
		Answer: "Request `R-BBBBBBBB` is recorded: add …", ID: "R-BBBBBBBB", Copies: 1,
	})
	text := "<@U0KIM> asks to add `IDU` to the group `group-01`.\n*Change to the group's allocation*\n" + change + "\nMay approve: some\n"
	c := &Card{
		TS: "2.000001", ID: "R-BBBBBBBB", Group: "group-01", Requester: kim, Codes: []string{"IDU"}, Ticket: "ask-2-0", At: at(4991), Blocks: text,
		Says: []Saying{{At: at(4991), Text: text + "*Waiting*" + howText}, {At: at(5000), Text: text + "*Done*" + howText}},
		Thread: []Reply{{At: at(5000), Event: doneEvent,
			Text: "<@U0KIM> Done: … Nothing had to be changed at UiPath: the group now has `ATTUNU` and `IDU`."}},
		Votes: []Vote{{At: at(4992), User: anna, Emoji: approveEmoji, Present: true}},
		Looks: []Look{{From: at(4993), To: at(4993.1)}},
	}
	c.readChange(nil)
	h.Cards = append(h.Cards, c)
	if write != nil {
		h.Writes = slices.Insert(h.Writes, 1, write)
	}
	return c
}

// kept has the end find that the rival holds the code.
func kept(h *History) {
	h.Writes = h.Writes[:len(h.Writes)-1]
	last := &h.Cards[0].Thread[2]
	last.Text = strings.Replace(endedText, "UiPath confirmed that `IDU` was removed from the group `group-01`.", "Unchanged: `IDU` (granted again for good by `R-BBBBBBBB`).", 1)
	last.Text = strings.Replace(last.Text, "now has `ATTUNU`", "now has `ATTUNU` and `IDU`", 1)
}

func TestJudgeAcceptsGrantsThatWentWell(t *testing.T) {
	for name, change := range map[string]func(*History){
		"as it should be": func(*History) {},
		"ended early": func(h *History) {
			h.Orders = []Order{{Verb: "end", ID: aRequest, User: robin, At: at(100)}}
			h.Writes[1].Arrived, h.Writes[1].Took, h.Writes[1].Ended = at(101), at(101), at(101.1)
			h.Cards[0].Thread = slices.Delete(h.Cards[0].Thread, 1, 2)
		},
		"ended by a clock that is ahead": func(h *History) {
			h.Skew = 5 * time.Minute
			h.Writes[1].Arrived, h.Writes[1].Took = at(7000), at(7000)
		},
		"an answer to its end that was lost": func(h *History) {
			h.Writes[1].Status, h.Writes[1].Spoilt = 0, true
			h.Cards[0].Thread[2].Text = "<@U0ROBIN> The grant has ended. An answer of UiPath was lost, but its allocation, read again, no longer has `IDU`. The group now has `ATTUNU`."
		},
		"a write for its end that failed": func(h *History) {
			failed := *h.Writes[1]
			failed.Took, failed.Before, failed.After, failed.Changed, failed.Status = time.Time{}, nil, nil, false, 503
			failed.Arrived, failed.Ended = at(7205), at(7205)
			h.Writes = slices.Insert(h.Writes, 1, &failed)
		},
		"ended after an edit by hand that a late read hid": func(h *History) {
			h.Edits = []Edit{{At: at(7209), Group: "group-01", Before: []string{"ATTUNU", "IDU"}, After: []string{"TSTNU"}}}
			h.Writes[1].Before = []string{"TSTNU"}
		},
		"extended for good": func(h *History) {
			rival(h, "• Extends `IDU` for good; without this it is removed then", nil)
			kept(h)
		},
		"put in by hand while an answer was lost": func(h *History) {
			h.Writes[0].Took, h.Writes[0].Changed, h.Writes[0].Status = time.Time{}, false, 0
			h.Edits = []Edit{{At: at(4.5), Group: "group-01", Before: []string{"ATTUNU"}, After: []string{"ATTUNU", "IDU"}}}
			h.Cards[0].Thread[0].Text = "Done: … UiPath did not confirm the write, but its allocation, read again, shows the change: the group now has `ATTUNU` and `IDU`. It ends then."
		},
		"put in again after its end": func(h *History) {
			c := rival(h, "• `+ IDU`", nil)
			for i := range c.Says {
				c.Says[i].At = c.Says[i].At.Add(3000 * time.Second)
			}
			c.At, c.Thread[0].At, c.Votes[0].At = at(7991), at(8000), at(7992)
			c.Looks[0] = Look{From: at(7993), To: at(7993.1)}
			h.Writes = append(h.Writes, &Write{
				Seq: 3, Group: "group-01", Asked: []string{"ATTUNU", "IDU"}, Arrived: at(7994), Took: at(7994), Ended: at(7994), Status: 200,
				Before: []string{"ATTUNU"}, After: []string{"ATTUNU", "IDU"}, Changed: true,
			})
		},
	} {
		h := granted()
		change(h)
		expectClean(t, name, h)
	}
}

// TestJudgeFindsInGrants breaks each promise about them once.
func TestJudgeFindsInGrants(t *testing.T) {
	for rule, change := range map[string]func(*History){
		"a grant revoked before its time": func(h *History) { h.Writes[1].Arrived, h.Writes[1].Took = at(7000), at(7000) },
		"a write took away what was there": func(h *History) {
			h.Writes[1].Before = append(h.Writes[1].Before, "TSTNU")
		},
		"a write added what no card asks for":          func(h *History) { h.Writes[1].Asked = []string{"ATTUNU", "TSTNU"} },
		"a revocation took what another request holds": func(h *History) { rival(h, "• Extends `IDU` for good", nil) },
		"told twice of a grant":                        func(h *History) { h.Cards[0].Thread = append(h.Cards[0].Thread, h.Cards[0].Thread[2]) },
		"a revocation told before it was made":         func(h *History) { h.Writes = h.Writes[:1] },
		"a grant that left a code behind": func(h *History) {
			kept(h)
			h.Cards[0].Thread[2].Text = strings.Replace(endedText, "`IDU` was", "`TSTNU` was", 1)
		},
		"claimed an allocation that never was": func(h *History) {
			h.Cards[0].Thread[2].Text = strings.Replace(endedText, "now has `ATTUNU`", "now has `TSTNU`", 1)
		},
		"the card asks for something else": func(h *History) { h.Commands[0].Text = "group-01 IDU for 20m because ask-1-0" },
		"success told before the effect":   func(h *History) { rival(h, "• Extends `IDU` for good", nil).Votes = nil; kept(h) },
		"told of a grant before it was done": func(h *History) {
			h.Cards[0].Thread[0], h.Cards[0].Thread[1] = h.Cards[0].Thread[1], h.Cards[0].Thread[0]
		},
		"spoke after the outcome": func(h *History) {
			h.Cards[0].Thread = append(h.Cards[0].Thread, Reply{At: at(7300), Event: overdueEvent, Number: "1"})
		},
	} {
		h := granted()
		change(h)
		if found := rulesIn(Judge(h)); !slices.Contains(found, rule) {
			t.Errorf("%q was not found, only %q", rule, found)
		}
	}
	for name, change := range map[string]func(*History){
		"an end not told":        func(h *History) { h.Cards[0].Thread = h.Cards[0].Thread[:2] },
		"a card that still runs": func(h *History) { h.Cards[0].Says = h.Cards[0].Says[:2] },
		"a warning below the end": func(h *History) {
			h.Cards[0].Thread = append(h.Cards[0].Thread, Reply{At: at(7300), Event: warningEvent, Number: "24"})
		},
	} {
		h := granted()
		change(h)
		if len(h.Missing()) == 0 {
			t.Errorf("%s: nothing is missing", name)
		}
	}
}

// Only who made a request, and who may approve it, ends its grant early.
func TestJudgeKnowsWhoMayEnd(t *testing.T) {
	for user, may := range map[string]bool{robin: true, anna: true, gawker: false, kim: false} {
		h := granted()
		h.Writes[1].Arrived, h.Writes[1].Took = at(101), at(101)
		h.Orders = []Order{{Verb: "end", ID: aRequest, User: user, At: at(100)}}
		if early := slices.Contains(rulesIn(Judge(h)), "a grant revoked before its time"); early == may {
			t.Errorf("ended early by %s: found %v", user, early)
		}
	}
}
