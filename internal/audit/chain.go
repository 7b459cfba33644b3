// Package audit holds the chain that makes the journal prove itself. It knows no database.
//
// Each row of the journal has a commitment: a hash over its actor, its event, and the hash of
// each [Word] that stands apart from it, so that words can be erased. One replica at a time
// seals committed rows: the hash of a seal covers the hash of the seal before it, the row's
// header and its commitment. [Chain] walks the seals again and names each difference.
package audit

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strconv"
)

// A Row is one row of the journal, and its seal where it has one.
type Row struct {
	ID        int64
	RequestID string
	At        int64 // microseconds since 1970, UTC
	Kind      string
	Before    string
	After     string

	RequestDigest string // of the request's row after the step
	Commitment    string

	Actor, Event string // with marks in the places of words
	Words        string // as EncodeWords writes them, in a row of their own
}

// Commit returns the commitment of a row, and how many of its words are erased.
func (r Row) Commit() (commitment string, erased int64, err error) {
	words, err := DecodeWords(r.Words)
	if err != nil {
		return "", 0, err
	}
	texts := make([]string, 2, 2+len(words))
	texts[0], texts[1] = r.Actor, r.Event
	for _, word := range words {
		if word.IsErased() {
			erased++
		}
		texts = append(texts, word.Commit())
	}
	return digest(texts...), erased, nil
}

// Seal returns the hash of the row's seal.
func (r Row) Seal(seq int64, previous string) string {
	return digest(previous, strconv.FormatInt(seq, 10), strconv.FormatInt(r.ID, 10), r.RequestID,
		strconv.FormatInt(r.At, 10), r.Kind, r.Before, r.After, r.RequestDigest, r.Commitment)
}

// NewSalt returns a random salt.
func NewSalt() string { return rand.Text() }

// DigestRow returns the digest of the columns of a row. Nil is a column without a value.
func DigestRow(columns []*string) string {
	texts := make([]string, len(columns))
	for i, column := range columns {
		if column != nil {
			texts[i] = "=" + *column
		}
	}
	return digest(texts...)
}

// digest hashes texts with their lengths, so that no two lists of texts have the same form.
func digest(texts ...string) string {
	whole := make([]byte, 0, 512) // most rows have room in it, on the stack
	for _, text := range texts {
		whole = binary.BigEndian.AppendUint64(whole, uint64(len(text)))
		whole = append(whole, text...)
	}
	sum := sha256.Sum256(whole)
	return hex.EncodeToString(sum[:])
}
