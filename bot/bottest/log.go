package bottest

import (
	"bytes"
	"sync"
)

// A Log collects a log while it is written.
type Log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write takes a part of the log.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// String is the log until now.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
