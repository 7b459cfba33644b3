package judge

import (
	"fmt"
	"slices"
	"strings"
)

// judgeNames wants a success to name the approvers behind the write: they approved,
// and their approval still stood at the look before it.
func (j *judge) judgeNames(r *request, c *Card, outcome Reply) {
	confirmed := r.lastEffect()
	named, tells := approversIn(outcome.Text)
	if confirmed == nil || !tells || strings.Contains(outcome.Text, saysReadBack) {
		return
	}
	if !slices.ContainsFunc(c.Looks, func(l Look) bool {
		return l.serves(confirmed) && len(without(named, approversDuring(c, l))) == 0
	}) {
		j.reportAt(confirmed.Arrived, wrongApprovers, r.id, fmt.Sprintf("%v: %s", named, outcome.Text), c.TS)
	}
}

// lastEffect is the last write with an effect, or nil.
func (r *request) lastEffect() *Write {
	for _, w := range slices.Backward(r.writes) {
		if !w.Took.IsZero() {
			return w
		}
	}
	return nil
}

// serves reports whether a look may have been the one for a write.
func (l Look) serves(w *Write) bool {
	return !l.From.After(w.Arrived) && w.Arrived.Sub(l.To) <= lookLimit
}

// approversDuring are the people with an approval at some time of a look.
func approversDuring(c *Card, l Look) []string {
	var users []string
	for _, moment := range c.momentsOf(l) {
		for user, m := range marksAt(c, moment) {
			if m.approve {
				users = append(users, user)
			}
		}
	}
	return users
}
