package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"licensebot/approvals"
	"licensebot/deploy"
	"licensebot/internal/fakeslack"
)

// validVariables returns a complete configuration.
func validVariables() map[string]string {
	return map[string]string{
		"SLACK_BOT_TOKEN": "xoxb-secret-1", "SLACK_APP_TOKEN": "xapp-secret-2",
		"UIPATH_ORGANIZATION": "acme", "UIPATH_ACCOUNT_ID": "8f3a1c2e-0d4b-4c5a-9e6f-7a8b9c0d1e2f",
		"UIPATH_CLIENT_ID": "id", "UIPATH_CLIENT_SECRET": "secret-3",
		"LICENSEBOT_CHANNEL": "C0123", "LICENSEBOT_APPROVERS": "U0123,S0456",
	}
}

// loadConfig reads the configuration of a process with exactly these variables.
func loadConfig(t *testing.T, env map[string]string) (Config, error) {
	t.Helper()
	for _, pair := range os.Environ() {
		name, _, _ := strings.Cut(pair, "=")
		if strings.HasPrefix(name, "SLACK_") || strings.HasPrefix(name, "UIPATH_") || strings.HasPrefix(name, "LICENSEBOT_") {
			t.Setenv(name, "")
			_ = os.Unsetenv(name)
		}
	}
	for name, value := range env {
		t.Setenv(name, value)
	}
	return LoadConfig()
}

func TestConfigurationDefaults(t *testing.T) {
	cfg, err := loadConfig(t, validVariables())
	if err != nil {
		t.Fatal(err)
	}
	for name, pair := range map[string][2]string{
		"SLACK_API_URL": {cfg.SlackAPIURL, "https://slack.com/api/"}, "UIPATH_URL": {cfg.UiPathURL, "https://cloud.uipath.com"},
		"UIPATH_AUTH": {cfg.UiPathAuth, "client_credentials"}, "LICENSEBOT_DATABASE_URL": {cfg.DatabaseURL, "sqlite://licensebot.db"},
		"LICENSEBOT_HTTP_ADDR": {cfg.HTTPAddr, "127.0.0.1:8080"}, "UIPATH_SCOPES": {cfg.UiPathScopes, "PM.License.Read PM.License.Write PM.Group.Read"},
		"LICENSEBOT_REQUEST_TTL": {cfg.TTL.String(), "24h0m0s"}, "LICENSEBOT_APPROVE_EMOJI": {cfg.Emoji.Approve[0], "white_check_mark"},
		"LICENSEBOT_DENY_EMOJI": {cfg.Emoji.Deny[0], "x"}, "LICENSEBOT_LOG_LEVEL": {cfg.Level.String(), "info"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s defaults to %q instead of %q", name, pair[0], pair[1])
		}
	}
}

func TestEveryProblemIsReportedAtOnce(t *testing.T) {
	_, err := loadConfig(t, map[string]string{
		"SLACK_BOT_TOKEN": "xoxp-secret-1", "SLACK_API_URL": "slack.com", "UIPATH_AUTH": "magic", "LICENSEBOT_CHANNEL": "#approvals",
		"LICENSEBOT_APPROVERS": "alex", "LICENSEBOT_QUORUM": "none", "LICENSEBOT_REQUEST_TTL": "soon", "LICENSEBOT_DENY_EMOJI": "white_check_mark",
		"LICENSEBOT_POLICY_FILE": "policy.yaml", "LICENSEBOT_DATABASE_URL": "mysql://u:secret-4@h/db", "LICENSEBOT_HTTP_ADDR": "8080",
		"LICENSEBOT_LOG_LEVEL": "loud", "LICENSEBOT_LOG_FORMAT": "xml", "LICENSEBOT_MAX_OPEN": "0", "LICENSEBOT_DATABASE_CONNECTIONS": "2",
	})
	var problems *ConfigError
	if !errors.As(err, &problems) || !isUsageError(err) {
		t.Fatalf("not a configuration error: %v", err)
	}
	for _, name := range []string{
		"SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_API_URL", "UIPATH_ORGANIZATION", "UIPATH_ACCOUNT_ID", "UIPATH_AUTH", "LICENSEBOT_CHANNEL",
		"LICENSEBOT_APPROVERS", "LICENSEBOT_QUORUM", "LICENSEBOT_REQUEST_TTL", "LICENSEBOT_DENY_EMOJI", "LICENSEBOT_POLICY_FILE",
		"LICENSEBOT_DATABASE_URL", "LICENSEBOT_HTTP_ADDR", "LICENSEBOT_LOG_LEVEL", "LICENSEBOT_LOG_FORMAT",
		"LICENSEBOT_MAX_OPEN", "LICENSEBOT_DATABASE_CONNECTIONS",
	} {
		if !slices.ContainsFunc(problems.Problems, func(p string) bool { return strings.HasPrefix(p, name+": ") && strings.Contains(p, "example: ") }) {
			t.Errorf("nothing is said of %s", name)
		}
	}
	if strings.Contains(err.Error(), "secret-") {
		t.Errorf("a secret is in the error: %v", err)
	}
}

func TestSecretsFromFiles(t *testing.T) {
	env := validVariables()
	delete(env, "SLACK_BOT_TOKEN")
	env["SLACK_BOT_TOKEN_FILE"] = filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(env["SLACK_BOT_TOKEN_FILE"], []byte("xoxb-from-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := loadConfig(t, env)
	if err != nil || cfg.SlackBotToken != "xoxb-from-file" {
		t.Errorf("got %q, %v", cfg.SlackBotToken, err)
	}
	env["SLACK_BOT_TOKEN"] = "xoxb-both"
	if _, err := loadConfig(t, env); err == nil || !strings.Contains(err.Error(), "set one of them") {
		t.Errorf("a secret given twice was taken: %v", err)
	}
}

// TestOneWrongVariable sets one variable at a time and expects one problem.
func TestOneWrongVariable(t *testing.T) {
	for name, c := range map[string]struct{ variable, value, says string }{
		"no channel":          {"LICENSEBOT_CHANNEL", "", "is required"},
		"channel by name":     {"LICENSEBOT_CHANNEL", "licenses", "not its name"},
		"channel by link":     {"LICENSEBOT_CHANNEL", "https://acme.slack.com/archives/C0123ABCD", "is a link"},
		"channel by mention":  {"LICENSEBOT_CHANNEL", "<#C0123ABCD|licenses>", "is a mention"},
		"a direct message":    {"LICENSEBOT_CHANNEL", "D0123ABCD", "direct message"},
		"several channels":    {"LICENSEBOT_CHANNEL", "C0123ABCD,C0456EFGH", "one approvals channel"},
		"URL without scheme":  {"UIPATH_URL", "cloud.uipath.com", "does not begin with https://"},
		"host and port alone": {"SLACK_API_URL", "localhost:8080/api/", "does not begin with https://"},
		"no approvers":        {"LICENSEBOT_APPROVERS", " , ", "is required"},
		"two names, one vote": {"LICENSEBOT_DENY_EMOJI", "x,thumbsup", "thumbsup is also in LICENSEBOT_APPROVE_EMOJI"},
		"no level of ours":    {"LICENSEBOT_LOG_LEVEL", "disabled", "none of debug, info, warn and error"},
		"no level at all":     {"LICENSEBOT_LOG_LEVEL", "", "none of debug"},
		"port in words":       {"LICENSEBOT_HTTP_ADDR", "127.0.0.1:nowhere", "a port that does not exist"},
		"port too high":       {"LICENSEBOT_HTTP_ADDR", "127.0.0.1:65536", "a port that does not exist"},
		"organization's page": {"UIPATH_ORGANIZATION", "https://cloud.uipath.com/acme", "not an address"},
		"account in a path":   {"UIPATH_ACCOUNT_ID", "..", "not its name, an address"},
		"tenant in a path":    {"UIPATH_TENANT", "acme/Default", "not an address"},
		"fragment":            {"UIPATH_URL", "https://cloud.uipath.com/#acme", "fragment"},
		"query":               {"SLACK_API_URL", "https://slack.com/api/?x=1", "query"},
		"password in it":      {"UIPATH_TOKEN_URL", "https://u:hunter2@cloud.uipath.com/", "user"},
		"secrets in the open": {"UIPATH_URL", "http://uipath.example", "LICENSEBOT_ALLOW_HTTP=true"},
		"tokens in the open":  {"UIPATH_TOKEN_URL", "http://127.0.0.1.example/token", "LICENSEBOT_ALLOW_HTTP=true"},
		"Slack in the open":   {"SLACK_API_URL", "http://10.0.0.1/api", "LICENSEBOT_ALLOW_HTTP=true"},
		"neither yes nor no":  {"LICENSEBOT_ALLOW_HTTP", "1", "neither on nor off"},
		"quorum too high":     {"LICENSEBOT_QUORUM", "21", "from 1 to 20"},
		"life too short":      {"LICENSEBOT_REQUEST_TTL", "59s", "between 1m and 2160h"},
		"secret with a blank": {"SLACK_APP_TOKEN", "xapp-secret 2", "blanks"},
		"no such secret":      {"UIPATH_PASSWORD_FILE", "/nonexistent", "cannot be read"},
		"endless secret":      {"UIPATH_PASSWORD_FILE", "/dev/zero", "longer than a secret can be"},
	} {
		t.Run(name, func(t *testing.T) {
			env := validVariables()
			env["LICENSEBOT_APPROVE_EMOJI"] = "white_check_mark,+1"
			env[c.variable] = c.value
			_, err := loadConfig(t, env)
			var problems *ConfigError
			if !errors.As(err, &problems) || len(problems.Problems) != 1 {
				t.Fatalf("not one problem: %v", err)
			}
			if got := problems.Problems[0]; !strings.HasPrefix(got, c.variable+": ") || !strings.Contains(got, c.says) || strings.Contains(got, "hunter2") {
				t.Errorf("it says %s", got)
			}
		})
	}
}

func TestApproversByLine(t *testing.T) {
	env := validVariables()
	env["LICENSEBOT_APPROVERS"] = "U0123,\n  S0456\tW0789\n"
	cfg, err := loadConfig(t, env)
	if err != nil || !slices.Equal(cfg.Policy.Approvers(), []string{"U0123", "S0456", "W0789"}) {
		t.Errorf("got %q, %v", cfg.Policy.Approvers(), err)
	}
}

func TestQuorumOutOfReach(t *testing.T) {
	env := validVariables()
	env["LICENSEBOT_APPROVERS"], env["LICENSEBOT_QUORUM"] = "U0123,U0123", "2"
	if _, err := loadConfig(t, env); err == nil || !strings.Contains(err.Error(), "could ever be granted") {
		t.Errorf("it was taken: %v", err)
	}
}

// TestManifestScopes compares the scopes of the manifest with those of the
// simulator, which every test uses. So the manifest asks for what the bot uses.
func TestManifestScopes(t *testing.T) {
	_, scopes, _ := strings.Cut(string(deploy.SlackManifest), "    bot:\n")
	scopes, _, _ = strings.Cut(scopes, "settings:")
	var asked []string
	for _, m := range regexp.MustCompile(`(?m)^ +- ([a-z:]+) # .+$`).FindAllStringSubmatch(scopes, -1) {
		asked = append(asked, m[1])
	}
	given := fakeslack.DefaultScopes()
	slices.Sort(asked)
	slices.Sort(given)
	if !slices.Equal(asked, given) {
		t.Errorf("the manifest asks for %v, the bot is tested with %v", asked, given)
	}
}

// TestEveryVariableIsDocumented compares names and defaults in docs/configuration.md
// with those the bot reads.
func TestEveryVariableIsDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| (`[A-Z_`, ]+`) \\|([^|]*)\\|").FindAllStringSubmatch(string(page), -1) {
		for _, name := range strings.Split(strings.ReplaceAll(row[1], "`", ""), ", ") {
			documented[name] = strings.Trim(row[2], "` ")
		}
	}
	fields := reflect.VisibleFields(reflect.TypeFor[environment]())
	for _, field := range fields {
		name, standard := field.Tag.Get("envconfig"), field.Tag.Get("default")
		said, ok := documented[name]
		switch {
		case !ok:
			t.Errorf("%s is not in the table", name)
		case standard != "" && said != standard:
			t.Errorf("%s defaults to %q, the table says %q", name, standard, said)
		}
	}
	if len(documented) != len(fields) {
		t.Errorf("the table has %d variables, %d are read", len(documented), len(fields))
	}
}

// TestPlainHTTP takes it to this machine, and to others where the operator says so.
func TestPlainHTTP(t *testing.T) {
	for _, address := range []string{
		"http://127.0.0.1:8080/", "http://127.9.9.9/", "http://localhost:1/", "http://LOCALHOST/", "http://[::1]:1/", "http://[::ffff:127.0.0.1]/",
	} {
		for _, variable := range []string{"UIPATH_URL", "UIPATH_TOKEN_URL", "SLACK_API_URL"} {
			env := validVariables()
			env[variable] = address
			if _, err := loadConfig(t, env); err != nil {
				t.Errorf("%s=%s: %v", variable, address, err)
			}
			env[variable], env["LICENSEBOT_ALLOW_HTTP"] = "http://uipath.example", "TRUE"
			if _, err := loadConfig(t, env); err != nil {
				t.Errorf("%s: %v", variable, err)
			}
			_ = os.Unsetenv("LICENSEBOT_ALLOW_HTTP")
		}
	}
}

// TestSecretFilesAreReadAnew changes the file after the start.
func TestSecretFilesAreReadAnew(t *testing.T) {
	env := validVariables()
	delete(env, "UIPATH_CLIENT_SECRET")
	path := filepath.Join(t.TempDir(), "secret")
	env["UIPATH_CLIENT_SECRET_FILE"] = path
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("first\n")
	cfg, err := loadConfig(t, env)
	if err != nil || cfg.UiPathClientSecret != "first" || cfg.secretReader("UIPATH_PASSWORD") != nil {
		t.Fatalf("got %v", err)
	}
	write(" second ")
	secret, changed, err := cfg.secretReader("UIPATH_CLIENT_SECRET")()
	if err != nil || secret != "second" || changed.IsZero() {
		t.Errorf("got %q, %v, %v", secret, changed, err)
	}
	write("\n")
	if secret, _, err := cfg.secretReader("UIPATH_CLIENT_SECRET")(); err == nil {
		t.Errorf("got %q of an empty file", secret)
	}
}

func TestBoundsAndTarget(t *testing.T) {
	variables := validVariables()
	variables["UIPATH_URL"], variables["UIPATH_ORGANIZATION"] = "https://Cloud.UiPath.com/", "Acme"
	for _, c := range []struct{ open, connections string }{{"50", "4"}, {"1", "3"}, {"1000", "100"}} {
		if c.open != "50" {
			variables["LICENSEBOT_MAX_OPEN"], variables["LICENSEBOT_DATABASE_CONNECTIONS"] = c.open, c.connections
		}
		cfg, err := loadConfig(t, variables)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(cfg.Most.Open, " ", cfg.Most.Connections); got != c.open+" "+c.connections {
			t.Errorf("the bounds are %s, want %+v", got, c)
		}
		want := approvals.Target{
			URL: "https://cloud.uipath.com", Organization: "acme", AccountID: "8f3a1c2e-0d4b-4c5a-9e6f-7a8b9c0d1e2f",
		}
		if cfg.target() != want {
			t.Errorf("the target is %v, want %v however it is written", cfg.target(), want)
		}
	}
	for _, wrong := range []string{"1001", "-1", "many", "2.5", ""} {
		variables["LICENSEBOT_MAX_OPEN"], variables["LICENSEBOT_DATABASE_CONNECTIONS"] = wrong, wrong
		var problems *ConfigError
		if _, err := loadConfig(t, variables); !errors.As(err, &problems) || len(problems.Problems) != 2 {
			t.Errorf("%q: %v", wrong, err)
		}
	}
}
