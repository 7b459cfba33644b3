package command

import (
	"slices"
	"strings"
	"time"

	"licensebot/approvals"
)

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
