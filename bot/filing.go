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
	channel      string
	ttl          time.Duration // life of a request that has no card yet
	phrases      message.Phrases
	responseURLs *slackapi.ResponseURLs
	log          zerolog.Logger
}

// fileCommand stores the request of a command, and returns the answer.
func (f *filing) fileCommand(ctx context.Context, env socket.Envelope, typed slashCommand, ask approvals.Ask) string {
	request, _, err := f.fileRequest(ctx, env.ID, typed.UserID, typed.ChannelID, ask)
	if errors.Is(err, approvals.ErrCommitUnknown) {
		return message.CommandUncertain()
	}
	if err != nil {
		return message.CommandNotStored()
	}
	f.responseURLs.Keep(request.ID, typed.ResponseURL, time.Now())
	return f.confirmReceipt(ctx, request)
}

// fileRequest stores a request, once for each envelope.
func (f *filing) fileRequest(
	ctx context.Context, envelope, requester, origin string, ask approvals.Ask,
) (request approvals.Request, again bool, err error) {
	request, again, err = f.store.FileRequest(ctx, approvals.Request{
		ID: approvals.NewID(), EnvelopeID: envelope, Requester: requester, OriginChannel: origin,
		Channel: f.channel, Ask: ask, Terms: approvals.Terms{TTL: f.ttl},
	})
	if err != nil {
		f.log.Error().Str("envelope", envelope).Err(err).Msg("could not record a request")
		return request, again, err
	}
	f.log.Info().Str("request", request.ID).Str("requester", request.Requester).Strs("codes", ask.Codes).
		Bool("again", again).Msg("request recorded")
	return request, again, nil
}

// maxAhead bounds the count of the cards ahead. Beyond it the wait is an hour.
const maxAhead = 3600

// confirmReceipt is the answer to a request that was stored.
func (f *filing) confirmReceipt(ctx context.Context, r approvals.Request) string {
	unposted, err := f.store.CountUnposted(ctx, maxAhead)
	if err != nil {
		f.log.Warn().Err(err).Msg("could not count the cards that wait")
		unposted = 0
	}
	ahead := max(unposted-1, 0) // the new one is counted as well
	return f.phrases.ConfirmReceipt(r, ahead)
}
