package store

import (
	"errors"
	"strings"
	"testing"
	"time"

	"licensebot/approvals"
)

// What a newer version wrote is refused when it is read, at any depth: this version
// would drop it when it writes the row. The job of such a row waits, and others go on.
func TestUnknownFieldsAreRefused(t *testing.T) {
	const unknown = `"from_a_newer_version":1,`
	for name, c := range map[string]struct{ table, column, before string }{
		"of a request":   {"requests", "body", `"origin_channel"`},
		"of its target":  {"requests", "body", `"url"`},
		"of its ask":     {"requests", "body", `"codes"`},
		"of its terms":   {"requests", "body", `"stages"`},
		"of a job":       {"jobs", "detail", ``},
		"after the JSON": {"requests", "body", ``},
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(b *bench, s underTest) {
				newer := b.fileRequest(1)
				b.clock.advance(time.Second)
				b.fileRequest(2)
				id := "id"
				if c.table == "jobs" {
					id = "request_id"
				}
				text := s.readColumn(b.T, `SELECT `+c.column+` FROM `+c.table+` WHERE `+id+` = '`+newer.ID+`'`)[0]
				changed := strings.Replace(text, c.before, unknown+c.before, 1)
				switch {
				case c.table == "jobs":
					changed = `{"from_a_newer_version":1}`
				case c.before == "":
					changed = text + `{}`
				}
				if changed == text {
					b.Fatalf("%s is not in %s", c.before, text)
				}
				s.execSQL(b.T, `UPDATE `+c.table+` SET `+c.column+` = $1 WHERE `+id+` = $2`, changed, newer.ID)

				job, _, err := b.ClaimJob(b.context(), lease, approvals.JobPrepare)
				if !errors.Is(err, approvals.ErrUnreadable) || job.RequestID != newer.ID || job.Kind != approvals.JobPrepare {
					b.Errorf("claimed %+v, %v; want it refused", job, err)
				}
				if other := b.claimJob(approvals.JobPrepare); other.RequestID == newer.ID {
					b.Error("claimed the job of a newer version")
				}
				b.wantNoJob(approvals.JobPrepare)
				after := s.readColumn(b.T, `SELECT `+c.column+` FROM `+c.table+` WHERE `+id+` = '`+newer.ID+`'`)[0]
				if after != changed {
					b.Errorf("it was changed to %s", after)
				}
				b.clock.advance(time.Hour)
				s.execSQL(b.T, `UPDATE `+c.table+` SET `+c.column+` = $1 WHERE `+id+` = $2`, text, newer.ID)
				if job := b.claimJob(approvals.JobPrepare); job.RequestID != newer.ID {
					b.Errorf("claimed the job of %s", job.RequestID)
				}
			})
		})
	}
}

// A request keeps all that it is given.
func TestTargetIsKept(t *testing.T) {
	onBoth(t, func(b *bench, _ underTest) {
		r := sampleRequest(1)
		r.Target = approvals.Target{URL: "https://cloud.uipath.com", Organization: "acme", AccountID: "8f3a"}
		_, _, err := b.FileRequest(b.context(), r)
		b.mustSucceed(err)
		read, err := b.Request(b.context(), r.ID)
		b.mustSucceed(err)
		if read.Target != r.Target {
			b.Errorf("read %v", read.Target)
		}
	})
}

// The journal grows with the people who react, and not with their square.
func TestJournalGrowsWithTheReactors(t *testing.T) {
	const people = 200
	size := func(b *bench, s underTest, n int) int {
		r := b.postedCard(n, group)
		var ballots []approvals.Ballot
		for i := range people {
			user := "U-" + strings.Repeat("x", i%7) + string(rune('A'+i%26)) + strings.Repeat("y", i/26)
			eligibility := []approvals.Eligibility{
				approvals.NotApprover, approvals.IsBot, approvals.Deactivated, approvals.IsGuest,
			}[i%4]
			ballots = append(ballots, approvals.Ballot{User: user, Eligibility: eligibility})
			b.applyEvent(r, approvals.VotesCounted{Ballots: ballots})
			if i == people/2-1 {
				half := journalSize(b, s, r)
				defer func() {
					if whole := journalSize(b, s, r); whole > 2*half+half/4 {
						b.Errorf("%d reactors take %d bytes, half of them %d", people, whole, half)
					}
				}()
			}
		}
		return journalSize(b, s, r)
	}
	onBoth(t, func(b *bench, s underTest) {
		if bytes := size(b, s, 1); bytes > people*200 {
			b.Errorf("%d reactors take %d bytes", people, bytes)
		}
	})
}

func journalSize(b *bench, s underTest, r approvals.Request) int {
	b.Helper()
	n := 0
	for row, err := range journalRows(b.Context(), s.read, `WHERE j.request_id = $1 AND kind = 'votes_counted'`, r.ID) {
		b.mustSucceed(err)
		n += len(row.Event)
	}
	return n
}
