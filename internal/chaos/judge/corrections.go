package judge

import (
	"fmt"
	"slices"
	"strings"
)

// foundReply is the reply that corrects an outcome: a later look shows the change
// after all. Nil if there is none.
func (c *Card) foundReply() *Reply {
	at := slices.IndexFunc(c.Thread, func(r Reply) bool { return r.Event == foundEvent })
	if at < 0 {
		return nil
	}
	return &c.Thread[at]
}

// madeReply is the reply that tells that the change was made, with the outcome or
// later. Nil if there is none.
func (c *Card) madeReply() *Reply {
	if done := c.doneReply(); done != nil {
		return done
	}
	return c.foundReply()
}

// judgeCorrection wants the effect before the word, and an allocation that was. Of a
// change that was made in part, the word names the part.
func (j *judge) judgeCorrection(r *request, c *Card, found Reply) {
	made := c.changeIn
	if part, told := found.payload.codes("added"); told && len(without(c.addedCodes(), part)) > 0 {
		made = func(codes []string) bool { return len(without(part, codes)) == 0 }
	}
	shown := slices.ContainsFunc(j.h.statesOf(c.Group), func(s state) bool {
		return s.until.After(c.At) && s.from.Before(found.At) && made(s.codes)
	})
	if !shown {
		j.reportAt(found.At, correctionUntrue, r.id, found.Text)
	}
	for _, allocation := range found.allocationsTold() {
		if !j.h.everAllocated(c.Group, allocation, c.At, found.At) {
			j.reportAt(found.At, allocationUntrue, r.id, fmt.Sprintf("the allocation of %s was never %v", c.Group, allocation))
		}
	}
}

// lacksCorrection reports whether a request did not end as done, and its change is
// made nevertheless: the bot looks once more, and then says so. A set is made if it is exact.
func (j *judge) lacksCorrection(r *request, c *Card) bool {
	told := slices.IndexFunc(c.Thread, func(reply Reply) bool { return IsOutcome(reply.Event) })
	if told < 0 || len(effectiveWrites(r.writes)) == 0 || !c.Deleted.IsZero() || c.madeReply() != nil {
		return false
	}
	isMade := func(codes []string) bool {
		return c.changeIn(codes) && (!r.asksExactly() || sameSet(codes, union(c.Codes, c.Stays)))
	}
	return !slices.ContainsFunc(j.h.statesOf(c.Group), func(s state) bool {
		return s.until.After(c.Thread[told].At) && !isMade(s.codes)
	})
}

// asksExactly reports whether a request is to set a group to exactly its codes.
func (r *request) asksExactly() bool {
	return r.command != nil && strings.HasPrefix(r.command.Text, "set ")
}

// judgeForever wants the codes of a grant out in the end.
func (j *judge) judgeForever(r *request, c *Card) {
	if left := j.leftForever(r, c); len(left) > 0 {
		j.reportAt(effectiveWrites(r.writes)[0].Took, grantForever, r.id, fmt.Sprintf("%v of %s", left, c.Group))
	}
}

// leftForever are the codes of a grant that are not out, unless it is told that they stay,
// or another request has them. Those of a change that was made in part are among them.
func (j *judge) leftForever(r *request, c *Card) []string {
	effects := effectiveWrites(r.writes)
	if c.Lasts == 0 || len(effects) == 0 || !c.Deleted.IsZero() || c.GrantOver() {
		return nil
	}
	first := effects[0]
	left := common(common(without(first.After, first.Before), c.Codes), last(j.h.statesOf(c.Group)).codes)
	return slices.DeleteFunc(left, func(code string) bool {
		return j.h.everLacked(c.Group, code, first.Took, forever) || j.h.madeByOther(c, code)
	})
}

// madeByOther reports whether another request put a code into the group of a card, or
// keeps it there.
func (h *History) madeByOther(than *Card, code string) bool {
	return slices.ContainsFunc(h.Cards, func(c *Card) bool {
		return c != than && c.Group == than.Group && c.madeReply() != nil && slices.Contains(c.Codes, code)
	})
}
