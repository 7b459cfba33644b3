package bot

import (
	"context"
	"errors"
	"time"

	"github.com/rs/zerolog"

	"licensebot/approvals"
	"licensebot/bot/message"
	"licensebot/bot/slackapi"
	"licensebot/bot/socket"
)

// filing stores new requests.
type filing struct {
	store        FilingStore
	channel      *currentChannel
	target       approvals.Target
	ttl          time.Duration                           // life of a request that has no card yet
	seats        func(context.Context) []approvals.Seats // by what UiPath told last; empty if that is not known
	phrases      message.Phrases
	responseURLs *slackapi.ResponseURLs
	log          zerolog.Logger
}

// fileCommand stores the request of a command, and returns the answer.
func (f *filing) fileCommand(
	ctx context.Context, env socket.Envelope, name string, typed slashCommand, ask approvals.Ask,
) string {
	request, receipt, err := f.fileRequest(ctx, env.ID, typed.UserID, typed.ChannelID, ask)
	if err != nil {
		return explainNotFiled(name, err, message.CommandNotStored())
	}
	f.responseURLs.Keep(request.ID, typed.ResponseURL, time.Now())
	return f.confirmReceipt(ctx, request, receipt)
}

// explainNotFiled says why a request was not stored. notStored are the words for a
// failure of the store.
func explainNotFiled(name string, err error, notStored string) string {
	if tooMany, ok := errors.AsType[*approvals.TooManyOpenError](err); ok {
		return message.TooManyOpen(name, tooMany.Most)
	}
	if errors.Is(err, approvals.ErrCommitUnknown) {
		return message.CommandUncertain()
	}
	return notStored
}

// fileRequest stores a request, once for each envelope.
func (f *filing) fileRequest(
	ctx context.Context, envelope, requester, origin string, ask approvals.Ask,
) (request approvals.Request, receipt approvals.Receipt, err error) {
	request, receipt, err = f.store.FileRequest(ctx, approvals.Request{
		ID: approvals.NewID(), EnvelopeID: envelope, Requester: requester, OriginChannel: origin,
		Channel: f.channel.get(), Target: f.target, Ask: ask, Terms: approvals.Terms{TTL: f.ttl},
	})
	if _, tooMany := errors.AsType[*approvals.TooManyOpenError](err); tooMany {
		f.log.Warn().Str("requester", requester).Err(err).Msg("a request was not recorded")
		return request, receipt, err
	}
	if err != nil {
		f.log.Error().Str("envelope", envelope).Err(err).Msg("could not record a request")
		return request, receipt, err
	}
	f.log.Info().Str("request", request.ID).Str("requester", request.Requester).Strs("codes", ask.Codes).
		Bool("again", receipt.Again).Msg("request recorded")
	return request, receipt, nil
}

// confirmReceipt is the answer to a request that was stored.
func (f *filing) confirmReceipt(ctx context.Context, r approvals.Request, receipt approvals.Receipt) string {
	return f.phrases.ConfirmReceipt(message.Receipt{
		Request: r, Ahead: receipt.Ahead, Short: r.Ask.Shortages(f.seats(ctx)),
	})
}
