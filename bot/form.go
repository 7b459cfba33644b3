package bot

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/rs/zerolog"
	"github.com/slack-go/slack"

	"licensebot/approvals"
	"licensebot/bot/command"
	"licensebot/bot/message"
	"licensebot/bot/slackapi"
	"licensebot/internal/outside"
)

// A form asks for licenses without a command. It helps to find the group and the
// codes, and is read as the command that says the same.
type form struct {
	views   *slackapi.Views
	catalog Catalog
	codes   []string // those that have a name
	policy  func() approvals.Policy
	phrases message.Phrases
	log     zerolog.Logger
}

// offerLimit is how long the form waits for UiPath before it opens without its
// help. The trigger to open it lives for three seconds.
const offerLimit = time.Second

// open shows the form to the person who made the trigger, with a draft in it.
func (f *form) open(ctx context.Context, trigger string, origin formOrigin, draft message.FormDraft) error {
	return f.views.Open(ctx, trigger, f.phrases.RenderForm(origin.encode(), f.gatherOffer(ctx), draft))
}

// maxOfferAnew bounds the codes of a form in an acknowledgment, which Slack drops if it
// has 20 KB.
const maxOfferAnew = 40

// openAnew answers a form of another version: its fields may have another meaning here.
// The form of this version takes its place, with what was filled in except the end.
func (f *form) openAnew(ctx context.Context, origin formOrigin, v view) any {
	draft := readForm(v).draft()
	draft.Notice = message.FormOutdated()
	offer := f.gatherOffer(ctx)
	if len(offer.Codes)+len(offer.Packs) > maxOfferAnew {
		offer.Codes, offer.Packs = nil, nil
	}
	anew := f.phrases.RenderForm(origin.encode(), offer, draft)
	return slack.NewUpdateViewSubmissionResponse(&anew)
}

// gatherOffer asks UiPath for groups and codes at once, for no longer than leaves
// time to open the form.
func (f *form) gatherOffer(ctx context.Context) message.Offer {
	patience := offerLimit
	if deadline, ok := ctx.Deadline(); ok {
		patience = min(patience, time.Until(deadline)/2)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	found := make(chan error, 1)
	go func() {
		_, err := f.catalog.Groups(ctx, "", 1)
		found <- err
	}()
	owned, err := f.catalog.Seats(ctx)
	if err != nil {
		f.log.Warn().Err(err).Msg("the form opens without codes to choose from")
	}
	owned = slices.DeleteFunc(owned, func(s approvals.Seats) bool { return !command.IsCode(s.Code) })
	packs := f.policy().Packs
	if len(packs)+len(owned) > message.MaxOptions {
		owned = nil
	}
	err = <-found
	if err != nil {
		f.log.Warn().Err(err).Msg("the form opens without groups to choose from")
	}
	return message.Offer{HasGroups: err == nil, Codes: owned, Named: f.codes, Packs: packs}
}

// suggestGroups offers groups to a person who typed a query.
func (f *form) suggestGroups(ctx context.Context, query string) message.Options {
	query = command.Normalize(outside.OneLine(query, command.MaxGroup))
	found, err := f.catalog.Groups(ctx, query, message.MaxOptions)
	if err != nil {
		f.log.Warn().Err(err).Msg("could not look for groups")
	}
	return message.GroupOptions(query, found)
}

// formVersion counts the meanings that the form's fields have had. A form may stay open
// across an update.
const formVersion = 2

// A formOrigin is what a form remembers of how it was opened: where the person is
// told what came of it, and the command's name there. Both are empty if the
// person typed no command.
type formOrigin struct {
	Channel string `json:"channel"`
	Command string `json:"command"`
	Version int    `json:"version"` // set by encode
}

// encode writes the private_metadata of a form. Slack hides it from people, and it
// holds no secret.
func (o formOrigin) encode() string {
	o.Version = formVersion
	text, _ := json.Marshal(o) // strings and a number always can be
	return string(text)
}

var (
	originShape  = regexp.MustCompile(`^[CDG][A-Z0-9_]{2,40}$`)
	commandShape = regexp.MustCompile(`^/[\pL\pM\pN._-]+$`)
)

// decodeOrigin reads the private_metadata of a form. What does not have the right
// shape is empty.
func decodeOrigin(metadata string) formOrigin {
	var origin formOrigin
	if json.Unmarshal([]byte(metadata), &origin) != nil {
		return formOrigin{}
	}
	if !originShape.MatchString(origin.Channel) {
		origin.Channel = ""
	}
	if !commandShape.MatchString(origin.Command) || utf8.RuneCountInString(origin.Command) > command.MaxNameLength {
		origin.Command = ""
	}
	return origin
}
