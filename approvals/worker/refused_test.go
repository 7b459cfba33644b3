package worker_test

import (
	"errors"
	"testing"
	"time"

	. "licensebot/approvals"
)

// The late look goes on past refusals that may pass: what took effect has to be found and ended.
func TestTheLateLookOutlivesRefusals(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.ask(Ask{Codes: []string{"NEW"}, For: time.Hour})
		w.uipath.setLag(5 * time.Second)
		w.uipath.answer(func(int, Allocation) (*Allocation, bool, error) {
			sent := time.Now()
			w.uipath.onRead = func(int) error {
				if age := time.Since(sent); age > 50*time.Second && age < 10*time.Minute {
					return &RefusedError{Answer: "400: try again later"}
				}
				return nil
			}
			return nil, true, &RefusedError{Answer: "400: try again later"}
		})
		w.react(r, anna, true)
		w.untilState(Failed)
		time.Sleep(3 * time.Hour)
		if got := w.read(r.ID); !got.EffectFound || got.Grant == nil || !got.Grant.IsOver() {
			t.Errorf("the effect is not found and ended: %+v", got.Grant)
		}
		w.codes("OLD")
	})
}

// What is unknown of the end of a grant stays unknown while nothing is written, and is said once.
func TestAnUnknownEndStaysUnknown(t *testing.T) {
	t.Parallel()
	gone := &RefusedError{Answer: "404: group not found", NotFound: true}
	live(t, func(w *world) {
		r := w.granted(2*time.Hour, "NEW")
		w.uipath.answer(func(int, Allocation) (*Allocation, bool, error) {
			w.uipath.onRead = func(int) error { return gone }
			return nil, true, errors.New("500, after the effect")
		})
		w.request = r
		w.skipTo(r.Grant.Until)
		time.Sleep(2 * time.Hour)
		got := w.read(r.ID).Grant
		if got.Revocation == nil || !got.Revocation.Uncertain || got.Retries == 0 {
			t.Fatalf("%+v, %+v", got, got.Revocation)
		}
		w.posts(JobPostRevocation, 1)
	})
}

// A refused end tells what the read after it shows, not the one before.
func TestARefusedEndTellsWhatWasReadSince(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		r := w.granted(2*time.Hour, "NEW", "NEWER")
		w.uipath.answer(func(int, Allocation) (*Allocation, bool, error) {
			rule := w.uipath.rules["group-01"]
			rule.Codes = []string{"NEWER", "OLD", "OTHER"} // the portal was used at this moment
			w.uipath.rules["group-01"] = rule
			return nil, false, &RefusedError{Answer: "409: the allocation was changed meanwhile"}
		})
		end := w.over(r)
		if !SameSet(end.Remaining, []string{"NEWER"}) || !SameSet(end.Absent, []string{"NEW"}) ||
			!SameSet(end.Allocation, []string{"NEWER", "OLD", "OTHER"}) {
			t.Errorf("%+v", end)
		}
	})
}
