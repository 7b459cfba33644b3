package command

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"licensebot/approvals"
)

// Words of requests that are more than one.
var (
	swapVerbs  = []string{"swap", "replace", "exchange", "switch", "upgrade", "downgrade", "change"}
	swapWords  = []string{"with", "by", "for", "to", "against"}
	moveVerbs  = []string{"move", "transfer", "shift"}
	copyVerbs  = []string{"copy", "mirror", "clone", "duplicate"}
	sourceWord = []string{"as", "of", "like", "from", sameAs}
)

// several reads a sentence that is more than one request.
type several struct {
	*reader
	reason []word // of each
}

// readSeveral answers what is two requests, or a copy of another group's allocation.
func (r *reader) readSeveral(o opening, body, reason []word) *Error {
	s := several{reader: r, reason: reason}
	if !r.knowsGroups() {
		return nil
	}
	runs := slices.CompactFunc(r.maximalRuns(body), func(a, b run) bool { return a.isSame(b) })
	for _, read := range []func(opening, []word, []run) *Error{s.readChange, s.splitVerbs, s.splitEnds, s.readGroups} {
		if found := read(o, body, runs); found != nil {
			return found
		}
	}
	return nil
}

// readChange answers what changes one license or one group for another, with what stands behind it as the reason.
func (s several) readChange(o opening, body []word, runs []run) *Error {
	if o.action != approvals.Add {
		return nil
	}
	if found := s.readTwo(body, runs); found != nil {
		return found
	}
	rest, clause := cutClause(body)
	if len(s.reason) > 0 || !(&draft{reader: s.reader}).isHarmless(clause) {
		return nil
	}
	return several{reader: s.reader, reason: clause}.readTwo(rest, runs)
}

// readGroups answers what is for several groups.
func (s several) readGroups(o opening, body []word, runs []run) *Error {
	if len(runs) < 2 || len(runs) > maxEither {
		return nil
	}
	if each := s.splitGroups(o, body, runs); each != nil {
		return each
	}
	all := s.splitPairs(o, body)
	isTimed := func(a approvals.Ask) bool { return a.IsTimed() }
	n := len(all) - 1
	switch isUnsure := n > 0 && isTimed(all[n]) && !slices.ContainsFunc(all[:n], isTimed); {
	case n > 0 && !isUnsure:
		return s.offerAll("These are several requests: one is for one group.", all)
	case isUnsure, s.arePairs(body):
		return newError("", "These are several requests. Ask for each group separately.")
	}
	return nil
}

// readTwo answers what is a copy, or two requests by a word that says so.
func (s several) readTwo(body []word, runs []run) *Error {
	for i := range body {
		if found := s.readAt(body, i, runs); found != nil {
			return found
		}
	}
	if len(runs) == 2 {
		return s.splitMove(body, runs)
	}
	return nil
}

// splitEnds offers the requests of licenses that have each an end of their own.
func (s several) splitEnds(o opening, body []word, runs []run) *Error {
	if o.action != approvals.Add || len(runs) != 1 {
		return nil
	}
	name := slices.Clone(body[runs[0].from:runs[0].to])
	for i := 1; i+1 < len(body); i++ {
		first, second := body[:i], body[i:]
		if second[0].isOneOf(separators) {
			second = second[1:]
		} else if !endsClause(body[i-1]) {
			continue
		}
		if !s.endsLicense(first) || !s.endsLicense(second) {
			continue
		}
		var asks []approvals.Ask
		for _, words := range [][]word{first, second} {
			if len(s.maximalRuns(words)) == 0 {
				words = slices.Concat(name, words)
			}
			if ask, ok := s.offeredBy(s.readAsk(o, words)); ok {
				asks = append(asks, ask)
			}
		}
		if len(asks) == 2 {
			return s.offerAll("These are several requests: each has an end of its own.", asks)
		}
	}
	return nil
}

// endsLicense reports whether words name a license and when it ends.
func (s several) endsLicense(words []word) bool {
	for i := range words {
		if p := s.readPeriod(words[i:]); p.n > 0 && !p.isNaked && !p.isForGood {
			return s.hasLicense(words)
		}
	}
	return false
}

// splitGroups offers the same request for each of several groups that are named together. A number
// of seats may be for all of them, unless a word says that it is for each.
func (s several) splitGroups(o opening, body []word, runs []run) *Error {
	hasAnd := false
	for i, f := range runs[1:] {
		hasAnd = hasAnd || endsClause(body[runs[i].to-1])
		for _, w := range body[runs[i].to:f.from] {
			hasAnd = hasAnd || w.isOneOf(separators) || endsClause(w)
			if !w.isOneOf(separators) && !w.isOneOf(prepositions) && !(item{word: w}).isFiller() {
				return nil
			}
		}
	}
	behind := body[runs[len(runs)-1].to:]
	if len(behind) > 0 && behind[0].isOneOf(everything) {
		behind = behind[1:] // all need it
	}
	isEach := haveOneOf(body, eachWords)
	var asks []approvals.Ask
	for _, f := range runs {
		words := slices.Concat(body[:runs[0].from], body[f.from:f.to], behind)
		words = slices.DeleteFunc(words, func(w word) bool { return w.isOneOf(eachWords) })
		ask, ok := s.offeredBy(s.readAsk(o, words))
		if !ok || len(ask.Quotas) > 0 && !isEach {
			return nil
		}
		asks = append(asks, ask)
	}
	if !hasAnd {
		return nil
	}
	return s.offerAll("One request is for one group, so these are several requests.", asks)
}

// hasPart reports whether words name a license, or a number beside the groups.
func (s several) hasPart(words []word) bool {
	runs := s.maximalRuns(words)
	for i, w := range words {
		isName := slices.ContainsFunc(runs, func(f run) bool { return f.from <= i && i < f.to })
		if !isName && (item{word: w}).isNumber() && s.readPeriod(words[i:]).n == 0 {
			return true
		}
	}
	return s.hasLicense(words)
}

// arePairs reports whether punctuation or a word such as "and" stands between two groups that
// have each a license or a number.
func (s several) arePairs(body []word) bool {
	for i := 1; i < len(body); i++ {
		isCut := body[i].isOneOf(separators) || endsClause(body[i-1])
		if isCut && len(s.maximalRuns(body[:i])) == 1 && s.hasPart(body[:i]) && s.hasPart(body[i:]) {
			return true
		}
	}
	return false
}

// A part is words of a sentence with a verb of their own.
type part struct {
	opening
	words []word
}

// cutAtVerbs cuts a sentence before each verb behind punctuation or a word such as "and".
func cutAtVerbs(o opening, body []word) []part {
	parts := []part{{opening: o}}
	for i, w := range body {
		last := &parts[len(parts)-1]
		isFirst := i == 0 || body[i-1].isOneOf(separators) || body[i-1].isKeyword("then") || endsClause(body[i-1])
		switch {
		case isFirst && (w.isOneOf(removeVerbs) || w.isKeyword("minus")):
			parts = append(parts, part{opening: opening{action: approvals.Remove, isSaid: true}})
		case isFirst && (w.isOneOf(addVerbs) || w.isKeyword("plus")):
			parts = append(parts, part{opening: opening{action: approvals.Add, isSaid: true}})
		default:
			last.words = append(last.words, w)
		}
	}
	for i := range parts {
		words := parts[i].words
		isLoose := func(w word) bool { return w.isOneOf(separators) || w.isOneOf([]string{"then", "instead"}) }
		for n := len(words); n > 0 && isLoose(words[n-1]); n-- {
			words = words[:n-1]
		}
		parts[i].words = words
	}
	return parts
}

// splitVerbs offers the requests of a sentence with several verbs. What one names, the group or
// the licenses, the next may leave out.
func (s several) splitVerbs(o opening, body []word, runs []run) *Error {
	parts := cutAtVerbs(o, body)
	if len(parts) > 1 && !o.isSaid && !s.hasLicense(parts[0].words) {
		parts = parts[1:] // it is the group
	}
	if len(parts) < 2 || len(parts) > maxEither || len(runs) == 0 {
		return nil
	}
	asks := s.readParts(parts, runs)
	if asks == nil {
		return nil
	}
	isThen := asks[0].IsTimed() && asks[len(asks)-1].Action == approvals.Remove
	if asks[0].Action == asks[1].Action && asks[0].Group == asks[1].Group || isThen {
		return nil // what ends needs no removal
	}
	return s.offerAll("These are several requests.", asks)
}

// readParts are the requests of all parts, or nil if one is not understood.
func (s several) readParts(parts []part, runs []run) []approvals.Ask {
	var asks []approvals.Ask
	for _, p := range parts {
		words := p.words
		if len(asks) > 0 && !s.hasLicense(words) {
			words = namesInstead(words, asks[0].Codes)
		}
		if len(s.maximalRuns(words)) == 0 && len(runs) == 1 {
			words = slices.Concat([]word{{text: runs[0].text, typed: runs[0].text, quoted: true}}, words)
		}
		if len(words) == 0 {
			return nil
		}
		ask, ok := s.offeredBy(s.readAsk(p.opening, words))
		if !ok {
			return nil
		}
		asks = append(asks, ask)
	}
	return asks
}

// namesInstead puts codes in the place of a word such as it.
func namesInstead(words []word, codes []string) []word {
	var out []word
	for _, w := range words {
		if !w.isOneOf([]string{"it", "them", "that", "those", "this", "these", "one"}) {
			out = append(out, w)
		}
	}
	for _, c := range codes {
		out = append(out, word{text: c, typed: c})
	}
	return out
}

// namesBehindNumber puts the only code behind a number: 5 IDU for Sales and 3 for Finance.
func namesBehindNumber(words []word, codes []string) []word {
	at := slices.IndexFunc(words, func(w word) bool { return (item{word: w}).isNumber() })
	if at != 0 || len(codes) != 1 {
		return words
	}
	return slices.Insert(slices.Clone(words), at+1, word{text: codes[0], typed: codes[0]})
}

// offeredBy is the request that was read, or else the only one that is offered in its place.
func (r *reader) offeredBy(c Command, err error) (ask approvals.Ask, ok bool) {
	if problem, isWrong := errors.AsType[*Error](err); isWrong && problem.Try != "" && !r.isCheck {
		check := *r
		check.isCheck = true
		c, err = check.parse(strings.TrimPrefix(problem.Try, r.name))
	}
	return c.Ask, err == nil && c.Verb == VerbAsk
}

// splitPairs are the requests of words such as "IDU for Sales and TSTNU for Finance".
func (s several) splitPairs(o opening, body []word) []approvals.Ask {
	if runs := s.maximalRuns(body); len(runs) == 1 {
		check := *s.reader
		check.isCheck = true
		if c, err := check.readAsk(o, body); err == nil {
			return []approvals.Ask{c.Ask}
		}
		return nil
	}
	for i := 1; i < len(body); i++ {
		rest := body[i:]
		if rest[0].isOneOf(separators) {
			rest = rest[1:]
		} else if !endsClause(body[i-1]) {
			continue
		}
		if len(rest) == 0 || len(s.maximalRuns(body[:i])) != 1 {
			continue
		}
		if first := s.splitPairs(o, body[:i]); first != nil {
			if !s.hasLicense(rest) {
				rest = namesBehindNumber(rest, first[0].Codes)
			}
			if others := s.splitPairs(o, rest); others != nil {
				return append(first, others...)
			}
		}
	}
	return nil
}

// readAt reads several requests by the word that says so.
func (s several) readAt(body []word, i int, runs []run) *Error {
	w, hasOneGroup := body[i], len(runs) == 1
	switch {
	case w.isOneOf(copyVerbs), s.isSame(body[i:]) && !s.hasLicense(body[:i]):
		return s.refuseCopy(body, runs)
	case w.isOneOf(moveVerbs) && i == 0 && len(runs) == 2:
		return cmp.Or(s.splitMove(body[1:], s.maximalRuns(body[1:])), newError("", aboutBoth+" Some of the "+
			"seats are moved by two seat limits, a lower and a higher one."))
	case w.isOneOf(swapVerbs) && hasOneGroup:
		return s.splitSwap(slices.Delete(slices.Clone(body), i, i+1))
	case w.isKeyword("instead") && hasOneGroup:
		return s.splitInstead(body, i)
	case !w.isOneOf(removeVerbs) || !s.hasLicense(body[:i]) || !s.hasLicense(body[i+1:]):
		return nil
	case hasOneGroup:
		return s.splitInstead(body, i)
	}
	return s.offerBoth(body[:i], body[i+1:])
}

// isSame reports whether words ask for what another group has.
func (s several) isSame(words []word) bool {
	first := words[0]
	isWhatHas := first.isOneOf([]string{"what", "whatever", "everything"}) && haveOneOf(words, []string{"has"})
	isSameAs := first.isKeyword(sameAs) || first.isKeyword("same") && haveOneOf(words, []string{"as"})
	return (isWhatHas || isSameAs) && !s.hasLicense(words[1:])
}

// hasLicense reports whether words name a license.
func (r *reader) hasLicense(words []word) bool { return len(r.licensesIn(words)) > 0 }

// licensesIn are the codes of the licenses that words name.
func (r *reader) licensesIn(words []word) []string {
	d := &draft{reader: r, isTrial: true}
	d.ask.Action = approvals.Remove
	d.takeLicenses(d.expand(words, run{from: -1, to: -1}))
	return d.ask.Codes
}

// readEmptying reads that a group is to have no licenses: empty Sales, clear all licenses of
// Sales, Sales should be empty.
func (r *reader) readEmptying(verb word, rest []word) *Error {
	words := slices.Concat([]word{verb}, rest)
	runs := r.maximalRuns(words)
	isOther := verb.isKeyword("set") || verb.isOneOf(removeVerbs)
	if !r.knowsGroups() || len(runs) != 1 || isOther || !haveOneOf(words, emptyWords) {
		return nil
	}
	group := runs[0]
	words, reason := cutReason(words, 1)
	if len(reason) == 0 {
		words, reason = cutClause(words)
	}
	ask := approvals.Ask{
		Action: approvals.Set, Group: group.text, MayEmpty: true, Command: r.name, Reason: joinTyped(reason),
	}
	if group.to > len(words) || !saysEmptyAlone(words, group) || r.verify(ask) == "" {
		return nil
	}
	return newError(Suggest(ask), "To leave a group without codes, set it to %s.", Typed(WordEmpty))
}

// emptyWords say that a group is to have no licenses.
var emptyWords = []string{WordEmpty, "clear", "wipe"}

// saysEmptyAlone reports whether words say nothing but that this group is to have no licenses.
func saysEmptyAlone(words []word, group run) bool {
	known := slices.Concat(emptyWords, prepositions, everything, []string{"should", "leave", "completely"})
	isOther := func(w word) bool { return !w.isOneOf(known) && !(item{word: w}).isFiller() }
	return !slices.ContainsFunc(words[:group.from], isOther) && !slices.ContainsFunc(words[group.to:], isOther)
}

// maximalRuns are the exact runs that lie in no longer one.
func (r *reader) maximalRuns(body []word) []run {
	all := r.exactRuns(body)
	return slices.DeleteFunc(slices.Clone(all), func(f run) bool {
		return slices.ContainsFunc(all, func(o run) bool {
			return o.from <= f.from && o.to >= f.to && o.to-o.from > f.to-f.from
		})
	})
}

// refuseCopy says that no allocation is copied, and keeps the group that was to have it.
func (s several) refuseCopy(body []word, runs []run) *Error {
	isBehind := func(f run, words []string) bool { return f.from > 0 && body[f.from-1].isOneOf(words) }
	isTo := func(f run) bool { return isBehind(f, []string{"to", "for", "into", "onto"}) }
	hasTo := slices.ContainsFunc(runs, isTo)
	group, source := "<group>", "<group>"
	for _, f := range runs {
		if isBehind(f, sourceWord) || hasTo && !isTo(f) {
			source = QuoteGroup(f.text)
		} else if group == "<group>" {
			group = QuoteGroup(f.text)
		}
	}
	if _, clause := cutClause(body); len(s.reason) == 0 && len(s.maximalRuns(clause)) == 0 {
		s.reason = clause
	}
	fill := s.name + " " + group + " <code>"
	for i := range body {
		if p := s.readPeriod(body[i:]); p.n > 0 && p.problem == nil && !p.isNaked {
			var end approvals.Ask
			p.applyTo(&end)
			fill += " " + FormatPeriod(end)
			break
		}
	}
	if len(s.reason) > 0 {
		fill += " " + formatReason(approvals.Ask{Reason: joinTyped(s.reason)})
	}
	return newFill(fill, "The bot copies no group's licenses. Name the codes; %s shows those that a group has.",
		Typed(s.name+" show "+source))
}

// splitMove offers the two requests of moving codes from one group to another.
func (s several) splitMove(body []word, runs []run) *Error {
	isFrom := func(f run) bool { return f.from > 0 && body[f.from-1].isOneOf([]string{"from", "of"}) }
	from := slices.IndexFunc(runs, isFrom)
	to := slices.IndexFunc(runs, func(f run) bool { return f.from > 0 && body[f.from-1].isKeyword("to") })
	if from < 0 || to < 0 {
		return nil
	}
	without := func(f run) []word {
		return slices.Concat(body[:f.from-1], body[f.to:])
	}
	return s.offerBoth(without(runs[from]), without(runs[to]))
}

// splitSwap offers the two requests of having one license in place of another.
func (s several) splitSwap(body []word) *Error {
	group := s.maximalRuns(body)[0]
	name := slices.Clone(body[group.from:group.to])
	start := group.from
	if start > 0 && body[start-1].isOneOf(prepositions) {
		start--
	}
	rest := slices.Concat(body[:start], body[group.to:])
	if len(rest) > 0 && rest[0].isKeyword("from") {
		rest = rest[1:]
	}
	at := slices.IndexFunc(rest, func(w word) bool { return w.isOneOf(swapWords) })
	if at < 1 {
		return nil
	}
	isOther := func(w word) bool {
		return !w.isOneOf(everything) && !w.isOneOf(prepositions) && !w.isKeyword("that") && !(item{word: w}).isFiller()
	}
	if !slices.ContainsFunc(rest[:at], isOther) {
		return s.offerSet(slices.Concat(name, rest[at+1:]))
	}
	return s.offerBoth(slices.Concat(name, rest[at+1:]), slices.Concat(name, rest[:at]))
}

// readHalf reads one of several requests, if it is understood.
func (s several) readHalf(action approvals.Action, words []word) (ask approvals.Ask, ok bool) {
	return s.offeredBy(s.readAsk(opening{action: action, isSaid: true}, words))
}

// offerSet offers to give a group exactly these codes in place of all.
func (s several) offerSet(words []word) *Error {
	c, err := s.readAsk(opening{action: approvals.Set, isSaid: true}, words)
	if problem, isWrong := errors.AsType[*Error](err); isWrong {
		return problem
	}
	ask := c.Ask
	if len(s.reason) > 0 {
		ask.Reason = joinTyped(s.reason)
	}
	return newError(s.verify(ask), "To give a group exactly these codes and no other, begin with %s.",
		Typed(approvals.Set))
}

// splitInstead offers the two requests of "this instead of that".
func (s several) splitInstead(body []word, at int) *Error {
	group := s.maximalRuns(body)[0]
	name := slices.Clone(body[group.from:group.to])
	cut := func(from, to int) []word {
		if group.from >= from && group.to <= to {
			start := group.from
			if start > from && body[start-1].isOneOf(prepositions) {
				start--
			}
			return slices.Concat(name, body[from:start], body[group.to:to])
		}
		return slices.Concat(name, body[from:to])
	}
	return s.offerBoth(cut(0, at), cut(at+1, len(body)))
}

// offerBoth offers a request that adds codes and one that takes codes out, if both are
// understood.
func (s several) offerBoth(add, remove []word) *Error {
	var asks []approvals.Ask
	for _, half := range []struct {
		action approvals.Action
		words  []word
	}{{approvals.Add, add}, {approvals.Remove, remove}} {
		ask, ok := s.readHalf(half.action, half.words)
		if !ok {
			return nil
		}
		asks = append(asks, ask)
	}
	return s.offerAll(aboutBoth, asks)
}

// aboutBoth says that what was typed adds and takes out.
const aboutBoth = "These are two requests: one adds codes, the other takes codes out."

// offerAll offers requests of which all are meant, each with the reason.
func (s several) offerAll(format string, asks []approvals.Ask) *Error {
	all := newError("", format)
	all.AllMeant = true
	reason := joinTyped(s.reason)
	for _, ask := range asks {
		reason = cmp.Or(reason, ask.Reason) // that of one is that of all
	}
	why := splitWords(reason)
	isOfRemoval := saysUnneeded(translateAll(why)) || slices.ContainsFunc(why, word.isTurning)
	for _, ask := range asks {
		if !isOfRemoval || ask.Action == approvals.Remove {
			ask.Reason = cmp.Or(ask.Reason, reason)
		}
		text := s.verify(ask)
		if text == "" {
			return nil
		}
		all.Either = append(all.Either, text)
	}
	return all
}
