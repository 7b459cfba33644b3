package message

import (
	"fmt"
	"strings"

	"licensebot/approvals"
)

// ExplainUiPathProblem says in one clause what keeps the bot from UiPath. It is
// empty without an error.
func ExplainUiPathProblem(err error) string {
	switch fault, ok := approvals.NeedsOperator(err); {
	case ok:
		return "requests wait, and " + approvals.DelayReason(fault)
	case approvals.IsRefused(err):
		return "UiPath refuses the bot, so requests are refused: check UIPATH_ACCOUNT_ID and UIPATH_ORGANIZATION"
	case err != nil:
		return "UiPath does not answer the bot, so requests wait: an operator finds the cause in the log, or with " +
			"licensebot doctor"
	}
	return ""
}

// ExplainLostConnections says in one clause that connections to Slack are missing.
func ExplainLostConnections(live, all int) string {
	return fmt.Sprintf("%d of the bot's %d connections to Slack are open: if that lasts for minutes, an operator "+
		"checks the network, and slack-status.com", live, all)
}

// ExplainShortStage says in one clause that a stage of a rule has fewer approvers
// than it needs, as far as Slack tells.
func ExplainShortStage(rule approvals.PolicyRule, needed, approvers int, err error) string {
	under := ""
	if rule.Name != "" {
		under = " under the rule " + rule.Name
	}
	if err != nil {
		return "Slack does not tell who may approve" + under + ": an operator runs licensebot doctor"
	}
	there := "are only " + pluralize(approvers, "approver")
	if approvers == 1 {
		there = "is only 1 approver"
	}
	return fmt.Sprintf("%d approvals are needed%s, but there %s: an operator names more in the policy, or in "+
		"their user group", needed, under, there)
}

// ExplainSetupProblems says in one clause that checks of the setup found a problem. An
// operator reads more than their names elsewhere.
func ExplainSetupProblems(checks []string) string {
	return fmt.Sprintf("a check of the setup found a problem (%s): an operator reads more in the log, or with "+
		"licensebot doctor", strings.Join(checks, ", "))
}
