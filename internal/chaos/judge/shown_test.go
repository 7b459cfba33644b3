package judge

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// writeAt moves the write and all that is told after it.
func writeAt(h *History, when float64) {
	h.Writes[0].Arrived, h.Writes[0].Took, h.Writes[0].Ended = at(when), at(when), at(when+0.1)
	h.Cards[0].Thread[0].At, h.Cards[0].Says[1].At = at(when+1), at(when+1)
}

// vote adds a reaction to the card. heard is when the bot acknowledged it; 0: never.
func vote(c *Card, when float64, user, emoji string, present bool, heard float64) {
	v := Vote{At: at(when), User: user, Emoji: emoji, Deny: emoji == denyEmoji, Present: present}
	if heard > 0 {
		v.Heard = at(heard)
	}
	c.Votes = append(c.Votes, v)
}

// passDeadline has the look and the write come after the deadline, of a vote that
// no event told.
func passDeadline(h *History) {
	h.TTL, h.Skew = 4*time.Second, 0
	h.Cards[0].Votes[0].Heard, h.Cards[0].Votes[0].Sent = time.Time{}, time.Time{}
	h.Cards[0].Looks = []Look{{From: at(6), To: at(6.1)}}
	writeAt(h, 7)
}

// endOtherwise has the request end without success, and a later look find its change.
func endOtherwise(h *History) {
	c := h.Cards[0]
	c.Thread = []Reply{
		{At: at(5), Event: failedEvent, Text: "UiPath refused the change. The change was not made."},
		{At: at(70), Event: foundEvent, Text: "Correction. The group now has `ATTUNU` and `IDU`."},
	}
	c.Says[1].Text = askText + "*Failed*" + howText
	h.LateReads = map[string][]Look{"group-01": {{From: at(4.2), To: at(4.3), Lag: time.Second}}}
}

// doubleOf is a second message about the request, which the bot deleted.
func doubleOf(h *History) *Card {
	c := &Card{TS: "3.000001", ID: aRequest, Group: "group-01", Requester: robin, At: at(1.5), Deleted: at(60)}
	h.Doubles = append(h.Doubles, c)
	return c
}

func TestJudgeAcceptsWhatWasShownAndTold(t *testing.T) {
	for name, change := range map[string]func(*History){
		"a configuration that names the approver": func(h *History) {
			h.Configs = []Config{{Replica: "1", From: at(-9), Named: []string{anna}, Quorum: 1}}
		},
		"a stricter configuration after the write": func(h *History) {
			h.Configs = []Config{{Replica: "1", From: at(-9), Quorum: 1}, {Replica: "1", From: at(4.5), Quorum: 2}}
		},
		"a roll-out, with one replica as before": func(h *History) {
			h.Configs = []Config{{Replica: "1", From: at(-9), Quorum: 1}, {Replica: "2", From: at(-9), Quorum: 2}}
		},
		"a vote whose event told that it came in time": func(h *History) {
			passDeadline(h)
			h.Cards[0].Votes[0].Sent = at(6.5)
		},
		"a vote that a look showed before the deadline": func(h *History) {
			passDeadline(h)
			h.Surveys = []Look{{From: at(4), To: at(4.1)}}
		},
		"a new vote after the word that one does not count": func(h *History) {
			h.Private = []Word{{User: anna, Text: "Your reaction on request `R-AAAAAAAA` does not count: …", At: at(1.5)}}
		},
		"a no right before the write": func(h *History) {
			writeAt(h, 5)
			vote(h.Cards[0], 4, ben, denyEmoji, true, 4.1)
		},
		"a no that the bot did not hear of": func(h *History) {
			writeAt(h, 9)
			vote(h.Cards[0], 4, ben, denyEmoji, true, 0)
		},
		"a no that was taken back": func(h *History) {
			writeAt(h, 9)
			vote(h.Cards[0], 4, ben, denyEmoji, true, 4.1)
			vote(h.Cards[0], 4.5, ben, denyEmoji, false, 4.6)
		},
		"a no while a token is fetched for the write": func(h *History) {
			writeAt(h, 9)
			vote(h.Cards[0], 4, ben, denyEmoji, true, 4.1)
			h.Tokens = []Look{{From: at(4.5), To: at(8.9)}}
		},
		"a no while a process stands still": func(h *History) {
			writeAt(h, 9)
			vote(h.Cards[0], 4, ben, denyEmoji, true, 4.1)
			h.Stalls = []Stall{{At: at(4)}}
		},
		"a no while the database is held up": func(h *History) {
			writeAt(h, 9)
			vote(h.Cards[0], 4, ben, denyEmoji, true, 4.1)
			h.Stalls = []Stall{{At: at(-9), Database: true}}
		},
		"a name that changes right before the write": func(h *History) {
			h.Cards[0].Name = "Finance Robots"
			h.Renames = map[string][]Naming{"group-01": {{At: at(3.5), Name: "Finance"}}}
		},
		"a name that was read late": func(h *History) {
			h.Cards[0].Name = "Finance Robots"
			h.Renames = map[string][]Naming{"group-01": {{At: at(-1), Name: "Finance"}}}
			h.LateNames = []Look{{From: at(2.5), To: at(2.6), Lag: 5 * time.Second}}
		},
		"an exact allocation": func(h *History) { h.Commands[0].Text = "set group-01 IDU ATTUNU because ask-1-0" },
		"an outcome that a late read misled, and that is corrected": endOtherwise,
		"a double that the bot deleted":                             func(h *History) { doubleOf(h) },
	} {
		h := history()
		h.Cards[0].Stays = []string{"ATTUNU"}
		change(h)
		expectClean(t, name, h)
	}
}

func TestJudgeFindsWhatWasShownOrToldOtherwise(t *testing.T) {
	for name, broken := range map[string]struct {
		rule   Rule
		change func(*History)
	}{
		"an approver whom the card does not name": {writeUnagreed, func(h *History) { h.Cards[0].Approvers = []string{ben} }},
		"fewer than the card asks":                {writeUnagreed, func(h *History) { h.Cards[0].Quorum = 2 }},
		"an approver of before": {writeForbidden, func(h *History) {
			h.Configs = []Config{{Replica: "1", From: at(-9), Named: []string{ben}, Quorum: 1}}
		}},
		"fewer than today": {writeForbidden, func(h *History) {
			h.Configs = []Config{{Replica: "1", From: at(-9), Quorum: 1}, {Replica: "1", From: at(2.5), Quorum: 2}}
		}},
		"a vote without a date": {writeUndated, passDeadline},
		"a vote after the deadline": {writeUndated, func(h *History) {
			passDeadline(h)
			h.Cards[0].Votes[0].At, h.Cards[0].Votes[0].Sent = at(5.5), at(5.8)
		}},
		"a look that lags": {writeUndated, func(h *History) {
			passDeadline(h)
			h.Surveys = []Look{{From: at(4), To: at(4.1), Lag: 5 * time.Second}}
		}},
		"a vote that was told not to count": {writeUnheeded, func(h *History) {
			h.Private = []Word{{User: anna, Text: "Your reaction on request `R-AAAAAAAA` does not count: …", At: at(2.5)}}
		}},
		"a no after the look": {writeTurned, func(h *History) {
			writeAt(h, 9)
			vote(h.Cards[0], 4, ben, denyEmoji, true, 4.1)
		}},
		"a no after a process stood still": {writeTurned, func(h *History) {
			writeAt(h, 9)
			vote(h.Cards[0], 4, ben, denyEmoji, true, 4.1)
			h.Stalls = []Stall{{At: at(2.9)}}
		}},
		"a no on a double": {writeTurned, func(h *History) {
			writeAt(h, 9)
			vote(doubleOf(h), 2, ben, denyEmoji, true, 2.1)
		}},
		"a withdrawal after the look": {writeTurned, func(h *History) {
			writeAt(h, 9)
			vote(h.Cards[0], 4, anna, approveEmoji, false, 4.1)
		}},
		"another name": {writeMisnamed, func(h *History) {
			h.Cards[0].Name = "Finance Robots"
			h.Renames = map[string][]Naming{"group-01": {{At: at(-1), Name: "Finance"}}}
		}},
		"more than exactly": {writeInexact, func(h *History) {
			h.Commands[0].Text = "set group-01 IDU ATTUNU because ask-1-0"
			h.Writes[0].Before = append(h.Writes[0].Before, "TSTNU")
			h.Writes[0].Asked = append(h.Writes[0].Asked, "TSTNU")
		}},
		"a correction of what is so": {correctionUntrue, func(h *History) {
			endOtherwise(h)
			h.Writes = nil
		}},
		"a refusal that was believed": {falseUnchanged, func(h *History) {
			endOtherwise(h)
			h.LateReads = nil
		}},
		"an outcome that is not corrected": {falseUnchanged, func(h *History) {
			endOtherwise(h)
			h.Cards[0].Thread = h.Cards[0].Thread[:1]
		}},
		"a card that is there": {deletionUntrue, func(h *History) {
			h.Private = []Word{{User: robin, Text: "Request `R-AAAAAAAA` is cancelled: its card in <#C> was deleted, " +
				"and the approvals on it with it. Nothing was changed at UiPath."}}
		}},
		"two readings at once": {writeAddsMore, func(h *History) {
			h.Edits = []Edit{{At: at(3.5), Group: "group-01", Before: []string{"TSTNU"}, After: []string{"ATTUNU"}}}
			h.Writes[0].Asked = []string{"ATTUNU", "IDU", "TSTNU"}
		}},
		"a reading of before an own write": {writeTakesAway, func(h *History) {
			own := *h.Writes[0]
			own.Arrived, own.Took, own.Before, own.After = at(2), at(2), []string{"ATTUNU"}, []string{"ATTUNU", "TSTNU"}
			own.Asked = own.After
			h.Writes = append([]*Write{&own}, h.Writes...)
			h.Writes[1].Before = own.After
		}},
	} {
		h := history()
		h.Cards[0].Stays = []string{"ATTUNU"}
		broken.change(h)
		if found := rulesIn(Judge(h)); !slices.Contains(found, broken.rule.Name) {
			t.Errorf("%s: %q was not found, only %q", name, broken.rule.Name, found)
		}
	}
}

func TestJudgeFindsAGrantThatStays(t *testing.T) {
	h := granted()
	h.Writes = h.Writes[:1]
	h.Cards[0].Thread, h.Cards[0].Says = h.Cards[0].Thread[:1], h.Cards[0].Says[:2]
	if found := rulesIn(Judge(h)); !slices.Contains(found, grantForever.Name) {
		t.Errorf("found only %q", found)
	}
	if missing := h.Missing(); len(missing) == 0 {
		t.Error("nothing is missing")
	}
}

// What a round waits for before it is judged.
func TestWhatIsStillToCome(t *testing.T) {
	for name, change := range map[string]func(*History){
		"has its change made": func(h *History) {
			endOtherwise(h)
			h.Cards[0].Thread = h.Cards[0].Thread[:1]
		},
		"has several cards": func(h *History) {
			other := *h.Cards[0]
			other.TS = "2.000001"
			h.Cards = append(h.Cards, &other)
		},
		"has a reply twice": func(h *History) { h.Cards[0].Thread = append(h.Cards[0].Thread, h.Cards[0].Thread[0]) },
	} {
		h := history()
		change(h)
		if missing := strings.Join(h.Missing(), "; "); !strings.Contains(missing, name) {
			t.Errorf("%q is not missing, only %q", name, missing)
		}
	}
}

func TestCardTellsItsTerms(t *testing.T) {
	c := &Card{Says: []Saying{{Text: "<@U0ROBIN> asks to add `IDU` to the group `R&amp;D &lt;north&gt;` (id `group-05`).\n" +
		"Unchanged: `ATTUNU` Attended. Removed: nothing.\n" +
		"May approve: <@U0ANNA> and <!subteam^S0APPROVERS>. Approvals needed: 2. Deadline: soon.\n*Waiting*\n" +
		"React with :eyes: to approve or :x: to deny."}}}
	c.readTerms()
	if c.Name != "R&D <north>" || c.Quorum != 2 || c.Emoji != "eyes" ||
		!slices.Equal(c.Approvers, []string{anna, "S0APPROVERS"}) {
		t.Errorf("%+v", c)
	}
}
