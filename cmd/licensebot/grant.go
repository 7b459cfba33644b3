package main

import (
	"cmp"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"licensebot/internal/store"
)

func grantCommand() *cobra.Command {
	var from string
	command := &cobra.Command{
		Use:   "grant ROLE",
		Short: "Make the tables in PostgreSQL as their owner, for a role of the bot's own",
		Long: "grant makes the tables of this version, or brings them up to date, and gives a role the rights that\n" +
			"the bot needs. That role can add rows to the journal, and neither change nor delete them, switch its\n" +
			"triggers off, nor erase words. Run it with the URL of the owner, before the first start and before\n" +
			"each upgrade; the bot's LICENSEBOT_DATABASE_URL names the role (docs/operations.md).\n\n" +
			"Exit codes: 0 done, 1 nothing was changed, 2 usage error.",
		Example: "  licensebot grant licensebot_bot --from @/run/secrets/owner_url",
		Args:    exactArgs("ROLE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			url, err := readDatabaseURL("--from", cmp.Or(from, databaseURLOfEnvironment()))
			if err != nil {
				return err
			}
			if strings.HasPrefix(url, "sqlite://") {
				return &usageError{errors.New("only PostgreSQL has roles: a SQLite file belongs to its owner")}
			}
			if err := store.GrantBot(cmd.Context(), url, args[0]); err != nil {
				return err
			}
			printLine(cmd.OutOrStdout(), "The tables are up to date, and", args[0], "has the rights that the bot needs.")
			return nil
		},
	}
	addDatabaseFlag(command, &from)
	return command
}
