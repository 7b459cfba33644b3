package command

import (
	"slices"
	"strings"

	"licensebot/approvals"
)

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
	isSubject := words[0].isSubject() || words[0].isOneOf([]string{"it", "this", "there"})
	isSentence := isSubject && len(words) > 2 && !d.saysWhen(words)
	isTimed := soundLikeTime(words) || slices.ContainsFunc(words, isEndWord)
	return isSentence || saySeveral(words) && !isTimed && !words[0].isOneOf(separators)
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
	return strings.Trim(joinTyped(words), ",;:.-? ")
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
