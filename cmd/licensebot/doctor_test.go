package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"licensebot/internal/checkup"
	"licensebot/internal/fakeslack"
	"licensebot/internal/fakeuipath"
	"licensebot/internal/fault"
	"licensebot/internal/sweep"
)

// runDoctor runs the program on the world.
func (w *world) runDoctor(args ...string) (code int, stdout, stderr string) {
	w.t.Helper()
	cmd := w.newCommand(w.guardContext(), append([]string{"doctor"}, args...)...)
	var out, problem strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &problem
	var exited *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exited) {
		w.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), problem.String()
}

// diagnose returns what doctor reports as JSON.
func (w *world) diagnose() (int, reportJSON) {
	w.t.Helper()
	code, out, problem := w.runDoctor("--json")
	var report reportJSON
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		w.t.Fatalf("%v: %q, %q", err, out, problem)
	}
	for _, secret := range []string{
		w.slack.BotToken(), w.slack.AppToken(), w.uipath.ClientSecret(), w.uipath.Password(), w.uipath.PersonalAccessToken(),
	} {
		if strings.Contains(out+problem, secret) {
			w.t.Errorf("doctor shows the secret %s…", secret[:5])
		}
	}
	return code, report
}

// writePolicy replaces the approvers by a policy file with these rules.
func (w *world) writePolicy(rules string) {
	w.t.Helper()
	path := filepath.Join(w.t.TempDir(), "policy.yaml")
	if err := os.WriteFile(path, []byte("version: 1\nrules:\n"+rules), 0o600); err != nil {
		w.t.Fatal(err)
	}
	delete(w.env, "LICENSEBOT_APPROVERS")
	w.env["LICENSEBOT_POLICY_FILE"] = path
}

// changeScopes leaves out these scopes and adds others.
func (w *world) changeScopes(out, added string) {
	scopes := slices.DeleteFunc(fakeslack.DefaultScopes(), func(s string) bool { return s == out })
	w.slack.SetScopes(append(scopes, strings.Fields(added)...)...)
}

func (w *world) privateChannel(members ...string) {
	w.slack.AddChannel(fakeslack.Channel{
		ID: approvalsChannel, Name: "approvals", Private: true, Members: append(members, w.slack.BotUserID()),
	})
}

// A finding is what doctor has to say of a broken world.
type finding struct {
	check string
	found string // a part of it
	do    string // a part of it
}

// brokenWorlds has one mistake each. A world with found "" is well. Where only says so,
// the rest has to be well: exit code 3 says that something was not checked.
var brokenWorlds = map[string]struct {
	break_ func(*world)
	code   int
	want   finding
}{
	"all is well":   {func(*world) {}, 0, finding{}},
	"a wrong emoji": {func(w *world) { w.env["LICENSEBOT_APPROVE_EMOJI"] = "white_checkmark" }, 3, finding{checkup.CheckEmoji, "white_checkmark", "white_check_mark meant"}},
	"an emoji that the workspace lacks": {func(w *world) {
		w.changeScopes("", "emoji:read")
		w.slack.SetCustomEmoji("yes")
		w.env["LICENSEBOT_APPROVE_EMOJI"], w.env["LICENSEBOT_DENY_EMOJI"] = "yes", "nope"
	}, 1, finding{checkup.CheckEmoji, "no emoji nope", "LICENSEBOT_DENY_EMOJI"}},
	"an emoji of the workspace": {func(w *world) {
		w.changeScopes("", "emoji:read")
		w.slack.SetCustomEmoji("yes")
		w.env["LICENSEBOT_APPROVE_EMOJI"] = "yes"
	}, 0, finding{}},

	"a missing variable":    {func(w *world) { delete(w.env, "LICENSEBOT_CHANNEL") }, 1, finding{checkup.CheckConfiguration, "LICENSEBOT_CHANNEL is required", "correct it"}},
	"a misspelled variable": {func(w *world) { w.env["LICENSEBOT_QUORUMM"] = "2" }, 1, finding{checkup.CheckConfiguration, "LICENSEBOT_QUORUMM", "correct or remove"}},
	"a broken policy":       {func(w *world) { w.writePolicy("  - title: x\n") }, 1, finding{checkup.CheckConfiguration, "LICENSEBOT_POLICY_FILE", ""}},
	"a proxy that is none":  {func(w *world) { w.env["HTTPS_PROXY"] = "http://u:p%w@proxy:3128" }, 1, finding{checkup.CheckProxy, "HTTPS_PROXY", "percent"}},

	"a revoked bot token":     {func(w *world) { w.slack.RevokeBotToken() }, 1, finding{checkup.CheckBotToken, "revoked", "reinstall"}},
	"another bot token":       {func(w *world) { w.env["SLACK_BOT_TOKEN"] = "xoxb-1-2-3" }, 1, finding{checkup.CheckBotToken, "does not accept SLACK_BOT_TOKEN", "copy it anew"}},
	"another app token":       {func(w *world) { w.env["SLACK_APP_TOKEN"] = "xapp-1-A1-2-3" }, 1, finding{checkup.CheckAppToken, "invalid_auth", "connections:write"}},
	"a token without a scope": {func(w *world) { w.slack.Inject("apps.connections.open", fault.Fault{Error: "missing_scope"}) }, 1, finding{checkup.CheckAppToken, "connections:write", "create"}},
	"tokens of two apps": {func(w *world) {
		w.slack.Inject("bots.info", fault.Fault{Body: `{"ok":true,"bot":{"id":"B1","app_id":"AOTHER"}}`})
	}, 1, finding{checkup.CheckAppToken, "AOTHER", "from one app"}},
	"Socket Mode is off":  {func(w *world) { w.slack.Inject("apps.connections.open", fault.Fault{Error: "access_denied"}) }, 1, finding{checkup.CheckSocketMode, "access_denied", "switch Socket Mode on"}},
	"a scope too few":     {func(w *world) { w.changeScopes("reactions:write", "") }, 1, finding{checkup.CheckScopes, "lacks reactions:write", "again"}},
	"a scope too many":    {func(w *world) { w.changeScopes("", "files:read") }, 1, finding{checkup.CheckScopes, "files:read", "remove"}},
	"a scope for others":  {func(w *world) { w.changeScopes("groups:history", "") }, 0, finding{}},
	"Slack is away":       {func(w *world) { w.env["SLACK_API_URL"] = "http://127.0.0.1:1/api/" }, 1, finding{checkup.CheckBotToken, "cannot be reached", "SLACK_API_URL"}},
	"a page for Slack":    {func(w *world) { w.slack.Inject("auth.test", fault.Fault{Body: "<html>blocked</html>"}) }, 1, finding{checkup.CheckBotToken, "is not Slack", "proxy"}},
	"Slack fails":         {func(w *world) { w.slack.Inject("auth.test", fault.Fault{Status: 503}) }, 3, finding{checkup.CheckBotToken, "did not tell", "again"}},
	"Slack's other clock": {func(w *world) { w.slack.SetDateAhead(-5 * time.Minute) }, 1, finding{checkup.CheckSlackClock, "ahead of Slack", "NTP"}},
	"a channel of others": {func(w *world) { w.env["LICENSEBOT_CHANNEL"] = "C0NOWHERE" }, 1, finding{checkup.CheckChannel, "C0NOWHERE", "/invite"}},
	"an archived channel": {func(w *world) {
		w.slack.UpdateChannel(approvalsChannel, func(c *fakeslack.Channel) { c.Archived = true })
	}, 1, finding{checkup.CheckChannel, "archived", "unarchive"}},
	"a shared channel": {func(w *world) {
		w.slack.UpdateChannel(approvalsChannel, func(c *fakeslack.Channel) { c.ExtShared = true })
	}, 1, finding{checkup.CheckChannel, "shared", "your own"}},
	"a channel without it": {func(w *world) { w.slack.Leave(approvalsChannel, w.slack.BotUserID()) }, 1, finding{checkup.CheckChannel, "not in #approvals", "/invite"}},
	"an approver who left": {func(w *world) { w.slack.UpdateUser(approver, func(u *fakeslack.User) { u.Deleted = true }) }, 1, finding{checkup.CheckApprovers, approver + " is named as an approver and is deactivated", "another"}},
	"an approver unknown":  {func(w *world) { w.env["LICENSEBOT_APPROVERS"] = approver + "," + second + ",U0NOBODY" }, 1, finding{checkup.CheckApprovers, "U0NOBODY", "correct the id"}},
	"a deputy unknown": {func(w *world) {
		w.writePolicy("  - name: all\n    approvers: [" + approver + ", " + second + "]\n    escalate_after: 1h\n    escalate_to: [U0NOBODY]\n")
	}, 1, finding{checkup.CheckApprovers, "U0NOBODY", "correct the id"}},
	"a group unknown": {func(w *world) { w.env["LICENSEBOT_APPROVERS"] = approver + "," + second + ",S0NOTHING" }, 1, finding{checkup.CheckApprovers, "S0NOTHING", "correct the id"}},
	"a group of nobody": {func(w *world) {
		w.slack.SetUserGroup("S0EMPTY")
		w.env["LICENSEBOT_APPROVERS"] = approver + "," + second + ",S0EMPTY"
	}, 1, finding{checkup.CheckApprovers, "S0EMPTY has no members", "add people"}},
	"a plan without groups": {func(w *world) {
		w.slack.DisableUserGroups()
		w.env["LICENSEBOT_APPROVERS"] = approver + "," + second + ",S0X"
	}, 1, finding{checkup.CheckApprovers, "no user groups", "one by one"}},
	"an approver outside": {func(w *world) { w.privateChannel(approver) }, 1, finding{checkup.CheckApprovers, second + " is named as an approver and is not in the private", ""}},
	"a private channel":   {func(w *world) { w.privateChannel(approver, second) }, 0, finding{}},
	"one approver alone":  {func(w *world) { w.env["LICENSEBOT_APPROVERS"] = approver }, 1, finding{checkup.CheckRules, "too few approvers when " + approver + " asks", "name more"}},
	"too few who see it":  {func(w *world) { w.privateChannel() }, 1, finding{checkup.CheckRules, "too few approvers who can vote: 1 more", "name more"}},

	"a wrong secret":      {func(w *world) { w.env["UIPATH_CLIENT_SECRET"] = "wrong" }, 1, finding{checkup.CheckSignIn, "invalid_client", "UIPATH_CLIENT_SECRET"}},
	"a scope not granted": {func(w *world) { w.uipath.SetAppScopes("PM.License.Read", "PM.Group.Read") }, 1, finding{checkup.CheckSignIn, "invalid_scope", "UIPATH_SCOPES"}},
	"a scope not asked for": {func(w *world) { w.env["UIPATH_SCOPES"] = "PM.License.Read PM.Group.Read" }, 1,
		finding{checkup.CheckUiPathScopes, "lacks PM.License.Write", "grant it"}},
	"groups left out": {func(w *world) { w.env["UIPATH_SCOPES"] = "PM.License.Read PM.License.Write" }, 0, finding{}},
	"a personal token": {func(w *world) {
		w.env["UIPATH_AUTH"], w.env["UIPATH_ACCESS_TOKEN"] = "token", w.uipath.PersonalAccessToken()
	}, 3, finding{checkup.CheckUiPathScopes, "PM.License.Write is not checked", ""}},
	"a personal token of old": {func(w *world) { w.env["UIPATH_AUTH"], w.env["UIPATH_ACCESS_TOKEN"] = "token", "rt_old" }, 1,
		finding{checkup.CheckSignIn, "does not accept the bot's token", "UIPATH_ACCESS_TOKEN"}},
	"a wrong password": {func(w *world) {
		w.env["UIPATH_AUTH"], w.env["UIPATH_USERNAME"], w.env["UIPATH_PASSWORD"], w.env["UIPATH_TENANT"] = "ropc", "admin", "wrong", w.uipath.Tenant()
	}, 1, finding{checkup.CheckSignIn, "refuses the bot's sign-in", "UIPATH_PASSWORD"}},
	"another account": {func(w *world) { w.env["UIPATH_ACCOUNT_ID"] = "8f3a1c2e-0d4b-4c5a-9e6f-7a8b9c0d1e2f" }, 1,
		finding{checkup.CheckAccount, "is not valid", "UIPATH_ACCOUNT_ID"}},
	"a token of others":  {func(w *world) { w.uipath.NamePartition("8f3a1c2e-0d4b-4c5a-9e6f-7a8b9c0d1e2f") }, 1, finding{checkup.CheckAccount, "the token is for the organization 8f3a", "UIPATH_ACCOUNT_ID"}},
	"UiPath is away":     {func(w *world) { w.env["UIPATH_URL"] = "http://127.0.0.1:1" }, 1, finding{checkup.CheckSignIn, "cannot be reached", "UIPATH_URL"}},
	"UiPath moved":       {func(w *world) { w.uipath.Inject("token", fault.Fault{Status: 302, Location: "https://other.example/"}) }, 1, finding{checkup.CheckSignIn, "redirect", "UIPATH_URL"}},
	"UiPath fails":       {func(w *world) { w.uipath.Inject("GET identity groups", fault.Fault{Status: 500}) }, 3, finding{checkup.CheckGroups, "500", "again"}},
	"UiPath's own clock": {func(w *world) { w.uipath.SetDateAhead(time.Hour) }, 1, finding{checkup.CheckUiPathClock, "behind UiPath", "NTP"}},
	"no seat limits":     {func(w *world) { w.uipath.HideQuotas(true) }, 0, finding{}},
	"no licenses": {func(w *world) {
		for _, code := range []string{"RPADEVPRONU", "IDU", "ATTUNU"} {
			w.uipath.Disown(code)
		}
	}, 1, finding{checkup.CheckOwned, "owns no user license", "user license management"}},
	"limits out of reach": {func(w *world) { w.uipath.Inject("GET groups with-quota", fault.Fault{Status: 403}) }, 1, finding{checkup.CheckQuotas, "does not let the bot do this", "UIPATH_SCOPES"}},

	"a group that a rule misspells": {func(w *world) {
		w.writePolicy("  - name: strict\n    groups: [Finance Robot]\n    deny: ask elsewhere\n  - name: rest\n    approvers: [" + approver + ", " + second + "]\n")
	}, 1, finding{checkup.CheckPolicyGroups, `rule "strict" (line 3) names the group "finance robot"`, "Finance Robots meant"}},
	"a pattern for no group": {func(w *world) {
		w.writePolicy("  - name: strict\n    groups: [\"fnance*\"]\n    deny: ask elsewhere\n  - name: rest\n    approvers: [" + approver + ", " + second + "]\n")
	}, 1, finding{checkup.CheckPolicyGroups, `"fnance*"`, "correct the pattern"}},
	"an id of no group": {func(w *world) {
		w.writePolicy("  - name: strict\n    groups: [8f3a1c2e-0d4b-4c5a-9e6f-7a8b9c0d1e2f]\n    deny: ask elsewhere\n  - name: rest\n    approvers: [" + approver + ", " + second + "]\n")
	}, 1, finding{checkup.CheckPolicyGroups, "8f3a1c2e", "correct"}},
	"a code that a rule misspells": {func(w *world) {
		w.writePolicy("  - name: strict\n    codes: [RPADEVPRONUU]\n    deny: ask elsewhere\n  - name: rest\n    approvers: [" + approver + ", " + second + "]\n")
	}, 1, finding{checkup.CheckPolicyCodes, "RPADEVPRONUU", "RPADEVPRONU meant"}},
	"a pack with a code that is not owned": {func(w *world) {
		w.writePolicy("  - name: rest\n    approvers: [" + approver + ", " + second + "]\npacks:\n  developer: [IDU, PMD]\n")
	}, 1, finding{checkup.CheckPolicyCodes, `the pack "developer" has the code PMD`, "buy the license"}},
	"names that exist": {func(w *world) {
		w.writePolicy("  - name: strict\n    groups: [\"FINANCE*\", " + groupID + "]\n    codes: [IDU, \"RPA*\", TSTNU]\n    deny: ask elsewhere\n  - name: rest\n    approvers: [" + approver + ", " + second + "]\n")
	}, 0, finding{}},
	"a directory's group": {func(w *world) {
		id := w.uipath.AddGroup(fakeuipath.Group{Name: "Directory", Directory: true})
		w.writePolicy("  - name: strict\n    groups: [" + id + "]\n    deny: ask elsewhere\n  - name: rest\n    approvers: [" + approver + ", " + second + "]\n")
	}, 0, finding{}},

	"no folder":          {func(w *world) { w.env["LICENSEBOT_DATABASE_URL"] = "sqlite:///nowhere/at/all/bot.db" }, 1, finding{checkup.CheckDatabase, "/nowhere/at/all", "make it"}},
	"no database server": {func(w *world) { w.env["LICENSEBOT_DATABASE_URL"] = "postgres://u:topsecret@127.0.0.1:1/db" }, 1, finding{checkup.CheckDatabase, "cannot be reached", "LICENSEBOT_DATABASE_URL"}},
	"a file of others": {func(w *world) { w.fillDatabase([]byte(strings.Repeat("no database\n", 1000))) }, 1,
		finding{checkup.CheckDatabase, "cannot be read", "backup"}},
	"a file in memory": {func(w *world) {
		if _, err := os.Stat("/dev/shm"); err != nil {
			w.t.Skip("there is no /dev/shm")
		}
		w.env["LICENSEBOT_DATABASE_URL"] = fmt.Sprintf("sqlite:///dev/shm/licensebot-%d.db", os.Getpid())
	}, 1, finding{checkup.CheckDurable, "tmpfs", "on a disk"}},
}

func (w *world) fillDatabase(content []byte) {
	w.t.Helper()
	if err := os.WriteFile(strings.TrimPrefix(w.env["LICENSEBOT_DATABASE_URL"], "sqlite://"), content, 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// TestDoctorNamesWhatIsBroken breaks one thing a world. Doctor names it, says what to do,
// and finds nothing else that does not follow from it.
func TestDoctorNamesWhatIsBroken(t *testing.T) {
	t.Parallel()
	for name, c := range brokenWorlds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c.break_(w)
			code, report := w.diagnose()
			if code != c.code {
				t.Errorf("exit code %d instead of %d", code, c.code)
			}
			w.wantNoWrites()
			if c.want.check == "" {
				for _, result := range report.Checks {
					if result.State != checkup.OK {
						t.Errorf("%+v", result)
					}
				}
				return
			}
			if !slices.ContainsFunc(report.Checks, func(r checkup.Result) bool {
				return r.Check == c.want.check && r.State != checkup.OK && strings.Contains(r.Found, c.want.found) &&
					strings.Contains(r.Do, c.want.do)
			}) {
				t.Errorf("%s does not say %q, do %q:\n%s", c.want.check, c.want.found, c.want.do, showResults(report.Checks))
			}
		})
	}
}

func showResults(results []checkup.Result) string {
	var lines bytes.Buffer
	for _, r := range results {
		if r.State != checkup.OK {
			fmt.Fprintf(&lines, "%s %s: %s -> %s\n", r.State, r.Check, r.Found, r.Do)
		}
	}
	return lines.String()
}

// wantNoWrites expects that neither service was asked to change anything, and that no
// socket was opened.
func (w *world) wantNoWrites() {
	w.t.Helper()
	reads := []string{
		"auth.test", "apps.connections.open", "bots.info", "conversations.info", "conversations.members", "emoji.list",
		"users.info", "usergroups.users.list",
	}
	for _, call := range w.slack.Calls("") {
		if !slices.Contains(reads, call.Method) {
			w.t.Errorf("Slack was asked for %s", call.Method)
		}
	}
	for _, call := range w.uipath.Calls("") {
		isSignIn := call.Operation == "token" || call.Operation == "authenticate"
		if call.Method != "GET" && !isSignIn {
			w.t.Errorf("UiPath was asked for %s %s", call.Method, call.Path)
		}
	}
	if w.slack.Connections() > 0 {
		w.t.Error("a socket is open")
	}
}

// TestDoctorGoesOnAfterAProblem breaks several things at once. Checks that do not rest on
// each other go on, and the others say what they rest on.
func TestDoctorGoesOnAfterAProblem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.slack.RevokeBotToken()
	w.env["UIPATH_CLIENT_SECRET"] = "wrong"
	w.env["LICENSEBOT_DATABASE_URL"] = "sqlite:///nowhere/bot.db"
	w.env["LICENSEBOT_QUORUM"] = "many"
	code, report := w.diagnose()
	for check, want := range map[string]checkup.State{
		checkup.CheckConfiguration: checkup.Problem, checkup.CheckBotToken: checkup.Problem,
		checkup.CheckSignIn: checkup.Problem, checkup.CheckDatabase: checkup.Problem,
		checkup.CheckAppToken: checkup.OK, checkup.CheckSocketMode: checkup.OK, checkup.CheckEmoji: checkup.OK,
		checkup.CheckUiPathClock: checkup.OK, checkup.CheckScopes: checkup.NotChecked,
		checkup.CheckRules: checkup.NotChecked, checkup.CheckGroups: checkup.NotChecked,
		checkup.CheckDurable: checkup.NotChecked,
	} {
		at := slices.IndexFunc(report.Checks, func(r checkup.Result) bool { return r.Check == check })
		if at < 0 || report.Checks[at].State != want {
			t.Errorf("%s is not %s:\n%s", check, want, showResults(report.Checks))
		}
	}
	for _, r := range report.Checks {
		if r.State == checkup.NotChecked && !strings.Contains(r.Found, "because") {
			t.Errorf("%s does not say why it was not checked: %s", r.Check, r.Found)
		}
	}
	if code != exitFailure || report.State != checkup.Problem {
		t.Errorf("exit code %d, %s", code, report.State)
	}
}

// TestDoctorLeavesTheDatabaseAlone compares the files before and after: of a database that
// is not there yet, of one that a bot has open, of one that a killed bot left, and of one
// that was closed.
func TestDoctorLeavesTheDatabaseAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	folder := filepath.Dir(strings.TrimPrefix(w.env["LICENSEBOT_DATABASE_URL"], "sqlite://"))
	expect := func(when string) {
		t.Helper()
		before := readFolder(t, folder)
		if code, report := w.diagnose(); code != 0 {
			t.Errorf("%s: exit code %d:\n%s", when, code, showResults(report.Checks))
		}
		if after := readFolder(t, folder); !slices.Equal(before, after) {
			t.Errorf("%s: the files were %v and are %v", when, before, after)
		}
	}
	expect("before the first start")
	w.startReplica()
	w.typeRequest("group-01 IDU")
	w.awaitCondition("the card", w.hasCompleteCard)
	w.awaitNoJobs()
	if code, report := w.diagnose(); code != 0 {
		t.Errorf("while the bot runs: exit code %d:\n%s", code, showResults(report.Checks))
	}
	w.killReplicas()
	expect("after the bot was killed")
	w.startReplica()
	if err := w.replicas[0].Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = w.replicas[0].Wait()
	w.replicas = nil
	expect("after the bot ended")
}

// readFolder lists the files of a folder with a sum of their content. SQLite's index of
// its own log, -shm, is no data.
func readFolder(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, entry := range entries {
		if strings.HasSuffix(entry.Name(), "-shm") {
			continue
		}
		content, err := os.ReadFile(filepath.Join(folder, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, fmt.Sprintf("%s %x", entry.Name(), sha256.Sum256(content)))
	}
	return files
}

// TestDoctorsJSON compares what other programs read with testdata/doctor.json. Update it by
// hand: its names are interface.
func TestDoctorsJSON(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, out, _ := w.runDoctor("--json")
	out = strings.NewReplacer(
		versionName(), "VERSION", strings.TrimPrefix(w.env["LICENSEBOT_DATABASE_URL"], "sqlite://"), "FILE",
	).Replace(out)
	out = regexp.MustCompile(`"checked_at": "[^"]*"`).ReplaceAllString(out, `"checked_at": "TIME"`)
	golden, err := os.ReadFile(filepath.Join("testdata", "doctor.json"))
	if err != nil {
		t.Fatal(err)
	}
	if out != string(golden) {
		t.Errorf("doctor --json is\n%s", out)
	}
}

// TestDoctorsScreen expects words that need no colors, and none without a terminal.
func TestDoctorsScreen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env["LICENSEBOT_CHANNEL"] = "C0NOWHERE"
	code, out, _ := w.runDoctor()
	for _, want := range []string{"PROBLEM      slack.channel", "\n" + strings.Repeat(" ", 34) + "-> check LICENSEBOT_CHANNEL", "1 problem found"} {
		if !strings.Contains(out, want) {
			t.Errorf("it lacks %q:\n%s", want, out)
		}
	}
	for line := range strings.Lines(out) {
		if len([]rune(line)) > screenWidth+1 || strings.Contains(line, "\x1b") {
			t.Errorf("too wide, or colored: %q", line)
		}
	}
	if code != exitFailure {
		t.Errorf("exit code %d", code)
	}
	var screen strings.Builder
	if err := writeReport(&screen, checkup.Report{Results: []checkup.Result{{State: checkup.Problem}}}, true); err != nil ||
		!strings.Contains(screen.String(), "\x1b[1;31mPROBLEM") {
		t.Errorf("%v, no color on a terminal: %q", err, screen.String())
	}
}

// TestServeChecksItsSetup breaks the setup of a running bot. The log names the check once,
// and so do the probe, the metric and an approver's Home tab; a mended policy is noticed.
func TestServeChecksItsSetup(t *testing.T) {
	sweep.InSample(t, false)
	t.Parallel()
	w := newWorld(t)
	rules := "  - name: all\n    approvers: [" + approver + "]\n"
	w.writePolicy(rules)
	w.startReplica()
	log := func() string { return fmt.Sprint(w.replicas[0].Stderr) }
	const line = `"check":"approvers.rules"`
	w.pollUntil("the log to name the rule", func() bool { return strings.Contains(log(), line) })
	if !strings.Contains(log(), "too few approvers") || !strings.Contains(log(), `"remedy":"name more approvers`) {
		t.Errorf("the log does not say what to do:\n%s", log())
	}
	status, page := getPage(t, w.healthBase()+"/readyz?verbose")
	if status != 200 || !strings.HasPrefix(page, "ok\n") || !strings.Contains(page, "PROBLEM      approvers.rules") {
		t.Errorf("%d %s", status, page)
	}
	if _, page := getPage(t, w.healthBase()+"/readyz"); page != "ok" {
		t.Errorf("/readyz is %q", page)
	}
	if _, metrics := getPage(t, w.healthBase()+"/metrics"); !strings.Contains(metrics, "licensebot_check_failing{check=\"approvers.rules\"} 1\n") {
		t.Error("no metric counts the check")
	}
	for user, wanted := range map[string]bool{approver: true, bystander: false} {
		if err := w.slack.OpenHome(user); err != nil {
			t.Fatal(err)
		}
		w.awaitCondition("the Home tab", func() bool { return w.homeBlocks(user) != "" })
		if strings.Contains(w.homeBlocks(user), "approvers.rules") != wanted {
			t.Errorf("the Home tab of %s: %s", user, w.homeBlocks(user))
		}
	}
	if err := os.WriteFile(w.env["LICENSEBOT_POLICY_FILE"], []byte("version: 1\nrules:\n"+strings.Replace(rules, "]", ", "+second+"]", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	w.pollUntil("the log to tell that it is mended", func() bool { return strings.Contains(log(), "find no problem any more") })
	if n := strings.Count(log(), line); n != 1 {
		t.Errorf("the log names the problem %d times", n)
	}
}

// TestWhatIsNotCheckedSaysWhy expects the true reason: a variable that is missing is not called
// wrong, and a server that was not asked is not said to be silent.
func TestWhatIsNotCheckedSaysWhy(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		break_ func(*world)
		want   map[string]string // by check
	}{
		"missing": {
			func(w *world) { delete(w.env, "SLACK_BOT_TOKEN"); w.env["UIPATH_CLIENT_ID"] = " " },
			map[string]string{
				checkup.CheckChannel:     "not checked, because SLACK_BOT_TOKEN is missing",
				checkup.CheckSignIn:      "not checked, because UIPATH_CLIENT_ID is missing",
				checkup.CheckUiPathClock: "not checked, because UIPATH_CLIENT_ID is missing",
			},
		},
		"wrong": {
			func(w *world) { w.env["SLACK_BOT_TOKEN"], w.env["UIPATH_ACCOUNT_ID"] = "xoxp-1", "acme" },
			map[string]string{
				checkup.CheckBotToken:    "not checked, because SLACK_BOT_TOKEN is wrong",
				checkup.CheckUiPathClock: "not checked, because UIPATH_ACCOUNT_ID is wrong",
			},
		},
		"away": {
			func(w *world) { w.env["UIPATH_URL"] = "http://127.0.0.1:1" },
			map[string]string{checkup.CheckUiPathClock: "not checked, because of uipath.sign_in"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c.break_(w)
			_, report := w.diagnose()
			for check, want := range c.want {
				said := slices.ContainsFunc(report.Checks, func(r checkup.Result) bool {
					return r.Check == check && r.State == checkup.NotChecked && r.Found == want
				})
				if !said {
					t.Errorf("%s does not say %q: %+v", check, want, report.Checks)
				}
			}
		})
	}
}
