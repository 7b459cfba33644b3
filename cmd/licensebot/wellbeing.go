package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"licensebot/approvals"
	"licensebot/bot"
	"licensebot/licensing"
)

// askUiPath bounds how long somebody's home waits to learn how UiPath is.
const askUiPath = 2 * time.Second

// A wellbeing tells people how the bot is.
type wellbeing struct {
	licences  *licensing.Allocations
	slack     *connections
	policy    func() approvals.Policy
	directory *bot.Directory
}

// problems says in one clause each what keeps requests from being carried out.
func (w wellbeing) problems(ctx context.Context) []string {
	var all []string
	asking, cancel := context.WithTimeout(ctx, askUiPath)
	defer cancel()
	var refusal *approvals.RefusedError
	switch err := w.licences.Reachable(asking); {
	case errors.As(err, &refusal):
		all = append(all, "UiPath refuses it, so requests are refused: its credentials or its address are wrong")
	case err != nil:
		all = append(all, "UiPath does not answer it, so requests wait")
	}
	if live := w.slack.live(); live < bot.Connections {
		all = append(all, fmt.Sprintf("%d of its %d connections to Slack are open", live, bot.Connections))
	}
	for _, rule := range w.policy().Rules {
		all = append(all, w.understaffed(ctx, rule)...)
	}
	return all
}

// understaffed says for which stages of a rule there are not enough approvers.
func (w wellbeing) understaffed(ctx context.Context, rule approvals.PolicyRule) []string {
	const maxAge = 5 * time.Minute
	var all []string
	for _, stage := range rule.Stages {
		members, err := w.directory.ListMembers(ctx, stage.Approvers, maxAge)
		members = approvals.Union(members, nil)
		switch {
		case err != nil && len(members) < stage.Quorum:
			all = append(all, fmt.Sprintf("Slack does not tell who may approve%s", under(rule)))
		case len(members) < stage.Quorum:
			all = append(all, fmt.Sprintf("%d approvals are needed%s, but there are only %d approvers", stage.Quorum, under(rule), len(members)))
		}
	}
	return all
}

func under(rule approvals.PolicyRule) string {
	if rule.Name == "" {
		return ""
	}
	return " under the rule " + rule.Name
}
