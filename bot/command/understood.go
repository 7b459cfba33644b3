package command

import (
	"reflect"
	"time"

	"licensebot/approvals"
)

// noteUnderstood notes what all readings of a request agree on. It is nothing if they
// name neither a group nor a code.
func (e *Error) noteUnderstood(asks ...approvals.Ask) {
	if len(asks) == 0 {
		return
	}
	ask := asks[0]
	for _, other := range asks[1:] {
		ask = agreedAsk(ask, other)
		e.EndUnclear = e.EndUnclear || other.IsTimed()
	}
	e.EndUnclear = (e.EndUnclear || asks[0].IsTimed()) && !ask.IsTimed()
	if ask.Group != "" || len(ask.Codes) > 0 {
		e.Understood = &ask
	}
}

// agreedAsk is what two asks have in common.
func agreedAsk(a, b approvals.Ask) approvals.Ask {
	if a.Action != b.Action {
		a.Action = ""
	}
	if a.Group != b.Group {
		a.Group = ""
	}
	if !reflect.DeepEqual(a.Codes, b.Codes) {
		a.Codes, a.Quotas = nil, nil
	}
	if !reflect.DeepEqual(a.Quotas, b.Quotas) {
		a.Quotas = nil
	}
	if a.For != b.For || !a.Until.Equal(b.Until) {
		a.For, a.Until = 0, time.Time{}
	}
	if a.Reason != b.Reason {
		a.Reason = ""
	}
	return a
}

func asksOf(drafts []*draft) []approvals.Ask {
	var asks []approvals.Ask
	for _, d := range drafts {
		asks = append(asks, d.ask)
	}
	return asks
}
