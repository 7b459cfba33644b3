package deploy

import (
	"bufio"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// Values are written once: the copies, and the block in the guide, are the same.
func TestValuesAreTheSameEverywhere(t *testing.T) {
	values := read(t, "licensebot.env")
	if copied := read(t, "kubernetes/base/licensebot.env"); copied != values {
		t.Errorf("kubernetes/base/licensebot.env differs:\n%s", copied)
	}
	var lines []string
	for line := range strings.Lines(values) {
		if !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	for _, page := range []string{"../docs/deploy.md", "../docs/set-up.md"} {
		if !strings.Contains(read(t, page), "```\n"+strings.Join(lines, "")+"```\n") {
			t.Errorf("%s shows other values than licensebot.env", page)
		}
	}
}

// The same facts hold in every way to deploy: the user, the folder of the database, the
// time to stop, the port, and the limits of what the process may do.
func TestDeploymentsAgree(t *testing.T) {
	for path, wanted := range map[string][]string{
		"../Dockerfile": {
			"USER 65532:65532", "--chown=65532:65532 /out/data /var/lib/licensebot",
			"WORKDIR /var/lib/licensebot", "VOLUME /var/lib/licensebot", "LICENSEBOT_HTTP_ADDR=0.0.0.0:8080", "EXPOSE 8080",
			`ENTRYPOINT ["/licensebot"]`, `CMD ["serve"]`,
		},
		"systemd/licensebot.service": {
			"TimeoutStopSec=45", "WorkingDirectory=/var/lib/licensebot", "StateDirectory=licensebot", "StateDirectoryMode=0700",
			"User=licensebot", "CapabilityBoundingSet=\n", "NoNewPrivileges=yes", "ProtectSystem=strict",
		},
		"systemd/licensebot.sysusers": {"u licensebot - \"licensebot\" /var/lib/licensebot"},
		"compose/compose.yaml": {
			"stop_grace_period: 45s", "127.0.0.1:8080:8080", "read_only: true", "cap_drop: [ALL]", "no-new-privileges:true",
			"env_file: ../licensebot.env", "condition: service_healthy", "internal: true",
		},
		"kubernetes/base/deployment.yaml": {
			"terminationGracePeriodSeconds: 45", "runAsUser: 65532", "runAsGroup: 65532", "fsGroup: 65532", "runAsNonRoot: true",
			"mountPath: /var/lib/licensebot", "containerPort: 8080", "path: /readyz", "readOnlyRootFilesystem: true",
			"allowPrivilegeEscalation: false", "drop: [ALL]", "type: RuntimeDefault", "automountServiceAccountToken: false",
			"enableServiceLinks: false", "type: Recreate", "replicas: 1", "startupProbe:", "livenessProbe:", "readinessProbe:",
		},
		"kubernetes/base/namespace.yaml":     {"pod-security.kubernetes.io/enforce: restricted"},
		"kubernetes/base/networkpolicy.yaml": {"policyTypes: [Ingress, Egress]", "app.kubernetes.io/name: licensebot"},
		"kubernetes/postgres/replicas.yaml":  {"replicas: 2", "type: RollingUpdate", "maxUnavailable: 0"},
		"kubernetes/postgres/disruption.yaml": {
			"kind: PodDisruptionBudget", "maxUnavailable: 1", "app.kubernetes.io/name: licensebot",
		},
	} {
		content := read(t, path)
		for _, want := range wanted {
			if !strings.Contains(content, want) {
				t.Errorf("%s does not say %q", path, want)
			}
		}
	}
	if strings.Contains(read(t, "../Dockerfile"), "LICENSEBOT_DATABASE_URL") {
		t.Error("the image sets the database's URL: it would contradict LICENSEBOT_DATABASE_URL_FILE")
	}
}

// systemd accepts the unit, and rates its exposure as the guide says.
func TestUnitIsAcceptedBySystemd(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("no systemd-analyze here: install systemd")
	}
	rating := analyze(t, "security", "--offline=yes", "--no-pager", "systemd/licensebot.service")
	found := regexp.MustCompile(`Overall exposure level for \S+: (\S+)`).FindStringSubmatch(rating)
	if found == nil {
		t.Fatalf("no rating in:\n%s", rating)
	}
	promised := regexp.MustCompile(`\*\*(\S+)\*\* of 10 \(systemd (\d+)\)`).FindStringSubmatch(read(t, "../docs/deploy.md"))
	if promised == nil {
		t.Fatal("docs/deploy.md has no rating")
	}
	sameVersion := strings.HasPrefix(analyze(t, "--version"), "systemd "+promised[2]+" ") // others rate otherwise
	if found[1] != promised[1] && sameVersion || found[1] >= "2" {
		t.Errorf("systemd rates the exposure at %s, and docs/deploy.md says %s", found[1], promised[1])
	}
	// The program, and the documents' page of the unit, are not on this machine.
	unit := strings.ReplaceAll(read(t, "systemd/licensebot.service"), "/usr/local/bin/licensebot serve", "/bin/true")
	path := t.TempDir() + "/licensebot.service"
	if err := os.WriteFile(path, []byte(unit), 0o600); err != nil {
		t.Fatal(err)
	}
	for complaint := bufio.NewScanner(strings.NewReader(analyze(t, "verify", "--man=no", path))); complaint.Scan(); {
		if strings.Contains(complaint.Text(), "licensebot.service") {
			t.Error(complaint.Text())
		}
	}
}

func analyze(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "systemd-analyze", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("systemd-analyze %v: %v\n%s", args, err, out)
	}
	return string(out)
}
