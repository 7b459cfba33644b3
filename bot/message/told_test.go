package message

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"licensebot/approvals"
)

// What metadata tells is read back, through JSON as Slack keeps it.
func TestReadMetadata(t *testing.T) {
	grant := func(r *approvals.Request) {
		exchanging(r)
		timed(r)
		r.Grant.Codes = []string{"IDU"}
	}
	r := goldenRequest(approvals.Done, grant)
	job := approvals.Job{Kind: approvals.JobWarnExpiry, Number: 24}
	told := readBack(t, r, job)
	if told.EventType != "allocation_ending" || told.Number != "24" || told.RequestID != r.ID || told.GroupID != "group-01" ||
		told.Actor != approvals.Bot || told.TS != "1.000002" || told.Cut || !told.Until.Equal(r.Grant.Until) {
		t.Errorf("%+v", told)
	}
	if !slices.Equal(told.Codes, []string{"IDU", "PMD"}) || !slices.Equal(told.Added, []string{"IDU"}) || !slices.Equal(told.Removed, []string{"PMD"}) {
		t.Errorf("%+v", told)
	}
	done := readBack(t, r, approvals.Job{Kind: approvals.JobPostOutcome})
	if !slices.Equal(done.Approvers, []string{"U0ALEX"}) || !slices.Equal(done.Allocation, []string{"ATTUNU", "IDU", "RPADEVPRONU"}) {
		t.Errorf("%+v", done)
	}
}

// A list or an id that was cut for its length is unknown, not empty.
func TestReadMetadataThatWasCut(t *testing.T) {
	long := goldenRequest(approvals.Done, func(r *approvals.Request) { r.Proposal.Change.Add = repeat(65, "LICENSE%03dCODE") })
	if told := readBack(t, long, approvals.Job{Kind: approvals.JobPostOutcome}); !told.Cut || len(told.Codes) > 0 || told.GroupID != "group-01" {
		t.Errorf("%+v", told)
	}
	long.Proposal.Group.ID = strings.Repeat("0123456789", 90)
	if told := readBack(t, long, approvals.Job{Kind: approvals.JobPostOutcome}); told.GroupID != "" {
		t.Errorf("the group is %q", told.GroupID)
	}
	bad := slack.SlackMetadata{EventPayload: map[string]any{"until": "soon"}}
	if told := ReadMetadata("1.1", bad); !told.Cut || !told.Until.Equal(time.Time{}) {
		t.Errorf("%+v", told)
	}
}

func readBack(t *testing.T, r approvals.Request, job approvals.Job) approvals.Told {
	t.Helper()
	raw, err := json.Marshal(RenderMetadata(r, job))
	if err != nil {
		t.Fatal(err)
	}
	var m slack.SlackMetadata
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	return ReadMetadata("1.000002", m)
}
