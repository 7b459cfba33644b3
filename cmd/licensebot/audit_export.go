package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/crypto/ssh"

	"licensebot/approvals"
	"licensebot/internal/audit/report"
	"licensebot/internal/store"
)

func auditShowCommand() *cobra.Command {
	var from, zone string
	command := &cobra.Command{
		Use:   "show ID",
		Short: "Tell one request from its filing to its end",
		Long: "show tells one request in plain sentences with times: who asked for what, what was fixed, who voted,\n" +
			"what UiPath confirmed, and how it ended.\n\n" +
			"Exit codes: 0 it is told, 1 it could not be read, 2 usage error, or there is no such request.",
		Example: "  licensebot audit show R-7K3F9QXA --zone Europe/Berlin",
		Args:    exactArgs("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			place, err := time.LoadLocation(zone)
			if err != nil {
				return &usageError{fmt.Errorf("--zone %q is unknown: write a name such as Europe/Berlin, or UTC", zone)}
			}
			return withReader(cmd.Context(), from, func(reader *store.Reader) error {
				err := report.Story(cmd.Context(), cmd.OutOrStdout(), reader, args[0], place)
				if errors.Is(err, approvals.ErrNotFound) {
					return &usageError{fmt.Errorf("there is no request %s; its id is on the card, such as R-7K3F9QXA", args[0])}
				}
				return err
			})
		},
	}
	command.Flags().StringVar(&zone, "zone", "UTC", "time zone of the times")
	addDatabaseFlag(command, &from)
	return command
}

func auditExportCommand() *cobra.Command {
	var from string
	command := &cobra.Command{
		Use:   "export DIR",
		Short: "Write all rows with hashes and a signature, to check elsewhere",
		Long: "export writes the requests, the journal and what belongs to them as JSON Lines to a new folder, with\n" +
			"a manifest of SHA-256 hashes, a script that checks them and a README that says how. With\n" +
			"LICENSEBOT_SIGNING_KEY_FILE, the path of a private key of OpenSSH, the manifest is signed so that\n" +
			"ssh-keygen -Y verify accepts it. The folder has names and reasons of people: keep it safe.\n\n" +
			"Exit codes: 0 it is complete, 1 it is not, 2 usage error.",
		Example: "  licensebot audit export /evidence/2026-q1",
		Args:    exactArgs("DIR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			signer, err := readSigner()
			if err != nil {
				return err
			}
			return withReader(cmd.Context(), from, func(reader *store.Reader) error {
				return report.Export(cmd.Context(), args[0], reader, signer, "licensebot "+versionName(), auditNow())
			})
		},
	}
	addDatabaseFlag(command, &from)
	return command
}

// signingKeyVariable names the file with the key that signs exports.
const signingKeyVariable = "LICENSEBOT_SIGNING_KEY_FILE"

// readSigner reads the key of the environment; nil without one.
func readSigner() (ssh.Signer, error) {
	path := cleanValue(os.Getenv(signingKeyVariable))
	if path == "" {
		return nil, nil
	}
	key, err := os.ReadFile(path)
	if err != nil {
		return nil, &usageError{fmt.Errorf("%s: %w", signingKeyVariable, err)}
	}
	signer, err := report.ReadSigner(key)
	if err != nil {
		return nil, &usageError{fmt.Errorf("%s: %s: %w", signingKeyVariable, path, err)}
	}
	return signer, nil
}
