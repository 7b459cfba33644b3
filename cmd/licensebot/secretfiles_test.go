package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"licensebot/bot/bottest"
)

// swapFolder points a symbolic link at a folder with these files, as Kubernetes does
// when a Secret changes.
func swapFolder(t *testing.T, root, version string, files map[string]string) {
	t.Helper()
	folder := filepath.Join(root, version)
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		mustWriteFile(t, filepath.Join(folder, name), content)
	}
	link := filepath.Join(root, "..data")
	if err := errors.Join(os.Symlink(version, link+".new"), os.Rename(link+".new", link)); err != nil {
		t.Fatal(err)
	}
}

// TestSecretsChangeWhileTheBotRuns gives the app other tokens at Slack and another
// secret at UiPath. Then the files change, and a request goes through: no process was
// started again.
func TestSecretsChangeWhileTheBotRuns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := t.TempDir()
	write := func(version string) {
		swapFolder(t, root, version, map[string]string{
			"SLACK_BOT_TOKEN": w.slack.BotToken(), "SLACK_APP_TOKEN": w.slack.AppToken() + "\n",
			"UIPATH_CLIENT_SECRET": w.uipath.ClientSecret(),
		})
	}
	write("first")
	for _, name := range []string{"SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "UIPATH_CLIENT_SECRET"} {
		delete(w.env, name)
		w.env[name+"_FILE"] = filepath.Join(root, "..data", name)
	}
	w.startReplica()
	process := w.replicas[0].Process
	w.slack.ReplaceTokens()
	write("second")
	if err := process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	w.pollUntil("both tokens to be in force", func() bool {
		return strings.Count(fmt.Sprint(w.replicas[0].Stderr), "a new secret is in force") == 2
	})
	w.slack.CutSockets()
	w.awaitCondition("a connection with the new app token", func() bool { return w.slack.Connections() == 2 })
	w.typeUntilRecorded("group-01 IDU")
	w.reactToCard(approver, "white_check_mark")
	w.awaitOutcome("allocation_done", "*Done*")
}

// A file is read twice before its token is used, because it may be half written. What
// cannot be used changes nothing, is told once, and is tried again.
func TestSecretFileIsFollowed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	mustWriteFile(t, path, "xoxb-1")
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex // of the next two
		var used []string
		var refusal error
		refuse := func(err error) {
			mu.Lock()
			defer mu.Unlock()
			refusal = err
		}
		s := &slackSecret{
			variable: "SLACK_BOT_TOKEN", prefix: "xoxb-", path: path, inForce: "xoxb-1", lastRead: "xoxb-1",
			use: func(_ context.Context, token string) error {
				mu.Lock()
				defer mu.Unlock()
				used = append(used, token)
				return refusal
			},
		}
		log := new(bottest.Log)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		hangups := make(chan os.Signal)
		go followSecrets(ctx, []*slackSecret{s}, hangups, zerolog.New(log))
		expect := func(tries string, complaints int) {
			t.Helper()
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			if got := strings.Join(used, " "); got != tries {
				t.Errorf("used %q, want %q", got, tries)
			}
			if n := strings.Count(log.String(), "cannot be used"); n != complaints {
				t.Errorf("complained %d times, want %d:\n%s", n, complaints, log)
			}
		}
		time.Sleep(time.Hour)
		expect("", 0)

		mustWriteFile(t, path, "xoxb-2")
		time.Sleep(policyPoll)
		expect("", 0)
		time.Sleep(policyAgain)
		expect("xoxb-2", 0)
		time.Sleep(time.Hour)
		expect("xoxb-2", 0)

		for n, wrong := range []string{"xapp-3", "", "xoxb-\x00"} {
			mustWriteFile(t, path, wrong)
			time.Sleep(time.Hour)
			expect("xoxb-2", n+1)
		}
		hangups <- syscall.SIGHUP
		expect("xoxb-2", 4)

		refuse(errors.New("it belongs to another bot"))
		mustWriteFile(t, path, "xoxb-4")
		hangups <- syscall.SIGHUP
		time.Sleep(policyAgain)
		expect("xoxb-2 xoxb-4", 5)
		time.Sleep(policyPoll)
		expect("xoxb-2 xoxb-4 xoxb-4", 5)
		refuse(nil)
		time.Sleep(policyPoll)
		expect("xoxb-2 xoxb-4 xoxb-4 xoxb-4", 5)

		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		expect("xoxb-2 xoxb-4 xoxb-4 xoxb-4", 6)
		mustWriteFile(t, path, "xoxb-4")
		time.Sleep(time.Hour)
		expect("xoxb-2 xoxb-4 xoxb-4 xoxb-4", 6)
		for _, secret := range []string{"xoxb-2", "xoxb-4", "xapp-3"} {
			if strings.Contains(log.String(), secret) {
				t.Errorf("the log has %s", secret)
			}
		}
	})
}
