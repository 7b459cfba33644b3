package main

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/rs/zerolog"

	"licensebot/approvals"
	"licensebot/bot"
	"licensebot/internal/outbound"
	"licensebot/internal/policyfile"
	"licensebot/internal/store"
)

// A Config is the configuration after all checks: the environment as text, and
// what it means.
type Config struct {
	environment
	Policy  approvals.Policy // at the start
	TTL     time.Duration    // of a request that waits for approval
	Most    Bounds
	Emoji   approvals.Emoji
	Level   zerolog.Level
	Scopes  []string // to ask UiPath's token endpoint for
	Console bool     // the log is for people, not JSON

	hasCanary   bool              // LICENSEBOT_CANARY
	hasButtons  bool              // new cards have buttons besides the emoji
	allowHTTP   bool              // plain http to another machine is allowed
	secretFiles map[string]string // paths of files with secrets, by variable

	policyText string // of the policy file, as Policy was read from it

	warnings []string // for the log: what does not keep the bot from starting
}

// Bounds limit what one person, or one replica, may take.
type Bounds struct {
	Open        int // requests of one person
	Connections int // of one replica to PostgreSQL
}

// A ConfigError lists everything that is wrong with the configuration.
type ConfigError struct {
	Problems []string
	Hints    []string // about variables that are probably misspelled
}

// Error lists the problems and hints, one a line.
func (e *ConfigError) Error() string {
	problems := "one problem"
	if n := len(e.Problems); n != 1 {
		problems = fmt.Sprintf("%d problems", n)
	}
	return "the configuration has " + problems + ":\n  - " + strings.Join(append(e.Problems, e.Hints...), "\n  - ")
}

// problems collects what is wrong. Each problem names its variable and has an
// example.
type problems []string

// add adds a problem. The value stays out of it if it may be a secret.
func (p *problems) add(variable, wrong, example string) {
	*p = append(*p, fmt.Sprintf("%s: %s (example: %s)", variable, wrong, example))
}

// LoadConfig reads and checks the configuration of this process. Its error is a
// *ConfigError with every problem and without any secret.
func LoadConfig() (Config, error) {
	var p problems
	env, err := readEnvironment(&p)
	if err != nil {
		return Config{}, err
	}
	for _, problem := range outbound.CheckEnvironment(os.Getenv) {
		p.add(problem.Variable, problem.Wrong, problem.Example)
	}
	warnings := findMisspelled(os.Environ())
	cfg, err := newConfig(env, p)
	if wrong, ok := errors.AsType[*ConfigError](err); ok {
		wrong.Hints = warnings
	}
	cfg.secretFiles, cfg.warnings = env.secretFiles(), slices.Concat(cfg.warnings, warnings, outbound.Unused(os.Getenv))
	return cfg, err
}

// newConfig checks an environment. p has the problems found while reading it. Beside a
// *ConfigError there is what could be read.
func newConfig(env environment, p problems) (Config, error) {
	cfg, unread := Config{environment: env}, len(p)
	cfg.allowHTTP = parseSwitch(&p, "LICENSEBOT_ALLOW_HTTP", env.AllowHTTP)
	cfg.hasCanary = parseSwitch(&p, "LICENSEBOT_CANARY", env.Canary)
	cfg.hasButtons = parseSwitch(&p, "LICENSEBOT_BUTTONS", env.Buttons)
	cfg.checkSlack(&p)
	cfg.checkUiPath(&p)
	cfg.checkRules(&p)
	cfg.checkOperation(&p)
	if len(p) > 0 {
		return cfg, &ConfigError{Problems: append(p[:unread:unread], p[unread:].without(p[:unread])...)}
	}
	return cfg, nil
}

// without leaves out the problems of variables that are among others: a value that
// could not be read has only wrong consequences.
func (p problems) without(others problems) problems {
	variable := func(problem string) string {
		name, _, _ := strings.Cut(problem, ": ")
		return strings.TrimSuffix(name, "_FILE")
	}
	return slices.DeleteFunc(slices.Clone(p), func(problem string) bool {
		return slices.ContainsFunc(others, func(other string) bool { return variable(other) == variable(problem) })
	})
}

func (c *Config) checkSlack(p *problems) {
	checkToken(p, "SLACK_BOT_TOKEN", c.SlackBotToken, "xoxb-")
	checkToken(p, "SLACK_APP_TOKEN", c.SlackAppToken, "xapp-")
	checkURL(p, "SLACK_API_URL", c.SlackAPIURL, "https://slack.com/api/", c.allowHTTP)
	u, err := url.Parse(c.SlackAPIURL)
	if err == nil && bot.IsSlacksOwn(u.Hostname()) && strings.Trim(u.Path, "/") != "api" {
		p.add("SLACK_API_URL", "is not where Slack's Web API is: its path has to be /api/",
			"https://slack.com/api/, or https://slack-gov.com/api/ for GovSlack")
	}
	c.SlackAPIURL = strings.TrimRight(c.SlackAPIURL, "/") + "/"
}

// checkUiPath checks where UiPath is and how the bot signs in there.
func (c *Config) checkUiPath(p *problems) {
	checkURL(p, "UIPATH_URL", c.UiPathURL, "https://cloud.uipath.com", c.allowHTTP)
	if u, err := url.Parse(c.UiPathURL); err == nil && isPlainWebAddress(u) && strings.Trim(u.Path, "/") != "" {
		p.add("UIPATH_URL", "has a path: name the host alone, and the organization in UIPATH_ORGANIZATION",
			"https://cloud.uipath.com")
	}
	if c.UiPathTokenURL != "" {
		checkURL(p, "UIPATH_TOKEN_URL", c.UiPathTokenURL, "https://cloud.uipath.com/acme/identity_/connect/token",
			c.allowHTTP)
	}
	const organization = "acme, the first part of the portal's path"
	requireSegment(p, "UIPATH_ORGANIZATION", c.UiPathOrganization, organization)
	if strings.ContainsFunc(c.UiPathOrganization, unicode.IsSpace) {
		p.add("UIPATH_ORGANIZATION", "has blanks: the name that people read is not the one in addresses", organization)
	}
	checkAccountID(p, c.UiPathAccountID)
	if c.UiPathTenant != "" {
		requireSegment(p, "UIPATH_TENANT", c.UiPathTenant, "DefaultTenant")
	}
	c.checkScopes(p)
	c.checkUiPathAuth(p)
}

// checkScopes wants scopes that a sign-in of an application may ask for.
func (c *Config) checkScopes(p *problems) {
	const example = "PM.License.Read PM.License.Write PM.Group.Read"
	c.Scopes = strings.Fields(c.UiPathScopes)
	switch {
	case strings.ContainsAny(c.UiPathScopes, ",;+|"):
		p.add("UIPATH_SCOPES", "separates scopes with something else than blanks", example)
	case c.UiPathAuth != "client_credentials":
	case slices.Contains(c.Scopes, "offline_access"):
		p.add("UIPATH_SCOPES", "has offline_access, which UiPath refuses to an application", example)
	case !slices.Contains(c.Scopes, "PM.License") && !slices.Contains(c.Scopes, "PM.License.Write"):
		c.warnings = append(c.warnings, "UIPATH_SCOPES has neither PM.License nor PM.License.Write, "+
			"so that UiPath will hardly let the bot change licenses")
	}
}

// target is the organization that the environment names, however it writes it.
func (e environment) target() approvals.Target {
	return approvals.Target{
		URL:          strings.ToLower(strings.TrimRight(e.UiPathURL, "/")),
		Organization: strings.ToLower(e.UiPathOrganization), AccountID: strings.ToLower(e.UiPathAccountID),
	}
}

// checkUiPathAuth wants the credentials of the chosen way to sign in.
func (c *Config) checkUiPathAuth(p *problems) {
	switch c.UiPathAuth {
	case "client_credentials":
		requireValue(p, "UIPATH_CLIENT_ID", c.UiPathClientID, "the app id of a confidential external application")
		requireValue(p, "UIPATH_CLIENT_SECRET", c.UiPathClientSecret,
			"the app secret, or UIPATH_CLIENT_SECRET_FILE=/run/secrets/uipath_client_secret")
	case "ropc":
		requireValue(p, "UIPATH_USERNAME", c.UiPathUsername, "admin@example.com")
		requireValue(p, "UIPATH_PASSWORD", c.UiPathPassword, "UIPATH_PASSWORD_FILE=/run/secrets/uipath_password")
	case "token":
		requireValue(p, "UIPATH_ACCESS_TOKEN", c.UiPathAccessToken,
			"UIPATH_ACCESS_TOKEN_FILE=/run/secrets/uipath_access_token")
	default:
		p.add("UIPATH_AUTH", fmt.Sprintf("%q is none of client_credentials, ropc and token", c.UiPathAuth),
			"client_credentials")
	}
}

// checkRules checks who decides about requests, where, and how long a request waits.
func (c *Config) checkRules(p *problems) {
	requireValue(p, "LICENSEBOT_CHANNEL", c.Channel, "C0123ABCD")
	if wrong := channelFault(c.Channel); wrong != "" {
		p.add("LICENSEBOT_CHANNEL", wrong, "C0123ABCD")
	}
	approvers := c.checkApprovers(p)
	quorum := c.checkQuorum(p, approvers)
	ttl, err := time.ParseDuration(c.RequestTTL)
	if err != nil || ttl < time.Minute || ttl > 90*24*time.Hour {
		p.add("LICENSEBOT_REQUEST_TTL", "has to be a duration between 1m and 2160h", "24h")
	}
	c.Most.Open = parseNumber(p, "LICENSEBOT_MAX_OPEN", c.MaxOpen, 1, 1000, 50)
	c.TTL, c.Policy = ttl, approvals.SimplePolicy(approvers, quorum, ttl)
	c.checkEmoji(p)
	c.readPolicy(p)
}

// checkApprovers returns the approvers that the environment names.
func (c *Config) checkApprovers(p *problems) []string {
	const example = "U0123ABCD,S0456EFGH"
	approvers := splitList(c.Approvers)
	switch {
	case len(approvers) == 0 && c.PolicyFile == "":
		p.add("LICENSEBOT_APPROVERS", "is required without LICENSEBOT_POLICY_FILE", example)
	case len(approvers) > 0 && c.PolicyFile != "":
		p.add("LICENSEBOT_APPROVERS",
			"is set together with LICENSEBOT_POLICY_FILE, and the rules there name the approvers; set one of them",
			"LICENSEBOT_POLICY_FILE=/etc/licensebot/policy.yaml")
	}
	for _, id := range approvers {
		if !approverID.MatchString(id) {
			p.add("LICENSEBOT_APPROVERS", fmt.Sprintf("%q is neither a user id nor a user group id", id), example)
		}
	}
	return approvers
}

// checkQuorum returns the quorum. The approvers must be able to reach it: a user
// group counts as enough people, because its members change.
func (c *Config) checkQuorum(p *problems, approvers []string) int {
	quorum, err := strconv.Atoi(c.Quorum)
	if err != nil || quorum < 1 || quorum > 20 {
		p.add("LICENSEBOT_QUORUM", "has to be a number from 1 to 20", "2")
		return 0
	}
	people := len(approvals.Union(approvers, nil))
	hasGroup := slices.ContainsFunc(approvers, approvals.IsUserGroup)
	if people > 0 && people < quorum && !hasGroup {
		p.add("LICENSEBOT_QUORUM", fmt.Sprintf("%d approvals are needed but there are only %d different approvers, "+
			"so no request could ever be granted", quorum, people), "1")
	}
	return quorum
}

// checkEmoji wants at least one emoji for each answer, and none for both.
func (c *Config) checkEmoji(p *problems) {
	c.Emoji.Approve = parseEmoji(p, "LICENSEBOT_APPROVE_EMOJI", c.ApproveEmoji, "white_check_mark,+1")
	c.Emoji.Deny = parseEmoji(p, "LICENSEBOT_DENY_EMOJI", c.DenyEmoji, "x,-1")
	for _, name := range c.Emoji.Deny {
		if slices.ContainsFunc(c.Emoji.Approve, func(other string) bool { return approvals.SameEmoji(name, other) }) {
			p.add("LICENSEBOT_DENY_EMOJI", name+" is also in LICENSEBOT_APPROVE_EMOJI", "x")
		}
	}
}

// readPolicy reads the policy file, if there is one. Its policy replaces that of the
// environment.
func (c *Config) readPolicy(p *problems) {
	if c.PolicyFile == "" {
		return
	}
	content, err := policyfile.ReadFile(c.PolicyFile)
	if err == nil {
		c.policyText = string(content)
		c.Policy, err = policyfile.Load(c.PolicyFile, content, meaningOf)
	}
	var all policyfile.Problems
	switch {
	case errors.As(err, &all):
		for _, problem := range all {
			p.add("LICENSEBOT_POLICY_FILE", problem.Error(), "licensebot policy check "+c.PolicyFile)
		}
	case err != nil:
		p.add("LICENSEBOT_POLICY_FILE", "cannot be read: "+err.Error(), "/etc/licensebot/policy.yaml")
	}
}

// checkOperation checks the database, the address of the probes, and the log.
func (c *Config) checkOperation(p *problems) {
	if err := store.CheckURL(c.DatabaseURL); err != nil {
		example := "sqlite:///var/lib/licensebot/licensebot.db"
		if strings.HasPrefix(c.DatabaseURL, "postgres") {
			example = "postgres://licensebot:PASSWORD@db.example.com/licensebot?sslmode=verify-full"
		}
		p.add("LICENSEBOT_DATABASE_URL", err.Error(), example)
	}
	c.Most.Connections = parseNumber(p, "LICENSEBOT_DATABASE_CONNECTIONS", c.Connections,
		store.MinConnections, 100, store.DefaultConnections)
	checkListenAddress(p, "LICENSEBOT_HTTP_ADDR", c.HTTPAddr, "127.0.0.1:8080")
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, c.LogLevel) {
		p.add("LICENSEBOT_LOG_LEVEL", fmt.Sprintf("%q is none of debug, info, warn and error", c.LogLevel), "info")
	}
	c.Level, _ = zerolog.ParseLevel(c.LogLevel)
	if c.LogFormat != "json" && c.LogFormat != "console" {
		p.add("LICENSEBOT_LOG_FORMAT", fmt.Sprintf("%q is neither json nor console", c.LogFormat), "json")
	}
	c.Console = c.LogFormat == "console"
}

// isUsageError reports whether the command line or the configuration is wrong:
// exit code 2.
func isUsageError(err error) bool {
	_, isConfig := errors.AsType[*ConfigError](err)
	_, isUsage := errors.AsType[*usageError](err)
	return isConfig || isUsage
}
