package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"

	"licensebot/approvals"
)

// What follows is for those who compare the database with Slack and UiPath.

// Channels lists the channels with a message of the bot, and the approvals channel of today.
func (r *Reader) Channels(ctx context.Context) ([]string, error) {
	return collect(readRows(ctx, r.tx, scanValue[string], `SELECT channel FROM requests WHERE card_ts IS NOT NULL
		UNION SELECT channel FROM outside_changes WHERE ts IS NOT NULL
		UNION SELECT channel FROM (`+channelOfToday+`) AS today ORDER BY channel`))
}

func scanValue[T any](rows *sql.Rows) (value T, err error) {
	err = rows.Scan(&value)
	return value, err
}

// CardsBetween reads the requests with a card in a part of a channel: from a timestamp to before
// another one, which may be empty.
func (r *Reader) CardsBetween(
	ctx context.Context, channel, from, before string,
) iter.Seq2[approvals.Request, error] {
	const query = `SELECT ` + requestColumns + ` FROM requests
		WHERE channel = $1 AND card_ts >= $2 AND (card_ts < $3 OR $3 = '') ORDER BY card_ts`
	return readRows(ctx, r.tx, scanRequests, query, channel, from, before)
}

// OutsideMessagesBetween reads the changes outside with a message in a part of a channel.
func (r *Reader) OutsideMessagesBetween(
	ctx context.Context, channel, from, before string,
) iter.Seq2[approvals.UntoldChange, error] {
	const query = `SELECT ` + changeColumns + ` FROM outside_changes
		WHERE channel = $1 AND ts >= $2 AND (ts < $3 OR $3 = '') ORDER BY ts`
	return readRows(ctx, r.tx, scanOutsideChange, query, channel, from, before)
}

// OutsideChange reads one change outside. ErrNotFound if it is missing.
func (r *Reader) OutsideChange(ctx context.Context, id string) (approvals.UntoldChange, error) {
	found, err := collect(readRows(ctx, r.tx, scanOutsideChange,
		`SELECT `+changeColumns+` FROM outside_changes WHERE id = $1`, id))
	if err == nil && len(found) == 0 {
		return approvals.UntoldChange{}, approvals.ErrNotFound
	}
	if err != nil {
		return approvals.UntoldChange{}, err
	}
	return found[0], nil
}

// OpenJobs lists the jobs of a request that wait or run.
func (r *Reader) OpenJobs(ctx context.Context, requestID string) ([]approvals.Job, error) {
	return collect(readRows(ctx, r.tx, func(rows *sql.Rows) (j approvals.Job, err error) {
		var kind, text string
		var detail jobDetail
		if err = rows.Scan(&kind, &text); err == nil {
			err = decodeJSON(text, &detail)
		}
		return approvals.Job{
			Kind: approvals.JobKind(kind), Number: detail.Number, Person: detail.Person, Payload: detail.Payload,
		}, err
	}, `SELECT kind, detail FROM jobs WHERE request_id = $1 ORDER BY id`, requestID))
}

// JournalEnd is the id of the last journal row about a request; zero: there is none.
func (r *Reader) JournalEnd(ctx context.Context, requestID string) (id int64, err error) {
	err = r.tx.QueryRowContext(ctx, `SELECT coalesce(max(id), 0) FROM journal WHERE request_id = $1`, requestID).Scan(&id)
	if err != nil {
		err = fmt.Errorf("read the journal's end: %w", err)
	}
	return id, err
}

// Replies are the messages that went out in the thread of a request, as the journal tells.
type Replies struct {
	Told     []approvals.Reply
	Repeated bool // a post was made anew, so that another message may be the one that stands
}

// Replies reads what the journal tells of the thread of a request.
func (r *Reader) Replies(ctx context.Context, requestID string) (all Replies, err error) {
	rows := readRows(ctx, r.tx, scanAuditRow, `SELECT `+journalColumns+` FROM journal j
		WHERE j.request_id = $1 AND j.kind IN ($2, $3, $4) ORDER BY j.id`,
		requestID, approvals.KindTold, approvals.Reminded{}.Kind(), approvals.PostMissing{}.Kind())
	for row, err := range rows {
		if err != nil {
			return Replies{}, err
		}
		if row.Kind == (approvals.PostMissing{}).Kind() {
			all.Repeated = true
			continue
		}
		reply, err := approvals.ReadReply(row.Kind, []byte(row.Event))
		if err != nil {
			return Replies{}, fmt.Errorf("journal row %d: %w", row.ID, err)
		}
		if reply.Job.Kind.Spec().Pace == approvals.PacePosts {
			all.Told = append(all.Told, reply)
		}
	}
	return all, nil
}

// CountCards counts the cards in a channel from a timestamp on.
func (r *Reader) CountCards(ctx context.Context, channel, from string) (n int, err error) {
	err = r.tx.QueryRowContext(ctx, `SELECT count(*) FROM requests WHERE channel = $1 AND card_ts >= $2`, channel, from).
		Scan(&n)
	return n, err
}

// IsForeign reports whether the database knows a request from the channel alone.
func (r *Reader) IsForeign(ctx context.Context, requestID string) (foreign bool, err error) {
	err = r.tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM foreign_requests WHERE id = $1)`, requestID).
		Scan(&foreign)
	return foreign, err
}

// Confirmations reads what UiPath last confirmed of each group, by id.
func (r *Reader) Confirmations(ctx context.Context) (map[string]approvals.Confirmation, error) {
	return listConfirmed(ctx, r.tx)
}

// SealHash is the hash of a seal; empty if there is no such seal.
func (r *Reader) SealHash(ctx context.Context, seq int64) (hash string, err error) {
	err = r.tx.QueryRowContext(ctx, `SELECT hash FROM journal_seals WHERE seq = $1`, seq).Scan(&hash)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return hash, err
}

// AdoptedRequests has the requests of which the channel told a part.
func (r *Reader) AdoptedRequests(ctx context.Context) (map[string]bool, error) {
	adopted := make(map[string]bool)
	rows := readRows(ctx, r.tx, scanValue[string], `SELECT DISTINCT request_id FROM journal WHERE kind = $1`,
		approvals.Adopted{}.Kind())
	for id, err := range rows {
		if err != nil {
			return nil, err
		}
		adopted[id] = true
	}
	return adopted, nil
}
