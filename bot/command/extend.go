package command

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"licensebot/approvals"
)

// A Filed is a request that people name by its id.
type Filed struct {
	Ask  approvals.Ask
	Ends time.Time // when what it gave ends, if that runs for a time
}

// lateVerbs ask for another end of what runs.
var lateVerbs = []string{"extend", "prolong", "prolongate", "renew"}

// Words that count a time from the present end, forward or back.
var (
	furtherWords = []string{"by", "another", "more", "extra", "additional", "longer", "further"}
	earlierWords = []string{"shorten", "earlier", "sooner", "less"}
)

// isLate reports whether a verb asks for a later end, and not for more licenses: extend Sales with IDU.
func isLate(verb word, words []word) bool {
	isVerb := verb.isOneOf(lateVerbs) || verb.isKeyword("shorten")
	return isVerb && !haveOneOf(words, moreWords) && !haveOneOf(words, []string{"with"})
}

// wantsLaterEnd reports whether a sentence about a request is about its end, and not about ending it.
func (r *reader) wantsLaterEnd(words []word) bool {
	otherEnd := []string{"extended", "prolonged", "longer", "shorten", "postpone"}
	if haveOneOf(words, lateVerbs) || haveOneOf(words, otherEnd) {
		return true
	}
	verb, isAct := findLookup(idLookups, withoutEndOf(words))
	isNow := haveOneOf(words, []string{"now", "today", "immediately"})
	isEarly := haveOneOf(words, []string{"early", "earlier"})
	isEnd := func(p period) bool { return p.n > 0 && !p.isForGood && !p.isVague }
	hasDay := len(r.dayAmong(words)) > 0
	for i := range words {
		hasDay = hasDay || isEnd(r.readPeriod(words[i:]))
	}
	switch {
	case !isAct:
		return hasDay || slices.ContainsFunc(words, isUnit)
	case verb != VerbEnd || isNow && !slices.ContainsFunc(words, word.isTurning):
		return false
	}
	return hasDay || slices.ContainsFunc(words, isUnit) && !isEarly
}

// dayAmong are the words from the first day on that is still to come.
func (r *reader) dayAmong(words []word) []word {
	words = slices.Clone(words)
	for i := range words {
		words[i].text = strings.Trim(words[i].text, "()")
	}
	for i := range words {
		if days, n := r.readDay(words[i:]); n > 0 && days[0].After(r.today()) {
			return words[i:]
		}
	}
	return nil
}

// askToExtend offers the request that has the other end.
func (r *reader) askToExtend(words []word) *Error {
	body, reason := cutReason(words, 0)
	if len(reason) == 0 {
		body, reason = cutClause(body)
	}
	filed, id := r.filedIn(body)
	ask := filed.Ask
	ask.Command, ask.For, ask.Until, ask.Reason, ask.Packs = r.name, 0, time.Time{}, joinTyped(reason), nil
	const explained = "To change when licenses end, ask for the same codes of the same group again, with the other end."
	question := newError("", explained)
	ends, read := r.otherEnds(body, filed.Ends)
	if left := r.leftOf(body, read, ask); left != "" {
		question.Format, question.Args = question.Format+" %s is not understood.", []any{Typed(left)}
		return question
	}
	if ask.Action == approvals.Add {
		for _, p := range ends {
			one := ask
			p.applyTo(&one)
			if text := r.verify(one); text != "" {
				question.Either = append(question.Either, text)
			}
		}
	}
	switch len(question.Either) {
	case 0:
		question.Fill = r.fillToExtend(ask, ends)
	case 1:
		question.Try, question.Either = question.Either[0], nil
	default:
		question.Format += " That can mean several days."
	}
	if ask.Action != approvals.Add {
		look := r.name + " mine"
		if id != "" {
			look = r.name + " status " + id
		}
		question.Format, question.Args = question.Format+" %s shows what was asked for.", []any{Typed(look)}
	}
	return question
}

// againWords ask for the same as a request once more.
var againWords = []string{
	"again", "resubmit", "repeat", "redo", "refile", "reopen", "retry", "same", sameAs, "copy", "reapply", "rerequest",
}

// askAgain offers the request that is named once more.
func (r *reader) askAgain(words []word) *Error {
	body, reason := cutReason(words, 0)
	if len(reason) == 0 {
		body, reason = cutClause(body)
	}
	filed, id := r.filedIn(body)
	isAct := func(w word) bool { return w.isOneOf(idLookups[0].words) || w.isOneOf(idLookups[1].words) }
	if id == "" || !haveOneOf(body, againWords) || slices.ContainsFunc(body, isAct) {
		return nil
	}
	again := newError("", "A request is asked for again by its group and its licenses, as a new one.")
	ask := filed.Ask
	ask.Command, ask.Until, ask.Reason, ask.Packs = r.name, time.Time{}, joinTyped(reason), nil
	isTimed := filed.Ask.IsTimed()
	left := r.leftOf(body, nil, ask)
	rest := strings.Fields(left)
	isOther := func(text string) bool { return !slices.Contains(againWords, strings.ToLower(text)) && text != "as" }
	switch {
	case ask.Action != approvals.Add || slices.ContainsFunc(rest, isOther):
		again.Format += " %s shows what was asked for."
		again.Args = []any{Typed(withID(r.name, VerbStatus, id))}
	case isTimed && ask.For == 0:
		again.Fill = r.fillToExtend(ask, nil)
	default:
		again.Try = r.verify(ask)
	}
	return again
}

// cutClause cuts the words at the last punctuation if those behind it say something, and nothing of a time.
func cutClause(words []word) (body, clause []word) {
	for i := len(words) - 1; i > 0; i-- {
		isDash := words[i].text == "-"
		if !endsClause(words[i-1]) && !isDash {
			continue
		}
		clause = words[i:]
		if isDash {
			clause = words[i+1:]
		}
		isOther := func(w word) bool { return w.isID() || soundsLikeTime(w) || isEndWord(w) }
		if !slices.ContainsFunc(clause, word.saysMuch) || slices.ContainsFunc(clause, isOther) || mentionsPeriod(clause) {
			return words, nil
		}
		return words[:i], withoutPoliteness(clause)
	}
	return words, nil
}

// isEndWord reports whether a word names a day or begins the end of something.
func isEndWord(w word) bool {
	_, isMonth := findMonth(w.lower())
	return isMonth || isWeekday(w.lower()) || w.isKeyword("end")
}

// filedIn is the request that words name, and its id. Only one that gave licenses can be asked for again.
func (r *reader) filedIn(words []word) (filed Filed, id string) {
	at := slices.IndexFunc(words, word.isID)
	if at < 0 {
		return Filed{}, ""
	}
	id = strings.ToUpper(words[at].text)
	if r.FindRequest == nil {
		return Filed{}, id
	}
	if found, ok := r.FindRequest(id); ok && found.Ask.Action == approvals.Add {
		filed = found
	}
	return filed, id
}

// otherEnds are the ends that words can mean, for what ends then, and the words that say so. A length counts
// from the present end, or with the word for also from now.
func (r *reader) otherEnds(words []word, ends time.Time) (found []period, read []word) {
	plainer, isFurther := withoutFurther(words)
	for i := range plainer {
		p := r.readEnd(plainer[i:])
		if p.n == 0 || p.isBroken() {
			continue
		}
		read = plainer[i : i+p.n]
		switch {
		case len(p.either) > 0:
			return p.either, read
		case !p.isCounted:
			return []period{p}, read
		case haveOneOf(words, earlierWords):
			return nil, read
		case i > 0 && plainer[i-1].isOneOf([]string{"in", "after", "within"}): // counted from today
			return r.afterEnd(plainer[i:], r.Now), read
		}
		found = r.afterEnd(plainer[i:], ends)
		if isFor := plainer[i].isKeyword("for") && !isFurther; isFor && len(found) > 0 {
			found = append(found, p)
		}
		return found, read
	}
	if named := r.dayAmong(words); named != nil {
		days, n := r.readDay(named)
		if p := r.untilOneOf(joinWords(named[:n]), days); len(p.either) > 0 {
			return p.either, named[:n]
		} else if p.problem == nil {
			return []period{p}, named[:n]
		}
	}
	return nil, nil
}

// leftOf are the words that say something beside the request, what it gave and its other end.
func (r *reader) leftOf(words, read []word, ask approvals.Ask) string {
	known := slices.Concat(extendWords, furtherWords, earlierWords, lateVerbs, openers, prepositions, requestWords,
		politeWords, untilWords, idLookups[1].words, showVerbs, questionWords, onlyWords)
	own := []string{ask.Group}
	for _, code := range ask.Codes {
		l, _ := r.license(code)
		own = append(own, code, l.Name)
	}
	isOwn := func(w word) bool {
		isPart := func(name string) bool { return slices.Contains(nameWords(name), singular(w.lower())) }
		return slices.ContainsFunc(own, isPart) || strings.Contains(strings.ToLower(strings.Join(own, " ")), w.lower())
	}
	var left []word
	for _, w := range words {
		isNothing := w.isOneOf(known) || (item{word: w}).isFiller() || isUnit(w) || w.text == "-"
		if !isNothing && !slices.Contains(read, w) && !w.isID() && !isOwn(w) {
			left = append(left, w)
		}
	}
	return joinWords(left)
}

// extendWords say nothing more where another end is asked for.
var extendWords = []string{
	"extended", "prolonged", "postpone", "push", "out", "back", "run", "runs", "keep", "until", "end", "date", "time",
	"new", "already", "still", "again", "till", "go", "on", "stay", "active", "period", "grant", "access", "day",
}

// readEnd reads a time, or a length with an article and no more before it.
func (k Known) readEnd(words []word) period {
	if p := k.readPeriod(words); p.n > 0 {
		return p
	}
	return k.readLength(words)
}

// withoutFurther leaves out the words that count from the present end, and reports whether there are any.
func withoutFurther(words []word) (rest []word, isFurther bool) {
	for i, w := range words {
		switch {
		case !w.isOneOf(furtherWords):
			rest = append(rest, w)
			continue
		case w.isKeyword("another") && isUnit(wordAt(words, i+1)):
			rest = append(rest, word{text: "a", typed: "a"})
		}
		isFurther = true
	}
	return rest, isFurther
}

// afterEnd is the day that a length reaches from an end, if there is one.
func (r *reader) afterEnd(words []word, ends time.Time) []period {
	if ends.IsZero() {
		return nil
	}
	then := r.Known
	then.Now = ends.In(r.Now.Location())
	p := then.readEnd(words)
	switch {
	case p.problem != nil || p.length%day != 0:
		return nil
	case p.length > 0:
		last := then.today().AddDate(0, 0, int(p.length/day))
		p = r.untilDay("", last)
	}
	if p.problem != nil {
		return nil
	}
	return []period{p}
}

// fillToExtend is the command with words in place of what is not known.
func (r *reader) fillToExtend(ask approvals.Ask, ends []period) string {
	parts := []string{r.name, "<group> <code>"}
	if ask.Action == approvals.Add {
		parts[1] = formatAsk(ask, ask.Codes)
	}
	dated := approvals.Ask{}
	if len(ends) == 1 {
		ends[0].applyTo(&dated)
	}
	parts = append(parts, cmp.Or(FormatPeriod(dated), "until <day>"))
	if reason := formatReason(ask); reason != "" {
		parts = append(parts, reason)
	}
	text := strings.Join(parts, " ")
	if !fitsCommand(text) {
		return ""
	}
	return text
}
