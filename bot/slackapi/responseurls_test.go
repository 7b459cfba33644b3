package slackapi

import (
	"testing"
	"time"
)

// TestResponseURLs are good for half an hour and five posts.
func TestResponseURLs(t *testing.T) {
	at := testTime.Add
	var r ResponseURLs
	if url := r.Take("R-1", testTime); url != "" {
		t.Errorf("nothing was kept but %s", url)
	}
	r.Keep("R-1", "https://one.example", testTime)
	r.Keep("R-2", "", testTime)
	r.Keep("R-3", "https://three.example", at(10*time.Minute))
	for range responseURLPosts {
		if url := r.Take("R-1", at(responseURLLife-1)); url != "https://one.example" {
			t.Errorf("%q", url)
		}
	}
	for id, now := range map[string]time.Time{"R-1": testTime, "R-2": testTime, "R-3": at(40 * time.Minute)} {
		if url := r.Take(id, now); url != "" {
			t.Errorf("%s: %s is used once more", id, url)
		}
	}
	r.Keep("R-4", "https://four.example", at(40*time.Minute))
	if n := len(r.all); n != 1 {
		t.Errorf("%d response URLs are kept", n)
	}
}
