package checkup

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"licensebot/approvals"
	"licensebot/bot/slackapi"
	"licensebot/internal/outside"
)

// add records what became of a check.
func (f *findings) add(check string, r Result) {
	r.Check = check
	f.results = append(f.results, r)
}

// explainSlack says what a failed call to Slack means for an operator.
func explainSlack(err error) Result {
	kind, refusal := slackapi.AnswerOf(err)
	cause := outside.OneLine(rootCause(err), 200)
	switch kind {
	case slackapi.Unclear:
		return Result{State: NotChecked, Found: "Slack did not tell: " + cause, Do: "try again in a minute"}
	case slackapi.Unreachable:
		return Result{
			State: Problem, Found: "Slack cannot be reached: " + cause,
			Do: "check SLACK_API_URL, the network, and the proxy if there is one",
		}
	case slackapi.NotSlack:
		return Result{
			State: Problem, Found: "what answers at SLACK_API_URL is not Slack: " + cause,
			Do: "check SLACK_API_URL, and that a proxy lets the bot through",
		}
	}
	reason := approvals.DelayReason(err)
	found, do, split := strings.Cut(reason, "; ")
	if !split {
		do = "look the answer up in Slack's documentation of the method"
	}
	return Result{State: Problem, Found: fmt.Sprintf("%s (%s)", found, refusal), Do: do}
}

// explainUiPath says what a failed call to UiPath means for an operator.
func explainUiPath(err error) Result {
	if fault, ok := approvals.NeedsOperator(err); ok {
		do, _, _ := strings.Cut(fault.Remedy(), "; what waits")
		return Result{State: Problem, Found: outside.OneLine(fault.Error(), 300), Do: do}
	}
	if refusal, ok := errors.AsType[*approvals.RefusedError](err); ok {
		do := "check UIPATH_URL, UIPATH_ORGANIZATION and UIPATH_ACCOUNT_ID"
		if refusal.Variable != "" {
			do = refusal.Remedy()
		}
		return Result{State: Problem, Found: "UiPath answers " + outside.OneLine(refusal.Answer, 300), Do: do}
	}
	reason := approvals.DelayReason(err)
	if isUnreachable(reason) {
		if !strings.Contains(reason, ": ") { // it does not name the cause
			reason += ": " + rootCause(err)
		}
		return Result{
			State: Problem, Found: outside.OneLine(reason, 300),
			Do: "check UIPATH_URL, the network, and the proxy if there is one",
		}
	}
	return Result{State: NotChecked, Found: outside.OneLine(reason, 300), Do: "try again in a minute"}
}

// isUnreachable reports whether no answer came from UiPath.
func isUnreachable(reason string) bool {
	silences := []string{"UiPath cannot be reached", "UiPath gave no complete answer", "no clear answer came back"}
	return slices.ContainsFunc(silences, func(silence string) bool { return strings.HasPrefix(reason, silence) })
}

// rootCause is what went wrong, without what the result says itself.
func rootCause(err error) string {
	if delay, ok := errors.AsType[*approvals.DelayError](err); ok && delay.Err != nil {
		err = delay.Err
	}
	if unknown, ok := errors.AsType[*approvals.UnknownEffectError](err); ok && unknown.Err != nil {
		err = unknown.Err
	}
	return strings.TrimPrefix(err.Error(), "licensing: ")
}

// and joins words: a, b and c.
func and(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// count says how many there are: "1 rule", "2 rules".
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// nameRule names a rule of the policy for people.
func nameRule(rule approvals.PolicyRule) string {
	if rule.Name == "" {
		return "the rule of LICENSEBOT_APPROVERS"
	}
	return fmt.Sprintf("rule %q (line %d)", rule.Name, rule.Line)
}
