package bot

import (
	"fmt"

	"github.com/slack-go/slack"

	"licensebot/approvals"
)

// Slack's bounds of a select, in characters.
const (
	maxOptions     = 100
	maxOptionText  = 75
	maxOptionValue = 150
)

// minQuery is from how many characters on Slack asks for groups.
const minQuery = 2

// forGood is the choice of a grant without an end.
const forGood = "good"

// terms are the durations to choose from, as the command has them.
var terms = []struct{ value, shown string }{
	{forGood, "For good"}, {"1d", "1 day"}, {"1w", "1 week"}, {"2w", "2 weeks"}, {"30d", "30 days"}, {"90d", "90 days"},
}

// form draws the modal. Its inputs are in the order of the command's words.
func (w Messages) form(metadata string, o offer) slack.ModalViewRequest {
	blocks := []slack.Block{section(w.formIntro(o)), w.groupInput(o), w.codesInput(o)}
	blocks = append(blocks, termInputs()...)
	blocks = append(blocks, whyInput())
	return slack.ModalViewRequest{
		Type: slack.VTModal, CallbackID: formCallback, PrivateMetadata: metadata,
		Title: label("Ask for licences"), Submit: label("Ask"), Close: label("Cancel"),
		Blocks: slack.Blocks{BlockSet: blocks},
	}
}

func (w Messages) formIntro(o offer) string {
	text := fmt.Sprintf("Your request becomes a card in <#%s>, where an approver decides. UiPath is changed only after that.", idOnly(w.Channel))
	if !o.groups || len(o.codes) == 0 {
		text = "UiPath does not tell at the moment what there is to choose from, so please type it. It is checked as soon as UiPath answers.\n" + text
	}
	return text
}

func (w Messages) groupInput(o offer) slack.Block {
	if !o.groups {
		return field(fieldGroup, "UiPath group", "Its id or its exact name.", text(fieldGroup, maxGroup, false))
	}
	least := minQuery
	search := slack.NewOptionsSelectBlockElement(slack.OptTypeExternal, label("Type a part of its name"), fieldGroup)
	search.MinQueryLength = &least
	return field(fieldGroup, "UiPath group", "Type a part of its name, or its id.", search)
}

func (w Messages) codesInput(o offer) slack.Block {
	if len(o.codes) == 0 {
		return field(fieldCodes, "Licence codes", "One or more, such as RPADEVPRONU IDU.", text(fieldCodes, maxCommand, false))
	}
	most := maxCodes
	menu := slack.NewOptionsMultiSelectBlockElement(slack.MultiOptTypeStatic, label("Choose codes"), fieldCodes)
	for _, seats := range o.codes {
		menu.Options = append(menu.Options, w.codeOption(seats))
	}
	menu.MaxSelectedItems = &most
	return field(fieldCodes, "Licences", "", menu)
}

func (w Messages) codeOption(s approvals.Seats) *slack.OptionBlockObject {
	shown := s.Code
	if name, ok := w.CodeName(s.Code); ok {
		shown = s.Code + " " + name
	}
	free := fmt.Sprintf("%d of %d seats free", s.Free(), s.Total)
	return slack.NewOptionBlockObject(s.Code, label(bounded(shown, maxOptionText)), label(free))
}

func termInputs() []slack.Block {
	menu := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, nil, fieldTerm)
	for _, term := range terms {
		menu.Options = append(menu.Options, slack.NewOptionBlockObject(term.value, label(term.shown), nil))
	}
	menu.InitialOption = menu.Options[0]
	return []slack.Block{
		field(fieldTerm, "For how long", "", menu),
		field(fieldUntil, "Or until a day", "", slack.NewDatePickerBlockElement(fieldUntil)).WithOptional(true),
	}
}

func whyInput() slack.Block {
	return field(fieldWhy, "Reason", "The approvers read it on the card.", text(fieldWhy, maxReason, true)).WithOptional(true)
}

func field(name, title, hint string, element slack.BlockElement) *slack.InputBlock {
	var below *slack.TextBlockObject
	if hint != "" {
		below = label(hint)
	}
	return slack.NewInputBlock(name, label(title), below, element)
}

func text(name string, most int, long bool) slack.BlockElement {
	element := slack.NewPlainTextInputBlockElement(nil, name)
	element.MaxLength, element.Multiline = most, long
	return element
}

// label is plain text, in which Slack reads no markup, no mention and, as it
// is told here, no emoji: what comes from outside needs nothing but a bound.
func label(s string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.PlainTextType, s, false, false)
}

// fieldErrors is the acknowledgement that shows what is wrong under each field.
func fieldErrors(wrong map[string]string) any {
	shown := make(map[string]string, len(wrong))
	for name, problem := range wrong {
		shown[name] = bounded(problem, maxShown)
	}
	return slack.NewErrorsViewSubmissionResponse(shown)
}

// FormNotStored is shown in a form whose request could not be made durable.
func (w Messages) FormNotStored() string {
	return "I could not record your request, so nothing was asked and nothing will happen. Please submit the form again in a minute; if this goes on, tell whoever runs licensebot that its database does not answer."
}

// FormBusy is shown in a form that was submitted when too many others waited.
func (w Messages) FormBusy() string {
	return "I am too busy to record your request right now, so nothing was asked and nothing will happen. Please submit the form again in a minute."
}

// FormBroken is shown in a form whose handling failed in a way nobody foresaw.
func (w Messages) FormBroken() string {
	return "Something went wrong inside licensebot while it read the form, so I cannot tell whether your request was recorded. If no card appears within a minute, please submit it again and tell whoever runs licensebot."
}

// FormNotOpened answers whom no form could be opened for.
func (w Messages) FormNotOpened(command string) string {
	return "I could not open the form; if it did not appear, type the request instead, or try again in a minute.\n" + w.Help(command)
}
