package bot

import (
	"context"
	"time"

	"github.com/slack-go/slack"

	"licensebot/approvals"
	"licensebot/bot/message"
)

// maxUndecided bounds how many requests are looked through for one person.
const maxUndecided = 500

// homeMaxAge is how old answers about people may be here. They decide nothing.
const homeMaxAge = 5 * time.Minute

// drawTab reads what a person's tab shows, and draws it.
func (h *home) drawTab(ctx context.Context, user string, pages message.HomePages) (slack.HomeTabViewRequest, error) {
	c := message.HomeContent{Link: h.link}
	user, err := h.voters.directory.CanonicalID(ctx, user)
	if err != nil && !approvals.IsRefused(err) {
		return slack.HomeTabViewRequest{}, err
	}
	undecided, err := h.store.ListUndecided(ctx, maxUndecided)
	if err != nil {
		return slack.HomeTabViewRequest{}, err
	}
	waiting, unsure := h.listWaitingFor(ctx, user, undecided)
	c.Unsure, c.WaitingTotal = unsure, len(waiting)
	c.Pages.Waiting = message.ClampHomePage(pages.Waiting, len(waiting))
	c.Waiting = message.HomePage(waiting, pages.Waiting)
	c.Own, c.OwnTotal, err = h.listOwn(ctx, user, pages.Own)
	c.Pages.Own = message.ClampHomePage(pages.Own, c.OwnTotal)
	if err == nil && c.Pages.Own != pages.Own { // there are fewer pages
		c.Own, c.OwnTotal, err = h.listOwn(ctx, user, c.Pages.Own)
	}
	c.Problems = append(h.problems(ctx), h.setupProblems(ctx, user)...)
	return h.phrases.RenderHome(c), err
}

func (h *home) listOwn(ctx context.Context, user string, page int) ([]approvals.Request, int, error) {
	return h.store.ListByRequester(ctx, user, message.HomePageSize, page*message.HomePageSize)
}

// listWaitingFor picks the requests that a person can bring nearer to their
// quorum. It is unsure if there may be more.
func (h *home) listWaitingFor(
	ctx context.Context, user string, undecided []approvals.Request,
) (waiting []approvals.Request, unsure bool) {
	if len(undecided) == 0 {
		return nil, false
	}
	person, err := h.voters.directory.FindPerson(ctx, user, homeMaxAge)
	if err != nil {
		h.log.Warn().Str("user", user).Err(err).Msg("could not tell what waits for somebody")
		return nil, true
	}
	for _, r := range undecided {
		stages, err := h.voters.findStages(ctx, r.Terms.Stages, person.ID, homeMaxAge)
		unsure = unsure || err != nil
		if voter := (approvals.Voter{Person: person, Stages: stages}); voter.CanHelp(r) {
			waiting = append(waiting, r)
		}
	}
	return waiting, unsure
}
