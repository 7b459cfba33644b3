package audit

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// sealedWithin is how soon after its commit a row has a seal, while a bot runs.
const sealedWithin = time.Minute

// A Chain checks the journal against its seals. The caller gives it the seals in their
// order, then the rows without a seal.
type Chain struct {
	Report func(finding string) // is given one line for each difference
	Sealed int64                // seals seen
	Head   string               // the hash of the last seal

	Erased   Erasure // the words that are gone, and the rows that had them
	Erasures int64   // rows that say that words were erased
	Restored []Row   // rows that say that the database is an older copy
	Outside  []Row   // rows that tell of changes outside of the bot

	last   int64
	told   Erasure
	states map[string]string // of each request, after the rows seen
	broken bool              // there was a difference, so that a later row may not fit
}

// Last returns the number of the last seal.
func (c *Chain) Last() int64 { return c.last }

// A SealedRow is a seal with the row that it seals.
type SealedRow struct {
	Seq       int64
	JournalID int64
	Hash      string
	Row       *Row // nil: the row is missing
}

// Check checks one seal and its row. After a difference it goes on from the stored hash, so
// that one edit is named once.
func (c *Chain) Check(s SealedRow) {
	if s.Seq != c.last+1 {
		c.report("seals %d to %d are missing: rows were deleted with their seals", c.last+1, s.Seq-1)
	}
	switch {
	case s.Row == nil:
		c.report("journal row %d is missing, and seal %d says that it was there", s.JournalID, s.Seq)
	case s.Seq == c.last+1 && s.Row.Seal(s.Seq, c.Head) != s.Hash:
		c.report("journal row %d of %s (%s) is not what seal %d sealed: the row or the seal was changed",
			s.Row.ID, s.Row.subject(), s.Row.Kind, s.Seq)
	default:
		c.checkWords(*s.Row)
		c.checkOrder(*s.Row)
	}
	c.Sealed, c.last, c.Head = c.Sealed+1, s.Seq, s.Hash
}

func (c *Chain) checkWords(r Row) {
	commitment, erased, err := r.Commit()
	if err != nil || commitment != r.Commitment {
		c.report("the words of journal row %d of %s (%s) were changed", r.ID, r.subject(), r.Kind)
		return
	}
	if erased > 0 {
		c.Erased.Rows++
		c.Erased.Words += erased
	}
	switch {
	case r.RequestID != "":
	case r.Kind == KindErased:
		c.addErasure(r)
	case r.Kind == KindRestored:
		c.Restored = append(c.Restored, r)
	case r.Kind == KindOutside:
		c.Outside = append(c.Outside, r)
	}
}

// checkOrder compares the state that a row begins with to the one that the row before it, about the
// same request, ends with. After another difference it says nothing.
func (c *Chain) checkOrder(r Row) {
	if r.RequestID == "" || c.broken {
		return
	}
	if c.states == nil {
		c.states = make(map[string]string)
	}
	before := c.states[r.RequestID]
	c.states[r.RequestID] = r.After
	if before != r.Before {
		c.report("journal row %d of %s (%s) does not follow the row before it: that one left the request %s, and this one "+
			"found it %s; a row was inserted by hand", r.ID, r.subject(), r.Kind, orNew(before), orNew(r.Before))
	}
}

// orNew names a state. A request has none before its first row.
func orNew(state string) string { return cmp.Or(state, "new") }

// Kinds of rows that a chain looks into.
const (
	KindErased   = "words_erased" // words were erased: an Erasure
	KindRestored = "restored"     // the database is an older copy, whose channel tells more
	KindOutside  = "changed_outside"
)

// An Erasure is what the rows say that erased words, or what was found of it.
type Erasure struct{ Rows, Words int64 }

func (c *Chain) addErasure(r Row) {
	var told Erasure
	if json.Unmarshal([]byte(r.Event), &told) == nil {
		c.Erasures++
		c.told.Words += told.Words
	}
}

// CheckErased compares the words that are gone with what the rows say that erased words. It
// comes last.
func (c *Chain) CheckErased() {
	if c.Erased.Words != c.told.Words {
		c.report("the count of erased words is %d, and the rows of erasures tell of %d: words were taken out by hand, "+
			"or put back",
			c.Erased.Words, c.told.Words)
	}
}

// CheckOutside compares a change outside of the bot with the row that tells of it. An empty text is
// one that is missing.
func (c *Chain) CheckOutside(id, now, journaled string) {
	switch {
	case now == "":
		c.report("change %s outside of the bot is missing: the journal tells of it, and its row was deleted", id)
	case journaled == "":
		c.report("change %s outside of the bot has no journal row: it was inserted by hand", id)
	case now != journaled:
		c.report("change %s outside of the bot is not as the bot left it: its row was changed", id)
	}
}

// CheckUntold names a change outside of the bot without the message that its row says is posted.
func (c *Chain) CheckUntold(id string) {
	c.report("change %s outside of the bot is closed without its message: its row was changed by hand", id)
}

// CheckForeign names a request from the channel, as the journal names it, that only the table of these
// or only the journal has.
func (c *Chain) CheckForeign(name string, isInTable bool) {
	id, _, _ := strings.Cut(name, " ")
	if isInTable {
		c.report("request %s, known from the channel alone, is in no journal row about a restored copy: "+
			"it was inserted or changed by hand", id)
		return
	}
	c.report("request %s, known from the channel alone, is missing or changed: a journal row about a restored copy "+
		"tells of it", id)
}

// CheckStrayWords names words without the row that they belong to.
func (c *Chain) CheckStrayWords(id int64) {
	c.report("the words of journal row %d belong to no row: they were inserted by hand, or the row was deleted", id)
}

// subject is what a row is about.
func (r Row) subject() string {
	if r.RequestID == "" {
		return "no request"
	}
	return "request " + r.RequestID
}

// CheckUnsealed checks a row without a seal at now, a time by this machine's clock. isQueued says
// that the bot will seal it. It reports false if the row may still wait for its seal.
func (c *Chain) CheckUnsealed(r Row, isQueued bool, now time.Time) bool {
	c.checkWords(r)
	c.checkOrder(r)
	if isQueued && now.Sub(time.UnixMicro(r.At)) < sealedWithin {
		return false
	}
	c.report("journal row %d of %s (%s) has no seal: no bot runs, or the row or its seal was changed by hand",
		r.ID, r.subject(), r.Kind)
	return true
}

// CheckRequest compares the digest of a request's row with the one in its last journal row.
func (c *Chain) CheckRequest(id, now, journaled string) {
	switch {
	case journaled == "":
		c.report("request %s has no journal row that covers it: it was inserted by hand, or its rows were deleted", id)
	case now != journaled:
		c.report("request %s is not as the bot left it: its row was changed, or its last journal rows were deleted", id)
	}
}

// CheckMissing names a request that only the journal knows.
func (c *Chain) CheckMissing(id string) {
	c.report("request %s is missing: the journal tells of it, and its row was deleted", id)
}

func (c *Chain) report(format string, args ...any) {
	c.broken = true
	c.Report(fmt.Sprintf(format, args...))
}
