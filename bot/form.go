package bot

import (
	"context"
	"encoding/json"
	"html"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rs/zerolog"
	"github.com/slack-go/slack"

	"licensebot/approvals"
)

// ShortcutOpen is the callback id of the global shortcut that opens the form,
// as in the app's manifest.
const ShortcutOpen = "allocate_open"

// formCallback is how a submission of the form is told from any other.
const FormCallback = "allocate_form"

// The fields of the form: each is the id of its block and of its element.
const (
	FieldGroup  = "group"
	FieldCodes  = "codes"
	FieldTerm   = "term"
	FieldUntil  = "until"
	FieldReason = "why"
)

// A Catalogue tells what there is to ask for. What it was told before it knows
// by heart, so that people who type need not wait for UiPath.
type Catalog interface {
	// Groups lists groups that query may mean, the best first, at most most.
	Groups(ctx context.Context, query string, most int) ([]approvals.Group, error)
	// Seats lists what the organisation owns of each code, at once.
	Seats(ctx context.Context) ([]approvals.Seats, error)
}

// A Form asks for licences without a command: it opens as a modal, helps to
// find the group and the codes, and reads what was filled in as the command
// that says the same.
type Form struct {
	API     *slack.Client
	Catalog Catalog
	Words   Phrases
	Log     zerolog.Logger
}

// askLimit is how long UiPath is waited for before the form opens without its
// help. The trigger to open it lives for three seconds.
const offerLimit = time.Second

// open shows the form to whom the trigger belongs. A trigger that was used has
// opened the form already: its envelope came twice.
func (f *Form) openForm(ctx context.Context, trigger string, by opening) error {
	view := f.Words.RenderForm(by.encodeMetadata(), f.gatherOffer(ctx))
	_, err := f.API.OpenViewContext(ctx, trigger, view)
	if isAnswer(err, "exchanged_trigger_id") {
		return nil
	}
	return ClassifyError("views.open", err)
}

// An offer is what the form can offer to choose from. Where UiPath does not
// tell, people type.
type Offer struct {
	Groups bool
	Codes  []approvals.Seats
}

// offer asks for both at once, and for no longer than leaves time to open.
func (f *Form) gatherOffer(ctx context.Context) Offer {
	patience := offerLimit
	if deadline, ok := ctx.Deadline(); ok {
		patience = min(patience, time.Until(deadline)/2)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	found := make(chan error, 1)
	go func() {
		_, err := f.Catalog.Groups(ctx, "", 1)
		found <- err
	}()
	owned, err := f.Catalog.Seats(ctx)
	if err != nil {
		f.Log.Warn().Err(err).Msg("the form opens without codes to choose from")
	}
	owned = slices.DeleteFunc(owned, func(s approvals.Seats) bool { return !IsCode(s.Code) })
	if len(owned) > maxOptions {
		owned = nil
	}
	if err := <-found; err != nil {
		f.Log.Warn().Err(err).Msg("the form opens without groups to choose from")
		return Offer{Codes: owned}
	}
	return Offer{Groups: true, Codes: owned}
}

// An opening is what a form remembers of how it was opened: where the person
// is told what came of it, and what the command is called there. Both are
// empty where no command was typed.
type opening struct {
	Channel string `json:"channel"`
	Command string `json:"command"`
}

// metadata is the private_metadata of a form. Slack shows it to nobody, and it
// holds no secret.
func (o opening) encodeMetadata() string {
	text, _ := json.Marshal(o) // strings always can be
	return string(text)
}

var (
	originShape  = regexp.MustCompile(`^[CDG][A-Z0-9_]{2,40}$`)
	commandShape = regexp.MustCompile(`^/[\pL\pM\pN._-]+$`)
)

// openingOf reads it back: what has not the shape of it is as if there were none.
func decodeOpening(metadata string) opening {
	var kept opening
	if json.Unmarshal([]byte(metadata), &kept) != nil {
		return opening{}
	}
	if !originShape.MatchString(kept.Channel) {
		kept.Channel = ""
	}
	if !commandShape.MatchString(kept.Command) || utf8.RuneCountInString(kept.Command) > MaxNameLength {
		kept.Command = ""
	}
	return kept
}

// A filled is a form as it was submitted: each field as the words of the
// command that say the same.
type filled struct {
	group, codes, term, until, why string
}

func readForm(v view) filled {
	in := filled{
		group: v.inputOf(FieldGroup).Selected.Value, codes: v.inputOf(FieldCodes).Value,
		term: v.inputOf(FieldTerm).Selected.Value, until: v.inputOf(FieldUntil).Date, why: v.inputOf(FieldReason).Value,
	}
	if in.group == "" {
		in.group = v.inputOf(FieldGroup).Value
	}
	for _, chosen := range v.inputOf(FieldCodes).Several {
		in.codes += " " + chosen.Value
	}
	in.group = QuoteGroup(Normalize(in.group))
	if in.term == TermForGood {
		in.term = ""
	}
	return in
}

// ask is the request that the form makes, or what is wrong with which field.
// The command's own parser reads it, under the name that the command has, each
// field by itself first to learn which of them is to blame.
func (in filled) parseAsk(name string) (approvals.Ask, map[string]string) {
	const group, codes = "group-01", "A" // good ones, to look at another field alone
	wrong := make(map[string]string)
	look := func(field string, words ...string) {
		if _, problem := parseWords(name, words...); problem != "" && wrong[field] == "" {
			wrong[field] = problem
		}
	}
	look(FieldGroup, in.group, codes)
	if wrong[FieldGroup] == "" {
		look(FieldCodes, in.group, in.codes)
	} else {
		look(FieldCodes, group, in.codes)
	}
	look(FieldTerm, group, codes, in.durationWords())
	look(FieldUntil, group, codes, in.untilWords())
	if in.term != "" && in.until != "" {
		wrong[FieldUntil] = "Choose either how long or until when, not both."
	}
	look(FieldReason, group, codes, in.reasonWords())
	if len(wrong) > 0 {
		return approvals.Ask{}, wrong
	}
	ask, problem := parseWords(name, in.group, in.codes, in.durationWords(), in.untilWords(), in.reasonWords())
	if problem != "" {
		return approvals.Ask{}, map[string]string{FieldReason: problem}
	}
	return ask, nil
}

func (in filled) durationWords() string { return withKeyword("for", in.term) }
func (in filled) untilWords() string    { return withKeyword("until", in.until) }
func (in filled) reasonWords() string   { return withKeyword("because", in.why) }

// after puts the command's keyword before what was filled in, if anything was.
func withKeyword(keyword, text string) string {
	if strings.TrimSpace(text) == "" {
		return ""
	}
	return keyword + " " + text
}

// parsed has the command's parser read the words, and tells its problem in the
// plain text that a field shows.
func parseWords(name string, words ...string) (approvals.Ask, string) {
	command, err := Parse(name, strings.Join(words, " "), time.Now())
	if err != nil {
		return approvals.Ask{}, stripMarkup(err.Error())
	}
	return command.Ask, ""
}

// unmarked takes the markup off a sentence of the bot's, for where Slack shows
// plain text. Ticks are always markup: inside of code they are replaced.
func stripMarkup(text string) string {
	return html.UnescapeString(strings.ReplaceAll(text, "`", ""))
}
