package store

import (
	"slices"
	"sync"
	"time"

	"licensebot/approvals"
)

// signals wakes the subscribers of a kind of job. Each subscriber's channel keeps
// one signal, so a busy subscriber gets it later.
type signals struct {
	mu          sync.Mutex
	subscribers []*subscriber
}

type subscriber struct {
	kinds []approvals.JobKind
	wake  chan struct{}
	offer *offer // nil: none of its workers is on offer
}

func (s *subscriber) hears(kind approvals.JobKind) bool { return slices.Contains(s.kinds, kind) }

// An enqueuedJob is what a transaction tells about a job that may be due.
type enqueuedJob struct {
	kind approvals.JobKind
	id   int64         // of a new job; otherwise zero
	wait time.Duration // until it is due
	to   *subscriber   // has the job already, and needs no signal; nil: none
}

func kindsOf(jobs []enqueuedJob) []approvals.JobKind {
	kinds := make([]approvals.JobKind, len(jobs))
	for i, job := range jobs {
		kinds[i] = job.kind
	}
	return kinds
}

func (s *signals) addSubscriber(kinds []approvals.JobKind) (<-chan struct{}, func()) {
	added := &subscriber{kinds: kinds, wake: make(chan struct{}, 1)}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.subscribers = append(s.subscribers, added)
	return added.wake, func() { s.removeSubscriber(added) }
}

func (s *signals) removeSubscriber(removed *subscriber) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.subscribers = slices.DeleteFunc(s.subscribers, func(other *subscriber) bool { return other == removed })
}

func (s *signals) signalKinds(kinds []approvals.JobKind) {
	jobs := make([]enqueuedJob, len(kinds))
	for i, kind := range kinds {
		jobs[i].kind = kind
	}
	s.signalJobs(jobs)
}

func (s *signals) signalJobs(jobs []enqueuedJob) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.subscribers {
		if slices.ContainsFunc(jobs, one.needs) {
			one.wakeUp()
		}
	}
}

// needs reports whether a subscriber has to be woken for a job.
func (s *subscriber) needs(j enqueuedJob) bool {
	looksInTime := s.offer != nil && j.wait > time.Until(s.offer.until)
	return s.hears(j.kind) && j.to != s && !looksInTime
}

// signalAllKinds wakes every subscriber.
func (s *signals) signalAllKinds() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.subscribers {
		one.wakeUp()
	}
}

func (s *subscriber) wakeUp() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}
