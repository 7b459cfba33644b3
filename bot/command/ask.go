package command

import (
	"cmp"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode"

	"licensebot/approvals"
	"licensebot/internal/groupname"
)

// WordEmpty lets a change leave a group without codes. People may also type its
// former name.
const (
	WordEmpty       = "empty"
	formerWordEmpty = "emptying"
)

// A draft is one reading of a request: these words are the group, and the others are
// the rest. It is complete, or it has one thing to say to the person: a correction, a
// choice, or a question.
type draft struct {
	*reader
	opening
	group   run
	ask     approvals.Ask
	isTrial bool
	hasEnd  bool // when it ends was said
	hasEnds bool // several times, and with no word such as or between them
	forGood bool // it never does

	correction *Error // what was typed wrongly, and is right in the ask
	mistyped   string // the words of the correction
	meant      string // and what they are in the ask
	isGuess    bool   // a license was not typed as it is called
	question   *Error // what is missing in the ask, or can mean several things
	options    []func(*approvals.Ask)
	open       int // questions

	endToFill   string // such as <day>, in place of an end that was not understood
	seatsOf     string // the code whose limit was not understood
	asksLicense bool   // which of several is meant
	isByAmount  bool   // it says by how much a limit changes
	limitVerb   string // as it was typed

	startsWithLimit bool // the first word is limit

	saysExactly bool     // that the group is to have nothing else
	minusCodes  []string // and the codes
	minus       []string // codes with a minus before them, as they were typed
	lacksCodes  bool     // a code was typed that is not in the ask
	isUnclear   bool     // words were typed that may change what is asked for
	left        int      // how many
	seatsToKeep string   // the limit of a code that is not in the ask, such as =5
	saysTo      bool     // the word to is left: it may stand before a limit
}

func (d *draft) isBad() bool { return d.question != nil || d.correction != nil }

// noteCorrection notes what was typed wrongly if the ask has it right.
func (d *draft) noteCorrection(typed, meant, format string, args ...any) {
	if d.correction == nil {
		d.correction, d.mistyped, d.meant = newError("", format, args...), typed, meant
	}
}

// maxQuestions bounds the questions that one answer asks.
const maxQuestions = 3

// noteOpen notes what the person has to say. The first questions are asked.
func (d *draft) noteOpen(format string, args ...any) {
	d.open++
	switch {
	case d.question == nil:
		d.question = newError("", format, args...)
	case d.open <= maxQuestions:
		d.question.Format += " " + format
		d.question.Args = append(d.question.Args, args...)
	}
}

// askWhich asks which of several things is meant.
func (d *draft) askWhich(format string, args []any, options ...func(*approvals.Ask)) {
	if d.question == nil {
		d.options = options
	}
	d.noteOpen(format, args...)
}

// unchanged is the option to leave an ask as it is.
func unchanged(*approvals.Ask) {}

// withAction is the option that another action is meant.
func withAction(action approvals.Action) func(*approvals.Ask) {
	return func(a *approvals.Ask) { a.Action = action }
}

// A run is words that mean a group.
type run struct {
	from, to int
	text     string
	groups   []approvals.Group // those of this name; none for what may be the id of an unlisted one
}

// isSame reports whether two runs mean the same group.
func (f run) isSame(other run) bool {
	return len(f.groups) == 1 && len(other.groups) == 1 && groupname.SameID(f.groups[0].ID, other.groups[0].ID)
}

// readAsk reads a group and the change to its allocation, in every way in which the
// words can be read.
func (r *reader) readAsk(o opening, tokens []word) (Command, error) {
	tokens = r.dropArticles(tokens)
	if len(tokens) == 0 {
		return Command{}, newFill(r.fillFor(o, "<group> <code>"),
			"After %s comes a group, by its id or its exact name."+quoteGroupHint, Typed(o.action))
	}
	for _, w := range tokens {
		if !w.quoted && placeholder.MatchString(w.text) {
			return Command{}, newError("", "Put your own words in the place of %s.", Typed(w.text))
		}
	}
	if first := r.readReasonFirst(tokens); first != nil {
		return Command{}, first
	}
	body, reason := cutReason(tokens, 1)
	if len(body) > maxWords {
		return Command{}, newFill(r.fillFor(o, "<group> <code>"),
			"That has more than %d words before the reason. Ask for less in one request.", maxWords)
	}
	if several := r.readSeveral(o, body, reason); several != nil {
		return Command{}, several
	}
	var drafts []*draft
	for _, found := range r.firstRuns(body) {
		drafts = append(drafts, r.readDraft(o, body, found, reason))
	}
	return r.choose(o, body, reason, drafts)
}

func (r *reader) fillFor(o opening, rest string) string {
	if o.action == approvals.Add {
		return r.name + " " + rest
	}
	return r.name + " " + string(o.action) + " " + rest
}

// dropArticles drops what stands between a verb and a group.
func (r *reader) dropArticles(tokens []word) []word {
	for len(tokens) > 1 && tokens[0].isOneOf([]string{"to", "for", "from", "the", "group", "team", "away", "me", "us"}) {
		isTime := r.readPeriod(tokens).n > 0
		if isTime || r.startsExactRun(tokens) || r.startsLooseRun(tokens) || r.knowsGroups() && tokens[0].isKeyword("for") {
			break
		}
		tokens = tokens[1:]
	}
	return tokens
}

func (r *reader) startsExactRun(tokens []word) bool {
	return r.knowsGroups() && slices.ContainsFunc(r.exactRuns(tokens), func(f run) bool { return f.from == 0 })
}

// startsLooseRun reports whether the first words are a group with other separators.
func (r *reader) startsLooseRun(tokens []word) bool {
	for to := 2; to <= min(len(tokens), r.longest+2); to++ {
		if text, _, ok := joinRun(tokens[:to]); ok && len(r.loose[looseKey(text)]) > 0 {
			return true
		}
	}
	return false
}

// exactRuns are the words that are the exact name or the id of a group.
func (r *reader) exactRuns(tokens []word) []run {
	switch {
	case len(tokens) == 0:
		return nil
	case !r.knowsGroups():
		return r.likelyRuns(tokens)
	}
	var found []run
	for from := range tokens {
		for to := from + 1; to <= min(len(tokens), from+max(r.longest, 1)); to++ {
			text, typed, ok := joinRun(tokens[from:to])
			if !ok {
				break
			}
			refs := []string{text, typed, strings.Trim(text, "() "), strings.TrimSuffix(text, "'s")}
			for _, ref := range slices.Compact(refs) {
				groups := r.groups[groupname.Canonical(ref).String()]
				if len(groups) > 0 || to == from+1 && groupname.IsGUID(ref) {
					found = append(found, run{from, r.behindKind(tokens, from, to), ref, groups})
					break
				}
			}
		}
	}
	return found
}

// behindKind is where a group's name ends with a word such as team that may stand behind it.
func (r *reader) behindKind(tokens []word, from, to int) int {
	if to == len(tokens) || !tokens[to].isOneOf([]string{"team", "department", "dept"}) || endsClause(tokens[to-1]) {
		return to
	}
	if longer, _, ok := joinRun(tokens[from : to+1]); !ok || r.isGroup(longer) {
		return to
	}
	return to + 1
}

// firstRuns are the exact runs without those that name the group of an earlier one again.
func (r *reader) firstRuns(tokens []word) []run {
	runs := r.exactRuns(tokens)
	if !r.knowsGroups() || len(runs) < 2 {
		return runs
	}
	whole := r.maximalRuns(tokens)
	isAgain := func(f run) bool {
		isSame := func(o run) bool {
			return o.to <= f.from && groupname.Canonical(o.text) == groupname.Canonical(f.text)
		}
		return slices.ContainsFunc(whole, isSame)
	}
	return slices.DeleteFunc(runs, isAgain)
}

// joinRun joins words that can be one name. A quoted name stands alone.
func joinRun(words []word) (text, typed string, ok bool) {
	var texts []string
	for _, w := range words {
		if w.quoted && len(words) > 1 {
			return "", "", false
		}
		texts = append(texts, w.text)
	}
	return strings.Join(texts, " "), joinTyped(words), true
}

// likelyRuns are where the group stands if the groups are not known: first, or behind
// codes and a preposition.
func (r *reader) likelyRuns(tokens []word) []run {
	first := run{from: 0, to: 1, text: tokens[0].text}
	if r.Licenses == nil || tokens[0].quoted {
		return []run{first}
	}
	for i, w := range tokens[:len(tokens)-1] {
		switch {
		case w.isOneOf([]string{"to", "for", "from"}) && i > 0 && r.readPeriod(tokens[i:]).n == 0:
			for i+2 < len(tokens) && tokens[i+1].isOneOf([]string{"the", "group"}) {
				i++
			}
			return []run{{from: i + 1, to: i + 2, text: tokens[i+1].text}}
		case !r.isAskable(w.text) && !item{word: w}.isFiller() && !item{word: w}.isNumber():
			return []run{first}
		}
	}
	return []run{first}
}

// readDraft reads a request for a given group.
func (r *reader) readDraft(o opening, tokens []word, group run, reason []word) *draft {
	d := &draft{reader: r, opening: o, group: group, limitVerb: o.limit}
	d.ask = approvals.Ask{Action: o.action, Group: group.text, Command: r.name}
	d.checkGroup(group)
	d.checkFrom(tokens)
	d.startsWithLimit = wordAt(tokens, 0).isOneOf([]string{"limit", "restrict"}) && !o.isSaid
	items := d.expand(tokens, group)
	items = d.takeSiblings(items)
	items = d.takeBrackets(items)
	items = d.takeLoneDays(d.takePeriods(items))
	if d.isLate && !d.hasEnd {
		d.endToFill = "until <day>"
		d.noteOpen("Say the new last day, such as %s.", Typed("until "+d.exampleDay()))
	}
	if reason != nil {
		d.takeReason(reason)
	}
	items = d.takeState(d.takeWeakReason(items))
	items = d.takeForReason(items)
	items = d.takeClauses(items)
	items = d.takeTold(items)
	items = d.takeLicenses(items)
	d.checkEndOfSome(items)
	d.checkOneSeat(items)
	d.checkSetOfOne(items)
	items = d.takeAlternatives(d.takeSpelled(items))
	items = d.takeWords(items)
	items = d.takeSeats(items)
	d.requireLimit()
	d.takeRest(items)
	d.checkAction()
	d.applyBounds()
	return d
}

// checkFrom asks what to do where no verb says it, and the word from stands before the group.
func (d *draft) checkFrom(tokens []word) {
	needs := func(w word) bool { return w.isOneOf([]string{"need", "needs", "want", "wants"}) }
	before := d.group.from - 1
	if !d.isSaid && before >= 0 && tokens[before].isKeyword("from") && !slices.ContainsFunc(tokens, needs) {
		d.askWhich("Codes are added to a group, or removed from it.", nil, withAction(approvals.Add),
			withAction(approvals.Remove))
	}
}

// checkGroup asks for another group if it can be none of this name, or for one of several of the same name.
func (d *draft) checkGroup(group run) {
	if problem, ok := errors.AsType[*Error](checkGroup(d.name, d.ask.Group)); ok {
		d.ask.Group = ""
		d.noteOpen(problem.Format, problem.Args...)
		return
	}
	var ids []string
	for _, g := range group.groups {
		if !slices.ContainsFunc(ids, func(id string) bool { return groupname.SameID(id, g.ID) }) {
			ids = append(ids, g.ID)
		}
	}
	if len(ids) < 2 {
		return
	}
	var options []func(*approvals.Ask)
	for _, id := range ids[:min(len(ids), maxEither)] {
		options = append(options, func(a *approvals.Ask) { a.Group = id })
	}
	d.askWhich("Several groups at UiPath are called %s. Say which by its id.", []any{Typed(d.ask.Group)}, options...)
}

// maxWords bounds the words that are tried in all ways.
const maxWords = 120

// maxEither is how many commands a question offers at most.
const maxEither = 3

// checkEndOfSome asks about an end that may be for some of the licenses only: those before it, or those of
// its own sentence.
func (d *draft) checkEndOfSome(items []item) {
	end := slices.IndexFunc(items, func(it item) bool { return it.isEnd })
	if end < 0 || len(d.ask.Codes) < 2 || !d.ask.IsTimed() {
		return
	}
	hasBefore, isCut, isApart := false, false, false
	for _, it := range items[:end] {
		isApart = isApart || isCut && it.kind == license
		hasBefore = hasBefore || it.kind == license
		isCut = isCut || hasBefore && endsSentence([]word{it.word})
	}
	if hasBefore && hasLicense(items[end:]) || isApart && !items[end-1].endsClause {
		d.isUnclear = true
		d.noteOpen("The end can be for some of the licenses only. Ask for those in a request of their own.")
	}
}

// checkOneSeat asks about a removal of one seat, which would take out all of the license.
func (d *draft) checkOneSeat(items []item) {
	one := slices.IndexFunc(items, func(it item) bool { return it.kind == plain && it.isOneOf([]string{"a", "an"}) })
	isSeat := func(it item) bool { return it.isOneOf([]string{"seat", "user", "license", "licence", "person"}) }
	if d.ask.Action != approvals.Remove || one < 0 || !slices.ContainsFunc(items[one+1:min(one+4, len(items))], isSeat) {
		return
	}
	d.isUnclear = true
	d.noteOpen("A code is removed with all its seats. To leave a group fewer seats, ask for the limit alone, such as %s.",
		Typed("IDU=10"))
}

// checkSetOfOne asks about set where it may mean to give a license, or to set its limit.
func (d *draft) checkSetOfOne(items []item) {
	at := slices.IndexFunc(items, item.isOfGroup)
	isBefore := at > 1 && hasLicense(items[:at]) && items[at-1].isKeyword("for")
	isOfOne := d.ask.Action == approvals.Set && d.isSaid && d.onlyCode() != "" && len(d.options) == 0
	if isOfOne && (isBefore || d.isLimitTo(items)) {
		d.askSetOfOne()
	}
}

// askSetOfOne asks what set means.
func (d *draft) askSetOfOne() {
	d.askWhich("%s can mean that the group keeps no other license, or just that it gets this one with a limit or without.",
		[]any{Typed(approvals.Set)}, withAction(approvals.Add), unchanged)
}

// isLimitTo reports whether the word to stands before a number of seats, behind the license.
func (d *draft) isLimitTo(items []item) bool {
	for i := 1; i+1 < len(items); i++ {
		if items[i].isKeyword("to") && items[i+1].isNumber() && hasLicense(items[:i]) {
			return true
		}
	}
	return false
}

// saidTimes are the times that a request says.
type saidTimes struct {
	ends   []period
	typed  [][]item // the words of each end
	begins string   // when it should begin, as it was typed
	isOr   bool     // a word such as or stands between them
}

// takePeriods takes when the grant ends.
func (d *draft) takePeriods(items []item) []item {
	var rest []item
	var said saidTimes
	for i := 0; i < len(items); i++ {
		skipped, p := d.periodAt(items, i, len(said.ends) > 0 && rest[len(rest)-1].isEnd)
		i += skipped
		if p.n == 0 || d.isOfClause(p, items, i) || len(said.ends) > 0 && isBehindWeak(rest) {
			rest = append(rest, items[i])
			continue
		}
		if n := len(rest); d.ask.Action != approvals.Add && n > 0 && rest[n-1].isOneOf([]string{"on", "at", "by", "after"}) {
			rest = rest[:n-1] // no day can be set, however it is written
		}
		p.isNaked = p.isNaked && !(p.isCounted && d.standsFree(items, i))
		said.isOr = said.isOr || skipped > 0
		said.add(p, items[i:i+p.n])
		i += p.n - 1
		rest = append(rest, item{kind: gap, endsClause: items[i].endsClause, isNaked: p.isNaked, isEnd: true})
	}
	said.dropVague()
	d.takeTimes(said)
	return rest
}

// isBehindWeak reports whether a reason has begun with a word such as since: it may have a time of its own.
func isBehindWeak(items []item) bool {
	for i := len(items) - 1; i >= 0 && items[i].kind == plain; i-- {
		if items[i].isOneOf(weakReasonWords) {
			return i+1 < len(items)
		}
	}
	return false
}

// isOfClause reports whether a time without a word such as until belongs to another word before it.
func (d *draft) isOfClause(p period, items []item, i int) bool {
	isLoose := p.isNaked && !items[i].isKeyword("to") || p.isForGood && p.n == 1
	return isLoose && d.isInClause(items, i) && !items[i-1].isOneOf([]string{"by", "next"})
}

// add adds a time.
func (s *saidTimes) add(p period, typed []item) {
	switch {
	case p.isStart && p.until.IsZero():
		s.begins = joinTexts(typed)
	case !p.isNothing:
		s.ends, s.typed = append(s.ends, p), append(s.typed, typed)
	}
}

// dropVague drops one of two ends if only the other says when it ends.
func (s *saidTimes) dropVague() {
	if len(s.ends) != 2 || s.ends[0].isVague == s.ends[1].isVague {
		return
	}
	at := slices.IndexFunc(s.ends, func(p period) bool { return !p.isVague })
	s.ends, s.typed = s.ends[at:at+1], s.typed[at:at+1]
}

// takeTimes takes the only end, or asks about what was said.
func (d *draft) takeTimes(said saidTimes) {
	isEnd := func(p period) bool { return !p.isForGood }
	switch {
	case said.begins != "":
		d.refuseBegin(said.begins, said.ends)
	case len(said.ends) == 0:
	case len(said.ends) == 1 || !slices.ContainsFunc(said.ends, isEnd):
		d.takePeriod(said.ends[0], said.typed[0])
	default:
		d.askEnds(said.ends)
		d.hasEnds = !said.isOr
	}
}

// refuseBegin says that no day can be set on which a grant begins. The end is asked for once more: it may
// be another one if the grant begins sooner.
func (d *draft) refuseBegin(typed string, ends []period) {
	d.isUnclear = d.isUnclear || len(ends) == 0 && d.ask.Action == approvals.Add
	if d.ask.Action != approvals.Add {
		d.isUnclear = true
		d.noteOpen(aboutNoDay(d.ask.Action))
		return
	}
	d.hasEnd, d.endToFill = len(ends) > 0, "until <day>"
	if len(ends) == 1 && !ends[0].until.IsZero() && !ends[0].isCounted {
		var end approvals.Ask
		ends[0].applyTo(&end)
		d.noteOpen(aboutBegin+" To have it sooner, write %s alone.", Typed(typed), Typed(FormatPeriod(end)))
		return
	}
	d.noteOpen(aboutBegin, Typed(typed))
}

// standsFree reports whether no word before a length at an item may make something else of it than when
// the grant ends: in two weeks, every two weeks.
func (d *draft) standsFree(items []item, i int) bool {
	before := i - 1
	for before > 0 && items[before].isOneOf([]string{"the", "a"}) {
		before--
	}
	if before < 0 || items[before].kind != plain || items[before].endsClause {
		return d.knowsGroups()
	}
	isOther := items[before].isOneOf(prepositions) || items[before].isOneOf(eachWords) ||
		items[before].isOneOf([]string{"at", "every", "per"})
	return d.knowsGroups() && !isOther
}

// periodAt reads an end at an item. Behind another end one may stand behind a word such as "or".
func (d *draft) periodAt(items []item, i int, isBehindEnd bool) (skipped int, p period) {
	words := plainWords(items[i:])
	isTold := i > 0 && items[i-1].isOneOf(beWords) && items[i].isOneOf(toldEnds) // of something else
	if len(words) == 0 || isTold {
		return 0, period{}
	}
	if n := d.startIn(words); n > 0 {
		return 0, period{n: n, isStart: true}
	}
	if p = d.readPeriod(words); p.isUnread {
		p.n = d.endOfUnread(items, i, p.n)
		p.problem.Args[0] = Typed(joinTexts(items[i : i+p.n]))
	}
	if n := besideAlternative(items, i); p.n == 0 && n > 0 && isBehindEnd {
		if other := d.readOtherEnd(plainWords(items[i+n:])); other.n > 0 {
			return n, other
		}
	}
	return 0, p
}

// startIn is how many words say in how long a grant should begin: in two weeks, 2 weeks from now.
func (d *draft) startIn(words []word) int {
	if words[0].isKeyword("after") && len(words) > 1 {
		if _, n := d.readDay(words[1:]); n > 0 {
			return 1 + n
		}
	}
	if words[0].isOneOf([]string{"in", "within", "after"}) && len(words) > 1 {
		if p := d.readEnd(words[1:]); p.n > 0 && p.isCounted {
			return 1 + p.n
		}
	}
	p := d.readEnd(words)
	switch next := wordAt(words, p.n); {
	case p.n == 0 || !p.isCounted:
	case next.isOneOf([]string{"later", "hence"}):
		return p.n + 1
	case next.isKeyword("from") && wordAt(words, p.n+1).isOneOf([]string{"now", "today"}):
		return p.n + 2
	}
	return 0
}

// endOfUnread is how many items an end has that is not understood: those up to punctuation or
// to what is a part of the request.
func (d *draft) endOfUnread(items []item, from, n int) int {
	trial := &draft{reader: d.reader, isTrial: true}
	for ; from+n < len(items) && !items[from+n-1].endsClause; n++ {
		next := items[from+n:]
		first := next[0]
		isOther := first.kind != plain || first.isKeyword("for") || first.isOneOf(alternativeWords) || first.isTurning() ||
			first.isOneOf(politeWords)
		if isOther || !trial.licensesAt(next).isNone() || d.standsBefore(next) || d.readPeriod(plainWords(next)).n > 0 {
			break
		}
	}
	return n
}

// readOtherEnd reads an end or just its day, behind another end.
func (d *draft) readOtherEnd(words []word) period {
	if len(words) == 0 {
		return period{}
	}
	if p := d.readPeriod(words); p.n > 0 {
		return p
	}
	if days, n := d.readDay(words); n > 0 {
		p := d.untilOneOf(joinWords(words[:n]), days)
		p.n = n
		return p
	}
	return period{}
}

// askEnds asks which of several ends is meant.
func (d *draft) askEnds(found []period) {
	options := endOptions(found)
	isOpen := func(p period) bool { return p.problem != nil }
	isFixed := func(p period) bool { return !p.isCounted }
	if slices.ContainsFunc(found, isOpen) || len(found) > maxEither || !slices.ContainsFunc(found, isFixed) {
		options = nil
	}
	d.hasEnd, d.endToFill = true, "until <day>"
	d.askWhich("Say once when it ends, with %s or with %s.", []any{Typed("for"), Typed("until")}, options...)
}

// endOptions are the options of several ends.
func endOptions(ends []period) []func(*approvals.Ask) {
	var options []func(*approvals.Ask)
	for _, p := range ends {
		options = append(options, p.applyTo)
	}
	return options
}

// plainWords are the words up to the next item that is understood.
func plainWords(items []item) []word {
	var words []word
	for _, it := range items {
		if it.kind != plain {
			break
		}
		words = append(words, it.word)
	}
	return words
}

func (d *draft) takePeriod(p period, typed []item) {
	text := joinTexts(typed)
	switch {
	case d.ask.Action != approvals.Add && !p.isForGood: // it can have none, however it is written
		d.hasEnd = true
		return
	case p.isBroken():
		d.endToFill = strings.TrimPrefix(p.problem.Fill, d.name+" ")
		d.noteOpen(p.problem.Format, p.problem.Args...)
	case len(p.either) == 1:
		p.either[0].applyTo(&d.ask)
		d.noteCorrection(text, FormatPeriod(d.ask), "%s can mean several days, of which only one is to come: %s.",
			Typed(text), Typed(FormatPeriod(d.ask)))
	case len(p.either) > 1:
		d.endToFill = "until <day>"
		d.askWhich(p.problem.Format, p.problem.Args, endOptions(p.either)...)
	case p.isStart:
		d.refuseBegin(text, []period{p})
		return
	default:
		p.applyTo(&d.ask)
		if p.isNaked {
			d.noteCorrection(text, FormatPeriod(d.ask), "%s says when it ends if %s or %s stands before it.",
				Typed(text), Typed("for"), Typed("until"))
		}
		if p.isRough {
			d.noteCorrection(text, FormatPeriod(d.ask), "A time is exact, or lasts to the end of a day: %s.",
				Typed(FormatPeriod(d.ask)))
		}
		if d.isLate && p.isCounted {
			d.refuseLength()
		}
	}
	d.hasEnd, d.forGood = true, p.isForGood
}

// refuseLength asks for a day in place of a length of time, which is not counted from the present end.
func (d *draft) refuseLength() {
	d.ask.For, d.ask.Until, d.endToFill = 0, time.Time{}, "until <day>"
	d.noteOpen("Say the new last day. A time is counted from when the change is made, not from the present end.")
}

// takeForReason takes words behind "for", up to punctuation or the end, that are neither a time
// nor a group nor a license: they are a reason.
func (d *draft) takeForReason(items []item) []item {
	for i, it := range items {
		isSeats := i+2 < len(items) && items[i+1].isNumber() && items[i+2].isOneOf(seatWords)
		if !it.isKeyword("for") || isSeats || d.standsBefore(items[i+1:]) || d.isInClause(items, i) {
			continue
		}
		words := clauseWordsAt(items[i+1:])
		end := i + 1 + len(words)
		switch {
		case len(words) == 0 && end == len(items):
			d.endToFill = "for <time>"
			d.noteOpen("Say after %s when it ends, such as %s or %s.", Typed("for"), Typed("for 30d"),
				Typed("until "+d.exampleDay()))
		case d.isNoForReason(items, i, words):
			continue
		default:
			d.takeForWords(withoutPoliteness(words))
		}
		return slices.Concat(items[:i], []item{{kind: gap, endsClause: true, isEnd: d.endToFill != ""}}, items[end:])
	}
	return items
}

// clauseWordsAt are the words up to punctuation or to the next item that is understood.
func clauseWordsAt(items []item) []word {
	words := plainWords(items)
	if n := slices.IndexFunc(items[:len(words)], func(it item) bool { return it.endsClause }); n >= 0 {
		return words[:n+1]
	}
	return words
}

// isNoForReason reports whether words behind "for" may be something else than a reason.
func (d *draft) isNoForReason(items []item, i int, words []word) bool {
	end := i + 1 + len(words)
	isWhole := end == len(items) || items[end-1].endsClause || items[end].kind == gap && !items[end].isNaked
	mayBeGroup := d.group.from < 0 && i > 0 && !items[i-1].endsClause
	return len(words) == 0 || !isWhole || mayBeGroup || d.isGroup(joinWords(words)) || d.namesGroup(words) ||
		areAboutPersons(words) || slices.ContainsFunc(words, word.isHedged)
}

// isInClause reports whether a word stands behind another that is no part of the request: what
// follows belongs to that one.
func (d *draft) isInClause(items []item, i int) bool {
	if i == 0 || items[i-1].kind != plain || items[i-1].endsClause {
		return false
	}
	isPart, _ := d.findParts(items)
	before := items[i-1]
	from := i
	for from > 0 && items[from-1].kind == plain && !items[from-1].endsClause {
		from--
	}
	isApart := from > 0 && items[from-1].endsClause && !slices.Contains(isPart[from:i], true)
	if isApart && hasSubject(plainWords(items[from:])) {
		return true // they need it for …
	}
	return !isPart[i-1] && !before.isFiller() && !before.isNumber() && !before.isOneOf(addVerbs) &&
		!before.isOneOf(politeWords) && !before.isOneOf(prepositions)
}

// takeForWords takes words behind "for" as a reason, if they name no day and sound like no time.
func (d *draft) takeForWords(words []word) {
	reason := strings.TrimRight(joinTyped(words), ".,;:")
	switch {
	case len(words) == 0: // they were thanks
	case d.nameDay(words) && !d.hasEnd:
		d.endToFill = "until <day>"
		d.noteOpen("%s can be when it is needed, or when it ends. Say when it ends with %s.",
			Typed("for "+joinWords(words)), Typed("until"))
	case d.ask.Reason != "" || !d.canBeReason(words):
		if d.isUnclear = d.hasEnd || !soundLikeTime(words) && len(words) > 1; !d.isUnclear {
			d.endToFill = "for <time>"
		}
		d.noteOpen("%s is no time that I understand. Write it such as %s. A reason stands after %s.",
			Typed("for "+reason), Typed("for 30 days"), Typed("because"))
	default:
		d.ask.Reason = reason
		d.noteCorrection("for "+reason, "because "+reason, "%s is no time. If it is the reason, write it after %s.",
			Typed("for "+reason), Typed("because"))
	}
}

// canBeReason reports whether words behind "for" say why, and how many seats or when it ends they do not say.
func (d *draft) canBeReason(words []word) bool {
	isSaying := func(w word) bool { return w.saysMuch() && !soundsLikeTime(w) }
	return slices.ContainsFunc(words, isSaying) && !slices.ContainsFunc(words, isGlued) && !d.countsSeats(words) &&
		(d.hasEnd || !soundLikeTime(words))
}

// isGlued reports whether a word that begins a reason is stuck to another one.
func isGlued(w word) bool {
	_, last, isTwo := strings.Cut(w.lower(), "-")
	return isTwo && slices.Contains(reasonWords, last)
}

// nameDay reports whether words behind "for" name a day or a month: the whole of December.
func (d *draft) nameDay(words []word) bool {
	_, days := d.readDay(words)
	if days > 0 && days < len(words) && isPartOfName(words[days-1:], false) {
		days = 0
	}
	_, isMonth := findMonth(words[0].lower())
	last := words[len(words)-1].lower()
	_, endsInMonth := findMonth(last)
	return days > 0 || isMonth || endsInMonth && len(last) > 3
}

// standsBefore reports whether a group, a license or a number of seats follows.
func (d *draft) standsBefore(items []item) bool {
	trial := &draft{reader: d.reader, isTrial: true}
	for i, it := range items {
		if it.kind != plain || d.Licenses != nil && !trial.licensesAt(items[i:]).isNone() {
			return it.kind != gap
		}
		if !it.isFiller() && !it.isNumber() {
			return false
		}
	}
	return false
}

// soundLikeTime reports whether a word, or two that were split, may be a part of a time.
func soundLikeTime(words []word) bool {
	isNamed := func(i int) bool {
		isDay := i > 1 && isPartOfName(words[i-1:], true)
		return ticketKey.MatchString(words[i].text) || isNumbered(words, i) || isDay ||
			i+1 < len(words) && isPartOfName(words[i:], i > 0)
	}
	for i, w := range words {
		if isNamed(i) {
			continue
		}
		isSplit := i > 0 && !isNamed(i-1) && soundsLikeTime(word{text: words[i-1].text + w.text})
		if soundsLikeTime(w) || isSplit {
			return true
		}
	}
	return false
}

// isNumbered reports whether a number belongs to what stands before it: phase 3.
func isNumbered(words []word, i int) bool {
	return i > 0 && number.MatchString(words[i].text) && words[i-1].saysMuch() && len(words[i-1].text) > 3 &&
		!soundsLikeTime(words[i-1]) && !isUnit(wordAt(words, i+1))
}

// isPartOfName reports whether the first word, which sounds like a time, is a part of what is
// named: the year-end audit, the Q4 figures, the kickoff next Monday.
func isPartOfName(words []word, isBehind bool) bool {
	first := words[0].lower()
	isDay := isBehind && words[0].isOneOf([]string{"next", "this"}) && strings.HasSuffix(words[1].lower(), "day")
	isWeekend := isBehind && words[0].isOneOf([]string{"next", "this"}) && words[1].isKeyword("weekend")
	return strings.Contains(first, "-") && !strings.ContainsAny(first, "0123456789") || quarter.MatchString(first) ||
		isDay || isWeekend
}

// soundsLikeTime reports whether a word may be a part of a time that was mistyped.
func soundsLikeTime(w word) bool {
	text := w.lower()
	if (item{word: w}).isFiller() {
		return false
	}
	if strings.ContainsAny(text, "0123456789") {
		return true
	}
	for name := range units {
		isWord := len(name) > 3 || name == "day"
		isGlued := strings.HasPrefix(text, name) || strings.HasSuffix(strings.TrimSuffix(text, "s"), name)
		if isWord && (isOneEdit(text, name) || isOneEdit(text, name+"s") || isGlued) {
			return true
		}
	}
	others := slices.Concat(numberWords, slices.Collect(maps.Keys(tens)), forGood, []string{
		"good", "ever", "next", "rest", "remainder", "this", "tonight", "duration", "period", "length", "time", "meantime",
		"moment", "present",
	})
	return slices.ContainsFunc(others, func(name string) bool {
		return isOneEdit(text, name)
	})
}

// takeRest deals with what is left.
func (d *draft) takeRest(items []item) {
	left, quoted := d.leftOf(items)
	if d.takeLoneSeats(items, len(left) == 1) {
		left = slices.DeleteFunc(left, item.isNumber)
	}
	if len(left) == 0 || len(quoted) == 1 && d.takeLoneDay(left) || d.refuseDay(left) {
		return
	}
	d.isUnclear = d.isUnclear || len(quoted) > 1 || !d.mayNamePart(items, left)
	d.noteLeft(left, Typed(strings.Join(quoted, " … ")))
}

// leftOf are the words that are not understood, and their texts with what stands between them. It takes the word
// empty.
func (d *draft) leftOf(items []item) (left []item, quoted []string) {
	last := -1
	for i, it := range items {
		switch {
		case it.isKeyword(WordEmpty), it.isKeyword(formerWordEmpty):
			d.ask.MayEmpty = true
		case it.kind == plain && !d.meansNothing(items, i):
			if n := len(plainWords(items[last+1:])); last < 0 || last+1+n < i {
				quoted = append(quoted, it.text)
			} else {
				quoted[len(quoted)-1] += " " + joinTexts(items[last+1:i+1])
			}
			left, last = append(left, it), i
		}
	}
	return left, quoted
}

// takeLoneDay asks what a day means that has no word such as until before it.
func (d *draft) takeLoneDay(left []item) bool {
	words := plainWords(left)
	isOn := words[0].isOneOf([]string{"on", "at", "by"})
	for len(words) > 1 && words[0].isOneOf([]string{"on", "at", "by", "eod", "cob"}) {
		words = words[1:]
	}
	if last := len(words) - 1; last > 0 && words[last].isOneOf(dayEnds) {
		words = words[:last]
	}
	days, n := d.readDay(words)
	p := d.untilOneOf(joinWords(words), days)
	isNumbers := numbersShape.MatchString(words[0].text) && len(days) > 1
	switch {
	case n < len(words) || d.hasEnd || isNumbers && !isOn:
		return false
	case d.ask.Action != approvals.Add:
		d.isUnclear = true
		d.noteOpen(aboutNoDay(d.ask.Action))
		return true
	case isOn:
		d.isUnclear = true
		d.noteOpen(aboutBegin+" If it ends then, write %s.", Typed(joinTexts(left)), Typed("until "+joinWords(words)))
		return true
	}
	ends := p.either
	if p.problem == nil {
		ends = []period{p}
	}
	options := endOptions(ends)
	if words[len(words)-1].isKeyword("end") && d.ask.Reason == "" { // the closing of the month
		options = append(options, func(a *approvals.Ask) { a.Reason = joinTyped(words) })
	}
	d.hasEnd, d.endToFill = true, "until <day>"
	d.askWhich("%s can be when the grant ends, or when it is needed.", []any{Typed(joinTexts(left))},
		append(options, unchanged)...)
	return true
}

// takeLoneDays asks about a day that stands between punctuation, such as 28 Feb.
func (d *draft) takeLoneDays(items []item) []item {
	from := 0
	for i := range items {
		if i+1 < len(items) && !items[i].endsClause {
			continue
		}
		clause := items[from : i+1]
		_, n := d.readDay(plainWords(clause))
		if from > 0 && n > 1 && n == len(clause) && d.ask.Action == approvals.Add && d.takeLoneDay(clause) {
			return slices.Concat(items[:from], []item{{kind: gap, endsClause: true, isEnd: true}}, items[i+1:])
		}
		from = i + 1
	}
	return items
}

// refuseDay says that no day can be set for a change other than to add, if one stands among other words.
func (d *draft) refuseDay(left []item) bool {
	words := plainWords(left)
	for i, w := range words {
		if d.ask.Action == approvals.Add || !w.isOneOf([]string{"on", "at", "by", "after", "before"}) || i+1 == len(words) {
			continue
		}
		if _, n := d.readDay(words[i+1:]); n > 0 {
			d.isUnclear = true
			d.noteOpen(aboutNoDay(d.ask.Action))
			return true
		}
	}
	return false
}

// aboutNoDay explains why a change other than to add has no day.
func aboutNoDay(action approvals.Action) string {
	if action == approvals.Remove {
		return "Codes are taken out as soon as the request is approved, and for good, so no time can be set. " +
			"To take them out on another day, ask again then."
	}
	return "Only codes that are added can have a limited time. Leave the time out, or say `add` in place of `set`."
}

// mayNamePart reports whether words that are not understood can be nothing but what a gap stands
// for: seats, the license or the group that is missing, or a person. Other words may change what is asked for, so
// no command is offered that leaves them out.
func (d *draft) mayNamePart(items, left []item) bool {
	isOther := func(it item) bool {
		return it.isHedged() || isActing(it.word) || isUnit(it.word) || it.isOneOf(requestWords)
	}
	first := left[0]
	switch {
	case mention.MatchString(first.text) || isPerson(first.text):
		return len(left) == 1
	case !slices.ContainsFunc(left, func(it item) bool { return lettersOf(it.text) != digitsOf(it.text) }):
		return true // numbers
	case slices.ContainsFunc(left, isOther):
		return false
	case d.group.from < 0:
		return true
	}
	isVerbSaid := d.isSaid || slices.ContainsFunc(items, func(it item) bool { return it.isOneOf(wantVerbs) })
	return len(d.ask.Codes) == 0 && (isVerbSaid || len(left) == 1 && !isBeforeGroup(items, first))
}

// isBeforeGroup reports whether a word stands before the group like a verb, without a preposition between them.
func isBeforeGroup(items []item, w item) bool {
	at := slices.IndexFunc(items, func(it item) bool { return it.kind == plain && it.word == w.word }) + 1
	for at < len(items) && items[at].isFiller() {
		at++
	}
	return at < len(items) && items[at].kind == group
}

// wantVerbs say in a sentence that a group is to have licenses.
var wantVerbs = []string{"need", "needs", "needed", "want", "wants", "get", "gets", "have", "use", "required"}

// isUnit reports whether a word is a unit of time.
func isUnit(w word) bool {
	_, ok := findUnit(w.lower())
	return ok
}

// standsAlone reports whether punctuation is on both sides of a number, maybe with a word for
// seats behind it.
func standsAlone(items []item, at int) bool {
	end := at
	if at+1 < len(items) && items[at+1].isOneOf(seatWords) {
		end++
	}
	for at > 1 && (items[at-1].isFiller() || items[at-1].isKeyword("to")) && !items[at-1].endsClause {
		at--
	}
	return at > 0 && items[at-1].endsClause && (end == len(items)-1 || items[end].endsClause)
}

// meansNothing reports whether a word adds nothing to what is understood.
func (d *draft) meansNothing(items []item, i int) bool {
	it, behind := items[i], items[i+1:]
	if isSwap(items, i) {
		return false
	}
	isKept := d.ask.IsTimed() && it.isOneOf([]string{"keep", "keeps"}) // until that end
	isToEmpty := it.isKeyword("to") && len(behind) > 0 && behind[0].isKeyword(WordEmpty)
	return isKept || isToEmpty || it.isFiller() || it.isOneOf(politeWords) || d.isLate && isRequestID(it.text) ||
		it.isOneOf(addVerbs) && !d.isSaid || it.isOneOf(prepositions) && d.standsBefore(behind) ||
		d.saysRemovalAgain(items, i)
}

// isSwap reports whether a word between two licenses may say that one takes the place of the other.
func isSwap(items []item, i int) bool {
	return (isArrow(items[i].text) || items[i].isKeyword("to")) && i > 0 && i+1 < len(items) &&
		items[i-1].kind == license && items[i+1].kind == license
}

// saysRemovalAgain reports whether an item says no more than that codes are removed, and now, as the request
// says anyway.
func (d *draft) saysRemovalAgain(items []item, i int) bool {
	if !d.isSaid || d.action != approvals.Remove {
		return false
	}
	again := slices.Concat(removeVerbs, []string{"back", "off", "again", "weg", unneeded})
	return items[i].isOneOf([]string{"away", "today", "now"}) ||
		(i == 0 || !hasLicense(items[i:])) && items[i].isOneOf(again)
}

// takeLoneSeats takes the only number as the limit of the only code, if it is all that is left or stands alone.
func (d *draft) takeLoneSeats(items []item, isAllLeft bool) bool {
	at := slices.IndexFunc(items, item.isNumber)
	if at < 0 || !isOneNumber(items) || !d.areLoneSeats(items, at) || !isAllLeft && !standsAlone(items, at) {
		return false
	}
	it, code := items[at], d.onlyCode()
	limit, _ := it.count()
	d.readLimit(code, limit)
	if !standsAlone(items, at) && !items[at-1].isOneOf([]string{"max", "maximum", "limit", "most"}) {
		d.noteCorrection(it.text, FormatCode(code, d.ask.Quotas), "A seat limit is written next to its code, such as %s.",
			Typed("IDU=10"))
	}
	return true
}

// areLoneSeats reports whether the only number, behind the only code, can be nothing but its limit.
func (d *draft) areLoneSeats(items []item, at int) bool {
	if d.onlyCode() == "" || len(d.ask.Quotas) > 0 || d.ask.Action == approvals.Remove || !hasLicense(items[:at]) ||
		hasLicense(items[at:]) {
		return false
	}
	before, text := items[at-1], items[at].lower()
	isCutOff := before.kind == gap && !before.endsClause
	isOfNext := strings.HasPrefix(text, "x") && (before.endsClause || before.isOneOf(separators))
	return !isCutOff && !isOfNext && !year.MatchString(items[at].text)
}

// noteLeft asks about words that were not understood.
func (d *draft) noteLeft(left []item, ref Typed) {
	first := left[0]
	d.left = len(left)
	if d.noteLeftSeats(left, ref) {
		return
	}
	d.lacksCodes = len(d.ask.Codes) == 0
	isOfPerson := func(it item) bool { return mention.MatchString(it.text) || isPerson(it.text) }
	switch at := slices.IndexFunc(left, isOfPerson); {
	case at >= 0:
		d.noteOpen(aboutPersons, Typed(left[at].text))
	case len(d.groupsIn(left)) > 0:
		d.lacksCodes = false
		d.askGroups(d.groupsIn(left))
	case slices.ContainsFunc(left, item.isTurning):
		d.lacksCodes = false
		d.noteTurning(ref)
	case d.Licenses == nil:
		d.lacksCodes = true
		d.noteOpen("%s is not a license code: codes are letters and digits, such as %s. "+
			"If the group's name has blanks, put it in double quotes.", Typed(first.text), Typed(ExampleCode))
	case d.lacksCodes && !d.isUnclear || len(left) == 1 && looksLikeCode(first.text):
		d.lacksCodes = true
		d.noteOpen("%s is not understood: your organization owns no license of this code or name (%s lists them). "+
			"If it belongs to a group's name, put the name in double quotes.", ref, Typed(d.name+" codes"))
		d.question.Unlisted = true
	default:
		d.noteUnread(ref, plainWords(left))
		d.question.Unlisted = true
	}
}

// noteUnread asks for other words, and says how the parts are written that these words may be.
func (d *draft) noteUnread(ref Typed, words []word) {
	format, args := "%s is not understood. Say it in other words", []any{ref}
	if d.ask.Reason == "" {
		format, args = format+", or after %s if it is the reason", append(args, Typed("because"))
	}
	format += "."
	isTime := soundLikeTime(words) || slices.ContainsFunc(words, isEndWord)
	if isTime && !d.hasEnd && d.ask.Action == approvals.Add {
		format, args = format+" An end is written such as %s.", append(args, Typed("until "+d.exampleDay()))
	}
	if !d.isSaid && slices.ContainsFunc(words, isActing) {
		format, args = format+" %s in front takes codes out.", append(args, Typed(approvals.Remove))
	}
	d.noteOpen(format, args...)
}

// looksLikeCode reports whether a word has the letters of a code, and is no key of a ticket.
func looksLikeCode(text string) bool {
	return codeShape.MatchString(text) && len(text) > 2 && !ticketKey.MatchString(text)
}

// noteLeftSeats asks about numbers that were not understood, if there is nothing else.
func (d *draft) noteLeftSeats(left []item, ref Typed) bool {
	first := left[0]
	isOther := func(it item) bool { return lettersOf(it.text) != digitsOf(it.text) }
	limit, isNumber := first.count()
	switch isSigned := limitSign.MatchString(first.text[:min(len(first.text), 1)]); {
	case len(d.groupsIn(left)) > 0:
		return false
	case isSigned:
		d.noteOpen("A seat limit is written next to its code, such as %s; %s stands beside none.",
			Typed("IDU=10"), Typed(first.text))
	case thousands.MatchString(first.text):
		d.noteOpen("Write the number %s without separators.", Typed(first.text))
	case len(left) == 1 && unicode.IsDigit([]rune(first.text)[0]):
		if isNumber && d.ask.Action != approvals.Remove {
			d.seatsToKeep = "=" + limit
		}
		d.isUnclear = d.isUnclear || strings.ContainsAny(first.text, "/.") || d.ask.Action == approvals.Remove // a day
		d.noteOpen("%s stands beside no license code. A seat limit is written such as %s.", Typed(first.text),
			Typed("IDU=10"))
	case d.onlyCode() != "" && !slices.ContainsFunc(left, isOther):
		d.noteOpen("%s sets no seat limit. A seat limit is one number, such as %s.", ref, Typed("IDU=10"))
	default:
		return false
	}
	d.lacksCodes, d.seatsOf = d.onlyCode() == "", d.onlyCode()
	return true
}

// noteTurning asks what is meant where a word may turn the request around.
func (d *draft) noteTurning(typed Typed) {
	d.isUnclear = true
	d.noteOpen("%s may turn the request into its opposite. Say what the group should get. "+
		"To take codes out, begin with %s.", typed, Typed(approvals.Remove))
}

// groupsIn are the groups that words name, if they name nothing else.
func (d *draft) groupsIn(items []item) []string {
	var named []string
	for i := 0; i < len(items); {
		if items[i].isOneOf(prepositions) || items[i].isOneOf(separators) || items[i].isOneOf(alternativeWords) {
			i++
			continue
		}
		n := len(items) - i
		for n > 0 && !d.isGroup(joinTexts(items[i:i+n])) {
			n--
		}
		if n == 0 {
			return nil
		}
		named = append(named, joinTexts(items[i:i+n]))
		i += n
	}
	return named
}

// askGroups asks for which of several groups the request is.
func (d *draft) askGroups(others []string) {
	own := groupname.Canonical(d.ask.Group)
	others = slices.DeleteFunc(others, func(ref string) bool { return groupname.Canonical(ref) == own })
	if len(others) == 0 {
		return // it is named again
	}
	all := append([]string{d.ask.Group}, others...)
	var options []func(*approvals.Ask)
	for _, ref := range all {
		options = append(options, func(a *approvals.Ask) { a.Group = ref })
	}
	if len(all) == 2 {
		d.askWhich("%s and %s are both groups. One request is for one group.",
			[]any{Typed(all[0]), Typed(all[1])}, options...)
		return
	}
	if len(all) > maxEither {
		options = nil
	}
	d.askWhich("%s are all groups. One request is for one group.", []any{Typed(strings.Join(all, ", "))}, options...)
}

// onlyCode is the code of an ask for one.
func (d *draft) onlyCode() string {
	if len(d.ask.Codes) == 1 {
		return d.ask.Codes[0]
	}
	return ""
}

// isGroup reports whether a known group is called so.
func (r *reader) isGroup(ref string) bool {
	return len(r.groups[groupname.Canonical(ref).String()]) > 0
}

// isPerson reports whether a word is an address or the handle of a person.
func isPerson(text string) bool {
	return strings.HasPrefix(text, "@") && len(text) > 1 || emailShape.MatchString(text)
}

// checkAction rejects what does not go with the action.
func (d *draft) checkAction() {
	d.checkEnd()
	a := &d.ask
	if a.Action == approvals.Remove && len(a.Quotas) > 0 {
		d.isUnclear = true // some of the seats, or all
		d.noteOpen("A code is removed with all its seats, and %s takes no number. To leave a group fewer seats, ask for "+
			"the limit alone, such as %s.", Typed(approvals.Remove), Typed("IDU=10"))
		a.Quotas = nil
	}
	if a.Action == approvals.Add && a.MayEmpty {
		d.isUnclear = d.isUnclear || d.left > 0
		d.noteOpen("The word %s goes with %s and %s; adding removes nothing.",
			Typed(WordEmpty), Typed("set"), Typed("remove"))
		a.MayEmpty = false
	}
	if a.Action == approvals.Set && a.MayEmpty && len(a.Codes) > 0 {
		d.noteOpen("A group that is set to codes is not empty: name the codes, or say %s alone.",
			Typed(WordEmpty))
		a.MayEmpty = false
	}
	if len(a.Codes) == 0 && !d.asksLicense && (!d.lacksCodes || d.question == nil) {
		d.requireCodes()
	}
	d.checkMinus()
}

// checkEnd rejects an end where no codes are added.
func (d *draft) checkEnd() {
	a := &d.ask
	if d.hasEnds && len(a.Codes) > 1 { // each may be for another license
		d.isUnclear, d.options = true, nil
	}
	if a.Action != approvals.Add && (a.IsTimed() || d.hasEnd && !d.forGood) {
		d.isUnclear = true // a command without it would ask for something else
		d.noteOpen(aboutNoDay(a.Action))
		a.For, a.Until = 0, time.Time{}
	}
}

// checkMinus asks about codes with a minus, which is no sign to add them.
func (d *draft) checkMinus() {
	switch typed := Typed(strings.Join(d.minus, " ")); {
	case len(d.minus) == 0:
	case len(d.minus) == len(d.ask.Codes):
		d.askWhich("%s can mean to take out, or a dash before what is added.", []any{typed},
			withAction(approvals.Remove), unchanged)
	default:
		d.askWhich("%s has a minus. One request adds codes or takes codes out; ask for each separately.", []any{typed},
			func(a *approvals.Ask) { a.Codes, a.Quotas = d.withMinus(*a, false) },
			func(a *approvals.Ask) {
				a.Action, a.For, a.Until = approvals.Remove, 0, time.Time{}
				a.Codes, a.Quotas = d.withMinus(*a, true)
			})
	}
}

// withMinus are the codes of an ask that have a minus before them, or those that have none.
func (d *draft) withMinus(a approvals.Ask, want bool) (codes []string, quotas []approvals.Quota) {
	isWanted := func(code string) bool { return slices.Contains(d.minusCodes, code) == want }
	for _, code := range a.Codes {
		if isWanted(code) {
			codes = append(codes, code)
		}
	}
	for _, q := range a.Quotas {
		if isWanted(q.Code) {
			quotas = append(quotas, q)
		}
	}
	return codes, quotas
}

// requireCodes asks for the codes that the action needs.
func (d *draft) requireCodes() {
	switch group := Typed(d.ask.Group); {
	case d.ask.Group == "": // that is asked first
	case d.ask.Action == approvals.Set && !d.ask.MayEmpty:
		d.noteOpen("Say which license codes the group %s should have from now on, all of them. "+
			"To leave it without codes, say %s instead.", group, Typed(WordEmpty))
	case d.ask.Action == approvals.Remove:
		d.noteOpen("Say which license codes to remove from the group %s.", group)
	case d.ask.Action == approvals.Add:
		d.noteOpen("Say which license codes the group %s should get.", group)
	}
}

// applyBounds rejects what is longer than one request may be.
func (d *draft) applyBounds() {
	if n := len(d.ask.Codes); n > MaxCodes {
		d.noteOpen("That names %d codes; one request takes at most %d. Ask for the others in a second one.", n, MaxCodes)
		d.lacksCodes = true
	}
}

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

// lacksEnd reports whether an end was typed that is not in the ask.
func (d *draft) lacksEnd() bool {
	return d.endToFill != "" || d.hasEnd && !d.forGood && !d.ask.IsTimed()
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
