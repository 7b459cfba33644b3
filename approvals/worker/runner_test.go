package worker_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"licensebot/approvals/worker"

	. "licensebot/approvals"
	"licensebot/internal/groupname"
	"licensebot/internal/store"
)

// These tests run the real workers on the real store inside a synctest bubble:
// time is the bubble's, moves only when every goroutine waits, and costs nothing.
// Only the ports to Slack and UiPath are made up.

// testEmoji are the emoji that mean yes and no on the cards of the tests.
var testEmoji = Emoji{Approve: []string{"white_check_mark"}, Deny: []string{"x"}}

// errCut is an answer that never came: the effect is unknown.
var errCut = errors.New("connection cut")

func later(after time.Duration) error { return &DelayError{After: after, Reason: "too many calls"} }

// A world is one store, its workers, and the two services they talk to.
type world struct {
	*testing.T
	store   *store.Store
	uipath  *uipath
	slack   *slackFake
	hellos  chan struct{}
	policy  atomic.Pointer[Policy] // in force, while workers read it
	emoji   Emoji
	request Request
	stop    func()               // ends the workers
	url     string               // of the store
	behind  atomic.Int64         // by how much the store's clock is slow
	elapsed func() time.Duration // lets the store notice steps of its clock; nil: it does not

	channel string // what the operator set; empty: no channel is claimed

	busy atomic.Bool // deliveries of Slack wait

	sees func(worker.Store) worker.Store // what the workers see of the store; nil: all there is
}

// live runs story in a world of its own, with the workers at work.
func live(t *testing.T, story func(w *world)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := &world{
			T: t, uipath: newUiPath(), slack: newSlack(), hellos: make(chan struct{}, 1),
			emoji: testEmoji, url: "sqlite://" + filepath.Join(dir, "test.db"),
		}
		w.open()
		w.adopt(SimplePolicy([]string{anna, ben}, 1, time.Hour))
		w.work()
		defer func() {
			w.stop()
			if err := w.store.Close(); err != nil {
				t.Error(err)
			}
		}()
		story(w)
	})
}

func (w *world) open() {
	w.Helper()
	now := func() time.Time { return time.Now().Add(-time.Duration(w.behind.Load())) }
	s, err := store.Open(w.Context(), w.url, store.Options{Now: now, Elapsed: w.elapsed})
	if err != nil {
		w.Fatal(err)
	}
	w.store = s
}

// adopt has policy be in force from now on.
func (w *world) adopt(policy Policy) { w.policy.Store(&policy) }

// amend has a policy with a changed first rule be in force from now on.
func (w *world) amend(change func(*PolicyRule)) {
	policy := *w.policy.Load()
	policy.Rules = slices.Clone(policy.Rules)
	change(&policy.Rules[0])
	w.adopt(policy)
}

// work starts the workers.
func (w *world) work() {
	var seen worker.Store = w.store
	if w.sees != nil {
		seen = w.sees(seen)
	}
	w.stop = run(w.Context(), w.workers(seen))
}

// workers are such as work for the world, on whatever they see of its store.
func (w *world) workers(seen worker.Store) *worker.Runner {
	return &worker.Runner{
		Store: seen, Licenses: w.uipath, Directory: w.slack, Messenger: w.slack,
		OnError: func(worker.Problem) {}, Grace: time.Second, Reconnected: w.hellos,
		Policy: func() Policy { return *w.policy.Load() },
		Emoji:  w.emoji, Channel: w.channel, Busy: w.busy.Load,
	}
}

// run has workers work until stop is called.
func run(ctx context.Context, workers *worker.Runner) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	stopped := make(chan struct{})
	go func() { defer close(stopped); workers.Run(ctx) }()
	return func() { cancel(); <-stopped }
}

// restart has the bot be down while something happens.
func (w *world) restart(meanwhile func()) {
	w.stop()
	meanwhile()
	w.work()
	w.hellos <- struct{}{}
}

// file files a request for NEW on group-01 that lives for an hour.
func (w *world) file(envelope string, codes ...string) Request {
	w.Helper()
	if codes == nil {
		codes = []string{"NEW"}
	}
	r, _, err := w.store.FileRequest(w.Context(), Request{
		ID: NewID(), EnvelopeID: envelope, Requester: requester, OriginChannel: "C-ORIGIN", Channel: "C-APPROVALS",
		Ask:   Ask{Group: "group-01", Codes: codes},
		Terms: Terms{TTL: time.Hour},
	})
	if err != nil {
		w.Fatal(err)
	}
	w.request = r
	return r
}

func (w *world) read(id string) Request {
	w.Helper()
	r, err := w.store.Request(w.Context(), id)
	if err != nil {
		w.Fatal(err)
	}
	return r
}

// until lets time pass until cond holds of the request, and returns it.
func (w *world) until(what string, cond func(Request) bool) Request {
	w.Helper()
	for end := time.Now().Add(6 * time.Hour); time.Now().Before(end); time.Sleep(time.Second) {
		synctest.Wait()
		if r := w.read(w.request.ID); cond(r) {
			return r
		}
	}
	r := w.read(w.request.ID)
	w.Fatalf("never came: %s. The request is %s (%+v), UiPath %v, Slack %v", what, r.State, r.Outcome, w.uipath.log(), w.slack.log())
	return Request{}
}

func (w *world) untilState(s State) Request {
	w.Helper()
	return w.until(string(s), func(r Request) bool { return r.State == s })
}

// everyKind lists all that can be owed.
var everyKind = []JobKind{JobPrepare, JobPostCard, JobAddReactions, JobCountVotes, JobApply, JobPostDelay, JobPostOutcome, JobUpdateCard, JobTellVoter, JobTellDelay, JobTellRequester, JobExpire,
	JobRemind, JobPostConsentLost, JobRemoveDoubles, JobWarnExpiry, JobGrantExpiry, JobRevoke, JobFindEffect, JobPostEffect, JobPostRevocationDelay, JobPostRevocation}

// quiet lets time pass until everything owed has been done.
func (w *world) quiet() Request {
	w.Helper()
	for end := time.Now().Add(6 * time.Hour); time.Now().Before(end); time.Sleep(10 * time.Second) {
		synctest.Wait()
		wait, owed, err := w.store.NextDue(w.Context(), everyKind...)
		if err != nil {
			w.Fatal(err)
		}
		if !owed {
			return w.read(w.request.ID)
		}
		if wait > time.Minute {
			time.Sleep(wait - time.Minute)
		}
	}
	w.Fatalf("something is owed for ever: Slack %v, UiPath %v", w.slack.log(), w.uipath.log())
	return Request{}
}

// carded files a request and waits for its card.
func (w *world) carded() Request {
	w.Helper()
	w.file("e1")
	return w.until("a card", func(r Request) bool { return r.CardTS != "" })
}

// react puts an approver's ✅ on the card, or takes it away, and tells the bot.
func (w *world) react(r Request, user string, present bool) {
	w.Helper()
	heard := w.slack.put(r, user, present)
	if err := w.store.RecordReaction(w.Context(), heard); err != nil {
		w.Fatal(err)
	}
}

// ended asserts how a request ended.
func (w *world) ended(r Request, state State, reason Reason) {
	w.Helper()
	if r.State != state || r.Outcome == nil || r.Outcome.Reason != reason {
		w.Errorf("ended as %s, %+v; want %s, %s", r.State, r.Outcome, state, reason)
	}
}

func (w *world) puts(want int) {
	w.Helper()
	if got := w.uipath.count("put"); got != want {
		w.Errorf("%d writes reached UiPath, want %d: %v", got, want, w.uipath.log())
	}
}

// posts asserts how many posts of a kind the channel shows.
func (w *world) posts(kind JobKind, want int) {
	w.Helper()
	if got := w.slack.shown(kind); got != want {
		w.Errorf("the channel shows %d posts of %s, want %d: %v", got, kind, want, w.slack.log())
	}
}

// uipath holds rules. read and write may be replaced for a call by what the
// test puts in front; n counts the calls from one.
type uipath struct {
	mu      sync.Mutex
	rules   map[string]Allocation
	calls   []string
	reads   int
	writes  int
	writing map[string]int
	overlap bool
	onRead  func(n int) error
	onWrite func(n int, asked Allocation) (answer *Allocation, effect bool, err error)
	pause   time.Duration // how long a write takes

	lag       time.Duration // how long reads go on showing what was so before a change
	before    Allocation
	changedAt time.Time
	renamed   string        // the group's name of now; empty: as it was
	listed    bool          // the list of all allocations is shown
	delayed   time.Duration // how late the answer to the next read comes, which is of the moment it was asked for
}

func newUiPath() *uipath {
	return &uipath{writing: map[string]int{}, rules: map[string]Allocation{"group-01": {
		Codes: []string{"OLD"}, UseExternalLicense: true, Quotas: []Quota{{Code: "OLD", Limit: 2}},
		Owned: []Seats{{Code: "OLD", Total: 9}, {Code: "NEW", Total: 9}, {Code: "NEWER", Total: 9}},
	}}}
}

func (u *uipath) FindGroup(_ context.Context, ref string) (Group, error) {
	if ref != "group-01" {
		return Group{}, &GroupError{Reference: ref, Candidates: []string{"group-01"}}
	}
	return groupname.Group(ref, "Robot developers"), nil
}

func (u *uipath) ReadGroup(ctx context.Context, shown Group) (Group, error) {
	group, err := u.FindGroup(ctx, shown.ID)
	if u.renamed != "" {
		group = groupname.Group(shown.ID, u.renamed)
	}
	return group, err
}

func (u *uipath) rename(name string) { u.renamed = name }

// meanwhile has something happen before each read from now on, while workers read.
func (u *uipath) meanwhile(onRead func(n int) error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.onRead = onRead
}

// answer has writes go and be answered so from now on, while workers write.
func (u *uipath) answer(onWrite func(n int, asked Allocation) (*Allocation, bool, error)) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.onWrite = onWrite
}

func (u *uipath) ReadAllocation(_ context.Context, id string) (Allocation, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.reads++
	if u.onRead != nil {
		if err := u.onRead(u.reads); err != nil {
			u.calls = append(u.calls, "get: "+err.Error())
			return Allocation{}, err
		}
	}
	u.calls = append(u.calls, "get")
	rule, delayed := u.rules[id], u.delayed
	if now := time.Now(); u.lag > 0 && now.Sub(u.changedAt) < u.lag {
		rule = u.before
	}
	u.delayed = 0
	u.mu.Unlock()
	time.Sleep(delayed)
	u.mu.Lock()
	return rule, nil
}

// ExpectLimits changes nothing: what a reading lacks is gone.
func (u *uipath) ExpectLimits(string, []string) {}

func (u *uipath) WriteAllocation(_ context.Context, id string, asked Allocation) (Allocation, error) {
	u.mu.Lock()
	u.writes++
	n := u.writes
	u.writing[id]++
	u.overlap = u.overlap || u.writing[id] > 1
	u.calls = append(u.calls, fmt.Sprintf("put %v", asked.Codes))
	u.mu.Unlock()

	time.Sleep(u.pause)

	u.mu.Lock()
	defer u.mu.Unlock()
	u.writing[id]--
	answer, effect, err := &asked, true, error(nil)
	if u.onWrite != nil {
		answer, effect, err = u.onWrite(n, asked)
	}
	if effect {
		if time.Since(u.changedAt) >= u.lag {
			u.before = u.rules[id]
		}
		u.changedAt = time.Now()
		u.rules[id] = asked
	}
	if err != nil {
		return Allocation{}, err
	}
	return *answer, nil
}

func (u *uipath) NearestCode(string, []string) (string, bool) { return "NEW", true }

func (u *uipath) setLag(lag time.Duration) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.lag = lag
}

func (u *uipath) edit(codes ...string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	rule := u.rules["group-01"]
	rule.Codes = codes
	u.rules["group-01"] = rule
}

func (u *uipath) rule() Allocation {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.rules["group-01"]
}

func (u *uipath) log() []string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return slices.Clone(u.calls)
}

// overlapped reports whether two writes to one group ever did.
func (u *uipath) overlapped() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.overlap
}

func (u *uipath) count(prefix string) int {
	n := 0
	for _, call := range u.log() {
		if len(call) >= len(prefix) && call[:len(prefix)] == prefix {
			n++
		}
	}
	return n
}

// slackFake is a channel, its people and what is said there. before is asked
// ahead of every call of its name: an error with effect true comes after the
// effect.
type slackFake struct {
	mu     sync.Mutex
	calls  []string
	seen   map[string]int
	times  map[string][]time.Time // of the calls of each name
	posted []string
	said   []utterance // in threads
	texts  []string    // what people read there

	outside []OutsideChange // told in the channel
	unknown []ToldCard      // cards that the channel shows at the start
	thread  []Told          // of each of these

	unreadable error // the error of reading cards

	clock  int
	people map[string]Person
	groups map[string][]string
	cards  map[string][]Reaction
	untold map[string]error // the error of a lookup of a person, a user group or a channel
	seers  Audience         // who sees the channel
	asked  []string         // the ids, in order
	anew   []string         // of these, who must not be remembered
	faulty map[string]error // what a look at a card comes to
	before func(call string, n int) (effect bool, err error)
	onLook func() // after a card was looked at, before people are

	invited []string            // the members of the channel whom a cache does not tell
	cached  map[string][]string // what a cache tells of user groups whose members changed since
	deleted map[string]bool
	doubles []double              // cards that are shown once more
	replies map[string][]Reaction // on the replies to a card
	lagging bool                  // looks show nothing of ben's yet
	cut     []string              // emoji of which a survey lists only some people

	cutOnCard, cutOnReplies []string // the same of a look at a card, and at its thread
	short                   bool     // nor does it count them
	dated                   bool     // the timestamps of cards tell when they were posted
}

// An utterance is what was said in a thread, when, and of a request in which
// state.
type utterance struct {
	Job
	at    time.Time
	state State
}

// A double is a card too many of a request, or another post that came late.
type double struct {
	Post
	request string
}

// ReadCards tells nothing: the store of these tests is no copy.
func (s *slackFake) ReadCards(context.Context, string, string, string) ([]ToldCard, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.unknown, "", s.unreadable
}

func (s *slackFake) ReadThread(context.Context, string, string) ([]Told, error) { return s.thread, nil }

// ListPosts knows of cards, and of what turned up late.
func (s *slackFake) ListPosts(_ context.Context, r Request, _ time.Duration) ([]Post, error) {
	var posts []Post
	err := s.do("list_posts", func() {
		if r.CardTS != "" {
			posts = append(posts, Post{TS: r.CardTS, EventType: CardEventType})
		}
		for _, d := range s.doubles {
			if d.request == r.ID {
				posts = append(posts, d.Post)
			}
		}
	})
	return posts, err
}

func (s *slackFake) RemoveDouble(_ context.Context, _ Request, gone Double) error {
	return s.do("remove_doubles", func() {
		s.doubles = slices.DeleteFunc(s.doubles, func(d double) bool { return d.TS == gone.TS })
	})
}

// again shows a request's card once more, with reactions on it.
func (s *slackFake) again(r Request, ts string, reactions ...Reaction) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.doubles = append(s.doubles, double{Post: Post{TS: ts, EventType: CardEventType}, request: r.ID})
	s.cards[ts] = reactions
}

// turnUp shows posts that Slack took long to store.
func (s *slackFake) turnUp(r Request, posts ...Post) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, post := range posts {
		s.doubles = append(s.doubles, double{Post: post, request: r.ID})
	}
}

// words are what people read in threads.
func (s *slackFake) words() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.texts)
}

// shows reports whether a post that turned up late is still there.
func (s *slackFake) shows(ts string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.doubles, func(d double) bool { return d.TS == ts })
}

// cacheAge is how old the cached answers are.
const cacheAge = 10 * time.Second

func newSlack() *slackFake {
	return &slackFake{seen: map[string]int{}, times: map[string][]time.Time{}, people: map[string]Person{}, cards: map[string][]Reaction{}, untold: map[string]error{}, deleted: map[string]bool{}}
}

// answer has calls go and be answered so from now on, while workers call.
func (s *slackFake) answer(before func(call string, n int) (effect bool, err error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before = before
}

// afterLook has something happen after each look at a card from now on.
func (s *slackFake) afterLook(onLook func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onLook = onLook
}

// do logs a call, lets the test break it, and has the effect.
func (s *slackFake) do(call string, effect func()) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen[call]++
	s.calls = append(s.calls, call)
	s.times[call] = append(s.times[call], time.Now())
	var err error
	happens := true
	if s.before != nil {
		if happens, err = s.before(call, s.seen[call]); err == nil {
			happens = true
		}
	}
	if happens {
		effect()
	}
	return err
}

func (s *slackFake) AwaitPace(ctx context.Context, _ Pace) error { return ctx.Err() }

func (s *slackFake) TakePace(Pace) bool { return true }

func (s *slackFake) FindPerson(_ context.Context, user string, maxAge time.Duration) (Person, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, user)
	if maxAge == 0 {
		s.anew = append(s.anew, user)
	}
	if err := s.untold[user]; err != nil {
		return Person{}, err
	}
	person := s.people[user]
	person.ID = user
	return person, nil
}

func (s *slackFake) ListMembers(_ context.Context, approvers []string, maxAge time.Duration) ([]string, error) {
	time.Sleep(time.Millisecond) // it takes a while, so that what was heard is older than the next look
	var members []string
	var untold error
	err := s.do("members", func() {
		for _, id := range approvers {
			group, ok := s.groups[id]
			if old, cached := s.cached[id]; cached && maxAge >= cacheAge {
				group = old
			}
			switch {
			case IsUserGroup(id) && s.untold[id] != nil:
				untold = s.untold[id]
			case ok:
				members = append(members, group...)
			default:
				members = append(members, id)
			}
		}
	})
	return members, errors.Join(err, untold)
}

func (s *slackFake) ListAudience(_ context.Context, channel string, maxAge time.Duration) (Audience, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	seers := s.seers
	if maxAge == 0 {
		seers.Members = Union(seers.Members, s.invited)
	}
	return seers, s.untold[channel]
}

// Now is Slack's clock; the store's may be behind or ahead.
func (s *slackFake) Now(context.Context) (now time.Time, err error) {
	err = s.do("now", func() { now = time.Now() })
	return now, err
}

func (s *slackFake) CardReactions(_ context.Context, channel, ts string) ([]Reaction, []string, error) {
	var shown []Reaction
	var gone bool
	var onLook func()
	var faulty error
	var cut []string
	err := s.do("look", func() {
		shown, gone, onLook, faulty = slices.Clone(s.cards[ts]), s.deleted[ts], s.onLook, s.faulty[ts]
		cut = s.cutOnCard
		if s.lagging {
			shown = slices.DeleteFunc(shown, func(r Reaction) bool { return r.User == ben })
		}
	})
	for i := range shown {
		shown[i].EventTS = "" // a look tells no times
	}
	if gone && err == nil {
		err = ErrCardDeleted
	}
	if faulty != nil {
		return nil, nil, faulty
	}
	if onLook != nil {
		onLook()
	}
	return shown, cut, err
}

func (s *slackFake) ReplyReactions(_ context.Context, _, card string) (shown []Reaction, cut []string, err error) {
	err = s.do("reply_reactions", func() { shown, cut = s.replies[card], s.cutOnReplies })
	return shown, cut, err
}

func (s *slackFake) ReadHistory(_ context.Context, channel, oldest, latest string) (HistoryPage, error) {
	page := HistoryPage{Reached: oldest}
	if channel == otherChannel {
		return page, nil // no test looks for a card there
	}
	err := s.do("survey", func() {
		for _, post := range s.posted {
			id, card := strings.CutPrefix(post, postName(Request{}, JobPostCard))
			ts := cardOf(Request{ID: id})
			if card && !s.deleted[ts] && ts >= oldest && ts <= latest {
				shown := slices.Clone(s.cards[ts])
				if s.short {
					shown = nil
				}
				page.Sightings = append(page.Sightings, Sighting{TS: ts, RequestID: id, Shown: shown, Cut: s.cut, Replied: len(s.replies[ts]) > 0})
			}
		}
		for _, d := range s.doubles {
			if d.TS >= oldest { // it was posted soon after its card
				page.Sightings = append(page.Sightings,
					Sighting{TS: d.TS, RequestID: d.request, Shown: slices.Clone(s.cards[d.TS])})
			}
		}
	})
	return page, err
}

func (s *slackFake) setLagging(lagging bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lagging = lagging
}

// forget deletes a request's card.
func (s *slackFake) forget(r Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deleted[r.CardTS] = true
}

func (s *slackFake) FindPost(_ context.Context, r Request, said LeasedJob, _ time.Duration) (ts string, found bool, err error) {
	err = s.do("find "+string(said.Kind), func() {
		found = slices.Contains(s.posted, saidName(r, said.Job))
		ts = cardOf(r)
	})
	if !found {
		ts = ""
	}
	return ts, found && err == nil, err
}

// cardOf is the timestamp that this fake gives a request's card.
func cardOf(r Request) string {
	if ts, ok := datedCards.Load(r.ID); ok {
		return ts.(string)
	}
	return "ts-" + r.ID
}

// datedCards has the timestamps of cards as Slack gives them, of worlds that ask for it.
var datedCards sync.Map

func postName(r Request, kind JobKind) string { return string(kind) + " " + r.ID }

// saidName tells apart what one kind of work says more than once.
func saidName(r Request, said Job) string {
	return strings.TrimSpace(postName(r, said.Kind) + " " + said.Key())
}

func (s *slackFake) PostCard(_ context.Context, r Request) (string, error) {
	err := s.do("post_card", func() {
		s.posted = append(s.posted, postName(r, JobPostCard))
		if s.dated {
			datedCards.Store(r.ID, TimestampAt(time.Now()))
		}
	})
	if err != nil {
		return "", err
	}
	return cardOf(r), nil
}

func (s *slackFake) PostInThread(_ context.Context, r Request, said Job) (string, error) {
	return saidName(r, said), s.do(string(said.Kind), func() {
		s.posted = append(s.posted, saidName(r, said))
		s.said = append(s.said, utterance{Job: said, at: time.Now(), state: r.State})
		s.texts = append(s.texts, wordsOf(r, said))
	})
}

// store shows a post that Slack took long to store.
func (s *slackFake) store(post string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.posted = append(s.posted, post)
}

// said lists what was said of one kind.
func (s *slackFake) heard(kind JobKind) []utterance {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.said), func(u utterance) bool { return u.Kind != kind })
}

func (s *slackFake) CheckPostable(context.Context, string) error {
	return s.do("check_postable", func() {})
}

func (s *slackFake) AddReactions(context.Context, Request) error {
	return s.do("add_reactions", func() {})
}
func (s *slackFake) UpdateCard(context.Context, Request) error { return s.do("update_card", func() {}) }

func (s *slackFake) TellVoter(_ context.Context, _ Request, user string, why Eligibility) error {
	return s.do("tell_voter", func() { s.posted = append(s.posted, "tell_voter "+user+" "+string(why)) })
}

func (s *slackFake) PostOutsideChange(_ context.Context, change UntoldChange) (ts string, err error) {
	err = s.do("post_outside", func() { s.outside = append(s.outside, change.OutsideChange) })
	return "1.000001", err
}

func (s *slackFake) FindOutsideChange(context.Context, UntoldChange, time.Duration) (ts string, found bool, err error) {
	return "", false, nil
}

// ListAllocations fails unless a test watches the portal.
func (u *uipath) ListAllocations(ctx context.Context) ([]GroupAllocation, error) {
	if !u.listed {
		return nil, &DelayError{Reason: "not tried here"}
	}
	allocation, err := u.ReadAllocation(ctx, "group-01")
	return []GroupAllocation{{Group: groupname.Group("group-01", "Robot developers"), Allocation: allocation}}, err
}

func (u *uipath) FindEdits(context.Context, Group, time.Time, time.Time) ([]PortalEdit, error) {
	return nil, nil
}

func (s *slackFake) TellRequester(_ context.Context, r Request, said Job) error {
	return s.do(string(said.Kind), func() { s.posted = append(s.posted, postName(r, said.Kind)) })
}

// put changes what Slack shows on a card, and returns the event that tells it.
func (s *slackFake) put(r Request, user string, present bool) Reaction {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock++
	heard := Reaction{
		Channel: r.Channel, TS: r.CardTS, User: user, Name: "white_check_mark",
		EventTS: fmt.Sprintf("%d.%06d", time.Now().Unix(), s.clock), Present: present,
	}
	s.cards[r.CardTS] = slices.DeleteFunc(s.cards[r.CardTS], func(old Reaction) bool { return old.User == user })
	if present {
		s.cards[r.CardTS] = append(s.cards[r.CardTS], heard)
	}
	return heard
}

func (s *slackFake) shown(kind JobKind) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, post := range s.posted {
		if strings.HasPrefix(post, string(kind)+" ") {
			n++
		}
	}
	return n
}

func (s *slackFake) count(call string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen[call]
}

// timesOf is when a call was made.
func (s *slackFake) timesOf(call string) []time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.times[call])
}

func (s *slackFake) log() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Concat(s.calls, []string{"|"}, s.posted)
}

// breaks makes the first times calls of one name fail with err.
func (s *slackFake) breaks(name string, times int, effect bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before = func(call string, n int) (bool, error) {
		if call == name && n <= times {
			return effect, err
		}
		return true, nil
	}
}

func (s *slackFake) mends() { s.breaks("nothing", 0, true, nil) }

// The whole life, when all goes well.
func TestApplyConfirmed(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.carded()
		w.react(r, anna, true)
		w.untilState(Done)
		r = w.quiet()
		w.ended(r, Done, ReasonConfirmed)
		w.puts(1)
		want := Allocation{Codes: []string{"NEW", "OLD"}, UseExternalLicense: true, Quotas: []Quota{{Code: "OLD", Limit: 2}}}
		got := w.uipath.rule()
		if !SameSet(got.Codes, want.Codes) || !got.UseExternalLicense || !slices.Equal(got.Quotas, want.Quotas) {
			w.Errorf("the rule is %+v, want %+v", got, want)
		}
		w.posts(JobPostCard, 1)
		w.posts(JobPostOutcome, 1)
		if n := w.slack.count("find post_card") + w.slack.count("find post_outcome"); n != 0 {
			w.Errorf("looked %d times for posts that were never in doubt", n)
		}
	})
}

func TestNothingIsWrittenWithoutConsent(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.carded()
		w.react(r, requester, true)
		w.react(r, bystander, true)
		r = w.quiet()
		w.ended(r, Expired, ReasonDeadline)
		w.puts(0)
		w.posts(JobTellVoter, 2)
		w.posts(JobPostOutcome, 1)
	})
}

func TestApplyAnswerLostAfterTheEffect(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.uipath.answer(func(int, Allocation) (*Allocation, bool, error) { return nil, true, errCut })
		r := w.carded()
		w.react(r, anna, true)
		w.untilState(Done)
		r = w.quiet()
		w.ended(r, Done, ReasonReadBack)
		w.puts(1)
		w.posts(JobPostOutcome, 1)
	})
}

func TestApplyAnswerLostWithoutEffect(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.uipath.answer(func(n int, asked Allocation) (*Allocation, bool, error) {
			if n == 1 {
				return nil, false, errCut
			}
			return &asked, true, nil
		})
		r := w.carded()
		w.react(r, anna, true)
		r = w.untilState(Done)
		w.ended(r, Done, ReasonConfirmed)
		w.puts(2)
	})
}

// A read that is told to wait says nothing of the write before it: the attempt
// must not be forgotten, or its effect would be taken for someone else's.
func TestApplyDelayKeepsAnEarlierAttempt(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.uipath.answer(func(int, Allocation) (*Allocation, bool, error) { return nil, true, errCut })
		w.uipath.meanwhile(func(n int) error {
			if n == 3 || n == 4 { // one to vet, one before the write, then these
				return later(time.Minute)
			}
			return nil
		})
		r := w.carded()
		w.react(r, anna, true)
		r = w.until("an end", func(r Request) bool { return !r.State.Open() })
		w.ended(r, Done, ReasonReadBack)
		w.puts(1)
	})
}

// A write that was certainly not made is not claimed: had someone else made
// the change by then, the bot must not say that it did.
func TestApplyDelayForgetsItsOwnAttempt(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.uipath.answer(func(int, Allocation) (*Allocation, bool, error) { return nil, false, later(time.Minute) })
		r := w.carded()
		w.react(r, anna, true)
		w.until("a write", func(Request) bool { return w.uipath.count("put") == 1 })
		w.uipath.edit("OLD", "NEW")
		r = w.until("an end", func(r Request) bool { return !r.State.Open() })
		w.ended(r, Superseded, ReasonAllocationChanged)
		w.puts(1)
	})
}

func TestApplyWaitsAsLongAsUiPathAsks(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		var first, second time.Time
		w.uipath.answer(func(n int, asked Allocation) (*Allocation, bool, error) {
			if n == 1 {
				first = time.Now()
				return nil, false, later(20 * time.Minute)
			}
			second = time.Now()
			return &asked, true, nil
		})
		r := w.carded()
		w.react(r, anna, true)
		w.untilState(Done)
		if waited := second.Sub(first); waited < 20*time.Minute {
			w.Errorf("asked again after %v", waited)
		}
	})
}

func TestApplyRefused(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.uipath.answer(func(int, Allocation) (*Allocation, bool, error) {
			return nil, false, &RefusedError{Answer: "no such license"}
		})
		r := w.carded()
		w.react(r, anna, true)
		w.untilState(Failed)
		r = w.quiet()
		w.ended(r, Failed, ReasonUiPathRefused)
		if r.Outcome.Answer != "no such license" || r.Outcome.Uncertain {
			w.Errorf("outcome %+v", *r.Outcome)
		}
		w.puts(1)
	})
}

// The code that the card said would stay is gone by the time of the write. The
// write would leave the allocation empty, and the approvers did not agree to that.
func TestApplyEmptiesNoRuleUnasked(t *testing.T) {
	t.Parallel()
	for _, asked := range []bool{false, true} {
		live(t, func(w *world) {
			w.uipath.edit("OLD", "NEW")
			r, _, err := w.store.FileRequest(w.Context(), Request{
				ID: NewID(), EnvelopeID: "e1", Requester: requester, Channel: "C-APPROVALS",
				Ask:   Ask{Action: Remove, Group: "group-01", Codes: []string{"NEW"}, MayEmpty: asked},
				Terms: Terms{TTL: time.Hour},
			})
			if err != nil {
				w.Fatal(err)
			}
			w.request = r
			r = w.until("a card", func(r Request) bool { return r.CardTS != "" })
			w.uipath.edit("NEW")
			w.react(r, anna, true)
			r = w.until("an end", func(r Request) bool { return !r.State.Open() })
			if asked {
				w.ended(r, Done, ReasonConfirmed)
				return
			}
			w.ended(r, Superseded, ReasonAllocationChanged)
			w.puts(0)
		})
	}
}

func TestApplySupersededWhenTheRuleChanged(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.carded()
		w.uipath.edit("OLD", "NEW") // what the card shows is no longer a change
		w.react(r, anna, true)
		r = w.until("an end", func(r Request) bool { return !r.State.Open() })
		w.ended(r, Superseded, ReasonAllocationChanged)
		w.puts(0)
	})
}

// What the card promised to keep is not part of the consent: codes that came
// since are kept and do not stand in the way.
func TestApplyKeepsWhatOthersAddedMeanwhile(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.carded()
		w.uipath.edit("OLD", "BY-HAND")
		w.react(r, anna, true)
		r = w.until("an end", func(r Request) bool { return !r.State.Open() })
		w.ended(r, Done, ReasonConfirmed)
		if got := w.uipath.rule().Codes; !SameSet(got, []string{"OLD", "BY-HAND", "NEW"}) {
			w.Errorf("the rule is %v", got)
		}
	})
}

func TestApplyAnswerLacksACode(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.uipath.answer(func(int, Allocation) (*Allocation, bool, error) {
			return &Allocation{Codes: []string{"OLD"}}, false, nil
		})
		r := w.carded()
		w.react(r, anna, true)
		w.untilState(Failed)
		r = w.quiet()
		w.ended(r, Failed, ReasonIncomplete)
		if !slices.Equal(r.Outcome.ConcernedCodes, []string{"NEW"}) || !slices.Equal(r.Outcome.Allocation, []string{"OLD"}) {
			w.Errorf("outcome %+v", *r.Outcome)
		}
		w.puts(3)
		w.posts(JobPostOutcome, 1)
	})
}

func TestApplyAnswerLacksACodeOnce(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.uipath.answer(func(n int, asked Allocation) (*Allocation, bool, error) {
			if n == 1 {
				return &Allocation{Codes: []string{"OLD"}}, false, nil
			}
			return &asked, true, nil
		})
		r := w.carded()
		w.react(r, anna, true)
		r = w.until("an end", func(r Request) bool { return !r.State.Open() })
		w.ended(r, Done, ReasonConfirmed)
		w.puts(2)
	})
}

// The event of the withdrawal never came: the look before the write finds it.
func TestConsentWithdrawnBeforeTheWrite(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.carded()
		heard := w.slack.put(r, anna, true)
		w.slack.put(r, anna, false)
		if err := w.store.RecordReaction(w.Context(), heard); err != nil {
			w.Fatal(err)
		}
		w.until("approved and taken back", func(r Request) bool {
			return r.State == Pending && r.ConsentLosses == 1
		})
		w.puts(0)
		if r = w.read(r.ID); len(r.Votes) != 0 || !r.DecidedAt.IsZero() {
			w.Errorf("kept of the approval: %+v", r)
		}
		w.react(r, ben, true)
		w.untilState(Done)
		w.puts(1)
	})
}

func TestWithdrawnAndNeverGivenAgain(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.carded()
		heard := w.slack.put(r, anna, true)
		w.slack.put(r, anna, false)
		if err := w.store.RecordReaction(w.Context(), heard); err != nil {
			w.Fatal(err)
		}
		r = w.quiet()
		w.ended(r, Expired, ReasonDeadline)
		w.puts(0)
		w.posts(JobPostOutcome, 1)
	})
}

func TestApproverDeactivatedBeforeTheWrite(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.slack.afterLook(func() {
			w.slack.mu.Lock()
			defer w.slack.mu.Unlock()
			w.slack.people[anna] = Person{Deactivated: true}
		})
		r := w.carded()
		w.react(r, anna, true)
		w.until("approved and taken back", func(r Request) bool {
			return r.State == Pending && w.slack.count("look") == 1
		})
		r = w.quiet()
		w.ended(r, Expired, ReasonDeadline)
		w.puts(0)
	})
}

func TestConsentCannotBeCheckedBeforeTheWrite(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.carded()
		w.slack.breaks("look", 3, false, errCut)
		w.react(r, anna, true)
		w.until("three looks", func(Request) bool { return w.slack.count("look") >= 3 })
		w.puts(0)
		w.untilState(Done)
		w.puts(1)
	})
}

func TestApplyGivesUp(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		read      error // every read after the vetting
		write     error
		uncertain bool
	}{
		{name: "UiPath cannot be read", read: errCut},
		{name: "UiPath asks to wait, for ever", read: later(time.Minute)},
		{name: "no write is ever answered", write: errCut, uncertain: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			live(t, func(w *world) {
				w.uipath.meanwhile(func(n int) error {
					if n > 1 {
						return c.read
					}
					return nil
				})
				w.uipath.answer(func(int, Allocation) (*Allocation, bool, error) { return nil, false, c.write })
				r := w.carded()
				w.react(r, anna, true)
				w.until("the hold-up told", func(Request) bool { return w.slack.shown(JobPostDelay) == 1 })
				w.untilState(Failed)
				r = w.quiet()
				w.ended(r, Failed, ReasonUnconfirmed)
				if r.Outcome.Uncertain != c.uncertain {
					w.Errorf("uncertain is %v", r.Outcome.Uncertain)
				}
				if r.ClosedAt.Before(r.ApprovalExpires()) {
					w.Errorf("gave up %v early", r.ApprovalExpires().Sub(r.ClosedAt))
				}
				w.posts(JobPostDelay, 1)
				w.posts(JobPostOutcome, 1)
			})
		})
	}
}

// Two requests on one group, approved at once: both must be in the rule.
func TestTwoWritesToOneGroup(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.uipath.pause = 10 * time.Second
		w.file("e1", "NEW")
		one := w.until("a card", func(r Request) bool { return r.CardTS != "" })
		w.file("e2", "NEWER")
		two := w.until("a card", func(r Request) bool { return r.CardTS != "" })
		w.react(one, anna, true)
		w.react(two, ben, true)
		w.quiet()
		w.ended(w.read(one.ID), Done, ReasonConfirmed)
		w.ended(w.read(two.ID), Done, ReasonConfirmed)
		if got := w.uipath.rule().Codes; !SameSet(got, []string{"OLD", "NEW", "NEWER"}) {
			w.Errorf("the rule is %v", got)
		}
		if w.uipath.overlapped() {
			w.Error("two writes to one group overlapped")
		}
		w.puts(2)
	})
}

func TestVetting(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		group string
		codes []string
		want  Reason
	}{
		{"a group that is not there", "group-99", nil, ReasonNoSuchGroup},
		{"a code that is not owned", "group-01", []string{"NEW", "NEVER"}, ReasonNotOwned},
		{"a code that is there already", "group-01", []string{"OLD"}, ReasonNothingToDo},
	} {
		t.Run(c.name, func(t *testing.T) {
			live(t, func(w *world) {
				r, _, err := w.store.FileRequest(w.Context(), Request{
					ID: NewID(), EnvelopeID: "e", Requester: requester, Channel: "C-APPROVALS",
					Ask: Ask{Group: c.group, Codes: c.codes}, Terms: Terms{TTL: time.Hour},
				})
				if err != nil {
					w.Fatal(err)
				}
				w.request = r
				w.untilState(Refused)
				r = w.quiet()
				w.ended(r, Refused, c.want)
				w.posts(JobTellRequester, 1)
				w.posts(JobPostCard, 0)
			})
		})
	}
}

func TestVettingOutlivesAnOutage(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.uipath.meanwhile(func(n int) error {
			if n <= 4 {
				return errCut
			}
			return nil
		})
		r := w.carded()
		w.posts(JobTellDelay, 1) // the requester hears of the hold-up, once
		if r.DelayReason != "" {
			w.Errorf("still held up: %q", r.DelayReason)
		}
	})
}

func TestAnnounceAnswerLostAfterThePost(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.slack.breaks("post_card", 1, true, errCut)
		r := w.carded()
		if r.CardTS != cardOf(r) {
			w.Errorf("the card is known as %q", r.CardTS)
		}
		w.posts(JobPostCard, 1)
		w.react(r, anna, true)
		w.untilState(Done)
		w.posts(JobPostCard, 1)
	})
}

// A post without an answer is looked for until 20 to 25 s after it, and only then
// made anew, each time.
func TestAnnounceAnswerLostWithoutAPost(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.slack.breaks("post_card", 2, false, errCut)
		w.carded()
		w.posts(JobPostCard, 1)
		posted, looked := w.slack.timesOf("post_card"), w.slack.timesOf("find post_card")
		if len(posted) != 3 {
			w.Fatalf("posted %d times", len(posted))
		}
		for i, at := range posted[1:] {
			if pause := at.Sub(posted[i]); pause < 20*time.Second || pause > 25*time.Second {
				w.Errorf("posted again after %v", pause)
			}
			if !slices.ContainsFunc(looked, func(l time.Time) bool { return !l.After(at) && at.Sub(l) < time.Second }) {
				w.Errorf("no look right before the post at %v", at)
			}
		}
		r := w.quiet()
		if n := w.slack.count("list_posts"); n != 2 || r.CardTS != cardOf(r) {
			w.Errorf("looked %d times for a double, want 2", n)
		}
	})
}

// A post that Slack stores after the bot gave up is found, and not made twice.
func TestPostsThatAreStoredLate(t *testing.T) {
	t.Parallel()
	for late, posts := range map[time.Duration]int{time.Second: 1, 10 * time.Second: 1, 19 * time.Second: 1, time.Hour: 2} {
		t.Run(late.String(), func(t *testing.T) {
			live(t, func(w *world) {
				w.slack.breaks("post_card", 1, false, errCut)
				r := w.file("e1")
				w.until("a lost answer", func(Request) bool { return w.slack.count("post_card") == 1 })
				time.AfterFunc(late, func() {
					w.slack.mu.Lock()
					defer w.slack.mu.Unlock()
					w.slack.posted = append(w.slack.posted, postName(r, JobPostCard))
				})
				w.until("a card", func(r Request) bool { return r.CardTS != "" })
				if n := w.slack.count("post_card"); n != posts {
					w.Errorf("posted %d times, want %d", n, posts)
				}
			})
		})
	}
}

// A call that never left needs no wait, also after an earlier one was settled.
func TestAPostThatNeverLeftNeedsNoWait(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.slack.answer(func(call string, n int) (bool, error) {
			switch {
			case call == "post_card" && n == 2:
				return false, errCut
			case call == "post_card" && n != 4:
				return false, &DelayError{Reason: "Slack cannot be reached"}
			}
			return true, nil
		})
		w.carded()
		posted := w.slack.timesOf("post_card")
		var pauses []time.Duration
		for i, at := range posted[1:] {
			pauses = append(pauses, at.Sub(posted[i]))
		}
		if len(pauses) != 3 || pauses[0] > 5*time.Second || pauses[1] < 20*time.Second || pauses[2] > 20*time.Second {
			w.Errorf("posted again after %v", pauses)
		}
	})
}

// While history cannot be read it is unknown whether the card is there, and
// so nothing is posted.
func TestAnnounceWaitsForTheLook(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.slack.answer(func(call string, n int) (bool, error) {
			switch {
			case call == "post_card" && n == 1:
				return true, errCut
			case call == "find post_card" && n == 1:
				return false, later(time.Minute)
			case call == "find post_card" && n == 2:
				return false, errCut
			case call == "find post_card" && n == 3:
				return false, &RefusedError{Answer: "channel_not_found"}
			}
			return true, nil
		})
		w.carded()
		w.posts(JobPostCard, 1)
		if n := w.slack.count("post_card"); n != 1 {
			w.Errorf("posted %d times", n)
		}
	})
}

func TestAnnounceToldToWaitLooksForNothing(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.slack.breaks("post_card", 3, false, later(time.Minute))
		w.carded()
		w.posts(JobPostCard, 1)
		if n := w.slack.count("find post_card"); n != 0 {
			w.Errorf("looked %d times for what was certainly not posted", n)
		}
	})
}

// A post that an answer refused may stand all the same. It is looked for once, when a look can be
// believed, and made anew only if it is not there. The pause that Slack asked for is kept.
func TestARefusedPostIsLookedForOnce(t *testing.T) {
	t.Parallel()
	for _, kind := range []JobKind{JobPostCard, JobPostOutcome} {
		for _, isThere := range []bool{true, false} {
			for asked, least := range map[time.Duration]time.Duration{0: PostSettles, 17 * time.Second: PostSettles, time.Minute: time.Minute} {
				t.Run(fmt.Sprintf("%s, there: %v, a pause of %v", kind, isThere, asked), func(t *testing.T) {
					live(t, func(w *world) {
						w.slack.breaks(string(kind), 1, isThere, &UnknownEffectError{After: asked, Reason: "slow down"})
						r := w.carded()
						w.react(r, anna, true)
						w.untilState(Done)
						w.quiet()
						w.posts(kind, 1)
						posted, looked := w.slack.timesOf(string(kind)), w.slack.timesOf("find "+string(kind))
						if len(looked) != 1 || (len(posted) == 1) != isThere {
							w.Fatalf("posted at %v, looked at %v", posted, looked)
						}
						if waited := looked[0].Sub(posted[0]); waited < least || waited > least+3*time.Second {
							w.Errorf("looked after %v", waited)
						}
						if doubles := w.slack.count("list_posts"); (doubles == 2) == isThere {
							w.Errorf("looked %d times for a double", doubles)
						}
					})
				})
			}
		}
	}
}

func (w *world) cancel(r Request) {
	w.Helper()
	if _, err := w.store.ApplyEvent(w.Context(), r.ID, Cancel{By: requester}, nil); err != nil {
		w.Fatal(err)
	}
}

func TestEndedBeforeTheCardWasPosted(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.slack.breaks("post_card", 1000, false, later(time.Minute))
		r := w.file("e1")
		w.until("an attempt to post", func(Request) bool { return w.slack.count("post_card") > 0 })
		w.cancel(r)
		w.slack.mends()
		r = w.quiet()
		w.ended(r, Cancelled, ReasonWithdrawn)
		w.posts(JobPostCard, 0)
		w.posts(JobPostOutcome, 0) // there is no thread: the requester is told alone
		w.posts(JobTellRequester, 1)
	})
}

// Slack or UiPath asks for a long pause. The requester, or the thread, hears of it before
// the pause and not after it.
func TestALongPauseIsToldBeforeIt(t *testing.T) {
	live(t, func(w *world) {
		start := time.Now()
		w.slack.breaks("post_card", 1, false, later(15*time.Minute))
		w.file("e1")
		w.until("a word to the requester", func(Request) bool { return w.slack.count("tell_delay") > 0 })
		if waited := time.Since(start); waited > time.Minute {
			t.Errorf("told after %v", waited)
		}
		w.carded()
		w.posts(JobPostCard, 1)
	})
}

func TestEndedWhileTheCardWasInDoubt(t *testing.T) {
	t.Parallel()
	for _, there := range []bool{true, false} {
		t.Run(fmt.Sprintf("the card is there: %v", there), func(t *testing.T) {
			live(t, func(w *world) {
				w.slack.breaks("post_card", 1, there, errCut)
				r := w.file("e1")
				w.until("a post in doubt", func(Request) bool { return w.slack.count("post_card") == 1 })
				w.cancel(r)
				r = w.quiet()
				w.ended(r, Cancelled, ReasonWithdrawn)
				if there != (r.CardTS != "") {
					w.Errorf("the card is known as %q", r.CardTS)
				}
				cards, replies := 0, 0
				if there { // then it must show the end, and its thread tell it
					cards, replies = 1, 1
					if w.slack.count("update_card") == 0 {
						w.Error("the card still looks open")
					}
				}
				w.posts(JobPostCard, cards)
				w.posts(JobPostOutcome, replies)
			})
		})
	}
}

func TestReplyAnswerLost(t *testing.T) {
	t.Parallel()
	for _, effect := range []bool{true, false} {
		t.Run(fmt.Sprintf("after the post: %v", effect), func(t *testing.T) {
			live(t, func(w *world) {
				w.slack.breaks("post_outcome", 2, effect, errCut)
				r := w.carded()
				w.react(r, anna, true)
				w.untilState(Done)
				w.quiet()
				w.posts(JobPostOutcome, 1)
				if w.slack.count("find post_outcome") == 0 {
					w.Error("nobody looked")
				}
			})
		})
	}
}

func TestReplyWhereTheThreadIsGone(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.slack.breaks("post_outcome", 1000, false, missing("thread_not_found"))
		r := w.carded()
		w.react(r, anna, true)
		w.untilState(Done)
		w.slack.forget(r)
		w.quiet()
		w.posts(JobPostOutcome, 0)
		w.posts(JobTellRequester, 1)
		if n := w.slack.count("post_outcome"); n < 2 || n > 5 {
			t.Errorf("%d attempts", n)
		}
	})
}

// While the thread takes nothing, the requester is told privately, once. The thread is
// told when it can be.
func TestReplyWhereTheThreadIsClosed(t *testing.T) {
	t.Parallel()
	for closed, all := range map[bool][]error{
		true:  {&DelayError{Reason: "archived", Closed: true}, &UnknownEffectError{Reason: "something_new", Closed: true}},
		false: {&DelayError{Reason: "slow down"}, &UnknownEffectError{Reason: "slow down"}},
	} {
		for _, err := range all {
			t.Run(fmt.Sprintf("closed: %v, %v", closed, err), func(t *testing.T) { closedThread(t, closed, err) })
		}
	}
}

func closedThread(t *testing.T, closed bool, err error) {
	live(t, func(w *world) {
		w.slack.breaks("post_outcome", 12, false, err)
		r := w.carded()
		w.react(r, anna, true)
		w.untilState(Done)
		w.quiet()
		w.posts(JobPostOutcome, 1)
		w.posts(JobTellRequester, map[bool]int{true: 1, false: 0}[closed])
	})
}

// Private words may have reached their reader although Slack answered with an error.
// They are repeated rarely, given up, and that is said once.
func TestPrivateWordsAreRepeatedRarely(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err   error
		times int
		calls int
		spoke int
		least time.Duration // between the first and the last
	}{
		"stored, and answered with an error": {err: errCut, times: 100, calls: 5, spoke: 5, least: 5 * time.Hour},
		"refused":                            {err: &RefusedError{Answer: "channel_not_found"}, times: 100, calls: 5, spoke: 5, least: 5 * time.Hour},
		"said, and answered with a refusal":  {err: &UnknownEffectError{}, times: 100, calls: 5, spoke: 5, least: 5 * time.Hour},
		"said, and told to wait":             {err: &UnknownEffectError{After: 9 * time.Minute}, times: 1, calls: 2, spoke: 2, least: 9 * time.Minute},
		"the first answer is lost":           {err: errCut, times: 1, calls: 2, spoke: 2, least: time.Minute},
		"Slack cannot be reached":            {err: &DelayError{}, times: 7, calls: 8, spoke: 1},
	} {
		t.Run(name, func(t *testing.T) {
			live(t, func(w *world) {
				w.slack.breaks("tell_requester", c.times, !IsDelay(c.err), c.err)
				w.file("e1", "OLD")
				w.quiet()
				if n := w.slack.count("tell_requester"); n != c.calls {
					w.Errorf("tried %d times, want %d", n, c.calls)
				}
				w.posts(JobTellRequester, c.spoke)
				if at := w.slack.timesOf("tell_requester"); at[len(at)-1].Sub(at[0]) < c.least {
					w.Errorf("repeated at %v", at)
				}
			})
		})
	}
}

// The requester hears how a request ended, although the word of what held it up could not
// be told.
func TestTheEndIsToldThoughTheHoldUpWasNot(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.uipath.meanwhile(func(int) error { return errCut })
		said := 0
		w.slack.answer(func(call string, _ int) (effect bool, err error) {
			if !strings.HasPrefix(call, "tell_") {
				return true, nil
			}
			switch said++; {
			case said > 3:
				return true, nil
			case said == 1: // Slack limits it until right before the deadline
				return false, &UnknownEffectError{After: time.Hour - 30*time.Second}
			}
			return false, errCut
		})
		r := w.file("e1", "NEW")
		if life := r.Deadline.Sub(r.FiledAt); life != time.Hour {
			t.Fatalf("the request has %v", life)
		}
		w.untilState(Expired)
		w.quiet()
		w.posts(JobTellRequester, 1)
	})
}

// missing is Slack's word that a message is not there.
func missing(answer string) error { return &RefusedError{Answer: answer, NotFound: true} }

// Slack may say of a card that it is missing while it is there. Such an answer ends
// nothing, and a constant one not for ever.
func TestACardThatSlackMissesWhileItIsThere(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"add_reactions", "post_outcome", "update_card"} {
		for _, times := range []int{1, 1000} {
			t.Run(fmt.Sprint(call, " ", times), func(t *testing.T) {
				live(t, func(w *world) {
					w.slack.breaks(call, times, false, missing("message_not_found"))
					r := w.carded()
					time.Sleep(10 * time.Minute)
					w.react(r, anna, true)
					w.quiet()
					if n := w.slack.count(call); n < 2 || times > 1 && n%8 != 0 {
						t.Errorf("%d attempts", n)
					}
					told := map[bool]int{true: 1}[call == "post_outcome" && times > 1]
					w.posts(JobPostOutcome, 1-told)
					w.posts(JobTellRequester, told)
				})
			})
		}
	}
}

// After many failures of another kind, one word of Slack that a card is missing ends nothing.
func TestACardThatSlackMissesAfterOtherFailures(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"add_reactions", "post_outcome", "update_card"} {
		t.Run(call, func(t *testing.T) {
			live(t, func(w *world) {
				w.slack.answer(func(name string, n int) (bool, error) {
					switch {
					case name != call || n > 11:
						return true, nil
					case n < 11:
						return false, later(time.Second)
					}
					return false, missing("message_not_found")
				})
				r := w.carded()
				time.Sleep(40 * time.Minute) // for twelve attempts
				w.react(r, anna, true)
				w.quiet()
				if n := w.slack.count(call); n < 12 {
					t.Errorf("given up after %d attempts", n)
				}
				w.posts(JobTellRequester, 0)
			})
		})
	}
}

// The answer to the reply was lost, and then the card was deleted: the
// bot cannot find out any more whether the reply was there.
func TestReplyInDoubtWhereTheThreadIsGone(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.carded()
		w.slack.answer(func(call string, _ int) (bool, error) {
			switch call {
			case "post_outcome":
				return false, errCut
			case "find post_outcome":
				return false, missing("thread_not_found")
			}
			return true, nil
		})
		w.react(r, anna, true)
		w.untilState(Done)
		w.slack.forget(r)
		w.quiet()
		w.posts(JobTellRequester, 1)
	})
}

// A word that only its reader sees cannot be looked for, so it is never said
// twice: better lost than repeated.
func TestTellAtMostOnce(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		err    error
		effect bool
		calls  int
		want   int
	}{
		{"answered", nil, true, 1, 1},
		{"answer lost after it was said", errCut, true, 1, 1},
		{"answer lost before it was said", errCut, false, 1, 0},
		{"told to wait, so certainly not said", later(time.Minute), false, 2, 1},
		{"refused", &RefusedError{Answer: "user_not_in_channel"}, false, 1, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			live(t, func(w *world) {
				if c.err != nil {
					w.slack.breaks("tell_voter", 1, c.effect, c.err)
				}
				r := w.carded()
				w.react(r, bystander, true)
				w.react(r, bystander, false)
				w.react(r, bystander, true)
				w.quiet()
				if n := w.slack.count("tell_voter"); n != c.calls {
					w.Errorf("said %d times, want %d", n, c.calls)
				}
				w.posts(JobTellVoter, c.want)
			})
		})
	}
}

// A notice to a voter that an answer refused is most likely unsaid. It is said again, a few times.
func TestARefusedNoticeToAVoterIsRepeated(t *testing.T) {
	t.Parallel()
	for times, calls := range map[int]int{1: 2, 2: 3, 100: 3} {
		t.Run(fmt.Sprint(times), func(t *testing.T) {
			live(t, func(w *world) {
				w.slack.breaks("tell_voter", times, true, &UnknownEffectError{After: time.Minute})
				w.react(w.carded(), bystander, true)
				w.quiet()
				w.posts(JobTellVoter, calls)
				if at := w.slack.timesOf("tell_voter"); len(at) > 1 && at[1].Sub(at[0]) < time.Minute {
					w.Errorf("said at %v", at)
				}
			})
		})
	}
}

// If Slack does not list the members of a user group, their votes do not count
// yet. The voters are told, and the bot checks again.
func TestVotesThatCannotBeChecked(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.carded()
		w.slack.breaks("members", 2, true, &RefusedError{Answer: "missing_scope"})
		w.react(r, "U-IN-GROUP", true)
		w.until("told", func(Request) bool { return w.slack.shown(JobTellVoter) == 1 })
		w.puts(0)
		w.react(r, anna, true)
		w.untilState(Done)
		w.puts(1)
	})
}

func TestRunStopsWithinItsGrace(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s, err := store.Open(t.Context(), "sqlite://"+filepath.Join(dir, "test.db"), store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.Close() }()
		slow := &stuck{uipath: newUiPath(), entered: make(chan struct{})}
		w := &world{T: t, store: s}
		w.file("e1")
		ctx, stop := context.WithCancel(t.Context())
		workers := &worker.Runner{
			Store: s, Licenses: slow, Directory: newSlack(), Messenger: newSlack(),
			OnError: func(worker.Problem) {}, Grace: 7 * time.Second, Policy: func() Policy { return Policy{} },
		}
		stopped := make(chan struct{})
		go func() { defer close(stopped); workers.Run(ctx) }()
		<-slow.entered
		told := time.Now()
		stop()
		<-stopped
		if took := time.Since(told); took != 7*time.Second {
			t.Errorf("stopped %v after it was told", took)
		}
		// What was cut short is given back, not lost.
		if _, owed, err := s.NextDue(t.Context(), JobPrepare); err != nil || !owed {
			t.Errorf("the vetting is no longer owed (%v)", err)
		}
	})
}

// stuck is a UiPath that never answers.
type stuck struct {
	*uipath
	entered chan struct{}
}

func (s *stuck) FindGroup(ctx context.Context, _ string) (Group, error) {
	close(s.entered)
	<-ctx.Done()
	return Group{}, ctx.Err()
}

// UiPath takes a part of the write, and the approver changes their mind before
// it is tried again. No message may say that nothing was changed.
func TestDeniedAfterAWriteThatTookEffectInPart(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.carded()
		w.uipath.answer(func(int, Allocation) (*Allocation, bool, error) {
			heard := w.slack.put(r, anna, true)
			heard.Deny, heard.Name = true, "x"
			w.slack.mu.Lock()
			defer w.slack.mu.Unlock()
			w.slack.cards[r.CardTS] = []Reaction{heard}
			return &Allocation{Codes: []string{"OLD"}}, false, nil
		})
		w.react(r, anna, true)
		r = w.until("an end", func(r Request) bool { return !r.State.Open() })
		w.ended(r, Denied, ReasonDeniedByVote)
		if !r.Outcome.Uncertain {
			w.Error("the outcome is called certain")
		}
	})
}

// The same after the request went back to waiting, where the row that knew of
// the write is gone.
func TestExpiredAfterAWriteOfUnknownOutcome(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.carded()
		w.uipath.answer(func(int, Allocation) (*Allocation, bool, error) {
			w.slack.put(r, anna, false)
			return nil, false, errCut
		})
		w.react(r, anna, true)
		w.until("waiting again", func(r Request) bool { return r.WriteAttempted && r.State == Pending })
		r = w.quiet()
		w.ended(r, Expired, ReasonDeadline)
		if !r.Outcome.Uncertain {
			w.Error("the outcome is called certain")
		}
	})
}

// UiPath refuses the second write; whether the first took effect is not known.
func TestRefusedAfterAWriteOfUnknownOutcome(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.carded()
		w.uipath.answer(func(n int, _ Allocation) (*Allocation, bool, error) {
			if n == 1 {
				return nil, false, errCut
			}
			return nil, false, &RefusedError{Answer: "409"}
		})
		w.react(r, anna, true)
		r = w.quiet()
		w.ended(r, Failed, ReasonUiPathRefused)
		if !r.Outcome.Uncertain {
			w.Error("the outcome is called certain")
		}
	})
}

// A denial without an event stands on the card beside the quorum: the look
// before the write finds it.
func TestUnheardDenialBeforeTheWrite(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.carded()
		heard := w.slack.put(r, anna, true)
		denial := w.slack.put(r, ben, true)
		denial.Deny, denial.Name = true, "x"
		w.slack.mu.Lock()
		w.slack.cards[r.CardTS] = []Reaction{heard, denial}
		w.slack.mu.Unlock()
		if err := w.store.RecordReaction(w.Context(), heard); err != nil {
			w.Fatal(err)
		}
		r = w.until("an end", func(r Request) bool { return !r.State.Open() })
		w.ended(r, Denied, ReasonDeniedByVote)
		w.puts(0)
	})
}
