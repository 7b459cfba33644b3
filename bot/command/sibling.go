package command

import (
	"regexp"
	"slices"
	"strings"

	"licensebot/approvals"
	"licensebot/internal/groupname"
)

// takeSiblings asks about a number behind a group whose name ends in one, if another group
// is called by it: Squad 7 and 8 may be two groups, or one and a number of seats.
func (d *draft) takeSiblings(items []item) []item {
	items = d.takeGroupsBehind(items)
	at, ok := d.numberBehind(items)
	if !ok || d.question != nil || d.readPeriod(plainWords(items[at:])).n > 0 {
		return items
	}
	if at+1 < len(items) && items[at-1].kind == group && items[at+1].isOneOf(seatWords) {
		return items // it counts them
	}
	own := d.ask.Group
	sibling, ok := d.siblingBy(items[at].text)
	if !ok {
		return items
	}
	options := []func(*approvals.Ask){
		func(a *approvals.Ask) { a.Group = own }, func(a *approvals.Ask) { a.Group = sibling },
	}
	text, _ := items[at].count()
	if items[at-1].kind == group { // no word between them
		options = append(options, func(a *approvals.Ask) {
			if len(a.Codes) > 0 && a.Action != approvals.Remove {
				a.Quotas = append(slices.Clone(a.Quotas), approvals.Quota{Code: a.Codes[0], Limit: atoi(text)})
			}
		})
	}
	d.askWhich("%s and %s are both groups. One request is for one group.", []any{Typed(own), Typed(sibling)}, options...)
	from := slices.IndexFunc(items, item.isOfGroup) + 1
	return slices.Delete(slices.Clone(items), from, at+1)
}

// siblingBy is the group that is called like this one, but for its number.
func (d *draft) siblingBy(number string) (string, bool) {
	parts := numberedName.FindStringSubmatch(d.ask.Group)
	if parts == nil || !isDigits(number) {
		return "", false
	}
	for _, padded := range []string{number, strings.Repeat("0", max(len(parts[2])-len(number), 0)) + number} {
		sibling := parts[1] + padded
		if d.isGroup(sibling) && groupname.Canonical(sibling) != groupname.Canonical(d.ask.Group) {
			return sibling, true
		}
	}
	return "", false
}

// numberedName is a name or an id that ends in a number.
var numberedName = regexp.MustCompile(`^(.*[^0-9])([0-9]+)$`)

func isDigits(text string) bool { return number.MatchString(text) }

// takeGroupsBehind asks about groups that are named directly behind the group.
func (d *draft) takeGroupsBehind(items []item) []item {
	at := slices.IndexFunc(items, item.isOfGroup) + 1
	var others []string
	from := at
	for n := 1; at > 0 && n > 0 && at < len(items); {
		skipped := at
		for skipped < len(items)-1 && items[skipped].isOneOf(separators) {
			skipped++
		}
		n = min(len(items)-skipped, d.longest)
		for n > 0 && (len(plainWords(items[skipped:skipped+n])) < n || !d.isGroup(joinTexts(items[skipped:skipped+n]))) {
			n--
		}
		if n > 0 {
			others = append(others, joinTexts(items[skipped:skipped+n]))
			at = skipped + n
		}
	}
	if len(others) == 0 {
		return items
	}
	d.askGroups(others)
	return slices.Delete(slices.Clone(items), from, at)
}

// numberBehind is the number behind the group, maybe with a word such as and between them.
func (d *draft) numberBehind(items []item) (int, bool) {
	at := slices.IndexFunc(items, item.isOfGroup) + 1
	for at > 0 && at < len(items) && (items[at].isOneOf(separators) || items[at].isKeyword("or")) {
		at++
	}
	if at == 0 || at == len(items) || !items[at].isNumber() {
		return 0, false
	}
	return at, number.MatchString(items[at].text)
}
