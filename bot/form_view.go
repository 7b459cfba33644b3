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
const TermForGood = "good"

// terms are the durations to choose from, as the command has them.
var termChoices = []struct{ value, shown string }{
	{TermForGood, "For good"}, {"1d", "1 day"}, {"1w", "1 week"}, {"2w", "2 weeks"}, {"30d", "30 days"}, {"90d", "90 days"},
}

// form draws the modal. Its inputs are in the order of the command's words.
func (w Phrases) RenderForm(metadata string, o Offer) slack.ModalViewRequest {
	blocks := []slack.Block{sectionBlock(w.formIntro(o)), groupInput(o), w.codesInput(o)}
	blocks = append(blocks, termInputs()...)
	blocks = append(blocks, reasonInput())
	return slack.ModalViewRequest{
		Type: slack.VTModal, CallbackID: FormCallback, PrivateMetadata: metadata,
		Title: plainText("Ask for licences"), Submit: plainText("Ask"), Close: plainText("Cancel"),
		Blocks: slack.Blocks{BlockSet: blocks},
	}
}

func (w Phrases) formIntro(o Offer) string {
	text := fmt.Sprintf("Your request becomes a card in <#%s>, where an approver decides. UiPath is changed only after that.", sanitizeID(w.Channel))
	if !o.Groups || len(o.Codes) == 0 {
		text = "UiPath does not tell at the moment what there is to choose from, so please type it. It is checked as soon as UiPath answers.\n" + text
	}
	return text
}

func groupInput(o Offer) slack.Block {
	if !o.Groups {
		return inputBlock(FieldGroup, "UiPath group", "Its id or its exact name.", textInput(FieldGroup, MaxGroup, false))
	}
	least := minQuery
	search := slack.NewOptionsSelectBlockElement(slack.OptTypeExternal, plainText("Type a part of its name"), FieldGroup)
	search.MinQueryLength = &least
	return inputBlock(FieldGroup, "UiPath group", "Type a part of its name, or its id.", search)
}

func (w Phrases) codesInput(o Offer) slack.Block {
	if len(o.Codes) == 0 {
		return inputBlock(FieldCodes, "Licence codes", "One or more, such as RPADEVPRONU IDU.", textInput(FieldCodes, MaxLength, false))
	}
	most := MaxCodes
	menu := slack.NewOptionsMultiSelectBlockElement(slack.MultiOptTypeStatic, plainText("Choose codes"), FieldCodes)
	for _, seats := range o.Codes {
		menu.Options = append(menu.Options, w.codeOption(seats))
	}
	menu.MaxSelectedItems = &most
	return inputBlock(FieldCodes, "Licences", "", menu)
}

func (w Phrases) codeOption(s approvals.Seats) *slack.OptionBlockObject {
	shown := s.Code
	if name, ok := w.CodeName(s.Code); ok {
		shown = s.Code + " " + name
	}
	free := fmt.Sprintf("%d of %d seats free", s.Free(), s.Total)
	return slack.NewOptionBlockObject(s.Code, plainText(OneLine(shown, maxOptionText)), plainText(free))
}

func termInputs() []slack.Block {
	menu := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, nil, FieldTerm)
	for _, term := range termChoices {
		menu.Options = append(menu.Options, slack.NewOptionBlockObject(term.value, plainText(term.shown), nil))
	}
	menu.InitialOption = menu.Options[0]
	return []slack.Block{
		inputBlock(FieldTerm, "For how long", "", menu),
		inputBlock(FieldUntil, "Or until a day", "", slack.NewDatePickerBlockElement(FieldUntil)).WithOptional(true),
	}
}

func reasonInput() slack.Block {
	return inputBlock(FieldReason, "Reason", "The approvers read it on the card.", textInput(FieldReason, MaxReason, true)).WithOptional(true)
}

func inputBlock(name, title, hint string, element slack.BlockElement) *slack.InputBlock {
	var below *slack.TextBlockObject
	if hint != "" {
		below = plainText(hint)
	}
	return slack.NewInputBlock(name, plainText(title), below, element)
}

func textInput(name string, most int, long bool) slack.BlockElement {
	element := slack.NewPlainTextInputBlockElement(nil, name)
	element.MaxLength, element.Multiline = most, long
	return element
}

// label is plain text, in which Slack reads no markup, no mention and, as it
// is told here, no emoji: what comes from outside needs nothing but a bound.
func plainText(s string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.PlainTextType, s, false, false)
}

// fieldErrors is the acknowledgement that shows what is wrong under each field.
func FieldErrors(wrong map[string]string) any {
	shown := make(map[string]string, len(wrong))
	for name, problem := range wrong {
		shown[name] = OneLine(problem, maxShown)
	}
	return slack.NewErrorsViewSubmissionResponse(shown)
}

// FormNotStored is shown in a form whose request could not be made durable.
func FormNotStored() string {
	return "I could not record your request, so nothing was asked and nothing will happen. Please submit the form again in a minute; if this goes on, tell whoever runs licensebot that its database does not answer."
}

// FormBusy is shown in a form that was submitted when too many others waited.
func FormBusy() string {
	return "I am too busy to record your request right now, so nothing was asked and nothing will happen. Please submit the form again in a minute."
}

// FormBroken is shown in a form whose handling failed in a way nobody foresaw.
func FormBroken() string {
	return "Something went wrong inside licensebot while it read the form, so I cannot tell whether your request was recorded. If no card appears within a minute, please submit it again and tell whoever runs licensebot."
}

// FormNotOpened answers whom no form could be opened for.
func (w Phrases) FormNotOpened(command string) string {
	return "I could not open the form; if it did not appear, type the request instead, or try again in a minute.\n" + w.CommandHelp(command)
}
