package bot

import (
	"sync"
	"time"
)

// A response_url is honoured for half an hour and five posts.
const (
	responseURLLife  = 30 * time.Minute
	responseURLPosts = 5
)

// Receipts remembers the response_url of each command for as long as Slack
// honours it. It is a capability, so it is kept in memory only; after a
// restart a requester is reached in other ways.
type ResponseURLs struct {
	mu  sync.Mutex
	all map[string]responseURL
}

type responseURL struct {
	url   string
	until time.Time
	left  int
}

// Keep remembers where the requester of a request can be answered.
func (r *ResponseURLs) Keep(requestID, url string, now time.Time) {
	if url == "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.all == nil {
		r.all = make(map[string]responseURL)
	}
	for id, old := range r.all {
		if !now.Before(old.until) {
			delete(r.all, id)
		}
	}
	r.all[requestID] = responseURL{url: url, until: now.Add(responseURLLife), left: responseURLPosts}
}

// take uses one post of a request's response_url; empty when there is none.
func (r *ResponseURLs) Take(requestID string, now time.Time) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	kept, ok := r.all[requestID]
	if !ok || !now.Before(kept.until) || kept.left == 0 {
		return ""
	}
	kept.left--
	r.all[requestID] = kept
	return kept.url
}
