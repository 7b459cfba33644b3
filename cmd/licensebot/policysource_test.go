package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"licensebot/bot/bottest"
)

const onePolicy = `version: 1
rules:
  - name: everything
    approvers: [U0APPROVER]
`

// ruleNames returns the names of the rules in force.
func (s *policySource) ruleNames() string {
	var names []string
	for _, rule := range s.Policy().Rules {
		names = append(names, rule.Name)
	}
	return strings.Join(names, " ")
}

func TestPolicyIsReadAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "policy.yaml")
	write := func(content string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(onePolicy)
	env := validVariables()
	delete(env, "LICENSEBOT_APPROVERS")
	env["LICENSEBOT_POLICY_FILE"] = path
	cfg, err := loadConfig(t, env)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		log := new(bottest.Log)
		s := newPolicySource(cfg, zerolog.New(log))
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		hangup, changes := make(chan os.Signal), 0
		go s.watchFile(ctx, hangup, func() { changes++ })
		expect := func(rules string, came, complaints int) {
			t.Helper()
			synctest.Wait()
			if got := s.ruleNames(); got != rules || changes != came {
				t.Errorf("in force: %q after %d changes, want %q after %d", got, changes, rules, came)
			}
			if n := strings.Count(log.String(), "the policy file is broken"); n != complaints {
				t.Errorf("complained %d times, want %d:\n%s", n, complaints, log)
			}
		}
		time.Sleep(time.Hour)
		expect("everything", 0, 0)

		write(strings.Replace(onePolicy, "everything", "all of it", 1))
		time.Sleep(policyPoll + policyAgain)
		expect("all of it", 1, 0)

		write("version: 1\nrules: [{name: broken, color: red}]\n")
		time.Sleep(time.Hour)
		expect("all of it", 1, 1)
		if !strings.Contains(log.String(), "policy.yaml:2") {
			t.Errorf("the line is not named:\n%s", log)
		}
		hangup <- syscall.SIGHUP // an operator who asks is told again
		expect("all of it", 1, 2)

		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		expect("all of it", 1, 3)

		write(onePolicy)
		hangup <- syscall.SIGHUP
		time.Sleep(policyAgain)
		expect("everything", 2, 3)

		// What is being written makes sense before it is whole.
		head, rest, _ := strings.Cut(onePolicy, "  - ")
		head += "  - name: no designers\n    codes: IDU\n    deny: Not now.\n"
		write(head)
		time.Sleep(policyPoll)
		expect("everything", 2, 3)
		write(head + "  - " + rest)
		time.Sleep(policyAgain)
		expect("everything", 2, 3)
		time.Sleep(policyAgain)
		expect("no designers everything", 3, 3)
	})
}

func TestPolicyFileAndApproversTogether(t *testing.T) {
	env := validVariables()
	env["LICENSEBOT_POLICY_FILE"] = filepath.Join(t.TempDir(), "policy.yaml")
	if _, err := loadConfig(t, env); err == nil || !strings.Contains(err.Error(), "set one of them") || !strings.Contains(err.Error(), "cannot be read") {
		t.Errorf("%v", err)
	}
}

// TestPolicyAtWork runs the real program with a policy file. The card names the
// rule. A requester without a rule is told privately.
func TestPolicyAtWork(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(path, []byte(`version: 1
rules:
  - name: designers
    codes: [IDU]
    stages:
      - name: owner
        approvers: [U0APPROVER]
      - name: security
        approvers: [U0APPROVER, U0SECOND]
`), 0o600); err != nil {
		t.Fatal(err)
	}
	delete(w.env, "LICENSEBOT_APPROVERS")
	w.env["LICENSEBOT_POLICY_FILE"] = path
	w.startReplica()
	w.typeRequest("group-01 RPADEVPRONU")
	w.awaitTold(requester, "was not put before an approver")
	w.typeRequest("group-01 IDU")
	if card := w.awaitCard(); !strings.Contains(card.Text, "designers") || !strings.Contains(card.Text, "security") {
		t.Errorf("the card names neither rule nor stages:\n%s", card.Text)
	}
	w.reactToCard(approver, "white_check_mark") // serves one stage, though both name them
	w.awaitCondition("the first vote", func() bool { return strings.Contains(w.awaitCard().Text, "1 of 2") })
	w.wantAllocation(0, "ATTUNU")
	w.reactToCard(second, "white_check_mark")
	w.awaitOutcome("allocation_done", "*Done*")
	w.wantAllocation(1, "ATTUNU", "IDU")
}
