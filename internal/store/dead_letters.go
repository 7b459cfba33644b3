package store

import "context"

// DeadLetter keeps a delivery of an unknown form. The caller must redact and bound
// raw.
func (s *Store) DeadLetter(ctx context.Context, envelope, why string, raw []byte) error {
	return s.runInTx(ctx, func(tx *tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO dead_letters (at, envelope, reason, raw) VALUES ($1, $2, $3, $4)
			ON CONFLICT (envelope) DO NOTHING`, toMicros(tx.now), envelope, why, string(raw))
		return err
	})
}
