package approvals

import "fmt"

// A Target is the UiPath organization that a request is about. A request keeps
// the target for which it was filed, because a copy of the database may come to
// run with another configuration: the codes and groups of one organization mean
// nothing in another.
type Target struct {
	URL          string `json:"url"`          // of the cloud or the Automation Suite
	Organization string `json:"organization"` // its name in the URL
	AccountID    string `json:"account_id"`
}

// String names the target for people and for the log.
func (t Target) String() string {
	if t == (Target{}) {
		return "no organization"
	}
	return fmt.Sprintf("organization %s (account %s) at %s", t.Organization, t.AccountID, t.URL)
}

// A ForeignError says that a request is about another target than the bot's.
type ForeignError struct{ Request, Bot Target }

func (e *ForeignError) Error() string {
	return fmt.Sprintf("the request belongs to %s; UIPATH_URL, UIPATH_ORGANIZATION and UIPATH_ACCOUNT_ID say %s",
		e.Request, e.Bot)
}

// CheckTarget refuses a request of another target than the bot's. The refusal is
// a delay, because an operator may have mistyped a setting: that must not end
// requests. Its cause is a *ForeignError, for the log: a thread hears nothing, because
// a bot of the other organization may be speaking in it.
func (r Request) CheckTarget(bot Target) error {
	if r.Target == bot {
		return nil
	}
	foreign := &ForeignError{Request: r.Target, Bot: bot}
	return &DelayError{Reason: foreign.Error(), Err: foreign}
}
