package store

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"licensebot/approvals"
	"licensebot/internal/pgtest"
)

// lister is the part of a store that answers people's questions.
type lister interface {
	ListByRequester(ctx context.Context, requester string, limit, offset int) ([]approvals.Request, int, error)
	ListOpenByRequester(ctx context.Context, requester string, limit int) ([]approvals.Request, error)
	ListClosedByRequester(ctx context.Context, requester string, limit int) ([]approvals.Request, error)
	ListGrantsByRequester(ctx context.Context, requester string, limit int) ([]approvals.Request, error)
	ListPending(ctx context.Context, limit, offset int) ([]approvals.Request, int, error)
	ListByGroup(ctx context.Context, groupID string, limit int) ([]approvals.Request, error)
	CountOpen(ctx context.Context) (map[approvals.State]int, error)
}

func TestSQLiteLists(t *testing.T) {
	checkLists(t, func(t *testing.T, now func() time.Time) underTest {
		return openFile(t, filepath.Join(t.TempDir(), "licensebot.db"), now)
	})
}

func TestPostgresLists(t *testing.T) {
	checkLists(t, func(t *testing.T, now func() time.Time) underTest { return openURL(t, pgtest.ReusedURL(t), now) })
}

// checkLists checks what a store answers to people's questions.
func checkLists(t *testing.T, open func(t *testing.T, now func() time.Time) underTest) {
	clock := &clock{at: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	s := open(t, clock.now)
	b := &bench{T: t, clock: clock, Conformant: s}
	var l lister = s

	t.Run("nothing is there", func(t *testing.T) {
		mine, all, err := l.ListByRequester(t.Context(), "U-REQUESTER", 10, 0)
		waiting, waits, err2 := l.ListPending(t.Context(), 10, 0)
		of, err3 := l.ListByGroup(t.Context(), group, 10)
		open, err4 := l.CountOpen(t.Context())
		if err != nil || err2 != nil || err3 != nil || err4 != nil || len(mine)+len(waiting)+len(of)+len(open)+all+waits != 0 {
			t.Errorf("%v %v %v %v: %d %d %v %v", err, err2, err3, err4, all, waits, of, open)
		}
	})

	// Requests 1 to 7 have cards: 2 is denied and 3 is approved. 8 and 9 are filed.
	// 10 is from another requester.
	for n := 1; n <= 7; n++ {
		clock.advance(time.Minute)
		b.postedCard(n, map[bool]string{true: "group-02", false: group}[n == 5])
	}
	b.applyEvent(sampleRequest(2), approvals.VotesCounted{Ballots: []approvals.Ballot{{User: "U-ANNA", Deny: true, Eligibility: approvals.Counts}}})
	b.approveRequest(sampleRequest(3))
	for n := 8; n <= 9; n++ {
		b.fileRequest(n) // at the same moment
	}
	clock.advance(time.Minute)
	other := sampleRequest(10)
	other.Requester = "U-OTHER"
	_, _, err := b.FileRequest(b.context(), other)
	b.mustSucceed(err)

	ids := func(all []approvals.Request) string {
		var numbers []string
		for _, r := range all {
			numbers = append(numbers, strings.TrimLeft(strings.TrimPrefix(r.ID, "R-"), "0"))
		}
		return strings.Join(numbers, " ")
	}
	for _, c := range []struct {
		limit, offset int
		mine, waiting string
	}{
		{10, 0, "9 8 7 6 5 4 3 2 1", "1 4 5 6 7"},
		{3, 0, "9 8 7", "1 4 5"},
		{3, 3, "6 5 4", "6 7"},
		{3, 9, "", ""},
	} {
		mine, all, err := l.ListByRequester(t.Context(), "U-REQUESTER", c.limit, c.offset)
		if err != nil || ids(mine) != c.mine || all != 9 {
			t.Errorf("by requester, %d from %d: %s of %d, %v", c.limit, c.offset, ids(mine), all, err)
		}
		waiting, all, err := l.ListPending(t.Context(), c.limit, c.offset)
		if err != nil || ids(waiting) != c.waiting || all != 5 {
			t.Errorf("pending, %d from %d: %s of %d, %v", c.limit, c.offset, ids(waiting), all, err)
		}
	}
	of, err := l.ListByGroup(t.Context(), group, 4)
	if err != nil || ids(of) != "1 3 4 6" {
		t.Errorf("by group: %s, %v", ids(of), err)
	}
	if read, err := b.Request(b.context(), of[0].ID); err != nil || encodeJSON(t, read) != encodeJSON(t, of[0]) {
		t.Errorf("the list has %s, the request itself is %s (%v)", encodeJSON(t, of[0]), encodeJSON(t, read), err)
	}
	mine, err := l.ListOpenByRequester(t.Context(), "U-REQUESTER", 500)
	if err != nil || ids(mine) != "9 8 7 6 5 4 3 1" {
		t.Errorf("open, by requester: %s, %v", ids(mine), err)
	}
	if mine, err = l.ListClosedByRequester(t.Context(), "U-REQUESTER", 5); err != nil || ids(mine) != "2" {
		t.Errorf("closed, by requester: %s, %v", ids(mine), err)
	}
	for n, days := range map[int]time.Duration{11: 20, 12: 10} {
		b.doneRequest(n, group, days*24*time.Hour)
	}
	if mine, err = l.ListGrantsByRequester(t.Context(), "U-REQUESTER", 5); err != nil || ids(mine) != "12 11" {
		t.Errorf("grants, by requester: %s, %v", ids(mine), err)
	}
	if mine, err = l.ListClosedByRequester(t.Context(), "U-REQUESTER", 2); err != nil || len(mine) != 2 || ids(mine[1:]) == "2" {
		t.Errorf("closed, the newest by requester: %s, %v", ids(mine), err)
	}
	counts, err := l.CountOpen(t.Context())
	if want := "map[approved:1 filed:3 pending:5]"; err != nil || fmt.Sprint(counts) != want {
		t.Errorf("open: %v, %v; want %s", counts, err, want)
	}
}

// A list's cost does not grow with requests that are not on it.
func TestListsUseIndexes(t *testing.T) {
	forEachPlanner(t, func(t *testing.T, plans planner) {
		for _, c := range []struct {
			name, query string
			values      []any
			index       string
			alone       bool // the index has all columns
		}{
			{"by requester", byRequesterQuery, []any{"U-7", 10, 20}, "requests_requester", false},
			{"by requester, counted", byRequesterCount, []any{"U-7"}, "requests_requester", true},
			{"open, by requester", openByRequesterQuery, []any{"U-7", 10}, "requests_open_requester", false},
			{"closed, by requester", closedByRequesterQuery, []any{"U-7", 10}, "requests_requester", false},
			{"grants, by requester", grantsByRequesterQuery, []any{"U-7"}, "requests_requester", false},
			{"pending", pendingQuery, []any{10, 20}, "requests_open", false},
			{"pending, counted", pendingCount, nil, "requests_open", true},
			{"by group", byGroupQuery, []any{"group-7", 10}, "requests_group", false},
			{"open", openCountQuery, nil, "requests_open", true},
		} {
			t.Run(c.name, func(t *testing.T) {
				for _, plan := range plans(t, c.query, c.values...) {
					alone := strings.Contains(plan.text, "COVERING INDEX "+c.index) || strings.Contains(plan.text, "Index Only Scan using "+c.index)
					if !strings.Contains(plan.text, c.index) || c.alone && !alone {
						t.Errorf("the plan does not use %s, or not alone:\n%s", c.index, plan.text)
					}
					if plan.walks || plan.sorts {
						t.Errorf("the plan scans a table or sorts:\n%s", plan.text)
					}
				}
			})
		}
	})
}

// BenchmarkLists reads the last pages of ten thousand requests.
func BenchmarkLists(b *testing.B) {
	s, err := Open(b.Context(), "sqlite://"+filepath.Join(b.TempDir(), "licensebot.db"), Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	_, err = s.write.ExecContext(b.Context(), `INSERT INTO requests (id, envelope_id, state, requester, channel, group_id, filed_at, deadline_at, body)
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
		SELECT 'R-' || i, i, 'pending', 'U-REQUESTER', 'C', 'group-01', i, i + 1, '{}' FROM n`)
	if err != nil {
		b.Fatal(err)
	}
	for name, list := range map[string]func() error{
		"mine":    func() error { _, _, err := s.ListByRequester(b.Context(), "U-REQUESTER", 10, 9990); return err },
		"waiting": func() error { _, _, err := s.ListPending(b.Context(), 10, 9990); return err },
		"open":    func() error { _, err := s.CountOpen(b.Context()); return err },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := list(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
