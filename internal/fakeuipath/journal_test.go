package fakeuipath

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"licensebot/internal/fault"
)

func TestEditIsInTheJournal(t *testing.T) {
	u, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	u.AddGroup(Group{ID: "g", Codes: []string{"A", "B"}})
	u.Edit("g", func(codes []string) []string { return append(codes[:1], "C") })
	u.Edit("nowhere", func([]string) []string { t.Error("edited a group that is not there"); return nil })
	edits := u.Calls(OperationPortal)
	if len(edits) != 1 || edits[0].Path != "g" || !edits[0].Changed || edits[0].TookAt.IsZero() ||
		!slices.Equal(edits[0].Before, []string{"A", "B"}) || !slices.Equal(edits[0].After, []string{"A", "C"}) {
		t.Errorf("the journal has %+v", edits)
	}
	if allocation, _ := u.Allocation("g"); !slices.Equal(allocation.Codes, []string{"A", "C"}) {
		t.Errorf("the allocation is %v", allocation.Codes)
	}
}

// A write takes effect after the fault's delay, not on arrival.
func TestTellsWhenAWriteTookEffect(t *testing.T) {
	u, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	u.Own("A", 1, 0)
	u.AddGroup(Group{ID: "g"})
	u.Inject("PUT group", fault.Fault{Times: 1, Latency: 20 * time.Millisecond})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	url := u.URL() + "/" + u.Organization() + "/lease_/api/account/" + u.AccountID() + "/user-license/group/g"
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, url, strings.NewReader(`{"userBundleCodes":["A"],"useExternalLicense":false}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+u.PersonalAccessToken())
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	calls := u.Calls("PUT group")
	if len(calls) != 1 || !calls[0].Took || calls[0].TookAt.Sub(calls[0].At) < 20*time.Millisecond {
		t.Errorf("the journal has %+v", calls)
	}
}
