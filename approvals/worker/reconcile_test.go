package worker_test

import (
	"database/sql"
	"strings"
	"testing"
	"time"

	. "licensebot/approvals"
)

// forget deletes every job from the database, which only a mistake would do.
func (w *world) forget() {
	w.Helper()
	db, err := sql.Open("sqlite", strings.TrimPrefix(w.url, "sqlite://"))
	if err != nil {
		w.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(w.Context(), "DELETE FROM jobs"); err != nil {
		w.Fatal(err)
	}
}

// Whatever a request waits for, it goes on when nothing is owed to it any more:
// after a restart, and within minutes of it otherwise.
func TestForgottenRequestsGoOn(t *testing.T) {
	t.Parallel()
	for name, forget := range map[string]func(*world){
		"while the bot is down": func(w *world) { w.restart(w.forget) },
		"while it runs":         func(w *world) { w.forget(); time.Sleep(5 * time.Minute) },
	} {
		t.Run(name, func(t *testing.T) {
			live(t, func(w *world) { // UiPath was not read
				w.uipath.meanwhile(func(int) error { return later(10 * time.Minute) })
				w.file("e1")
				time.Sleep(time.Minute)
				w.uipath.meanwhile(nil)
				forget(w)
				w.until("a card", func(r Request) bool { return r.CardTS != "" })
			})
			live(t, func(w *world) { // the card was not posted
				w.slack.breaks("post_card", 5, false, later(10*time.Minute))
				w.file("e1")
				w.untilState(Pending)
				w.slack.mends()
				forget(w)
				w.until("a card", func(r Request) bool { return r.CardTS != "" })
				w.posts(JobPostCard, 1)
			})
			live(t, func(w *world) { // without a vote
				w.carded()
				forget(w)
				w.untilState(Expired)
			})
			live(t, func(w *world) { // the rule was not written
				w.uipath.answer(func(int, Allocation) (*Allocation, bool, error) { return nil, false, later(30 * time.Minute) })
				w.react(w.carded(), anna, true)
				w.untilState(Approved)
				time.Sleep(time.Minute)
				w.uipath.answer(nil)
				forget(w)
				w.untilState(Done)
			})
			live(t, func(w *world) { // a grant has not ended
				w.granted(time.Hour, "NEW")
				forget(w)
				w.until("its end", func(r Request) bool { return r.Grant.Revocation != nil })
			})
		})
	}
}
