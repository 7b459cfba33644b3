package bot

import (
	"fmt"
	"strings"
	"time"

	"licensebot/approvals"
)

// Words phrases everything the bot says. It holds what the phrases depend on
// besides the request itself.
type Words struct {
	Channel  string                                   // the approvals channel
	Approve  []string                                 // emoji names; the first is shown
	Deny     []string                                 // emoji names; the first is shown
	CodeName func(code string) (name string, ok bool) // display names of user bundle codes
}

func (w Words) approve() string { return ":" + w.Approve[0] + ":" }
func (w Words) deny() string    { return ":" + w.Deny[0] + ":" }

// named shows a code with its display name where the catalogue has one.
func (w Words) named(c string) string {
	if name, ok := w.CodeName(c); ok {
		return code(c) + " " + plain(name)
	}
	return code(c)
}

// group shows a group by name and id, or by id alone.
func group(g approvals.Group) string {
	if g.Name == "" || g.Name == g.ID {
		return "the group " + codeIn(g.ID, maxNamed)
	}
	return "the group " + codeIn(g.Name, maxNamed) + " (id " + codeIn(g.ID, maxNamed) + ")"
}

// moment shows a time in the reader's own time zone.
func moment(t time.Time) string {
	return fmt.Sprintf("<!date^%d^{date_short_pretty} at {time}|%s>", t.Unix(), t.UTC().Format("2006-01-02 15:04 UTC"))
}

// Receipt answers a command whose request is durable.
func (w Words) Receipt(r approvals.Request, ahead int) string {
	return fmt.Sprintf("Request %s is recorded: add %s to the group %s. Nothing has changed yet. "+
		"I am checking it with UiPath; if it holds, its card appears in <#%s>%s and an approver decides there. "+
		"The card's thread will tell you how it ended.",
		code(r.ID), codes(r.Ask.Codes), code(r.Ask.Group), idOnly(w.Channel), place(ahead))
}

// worthTelling is from how many cards ahead on people are told of the wait:
// Slack takes about one a second.
const worthTelling = 10

// place tells how many cards are posted before, where that takes a while.
func place(ahead int) string {
	switch {
	case ahead < worthTelling:
		return ""
	case ahead < 90:
		return fmt.Sprintf(" (%d others are ahead of it: in about a minute)", ahead)
	}
	return fmt.Sprintf(" (%d others are ahead of it: in about %d minutes)", ahead, (ahead+59)/60)
}

// Malformed answers a command that was not understood.
func (w Words) Malformed(e *CommandError) string {
	if e.Try == "" {
		return e.Problem + " Nothing was recorded."
	}
	return fmt.Sprintf("%s Nothing was recorded.\nTry: %s", e.Problem, codeIn(e.Try, maxCopied))
}

// Help explains the command.
func (w Words) Help(command string) string {
	return strings.Join([]string{
		"*Ask for UiPath user licences for a group*",
		code(command+" group-01 RPADEVPRONU IDU") + " asks to add two licence codes to the group's allocation rule. " +
			"The group is its id or its exact name; a name with blanks goes in double quotes.",
		code(command+` "Finance Robots" RPADEVPRONU because new project`) + " gives the approvers a reason.",
		code(command+" cancel R-7K3F9QXA") + " takes your own open request back.",
		code(command) + " alone opens a form to choose from.",
		fmt.Sprintf("Each request becomes a card in <#%s>. Approvers react with %s to approve or %s to deny; nobody can approve their own. "+
			"UiPath is changed only after that, and the card's thread tells what really happened.", idOnly(w.Channel), w.approve(), w.deny()),
	}, "\n")
}

// NotStored answers a command that could not be made durable.
func (w Words) NotStored() string {
	return "I could not record your request, so nothing was asked and nothing will happen. Please type it again in a minute; if this goes on, tell whoever runs licensebot that its database does not answer."
}

// Busy answers a command that came when too many others waited.
func (w Words) Busy() string {
	return "I am too busy to record your request right now, so nothing was asked and nothing will happen. Please type it again in a minute."
}

// Broken answers a command whose handling failed in a way nobody foresaw.
func (w Words) Broken() string {
	return "Something went wrong inside licensebot while it read your command, so I cannot tell whether it was recorded. If no card appears within a minute, please type it again and tell whoever runs licensebot."
}

// Cancelled answers the cancel command.
func (w Words) Cancelled(id string, err error, state approvals.State) string {
	switch {
	case err == nil:
		return fmt.Sprintf("Request %s is cancelled. Nothing was changed at UiPath.", code(id))
	case state == "":
		return fmt.Sprintf("I know no request %s. The id is on its card, and in the answer you got when you typed it.", code(id))
	case state == approvals.Approved:
		return fmt.Sprintf("Request %s is already approved and is being carried out; it is too late to cancel it.", code(id))
	case state.Open():
		return fmt.Sprintf("Only the person who made request %s can cancel it. An approver can deny it with %s on its card.", code(id), w.deny())
	}
	return fmt.Sprintf("Request %s has already ended (%s); there is nothing to cancel.", code(id), state)
}

// Standing tells a reactor why their reaction does not count.
func (w Words) Standing(r approvals.Request, why approvals.Standing) string {
	start := fmt.Sprintf("Your reaction on request %s does not count: ", code(r.ID))
	switch why {
	case approvals.IsRequester:
		return start + fmt.Sprintf("it is your own request, and nobody can approve their own. To take it back, type %s.", code("/allocate cancel "+r.ID))
	case approvals.NotApprover:
		return start + fmt.Sprintf("its approvers are %s.", people(r.Terms.Approvers()))
	case approvals.IsGuest:
		return start + "guests of this workspace cannot approve licences."
	case approvals.IsStranger:
		return start + "people from another organisation cannot approve licences."
	case approvals.IsLate:
		return start + fmt.Sprintf("it came after the deadline, %s. Whoever still needs the licences has to ask again.", moment(r.Deadline))
	case approvals.Uncheckable:
		return start + "Slack did not let me check whether you may approve it. Whoever runs licensebot finds the reason in its log; once that is mended your reaction counts by itself."
	}
	return start + "this account cannot approve licences."
}

// Notice tells the requester privately where a request stands that has no
// thread to tell it in. It is empty when there is nothing to tell.
func (w Words) Notice(r approvals.Request) string {
	switch {
	case r.State == approvals.Filed && r.Stalled != "":
		return fmt.Sprintf("Request %s is kept, but UiPath could not be read yet: %s. I keep trying until %s; you need not type it again.",
			code(r.ID), plain(r.Stalled), moment(r.Deadline))
	case r.State == approvals.Pending && r.Stalled != "" && r.CardTS == "":
		return fmt.Sprintf("Request %s is kept, but its card could not be posted in <#%s> yet: %s. I keep trying until %s; you need not type it again.",
			code(r.ID), idOnly(w.Channel), plain(r.Stalled), moment(r.Deadline))
	case r.State == approvals.Refused:
		return w.refused(r)
	case r.State == approvals.Expired && r.CardTS == "":
		return fmt.Sprintf("Request %s expired: it could not be put before an approver until %s. Nothing was changed at UiPath. Please ask again if you still need it.",
			code(r.ID), moment(r.Deadline))
	case !r.State.Open():
		return w.End(r)
	}
	return ""
}

// refused says why nobody was asked.
func (w Words) refused(r approvals.Request) string {
	start := fmt.Sprintf("Request %s was not put before an approver, and nothing was changed at UiPath: ", code(r.ID))
	o := r.Outcome
	switch o.Reason {
	case approvals.ReasonNoSuchGroup:
		if len(o.Nearest) == 0 {
			return start + fmt.Sprintf("UiPath has no group with the id or the exact name %s. If the name has blanks, put it in double quotes.", code(r.Ask.Group))
		}
		return start + fmt.Sprintf("UiPath has no group with the id or the exact name %s. The nearest are %s.\nTry: %s",
			code(r.Ask.Group), codes(o.Nearest), codeIn(suggestion("/allocate", o.Nearest[0], r.Ask.Codes), maxCopied))
	case approvals.ReasonAmbiguousGroup:
		return start + fmt.Sprintf("several groups at UiPath are called %s. Ask again with the id of the one you mean: %s.", code(r.Ask.Group), codes(o.Nearest))
	case approvals.ReasonNotOwned:
		return start + w.notOwned(r, o)
	case approvals.ReasonNothingToDo:
		return start + fmt.Sprintf("the rule of the group %s already has %s.", code(r.Ask.Group), codes(o.Subject))
	}
	return start + fmt.Sprintf("UiPath refused to show the group's rule (%s). Whoever runs licensebot has to mend that; ask again afterwards.", code(o.Said))
}

// notOwned names each code that the organisation lacks, with the nearest that
// it has and a command that uses it.
func (w Words) notOwned(r approvals.Request, o *approvals.Outcome) string {
	var parts []string
	corrected := approvals.Without(r.Ask.Codes, o.Subject)
	for i, c := range o.Subject {
		part := "your organisation does not own " + w.named(c)
		if near := o.Nearest[i]; near != "" {
			part += "; did you mean " + w.named(near) + "?"
			corrected = append(corrected, near)
		}
		parts = append(parts, part)
	}
	text := list(parts) + "."
	text = strings.ReplaceAll(text, "?.", "?")
	if len(o.Codes) > 0 {
		text += " It owns " + rule(o.Codes) + "."
	} else {
		text += " It owns no user licences at all."
	}
	if len(corrected) > 0 {
		text += "\nTry: " + codeIn(suggestion("/allocate", r.Ask.Group, corrected), maxCopied)
	}
	return text
}
