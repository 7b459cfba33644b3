package store

import (
	"slices"
	"sync"

	"licensebot/approvals"
)

// A bell wakes those who wait for owed work, by kind. A ring that nobody is
// ready for is kept: each listener's channel holds one.
type signals struct {
	mu        sync.Mutex
	listeners []*listener
}

type listener struct {
	kinds []approvals.JobKind
	wake  chan struct{}
}

func (b *signals) subscribe(kinds []approvals.JobKind) (<-chan struct{}, func()) {
	l := &listener{kinds: kinds, wake: make(chan struct{}, 1)}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.listeners = append(b.listeners, l)
	return l.wake, func() { b.unsubscribe(l) }
}

func (b *signals) unsubscribe(l *listener) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.listeners = slices.DeleteFunc(b.listeners, func(other *listener) bool { return other == l })
}

func (b *signals) signal(kinds []approvals.JobKind) {
	if len(kinds) == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, l := range b.listeners {
		if !slices.ContainsFunc(kinds, func(k approvals.JobKind) bool { return slices.Contains(l.kinds, k) }) {
			continue
		}
		l.signal()
	}
}

func (l *listener) signal() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// ringAll wakes everybody.
func (b *signals) signalAll() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, l := range b.listeners {
		l.signal()
	}
}
