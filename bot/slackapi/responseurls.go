package slackapi

import (
	"sync"
	"time"
)

// Slack takes posts to a response_url for half an hour, and five of them.
const (
	responseURLLife  = 30 * time.Minute
	responseURLPosts = 5
)

// ResponseURLs keeps the response_url of the command that filed each request,
// for as long as Slack takes posts there. A response_url is a capability, so it
// is only kept in memory; after a restart the requester is reached otherwise.
type ResponseURLs struct {
	mu  sync.Mutex
	all map[string]responseURL // by request id
}

type responseURL struct {
	url   string
	until time.Time
	left  int // posts
}

// Keep remembers the response_url of a request's command.
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

// Take uses one post of a request's response_url. It is empty if there is none.
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
