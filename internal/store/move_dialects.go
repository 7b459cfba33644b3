package store

// dialectOf returns the SQL of a move to or from a database.
func dialectOf(e engine) moveDialect {
	if _, isPostgres := e.(*postgres); isPostgres {
		return postgresMoves
	}
	return sqliteMoves
}

// sqliteMoves leaves out the tables that are about the file and not about the bot.
var sqliteMoves = moveDialect{
	listTables: `SELECT name FROM sqlite_master WHERE type = 'table'
		AND name NOT IN ('sqlite_sequence', 'goose_db_version', 'probe') ORDER BY rowid`,
	lastIDs: `SELECT name, seq FROM sqlite_sequence WHERE name <> 'goose_db_version'`,
	setLastID: []string{
		`DELETE FROM sqlite_sequence WHERE name = $1 AND seq < $2`,
		`INSERT INTO sqlite_sequence (name, seq) SELECT $1, $2
			WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = $1)`,
	},
}

// postgresMoves also locks the tables: a replica whose listener has lost its connection
// holds no lock that tells of it.
var postgresMoves = moveDialect{
	listTables: `SELECT relname::text FROM pg_class WHERE relkind = 'r'
		AND relnamespace = current_schema()::regnamespace AND relname <> 'goose_db_version' ORDER BY oid`,
	freeze: []string{
		`SET LOCAL statement_timeout = 0`, `SET LOCAL idle_in_transaction_session_timeout = 0`,
		`LOCK TABLE %s IN EXCLUSIVE MODE`,
	},
	insertIDs: `OVERRIDING SYSTEM VALUE`,
	lastIDs: `SELECT table_name::text,
		pg_sequence_last_value(pg_get_serial_sequence(quote_ident(table_name), 'id')::regclass)
		FROM information_schema.columns WHERE table_schema = current_schema() AND is_identity = 'YES'
		AND table_name <> 'goose_db_version'`,
	setLastID: []string{`SELECT setval(pg_get_serial_sequence($1, 'id'), $2)`},
}
