package message

import (
	"fmt"
	"strings"

	"github.com/slack-go/slack"

	"licensebot/approvals"
	"licensebot/bot/command"
	"licensebot/internal/outside"
)

// Slack's bounds of a select. Lengths are in characters.
const (
	MaxOptions     = 100
	maxOptionText  = 75
	maxOptionValue = 150
)

// minQuery is how many characters a person types before Slack asks for groups.
const minQuery = 2

// maxUntil bounds the field of an end, in characters.
const maxUntil = 60

// FormCallback is the callback id of the form, by which a submission is known.
const FormCallback = "allocate_form"

// ShortcutOpen is the callback id of the global shortcut that opens the form, as
// in the app manifest. It is also the action id of the button on the Home tab.
const ShortcutOpen = "allocate_open"

// The fields of the form. Each name is the id of a block and of its element.
const (
	FieldAction = "action"
	FieldGroup  = "group"
	FieldCodes  = "codes"
	FieldSeats  = "seats"
	FieldTerm   = "term"
	FieldUntil  = "until"
	FieldReason = "why"
)

// TermForGood is the choice of a grant without an end.
const TermForGood = "good"

// actionChoices are what a request can do, as people type it. The first is the default.
var actionChoices = []struct {
	action approvals.Action
	shown  string
}{
	{approvals.Add, "Add licenses"},
	{approvals.Remove, "Remove licenses"},
	{approvals.Set, "Keep exactly these licenses"},
}

// termChoices are the durations to choose from, as people type them.
var termChoices = []struct{ value, shown string }{
	{TermForGood, "For good"},
	{"1d", "1 day"}, {"1w", "1 week"}, {"2w", "2 weeks"}, {"30d", "30 days"}, {"90d", "90 days"},
}

// An Offer is what the form can offer to choose from. What UiPath does not tell,
// people type.
type Offer struct {
	HasGroups bool // groups can be looked up
	Codes     []approvals.Seats
	Packs     []approvals.Pack
}

// RenderForm draws the form. Its inputs are in the order of the command's words.
// The metadata comes back when it is submitted.
func (p Phrases) RenderForm(metadata string, o Offer) slack.ModalViewRequest {
	blocks := []slack.Block{
		sectionBlock(p.formIntro(o)), actionInput(), groupInput(o), p.codesInput(o), seatsInput(),
	}
	blocks = append(blocks, termInputs()...)
	blocks = append(blocks, reasonInput())
	return slack.ModalViewRequest{
		Type: slack.VTModal, CallbackID: FormCallback, PrivateMetadata: metadata,
		Title: plainText("Ask for licenses"), Submit: plainText("Ask"), Close: plainText("Cancel"),
		Blocks: slack.Blocks{BlockSet: blocks},
	}
}

func (p Phrases) formIntro(o Offer) string {
	text := fmt.Sprintf("Your request becomes a card in %s, where an approver decides. "+
		"UiPath is changed only after that.", p.mentionToday())
	if !o.HasGroups || len(o.Codes) == 0 {
		text = "UiPath does not answer at the moment, so please type the group and the codes. " +
			"They are checked as soon as UiPath answers.\n" + text
	}
	return text
}

func actionInput() slack.Block {
	menu := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, nil, FieldAction)
	for _, choice := range actionChoices {
		menu.Options = append(menu.Options,
			slack.NewOptionBlockObject(string(choice.action), plainText(choice.shown), nil))
	}
	menu.InitialOption = menu.Options[0]
	return inputBlock(FieldAction, "What to do", "", menu)
}

func groupInput(o Offer) slack.Block {
	if !o.HasGroups {
		return inputBlock(FieldGroup, "UiPath group", "Its id or its exact name.",
			textInput(FieldGroup, command.MaxGroup, false))
	}
	least := minQuery
	search := slack.NewOptionsSelectBlockElement(slack.OptTypeExternal, plainText("Type a part of its name"),
		FieldGroup)
	search.MinQueryLength = &least
	return inputBlock(FieldGroup, "UiPath group", "Type a part of its name, or its id.", search)
}

func (p Phrases) codesInput(o Offer) slack.Block {
	if len(o.Codes) == 0 {
		return inputBlock(FieldCodes, "License codes", "One or more, such as RPADEVPRONU IDU."+hintPacks(o.Packs),
			textInput(FieldCodes, command.MaxLength, false))
	}
	most := command.MaxCodes
	menu := slack.NewOptionsMultiSelectBlockElement(slack.MultiOptTypeStatic, plainText("Choose codes"), FieldCodes)
	for _, pack := range o.Packs {
		menu.Options = append(menu.Options, packOption(pack))
	}
	for _, seats := range o.Codes {
		menu.Options = append(menu.Options, p.codeOption(seats))
	}
	menu.MaxSelectedItems = &most
	return inputBlock(FieldCodes, "Licenses", "", menu)
}

func (p Phrases) codeOption(s approvals.Seats) *slack.OptionBlockObject {
	shown := s.Code
	if name, ok := p.CodeName(s.Code); ok {
		shown = s.Code + " " + name
	}
	free := "UiPath does not show its seats"
	if s.IsKnown() {
		free = fmt.Sprintf("%d of %d seats free", s.Free(), s.Total)
	}
	return slack.NewOptionBlockObject(s.Code, plainText(outside.OneLine(shown, maxOptionText)), plainText(free))
}

// packOption offers a pack, with its codes.
func packOption(pack approvals.Pack) *slack.OptionBlockObject {
	return slack.NewOptionBlockObject(pack.Name, plainText(outside.OneLine("Pack "+pack.Name, maxOptionText)),
		plainText(outside.OneLine(strings.Join(pack.Codes, ", "), maxOptionText)))
}

// hintPacks names the packs that people can type.
func hintPacks(packs []approvals.Pack) string {
	if len(packs) == 0 {
		return ""
	}
	var names []string
	for _, pack := range packs {
		names = append(names, pack.Name)
	}
	return " Packs: " + joinWithin(maxTerse, names) + "."
}

func seatsInput() slack.Block {
	return inputBlock(FieldSeats, "Seat limit", "A number for one license, such as 10; for several, such as "+
		"RPADEVPRONU=10 IDU=5. Without it the group's limits stay as they are.",
		textInput(FieldSeats, command.MaxLength, false)).WithOptional(true)
}

func termInputs() []slack.Block {
	menu := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, nil, FieldTerm)
	for _, term := range termChoices {
		menu.Options = append(menu.Options, slack.NewOptionBlockObject(term.value, plainText(term.shown), nil))
	}
	menu.InitialOption = menu.Options[0]
	return []slack.Block{
		inputBlock(FieldTerm, "For how long", "", menu),
		inputBlock(FieldUntil, "Or until", "As in the command: a day, such as 31.12.2030, Friday or end of year; "+
			"or a time, such as for 6 weeks.", textInput(FieldUntil, maxUntil, false)).WithOptional(true),
	}
}

func reasonInput() slack.Block {
	return inputBlock(FieldReason, "Reason", "The approvers read it on the card.",
		textInput(FieldReason, command.MaxReason, true)).WithOptional(true)
}

// FieldErrors is the acknowledgment that shows under each field what is wrong.
func FieldErrors(wrong map[string]string) any {
	shown := make(map[string]string, len(wrong))
	for name, problem := range wrong {
		shown[name] = outside.OneLine(problem, maxShown)
	}
	return slack.NewErrorsViewSubmissionResponse(shown)
}

// FormNotStored is shown in a form after the store refused its request.
func FormNotStored() string {
	return "I could not record your request, so nothing was asked and nothing will happen. " +
		"Please submit the form again in a minute. If this goes on, tell the operator of licensebot that its " +
		"database does not answer."
}

// FormBusy is shown in a form that was submitted while too many others waited.
func FormBusy() string {
	return "I am too busy to record your request right now, so nothing was asked and nothing will happen. " +
		"Please submit the form again in a minute."
}

// FormForeign is shown in a form from another workspace.
func FormForeign() string {
	return "This licensebot belongs to another workspace, so it recorded nothing. " +
		"Please use it in its own workspace."
}

// FormOfUnknown is shown in a form if Slack does not tell who the person is.
func FormOfUnknown() string {
	return "Slack did not tell me who you are, so nothing was recorded and nothing will happen. " +
		"Please submit the form again in a minute. If that does not help, tell the operator of licensebot."
}

// FormBroken is shown in a form that made the bot fail.
func FormBroken() string {
	return "Something went wrong inside licensebot while it read the form, so I cannot tell whether your " +
		"request was recorded. If no card appears within a minute, please submit it again and tell the operator " +
		"of licensebot."
}

// FormNotOpened answers a person who asked for the form and did not get it. The
// name is the command's.
func (p Phrases) FormNotOpened(name string) string {
	return "I could not open the form. If it did not appear, type the request instead, or try again in a minute.\n" +
		p.CommandHelp(name)
}

// TermTwice is shown in a form that says both how long and until when.
func TermTwice() string { return "Choose either how long or until when, not both." }

// UntilUnclear is shown under the end if its words say more than an end.
func UntilUnclear() string {
	return "This field takes only when it ends, such as 31.12.2030, end of year or for 30 days."
}

// SeatsOfOther is shown under the seat limit if it names a code that was not chosen.
func SeatsOfOther() string {
	return "Limits are for the licenses chosen above. Choose the license too."
}

// SeatsOfWhich is shown under a lone seat limit beside several licenses.
func SeatsOfWhich() string {
	return "Say for which license the limit is, such as RPADEVPRONU=10 IDU=5."
}
