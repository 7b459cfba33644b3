//go:build linux

package chaos

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var (
	approvers = regexp.MustCompile(`[Aa]pproved by ((?:<@\w+>(?:, | and )?)+)`)
	mention   = regexp.MustCompile(`<@(\w+)>`)
)

// judgeNames wants a success to name those whose consent the write rested on:
// who approved, and by the look before it had not taken that back.
func (j *judge) judgeNames(r *request, c *Card, end Reply) {
	confirmed := r.confirmed()
	found := approvers.FindStringSubmatch(end.Text)
	if confirmed == nil || found == nil || strings.Contains(end.Text, readAgain) {
		return
	}
	var named []string
	for _, m := range mention.FindAllStringSubmatch(found[1], -1) {
		named = append(named, m[1])
	}
	if !slices.ContainsFunc(c.Looks, func(l Look) bool {
		return l.before(confirmed) && len(without(named, consentsDuring(c, l))) == 0
	}) {
		j.findAt(confirmed.Arrived, Untrue, "names who did not approve it", r.id, fmt.Sprintf("%v: %s", named, end.Text), c.TS)
	}
}

// confirmed is the last write that took effect; nil if none did.
func (r *request) confirmed() *Write {
	for _, w := range slices.Backward(r.writes) {
		if !w.Took.IsZero() {
			return w
		}
	}
	return nil
}

// before reports whether a look may have been the one for a write.
func (l Look) before(w *Write) bool {
	return !l.From.After(w.Arrived) && w.Arrived.Sub(l.To) <= taskLimit
}

// consentsDuring are the people whose approval stood at some time of a look.
func consentsDuring(c *Card, l Look) []string {
	var users []string
	add := func(marks map[string]mark) {
		for user, m := range marks {
			if m.approve {
				users = append(users, user)
			}
		}
	}
	add(marksAt(c, l.From))
	for _, v := range c.Votes {
		if v.At.After(l.From) && v.At.Before(l.To) {
			add(marksAt(c, v.At))
		}
	}
	return users
}
