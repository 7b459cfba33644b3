package worker_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"licensebot/approvals/worker"

	. "licensebot/approvals"
	"licensebot/internal/sweep"
)

// A steppedPortal is a group that the bot and other people change, while the store's clock steps
// and the bot starts anew.
type steppedPortal struct {
	*world
	random *rand.Rand
	told   []string // codes of others that the group has, as the channel was told
	story  []string
}

// othersCodes are those that only other people add and remove.
var othersCodes = []string{"OTHER1", "OTHER2"}

// toldWithin is how long after a change outside, or after a step of the clock, the channel knows.
const toldWithin = 30 * time.Minute

// watchPortal has the bot watch a group, until the first look was taken.
func watchPortal(t *testing.T, seed uint64, story func(p *steppedPortal)) {
	t.Parallel()
	live(t, func(w *world) {
		p := &steppedPortal{world: w, random: rand.New(rand.NewPCG(seed, 15))}
		w.channel, w.uipath.listed = "C-APPROVALS", true
		w.uipath.setLag(ReadLag - time.Second)
		p.startClock()
		w.reopen()
		time.Sleep(5 * time.Minute)
		story(p)
		time.Sleep(toldWithin)
		p.check()
	})
}

// watchSteps lets random things happen to a group.
func watchSteps(t *testing.T, seed uint64, things ...func(*steppedPortal)) {
	watchPortal(t, seed, func(p *steppedPortal) {
		for range 30 {
			things[p.random.IntN(len(things))](p)
			time.Sleep(time.Duration(p.random.IntN(60*[]int{1, 3, 40}[p.random.IntN(3)])) * time.Second)
		}
	})
}

// startClock has the store notice steps of its clock, from now on.
func (p *steppedPortal) startClock() {
	start := time.Now()
	p.elapsed = func() time.Duration { return time.Since(start) }
}

func (p *steppedPortal) note(format string, args ...any) {
	p.story = append(p.story, time.Now().Format("15:04:05 ")+fmt.Sprintf(format, args...))
}

// request has the bot add a code, for good or for a time, or remove it.
func (p *steppedPortal) request() {
	code := []string{"NEW", "NEWER"}[p.random.IntN(2)]
	ask := Ask{Group: "group-01", Codes: []string{code}}
	if slices.Contains(p.uipath.rule().Codes, code) {
		ask.Action = Remove
	} else if p.random.IntN(2) == 0 {
		ask.For = time.Duration(1+p.random.IntN(5)) * time.Hour
	}
	p.note("request %s %s for %s", ask.Action, code, ask.For)
	r, _, err := p.store.FileRequest(p.Context(), Request{
		ID: NewID(), EnvelopeID: NewID(), Requester: requester, Channel: "C-APPROVALS", Ask: ask, Terms: Terms{TTL: time.Hour},
	})
	if err != nil {
		p.Fatal(err)
	}
	time.Sleep(time.Minute)
	if r = p.read(r.ID); r.CardTS != "" {
		p.react(r, anna, true)
	}
}

// edit has other people add or remove one of their codes.
func (p *steppedPortal) edit() {
	code := othersCodes[p.random.IntN(len(othersCodes))]
	codes := p.uipath.rule().Codes
	if slices.Contains(codes, code) {
		codes = Without(codes, []string{code})
	} else {
		codes = Union(codes, []string{code})
	}
	p.note("edit to %v", codes)
	p.uipath.edit(codes...)
}

// step puts the store's clock forward or back, by seconds to hours.
func (p *steppedPortal) step() {
	unit := []time.Duration{10 * time.Second, time.Minute, 20 * time.Minute}[p.random.IntN(3)]
	step := time.Duration(p.random.IntN(30)-15) * unit
	p.note("step by %s", step)
	p.behind.Add(-int64(step))
}

// restart starts the bot anew. In half of the cases the clock has stepped meanwhile.
func (p *steppedPortal) restart() {
	p.note("restart")
	p.stop()
	p.mustClose()
	if p.random.IntN(2) == 0 {
		p.step()
	}
	time.Sleep(time.Duration(p.random.IntN(120)) * time.Second)
	p.startClock()
	p.open()
	p.work()
}

// listOutside lists the changes that were told in the channel.
func (s *slackFake) listOutside() []OutsideChange {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.outside)
}

func (s *slackFake) forgetOutside() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.outside = nil
}

func (p *steppedPortal) mustClose() {
	p.Helper()
	if err := p.store.Close(); err != nil {
		p.Fatal(err)
	}
}

// check expects that what is told are the changes of others, each of them once.
func (p *steppedPortal) check() {
	p.Helper()
	for _, change := range p.slack.listOutside() {
		if others := Without(Union(change.Gained, change.Lost), othersCodes); len(others) > 0 {
			p.Errorf("told what the bot did: %+v", change)
		}
		if len(Without(change.Lost, p.told)) > 0 || len(Without(change.Gained, p.told)) < len(change.Gained) {
			p.Errorf("told twice: %+v", change)
		}
		p.told = Union(Without(p.told, change.Lost), change.Gained)
	}
	now := Without(p.uipath.rule().Codes, []string{"OLD", "NEW", "NEWER", "LOST"})
	if !SameSet(p.told, now) {
		p.Errorf("the group has %v of other people, and %v was told", now, p.told)
	}
	if p.Failed() {
		for _, line := range p.story {
			p.Log(line)
		}
	}
}

// TestAClockThatWasAheadIsPutRight has the clock be ahead for some looks. The bot runs when it is put
// right, or starts later.
func TestAClockThatWasAheadIsPutRight(t *testing.T) {
	t.Parallel()
	for name, putRight := range map[string]func(p *steppedPortal){
		"while it runs": func(p *steppedPortal) { p.behind.Store(0) },
		"while it is stopped": func(p *steppedPortal) {
			p.stop()
			p.behind.Store(0)
			p.mustClose()
			p.startClock()
			p.open()
			p.work()
		},
	} {
		t.Run(name, func(t *testing.T) {
			watchPortal(t, 0, func(p *steppedPortal) {
				p.behind.Store(-int64(2 * time.Hour))
				time.Sleep(time.Hour)
				putRight(p)
				p.request()
				time.Sleep(3 * time.Hour)
				p.check()
				p.slack.forgetOutside()
				p.told = nil
				p.behind.Store(-int64(2 * time.Hour))
				time.Sleep(time.Hour)
				putRight(p)
				p.edit()
			})
		})
	}
}

// TestAStepOfTheClockIsNoChangeOutside has the bot change a group while its clock steps.
func TestAStepOfTheClockIsNoChangeOutside(t *testing.T) {
	t.Parallel()
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			sweep.InSample(t, seed%6 == 0)
			watchSteps(t, seed, (*steppedPortal).request, (*steppedPortal).request, (*steppedPortal).step, (*steppedPortal).restart)
		})
	}
}

// TestAChangeOutsideIsToldWhateverTheClockDoes has other people change codes of their own besides.
func TestAChangeOutsideIsToldWhateverTheClockDoes(t *testing.T) {
	t.Parallel()
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			sweep.InSample(t, seed%6 == 0)
			watchSteps(t, seed, (*steppedPortal).request, (*steppedPortal).edit, (*steppedPortal).step, (*steppedPortal).restart)
		})
	}
}

// journaled counts the changes outside in the journal.
func (p *steppedPortal) journaled() int {
	p.Helper()
	changes, err := p.store.ListUntold(p.Context())
	if err != nil {
		p.Fatal(err)
	}
	return len(changes) + len(p.slack.listOutside())
}

// numberedCards has cards with timestamps like Slack's: all that the channel shows are newer.
type numberedCards struct{ worker.Store }

func (numberedCards) NewestCard(context.Context, string) (string, error) { return "1.000000", nil }

// startUnread starts the bot anew while Slack shows no messages of the channel, which the bot knows
// from a card. It may also be a restored copy. read has Slack show them.
func (p *steppedPortal) startUnread() (read func()) {
	p.Helper()
	p.request()
	time.Sleep(30 * time.Minute)
	p.stop()
	p.sees = func(s worker.Store) worker.Store { return numberedCards{s} }
	p.slack.unreadable = errCut
	p.work()
	return func() {
		p.slack.mu.Lock()
		defer p.slack.mu.Unlock()
		p.slack.unreadable = nil
	}
}

// TestTheWatchGoesOnWhileTheChannelIsUnread edits a group then. The first look keeps the difference. It
// is told when the channel is read, and journaled after an hour if it stays unread.
func TestTheWatchGoesOnWhileTheChannelIsUnread(t *testing.T) {
	t.Parallel()
	for name, unreadFor := range map[string]time.Duration{"for a while": 40 * time.Minute, "for long": 5 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			watchPortal(t, 0, func(p *steppedPortal) {
				read := p.startUnread()
				p.edit()
				edited := time.Now()
				time.Sleep(unreadFor)
				isLong := unreadFor > 2*time.Hour
				if got := p.journaled() == 1; got != isLong {
					p.Errorf("journaled while the channel is unread: %t", got)
				}
				if len(p.slack.listOutside()) > 0 {
					p.Error("told in a channel that was not read")
				}
				read()
				time.Sleep(2 * time.Minute)
				if len(p.slack.listOutside()) != 1 {
					p.Fatalf("told %+v", p.slack.listOutside())
				}
				if told := p.slack.listOutside()[0]; told.Unread != isLong || told.SeenAt.Sub(edited) > WatchEvery+time.Minute {
					p.Errorf("told %+v of an edit at %s", told, edited)
				}
			})
		})
	}
}

// TestAnUnknownRequestIsNoChangeOutside has a restored copy whose channel tells, once it is read, of a
// request with codes that were cut. The looks before kept what it did, and tell nothing of it.
func TestAnUnknownRequestIsNoChangeOutside(t *testing.T) {
	t.Parallel()
	for name, unreadFor := range map[string]time.Duration{"read at once": 0, "read later": 40 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			watchPortal(t, 0, func(p *steppedPortal) {
				read := p.startUnread()
				p.stop()
				p.uipath.edit(Union(p.uipath.rule().Codes, []string{"LOST"})...)
				at := func(ago time.Duration) string { return TimestampAt(time.Now().Add(-ago)) }
				lost := Told{Post: Post{TS: at(time.Minute), EventType: CardEventType}, RequestID: "R-LOST", GroupID: "group-01"}
				p.slack.unknown = []ToldCard{{Told: lost, LatestReply: at(0)}}
				lost.Post, lost.Cut = Post{TS: at(0), EventType: "allocation_done"}, true
				p.slack.thread = []Told{lost}
				if unreadFor == 0 {
					read()
				}
				p.work()
				time.Sleep(unreadFor)
				read()
				time.Sleep(2 * time.Hour)
				if n := p.journaled(); n > 0 {
					p.Errorf("%d changes outside", n)
				}
				p.edit()
			})
		})
	}
}
