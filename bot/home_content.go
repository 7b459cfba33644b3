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
func (h *Home) draw(ctx context.Context, user string, at pages) (slack.HomeTabViewRequest, error) {
	var c homeContent
	all, err := h.store.ListUndecided(ctx, maxUndecided)
	if err != nil {
		return slack.HomeTabViewRequest{}, err
	}
	var waiting []approvals.Request
	waiting, c.unsure = h.waitingFor(ctx, user, all)
	c.waiting, c.at.waiting = cut(waiting, at.waiting), last(at.waiting, len(waiting))
	c.waitingAll = len(waiting)
	c.mine, c.mineAll, err = h.store.ListByRequester(ctx, user, perPage, at.mine*perPage)
	if c.at.mine = last(at.mine, c.mineAll); err == nil && c.at.mine != at.mine {
		c.mine, c.mineAll, err = h.store.ListByRequester(ctx, user, perPage, c.at.mine*perPage)
	}
	c.unwell = h.unwell(ctx)
	return h.words.home(h.self, c), err
}

// How old an answer about people may be here, where it decides nothing.
const ageAtHome = 5 * time.Minute

// waitingFor picks those requests that a person may vote on, has not voted on,
// and would bring nearer to their end. unsure tells that there may be more.
func (h *Home) waitingFor(ctx context.Context, user string, all []approvals.Request) (waiting []approvals.Request, unsure bool) {
	if len(all) == 0 {
		return nil, false
	}
	person, err := h.directory.FindPerson(ctx, user, ageAtHome)
	if err != nil {
		h.log.Warn().Str("user", user).Err(err).Msg("could not tell what waits for somebody")
		return nil, true
	}
	for _, r := range all {
		stages, err := h.stagesOf(ctx, user, r.Terms.Stages)
		unsure = unsure || err != nil
		if approvals.EligibilityOf(r, person, stages) == approvals.Counts && helps(r, user, stages) {
			waiting = append(waiting, r)
		}
	}
	return waiting, unsure
}

func (h *Home) stagesOf(ctx context.Context, user string, stages []approvals.Stage) (named []int, failed error) {
	for i, stage := range stages {
		members, err := h.directory.ListMembers(ctx, stage.Approvers, ageAtHome)
		failed = errors.Join(failed, err)
		if slices.Contains(members, user) {
			named = append(named, i)
		}
	}
	return named, failed
}
