//go:build linux

package chaos

// overlapping are the rules that catch two replicas at the same work.
var overlapping = []string{
	"several cards", "several ends", "two writes to one group at once", "a write took away what was there",
	"one request, two effects", "spoke after the end",
}

// sharedMutants show where replicas share a database.
func sharedMutants() []Mutant {
	mutants := []Mutant{
		{Name: "no fence between replicas, and a lease shorter than a call", Breaks: "whoever lost a lease does and settles nothing", Shows: overlapping, Edits: []Replacement{{
			"approvals/workers.go",
			"lease      = 60 * time.Second",
			"lease      = 200 * time.Millisecond",
		}, {
			"internal/store/owed.go",
			"		err = approvals.ErrLost\n",
			"		err = nil\n",
		}}},
		{Name: "no SKIP LOCKED and no unique lane", Breaks: "of one lane one task runs, on any replica", Shows: overlapping, Edits: []Replacement{{
			"internal/store/postgres.go",
			`" FOR UPDATE SKIP LOCKED"`,
			`""`,
		}, {
			"internal/store/migrations/postgres/00001_requests.sql",
			"CREATE UNIQUE INDEX owed_lane_leased",
			"CREATE INDEX owed_lane_leased",
		}, {
			"internal/store/owed.go",
			"(lane IS NULL OR NOT EXISTS",
			"(lane IS NULL OR lane IS NOT NULL OR NOT EXISTS",
		}}},
		{Name: "a commit without an answer is a failure", Breaks: "what was recorded is not said to be lost", Shows: []string{"said that nothing was recorded"}, Edits: []Replacement{{
			"internal/store/postgres.go",
			"return e.fate(ctx, tx)",
			"return lost",
		}}},
		{Name: "leases are taken back at open", Breaks: "a replica that starts leaves the others their leases", Shows: overlapping, Edits: []Replacement{{
			"internal/store/postgres.go",
			"	engine.listen = startListening(",
			"	_, _ = s.write.ExecContext(ctx, `UPDATE owed SET leased = 0, due_at = 0 WHERE leased = 1`)\n	engine.listen = startListening(",
		}}},
		{Name: "each process goes by its own clock", Breaks: "the database's clock decides leases and deadlines", Shows: append([]string{"expired before its time", "a grant ended before its time"}, overlapping...), Edits: []Replacement{{
			"internal/store/postgres.go",
			"now: opts.Now, me:",
			"now: time.Now, me:",
		}}},
	}
	for i := range mutants {
		mutants[i].Store, mutants[i].Replicas = Postgres, 3
	}
	return mutants
}
