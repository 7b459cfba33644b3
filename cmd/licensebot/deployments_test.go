package main

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"licensebot/internal/pgtest"
)

// A deployed is how one of the ways to deploy starts the bot.
type deployed struct {
	env     map[string]string
	secrets string // the folder with the secrets' files, as the variables name it
}

const deployFolder = "../../deploy/"

// TestDeploymentsWorkAsTheyStand starts the bot with the variables of each way to
// deploy, and lets one request go through. Of the values only those that are an
// organization's own are replaced; the secrets are files.
func TestDeploymentsWorkAsTheyStand(t *testing.T) {
	t.Parallel()
	for name, d := range readDeployments(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := newConfig(environmentOf(d.withSampleSecrets(t)), nil); err != nil {
				t.Fatalf("with the values as they are: %v", err)
			}
			w := newWorld(t)
			database := d.deployTo(w)
			w.startReplica()
			w.env["LICENSEBOT_DATABASE_URL"] = database // for the test's own look into it
			w.typeRequest("group-01 IDU")
			w.reactToCard(approver, "white_check_mark")
			w.awaitOutcome("allocation_done", "*Done*")
		})
	}
}

// Every YAML file is YAML without a key given twice.
func TestDeploymentsAreYAML(t *testing.T) {
	t.Parallel()
	for _, path := range []string{
		"compose/compose.yaml", "../.goreleaser.yaml", "kubernetes/base/kustomization.yaml", "kubernetes/base/namespace.yaml",
		"kubernetes/base/deployment.yaml", "kubernetes/base/volume.yaml", "kubernetes/base/networkpolicy.yaml",
		"kubernetes/postgres/kustomization.yaml", "kubernetes/postgres/disruption.yaml", "kubernetes/postgres/replicas.yaml",
		"kubernetes/postgres/no-volume.yaml", "kubernetes/postgres/to-postgres.yaml",
	} {
		var content any
		if err := yaml.UnmarshalWithOptions([]byte(mustRead(t, deployFolder+path)), &content, yaml.Strict()); err != nil || content == nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// withSampleSecrets gives each secret a value of its kind.
func (d deployed) withSampleSecrets(t *testing.T) map[string]string {
	t.Helper()
	samples := map[string]string{
		"slack_bot_token": "xoxb-1-1", "slack_app_token": "xapp-1-1", "uipath_client_secret": "secret",
		"database_url": "postgres://licensebot:password@postgres/licensebot",
	}
	env := maps.Clone(d.env)
	for name, path := range d.env {
		if variable, isFile := strings.CutSuffix(name, "_FILE"); isFile {
			sample, known := samples[d.secretName(t, name, path)]
			if !known {
				t.Errorf("%s=%s is no secret that docs/deploy.md lists", name, path)
			}
			delete(env, name)
			env[variable] = sample
		}
	}
	return env
}

// secretName is the name of a secret's file. The file must be in the folder that the
// deployment mounts.
func (d deployed) secretName(t *testing.T, variable, path string) string {
	t.Helper()
	name, inside := strings.CutPrefix(path, d.secrets)
	if !inside || strings.ToUpper(name)+"_FILE" != strings.TrimPrefix(variable, "LICENSEBOT_") {
		t.Errorf("%s=%s is not a file of %s with the variable's name", variable, path, d.secrets)
	}
	return name
}

// deployTo sets the world's variables to those of the deployment. The simulators'
// values take the place of those that an organization has of its own. It returns the
// URL of the database.
func (d deployed) deployTo(w *world) string {
	w.t.Helper()
	w.dir = w.t.TempDir()
	own := w.env
	own["LICENSEBOT_DATABASE_URL"] = "sqlite://" + filepath.Join(w.dir, "licensebot.db")
	w.env = map[string]string{"SLACK_API_URL": own["SLACK_API_URL"], "UIPATH_URL": own["UIPATH_URL"]}
	for name, value := range d.env {
		variable, isFile := strings.CutSuffix(name, "_FILE")
		switch {
		case name == "LICENSEBOT_DATABASE_URL_FILE":
			own[variable] = pgtest.URL(w.t)
			w.t.Cleanup(w.killReplicas) // before the schema goes
			fallthrough
		case isFile:
			value = filepath.Join(w.dir, d.secretName(w.t, name, value))
			mustWriteFile(w.t, value, own[variable]+"\n")
		case name == "TMPDIR":
			value = w.dir
		default:
			if value = own[name]; value == "" {
				w.t.Errorf("the test knows no value for %s", name)
			}
		}
		w.env[name] = value
	}
	w.env["LICENSEBOT_HTTP_ADDR"] = own["LICENSEBOT_HTTP_ADDR"] // a port of its own
	return own["LICENSEBOT_DATABASE_URL"]
}

// readDeployments reads the variables of each way out of its files and docs/deploy.md.
func readDeployments(t *testing.T) map[string]deployed {
	t.Helper()
	values := readPairs(t, mustRead(t, deployFolder+"licensebot.env"))
	image := readImageEnvironment(t)
	guide := mustRead(t, "../../docs/deploy.md")
	files := regexp.MustCompile(`\b([A-Z_]+_FILE)=(\S+)`)
	inGuide := func(heading, secrets string) deployed {
		d := deployed{env: maps.Clone(values), secrets: secrets}
		_, section, _ := strings.Cut(guide, "\n## "+heading+"\n")
		section, _, _ = strings.Cut(section, "\n## ")
		for _, match := range files.FindAllStringSubmatch(section, -1) {
			d.env[match[1]] = match[2]
		}
		return d
	}
	all := map[string]deployed{
		"process": inGuide("A process", "secrets/"), "container": inGuide("A container", "/run/secrets/"),
		"systemd": readUnit(t, values), "compose": readCompose(t, values),
		"kubernetes":                 readKubernetes(t, values, "base/deployment.yaml"),
		"kubernetes with PostgreSQL": readKubernetes(t, values, "base/deployment.yaml", "postgres/replicas.yaml"),
	}
	for name, d := range all {
		if name != "process" && name != "systemd" {
			both := maps.Clone(image)
			maps.Copy(both, d.env)
			d.env = both
			all[name] = d
		}
		if len(d.env) < len(values)+3 {
			t.Errorf("%s names only the variables %v", name, slices.Sorted(maps.Keys(d.env)))
		}
	}
	return all
}

func mustRead(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// readPairs reads NAME=value, one a line.
func readPairs(t *testing.T, text string) map[string]string {
	t.Helper()
	pairs := map[string]string{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if name, value, found := strings.Cut(line, "="); found && !strings.HasPrefix(line, "#") {
			pairs[name] = value
		}
	}
	if len(pairs) == 0 {
		t.Fatal("no NAME=value")
	}
	return pairs
}

// readImageEnvironment reads the ENV lines of the Dockerfile.
func readImageEnvironment(t *testing.T) map[string]string {
	t.Helper()
	block := regexp.MustCompile(`(?m)^ENV ((?:.*\\\n)*.*)$`).FindStringSubmatch(mustRead(t, "../../Dockerfile"))
	if block == nil {
		t.Fatal("the Dockerfile has no ENV")
	}
	return readPairs(t, strings.Join(strings.Fields(strings.ReplaceAll(block[1], "\\\n", " ")), "\n"))
}

func readUnit(t *testing.T, values map[string]string) deployed {
	t.Helper()
	d := deployed{env: maps.Clone(values), secrets: "%d/"}
	for line := range strings.Lines(mustRead(t, deployFolder+"systemd/licensebot.service")) {
		if pair, found := strings.CutPrefix(strings.TrimSpace(line), "Environment="); found {
			maps.Copy(d.env, readPairs(t, pair))
		}
	}
	return d
}

func readCompose(t *testing.T, values map[string]string) deployed {
	t.Helper()
	var file struct {
		Services map[string]struct {
			Environment map[string]string
		}
	}
	if err := yaml.Unmarshal([]byte(mustRead(t, deployFolder+"compose/compose.yaml")), &file); err != nil {
		t.Fatal(err)
	}
	d := deployed{env: maps.Clone(values), secrets: "/run/secrets/"}
	maps.Copy(d.env, file.Services["licensebot"].Environment)
	return d
}

// readKubernetes reads the container's variables of a Deployment and its patches.
func readKubernetes(t *testing.T, values map[string]string, files ...string) deployed {
	t.Helper()
	d := deployed{env: maps.Clone(values), secrets: "/run/secrets/licensebot/"}
	for _, file := range files {
		var deployment struct {
			Spec struct {
				Template struct {
					Spec struct {
						Containers []struct {
							Env []struct{ Name, Value string }
						}
					}
				}
			}
		}
		if err := yaml.Unmarshal([]byte(mustRead(t, deployFolder+"kubernetes/"+file)), &deployment); err != nil {
			t.Fatal(err)
		}
		for _, variable := range deployment.Spec.Template.Spec.Containers[0].Env {
			d.env[variable.Name] = variable.Value
		}
	}
	return d
}
