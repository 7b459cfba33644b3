package bot

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/slack-go/slack"

	"licensebot/approvals"
)

// maxUndecided bounds what is looked through for what waits for one person.
const maxUndecided = 500

// draw reads what a person's home shows, and draws it.
func (h *Home) drawHome(ctx context.Context, user string, at HomePages) (slack.HomeTabViewRequest, error) {
	var c HomeContent
	all, err := h.store.ListUndecided(ctx, maxUndecided)
	if err != nil {
		return slack.HomeTabViewRequest{}, err
	}
	var waiting []approvals.Request
	waiting, c.Unsure = h.waitingFor(ctx, user, all)
	c.Waiting, c.Pages.Waiting = HomePage(waiting, at.Waiting), LastHomePage(at.Waiting, len(waiting))
	c.WaitingTotal = len(waiting)
	c.Own, c.OwnTotal, err = h.store.ListByRequester(ctx, user, HomePageSize, at.Own*HomePageSize)
	if c.Pages.Own = LastHomePage(at.Own, c.OwnTotal); err == nil && c.Pages.Own != at.Own {
		c.Own, c.OwnTotal, err = h.store.ListByRequester(ctx, user, HomePageSize, c.Pages.Own*HomePageSize)
	}
	c.Problems = h.unwell(ctx)
	return h.words.RenderHome(h.self, c), err
}

// How old an answer about people may be here, where it decides nothing.
const homeAnswerAge = 5 * time.Minute

// waitingFor picks those requests that a person may vote on, has not voted on,
// and would bring nearer to their end. unsure tells that there may be more.
func (h *Home) waitingFor(ctx context.Context, user string, all []approvals.Request) (waiting []approvals.Request, unsure bool) {
	if len(all) == 0 {
		return nil, false
	}
	person, err := h.directory.FindPerson(ctx, user, homeAnswerAge)
	if err != nil {
		h.log.Warn().Str("user", user).Err(err).Msg("could not tell what waits for somebody")
		return nil, true
	}
	for _, r := range all {
		stages, err := h.findStages(ctx, user, r.Terms.Stages)
		unsure = unsure || err != nil
		if approvals.EligibilityOf(r, person, stages) == approvals.Counts && helps(r, user, stages) {
			waiting = append(waiting, r)
		}
	}
	return waiting, unsure
}

func (h *Home) findStages(ctx context.Context, user string, stages []approvals.Stage) (named []int, failed error) {
	for i, stage := range stages {
		members, err := h.directory.ListMembers(ctx, stage.Approvers, homeAnswerAge)
		failed = errors.Join(failed, err)
		if slices.Contains(members, user) {
			named = append(named, i)
		}
	}
	return named, failed
}
