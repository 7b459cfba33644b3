package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"licensebot/bot/bottest"
	"licensebot/internal/sweep"
)

const (
	bom     = "\uFEFF"
	account = "8f3a1c2e-0d4b-4c5a-9e6f-7a8b9c0d1e2f"
)

// TestWhatIsAroundAValueIsDropped surrounds the value of each variable with what
// shells and editors leave.
func TestWhatIsAroundAValueIsDropped(t *testing.T) {
	plain, err := loadConfig(t, validVariables())
	if err != nil {
		t.Fatal(err)
	}
	for _, around := range [][2]string{{"", "\n"}, {"", "\r\n"}, {bom, ""}, {" ", "\t"}, {bom + " ", " " + bom}, {"\n\n", "\u00a0"}} {
		for name, value := range validVariables() {
			env := validVariables()
			env[name] = around[0] + value + around[1]
			if cfg, err := loadConfig(t, env); err != nil || cfg.environment != plain.environment {
				t.Errorf("%s=%q: %v", name, env[name], err)
			}
		}
		for name := range new(environment).secretFields() {
			value := map[string]string{"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "LICENSEBOT_DATABASE_URL": "sqlite://a.db"}[name]
			if value == "" {
				value = "p,#$w"
			}
			path := filepath.Join(t.TempDir(), "secret")
			if err := os.WriteFile(path, []byte(around[0]+value+around[1]), 0o600); err != nil {
				t.Fatal(err)
			}
			env := validVariables()
			delete(env, name)
			env[name+"_FILE"] = path + "\r"
			cfg, err := loadConfig(t, env)
			if err != nil || *cfg.secretFields()[name] != value {
				t.Errorf("%s in a file as %q: %v", name, around, err)
			}
		}
	}
}

// TestQuotesAndCommentsAreNamed gives each variable a value as env-files and shells
// leave it, and expects one problem that says what it is and not the value.
func TestQuotesAndCommentsAreNamed(t *testing.T) {
	sweep.InSample(t, false)
	for _, name := range variableNames() {
		if strings.HasSuffix(name, "_FILE") {
			continue
		}
		value := validVariables()[name]
		if value == "" {
			value = "value"
		}
		for _, c := range []struct{ text, says string }{
			{`"` + value + `"`, "is in quotes"},
			{`'` + value + `'`, "is in quotes"},
			{"“" + value + "”", "is in quotes"},
			{`"` + value + `" # why`, "a quote"},
			{value + " # why", "has a comment"},
			{value + "\t# why", "has a comment"},
			{name + "=" + value, "repeats its own name"},
			{"${" + name + "}", "is a placeholder"},
			{"<your value>", "is a placeholder"},
			{value + "\xff", "is not UTF-8"},
		} {
			isExact := slices.Contains([]string{"is in quotes", "repeats its own name", "is not UTF-8"}, c.says)
			if freeText[name] && !isExact {
				continue
			}
			env := validVariables()
			env[name] = c.text
			_, err := loadConfig(t, env)
			var problems *ConfigError
			if !errors.As(err, &problems) || len(problems.Problems) != 1 {
				t.Errorf("%s=%q: not one problem: %v", name, c.text, err)
				continue
			}
			got := problems.Problems[0]
			if !strings.HasPrefix(got, name+": ") || !strings.Contains(got, c.says) || strings.Contains(got, "secret-") {
				t.Errorf("%s=%q: it says %s", name, c.text, got)
			}
		}
	}
}

func TestSecretFilesThatAreNoSecret(t *testing.T) {
	for text, says := range map[string]string{
		"":                             "is empty",
		bom + "\r\n":                   "is empty",
		`"xoxb-1"`:                     "is in quotes",
		"xoxb-1 # ours":                "has a comment",
		"SLACK_BOT_TOKEN=xoxb-1\n":     "repeats its own name",
		"# ours\nxoxb-1\n":             "has more than one line",
		"\xff\xfex\x00o\x00x\x00b\x00": "not UTF-16",
		"xoxb-1\x00":                   "not UTF-16",
		"xoxb-\u200b1":                 "U+200B",
		"xoxb-1\x1b[0m":                "U+001B",
		"Bearer xoxb-1":                "begins with Bearer",
	} {
		env := validVariables()
		delete(env, "SLACK_BOT_TOKEN")
		path := filepath.Join(t.TempDir(), "token")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		env["SLACK_BOT_TOKEN_FILE"] = path
		_, err := loadConfig(t, env)
		var problems *ConfigError
		if !errors.As(err, &problems) || len(problems.Problems) != 1 || !strings.Contains(err.Error(), "SLACK_BOT_TOKEN_FILE: ") ||
			!strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "xoxb-1") {
			t.Errorf("%q: %v, want %q", text, err, says)
		}
	}
}

// TestPasswordsMayHaveAnything takes what would be a fault elsewhere.
func TestPasswordsMayHaveAnything(t *testing.T) {
	for _, password := range []string{`"half`, "a # b", "${x}", "pä ss", "'tis #1"} {
		env := validVariables()
		env["UIPATH_AUTH"], env["UIPATH_USERNAME"], env["UIPATH_PASSWORD"] = "ropc", "u@example.com", password
		if cfg, err := loadConfig(t, env); err != nil || cfg.UiPathPassword != password {
			t.Errorf("%q: %v", password, err)
		}
	}
}

func TestValuesThatAlmostFit(t *testing.T) {
	for _, c := range []struct{ variable, value, says string }{
		{"UIPATH_ACCOUNT_ID", "acme", "is not a GUID"},
		{"UIPATH_ACCOUNT_ID", "1234", "is not a GUID"},
		{"UIPATH_ACCOUNT_ID", "{" + account + "}", "is not a GUID"},
		{"UIPATH_ACCOUNT_ID", strings.ReplaceAll(account, "-", ""), "is not a GUID"},
		{"UIPATH_ACCOUNT_ID", "https://cloud.uipath.com/acme", "is not a GUID"},
		{"UIPATH_ACCOUNT_ID", "00000000-0000-0000-0000-000000000000", "is a placeholder"},
		{"UIPATH_ORGANIZATION", "Acme Inc.", "has blanks"},
		{"UIPATH_SCOPES", "PM.License.Read PM.License.Write offline_access", "has offline_access"},
		{"UIPATH_URL", "https://cloud.uipath.com/acme", "has a path"},
		{"UIPATH_URL", "https://cloud.uipath.com/acme/DefaultTenant/", "has a path"},
		{"UIPATH_URL", "cloud.uipath.com", "does not begin with https://"},
		{"UIPATH_URL", "https://https://cloud.uipath.com", "has a path"},
		{"UIPATH_TOKEN_URL", "https://cloud.uipath.com/{organizationName}/identity_/connect/token", "has a placeholder in it"},
		{"UIPATH_URL", "https://<your-host>", "has a placeholder in it"},
		{"SLACK_API_URL", "https://${SLACK_HOST}/api/", "has a placeholder in it"},
		{"LICENSEBOT_DATABASE_URL", "postgres://bot:${DB_PASSWORD}@db/licensebot", "has a placeholder in it"},
		{"LICENSEBOT_DATABASE_URL", "sqlite://~/bot.db", "has a placeholder in it"},
		{"LICENSEBOT_DATABASE_URL", "sqlite://$HOME/bot.db", "has a placeholder in it"},
		{"SLACK_API_URL", "https://slack.com", "its path has to be /api/"},
		{"SLACK_API_URL", "https://api.slack.com/", "its path has to be /api/"},
		{"SLACK_API_URL", "https://slack.com/api/auth.test", "its path has to be /api/"},
		{"SLACK_API_URL", "https://slack-gov.com/", "its path has to be /api/"},
		{"SLACK_API_URL", "https://ACME.slack-gov.com/client", "its path has to be /api/"},
		{"UIPATH_SCOPES", "PM.License.Read,PM.License.Write", "blanks"},
		{"UIPATH_SCOPES", "PM.License.Read;PM.License.Write", "blanks"},
		{"UIPATH_SCOPES", "PM.License.Read+PM.License.Write", "blanks"},
		{"SLACK_BOT_TOKEN", "xoxb-1\u200b", "U+200B"},
		{"SLACK_BOT_TOKEN", "xoxb-…", "U+2026"},
		{"SLACK_APP_TOKEN", "xapp-1 2", "blanks"},
		{"UIPATH_ACCESS_TOKEN", "Bearer abc", "begins with Bearer"},
		{"UIPATH_ACCESS_TOKEN", "a\tb", "blanks"},
		{"LICENSEBOT_DATABASE_URL", "sqlite:///x/q.db?mode=rwc", "has parameters"},
		{"LICENSEBOT_DATABASE_URL", "postgres://u:p@ss@h/d", "as %40 (example: postgres://"},
		{"LICENSEBOT_DATABASE_URL", "postgres://u:p@h/d?sslmode=verify-ca&sslrootcert=/nonexistent", "open /nonexistent"},
	} {
		env := validVariables()
		env[c.variable] = c.value
		_, err := loadConfig(t, env)
		var problems *ConfigError
		if !errors.As(err, &problems) || len(problems.Problems) != 1 || !strings.HasPrefix(problems.Problems[0], c.variable+": ") ||
			!strings.Contains(problems.Problems[0], c.says) {
			t.Errorf("%s=%s: %v, want %q", c.variable, c.value, err, c.says)
		}
	}
}

func TestMisspelledVariablesAreWarnedOf(t *testing.T) {
	for name, meant := range map[string]string{
		"SLACK_BOT_TOKN": "SLACK_BOT_TOKEN", "SLACK_TOKEN": "SLACK_APP_TOKEN or SLACK_BOT_TOKEN", "SLACK_APPTOKEN": "SLACK_APP_TOKEN",
		"slack_bot_token": "SLACK_BOT_TOKEN", "SLACK-BOT-TOKEN": "SLACK_BOT_TOKEN", "SLAK_BOT_TOKEN": "SLACK_BOT_TOKEN",
		"UIPATH_ORG": "UIPATH_ORGANIZATION", "UIPATH_ORGANIZATON": "UIPATH_ORGANIZATION", "UIPATH_SCOPE": "UIPATH_SCOPES",
		"UIPATH_ACCOUNTID": "UIPATH_ACCOUNT_ID", "UIPATH_SECRET": "UIPATH_CLIENT_SECRET", "UI_PATH_URL": "UIPATH_URL",
		"LICENSEBOT_APPROVER": "LICENSEBOT_APPROVERS", "LICENSEBOT_TTL": "LICENSEBOT_REQUEST_TTL", "LICENCEBOT_CHANNEL": "LICENSEBOT_CHANNEL",
		"LICENSE_BOT_CHANNEL": "LICENSEBOT_CHANNEL", "LICENSEBOT_CHANNEL_ID": "LICENSEBOT_CHANNEL", "LICENSEBOT_POLICY": "LICENSEBOT_POLICY_FILE",
		"LICENSEBOT_CHANNEL_FILE": "LICENSEBOT_CHANNEL", "UIPATH_CLIENT_SECRET_FLE": "UIPATH_CLIENT_SECRET_FILE",
		"UIPATH_APP_ID": "UIPATH_CLIENT_ID", "UIPATH_APP_SECRET": "UIPATH_CLIENT_SECRET", "UIPATH_ORG_ID": "UIPATH_ACCOUNT_ID",
		"UIPATH_ORGANIZATION_ID": "UIPATH_ACCOUNT_ID", "UIPATH_TOKEN": "UIPATH_ACCESS_TOKEN", "SLACK_CHANNEL": "LICENSEBOT_CHANNEL",
		"LICENSEBOT_DB_URL": "LICENSEBOT_DATABASE_URL", "LICENSEBOT_SLACK_BOT_TOKEN": "SLACK_BOT_TOKEN",
		"LICENSEBOT_DATABASE": "LICENSEBOT_DATABASE_URL", "LICENSEBOT_LOGLEVEL": "LICENSEBOT_LOG_LEVEL",
	} {
		warnings := findMisspelled([]string{name + "=secret-1"})
		if len(warnings) != 1 || !strings.Contains(warnings[0], name+" is set") || !strings.Contains(warnings[0], "is "+meant+" meant") ||
			strings.Contains(warnings[0], "secret-1") {
			t.Errorf("%s: %q", name, warnings)
		}
	}
	for _, name := range append(variableNames(), "PATH", "HOME", "SLACK_SIGNING_SECRET", "SLACK_CLIENT_ID", "UIPATH_FOLDER_PATH", "HTTPS_PROXY",
		"LICENSEBOT_PORT", "LICENSEBOT_PORT_8080_TCP", "LICENSEBOT_PORT_8080_TCP_ADDR", "LICENSEBOT_SERVICE_HOST", "LICENSEBOT_SERVICE_PORT", "U", "_", "") {
		if warnings := findMisspelled([]string{name + "=x"}); len(warnings) > 0 {
			t.Errorf("%s: %q", name, warnings)
		}
	}
}

// TestTheOwnPrefixHasNoOthers warns of each unknown variable of its own, near or far.
func TestTheOwnPrefixHasNoOthers(t *testing.T) {
	for _, name := range []string{"LICENSEBOT_TOKEN_FILE", "LICENSEBOT_COLOR", "LICENSEBOT_SERVICE", "LICENSEBOT_IMPORT"} {
		if warnings := findMisspelled([]string{name + "=secret-1"}); len(warnings) != 1 || !strings.Contains(warnings[0], name+" is set") ||
			strings.Contains(warnings[0], "secret-1") {
			t.Errorf("%s: %q", name, warnings)
		}
	}
	for _, name := range []string{"LICENSEBOT_METRICS_SERVICE_HOST", "LICENSEBOT_METRICS_PORT", "LICENSEBOT_METRICS_PORT_9090_TCP_PROTO",
		"LICENSEBOT_METRICS_SERVICE_PORT_HTTP", "LICENSEBOT_PORT_53_UDP"} {
		if warnings := findMisspelled([]string{name + "=x"}); len(warnings) > 0 {
			t.Errorf("%s: %q", name, warnings)
		}
	}
}

// A misspelled variable is told with the problems if there are any, and else logged.
func TestWarningsReachTheOperator(t *testing.T) {
	env := validVariables()
	env["SLACK_BOT_TOKN"] = env["SLACK_BOT_TOKEN"]
	cfg, err := loadConfig(t, env)
	if err != nil {
		t.Fatal(err)
	}
	log := new(bottest.Log)
	cfg.DatabaseURL = "nowhere" // so that it ends at once
	if err := Serve(t.Context(), cfg, Tuning{}, zerolog.New(log)); err == nil || !strings.Contains(log.String(), "SLACK_BOT_TOKN is set") {
		t.Errorf("%v, and the log is %s", err, log)
	}
	delete(env, "SLACK_BOT_TOKEN")
	if _, err := loadConfig(t, env); err == nil || !strings.Contains(err.Error(), "is SLACK_BOT_TOKEN meant") || !strings.Contains(err.Error(), "one problem") {
		t.Errorf("it says %v", err)
	}
}
