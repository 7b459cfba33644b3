package store

import (
	"slices"
	"sync"

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
	if len(kinds) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.subscribers {
		if slices.ContainsFunc(kinds, func(k approvals.JobKind) bool { return slices.Contains(one.kinds, k) }) {
			one.wakeUp()
		}
	}
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
