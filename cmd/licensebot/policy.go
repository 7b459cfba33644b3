package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"licensebot/approvals"
	"licensebot/bot"
	"licensebot/internal/policyfile"
	"licensebot/licensing"
)

// meaningOf knows the words that no pack may be called.
var meaningOf policyfile.MeaningOf = bot.MeaningOf(licensing.CatalogCodes(), licensing.CodeName)

func policyCommand() *cobra.Command {
	policy := &cobra.Command{
		Use:   "policy",
		Short: "Check and test a policy file, without Slack and UiPath",
		Long: "A policy file says who may ask for which license codes and groups, and who must agree.\n" +
			"docs/policy.md explains every key. Both commands read only the files you name.",
		Args: refuseArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	policy.AddCommand(policyCheckCommand(), policyTestCommand())
	return policy
}

func policyCheckCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check FILE",
		Short: "Report everything that is wrong in a policy file",
		Long: "check reports every problem of a policy file at once, each with its line and what to do:\n" +
			"unknown keys, rules out of reach, contradictions, quorums above the number of approvers.\n\n" +
			"Exit codes: 0 no problem, 1 problems, 2 usage error, or the file cannot be read.",
		Example: "  licensebot policy check policy.yaml",
		Args:    exactArgs("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			policy, err := policyfile.LoadFile(args[0], meaningOf)
			if err := fileError(err); err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %s, no problems\n", args[0], countNoun(len(policy.Rules), "rule"))
			return err
		},
	}
}

func policyTestCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "test FILE CASES",
		Short: "Ask a policy file the questions in a file of cases",
		Long: "test asks the policy each case: who asks for what, and which rule, verdict and approvers you\n" +
			"expect. It prints each answer that differs, and each rule that no case reaches.\n\n" +
			"Exit codes: 0 all cases pass, 1 a case fails or a file has problems, 2 usage error, or a file\n" +
			"cannot be read.",
		Example: "  licensebot policy test policy.yaml policy.cases.yaml",
		Args:    exactArgs("FILE", "CASES"),
		RunE: func(cmd *cobra.Command, args []string) error {
			policy, policyErr := policyfile.LoadFile(args[0], meaningOf)
			cases, casesErr := policyfile.LoadCasesFile(args[1])
			if err := fileError(policyErr, casesErr); err != nil {
				return err
			}
			return testPolicy(cmd.OutOrStdout(), policy, args[1], cases)
		},
	}
}

// testPolicy runs the cases. It prints each mismatch and each rule without a case.
func testPolicy(out io.Writer, policy approvals.Policy, file string, cases []policyfile.Case) error {
	var report strings.Builder
	failed := 0
	reached := make(map[string]bool)
	for _, c := range cases {
		mismatches, rule := c.Check(policy)
		reached[rule] = true
		if len(mismatches) == 0 {
			continue
		}
		failed++
		fmt.Fprintf(&report, "%s:%d: %s\n", file, c.Line, c.Name)
		for _, m := range mismatches {
			fmt.Fprintf(&report, "    %s\n", m)
		}
	}
	for _, rule := range policy.Rules {
		if !reached[rule.Name] {
			fmt.Fprintf(&report, "no case reaches rule %q (line %d)\n", rule.Name, rule.Line)
		}
	}
	if failed == 0 {
		fmt.Fprintf(&report, "%s passed\n", countNoun(len(cases), "case"))
	}
	if _, err := io.WriteString(out, report.String()); err != nil {
		return err
	}
	if failed > 0 {
		return fmt.Errorf("%d of %s failed", failed, countNoun(len(cases), "case"))
	}
	return nil
}

// fileError turns a file that cannot be read into a usage error. A file with
// problems in it is a failure.
func fileError(errs ...error) error {
	err := errors.Join(errs...)
	for _, e := range errs {
		if problems := (policyfile.Problems)(nil); e != nil && !errors.As(e, &problems) {
			return &usageError{err}
		}
	}
	if err == nil {
		return nil
	}
	return fmt.Errorf("correct these problems first:\n%w", err)
}

// exactArgs wants exactly the named arguments.
func exactArgs(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == len(names) {
			return nil
		}
		path := cmd.CommandPath()
		return &usageError{fmt.Errorf("%s takes %s; see %s --help", path, strings.Join(names, " and "), path)}
	}
}

// countNoun says how many there are: "1 rule", "2 rules".
func countNoun[N int | int64](n N, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
