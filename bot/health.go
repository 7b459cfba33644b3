package bot

import (
	"context"
	"slices"
	"time"

	"licensebot/approvals"
	"licensebot/bot/message"
	"licensebot/bot/slackapi"
	"licensebot/bot/socket"
)

// Bounds of a look at the bot's health, while a person's Home tab waits for it.
const (
	reachableLimit  = 2 * time.Second
	approversMaxAge = 5 * time.Minute
)

// health looks for what keeps requests from being carried out.
type health struct {
	uipath    interface{ Reachable(context.Context) error }
	live      func() int // connections to Slack
	policy    func() approvals.Policy
	directory *slackapi.Directory
	setup     func() []string // checks of the setup that found a problem; nil: none
}

// listSetupProblems tells an approver that the setup has a problem. Other people could
// do nothing about it.
func (h health) listSetupProblems(ctx context.Context, user string) []string {
	if h.setup == nil {
		return nil
	}
	checks := h.setup()
	if len(checks) == 0 {
		return nil
	}
	approvers, _ := h.directory.ListMembers(ctx, h.policy().Approvers(), approversMaxAge) // those it knows of
	if !slices.Contains(approvers, user) {
		return nil
	}
	return []string{message.ExplainSetupProblems(checks)}
}

// listProblems says each problem in one clause.
func (h health) listProblems(ctx context.Context) []string {
	var problems []string
	asking, cancel := context.WithTimeout(ctx, reachableLimit)
	defer cancel()
	if problem := message.ExplainUiPathProblem(h.uipath.Reachable(asking)); problem != "" {
		problems = append(problems, problem)
	}
	if live := h.live(); live < socket.Connections {
		problems = append(problems, message.ExplainLostConnections(live, socket.Connections))
	}
	for _, rule := range h.policy().Rules {
		problems = append(problems, h.listShortStages(ctx, rule)...)
	}
	return problems
}

// listShortStages says for which stages of a rule there are too few approvers.
func (h health) listShortStages(ctx context.Context, rule approvals.PolicyRule) []string {
	var problems []string
	for _, stage := range rule.Stages {
		members, err := h.directory.ListMembers(ctx, stage.Approvers, approversMaxAge)
		if n := len(approvals.Union(members, nil)); n < stage.Quorum {
			problems = append(problems, message.ExplainShortStage(rule, stage.Quorum, n, err))
		}
	}
	return problems
}
