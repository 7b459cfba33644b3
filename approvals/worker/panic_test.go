package worker_test

import (
	"testing"

	. "licensebot/approvals"
)

// A panic harms one attempt: the job is tried again like one that failed.
func TestPanicHarmsOneAttempt(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.uipath.answer(func(n int, asked Allocation) (*Allocation, bool, error) {
			if n == 1 {
				panic("of the first write")
			}
			return &asked, true, nil
		})
		r := w.carded()
		w.react(r, anna, true)
		w.untilState(Done)
	})
}
