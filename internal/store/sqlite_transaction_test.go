package store

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"
)

// Whatever ends a transaction before its commit, nothing of it stays, and the next one begins at once.
func TestAnUnfinishedTransactionLeavesNothing(t *testing.T) {
	for name, finish := range map[string]func(cancel func()) error{
		"an error":               func(func()) error { return errors.New("no") },
		"a panic":                func(func()) error { panic("no") },
		"the end of its context": func(cancel func()) error { cancel(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			s := openFile(t, filepath.Join(t.TempDir(), "licensebot.db"), time.Now)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var err error
			func() {
				defer func() {
					if p := recover(); p != nil {
						err = errors.New("it panicked")
					}
				}()
				err = s.runInTx(ctx, func(tx *tx) error {
					if _, err := tx.ExecContext(ctx, `CREATE TABLE unfinished (n INTEGER)`); err != nil {
						t.Error(err)
					}
					return finish(cancel)
				})
			}()
			if err == nil {
				t.Error("the transaction was committed")
			}
			soon, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			var tables int
			err = s.runInTx(soon, func(tx *tx) error {
				return tx.QueryRowContext(soon, `SELECT count(*) FROM sqlite_schema WHERE name = 'unfinished'`).Scan(&tables)
			})
			if err != nil || tables != 0 {
				t.Errorf("the next transaction sees %d such tables: %v", tables, err)
			}
		})
	}
}
