package main

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/kelseyhightower/envconfig"

	"licensebot/licensing"
)

// An environment is the configuration as text, one field a variable. Every field
// is a string, because envconfig stops at the first value it cannot convert, and
// the bot reports all problems at once.
type environment struct {
	SlackBotToken string `envconfig:"SLACK_BOT_TOKEN"`
	SlackAppToken string `envconfig:"SLACK_APP_TOKEN"`
	SlackAPIURL   string `envconfig:"SLACK_API_URL" default:"https://slack.com/api/"`

	UiPathURL          string `envconfig:"UIPATH_URL" default:"https://cloud.uipath.com"`
	UiPathOrganization string `envconfig:"UIPATH_ORGANIZATION"`
	UiPathAccountID    string `envconfig:"UIPATH_ACCOUNT_ID"`
	UiPathAuth         string `envconfig:"UIPATH_AUTH" default:"client_credentials"`
	UiPathClientID     string `envconfig:"UIPATH_CLIENT_ID"`
	UiPathClientSecret string `envconfig:"UIPATH_CLIENT_SECRET"`
	UiPathScopes       string `envconfig:"UIPATH_SCOPES" default:"PM.License.Read PM.License.Write PM.Group.Read"`
	UiPathUsername     string `envconfig:"UIPATH_USERNAME"`
	UiPathPassword     string `envconfig:"UIPATH_PASSWORD"`
	UiPathTenant       string `envconfig:"UIPATH_TENANT"`
	UiPathAccessToken  string `envconfig:"UIPATH_ACCESS_TOKEN"`
	UiPathTokenURL     string `envconfig:"UIPATH_TOKEN_URL"`

	Channel      string `envconfig:"LICENSEBOT_CHANNEL"`
	Approvers    string `envconfig:"LICENSEBOT_APPROVERS"`
	Quorum       string `envconfig:"LICENSEBOT_QUORUM" default:"1"`
	ApproveEmoji string `envconfig:"LICENSEBOT_APPROVE_EMOJI" default:"white_check_mark"`
	DenyEmoji    string `envconfig:"LICENSEBOT_DENY_EMOJI" default:"x"`
	RequestTTL   string `envconfig:"LICENSEBOT_REQUEST_TTL" default:"24h"`
	PolicyFile   string `envconfig:"LICENSEBOT_POLICY_FILE"`
	DatabaseURL  string `envconfig:"LICENSEBOT_DATABASE_URL" default:"sqlite://licensebot.db"`
	Buttons      string `envconfig:"LICENSEBOT_BUTTONS" default:"off"`
	Connections  string `envconfig:"LICENSEBOT_DATABASE_CONNECTIONS" default:"4"`
	MaxOpen      string `envconfig:"LICENSEBOT_MAX_OPEN" default:"50"`
	HTTPAddr     string `envconfig:"LICENSEBOT_HTTP_ADDR" default:"127.0.0.1:8080"`
	Canary       string `envconfig:"LICENSEBOT_CANARY" default:"on"`
	AllowHTTP    string `envconfig:"LICENSEBOT_ALLOW_HTTP" default:"false"`
	LogLevel     string `envconfig:"LICENSEBOT_LOG_LEVEL" default:"info"`
	LogFormat    string `envconfig:"LICENSEBOT_LOG_FORMAT" default:"json"`
}

// readEnvironment reads the variables of this process and the files with secrets.
func readEnvironment(p *problems) (environment, error) {
	var env environment
	if err := envconfig.Process("", &env); err != nil {
		return env, err
	}
	env.clean(p)
	env.readSecretFiles(p)
	return env, nil
}

// clean drops what is around the values, and reports those that cannot be meant so.
func (e *environment) clean(p *problems) {
	fields := reflect.ValueOf(e).Elem()
	for i := range fields.NumField() {
		name := fields.Type().Field(i).Tag.Get("envconfig")
		value := cleanValue(fields.Field(i).String())
		fields.Field(i).SetString(value)
		if fault := valueFault(name, value); fault != "" {
			p.add(name, fault, name+"=value")
		}
	}
}

// environmentOf returns the environment with exactly these variables. It ignores
// the variables of this process.
func environmentOf(variables map[string]string) environment {
	var env environment
	fields := reflect.ValueOf(&env).Elem()
	for i := range fields.NumField() {
		tag := fields.Type().Field(i).Tag
		value, set := variables[tag.Get("envconfig")]
		if !set {
			value = tag.Get("default")
		}
		fields.Field(i).SetString(value)
	}
	return env
}

// secretFields returns the fields of the variables that can come from a file, by
// the variable's name.
func (e *environment) secretFields() map[string]*string {
	return map[string]*string{
		"SLACK_BOT_TOKEN":         &e.SlackBotToken,
		"SLACK_APP_TOKEN":         &e.SlackAppToken,
		"UIPATH_CLIENT_SECRET":    &e.UiPathClientSecret,
		"UIPATH_PASSWORD":         &e.UiPathPassword,
		"UIPATH_ACCESS_TOKEN":     &e.UiPathAccessToken,
		"LICENSEBOT_DATABASE_URL": &e.DatabaseURL,
	}
}

// maxSecretSize bounds a secret's file, in bytes.
const maxSecretSize = 64 << 10

// readSecretFiles puts secrets from files into their fields.
func (e *environment) readSecretFiles(p *problems) {
	fields := e.secretFields()
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		path := secretPath(name)
		if path == "" {
			continue
		}
		example := name + "_FILE=/run/secrets/" + strings.ToLower(name)
		if fault := valueFault(name+"_FILE", path); fault != "" {
			p.add(name+"_FILE", fault, example)
			continue
		}
		if os.Getenv(name) != "" {
			p.add(name, "is set together with "+name+"_FILE; set one of them", example)
			continue
		}
		secret, _, err := readSecretFile(name, path)
		broken, isBroken := errors.AsType[secretFileError](err)
		switch {
		case isBroken:
			p.add(name+"_FILE", "the file "+path+" "+string(broken), "a file with the secret alone in it")
		case err != nil:
			p.add(name+"_FILE", "cannot be read: "+err.Error(), example)
		default:
			*fields[name] = secret
		}
	}
}

// secretFiles returns the paths of the files with secrets, by variable.
func (e *environment) secretFiles() map[string]string {
	paths := make(map[string]string)
	for name := range e.secretFields() {
		paths[name] = secretPath(name)
	}
	return paths
}

// secretPath is the path of the file with a secret, or "".
func secretPath(name string) string { return cleanValue(os.Getenv(name + "_FILE")) }

// A secretFileError is what is wrong with the content of a secret's file.
type secretFileError string

// Error continues the sentence about the variable.
func (f secretFileError) Error() string { return "the file " + string(f) }

// readSecretFile reads the secret in a file and tells when the file was last
// changed. It reads no more than one byte beyond what a secret may have.
func readSecretFile(name, path string) (secret string, changed time.Time, err error) {
	file, err := os.Open(path)
	if err != nil {
		return "", time.Time{}, err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return "", time.Time{}, err
	}
	content, err := io.ReadAll(io.LimitReader(file, maxSecretSize+1))
	if err != nil {
		return "", time.Time{}, err
	}
	secret = cleanValue(string(content))
	switch fault := valueFault(name, secret); {
	case secret == "":
		err = secretFileError("is empty")
	case len(content) > maxSecretSize:
		err = secretFileError("is longer than a secret can be")
	case bytes.IndexByte(content, 0) >= 0:
		err = secretFileError("has zero bytes: save it as UTF-8, not UTF-16")
	case fault != "":
		err = secretFileError(fault)
	}
	return secret, info.ModTime(), err
}

// secretReader reads a secret anew at each use, if it comes from a file.
func (c *Config) secretReader(name string) licensing.SecretReader {
	path := c.secretFiles[name]
	if path == "" {
		return nil
	}
	return func() (string, time.Time, error) { return readSecretFile(name, path) }
}
