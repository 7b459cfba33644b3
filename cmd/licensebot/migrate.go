package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"licensebot/internal/store"
)

func migrateCommand() *cobra.Command {
	var from, to string
	migrate := &cobra.Command{
		Use:   "migrate",
		Short: "Move the database from SQLite to PostgreSQL, or back",
		Long: "migrate copies everything from one database to another one: requests, votes, the journal and\n" +
			"jobs. Stop the bot first, all replicas: it refuses to move a database on which one runs. The target\n" +
			"must be empty; its tables are made. All happens in one transaction, and the copy is compared with\n" +
			"the source before it counts. After an error or Ctrl-C the target is empty and the source as it was.\n\n" +
			"@FILE reads a URL from a file, so that a password is not in the list of processes.\n\n" +
			"Exit codes: 0 all was moved, 1 nothing was moved, 2 usage error.",
		Example: "  licensebot migrate --from sqlite:///var/lib/licensebot/licensebot.db \\\n" +
			"    --to @/run/secrets/database_url",
		Args: refuseArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			source, sourceErr := readDatabaseURL("--from", from)
			target, targetErr := readDatabaseURL("--to", to)
			if err := cmp.Or(sourceErr, targetErr); err != nil {
				return err
			}
			if source == target {
				return &usageError{errors.New("--from and --to name the same database")}
			}
			lines := &moveLines{out: cmd.OutOrStdout(), now: time.Now}
			if err := store.Move(cmd.Context(), source, target, lines.report); err != nil {
				return fmt.Errorf("nothing was moved: %w", err)
			}
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "Done. Set LICENSEBOT_DATABASE_URL to the target, start the bot, "+
				"and move the source away: two bots must never work on two copies.")
			return err
		},
	}
	migrate.Flags().StringVar(&from, "from", "", "URL of the database that has the requests")
	migrate.Flags().StringVar(&to, "to", "", "URL of the database that is empty")
	return migrate
}

func backupCommand() *cobra.Command {
	var from string
	backup := &cobra.Command{
		Use:   "backup FILE",
		Short: "Copy the SQLite database to a new file, while the bot runs",
		Long: "backup makes one file that has everything, and checks it. The bot may run meanwhile. The copy has\n" +
			"mode 0600. To use it, stop the bot and put it in the database's place (docs/operations.md).\n" +
			"A PostgreSQL database is copied with pg_dump.\n\n" +
			"Exit codes: 0 the copy is complete, 1 there is none, 2 usage error.",
		Example: "  licensebot backup /backup/licensebot-monday.db",
		Args:    exactArgs("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			url, err := readDatabaseURL("--from", cmp.Or(from, databaseURLOfEnvironment()))
			if err != nil {
				return err
			}
			return store.Backup(cmd.Context(), url, args[0])
		},
	}
	backup.Flags().StringVar(&from, "from", "", "URL of the database; else LICENSEBOT_DATABASE_URL says it")
	return backup
}

// databaseURLOfEnvironment is what serve would use.
func databaseURLOfEnvironment() string {
	const name = "LICENSEBOT_DATABASE_URL"
	if path := secretPath(name); path != "" {
		return "@" + path
	}
	return cmp.Or(cleanValue(os.Getenv(name)), environmentOf(nil).DatabaseURL)
}

// readDatabaseURL checks the URL of an option. @FILE stands for the file's content.
func readDatabaseURL(option, value string) (string, error) {
	if path, isFile := strings.CutPrefix(value, "@"); isFile {
		url, _, err := readSecretFile("LICENSEBOT_DATABASE_URL", path)
		if err != nil {
			return "", &usageError{fmt.Errorf("%s: %s: %w", option, path, err)}
		}
		value = url
	}
	if value == "" {
		return "", &usageError{fmt.Errorf("%s is required: sqlite://FILE or postgres://USER:PASSWORD@HOST/DATABASE", option)}
	}
	if err := store.CheckURL(value); err != nil {
		return "", &usageError{fmt.Errorf("%s %w", option, err)}
	}
	return value, nil
}

// moveLinesEvery is how often a table that takes long has a line.
const moveLinesEvery = 2 * time.Second

// moveLines shows a move: a line for each table, more for a table that takes long.
type moveLines struct {
	out  io.Writer
	now  func() time.Time
	last time.Time
}

func (l *moveLines) report(p store.MoveProgress) {
	now := l.now()
	if p.Rows < p.Of && now.Sub(l.last) < moveLinesEvery {
		return
	}
	l.last = now
	// The move goes on without a reader.
	_, _ = fmt.Fprintf(l.out, "%-20s %d of %s\n", p.Table, p.Rows, countNoun(p.Of, "row"))
}
