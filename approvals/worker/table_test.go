package worker

import (
	"testing"

	"licensebot/approvals"
)

// Every kind of the table has one function here, every pool has workers, and
// nothing is carried out that the table does not know.
func TestEveryJobKindIsCarriedOut(t *testing.T) {
	t.Parallel()
	known := map[approvals.JobKind]bool{}
	pools := map[approvals.Pool]bool{}
	for _, spec := range approvals.JobKinds() {
		if known[spec.Kind] {
			t.Errorf("%s has two rows", spec.Kind)
		}
		known[spec.Kind], pools[spec.Pool] = true, true
		if runners[spec.Kind] == nil {
			t.Errorf("%s has no runner", spec.Kind)
		}
		if slots[spec.Pool] == 0 {
			t.Errorf("pool %s of %s has no workers", spec.Pool, spec.Kind)
		}
		if kinds := approvals.PoolKinds(spec.Pool); kinds[0].Spec().Pace != spec.Pace {
			t.Errorf("pool %s waits for the pace of %s, and %s has another", spec.Pool, kinds[0], spec.Kind)
		}
	}
	for kind := range runners {
		if !known[kind] {
			t.Errorf("%s is carried out and has no row", kind)
		}
	}
	for pool := range slots {
		if !pools[pool] {
			t.Errorf("pool %s has workers and no kind of job", pool)
		}
	}
}
