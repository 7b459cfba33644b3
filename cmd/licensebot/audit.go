package main

import "github.com/spf13/cobra"

func auditCommand() *cobra.Command {
	audit := &cobra.Command{
		Use:   "audit",
		Short: "Show auditors what was asked, approved and done",
		Long: "All commands but erase change nothing, and the bot may run meanwhile.\n" +
			"docs/audit.md has the questions of an access review with the command that answers each.",
		Args: refuseArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	audit.AddCommand(auditReportCommand(), auditShowCommand(), auditExportCommand(), auditVerifyCommand(),
		auditRecoverCommand(), auditEraseCommand())
	return audit
}
