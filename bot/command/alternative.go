package command

import (
	"slices"
	"strconv"
	"strings"

	"licensebot/approvals"
)

// People type two things of which one is meant: IDU or TSTNU, until Friday, no, until Monday.
// The bot asks which, whatever the words between them say.

// alternativeWords stand between them. Those of denials are none between two licenses: there
// they may mean to take one out.
var (
	alternativeWords = append([]string{"or", "sorry", "actually", "rather", "wait", "oops", "correction"}, denials...)
	denials          = []string{"no", "not", "nope"}
)

// besideAlternative is how many items from a position on say that what follows is meant in
// place of what stands before. It is zero if they say nothing of it.
func besideAlternative(items []item, at int) int {
	n := 0
	for at+n < len(items) && (items[at+n].isOneOf(alternativeWords) || n > 0 && items[at+n].isFiller()) {
		n++
	}
	if n == 0 || at == 0 || at+n == len(items) {
		return 0
	}
	return n
}

// takeAlternatives asks which of two licenses, limits or groups is meant.
func (d *draft) takeAlternatives(items []item) []item {
	for i := range items {
		n := besideAlternative(items, i)
		if n == 0 {
			continue
		}
		before, behind := items[i-1], items[i+n]
		isInstead := behind.kind == license && before.kind != license && hasLicense(items[:i]) && !items[i].isOneOf(denials)
		switch {
		case isInstead:
			d.isUnclear = true
			d.noteOpen("Say which licenses are meant, and leave out %s.", Typed(items[i].text))
		case before.kind == license && behind.kind == license && !items[i].isOneOf(denials):
			return d.askLicenses(items, i)
		case behind.isNumber() && d.askLimits(before, behind):
		case behind.isNumber() && d.askSibling(items[:i], behind):
			return slices.Delete(slices.Clone(items), i, i+n+1)
		default:
			continue
		}
		rest := slices.Delete(slices.Clone(items), i, i+n+1)
		if before.isNumber() {
			rest = slices.Delete(rest, i-1, i)
		}
		return rest
	}
	return items
}

// takeSpelled asks what 4 and 2 before a group are: a seat limit, or for and to.
func (d *draft) takeSpelled(items []item) []item {
	at := slices.IndexFunc(items, item.isOfGroup)
	code := d.onlyCode()
	if at > 1 && items[at-2].kind == license && len(items[at-2].codes) == 1 {
		code = items[at-2].codes[0]
	}
	isLimited := func(q approvals.Quota) bool { return q.Code == code }
	if at < 1 || !items[at-1].isOneOf([]string{"2", "4"}) || code == "" || slices.ContainsFunc(d.ask.Quotas, isLimited) ||
		d.ask.Action == approvals.Remove {
		return items
	}
	limit := approvals.Quota{Code: code, Limit: atoi(items[at-1].text)}
	d.askWhich("%s can be a seat limit, or the word before a group.", []any{Typed(items[at-1].text)},
		func(a *approvals.Ask) { a.Quotas = append(slices.Clone(a.Quotas), limit) }, unchanged)
	return slices.Delete(slices.Clone(items), at-1, at)
}

// askLicenses asks which of the licenses is meant that have a word such as "or" between them.
func (d *draft) askLicenses(items []item, at int) []item {
	first := at - 1
	named := [][]string{items[first].codes}
	rest := items[at:]
	for first > 0 && items[first-1].isKeyword("either") {
		items = slices.Delete(slices.Clone(items), first-1, first)
		first, at = first-1, at-1
	}
	for n := besideAlternative(items, at); n > 0 && items[at+n].kind == license; n = besideAlternative(items, at) {
		named = append(named, items[at+n].codes)
		at += n + 1
		rest = items[at:]
	}
	var others []string
	for _, codes := range named {
		others = append(others, codes...)
	}
	isOther := func(code string) bool { return slices.Contains(others, code) }
	isListed := first > 0 && items[first-1].kind == license
	isLimited := len(d.ask.Quotas) > 0 || slices.ContainsFunc(items, item.isNumber)
	d.ask.Codes = slices.DeleteFunc(d.ask.Codes, isOther)
	d.ask.Quotas = slices.DeleteFunc(d.ask.Quotas, func(q approvals.Quota) bool { return isOther(q.Code) })
	d.ask.Packs = nil
	d.lacksCodes, d.asksLicense = true, true
	var options []func(*approvals.Ask)
	for _, codes := range named {
		options = append(options, func(a *approvals.Ask) { a.Codes = slices.Concat(a.Codes, codes) })
	}
	if d.ask.Action == approvals.Remove { // it needs neither
		options = append(options, func(a *approvals.Ask) { a.Codes = slices.Concat(a.Codes, others) })
	}
	if isListed || isLimited || len(options) > maxEither {
		options = nil
	}
	d.askWhich("Say which licenses are meant: %s.", []any{Typed(strings.Join(others, " or "))}, options...)
	return slices.Concat(items[:first], []item{{kind: gap, endsClause: true}}, rest)
}

// askLimits asks which of two limits of one code is meant.
func (d *draft) askLimits(before, behind item) bool {
	code := d.onlyCode()
	limit, isNumber := before.count()
	if before.kind == license && before.limit != "" && len(before.codes) == 1 {
		code, limit, isNumber = before.codes[0], before.limit, true
	}
	other, _ := behind.count()
	if !isNumber || code == "" || d.ask.Action == approvals.Remove {
		return false
	}
	d.ask.Quotas = slices.DeleteFunc(d.ask.Quotas, func(q approvals.Quota) bool { return q.Code == code })
	d.seatsOf = code
	var options []func(*approvals.Ask)
	for _, text := range []string{limit, other} {
		seats, err := strconv.Atoi(text)
		if err != nil || seats < 1 || seats > MaxSeats {
			options = nil
			break
		}
		options = append(options, func(a *approvals.Ask) {
			a.Quotas = append(slices.Clone(a.Quotas), approvals.Quota{Code: code, Limit: seats})
		})
	}
	d.askWhich("Say which seat limit is meant, %s or %s.", []any{Typed(limit), Typed(other)}, options...)
	return true
}

// askSibling asks which group is meant if a number names another one beside it, such as 7
// behind Squad 8.
func (d *draft) askSibling(before []item, behind item) bool {
	isBehindGroup := slices.ContainsFunc(before, item.isOfGroup)
	sibling, ok := d.siblingBy(behind.text)
	if !ok || !isBehindGroup || len(d.ask.Quotas) > 0 || slices.ContainsFunc(before, item.isNumber) {
		return false
	}
	d.askGroups([]string{sibling})
	return true
}
