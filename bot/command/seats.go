package command

import (
	"slices"
	"strconv"
	"strings"

	"licensebot/approvals"
)

// count is the number of seats that a word says.
func (it item) count() (string, bool) {
	text := it.lower()
	switch {
	case it.kind != plain || it.quoted:
		return "", false
	case countShape.MatchString(text):
		return strings.Trim(text, "x"), true
	}
	n, ok := numberNamed(text)
	return strconv.Itoa(n), ok && n > 0
}

// readLimit reads the seat limit of a code. The same limit may be typed twice.
func (d *draft) readLimit(of, text string) {
	limit, err := strconv.Atoi(text)
	if !limitShape.MatchString(text) || err != nil || limit < 1 || limit > MaxSeats {
		d.seatsOf, d.isUnclear = of, d.isUnclear || limit == 0 && err == nil
		d.noteOpen("%s sets no seat limit: a limit is a number from 1 to %d, such as %s. "+
			"To remove a code, use %s.",
			Typed(of+"="+text), MaxSeats, Typed(of+"=10"), Typed("remove"))
		return
	}
	for _, q := range d.ask.Quotas {
		if q.Code == of && q.Limit != limit {
			d.seatsOf = of
			d.noteOpen("%s has two seat limits, %d and %d; say which.", Typed(of), q.Limit, limit)
		}
		if q.Code == of {
			return
		}
	}
	d.ask.Quotas = append(d.ask.Quotas, approvals.Quota{Code: of, Limit: limit})
}

// takeSeats gives numbers to the codes that they stand beside. If each can belong to
// the code before it and to the code behind it, it asks.
func (d *draft) takeSeats(items []item) []item {
	items = d.dropAbout(items)
	d.saysTo = slices.ContainsFunc(items[:max(len(items)-1, 0)], func(it item) bool { return it.isKeyword("to") })
	items = d.takeSeatsOfEach(dropToSeats(d.dropFormerSeats(items), d.limitVerb != ""))
	items, apart := setApart(items)
	rest := withoutFillers(items)
	if d.askYear(rest) || d.giveSeats(items, rest) {
		items = withoutNumbers(items)
	}
	return slices.Concat(items, apart)
}

// withoutFillers are the items without those that mean nothing between a code and its seats.
func withoutFillers(items []item) []item {
	var rest []item
	for _, it := range items {
		if !it.isFiller() || it.isOneOf(separators) {
			rest = append(rest, it)
		} else if n := len(rest); n > 0 && it.endsOff && rest[n-1].isNumber() {
			rest[n-1].endsOff = true // 10 seats, and no more of what follows
		}
	}
	return rest
}

// askYear asks about a long number behind a license: it may be a year.
func (d *draft) askYear(items []item) bool {
	isYear := func(it item) bool {
		return it.isNumber() && (year.MatchString(it.text) || longNumber.MatchString(it.text) && len(it.text) > 4)
	}
	at := slices.IndexFunc(items, isYear)
	if at < 1 || items[at-1].kind != license || d.ask.Action == approvals.Remove || isBeforeSeatWord(items, at) {
		return false
	}
	d.isUnclear = true
	d.noteOpen("%s can be a seat limit, or something else. A limit is written such as %s.", Typed(items[at].text),
		Typed("IDU=10"))
	return true
}

// askNumberedGroup asks about a number behind the word group: it may be the name of another one.
func (d *draft) askNumberedGroup(items []item) {
	isWord := func(it item) bool { return it.kind == plain && it.means == "" && strings.EqualFold(it.text, "group") }
	at := slices.IndexFunc(items, isWord) + 1
	if at > 0 && at < len(items) && isDigits(items[at].text) && !isBeforeSeatWord(items, at) {
		d.isUnclear = true
		d.noteOpen("%s can be another group. One request is for one group.", Typed(joinTexts(items[at-1:at+1])))
	}
}

// isBeforeSeatWord reports whether a word behind a number says that it counts seats.
func isBeforeSeatWord(items []item, at int) bool {
	return at+1 < len(items) && items[at+1].isOneOf(seatWords)
}

// giveSeats gives the numbers to codes, or asks whose they are, if they can be seats. The rest is the items
// without fillers.
func (d *draft) giveSeats(items, rest []item) bool {
	d.askNumberedGroup(items)
	before, isBefore := assignSeats(rest, -1)
	behind, isBehind := assignSeats(rest, 1)
	switch {
	case !slices.ContainsFunc(rest, item.isNumber):
		return false
	case d.takeCount(items, slices.Concat(before, behind)):
	case isBefore && isBehind:
		d.askWhich("The number of seats can belong to the code before it, or to the code behind it.", nil,
			func(a *approvals.Ask) { a.Quotas = slices.Concat(a.Quotas, before) },
			func(a *approvals.Ask) { a.Quotas = slices.Concat(a.Quotas, behind) })
	case isBefore:
		d.takeQuotas(before)
	case isBehind:
		d.takeQuotas(behind)
	case d.onlyCode() != "" && (isOnlySeats(items) || d.limitVerb != "" && isOneNumber(items)):
		at := slices.IndexFunc(items, item.isNumber)
		limit, _ := items[at].count()
		d.readLimit(d.onlyCode(), limit)
	default:
		return false
	}
	return true
}

// dropAbout drops words such as about before a number: a limit is exact.
func (d *draft) dropAbout(items []item) []item {
	for i := range len(items) - 1 {
		if items[i].isOneOf(roughWords) && items[i+1].isNumber() {
			d.noteCorrection(items[i].text+" "+items[i+1].text, "", "A seat limit is exact: %s.", Typed(items[i+1].text))
			return d.dropAbout(slices.Delete(slices.Clone(items), i, i+1))
		}
	}
	return items
}

// setApart takes out the numbers that stand beside no license, if others do: they count
// something else.
func setApart(items []item) (rest, apart []item) {
	hasBeside := false
	for i, it := range items {
		switch {
		case !it.isNumber():
			rest = append(rest, it)
		case isBesideLicense(items, i, -1) || isBesideLicense(items, i, 1):
			rest, hasBeside = append(rest, it), true
		case isBeforeSeatWord(items, i):
			return items, nil // it may be what counts
		default:
			apart = append(apart, it)
		}
	}
	if !hasBeside {
		return items, nil
	}
	return rest, apart
}

// isBesideLicense reports whether a license stands on one side of an item, maybe behind fillers.
func isBesideLicense(items []item, i, side int) bool {
	for i += side; i >= 0 && i < len(items) && items[i].isFiller(); i += side {
	}
	return i >= 0 && i < len(items) && items[i].kind == license
}

// dropForSeats gives no meaning to the words before a number of seats: for up to 25 users.
func dropForSeats(items []item) {
	for i := range items {
		at := i + 1
		for at < len(items) && items[at].isOneOf(mostWords) {
			at++
		}
		isSeats := at+1 < len(items) && items[at].isNumber() && items[at+1].isOneOf(seatWords)
		if !items[i].isKeyword("for") || at == i+1 || !isSeats {
			continue
		}
		for ; i < at; i++ {
			items[i].means = nothing
		}
	}
}

// mostWords stand before the most seats that a group may use.
var mostWords = []string{"up", "upto", "to", "at", "most", "max", "maximum", "a", "of"}

// dropToSeats drops the words to and for between a license and its seats.
func dropToSeats(items []item, mayStandApart bool) []item {
	var rest []item
	for i, it := range items {
		if it.isKeyword("to") && isBeforeSeats(items, i, mayStandApart) {
			continue
		}
		if it.isKeyword("for") && i+2 < len(items) && items[i+1].isNumber() &&
			(items[i+2].isOneOf(seatWords) || items[i+2].kind == license) {
			continue
		}
		rest = append(rest, it)
	}
	return rest
}

// isBeforeSeats reports whether a number of seats stands behind an item, apart from the license or
// not, maybe behind a word such as max.
func isBeforeSeats(items []item, i int, mayStandApart bool) bool {
	isBeside := i > 0 && (items[i-1].kind == license || items[i-1].isFiller())
	next := i + 1
	for mayStandApart && next < len(items) && items[next].isFiller() {
		next++
	}
	return next < len(items) && items[next].isNumber() && (isBeside || mayStandApart)
}

// dropFormerSeats drops how many seats there were, beside how many there are to be: IDU=15
// instead of 10, or IDU from 10 to 15.
func (d *draft) dropFormerSeats(items []item) []item {
	for i, it := range items {
		if i+2 < len(items) && it.isNumber() && isArrow(items[i+1].text) && items[i+2].isNumber() {
			items = slices.Insert(slices.Clone(items), i, item{word: word{text: "from"}})
			items[i+2].means = "to"
			return d.dropFormerSeats(items)
		}
		if i+1 == len(items) || !items[i+1].isNumber() {
			continue
		}
		isRange := it.isKeyword("from") && i+3 < len(items) && items[i+2].isKeyword("to") && items[i+3].isNumber()
		hasOther := len(d.ask.Quotas) > 0 || slices.ContainsFunc(items[:i], item.isNumber)
		if !isRange && (!it.isKeyword("instead") || !hasOther) {
			continue
		}
		former := joinTexts(items[i : i+2])
		d.noteCorrection(former, "", "%s is left out. A seat limit is how many seats the group may use from now on.",
			Typed(former))
		rest := slices.Delete(slices.Clone(items), i, i+2)
		if isRange {
			rest = slices.Delete(rest, i, i+1)
		}
		return rest
	}
	return items
}

func isArrow(text string) bool { return slices.Contains([]string{"->", "=>", "→", ">"}, text) }

// takeSeatsOfEach takes the only number as the limit of each code, if a word says so.
func (d *draft) takeSeatsOfEach(items []item) []item {
	each := slices.IndexFunc(items, func(it item) bool { return it.isOneOf(eachWords) })
	at := slices.IndexFunc(items, item.isNumber)
	switch {
	case each < 0 || at < 0:
		return items
	case d.onlyCode() != "" && d.ask.Action != approvals.Remove:
		d.askLimit("A seat limit is for the whole group. Say how many seats it may use in all, without %s.",
			Typed(items[each].text))
		return withoutNumbers(slices.Delete(slices.Clone(items), each, each+1))
	case !isOneNumber(items) || len(d.ask.Quotas) > 0:
		return items
	}
	limit, _ := items[at].count()
	for _, code := range d.ask.Codes {
		d.readLimit(code, limit)
	}
	return slices.Delete(slices.Clone(items), at, at+1)
}

// takeCount takes a number for how many licenses are named, if it may be that. Where it may
// be a seat limit too, it asks; what is removed has none.
func (d *draft) takeCount(items []item, limits []approvals.Quota) bool {
	mayCount, isCount := countsLicenses(items)
	if d.ask.Action == approvals.Remove {
		return mayCount && isCount
	}
	if mayCount {
		d.askWhich("The number can be how many licenses are named, or a seat limit.", nil,
			unchanged,
			func(a *approvals.Ask) { a.Quotas = slices.Concat(a.Quotas, limits) })
	}
	return mayCount
}

// countsLicenses reports whether the only number stands before the word licenses, so that it
// may count those that are named, and whether there are just so many.
func countsLicenses(items []item) (mayCount, isCount bool) {
	at := slices.IndexFunc(items, item.isNumber)
	named := 0
	for _, it := range items {
		if it.kind == license {
			named++
		}
	}
	mayCount = named > 1 && at+1 < len(items) && items[at+1].isOneOf(licenseWords) &&
		!slices.ContainsFunc(items[at+1:], item.isNumber)
	number, _ := items[at].count()
	return mayCount, number == strconv.Itoa(named)
}

// isOnlySeats reports whether there is one number and a word behind it says that it
// counts seats.
func isOnlySeats(items []item) bool {
	at := slices.IndexFunc(items, item.isNumber)
	return at >= 0 && isBeforeSeatWord(items, at) && !items[at+1].isOneOf(licenseWords) &&
		!slices.ContainsFunc(items[at+1:], item.isNumber)
}

func (d *draft) takeQuotas(quotas []approvals.Quota) {
	for _, q := range quotas {
		d.readLimit(q.Code, strconv.Itoa(q.Limit))
	}
}

// assignSeats gives each number to the code that stands on one side of it, or to each
// code of a pack.
func assignSeats(items []item, side int) ([]approvals.Quota, bool) {
	var quotas []approvals.Quota
	var taken []int
	for i, it := range items {
		text, ok := it.count()
		if !ok {
			continue
		}
		beside := i + side
		limit, err := strconv.Atoi(text)
		if err != nil || slices.Contains(taken, beside) || !mayLimit(items, i, beside) {
			return nil, false
		}
		taken = append(taken, beside)
		for _, code := range items[beside].codes {
			quotas = append(quotas, approvals.Quota{Code: code, Limit: limit})
		}
	}
	return quotas, true
}

// mayLimit reports whether a number may be the limit of what stands beside it. The sign x stands between
// a number and its code: 10x IDU, IDU x10.
func mayLimit(items []item, at, beside int) bool {
	if beside < 0 || beside >= len(items) || items[min(at, beside)].endsOff {
		return false
	}
	text := strings.ToLower(items[at].text)
	isOfNext := strings.HasSuffix(text, "x") && !items[at].endsOff && at+1 < len(items)
	isOfLast := strings.HasPrefix(text, "x")
	isWrongSide := isOfNext && beside < at || isOfLast && beside > at
	return items[beside].kind == license && items[beside].limit == "" && !isWrongSide
}
