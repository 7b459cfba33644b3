package bot

import (
	"context"
	"time"

	"github.com/slack-go/slack"

	"licensebot/approvals"
	"licensebot/bot/message"
)

// Bounds of what is read for one person.
const (
	maxUndecided = 500
	maxOwn       = 500 // open requests of their own
	maxGrants    = 100
)

// homeMaxAge is how old answers about people may be here. They decide nothing.
const homeMaxAge = 5 * time.Minute

// drawTab reads what a person's tab shows, and draws it.
func (h *home) drawTab(ctx context.Context, user string, pages message.HomePages) (slack.HomeTabViewRequest, error) {
	c := message.HomeContent{Pages: pages, Link: h.link}
	user, err := h.voters.directory.CanonicalID(ctx, user)
	if err != nil && !approvals.IsRefused(err) {
		return slack.HomeTabViewRequest{}, err
	}
	undecided, err := h.store.ListUndecided(ctx, maxUndecided)
	if err != nil {
		return slack.HomeTabViewRequest{}, err
	}
	c.Waiting, c.Approved, c.Unsure = h.listWaitingFor(ctx, user, undecided)
	if c.Own, err = h.store.ListOpenByRequester(ctx, user, maxOwn); err != nil {
		return slack.HomeTabViewRequest{}, err
	}
	if c.Grants, err = h.store.ListGrantsByRequester(ctx, user, maxGrants); err != nil {
		return slack.HomeTabViewRequest{}, err
	}
	if c.Closed, err = h.store.ListClosedByRequester(ctx, user, message.HomeOutcomes); err != nil {
		return slack.HomeTabViewRequest{}, err
	}
	c.Problems = append(h.problems(ctx), h.setupProblems(ctx, user)...)
	return h.phrases.RenderHome(c), nil
}

// listWaitingFor picks the requests that a person can bring nearer to their quorum,
// and those that they have approved and others have not. It is unsure if there may be
// more.
func (h *home) listWaitingFor(
	ctx context.Context, user string, undecided []approvals.Request,
) (waiting, approved []approvals.Request, unsure bool) {
	if len(undecided) == 0 {
		return nil, nil, false
	}
	person, err := h.voters.directory.FindPerson(ctx, user, homeMaxAge)
	if err != nil {
		h.log.Warn().Str("user", user).Err(err).Msg("could not tell what waits for somebody")
		return nil, nil, true
	}
	for _, r := range undecided {
		if approvals.HasVoted(r.Votes, person.ID) {
			approved = append(approved, r)
			continue
		}
		stages, err := h.voters.findStages(ctx, r.Terms.Stages, person.ID, homeMaxAge)
		unsure = unsure || err != nil
		if voter := (approvals.Voter{Person: person, Stages: stages}); voter.CanHelp(r) {
			waiting = append(waiting, r)
		}
	}
	return waiting, approved, unsure
}
