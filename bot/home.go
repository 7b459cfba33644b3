package bot

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"github.com/slack-go/slack"

	"licensebot/approvals"
	"licensebot/bot/message"
	"licensebot/bot/slackapi"
	"licensebot/internal/guard"
)

// Bounds of the Home tabs.
const (
	homesOpen  = 100              // tabs kept up to date at a time
	homeLife   = 30 * time.Minute // after a tab was opened; Slack does not tell when one is closed
	homeSettle = 2 * time.Second  // what changes together is shown together
	homeLook   = time.Minute      // for what no change tells: the bot's own health
	homeTries  = 4                // to show a tab to a person who asked for it
	homeLimit  = 20 * time.Second // for one tab, with the calls of UiPath and Slack
)

// changingJobs are the kinds of jobs that are due after a request changed.
var changingJobs = []approvals.JobKind{
	approvals.JobPrepare, approvals.JobPostCard, approvals.JobAddReactions, approvals.JobCountVotes, approvals.JobApply,
	approvals.JobUpdateCard, approvals.JobPostOutcome, approvals.JobPostDelay, approvals.JobTellDelay,
	approvals.JobTellRequester,
}

// A home shows each person on the app's Home tab their requests, those that wait
// for them, and the bot's health. While a tab may be open, it is shown anew when
// something changed. Nothing of it is stored: a person who opens the tab sees it
// drawn anew.
type home struct {
	views    *slackapi.Views
	store    HomeStore
	voters   voters
	phrases  message.Phrases
	link     func(channel, ts string) string
	problems func(context.Context) []string // of the bot

	// setupProblems is what an approver may tell an operator.
	setupProblems func(ctx context.Context, user string) []string
	log           zerolog.Logger
	asked         chan struct{} // a person waits for their tab

	mu   sync.Mutex
	tabs map[string]*tab // by user
}

// A tab is what one person was shown last, and whether they wait for more.
type tab struct {
	pages     message.HomePages
	opened    time.Time
	isWaiting bool // asked for, and not shown yet
	tries     int
	hash      string // of the view at Slack, as far as known
	shown     [sha256.Size]byte
}

// noteOpened remembers that a person looks at their tab. It never waits.
func (h *home) noteOpened(user, hash string) { h.request(user, hash, message.HomePages{}) }

// turnPages remembers that a person wants to see other pages. It never waits.
func (h *home) turnPages(user, hash string, pages message.HomePages) { h.request(user, hash, pages) }

func (h *home) request(user, hash string, pages message.HomePages) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.tabs[user] == nil && len(h.tabs) >= homesOpen {
		h.forgetOldest()
	}
	h.tabs[user] = &tab{pages: pages, opened: time.Now(), isWaiting: true, hash: hash}
	h.signalAsked()
}

func (h *home) signalAsked() {
	select {
	case h.asked <- struct{}{}:
	default:
	}
}

// forgetOldest forgets the tab that was opened longest ago.
func (h *home) forgetOldest() {
	oldest := ""
	for user, seen := range h.tabs {
		if oldest == "" || seen.opened.Before(h.tabs[oldest].opened) {
			oldest = user
		}
	}
	delete(h.tabs, oldest)
}

// run shows tabs until ctx ends: first the tabs that people wait for, then those
// that are out of date.
func (h *home) run(ctx context.Context) {
	changed, stop := h.store.Subscribe(changingJobs...)
	defer stop()
	look := time.NewTicker(homeLook)
	defer look.Stop()
	var settled <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.asked:
			h.showWaiting(ctx)
		case <-changed:
			if settled == nil {
				settled = time.After(homeSettle)
			}
		case <-settled:
			settled = nil
			h.refreshOpen(ctx)
		case <-look.C:
			h.refreshOpen(ctx)
		}
	}
}

// refreshOpen shows every open tab that changed. People who ask meanwhile come
// first.
func (h *home) refreshOpen(ctx context.Context) {
	for _, user := range h.listOpen() {
		h.showWaiting(ctx)
		h.showTab(ctx, user, false)
	}
}

// listOpen lists the people who may look at their tab, and forgets the others.
func (h *home) listOpen() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var users []string
	for user, seen := range h.tabs {
		if time.Since(seen.opened) > homeLife {
			delete(h.tabs, user)
			continue
		}
		users = append(users, user)
	}
	slices.Sort(users)
	return users
}

// showWaiting shows their tab to everyone who waits for it.
func (h *home) showWaiting(ctx context.Context) {
	for ctx.Err() == nil {
		user, ok := h.nextWaiting()
		if !ok {
			return
		}
		h.showTab(ctx, user, true)
	}
}

// nextWaiting is the person who has waited longest.
func (h *home) nextWaiting() (user string, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for other, seen := range h.tabs {
		if seen.isWaiting && (!ok || seen.opened.Before(h.tabs[user].opened)) {
			user, ok = other, true
		}
	}
	return user, ok
}

// showTab publishes one person's tab. If the person did not ask for it, it does so
// only if the tab changed. A panic harms only this tab.
func (h *home) showTab(ctx context.Context, user string, asked bool) {
	seen, ok := h.takeTab(user)
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, homeLimit)
	defer cancel()
	defer guard.Catch(logPanic(h.log.With().Str("user", user).Logger(), "drawing a home failed", nil))
	drawn, err := h.drawTab(ctx, user, seen.pages)
	if err != nil {
		h.handleFailure(user, seen, asked, err)
		return
	}
	isChanged := seen.noteShown(drawn)
	if !asked && !isChanged {
		return
	}
	if seen.hash, err = h.views.Publish(ctx, user, seen.hash, drawn); err != nil {
		h.handleFailure(user, seen, asked, err)
		return
	}
	h.keepTab(user, seen)
}

// noteShown remembers a view, and reports whether it is another than before.
func (t *tab) noteShown(drawn slack.HomeTabViewRequest) bool {
	text, _ := json.Marshal(drawn) // Slack is sent the same
	before := t.shown
	t.shown = sha256.Sum256(text)
	return t.shown != before
}

// takeTab reads a tab and ends the wait for it. A person who asks from now on asks
// for another one.
func (h *home) takeTab(user string) (tab, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	seen := h.tabs[user]
	if seen == nil {
		return tab{}, false
	}
	seen.isWaiting = false
	return *seen, true
}

// keepTab remembers what was shown. If the person asked again meanwhile, it only
// keeps the hash, because Slack has a new view in any case.
func (h *home) keepTab(user string, shown tab) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.tabs[user]
	switch {
	case now == nil:
	case now.opened.Equal(shown.opened):
		shown.tries = 0
		*now = shown
	default:
		now.hash = shown.hash
	}
}

// handleFailure decides what becomes of a tab that Slack did not show. After a hash
// conflict another replica or a later click has shown the tab. A person who waits
// is shown theirs over that one; otherwise the tab is left to the other.
func (h *home) handleFailure(user string, seen tab, asked bool, err error) {
	isConflict := slackapi.IsHashConflict(err)
	if !isConflict {
		h.log.Warn().Str("user", user).Err(err).Msg("could not show a home")
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.tabs[user]
	switch {
	case now == nil || !now.opened.Equal(seen.opened):
	case !asked && isConflict:
		delete(h.tabs, user)
	case asked && seen.tries+1 < homeTries:
		now.tries, now.isWaiting = seen.tries+1, true
		if isConflict {
			now.hash = ""
		}
		h.signalAsked()
	}
}
