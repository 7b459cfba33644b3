package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"licensebot/approvals"
)

// Both databases store times as integer microseconds since 1970, in UTC, and
// truth values as 0 or 1. So one SQL text compares them alike.

func toMicros(t time.Time) int64 { return t.UnixMicro() }

func fromMicros(us int64) time.Time { return time.UnixMicro(us).UTC() }

// nullMicros stores the zero time as NULL.
func nullMicros(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return toMicros(t)
}

func fromNullMicros(us sql.NullInt64) time.Time {
	if !us.Valid {
		return time.Time{}
	}
	return fromMicros(us.Int64)
}

// nullText stores an empty text as NULL.
func nullText(text string) sql.NullString {
	return sql.NullString{String: text, Valid: text != ""}
}

func boolToInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// decodeJSON reads a JSON column. It refuses fields that it does not know: a newer
// version wrote them, and they would be lost when this one writes the row again.
func decodeJSON(text string, into any) error {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(into)
	if err == nil {
		if _, more := decoder.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("something follows the JSON value")
		}
	}
	if err != nil {
		return fmt.Errorf("%w: %w", approvals.ErrUnreadable, err)
	}
	return nil
}
