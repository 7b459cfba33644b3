package store

import (
	"database/sql"
	"path/filepath"
	"testing"
)

// TestStatementsArePreparedOnce uses one statement again and again, also while rows of it
// are still being read.
func TestStatementsArePreparedOnce(t *testing.T) {
	source := dataSourceName(filepath.Join(t.TempDir(), "bot.db"), "deferred")
	db := sql.OpenDB(&sqliteConnector{source: source})
	defer func() { _ = db.Close() }()
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	const query = `SELECT $1 UNION ALL SELECT $1 + 1`
	first := func(from int) (*sql.Rows, int) {
		t.Helper()
		rows, err := conn.QueryContext(t.Context(), query, from)
		if err != nil {
			t.Fatal(err)
		}
		var got int
		if !rows.Next() || rows.Scan(&got) != nil {
			t.Fatal("there is no row", rows.Err())
		}
		return rows, got
	}
	for range 3 {
		outer, one := first(1)
		inner, ten := first(10) // as long as the outer rows are open
		var two int
		if !outer.Next() || outer.Scan(&two) != nil || one != 1 || ten != 10 || two != 2 {
			t.Errorf("read %d, %d and %d (%v)", one, two, ten, outer.Err())
		}
		for _, rows := range []*sql.Rows{inner, outer} {
			if err := rows.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	err = conn.Raw(func(c any) error {
		if n := len(c.(*preparedConn).idle); n != 1 {
			t.Errorf("%d statements are kept instead of one", n)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
