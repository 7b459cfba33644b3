package bot

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"github.com/slack-go/slack"
	"golang.org/x/time/rate"

	"licensebot/approvals"
)

// Bounds of App Home. views.publish may be called a hundred times a minute.
const (
	homesOpen  = 100              // homes kept up to date at a time
	homeLife   = 30 * time.Minute // after it was opened; Slack does not tell when one is closed
	homeSettle = 2 * time.Second  // what changes together is shown together
	homeLook   = time.Minute      // what no change tells: the bot's own state
	homeTries  = 4                // to show a home to whom asked for it
	homePace   = time.Minute / 100
	homeBurst  = 10
	homeLimit  = 20 * time.Second // for one home, UiPath and Slack asked
)

// A HomeStore lists what a home shows.
type HomeStore interface {
	// Mine lists a person's requests, the newest first, and counts them all.
	ListByRequester(ctx context.Context, requester string, limit, offset int) ([]approvals.Request, int, error)
	// Undecided lists the requests whose card waits for votes, the most urgent first.
	ListUndecided(ctx context.Context, most int) ([]approvals.Request, error)
	// Listen signals whenever work of these kinds may have become due.
	Subscribe(kinds ...approvals.JobKind) (wake <-chan struct{}, stop func())
}

// telling are the kinds of work that a change of a request makes due.
var changingJobs = []approvals.JobKind{
	approvals.JobPrepare, approvals.JobPostCard, approvals.JobAddReactions, approvals.JobCountVotes, approvals.JobApply,
	approvals.JobUpdateCard, approvals.JobPostOutcome, approvals.JobPostDelay, approvals.JobTellRequester,
}

// A Home shows each person on the app's Home tab their requests, those that
// wait for them, and how the bot is. It shows it anew while it may be open and
// something changed. Nothing of it is durable: whoever opens it sees it fresh.
type Home struct {
	api       *slack.Client
	store     HomeStore
	directory *Directory
	words     Phrases
	self      Identity
	unwell    func(context.Context) []string
	log       zerolog.Logger
	pace      *pacer
	asked     chan struct{} // somebody waits for theirs

	mu    sync.Mutex
	homes map[string]*home
}

// A home is what one person was shown last, and whether they wait for more.
type home struct {
	at      HomePages
	opened  time.Time
	waiting bool // asked for, and not shown yet
	tries   int
	hash    string // of the view at Slack, as far as known
	shown   [sha256.Size]byte
}

// NewHome makes the homes of the bot that self describes. unwell tells in
// plain words what is wrong with the bot; nothing, if it is well.
func NewHome(api *slack.Client, store HomeStore, directory *Directory, words Phrases, self Identity, unwell func(context.Context) []string, log zerolog.Logger) *Home {
	return &Home{
		api: api, store: store, directory: directory, words: words, self: self, unwell: unwell, log: log,
		pace: newPacer(rate.Every(homePace), homeBurst), asked: make(chan struct{}, 1), homes: make(map[string]*home),
	}
}

// opened remembers that a person looks at their home. It never waits.
func (h *Home) noteOpened(user, hash string) { h.requestHome(user, hash, HomePages{}) }

// turned is opened for a click that turns a page; false for any other click.
func (h *Home) turnPage(user, hash string, a action) bool {
	at, ok := ParseHomePages(a)
	if ok {
		h.requestHome(user, hash, at)
	}
	return ok
}

func (h *Home) requestHome(user, hash string, at HomePages) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.homes[user] == nil && len(h.homes) >= homesOpen {
		h.forgetOldest()
	}
	h.homes[user] = &home{at: at, opened: time.Now(), waiting: true, hash: hash}
	h.signalAsked()
}

func (h *Home) signalAsked() {
	select {
	case h.asked <- struct{}{}:
	default:
	}
}

func (h *Home) forgetOldest() {
	oldest := ""
	for user, seen := range h.homes {
		if oldest == "" || seen.opened.Before(h.homes[oldest].opened) {
			oldest = user
		}
	}
	delete(h.homes, oldest)
}

// Run shows homes until ctx ends: first to those who wait, then to those whose
// home is no longer what it was.
func (h *Home) Run(ctx context.Context) {
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

// refresh shows every open home that changed. Who asks meanwhile goes first.
func (h *Home) refreshOpen(ctx context.Context) {
	for _, user := range h.listOpen() {
		h.showWaiting(ctx)
		h.showHome(ctx, user, false)
	}
}

// open lists whose home may be open, and forgets the others.
func (h *Home) listOpen() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var users []string
	for user, seen := range h.homes {
		if time.Since(seen.opened) > homeLife {
			delete(h.homes, user)
			continue
		}
		users = append(users, user)
	}
	slices.Sort(users)
	return users
}

func (h *Home) showWaiting(ctx context.Context) {
	for ctx.Err() == nil {
		user, ok := h.nextWaiting()
		if !ok {
			return
		}
		h.showHome(ctx, user, true)
	}
}

// next is who has waited longest.
func (h *Home) nextWaiting() (user string, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for other, seen := range h.homes {
		if seen.waiting && (!ok || seen.opened.Before(h.homes[user].opened)) {
			user, ok = other, true
		}
	}
	return user, ok
}

// show publishes one person's home: if they asked for it in any case, and
// otherwise if it is no longer what they were shown.
func (h *Home) showHome(ctx context.Context, user string, asked bool) {
	seen, ok := h.takeHome(user)
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, homeLimit)
	defer cancel()
	defer func() { // a panic harms only this home
		if cause := recover(); cause != nil {
			h.log.Error().Str("user", user).Interface("panic", cause).Bytes("stack", debug.Stack()).Msg("drawing a home failed")
		}
	}()
	drawn, err := h.drawHome(ctx, user, seen.at)
	if err != nil {
		h.handleFailure(user, seen, asked, err)
		return
	}
	text, _ := json.Marshal(drawn) // it is about to be sent as that
	seen.shown, ok = sha256.Sum256(text), sha256.Sum256(text) != seen.shown
	if !asked && !ok {
		return
	}
	if seen.hash, err = h.publishView(ctx, user, seen.hash, drawn); err != nil {
		h.handleFailure(user, seen, asked, err)
		return
	}
	h.keepShown(user, seen)
}

// take reads a home and notes that nobody waits for it any more: who asks
// from now on asks for another one.
func (h *Home) takeHome(user string) (home, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	seen := h.homes[user]
	if seen == nil {
		return home{}, false
	}
	seen.waiting = false
	return *seen, true
}

// keep remembers what was shown, unless it was asked for again meanwhile; but
// then, too, Slack has a new view, whose hash the next one needs.
func (h *Home) keepShown(user string, shown home) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.homes[user]
	switch {
	case now == nil:
	case now.opened.Equal(shown.opened):
		shown.tries = 0
		*now = shown
	default:
		now.hash = shown.hash
	}
}

// publish hands a view to Slack and returns the new one's hash.
func (h *Home) publishView(ctx context.Context, user, hash string, drawn slack.HomeTabViewRequest) (string, error) {
	if err := h.pace.awaitTurn(ctx); err != nil {
		return hash, err
	}
	request := slack.PublishViewContextRequest{UserID: user, View: drawn}
	if hash != "" {
		request.Hash = &hash
	}
	answer, err := h.api.PublishViewContext(ctx, request)
	if err != nil {
		h.pace.heedDelay(ClassifyError("views.publish", err))
		return hash, err
	}
	return answer.Hash, nil
}

// failed decides what becomes of a home that was not shown. A hash that is not
// Slack's any more means that another replica or a later click showed it
// meanwhile: to whom waits it is shown over that, and otherwise left to them.
func (h *Home) handleFailure(user string, seen home, asked bool, err error) {
	conflict := isAnswer(err, "hash_conflict")
	if !conflict {
		h.log.Warn().Str("user", user).Err(ClassifyError("views.publish", err)).Msg("could not show a home")
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.homes[user]
	switch {
	case now == nil || !now.opened.Equal(seen.opened):
	case !asked && conflict:
		delete(h.homes, user)
	case asked && seen.tries+1 < homeTries:
		now.tries, now.waiting = seen.tries+1, true
		if conflict {
			now.hash = ""
		}
		h.signalAsked()
	}
}
