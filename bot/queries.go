package bot

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"licensebot/approvals"
)

// Who may see what: whoever can type the command sees who asks for which codes
// for which group, who has to agree, and how it ended. That is what the
// approvals channel tells its members, and it is needed to know whom to wait
// for. Reasons are free text that was written for approvers. They stand on the
// card and in its thread, where the channel's members decide who reads them;
// here they are shown to the requester alone, and others get a link to the
// card. A list of one person's requests is for that person.

// pageSize is how many requests a list shows at a time. Slack drops an
// acknowledgement of 20 KB without a word; ten of the longest requests take
// half of that.
const PageSize = 10

// Whatever only adorns an answer has this long: the answer itself has to be
// there within Slack's three seconds.
const extrasLimit = 700 * time.Millisecond

// A page is a part of a list of requests.
type Page struct {
	Requests   []approvals.Request
	Total      int // on all pages
	Number     int // from 1
	Approvable map[string]bool
}

func (p Page) lastNumber() int { return max(1, (p.Total+PageSize-1)/PageSize) }

// answer answers a question for which the database suffices.
func (in *Intake) answerQuery(ctx context.Context, name, asker string, c Command) string {
	var text string
	var err error
	switch c.Verb {
	case VerbMine:
		text, err = in.listOwn(ctx, name, asker, c.Page)
	case VerbPending:
		text, err = in.listPending(ctx, name, asker, c.Page)
	case VerbStatus, VerbWhy:
		text, err = in.describeRequest(ctx, name, asker, c)
	}
	switch {
	case errors.Is(err, approvals.ErrNotFound):
		return ExplainUnknownRequest(c.ID)
	case err != nil:
		in.Log.Error().Err(err).Str("verb", string(c.Verb)).Msg("could not answer a question")
		return QueryFailed()
	}
	return text
}

func (in *Intake) listOwn(ctx context.Context, name, asker string, number int) (string, error) {
	requests, all, err := in.Store.ListByRequester(ctx, asker, PageSize, (number-1)*PageSize)
	return ListOwn(name, Page{Requests: requests, Total: all, Number: number}), err
}

func (in *Intake) listPending(ctx context.Context, name, asker string, number int) (string, error) {
	requests, all, err := in.Store.ListPending(ctx, PageSize, (number-1)*PageSize)
	if err != nil {
		return "", err
	}
	p := Page{Requests: requests, Total: all, Number: number, Approvable: in.markApprovable(ctx, requests, asker)}
	return ListPending(name, p), nil
}

// approvable tells which requests wait for this very person, as far as Slack
// tells it in time.
func (in *Intake) markApprovable(ctx context.Context, requests []approvals.Request, asker string) map[string]bool {
	ctx, cancel := context.WithTimeout(ctx, extrasLimit)
	defer cancel()
	theirs := make(map[string]bool)
	for _, r := range requests {
		standing, err := in.Directory.standing(ctx, r, asker, time.Minute)
		if err != nil {
			in.Log.Warn().Err(err).Msg("could not tell which requests wait for somebody")
			return nil
		}
		theirs[r.ID] = standing == approvals.Counts && !slices.Contains(approvals.Voters(r.Votes), asker)
	}
	return theirs
}

func (in *Intake) describeRequest(ctx context.Context, name, asker string, c Command) (string, error) {
	if c.ID == "" {
		counts, err := in.Store.CountOpen(ctx)
		return SummarizeOpen(name, counts), err
	}
	r, err := in.Store.Request(ctx, c.ID)
	if err != nil {
		return "", err
	}
	r = hideReasons(r, asker)
	link := ""
	if r.CardTS != "" {
		link = in.Directory.Permalink(ctx, r.Channel, r.CardTS)
	}
	if c.Verb == VerbWhy {
		return in.Words.ExplainRequest(r, link), nil
	}
	return in.Words.DescribeRequest(name, r, link), nil
}

// forReader is the request without the reasons that are not for this reader.
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

// permalink is the address of a message; empty if Slack does not tell it in
// time, or tells something that is none.
func (d *Directory) Permalink(ctx context.Context, channel, ts string) string {
	ctx, cancel := context.WithTimeout(ctx, extrasLimit)
	defer cancel()
	link, err := d.api.GetPermalinkContext(ctx, &slack.PermalinkParameters{Channel: channel, Ts: ts})
	if err != nil || !strings.HasPrefix(link, "https://") || strings.ContainsAny(link, "<>| ") {
		return ""
	}
	return link
}
