package store

import (
	"os"
	"path/filepath"
	"testing"

	"licensebot/approvals"
)

// A look beside the store that has the file open sees the newest, holds nothing up, and
// leaves the file as it is.
func TestPeekAt(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "peek.db")
	b := openBench(t, "sqlite://"+path)
	for n := range 3 {
		b.fileRequest(n)
	}
	leased := b.claimJob(approvals.JobPrepare)
	found, err := PeekAt(t.Context(), path, 2)
	if err != nil {
		t.Fatal(err)
	}
	if len(found.Requests) != 2 || len(found.Jobs) != 2 || len(found.Journal) != 2 {
		t.Fatalf("with a limit of 2 it found %+v", found)
	}
	all, err := PeekAt(t.Context(), path, 100)
	if err != nil || len(all.Requests) != 3 || len(all.Journal) != 3 {
		t.Fatalf("without the limit it found %+v: %v", all, err)
	}
	for _, j := range all.Jobs {
		if j.Leased != (j.RequestID == leased.RequestID && j.Kind == string(leased.Kind)) {
			t.Errorf("the job %+v, and leased is %s of %s", j, leased.Kind, leased.RequestID)
		}
	}
	if last := all.Journal[2]; last != found.Journal[1] || last.Kind != "filed" || last.Actor != "U-REQUESTER" || last.At.IsZero() {
		t.Errorf("the last lines of the journal are %+v and %+v", last, found.Journal[1])
	}
	b.mustSucceed(b.CompleteJob(b.context(), leased)) // the look took nothing
	b.fileRequest(9)
	if again, err := PeekAt(t.Context(), path, 100); err != nil || len(again.Requests) != 4 {
		t.Errorf("later it found %+v: %v", again.Requests, err)
	}
	b.mustSucceed(b.store().Close())
}

// Where there is no database yet, a look finds an error and no requests.
func TestPeekAtNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "none.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if found, err := PeekAt(t.Context(), path, 10); err == nil {
		t.Errorf("it found %+v", found)
	}
}
