package message

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

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
	FieldOther  = "other_codes"
	FieldSeats  = "seats"
	FieldTerm   = "term"
	FieldUntil  = "until"
	FieldReason = "why"
)

// Choices of how long a grant lasts that are no length.
const (
	TermForGood = "good"
	TermBelow   = "below" // until the end in the field below
)

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
var termChoices = []struct {
	value, shown string
	length       time.Duration // zero: no length
}{
	{TermForGood, "For good", 0},
	{"1d", "1 day", day}, {"1w", "1 week", 7 * day}, {"2w", "2 weeks", 14 * day}, {"30d", "30 days", 30 * day},
	{"90d", "90 days", 90 * day},
	{TermBelow, "Until the end that I type below", 0},
}

const day = 24 * time.Hour

// An Offer is what the form can offer to choose from. What UiPath does not tell,
// people type.
type Offer struct {
	HasGroups bool // groups can be looked up
	Codes     []approvals.Seats
	Named     []string // codes with a name, for when UiPath does not tell which are owned
	Packs     []approvals.Pack
}

// RenderForm draws the form with a draft in it. Its inputs are in the order of the
// command's words. The metadata comes back when it is submitted.
func (p Phrases) RenderForm(metadata string, o Offer, d FormDraft) slack.ModalViewRequest {
	var blocks []slack.Block
	if d.Notice != "" {
		blocks = append(blocks, sectionBlock(d.Notice))
	}
	if d.Problem != "" {
		blocks = append(blocks, sectionBlock("Still open: "+escapeLine(d.Problem)))
	}
	blocks = append(blocks, sectionBlock(p.formIntro(o)), actionInput(d), groupInput(o, d))
	blocks = append(blocks, p.codesInputs(o, d)...)
	blocks = append(blocks, seatsInput(d))
	blocks = append(blocks, termInputs(d)...)
	blocks = append(blocks, reasonInput(d))
	return slack.ModalViewRequest{
		Type: slack.VTModal, CallbackID: FormCallback, PrivateMetadata: metadata,
		Title: plainText("Ask for licenses"), Submit: plainText("Ask"), Close: plainText("Cancel"),
		Blocks: slack.Blocks{BlockSet: blocks},
	}
}

func (p Phrases) formIntro(o Offer) string {
	text := fmt.Sprintf("Your request becomes a card in %s, where an approver decides. "+
		"UiPath is changed only after that.", p.mentionToday())
	if len(o.Codes) == 0 {
		text = "The list has the licenses that licensebot knows by name. Type the codes of others below it.\n" + text
	}
	if !o.HasGroups {
		text = "UiPath does not answer at the moment, so please type the group. It is checked as soon as UiPath " +
			"answers.\n" + text
	}
	return text
}

func actionInput(d FormDraft) slack.Block {
	menu := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, nil, FieldAction)
	for _, choice := range actionChoices {
		option := slack.NewOptionBlockObject(string(choice.action), plainText(choice.shown), nil)
		menu.Options = append(menu.Options, option)
		if menu.InitialOption == nil || choice.action == d.Action {
			menu.InitialOption = option
		}
	}
	return inputBlock(FieldAction, "What to do", "", menu)
}

func groupInput(o Offer, d FormDraft) slack.Block {
	if !o.HasGroups {
		return inputBlock(FieldGroup, "UiPath group", "Its id or its exact name.",
			filledInput(FieldGroup, command.MaxGroup, false, d.Group))
	}
	least := minQuery
	search := slack.NewOptionsSelectBlockElement(slack.OptTypeExternal, plainText("Type a part of its name"),
		FieldGroup)
	search.MinQueryLength = &least
	if d.Group != "" && utf8.RuneCountInString(d.Group) <= maxOptionValue {
		shown := outside.OneLine(cmp.Or(d.GroupName, d.Group), maxOptionText)
		search.InitialOption = slack.NewOptionBlockObject(d.Group, plainText(shown), nil)
	}
	return inputBlock(FieldGroup, "UiPath group", "Type a part of its name, or its id.", search)
}

// maxPacks bounds the packs to choose from. Others can be typed in a command.
const maxPacks = 50

// codesInputs are a menu of codes, and a field for codes that are not in it. The field
// stands there only if it is needed.
func (p Phrases) codesInputs(o Offer, d FormDraft) []slack.Block {
	most := command.MaxCodes
	menu := slack.NewOptionsMultiSelectBlockElement(slack.MultiOptTypeStatic, plainText("Choose licenses"), FieldCodes)
	menu.MaxSelectedItems = &most
	for _, pack := range o.Packs[:min(len(o.Packs), maxPacks)] {
		menu.Options = append(menu.Options, packOption(pack))
	}
	for _, seats := range o.Codes {
		menu.Options = append(menu.Options, p.codeOption(seats.Code, &seats))
	}
	if len(o.Codes) == 0 {
		for _, code := range o.Named[:min(len(o.Named), MaxOptions-maxPacks)] {
			menu.Options = append(menu.Options, p.codeOption(code, nil))
		}
	}
	others := slices.Clone(d.Codes)
	for _, option := range menu.Options {
		if slices.Contains(d.Codes, option.Value) {
			menu.InitialOptions = append(menu.InitialOptions, option)
			others = slices.DeleteFunc(others, func(code string) bool { return code == option.Value })
		}
	}
	typed := strings.Join(others, " ")
	if len(menu.Options) == 0 {
		return []slack.Block{inputBlock(FieldCodes, "License codes", "One or more, such as RPADEVPRONU IDU.",
			filledInput(FieldCodes, command.MaxLength, false, typed))}
	}
	input := inputBlock(FieldCodes, "Licenses", "", menu)
	if len(o.Codes) > 0 && typed == "" {
		return []slack.Block{input}
	}
	return []slack.Block{input.WithOptional(true), inputBlock(FieldOther, "Other license codes",
		"Codes that are not in the list, such as RPADEVPRONU IDU.",
		filledInput(FieldOther, command.MaxLength, false, typed)).WithOptional(true)}
}

// codeOption offers a code with its name, and with its seats if they are known.
func (p Phrases) codeOption(code string, s *approvals.Seats) *slack.OptionBlockObject {
	shown := code
	if name, ok := p.CodeName(code); ok {
		shown = code + " " + name
	}
	var free *slack.TextBlockObject
	switch {
	case s == nil:
	case s.IsKnown():
		free = plainText(fmt.Sprintf("%d of %s free", s.Free(), countSeats(s.Total)))
	default:
		free = plainText("UiPath does not show its seats")
	}
	return slack.NewOptionBlockObject(code, plainText(outside.OneLine(shown, maxOptionText)), free)
}

// packOption offers a pack, with its codes.
func packOption(pack approvals.Pack) *slack.OptionBlockObject {
	return slack.NewOptionBlockObject(pack.Name, plainText(outside.OneLine("Pack "+pack.Name, maxOptionText)),
		plainText(outside.OneLine(strings.Join(pack.Codes, ", "), maxOptionText)))
}

func seatsInput(d FormDraft) slack.Block {
	return inputBlock(FieldSeats, "Seat limit", "A number for one license, such as 10; for several, such as "+
		"RPADEVPRONU=10 IDU=5. Without it the group's limits stay as they are.",
		filledInput(FieldSeats, command.MaxLength, false, d.Seats)).WithOptional(true)
}

func termInputs(d FormDraft) []slack.Block {
	menu := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, nil, FieldTerm)
	for _, term := range termChoices {
		option := slack.NewOptionBlockObject(term.value, plainText(term.shown), nil)
		menu.Options = append(menu.Options, option)
		if menu.InitialOption == nil || term.value == d.Term {
			menu.InitialOption = option
		}
	}
	return []slack.Block{
		inputBlock(FieldTerm, "For how long", "", menu),
		inputBlock(FieldUntil, "Or until", "As in the command: a day, such as 31.12.2030, Friday or end of year; "+
			"or a time, such as for 6 weeks.", filledInput(FieldUntil, maxUntil, false, d.Until)).WithOptional(true),
	}
}

func reasonInput(d FormDraft) slack.Block {
	return inputBlock(FieldReason, "Reason", "The approvers read it on the card.",
		filledInput(FieldReason, command.MaxReason, true, d.Reason)).WithOptional(true)
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
	return "Your request was not recorded, because Slack did not tell me who you are. Nothing will happen. " +
		"Please submit the form again in a minute. If that does not help, tell the operator of licensebot."
}

// FormBroken is shown in a form that made the bot fail.
func FormBroken() string {
	return "The form made something go wrong inside licensebot, so I cannot tell whether your request was " +
		"recorded. If no card appears within a minute, please submit it again and tell the operator " +
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

// EndMissing is shown under the end if it is to be typed and was not.
func EndMissing() string { return "Say when it ends, such as 31.12.2030, end of year or for 30 days." }

// FormOutdated stands above a form that opens in the place of one from another version.
func FormOutdated() string {
	return "licensebot was updated while your form was open, so nothing was asked yet. " +
		"Look through the fields, say again when it ends, and submit the form."
}
