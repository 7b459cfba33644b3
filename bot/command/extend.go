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

// wantsLaterEnd reports whether a sentence about a request is about its end, and not about ending it.
func (r *reader) wantsLaterEnd(words []word) bool {
	isLater := func(w word) bool {
		return w.isOneOf(lateVerbs) || w.isOneOf([]string{"extended", "prolonged", "longer", "shorten", "postpone"})
	}
	if slices.ContainsFunc(words, isLater) {
		return true
	}
	verb, isAct := findLookup(idLookups, withoutEndOf(words))
	isNow := func(w word) bool { return w.isOneOf([]string{"now", "today", "immediately", "early", "earlier"}) }
	isOther := !isAct || verb == VerbEnd && !slices.ContainsFunc(words, isNow) // it is to end on that day
	return isOther && (mentionsPeriod(words) || slices.ContainsFunc(words, isUnit) || len(r.dayAmong(words)) > 0)
}

// dayAmong are the words that name a day behind a preposition, and what follows them: on 15-12.
func (r *reader) dayAmong(words []word) []word {
	for i, w := range words {
		if w.isOneOf([]string{"on", "at", "by"}) && i+1 < len(words) {
			if days, n := r.readDay(words[i+1:]); n > 0 && days[0].After(r.today()) {
				return words[i+1:]
			}
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
	ends := r.otherEnds(body, filed.Ends)
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
		isOther := func(w word) bool { return isRequestID(w.text) || soundsLikeTime(w) }
		if !slices.ContainsFunc(clause, word.saysMuch) || slices.ContainsFunc(clause, isOther) || mentionsPeriod(clause) {
			return words, nil
		}
		return words[:i], withoutPoliteness(clause)
	}
	return words, nil
}

// filedIn is the request that words name, and its id. Only one that gave licenses can be asked for again.
func (r *reader) filedIn(words []word) (filed Filed, id string) {
	at := slices.IndexFunc(words, func(w word) bool { return isRequestID(w.text) })
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

// otherEnds are the ends that words can mean, for what ends then. A length counts from the
// present end, or with the word for also from now.
func (r *reader) otherEnds(words []word, ends time.Time) []period {
	plainer, isFurther := withoutFurther(words)
	for i := range plainer {
		p := r.readEnd(plainer[i:])
		switch {
		case p.n == 0 || p.isBroken():
		case len(p.either) > 0:
			return p.either
		case !p.isCounted:
			return []period{p}
		default:
			found := r.afterEnd(plainer[i:], ends)
			if isFor := plainer[i].isKeyword("for") && !isFurther; isFor && len(found) > 0 {
				found = append(found, p)
			}
			if slices.ContainsFunc(words, func(w word) bool { return w.isOneOf(earlierWords) }) {
				return nil
			}
			return found
		}
	}
	if named := r.dayAmong(words); named != nil {
		days, n := r.readDay(named)
		if p := r.untilOneOf(joinWords(named[:n]), days); len(p.either) > 0 {
			return p.either
		} else if p.problem == nil {
			return []period{p}
		}
	}
	return nil
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
