package checkup

import (
	"context"
	"fmt"
	"time"

	"licensebot/internal/store"
)

// databaseLimit bounds the look at the database.
const databaseLimit = 15 * time.Second

// checkOf is the check of each aspect of a database.
var checkOf = map[store.Aspect]string{
	store.Reachable: CheckDatabase, store.Migrated: CheckSchema,
	store.Writable: CheckWritable, store.Durable: CheckDurable,
}

func (s Subject) checkDatabase(ctx context.Context, f *findings) {
	if because, faulty := s.isFaulty("LICENSEBOT_DATABASE_URL", "LICENSEBOT_DATABASE_CONNECTIONS"); faulty {
		f.skipAll(because, CheckDatabase, CheckSchema, CheckWritable, CheckDurable)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, databaseLimit)
	defer cancel()
	seen := s.Inspect(ctx)
	for _, fault := range seen.Faults {
		f.problem(checkOf[fault.Aspect], fault.Found, fault.Remedy)
	}
	isReachable := !f.has(CheckDatabase)
	if isReachable {
		f.ok(CheckDatabase, describePlace(seen))
	}
	for check, found := range map[string]string{CheckSchema: describeSchema(seen), CheckWritable: "it takes writes",
		CheckDurable: "what is recorded survives a power cut"} {
		switch {
		case f.has(check):
		case isReachable:
			f.ok(check, found)
		default:
			f.skip(check, "not checked, because the database cannot be read")
		}
	}
	f.sortBy(CheckDatabase, CheckSchema, CheckWritable, CheckDurable)
	if seen.HasClock {
		f.addClock(CheckDatabaseClock, "the database server", seen.Clock, true)
	}
}

func describePlace(seen store.Inspection) string {
	if seen.Absent {
		return seen.Place + " is not there yet; the first start makes it"
	}
	return seen.Place + " can be read"
}

func describeSchema(seen store.Inspection) string {
	switch {
	case seen.Missing:
		return "it has no tables yet; the first start makes them"
	case seen.Schema < seen.Known:
		return fmt.Sprintf("schema %d; the next start brings it to %d", seen.Schema, seen.Known)
	}
	return fmt.Sprintf("schema %d, which is this version's", seen.Schema)
}
