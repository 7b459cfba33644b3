package command

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"licensebot/approvals"
)

// cutReason cuts the words at the first one that begins a reason, from a position on.
func cutReason(tokens []word, from int) (rest, reason []word) {
	for i := from; i < len(tokens); i++ {
		if !tokens[i].isOneOf(reasonWords) {
			continue
		}
		reason = tokens[i+1:]
		if tokens[i].isKeyword("reason") && len(reason) > 1 && reason[0].isKeyword("is") {
			reason = reason[1:]
		}
		n := nextLabel(reason)
		return slices.Concat(tokens[:i], reason[n:]), reason[:n]
	}
	return tokens, nil
}

// nextLabel is where a reason ends before the label of another part: Reason: audit. Until: Friday.
func nextLabel(reason []word) int {
	for i := 1; i < len(reason); i++ {
		w := reason[i]
		isName := w.isOneOf(labels) || w.isOneOf(untilWords) || slices.Contains(labels, strings.ToLower(w.text))
		if isName && (strings.HasSuffix(w.typed, ":") || w.means == nothing) {
			return i
		}
	}
	return len(reason)
}

// joinTyped is the text of words as they were typed, mentions too.
func joinTyped(words []word) string {
	return undoMentions(typedText(words))
}

// typedText is the text of words as they were typed.
func typedText(words []word) string {
	var typed []string
	for _, w := range words {
		if w.typed != "" {
			typed = append(typed, w.typed)
		}
	}
	return strings.Join(typed, " ")
}

// formatReason writes a reason so that all of it is read as one. In quotes an end
// that it mentions is not taken for the end of the grant.
func formatReason(ask approvals.Ask) string {
	if ask.Reason == "" {
		return ""
	}
	words := translateAll(splitWords(ask.Reason))
	if _, n := (Known{}).readDay(words); n == len(words) || mentionsPeriod(words) {
		return "because \"" + strings.ReplaceAll(ask.Reason, `"`, "'") + `"`
	}
	return "because " + ask.Reason
}

// mentionsPeriod reports whether words have a time among them, on whatever day they are read.
func mentionsPeriod(words []word) bool {
	for i := range words {
		if p := (Known{}).readPeriod(words[i:]); p.n > 0 && !p.isForGood {
			return true
		}
	}
	return false
}

// findPeriod finds an end that a reason mentions: for 30d, until Friday, or a
// duration at its end. An ask that has an end, or can have none, mentions none.
func findPeriod(ask *approvals.Ask, reason []word, known Known) (at, n int, found bool) {
	if ask.Action == approvals.Remove || ask.Action == approvals.Set || ask.IsTimed() {
		return 0, 0, false
	}
	for i := range reason {
		p := known.readPeriod(reason[i:])
		isAtEnd := i+p.n == len(reason)
		isTold := i > 0 && !endsClause(reason[i-1]) && reason[i].isOneOf(toldEnds) // by its subject
		if p.n > 0 && !p.isForGood && !p.isBroken() && (!p.isNaked || isAtEnd) && !isTold {
			return i, p.n, true
		}
	}
	return 0, 0, false
}

// toldEnds say of something else when it ends or begins.
var toldEnds = []string{"expires", "expiring", "ends", "ending", "expire", "end", "starting", "beginning"}

// takeReason keeps a reason. If it mentions an end, it asks whether the end is meant
// for the grant.
func (d *draft) takeReason(reason []word) {
	text := joinTyped(reason)
	if problem := reasonProblem(text); problem != "" {
		d.noteOpen("%s", problem)
		return
	}
	if !d.isSaid && d.ask.Action == approvals.Add && len(reason) > 0 && reason[0].means == unneeded {
		d.askWhich("That reads like a reason to take codes out.", nil,
			func(a *approvals.Ask) { a.Action, a.Reason = approvals.Remove, text }, func(a *approvals.Ask) { a.Reason = text })
		return
	}
	if d.ask.Reason != "" && text != "" {
		d.noteOpen("That gives two reasons. Say why once, after %s.", Typed("because"))
		return
	}
	if tail := d.tailOf(reason); tail != "" {
		d.isUnclear = true
		d.noteOpen("%s can be a part of the reason, or of the request. Write it before %s, or put the whole reason in "+
			"double quotes.", Typed(tail), Typed("because"))
		return
	}
	if days, n := d.readDay(reason); n > 0 && n == len(reason) && d.ask.Action == approvals.Add && !d.hasEnd {
		d.askEndOrReason(text, days)
		return
	}
	at, n, isTimed := findPeriod(&d.ask, reason, d.Known)
	if !isTimed {
		d.ask.Reason = text
		return
	}
	d.askEndInReason(reason, at, n)
}

// askEndInReason asks whether an end that a reason mentions, at a place in it, is meant for the grant.
func (d *draft) askEndInReason(reason []word, at, n int) {
	text, end := joinTyped(reason), reason[at:at+n]
	rest := strings.Trim(joinTyped(slices.Concat(reason[:at], reason[at+n:])), " ,;-")
	var options []func(*approvals.Ask)
	for _, p := range d.readPeriod(end).readings() {
		if !p.isForGood { // that is the other reading
			options = append(options, func(a *approvals.Ask) { addReason(a, rest); p.applyTo(a) })
		}
	}
	options = append(options, func(a *approvals.Ask) { addReason(a, text) })
	d.askWhich("%s can be the end of the grant, or a part of the reason.", []any{Typed(joinWords(end))}, options...)
}

// tailOf is what stands behind the first sentence of a reason, or is a number of seats behind a comma, if it may
// be meant as a part of the request.
func (d *draft) tailOf(reason []word) string {
	for i := 1; i < len(reason); i++ {
		tail := reason[i:]
		isNext := endsSentence(reason[i-1:i]) && !d.isHarmless(tail)
		if isNext || endsClause(reason[i-1]) && d.beginsPart(tail) {
			return typedText(tail)
		}
	}
	return ""
}

// beginsPart reports whether the words behind a comma in a reason may be a part of the request: seats, a time, or
// what turns it.
func (d *draft) beginsPart(tail []word) bool {
	if tail[0].isOneOf(turningConjunctions) &&
		(d.namesOther(tail) || d.saysWhen(tail) || slices.ContainsFunc(tail[1:], word.isHedged)) {
		return true
	}
	isOther := func(w word) bool {
		return !(item{word: w}).isNumber() && !(item{word: w}).isFiller() && !w.isOfSeats()
	}
	p := d.readPeriod(tail)
	isTime := p.n == len(tail) && (p.isBroken() || p.isStart)
	return isTime || d.countsSeats(tail) && !slices.ContainsFunc(tail, isOther)
}

// turningConjunctions may join to a reason what turns or adds to the request.
var turningConjunctions = []string{besides, "and", "plus", "but", "not", "only", "without", "except"}

// isOfSeats reports whether a word says that a number is one of seats.
func (w word) isOfSeats() bool { return w.isOneOf(seatWords) || w.isOneOf(limitNouns) }

// addReason adds to the reason what stands elsewhere.
func addReason(a *approvals.Ask, more string) { a.Reason = strings.Trim(a.Reason+", "+more, ", ") }

// askEndOrReason asks what a day is that stands where a reason does.
func (d *draft) askEndOrReason(text string, days []time.Time) {
	var options []func(*approvals.Ask)
	for _, end := range d.untilOneOf(text, days).readings() {
		options = append(options, end.applyTo)
	}
	if !strings.ContainsAny(text, "0123456789") {
		options = append(options, func(a *approvals.Ask) { a.Reason = text })
	}
	d.hasEnd, d.endToFill = true, "until <day>"
	d.askWhich("%s can be when it ends, or the reason.", []any{Typed(text)}, options...)
}

// takeBrackets takes a reason in round brackets at the end, or behind a dash. Brackets
// and dashes around codes mean nothing.
func (d *draft) takeBrackets(items []item) []item {
	for i, it := range items {
		if it.kind != plain || it.quoted {
			continue
		}
		isDash := slices.Contains([]string{"-", "--", "//"}, it.text) && !d.isBetweenDays(items, i)
		if plainer, isPart := d.dropMark(items, i, isDash); isPart {
			return d.takeBrackets(plainer)
		}
		inner := innerBracketAt(items, i)
		if len(inner) > 0 && d.ask.Reason == "" && d.takeHarmless(plainWords(inner)) {
			return d.takeBrackets(slices.Concat(items[:i], []item{{kind: gap, endsClause: true}}, items[i+len(inner):]))
		}
		if isDash || isLastBracket(items[i:]) {
			return d.takeMarked(items, i, !isDash)
		}
	}
	return items
}

// isLastBracket reports whether all of the items are in brackets.
func isLastBracket(items []item) bool {
	last := items[len(items)-1]
	return strings.HasPrefix(items[0].text, "(") && strings.HasSuffix(last.text, ")") && last.kind == plain
}

// takeMarked takes what stands in brackets at the end, or behind a dash.
func (d *draft) takeMarked(items []item, i int, isBracket bool) []item {
	inside := slices.Clone(items[i:])
	if isBracket {
		inside[0] = inside[0].trim("(")
		inside[len(inside)-1] = inside[len(inside)-1].trim("()")
	} else {
		inside = inside[1:]
	}
	_, days := d.readDay(plainWords(inside))
	if isDay := isBracket && days == len(inside); isDay || d.isRequestPart(inside) {
		return slices.Concat(items[:i], inside)
	}
	if inside[0].isTurning() {
		d.noteTurning(Typed(joinTexts(inside)))
		return items[:i]
	}
	var words []word
	for _, it := range inside {
		words = append(words, it.word)
	}
	switch {
	case d.areEnd(words):
		d.takeReason(words)
	case !d.takeHarmless(words):
		d.isUnclear = true
		d.noteOpen("%s can be the reason, or a part of the request. Write a reason after %s.", Typed(joinTexts(inside)),
			Typed("because"))
	}
	return items[:i]
}

// areEnd reports whether words are an end, maybe with harmless words beside it.
func (d *draft) areEnd(words []word) bool {
	if _, n := d.readDay(words); n == len(words) && d.ask.Action == approvals.Add {
		return true
	}
	at, n, isTimed := findPeriod(&d.ask, words, d.Known)
	return isTimed && (n == len(words) || d.isHarmless(slices.Concat(words[:at], words[at+n:])))
}

// takeHarmless takes words that can be no part of the request as its reason, and offers those that are so but
// for a day.
func (d *draft) takeHarmless(words []word) bool {
	text := strings.Trim(typedText(words), ",;:-() ")
	switch {
	case len(words) == 0 || words[0].isOneOf(separators):
		return false
	case d.isHarmless(words):
		d.takeReason(splitWords(text))
	case d.isDated(words):
		d.ask.Reason = text
		d.noteReason(readsLikeReason, text, text)
	default:
		return false
	}
	return true
}

// isBetweenDays reports whether a dash stands between the first and the last day.
func (d *draft) isBetweenDays(items []item, at int) bool {
	if at+1 == len(items) || len(plainWords(items[at+1:])) == 0 {
		return false
	}
	for from := max(at-3, 0); from < at; from++ {
		words := plainWords(items[from:])
		if _, n := d.readDay(words); n == at-from && d.endOfRange(words[n:]) > 0 {
			return true
		}
	}
	return false
}

// dropMark drops the brackets or the dash around a part of the request that is followed by
// others.
func (d *draft) dropMark(items []item, i int, isDash bool) (plainer []item, isPart bool) {
	inner := innerBracketAt(items, i)
	switch {
	case len(inner) > 0 && d.isRequestPart(inner):
		return slices.Concat(items[:i], inner, items[i+len(inner):]), true
	case isDash && (d.isBeforePart(items[i+1:]) || d.isBeforeLicenses(items, i) || areSeats(items[i+1:])):
		return slices.Concat(items[:i], items[i+1:]), true
	}
	return items, false
}

// areSeats reports whether items begin with a number of seats, and punctuation or a word for seats follows it.
func areSeats(items []item) bool {
	return len(items) > 0 && items[0].isNumber() &&
		(len(items) == 1 || items[0].endsClause || items[1].isOneOf(seatWords))
}

// isBeforeLicenses reports whether all licenses stand behind a dash.
func (d *draft) isBeforeLicenses(items []item, at int) bool {
	trial := &draft{reader: d.reader, isTrial: true}
	isNamed := func(items []item) bool { return len(items) > 0 && hasLicense(trial.takeLicenses(items)) }
	return d.Licenses != nil && !isNamed(items[:at]) && isNamed(items[at+1:])
}

// isBeforePart reports whether what stands behind a dash, up to the next one, is a part of the
// request or of a license's name.
func (d *draft) isBeforePart(items []item) bool {
	next := dashBehind(items)
	hasGroup := slices.ContainsFunc(items, func(it item) bool { return it.kind == group })
	return next > 0 && d.isRequestPart(items[:next]) || d.isPeriod(items) || d.beginsKindOfUser(items) || hasGroup
}

// isPeriod reports whether items say when it ends, up to the end or to the next dash.
func (d *draft) isPeriod(items []item) bool {
	if next := dashBehind(items); next >= 0 {
		items = items[:next]
	}
	words := plainWords(items)
	if len(words) == 0 {
		return false
	}
	n := d.readPeriod(words).n
	return n > 0 && (n == len(items) || items[n-1].endsClause)
}

// dashBehind is where the next dash stands.
func dashBehind(items []item) int {
	return slices.IndexFunc(items, func(it item) bool { return it.isKeyword("-") || it.isKeyword("--") })
}

// innerBracketAt are the items in the round brackets that one of them opens, if others follow.
func innerBracketAt(items []item, i int) []item {
	if inner := bracketAt(items[i:]); i+len(inner) < len(items) {
		return inner
	}
	return nil
}

// bracketAt are the items in the round brackets that the first one opens.
func bracketAt(items []item) []item {
	if !strings.HasPrefix(items[0].text, "(") {
		return nil
	}
	for i, it := range items {
		if it.kind != plain {
			return nil
		}
		if strings.HasSuffix(it.text, ")") {
			inner := slices.Clone(items[:i+1])
			inner[0] = inner[0].trim("(")
			inner[i] = inner[i].trim("()")
			return inner
		}
	}
	return nil
}

// beginsKindOfUser reports whether items begin with what the name of a license has behind
// its dash.
func (d *draft) beginsKindOfUser(items []item) bool {
	words := nameWords(joinWords(plainWords(items)))
	return slices.ContainsFunc(d.names, func(l licenseName) bool {
		kind := l.words[min(len(l.head), len(l.words)):]
		return len(kind) > 0 && len(words) >= len(kind) && slices.Equal(words[:len(kind)], kind)
	})
}

// maxFirstReason bounds the words of a reason before the request.
const maxFirstReason = 20

// readReasonFirst reads a reason before the request that it is for.
func (r *reader) readReasonFirst(tokens []word) *Error {
	if !r.knowsGroups() || r.isCheck || !tokens[0].isOneOf(reasonWords) {
		return nil
	}
	check := *r
	check.isCheck = true
	for i := 2; i < min(len(tokens), maxFirstReason) && !tokens[i-1].isTurning(); i++ {
		c, err := check.readSentence(check.dropOpening(tokens[i:]))
		if err != nil || c.Verb != VerbAsk || c.Ask.Reason != "" || r.namesGroup(tokens[1:i]) {
			continue
		}
		c.Ask.Reason = strings.TrimRight(joinTyped(tokens[1:i]), ",;:")
		return newError(r.verify(c.Ask), "The reason comes last, after %s.", Typed("because"))
	}
	return nil
}

// readTicketFirst reads the key of a ticket before the request that it is for.
func (r *reader) readTicketFirst(tokens []word) (c Command, isAny bool, err error) {
	if !r.knowsGroups() || r.isCheck {
		return Command{}, false, nil
	}
	d := &draft{reader: r}
	for n := 1; n < min(len(tokens)-1, maxTicketWords); n++ {
		rest := tokens[n:]
		isCut := rest[0].isOneOf([]string{"-", "|", "/", "--"})
		isKey := n == 1 && ticketKey.MatchString(tokens[0].text)
		if !endsClause(tokens[n-1]) && !isCut && !isKey || !d.isTicket(tokens[:n]) {
			continue
		}
		if isCut {
			rest = rest[1:]
		}
		c, err := r.readSentence(r.dropOpening(rest))
		ask, ok := r.offeredBy(c, err)
		if !ok {
			return Command{}, false, nil
		}
		ask.Reason = strings.TrimRight(strings.TrimRight(joinTyped(tokens[:n]), ",;:- ")+": "+ask.Reason, ": ")
		if err == nil && reasonProblem(ask.Reason) == "" {
			return Command{Verb: VerbAsk, Ask: ask}, true, nil
		}
		return Command{}, true, newError(r.verify(ask), "The reason comes last, after %s.", Typed("because"))
	}
	return Command{}, false, nil
}

// maxTicketWords bounds the key of a ticket with what people call it.
const maxTicketWords = 4

// lateReasonDrafts read the last words of a reason as parts of the request, if a group or
// codes are missing before it: IDU because audit for Sales.
func (r *reader) lateReasonDrafts(o opening, body, reason []word) []*draft {
	if !r.knowsGroups() || len(r.exactRuns(body)) > 0 && r.hasLicense(body) {
		return nil
	}
	for i := len(reason) - 1; i > 0 && i >= len(reason)-maxLateWords; i-- {
		if reason[i-1].isOneOf(prepositions) || (item{word: reason[i-1]}).isFiller() {
			continue // it belongs to what follows
		}
		rest := slices.Concat(body, reason[i:])
		var drafts []*draft
		for _, found := range r.exactRuns(rest) {
			d := r.readDraft(o, rest, found, reason[:i])
			d.noteCorrection(typedText(reason[i:]), "", "The reason comes last, after %s.", Typed("because"))
			if d.question == nil {
				drafts = append(drafts, d)
			}
		}
		if len(drafts) > 0 {
			return drafts
		}
	}
	return nil
}

// maxLateWords bounds the words behind a reason.
const maxLateWords = 12

// takeWeakReason takes a reason behind a word that begins one as well as something else.
func (d *draft) takeWeakReason(items []item) []item {
	if d.Licenses == nil || d.ask.Reason != "" {
		return items
	}
	for i, it := range items {
		words := plainWords(items[i:])
		if it.kind != plain || len(words) < len(items)-i || !d.maySayWhy(words) {
			continue
		}
		isWhole := d.isPurpose(words) || strings.EqualFold(it.typed, "so that") || words[1].isKeyword("per")
		reason := typedText(words)
		if !isWhole {
			reason = typedText(words[1:])
		}
		d.takeReason(splitWords(reason))
		if !surelySaysWhy(words) {
			d.noteReason(readsLikeReason, typedText(words), reason)
		}
		return items[:i]
	}
	return items
}

// What is said of words that were taken for the reason.
const (
	readsLikeReason = "%s reads like a reason. Write it after %s."
	notUnderstood   = "%s is not understood. If it is the reason, write it after %s."
)

// noteReason notes that what was typed is taken for the reason, and where it belongs.
func (d *draft) noteReason(format, typed, reason string) {
	d.noteCorrection(typed, "because "+reason, format, Typed(typed), Typed("because"))
}

// maySayWhy reports whether words may be a reason behind the first one, or what something is for.
func (d *draft) maySayWhy(words []word) bool {
	if len(words) < 2 || !words[0].isOneOf(weakReasonWords) && !d.isPurpose(words) || d.namesGroup(words[1:]) {
		return false
	}
	isAsTyped := words[0].text == words[0].lower()
	return !(isAsTyped && d.isTimeOrManner(words[1:])) && d.isPlainReason(words[1:])
}

// isPurpose reports whether words say what something is for: to test the robots.
func (d *draft) isPurpose(words []word) bool {
	return words[0].isKeyword("to") && len(words) > 2 && d.isReason(words[1:], true) && !(item{word: words[1]}).isFiller()
}

// isPlainReason reports whether words are one sentence that names no other group, no license and nothing that
// is meant alone.
func (d *draft) isPlainReason(words []word) bool {
	at := slices.IndexFunc(words, func(w word) bool { return (item{word: w}).isNumber() })
	if at >= 0 && (at+1 == len(words) || words[at+1].isOfSeats()) {
		return false
	}
	isAlone := func(w word) bool { return w.isOneOf(onlyWords) || w.isOneOf(startWords) }
	return !d.namesOther(words) && !endsSentence(words[:len(words)-1]) && !slices.ContainsFunc(words, isAlone)
}

// surelySaysWhy reports whether words behind since or as can be nothing but a reason: a sentence, or what it
// is due to.
func surelySaysWhy(words []word) bool {
	isSentence := len(words) > 3 && words[1].isOneOf(subjects) ||
		len(words) > 3 && slices.ContainsFunc(words[2:], func(w word) bool { return w.isOneOf(toldVerbs) })
	isSaid := strings.EqualFold(words[0].typed, "due to") || wordAt(words, 1).isKeyword("per")
	return (isSentence && words[0].means == "" || isSaid) && !slices.ContainsFunc(words, word.isHedged)
}

// takeState takes what a clause says about the group as the reason: Squad 8 is dissolved, remove …
func (d *draft) takeState(items []item) []item {
	at := slices.IndexFunc(items, func(it item) bool { return it.kind == group })
	if at < 0 || d.ask.Reason != "" || !d.knowsGroups() || at+2 >= len(items) || !items[at+1].isOneOf(beWords) ||
		at > 0 && !items[at-1].endsClause {
		return items
	}
	words := clauseWordsAt(items[at+1:])
	end := at + 1 + len(words)
	if end >= len(items) || !items[end-1].endsClause || !d.saysState(words) {
		return items
	}
	reason := strings.TrimRight(d.ask.Group+" "+joinTyped(words), ",.;:!?")
	d.ask.Reason = reason
	d.noteReason(notUnderstood, reason, reason)
	items[at].endsClause = true
	return slices.Concat(items[:at+1], items[end:])
}

// saysState reports whether words are about the group, and none of them is a part of the request.
func (d *draft) saysState(words []word) bool {
	isOther := func(w word) bool {
		return w.isHedged() || w.isOneOf(onlyWords) || w.quoted || strings.ContainsAny(w.text, "0123456789")
	}
	isPart := d.hasLicense(words) || d.mayNameLicense(words) || soundLikeTime(words)
	return !isPart && !slices.ContainsFunc(words, isOther)
}

// A clause is words that mean nothing to the grammar, between its parts and punctuation.
type clause struct {
	from, to int
	isApart  bool // punctuation or the end stands on both sides
}

// takeClauses takes words that mean nothing to the grammar, between punctuation or at the end:
// they can only be the reason. Where one of them could be something else, it takes none.
func (d *draft) takeClauses(items []item) []item {
	if d.Licenses == nil || !d.knowsGroups() || d.ask.Reason != "" {
		return items
	}
	said := d.saidClauses(items)
	front, behind := joinClauses(items, said)
	whole := strings.Trim(front+", "+behind, ", ")
	switch {
	case len(said) == 0 || reasonProblem(whole) != "":
		return items
	case front != "":
		d.askWhich("%s can be the reason, or mean nothing.", []any{Typed(front)},
			func(a *approvals.Ask) { a.Reason = whole }, func(a *approvals.Ask) { a.Reason = behind })
		return withoutClauses(items, said)
	}
	d.ask.Reason = whole
	isUnsure := func(c clause) bool { return !d.isSure(c, plainWords(items[c.from:c.to])) }
	if slices.ContainsFunc(said, isUnsure) {
		d.noteReason(notUnderstood, whole, whole)
	}
	return withoutClauses(items, said)
}

// saidClauses are the clauses that can only be the reason.
func (d *draft) saidClauses(items []item) []clause {
	var said []clause
	for _, c := range d.clauses(items) {
		words := plainWords(items[c.from:c.to])
		if c.from > 0 && endsSentence([]word{items[c.from-1].word}) {
			words = slices.Clone(words)
			words[0].text = strings.ToLower(words[0].text) // it is the first of a sentence
		}
		if d.isReason(words, c.isApart) || c.isApart && c.from > 0 && d.namesDated(withoutPoliteness(words)) {
			said = append(said, c)
		}
	}
	return said
}

// joinClauses is the reason that clauses give: those at the front, and those behind other items.
func joinClauses(items []item, said []clause) (front, behind string) {
	first := 0
	for _, c := range said {
		to := &behind
		if c.from == first {
			to, first = &front, c.to
		}
		*to = strings.TrimPrefix(*to+", "+reasonOf(plainWords(items[c.from:c.to])), ", ")
	}
	return front, behind
}

// isSure reports whether the words of a clause can be nothing but the reason.
func (d *draft) isSure(c clause, words []word) bool {
	words = withoutPoliteness(words)
	if len(words) == 0 {
		return false
	}
	isKey := ticketNumber.MatchString(words[len(words)-1].text) && d.isTicket(words)
	return isKey || c.isApart && d.saysPlainly(words)
}

// saysPlainly reports whether a clause can be nothing but the reason: a sentence about people or about what is
// asked for, or several words of which none sounds like a part of a request.
func (d *draft) saysPlainly(words []word) bool {
	if saysUnneeded(words) || d.isTicket(words) {
		return true
	}
	isOther := func(w word) bool { return w.isHedged() || isActing(w) || w.isOneOf(onlyWords) || w.isOneOf(moreWords) }
	if words[len(words)-1].isOneOf(seasons) || slices.ContainsFunc(words, isOther) {
		return false
	}
	isSubject := words[0].isOneOf(subjects) || words[0].isOneOf([]string{"it", "this", "there"})
	isSentence := isSubject && len(words) > 2 && !d.saysWhen(words)
	return isSentence || saySeveral(words) && !soundLikeTime(words) && !words[0].isOneOf(separators)
}

// saySeveral reports whether several of the words can say something.
func saySeveral(words []word) bool {
	if len(words) > 2 && words[0].saysMuch() {
		return true
	}
	first := slices.IndexFunc(words, word.saysMuch)
	return first >= 0 && slices.ContainsFunc(words[first+1:], word.saysMuch)
}

// reasonOf is the reason that the words of a clause give.
func reasonOf(words []word) string {
	if said := withoutPoliteness(words); !hasSubject(words) || len(said) > 2 {
		words = said // it is urgent
	}
	if len(words) > 1 && words[0].isOneOf(weakReasonWords) {
		words = words[1:]
	}
	return strings.Trim(joinTyped(words), ",;:.- ")
}

// withoutClauses is items with the end of a clause in place of each of these.
func withoutClauses(items []item, said []clause) []item {
	var rest []item
	from := 0
	for _, c := range said {
		rest = append(append(rest, items[from:c.from]...), item{kind: gap, endsClause: true})
		from = c.to
	}
	return append(rest, items[from:]...)
}

// clauses are those that stand apart, and the one behind all parts of a request.
func (d *draft) clauses(items []item) []clause {
	isPart, last := d.findParts(items)
	var all []clause
	endsAt := func(i int) bool { return i == 0 || i == len(items) || items[i-1].endsClause }
	for from := 0; from < len(items); from++ {
		if isPart[from] || !endsAt(from) && !isPart[from-1] {
			continue
		}
		to := from + 1
		for to < len(items) && !isPart[to] && !endsAt(to) {
			to++
		}
		isApart := endsAt(from) && endsAt(to)
		if !isApart {
			from = d.skipSeats(items, from, to)
		}
		if isApart || from > last && from < to {
			all = append(all, clause{from, to, isApart})
		}
		from = to - 1
	}
	return all
}

// skipSeats is where what belongs to the codes before it ends.
func (d *draft) skipSeats(items []item, from, to int) int {
	for from < to && d.isBesideSeats(items, from) {
		from++
	}
	return from
}

// findParts reports for each item whether it is a part of the request, and where the group and
// the licenses end.
func (d *draft) findParts(items []item) (isPart []bool, last int) {
	trial := &draft{reader: d.reader, isTrial: true}
	isPart = make([]bool, len(items))
	for i := 0; i < len(items); i++ {
		n := 1
		if items[i].kind == plain {
			n = trial.licensesAt(items[i:]).n
		}
		for at := i; at < i+n; at++ {
			isPart[at] = true
		}
		if n > 0 && items[i].kind != gap {
			last = i + n - 1
		}
		i += max(n, 1) - 1
	}
	return isPart, last
}

// isBesideSeats reports whether an item belongs to the codes before it: a number of seats, or a
// word that means nothing and begins no clause.
func (d *draft) isBesideSeats(items []item, i int) bool {
	it := items[i]
	endsThere := i+1 == len(items) || items[i+1].kind != plain || it.endsOff
	isSeats := it.isNumber() && (endsThere || items[i+1].isOneOf(seatWords))
	return isSeats || it.isFiller() && !it.isOneOf(clauseWords) || it.text == "-"
}

// withoutPoliteness is words without please, thanks and the like at the end.
func withoutPoliteness(words []word) []word {
	for len(words) > 0 && words[len(words)-1].isOneOf(politeWords) {
		words = words[:len(words)-1]
	}
	return words
}

// isReason reports whether words say something, and none of them may be a part of the request,
// or turn or limit what it asks for. One word says enough where it stands apart.
func (d *draft) isReason(words []word, isApart bool) bool {
	isOwnGroup := func(w word) bool { return w.means == nothing }
	if isApart && saysUrgent(words) {
		return true
	}
	words = withoutPoliteness(words)
	if len(words) == 0 || d.namesGroup(slices.DeleteFunc(slices.Clone(words), isOwnGroup)) ||
		words[0].isOneOf(stateWords) || words[0].isOneOf(addVerbs) {
		return false
	}
	isUnneeded := isApart && d.isSaid && d.ask.Action == approvals.Remove && saysUnneeded(words)
	if d.isTicket(words) || isUnneeded {
		return true
	}
	isMistyped := func(k string) bool { return isNearKeyword(words[0].lower(), k) }
	if slices.ContainsFunc(keywords, isMistyped) { // it is what begins the rest
		return false
	}
	return !d.mayNameGroup(words, isApart) && !d.mayNameLicense(words) && d.saysEnough(words, isApart)
}

// saysUrgent reports whether words are a sentence that says how urgent something is.
func saysUrgent(words []word) bool {
	return len(words) > 2 && hasSubject(words) && words[len(words)-1].isKeyword("urgent")
}

// saysEnough reports whether each of the words may stand in a reason, and they say something.
func (d *draft) saysEnough(words []word, isApart bool) bool {
	said, plainly := 0, 0
	for i, w := range words {
		switch {
		case d.isNoReason(words[i:], isApart, i > 0, isApart && hasSubject(words)):
			return false
		case i > 0 && d.isNearGrammar(word{text: words[i-1].text + w.text}):
			return false // it was split
		case !w.saysMuch():
			continue
		}
		said++
		isShort := len(w.text) < 4 && isApart && IsCode(w.text) // UAT
		if w.text == strings.ToLower(w.text) || isShort {
			plainly++
		}
	}
	return plainly > 0 && (said > 1 || isApart) && (isApart || !soundLikeTime(words))
}

// isHedged reports whether a word turns or limits what is asked for.
func (w word) isHedged() bool { return w.isTurning() || w.isOneOf(hedges) }

// saysMuch reports whether a word can say something in a reason.
func (w word) saysMuch() bool {
	return !(item{word: w}).isFiller() && !w.isOneOf(prepositions) && len(lettersOf(w.text)) > 2
}

// isNoReason reports whether the first of these words may be a part of the request, or turn
// or limit it. A clause with a subject may count what the reason is about.
func (d *draft) isNoReason(words []word, isApart, isBehind, isTold bool) bool {
	w := words[0]
	isPast := !isApart && w.isOneOf(pastWords)
	isAct := d.mayAct(w, isApart) && !(isTold && isBehind)
	switch {
	case isPast || isAct || w.quoted || isPerson(w.text) || mention.MatchString(w.text) || d.mayTurn(w, isTold):
		return true
	case isTold && isBehind && d.mayBeTold(w):
		return false
	}
	return d.isAmount(words, isApart && isBehind, isTold) || d.isPartLike(words)
}

// mayTurn reports whether a word may turn or limit what is asked for. Some do not in a clause with a subject.
func (d *draft) mayTurn(w word, isTold bool) bool {
	return w.isHedged() && !(isTold && w.isOneOf(tellingWords)) || d.isUndoing(w)
}

// mayBeTold reports whether a word behind a subject is a day or an amount of what is told.
func (d *draft) mayBeTold(w word) bool {
	_, days := d.readDay([]word{w})
	return days > 0 || ordinal.MatchString(w.text) || w.isOneOf(onlyWords) || w.isOneOf(moreWords)
}

// isPartLike reports whether the first of these words looks like a part of the request.
func (d *draft) isPartLike(words []word) bool {
	w := words[0]
	isCompound := len(words) > 1 && strings.Contains(w.text, "-")
	return strings.ContainsAny(w.text, "()") || w.isKeyword("unlimited") ||
		d.isNearGrammar(w) && !isCompound && !d.isTicket(words[:1])
}

// saysUnneeded reports whether words say that a license is not needed.
func saysUnneeded(words []word) bool {
	return slices.ContainsFunc(words, func(w word) bool { return w.means == unneeded })
}

// hasSubject reports whether words begin a clause that tells something: we are …, Kees is back.
func hasSubject(words []word) bool {
	return words[0].isOneOf(clauseWords) || len(words) > 1 && words[1].isOneOf(toldVerbs) && words[0].saysMuch()
}

// mayAct reports whether a word may be what is asked for. A clause that says why codes are removed
// may say that something is over.
func (d *draft) mayAct(w word, isApart bool) bool {
	isOver := isApart && d.ask.Action == approvals.Remove && isForm(w, overVerbs)
	return isActing(w) && !isOver
}

// isAmount reports whether the first of these words is a number, and may be one of seats or days.
// A long one behind others in a clause of its own is none.
func (d *draft) isAmount(words []word, isBehindInClause, hasSubject bool) bool {
	w := words[0]
	isAlone := len(words) == 1
	isLong := longNumber.MatchString(w.text) && !year.MatchString(w.text)
	if isBehindInClause && isLong && (isAlone || !words[1].isOneOf(seatWords)) {
		return false
	}
	isDigits := strings.ContainsAny(w.text, "0123456789") && !d.isTicket(words[:1])
	isOfCount := !isAlone && !(item{word: words[1]}).isFiller() && hasSubject
	return isDigits || (item{word: w}).isNumber() && !isOfCount
}

// mayNameGroup reports whether words may be a mistyped group. Beside others a word may be one
// by chance: finance, in a clause that stands apart.
func (d *draft) mayNameGroup(words []word, isApart bool) bool {
	isNear := func(w word) bool {
		isName := w.text != strings.ToLower(w.text) || !isApart || len(words) == 1
		return isName && !(item{word: w}).isFiller() && len(d.nearGroups(w.text)) > 0
	}
	return len(d.nearGroups(joinWords(words))) > 0 || slices.ContainsFunc(words, isNear)
}

// mayNameLicense reports whether the name of a license is among words, owned or not.
func (d *draft) mayNameLicense(words []word) bool {
	text := " " + nameKey(joinWords(words)) + " "
	for _, product := range products {
		if strings.Contains(text, " "+product+" ") {
			return true
		}
	}
	return slices.ContainsFunc(d.Licenses, func(l License) bool {
		name, _, _ := strings.Cut(l.Name, " – ")
		head := nameWords(name)
		return len(head) > 0 && strings.Contains(text, " "+strings.Join(head[:min(len(head), 2)], " ")+" ")
	})
}

// products are what people may call licenses that are no user bundles, in the singular.
var products = []string{
	"unattended", "orchestrator", "studiox", "automation hub", "automation op", "ai center",
	"document understanding", "communication mining", "task mining", "task capture", "test manager", "test suite",
	"test cloud", "data service", "integration service", "autopilot", "maestro",
}

// isNearGrammar reports whether a word may be a part of the request: of a time, or near a
// license, a pack or a keyword.
func (d *draft) isNearGrammar(w word) bool {
	if (item{word: w}).isFiller() || w.isOneOf(prepositions) {
		return false
	}
	text := w.lower()
	isKeyword := slices.ContainsFunc(keywords, func(k string) bool {
		return text[0] == k[0] && isNearKeyword(text, k)
	})
	_, days := d.readDay([]word{w})
	_, isUnit := findUnit(text)
	_, isMonth := findMonth(text)
	return isKeyword || days > 0 || isUnit || isMonth || d.isNearName(w)
}

// isNearName reports whether a word may be a code or a name, or has one stuck to it.
func (d *draft) isNearName(w word) bool {
	text := w.lower()
	isGlued := slices.ContainsFunc(d.long, func(k string) bool {
		isOther := len(text)-len(k) == 1 // another form of it
		return !isOther && (strings.HasPrefix(text, k) || strings.HasSuffix(text, k))
	})
	isCode := IsCode(w.text) && len(w.text) > 3
	return isCode || isGlued || len(d.nearest(w.text)) > 0 || len(d.nearPacks(w.text)) > 0
}

// isNearKeyword reports whether a text is a keyword, or a long one with one letter wrong.
func isNearKeyword(text, keyword string) bool {
	isLong := len(keyword) > 4 || keyword == "for" && len(text) < 4
	return text == keyword || isLong && isOneEdit(text, keyword)
}

// longWords are words that are seldom a part of others: one that begins or ends so may be two
// without the blank between them.
func (r *reader) longWords() []string {
	var all []string
	for _, l := range r.names {
		all = append(all, strings.ToLower(l.Code))
		all = append(all, l.words...)
	}
	for _, p := range r.packs {
		all = append(all, p.Name)
	}
	for foreign := range translations {
		if len(foreign) > 5 {
			all = append(all, foreign)
		}
	}
	return slices.DeleteFunc(append(all, keywords...), func(k string) bool { return len(k) < 4 })
}

// isActing reports whether a word is a form of a verb that takes out or changes.
func isActing(w word) bool {
	return isForm(w, slices.Concat(
		removeVerbs, moveVerbs, swapVerbs, copyVerbs, limitVerbs, softVerbs, endVerbs, overVerbs))
}

// isForm reports whether a word is a form of one of these verbs, maybe mistyped.
func isForm(w word, verbs []string) bool {
	text := w.lower()
	for _, verb := range verbs {
		stem := strings.TrimSuffix(verb, "e")
		isForm := len(stem) > 2 && strings.HasPrefix(text, stem) && len(text)-len(stem) < 5
		if isForm || len(verb) > 4 && isOneEdit(text, verb) {
			return true
		}
	}
	return false
}

var (
	// keywords are words of the grammar that may be mistyped.
	keywords = slices.Concat(reasonWords, untilWords, startWords, restWords, forGood, everything, moreWords,
		reservedWords, []string{"for", WordEmpty, "only", "just", "exactly", "next"})
	// endVerbs end something.
	endVerbs = []string{"cancel", "stop", "clear", "reset"}
	// overVerbs say that something is over.
	overVerbs = []string{"end", "expire", "lose", "lost", "gone"}
	// clauseWords may begin a clause that gives a reason.
	clauseWords = []string{
		"of", "we", "i", "it", "our", "my", "the", "a", "an", "they", "their", "he", "she", "his", "her", "this", "that",
		"there", "someone", "somebody",
	}
	// tellingWords limit nothing in a clause that has a subject.
	tellingWords = []string{
		"back", "while", "after", "before", "already", "still", "again", "who", "what", "which", "how", "where", "why",
		"asked", "told", "said", "says", "out", "off", "gone",
	}
	// stateWords begin what is said about the licenses that are named.
	stateWords = []string{"is", "are", "was", "were", "has", "had", "have", "already", "still", "again"}
	// beWords begin what is said about a group.
	beWords = []string{"is", "are", "was", "were"}
	// toldVerbs stand behind the subject of what is told.
	toldVerbs = append([]string{"has", "have", "asked", "told", "said", "will", "needs", "wants"}, beWords...)
	// politeWords end a request.
	politeWords = append([]string{"please", "pls", "plz", "thank", "you", "ty", "asap", "urgent"}, signOffs...)
	// pastWords may say what was so before.
	pastWords = []string{"was", "were", "had", "did", "been", "used"}
	// hedges limit or condition what is asked for, or compare it with something else.
	hedges = append([]string{
		"or", "either", "than", "like", "same", sameAs, "similar", "instead", "rather", "half", "part", "some",
		"other", "others", "whichever", "already", "still", "again", "back", "also", "too", "plus", "auch", "ook",
		"aussi", "también", "anche", "sowie", "otherwise", "alternatively", "except", "date", "expiry", "deadline",
		"maybe", "perhaps", "wrong", "ignore", "mistake", "what", "who", "which", "how", "where", "why", "whether",
		"says", "said", "asked", "told", "actually", "wait", "oops", "correction", "off", "out", "gone",
	}, conditions...)
	// conditions say when something is asked for, or whether.
	conditions = []string{
		"if", "when", "once", "after", "before", "unless", "while", "whenever", "provided", "assuming", "depending",
		"later", "falls", "wenn", "sobald", "erst", "zodra", "quand", "cuando", "quando", "mits", "tenzij", "indien",
		"wanneer", "nadat", "totdat", "zolang", "tijdens", "als", "sofern", "nach", "während", "dès", "durant",
		"mientras", "tant", "fois",
	}
)

// namesGroup reports whether a known group is among words.
func (r *reader) namesGroup(words []word) bool { return r.knowsGroups() && len(r.exactRuns(words)) > 0 }

// isTimeOrManner reports whether words behind since or as give no reason.
func (d *draft) isTimeOrManner(words []word) bool {
	_, n := d.readDay(words)
	_, isMonth := findMonth(words[0].lower())
	return n > 0 || isMonth || d.readLength(words).n > 0 || words[0].isOneOf(mannerWords)
}

// mannerWords behind as give no reason.
var mannerWords = []string{
	"of", "soon", "from", "many", "much", "few", "little", "long", "well", "usual", "always", "before",
}

// weakReasonWords may begin a reason. Before one of the subjects they surely do.
var (
	weakReasonWords = []string{"since", "as"}
	subjects        = []string{"we", "i", "he", "she", "they", "our", "their", "his", "her"}
)

var (
	ticketKey    = regexp.MustCompile(`^[A-Z][A-Z0-9]{1,9}-[0-9]+$|^[A-Z]{2,6}[0-9]{4,}$|^#[0-9]{3,}$`)
	ticketNumber = regexp.MustCompile(`^[A-Z]{2,6}[0-9]{5,}$`) // of a ticket and of nothing else
	longNumber   = regexp.MustCompile(`^[0-9]{4,}$`)           // of an account, hardly of seats
	webAddress   = regexp.MustCompile(`^(https?://\S+|[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+/\S+)$`)
)

// ticketWords stand before the key of a ticket.
var ticketWords = []string{
	"ticket", "see", "per", "ref", "reference", "jira", "issue", "case", "incident", "request", "of", "for",
}

// isTicket reports whether words are the key of a ticket or an address, with what people
// call it before it. A key is nothing that UiPath has.
func (d *draft) isTicket(words []word) bool {
	last := words[len(words)-1]
	for _, w := range words[:len(words)-1] {
		if !w.isOneOf(ticketWords) {
			return false
		}
	}
	if last.quoted {
		return false
	}
	prefix, _, _ := strings.Cut(strings.ToLower(last.text), "-")
	isGroupLike := func(g approvals.Group) bool {
		return strings.HasPrefix(strings.ToLower(g.ID), prefix+"-") || strings.HasPrefix(g.Canonical.String(), prefix+" ")
	}
	isOther := d.isAskable(last.text) || len(d.nearest(prefix)) > 0 || slices.ContainsFunc(d.Groups, isGroupLike)
	isKey := ticketKey.MatchString(last.text) && !isOther
	isNear := len(d.nearest(last.text)) > 0 || len(d.nearGroups(last.text)) > 0
	return isKey && !isNear || webAddress.MatchString(last.text)
}

// trim is an item without these characters around it.
func (it item) trim(cut string) item {
	it.text, it.typed = stripDecoration(strings.Trim(it.text, cut)), strings.Trim(it.typed, cut)
	return it
}

// isRequestPart reports whether all of the items are codes, seats, times and what may
// stand between them.
func (d *draft) isRequestPart(items []item) bool {
	trial := draft{reader: d.reader, opening: d.opening, isTrial: true}
	trial.ask.Action = d.ask.Action
	items = trial.takePeriods(items)
	items = trial.takeLicenses(items)
	for _, it := range items {
		if it.kind == plain && !it.isFiller() && !it.isNumber() {
			return false
		}
	}
	return !trial.isBad()
}
