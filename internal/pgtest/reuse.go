package pgtest

import (
	"fmt"
	"sync"
	"testing"
)

// emptied are the schemas that ReusedURL can give to the next test. Main drops them.
var emptied struct {
	sync.Mutex
	schemas []string
}

// deleteRows removes the rows of a schema and restarts its ids. DELETE is twice as
// fast as TRUNCATE here. The version of the schema stays, so a store that opens it has
// no migration to run. Tables with a foreign key come first.
const deleteRows = `DO $$ DECLARE name regclass; BEGIN
	PERFORM set_config('session_replication_role', 'replica', true); -- tables may refuse a DELETE by trigger
	FOR name IN SELECT c.oid FROM pg_class c
		WHERE c.relnamespace = '%[1]s'::regnamespace AND c.relkind = 'r' AND c.relname <> 'goose_db_version'
		ORDER BY EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'f') DESC
	LOOP
		EXECUTE 'DELETE FROM ' || name;
	END LOOP;
	PERFORM setval(c.oid, 1, false) FROM pg_class c
	WHERE c.relnamespace = '%[1]s'::regnamespace AND c.relkind = 'S' AND c.relname NOT LIKE 'goose%%';
END $$`

// ReusedURL gives the test a schema that may have the empty tables of an earlier test.
// It saves the migration, which takes longer than most tests. A test that changes the
// tables themselves uses URL.
func ReusedURL(t testing.TB) string {
	t.Helper()
	schema := takeEmptied()
	if schema == "" {
		schema = createSchema(t)
	}
	t.Cleanup(func() {
		if t.Failed() { // sessions of a failed test may hold locks
			return
		}
		if err := runShared(fmt.Sprintf(deleteRows, schema)); err != nil {
			t.Fatal(err)
		}
		emptied.Lock()
		defer emptied.Unlock()
		emptied.schemas = append(emptied.schemas, schema)
	})
	return schemaURL(t, schema)
}

// takeEmptied returns a schema that no test uses, or "" if there is none.
func takeEmptied() (schema string) {
	emptied.Lock()
	defer emptied.Unlock()
	if last := len(emptied.schemas) - 1; last >= 0 {
		schema, emptied.schemas = emptied.schemas[last], emptied.schemas[:last]
	}
	return schema
}
