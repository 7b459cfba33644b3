package command

import (
	"cmp"
	"reflect"
	"slices"
	"strings"

	"licensebot/approvals"
	"licensebot/internal/groupname"
)

// choose answers with the one reading that is complete, or with what is open.
func (r *reader) choose(o opening, body, reason []word, drafts []*draft) (Command, error) {
	complete := distinctAsks(drafts, func(d *draft) bool { return !d.isBad() })
	switch len(complete) {
	case 0:
	case 1:
		if longer := longerGroup(complete[0], drafts); longer != nil {
			return Command{}, r.askLonger(complete[0], longer)
		}
		return Command{Verb: VerbAsk, Ask: complete[0].ask}, nil
	default:
		return Command{}, r.eitherOf(newError("", "That can mean several things."), complete)
	}
	if r.isCheck {
		return Command{}, newError("", "That is not understood.")
	}
	near := slices.Concat(r.nearDrafts(o, body, reason), r.lateReasonDrafts(o, body, reason))
	corrected := distinctAsks(slices.Concat(drafts, near), func(d *draft) bool { return d.question == nil })
	switch len(corrected) {
	case 0:
	case 1:
		problem := *corrected[0].correction
		problem.Try = r.verify(corrected[0].ask)
		problem.noteUnderstood(corrected[0].ask)
		return Command{}, &problem
	default:
		return Command{}, r.eitherOf(explainNear(corrected), corrected)
	}
	if len(drafts) == 0 {
		near = bestOfOneGroup(near)
	}
	drafts = slices.Concat(drafts, near)
	return Command{}, r.askOpen(o, body, reason, drafts)
}

// bestOfOneGroup is the reading that leaves the least open, unless one for another group leaves
// no more.
func bestOfOneGroup(drafts []*draft) []*draft {
	if len(drafts) == 0 {
		return nil
	}
	best := slices.MinFunc(drafts, byQuestions)
	isAsGood := func(d *draft) bool { return d.open == best.open && d.left <= best.left }
	for _, d := range drafts {
		if d.ask.Group != best.ask.Group && isAsGood(d) {
			return nil
		}
	}
	return []*draft{best}
}

// longerGroup is a reading in which the same words, with others beside them, are the name
// of a group. The shorter name is not taken silently then.
func longerGroup(chosen *draft, drafts []*draft) *draft {
	for _, d := range drafts {
		covers := d.group.from <= chosen.group.from && d.group.to >= chosen.group.to
		if covers && d.group.to-d.group.from > chosen.group.to-chosen.group.from {
			return d
		}
	}
	return nil
}

// askLonger asks for what is open if the longer name of a group is meant, and says what
// to type if it is not.
func (r *reader) askLonger(chosen, longer *draft) *Error {
	return newFill(longer.fill(), "%s is a group, and so is %s. For the first one, type %s.",
		Typed(chosen.ask.Group), Typed(longer.ask.Group), Typed(r.verify(chosen.ask)))
}

// explainNear says what words may mean that were mistyped.
func explainNear(drafts []*draft) *Error {
	var meant []string
	for _, d := range drafts {
		if d.mistyped == drafts[0].mistyped && d.meant != "" && !slices.Contains(meant, d.meant) {
			meant = append(meant, d.meant)
		}
	}
	asked := newError("", "%s is not known by this name. It may be: %s.", Typed(drafts[0].mistyped),
		Typed(strings.Join(meant[:min(len(meant), maxNear)], ", ")))
	asked.Group, asked.Unlisted = drafts[0].correction.Group, drafts[0].correction.Unlisted
	return asked
}

// maxNear is how many names an answer lists at most.
const maxNear = 10

// distinctAsks are the drafts that hold, one for each ask.
func distinctAsks(drafts []*draft, holds func(*draft) bool) []*draft {
	var found []*draft
	for _, d := range drafts {
		isKnown := func(other *draft) bool {
			ask := d.ask
			if groupname.Canonical(ask.Group) == groupname.Canonical(other.ask.Group) || d.group.isSame(other.group) {
				ask.Group = other.ask.Group // in other letters, or by its id
			}
			return reflect.DeepEqual(other.ask, ask)
		}
		if holds(d) && !slices.ContainsFunc(found, isKnown) {
			found = append(found, d)
		}
	}
	return found
}

// verify is the command for an ask if it is read as this very ask.
func (r *reader) verify(ask approvals.Ask) string {
	text := Suggest(ask)
	if r.isCheck {
		return ""
	}
	check := *r
	check.isCheck = true
	again, err := check.parse(strings.TrimPrefix(text, NameOf(ask)))
	if err != nil || !sameAsk(again.Ask, ask) {
		return ""
	}
	return text
}

// sameAsk reports whether two asks are for the same codes, whether by a pack or not.
func sameAsk(a, b approvals.Ask) bool {
	a.Packs, b.Packs = nil, nil
	byCode := func(x, y approvals.Quota) int { return strings.Compare(x.Code, y.Code) }
	a.Quotas = slices.SortedFunc(slices.Values(a.Quotas), byCode)
	b.Quotas = slices.SortedFunc(slices.Values(b.Quotas), byCode)
	return reflect.DeepEqual(a, b)
}

// eitherOf offers a few readings. If there are more, it names them all.
func (r *reader) eitherOf(question *Error, drafts []*draft) *Error {
	asked := *question
	asked.noteUnderstood(asksOf(drafts)...)
	if len(drafts) > maxEither {
		if asked.Understood != nil && asked.Understood.Group == "" {
			open := *drafts[0]
			open.ask.Group = ""
			asked.Fill = open.fill()
		}
		return &asked
	}
	for _, d := range drafts {
		if text := r.verify(d.ask); text != "" {
			asked.Either = append(asked.Either, text)
		}
	}
	asked.keepChoice()
	return &asked
}

// keepChoice offers no command if only one of several can be offered: that would be a
// guess.
func (e *Error) keepChoice() {
	e.Either = slices.Compact(e.Either)
	if len(e.Either) < 2 {
		e.Either = nil
	}
}

// askOpen asks what is open in the reading that has the fewest questions.
func (r *reader) askOpen(o opening, body, reason []word, drafts []*draft) *Error {
	if len(drafts) == 0 {
		return r.askGroup(o, body, reason)
	}
	best := slices.MinFunc(drafts, byQuestions)
	asked := *best.question
	if c := best.correction; c != nil {
		asked.Format, asked.Args = c.Format+" "+asked.Format, slices.Concat(c.Args, asked.Args)
		asked.Group = c.Group
	}
	asked.noteUnderstood(best.openAsks()...)
	asked.EndUnclear = asked.EndUnclear || best.lacksEnd()
	if best.open == 1 && len(best.options) > 0 {
		for _, option := range best.options {
			ask := best.ask
			option(&ask)
			if text := r.verify(ask); text != "" {
				asked.Either = append(asked.Either, text)
			}
		}
		asked.keepChoice()
		if len(asked.Either) > 0 {
			return &asked
		}
	}
	best.isUnclear = best.isUnclear || len(best.options) > 0 && best.endToFill == "" || best.asksLicense && best.open > 1
	asked.Fill = best.fill()
	return &asked
}

// byQuestions orders readings by how much is open in them. Of two groups of which one has
// the other's name in its own, the longer one comes first; of two others, the first one.
func byQuestions(a, b *draft) int {
	isApart := a.group.to <= b.group.from || b.group.to <= a.group.from
	switch {
	case a.open != b.open:
		return a.open - b.open
	case !isApart:
		return cmp.Or(len(b.ask.Group)-len(a.ask.Group), a.left-b.left)
	}
	return cmp.Or(a.left-b.left, a.group.from-b.group.from)
}

// openAsks are the asks that the open question is about.
func (d *draft) openAsks() []approvals.Ask {
	asks := []approvals.Ask{d.ask}
	for i, option := range d.options {
		ask := d.ask
		option(&ask)
		asks = append(asks[:i], ask)
	}
	return asks
}

// fill is the command with a word in place of what is open.
func (d *draft) fill() string {
	if len(d.ask.Codes) > MaxCodes || d.isUnclear {
		return ""
	}
	parts := []string{strings.TrimSpace(d.fillFor(opening{action: d.ask.Action}, "")), "<group>"}
	if d.ask.Group != "" {
		parts[1] = QuoteGroup(d.ask.Group)
	}
	for _, c := range d.ask.Codes {
		part := FormatCode(c, d.ask.Quotas)
		if c == d.seatsOf {
			part = c + "=<seats>"
		}
		parts = append(parts, part)
	}
	if d.ask.MayEmpty {
		parts = append(parts, WordEmpty)
	}
	gaps := d.gaps()
	if gaps == (gapWords{}) && d.ask.Group != "" && !slices.Contains(d.ask.Codes, d.seatsOf) {
		return ""
	}
	for _, part := range []string{gaps.code, gaps.end, FormatPeriod(d.ask), formatReason(d.ask)} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	if text := strings.Join(parts, " "); fitsCommand(text) {
		return text
	}
	return ""
}

// gapWords stand in a command for what is open. Each may be empty.
type gapWords struct{ code, end string }

// gaps are the words for what is open, besides the group and the seats. A gap for a code is left
// out where the others are all that is open.
func (d *draft) gaps() gapWords {
	words := gapWords{end: d.endToFill}
	isOpen := d.ask.Group == "" || slices.Contains(d.ask.Codes, d.seatsOf) || d.endToFill != ""
	if !d.ask.MayEmpty && (d.lacksCodes && !isOpen || len(d.ask.Codes) == 0) {
		words.code = "<code>" + d.seatsToKeep
	}
	return words
}
