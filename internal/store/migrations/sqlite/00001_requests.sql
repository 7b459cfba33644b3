-- The same tables as in PostgreSQL, so that one SQL text serves both. Times are
-- integer microseconds since 1970, UTC, because modernc.org/sqlite would store a
-- time.Time as Go prints it.

-- +goose Up
CREATE TABLE requests (
    id          TEXT PRIMARY KEY,
    envelope_id TEXT NOT NULL UNIQUE,
    state       TEXT NOT NULL CHECK (state IN ('filed', 'pending', 'approved',
                    'refused', 'denied', 'cancelled', 'expired', 'done', 'failed', 'superseded')),
    requester   TEXT NOT NULL CHECK (requester <> ''),
    channel     TEXT NOT NULL CHECK (channel <> ''),
    card_ts     TEXT,
    group_id    TEXT,
    dedup_key   TEXT UNIQUE, -- two open requests never ask for the same change; NULL unless pending or approved
    filed_at    BIGINT NOT NULL,
    deadline_at BIGINT NOT NULL CHECK (deadline_at > filed_at),
    decided_at  BIGINT,
    closed_at   BIGINT,
    grant_until BIGINT, -- the end of a running grant; NULL when it is over
    in_effect   INTEGER NOT NULL DEFAULT 0 CHECK (in_effect IN (0, 1)), -- its change was made, as far as is known
    granted_at  BIGINT, -- the beginning of a timed grant, also when it is over
    card_missed_at BIGINT, -- when a look first did not show the card; NULL while it is shown
    body        TEXT NOT NULL,
    -- The states of package approvals, as far as one row shows them.
    CHECK ((closed_at IS NULL) = (state IN ('filed', 'pending', 'approved'))),
    CHECK (state NOT IN ('filed', 'refused') OR (group_id IS NULL AND card_ts IS NULL)),
    CHECK (state NOT IN ('pending', 'approved', 'denied', 'done', 'failed', 'superseded') OR group_id IS NOT NULL),
    CHECK (state NOT IN ('approved', 'done', 'failed', 'superseded') OR decided_at IS NOT NULL),
    CHECK (in_effect = 1 OR state <> 'done'),
    CHECK (in_effect = 0 OR closed_at IS NOT NULL),
    CHECK (grant_until IS NULL OR in_effect = 1)
);
CREATE UNIQUE INDEX requests_card ON requests (channel, card_ts) WHERE card_ts IS NOT NULL;
CREATE INDEX requests_pending ON requests (channel, card_ts) WHERE state = 'pending';
-- For lists: a person's own requests, and all open ones. closed_at is in the index
-- of open requests, so that a count reads the index alone.
CREATE INDEX requests_requester ON requests (requester, filed_at, id);
CREATE INDEX requests_open_requester ON requests (requester) WHERE closed_at IS NULL;
CREATE INDEX requests_open ON requests (state, filed_at, id, closed_at) WHERE closed_at IS NULL;
CREATE INDEX requests_group ON requests (group_id, filed_at, id) WHERE closed_at IS NULL;
CREATE INDEX requests_in_effect ON requests (group_id, closed_at) WHERE in_effect = 1;
CREATE INDEX requests_grant ON requests (group_id, filed_at) WHERE grant_until IS NOT NULL;
CREATE INDEX requests_granted ON requests (group_id, granted_at, id) WHERE granted_at IS NOT NULL;
-- For App Home: the requests that wait for votes.
CREATE INDEX requests_undecided ON requests (deadline_at, id) WHERE state = 'pending' AND card_ts IS NOT NULL;

-- The emoji that people put on messages of the bot. The key is the message and not
-- the request, because a quick approver may react before the card's timestamp is
-- stored.
CREATE TABLE reactions (
    channel  TEXT NOT NULL,
    ts       TEXT NOT NULL,
    user_id  TEXT NOT NULL,
    name     TEXT NOT NULL,
    present  INTEGER NOT NULL CHECK (present IN (0, 1)),
    dated    INTEGER NOT NULL CHECK (dated IN (0, 1)), -- event_ts is of the state in present
    event_ts TEXT NOT NULL, -- of the last event; orders events
    seen_at  BIGINT NOT NULL, -- when the store learned what present says
    missed_at BIGINT, -- when a look first did not show a present one; NULL while looks show it
    PRIMARY KEY (channel, ts, user_id, name)
);

-- The channels that operators have set as the approvals channel. The one that was
-- chosen last is the channel of today.
CREATE TABLE channels (
    channel   TEXT PRIMARY KEY,
    chosen_at BIGINT NOT NULL,
    seen_at   BIGINT NOT NULL -- when a running bot last had this setting
);

-- The ids that Slack has replaced, each with the id that the channel has now.
CREATE TABLE channel_moves (
    old_id   TEXT PRIMARY KEY,
    new_id   TEXT NOT NULL,
    event_ts TEXT NOT NULL -- orders the moves
);

-- The allocation of each group as UiPath confirmed it last: while it is fresh, a read
-- that contradicts it is late.
CREATE TABLE confirmations (
    group_id TEXT PRIMARY KEY,
    at       BIGINT NOT NULL,
    detail   TEXT NOT NULL -- the codes and the limits, as JSON
);

-- The watch of the portal: when the next look at all groups is due, and which replica's
-- look this is. fence grows with each lease, so that a late look changes nothing.
CREATE TABLE watch (
    id           INTEGER PRIMARY KEY CHECK (id = 1),
    fence        BIGINT NOT NULL,
    leased_until BIGINT NOT NULL,
    due_at       BIGINT NOT NULL,
    listed_at    BIGINT -- when the last look at all groups began; NULL while there was none
);

-- What the watch knows of each group.
CREATE TABLE watched_groups (
    group_id   TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    at         BIGINT NOT NULL, -- of the look that explained the items
    settled    INTEGER NOT NULL CHECK (settled IN (0, 1)),
    suspect_at BIGINT, -- of the first look that showed an unexplained difference
    detail     TEXT NOT NULL -- the items, and those gained and lost, as JSON
);

-- The changes of allocations that happened outside of the bot.
CREATE TABLE outside_changes (
    id        TEXT PRIMARY KEY,
    group_id  TEXT NOT NULL,
    since_at  BIGINT NOT NULL,
    seen_at   BIGINT NOT NULL,
    at        BIGINT NOT NULL, -- when it was recorded
    tried_at  BIGINT, -- when a message about it was last tried
    closed_at BIGINT, -- when the message stood, or there was to be none
    channel   TEXT, -- of the message
    ts        TEXT,
    detail    TEXT NOT NULL -- the group's name, what it gained and lost, and who may have done it, as JSON
);
CREATE INDEX outside_changes_open ON outside_changes (at) WHERE closed_at IS NULL;
CREATE INDEX outside_changes_group ON outside_changes (group_id, at);

-- The running round of the canary: a reaction of the bot on its status message, and the
-- first event of it that came back.
CREATE TABLE canary (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    number     BIGINT NOT NULL,
    channel    TEXT NOT NULL,
    ts         TEXT NOT NULL, -- of the status message; empty while there is none
    present    INTEGER NOT NULL CHECK (present IN (0, 1)), -- given, not taken back
    at         BIGINT NOT NULL,
    due_at     BIGINT NOT NULL, -- when the next round begins
    unable     INTEGER NOT NULL DEFAULT 0 CHECK (unable IN (0, 1)),
    arrived_at BIGINT,
    retried    INTEGER NOT NULL DEFAULT 0 CHECK (retried IN (0, 1)),
    arrived_by TEXT NOT NULL DEFAULT '' -- the replica and its connection
);

-- What requests that only the channel tells of did to groups: the database was
-- restored from a copy. after_id is the journal's newest id when they were recorded.
CREATE TABLE foreign_requests (
    id        TEXT NOT NULL,
    group_id  TEXT NOT NULL,
    filed_at  BIGINT NOT NULL,
    closed_at BIGINT NOT NULL,
    after_id  BIGINT NOT NULL,
    body      TEXT NOT NULL,
    PRIMARY KEY (group_id, id)
);

-- Each event of a request, and a few about none. In the places of words stand marks: #1 is an
-- actor who is a person, {"word":2} in an event the second of the row's words.
CREATE TABLE journal (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    request_id TEXT REFERENCES requests (id),
    at         BIGINT NOT NULL,
    kind       TEXT NOT NULL,
    actor      TEXT NOT NULL,
    before     TEXT NOT NULL,
    after      TEXT NOT NULL,
    event      TEXT NOT NULL,
    commitment TEXT NOT NULL DEFAULT '', -- SHA-256 over actor, event and the hashes of the words
    request_digest TEXT NOT NULL DEFAULT '' -- SHA-256 over the request's row after the step
);
CREATE INDEX journal_request ON journal (request_id, id);
CREATE INDEX journal_beside ON journal (kind, id) WHERE request_id IS NULL;

-- Who people are and what they wrote, in rows of the journal, as JSON. Each word has a salt of
-- its own. An erasure leaves only the hash of a word.
CREATE TABLE journal_words (
    journal_id INTEGER PRIMARY KEY REFERENCES journal (id),
    words      TEXT NOT NULL
);

-- The chain over the journal, in the order in which one replica after another sealed its
-- rows. Each hash covers the one before it and the sealed row.
CREATE TABLE journal_seals (
    seq        BIGINT PRIMARY KEY,
    journal_id BIGINT NOT NULL UNIQUE,
    hash       TEXT NOT NULL
);

-- The rows that wait for their seal, so that the sealing reads no more than those.
CREATE TABLE journal_unsealed (
    journal_id BIGINT PRIMARY KEY
);

-- Rows of the journal and its seals are only ever added.
-- +goose StatementBegin
CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'table journal is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'table journal is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER journal_seals_no_update BEFORE UPDATE ON journal_seals
BEGIN SELECT RAISE(ABORT, 'table journal_seals is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER journal_seals_no_delete BEFORE DELETE ON journal_seals
BEGIN SELECT RAISE(ABORT, 'table journal_seals is append-only'); END;
-- +goose StatementEnd

-- due_at of a leased job is the end of its lease. id and attempt fence the worker
-- that holds it, so an id is never used again (AUTOINCREMENT).
CREATE TABLE jobs (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    request_id TEXT NOT NULL REFERENCES requests (id),
    kind       TEXT NOT NULL,
    key        TEXT NOT NULL, -- tells apart the jobs of one kind and request
    detail     TEXT NOT NULL, -- the job's number, person and payload, as JSON
    lane       TEXT,
    in_order   INTEGER NOT NULL DEFAULT 0 CHECK (in_order IN (0, 1)),
    due_at     BIGINT NOT NULL,
    leased     INTEGER NOT NULL DEFAULT 0 CHECK (leased IN (0, 1)),
    attempt    INTEGER NOT NULL DEFAULT 0,
    revision   INTEGER NOT NULL DEFAULT 1,
    tried_at   BIGINT,
    turn       INTEGER, -- the round in which it runs, of a kind in which people take turns; else NULL
    requester  TEXT, -- the person whose turn it is
    UNIQUE (request_id, kind, key)
);
CREATE INDEX jobs_due ON jobs (kind, due_at);
CREATE INDEX jobs_turn ON jobs (kind, turn, due_at, id) WHERE turn IS NOT NULL;
CREATE INDEX jobs_turn_requester ON jobs (kind, requester, turn) WHERE turn IS NOT NULL;
CREATE INDEX jobs_lane ON jobs (lane, id) WHERE lane IS NOT NULL;
-- At most one job of a lane is under lease: two writes to one group's allocation
-- never overlap, on any replica.
CREATE UNIQUE INDEX jobs_lane_leased ON jobs (lane) WHERE leased = 1;

-- Deliveries that the bot does not understand, redacted and bounded. An operator
-- reads here what Slack sent.
CREATE TABLE dead_letters (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    at       BIGINT NOT NULL,
    envelope TEXT NOT NULL UNIQUE,
    reason   TEXT NOT NULL,
    raw      TEXT NOT NULL
);

-- The health check writes here while nothing else is written. PostgreSQL has no need
-- of it.
CREATE TABLE probe (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    written_at BIGINT NOT NULL,
    filler     TEXT NOT NULL
);
INSERT INTO probe (id, written_at, filler) VALUES (1, 0, '');
