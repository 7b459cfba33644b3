package bot

import (
	"context"
	"errors"
	"time"

	"github.com/rs/zerolog"

	"licensebot/approvals"
	"licensebot/bot/command"
	"licensebot/bot/message"
	"licensebot/bot/slackapi"
)

// queries answers what the store knows.
//
// Every person who can type the command may see who asks for which codes and
// groups, who has to approve, and how it ended. The approvals channel tells its
// members the same, and people need it to know who they wait for. A reason is
// free text for approvers. It stands on the card and in its thread, where the
// members of the channel read it. Here only the requester reads it; others get a
// link to the card. A list of one person's requests is for that person.
type queries struct {
	store     QueryStore
	voters    voters
	directory *slackapi.Directory
	phrases   message.Phrases
	log       zerolog.Logger
}

// extrasLimit bounds the calls for what only adds to an answer. The answer itself
// must be there within Slack's three seconds.
const extrasLimit = 700 * time.Millisecond

// answerQuery answers a question.
func (q *queries) answerQuery(ctx context.Context, name, asker string, c command.Command) string {
	var text string
	var err error
	switch c.Verb {
	case command.VerbMine:
		text, err = q.listOwn(ctx, name, asker, c.Page)
	case command.VerbPending:
		text, err = q.listPending(ctx, name, asker, c.Page)
	case command.VerbStatus, command.VerbWhy:
		text, err = q.describe(ctx, name, asker, c)
	}
	switch {
	case errors.Is(err, approvals.ErrNotFound):
		return message.ExplainUnknownRequest(c.ID)
	case err != nil:
		q.log.Error().Err(err).Str("verb", string(c.Verb)).Msg("could not answer a question")
		return message.QueryFailed()
	}
	return text
}

func (q *queries) listOwn(ctx context.Context, name, asker string, number int) (string, error) {
	requests, total, err := q.store.ListByRequester(ctx, asker, message.PageSize, (number-1)*message.PageSize)
	return message.ListOwn(name, message.Page{Requests: requests, Total: total, Number: number}), err
}

func (q *queries) listPending(ctx context.Context, name, asker string, number int) (string, error) {
	requests, total, err := q.store.ListPending(ctx, message.PageSize, (number-1)*message.PageSize)
	if err != nil {
		return "", err
	}
	return message.ListPending(name, message.Page{
		Requests: requests, Total: total, Number: number, Approvable: q.markApprovable(ctx, requests, asker),
	}), nil
}

// markApprovable marks the requests that wait for this very person. It marks none
// if Slack does not tell in time.
func (q *queries) markApprovable(ctx context.Context, requests []approvals.Request, asker string) map[string]bool {
	ctx, cancel := context.WithTimeout(ctx, extrasLimit)
	defer cancel()
	approvable := make(map[string]bool)
	for _, r := range requests {
		voter, err := q.voters.findVoter(ctx, r, asker, time.Minute)
		if err != nil {
			q.log.Warn().Err(err).Msg("could not tell which requests wait for somebody")
			return nil
		}
		approvable[r.ID] = voter.CanHelp(r)
	}
	return approvable
}

// describe tells about one request, or without an id how many are open.
func (q *queries) describe(ctx context.Context, name, asker string, c command.Command) (string, error) {
	if c.ID == "" {
		counts, err := q.store.CountOpen(ctx)
		return message.SummarizeOpen(name, counts), err
	}
	r, err := q.store.Request(ctx, c.ID)
	if err != nil {
		return "", err
	}
	r = hideReasons(r, asker)
	link := q.linkCard(ctx, r)
	if c.Verb == command.VerbWhy {
		return q.phrases.ExplainRequest(r, link), nil
	}
	return q.phrases.DescribeRequest(name, r, link), nil
}

// linkCard is the address of a request's card. It is empty if there is no card,
// or if Slack does not tell in time.
func (q *queries) linkCard(ctx context.Context, r approvals.Request) string {
	if r.CardTS == "" {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, extrasLimit)
	defer cancel()
	return q.directory.Permalink(ctx, r.Channel, r.CardTS)
}

// hideReasons is the request as this reader may see it: without reasons, unless
// the reader is the requester.
func hideReasons(r approvals.Request, reader string) approvals.Request {
	if r.Requester == reader {
		return r
	}
	r.Ask.Reason = ""
	if r.Outcome != nil {
		outcome := *r.Outcome
		outcome.Comment = ""
		r.Outcome = &outcome
	}
	return r
}
