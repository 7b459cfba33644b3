package report

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/csv"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"licensebot/approvals"
	"licensebot/internal/store"
	"licensebot/internal/testclock"
)

var update = flag.Bool("update", false, "rewrite testdata")

var quarter = Period{
	Since: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Until: time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC),
}

// A story writes a database as the bot would, on a clock that stands still between steps.
type story struct {
	*testing.T
	store *store.Store
	clock *testclock.Clock
	url   string
	names map[string]string // of people today; nil: Slack is not asked
	known map[string]string // of people while the story was played
}

const (
	robin, alex, sam = "U0ROBIN", "U0ALEX", "U0SAM"
	first, second    = "R-AAAAAAAA", "R-BBBBBBBB"
	hostile          = "R-CCCCCCCC"
)

func newStory(t *testing.T) *story {
	t.Helper()
	s := &story{T: t, clock: testclock.At(time.Date(2025, 12, 31, 9, 0, 0, 0, time.UTC))}
	s.url = "sqlite://" + filepath.Join(t.TempDir(), "bot.db")
	db, err := store.Open(t.Context(), s.url, store.Options{
		Now: s.clock.Now, NameOf: func(person string) string { return s.known[person] },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	s.store = db
	return s
}

var finance = approvals.Group{ID: "group-01", Name: "Finance Robots"}

// file files a request.
func (s *story) file(id string, ask approvals.Ask) {
	s.Helper()
	_, _, err := s.store.FileRequest(s.Context(), approvals.Request{
		ID: id, EnvelopeID: id, Requester: robin, OriginChannel: "C0GENERAL", Channel: "C0APPROVALS", Ask: ask,
		Terms: approvals.Terms{TTL: 24 * time.Hour},
	})
	if err != nil {
		s.Fatal(err)
	}
}

// apply applies an event a minute later.
func (s *story) apply(id string, e approvals.Event) {
	s.Helper()
	s.clock.Advance(time.Minute)
	if _, err := s.store.ApplyEvent(s.Context(), id, e, nil); err != nil {
		s.Fatalf("%s: %v", e.Kind(), err)
	}
}

func (s *story) prepare(id string, change approvals.Change) {
	s.Helper()
	s.apply(id, approvals.Prepared{
		Proposal: approvals.Proposal{Group: finance, Change: change, ReadAt: s.clock.Now()},
		Terms: approvals.Terms{
			Rule: "finance", PolicySHA256: strings.Repeat("ab12", 16), TTL: 24 * time.Hour, Stages: []approvals.Stage{{Approvers: []string{alex, "S0COE"}, Quorum: 1}},
		},
	})
	s.apply(id, approvals.CardPosted{TS: "1767000000.00000" + string(id[2]-'A'+'1')})
}

// tell plays the story: a grant for a time that ends, a denial, a hostile reason, and a change
// outside. The last request is about a code that nothing explains.
func (s *story) tell() {
	s.Helper()
	s.clock.Advance(24 * time.Hour)
	s.file(first, approvals.Ask{Group: "group-01", Codes: []string{"RPADEVPRONU", "IDU"}, For: 48 * time.Hour, Reason: "quarter close"})
	s.prepare(first, approvals.Change{Add: []string{"IDU", "RPADEVPRONU"}, Keep: []string{"ATTUNU"}})
	s.apply(first, approvals.VotesCounted{Ballots: []approvals.Ballot{
		{User: sam, Eligibility: approvals.NotApprover}, {User: alex, Eligibility: approvals.Counts, Stages: []int{0}},
	}})
	s.write(approvals.JobApply, approvals.Allocation{
		Codes: []string{"ATTUNU", "IDU", "RPADEVPRONU"}, Quotas: []approvals.Quota{{Code: "ATTUNU", Limit: 7}},
	})
	s.apply(first, approvals.Confirmed(approvals.Request{Proposal: &approvals.Proposal{}}, approvals.Allocation{Codes: []string{"ATTUNU", "IDU", "RPADEVPRONU"}, Quotas: []approvals.Quota{}}, true))
	s.clock.Advance(48 * time.Hour)
	s.apply(first, approvals.GrantExpired{})
	s.write(approvals.JobRevoke, approvals.Allocation{Codes: []string{"ATTUNU"}})
	s.apply(first, approvals.Revoked{Revocation: approvals.Revocation{
		At: s.clock.Now(), Removed: []string{"IDU", "RPADEVPRONU"}, Allocation: []string{"ATTUNU"},
	}})
	s.file(second, approvals.Ask{Action: approvals.Remove, Group: "group-01", Codes: []string{"ATTUNU"}, MayEmpty: true})
	s.prepare(second, approvals.Change{Remove: []string{"ATTUNU"}})
	s.apply(second, approvals.VotesCounted{Ballots: []approvals.Ballot{{User: alex, Deny: true, Eligibility: approvals.Counts, Stages: []int{0}}}})
	s.seeOutside()
	s.clock.Advance(time.Minute)
	s.file(hostile, approvals.Ask{Group: "group-01", Codes: []string{"IDU"}, Reason: "=HYPERLINK(\"http://x\",\"<script>alert(1)</script>\")"})
	s.prepare(hostile, approvals.Change{Add: []string{"IDU"}, Keep: []string{"ATTUNU", "CTZDEVCU", "RPANU"}})
}

// write tries a write, as a worker does.
func (s *story) write(kind approvals.JobKind, body approvals.Allocation) {
	s.Helper()
	job, _, err := s.store.ClaimJob(s.Context(), time.Minute, kind)
	if err != nil {
		s.Fatal(err)
	}
	job.Writing = &body
	if err := errors.Join(s.store.MarkTried(s.Context(), job), s.store.CompleteJob(s.Context(), job)); err != nil {
		s.Fatal(err)
	}
}

// seeOutside records a change outside as the watch does.
func (s *story) seeOutside() {
	s.Helper()
	ctx := s.Context()
	if _, _, err := s.store.BeginWatch(ctx, time.Minute, 0, true); err != nil {
		s.Fatal(err)
	}
	lease, begun, err := s.store.BeginWatch(ctx, time.Minute, 0, true)
	if err != nil || !begun {
		s.Fatal(begun, err)
	}
	known := approvals.Baseline(approvals.GroupLook{Group: finance, Items: []string{"ATTUNU", "CTZDEVCU"}, Begun: lease.Begun})
	err = s.store.SaveLook(ctx, lease, known, &approvals.OutsideChange{
		ID: "C-AAAAAAAA", Group: finance, Gained: []string{"CTZDEVCU"}, Items: []string{"ATTUNU", "CTZDEVCU"},
		Since: lease.Begun.Add(-time.Hour), SeenAt: lease.Begun.Add(-time.Minute), Unread: true,
		Edits: []approvals.PortalEdit{{At: lease.Begun.Add(-time.Hour), By: "@admin", What: "edited"}},
	})
	if err != nil {
		s.Fatal(err)
	}
	if err := s.store.MarkTelling(ctx, lease, "C-AAAAAAAA", "C0APPROVALS"); err != nil {
		s.Fatal(err)
	}
	if err := s.store.MarkTold(ctx, "C-AAAAAAAA", "1767000000.000009"); err != nil {
		s.Fatal(err)
	}
}

// seal seals the journal, as one replica does within a second.
func (s *story) seal() {
	s.Helper()
	for more := true; more; {
		var err error
		if more, err = s.store.SealJournal(s.Context()); err != nil {
			s.Fatal(err)
		}
	}
}

// reader reads the database while the store is open, as while the bot runs.
func (s *story) reader() *store.Reader {
	s.Helper()
	r, err := store.OpenReader(s.Context(), s.url)
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { _ = r.Close() })
	return r
}

func (s *story) report(format string, p Period) string {
	s.Helper()
	r := s.reader()
	made, err := Build(s.Context(), r, p, quarter.Until)
	if err != nil {
		s.Fatal(err)
	}
	if s.names != nil {
		made.FindName = func(id string) string { return s.names[id] }
		made.Link = func(channel, ts string) string { return "https://acme.slack.com/archives/" + channel + "/" + ts }
	}
	var out bytes.Buffer
	if err := Write(s.Context(), &out, format, made, r); err != nil {
		s.Fatal(err)
	}
	return out.String()
}

func compareGolden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; if it is meant, go test ./internal/audit/report -update\n%s", file, got)
	}
}

func TestReportsOfTheStory(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	s.known = map[string]string{robin: "Robin <Reed>"}
	s.tell()
	for _, format := range Formats() {
		s.names = nil
		compareGolden(t, "report."+format, s.report(format, quarter))
		s.names = map[string]string{robin: "Robin Married", alex: "=Alex"} // alex was not known then
		compareGolden(t, "report_named."+format, s.report(format, quarter))
	}
}

func TestTheStoryOfARequest(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	s.known = map[string]string{robin: "Robin <Reed>"}
	s.tell()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for _, id := range []string{first, second, hostile} {
		if err := Story(t.Context(), &out, s.reader(), id, berlin); err != nil {
			t.Fatal(err)
		}
		out.WriteString("\n")
	}
	compareGolden(t, "story.txt", out.String())
	if err := Story(t.Context(), &out, s.reader(), "R-ZZZZZZZZ", berlin); !errors.Is(err, approvals.ErrNotFound) {
		t.Errorf("an unknown id: %v", err)
	}
}

func TestAPeriodWithoutAnything(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	s.tell()
	before := Period{Since: quarter.Since.AddDate(-1, 0, 0), Until: quarter.Since.AddDate(0, -1, 0)}
	if got := s.report("html", before); !strings.Contains(got, "Nothing happened in this period.") {
		t.Errorf("an empty period: %s", got)
	}
	if got := s.report("csv", before); strings.Count(got, "\n") != 1 {
		t.Errorf("an empty period: %s", got)
	}
}

// TestNoTextBecomesMarkupOrAFormula looks at what programs make of the hostile reason.
func TestNoTextBecomesMarkupOrAFormula(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	s.tell()
	if page := s.report("html", quarter); strings.Contains(page, "<script") || !strings.Contains(page, "&lt;script&gt;") {
		t.Error("a reason became markup")
	}
	rows, err := csv.NewReader(strings.NewReader(s.report("csv", quarter))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, cell := range slices.Concat(rows...) {
		if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
			t.Errorf("a spreadsheet takes %q for a formula", cell)
		}
	}
}

// TestAnExportIsCheckedByItsOwnScript exports, checks, and changes each file in turn.
func TestAnExportIsCheckedByItsOwnScript(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"sh", "python3", "ssh-keygen"} {
		if _, err := exec.LookPath(tool); err != nil && os.Getenv("LICENSEBOT_TEST_REQUIRE") == "" {
			t.Skipf("%s is missing", tool)
		}
	}
	s := newStory(t)
	s.tell()
	s.seal()
	dir := filepath.Join(t.TempDir(), "export")
	if err := Export(t.Context(), dir, s.reader(), newSigner(t), "licensebot test", quarter.Until); err != nil {
		t.Fatal(err)
	}
	if out, code := runCheck(t, dir); code != 0 || !strings.Contains(out, "chain: 17 rows sealed, 0 not yet") ||
		!strings.Contains(out, "Good \"licensebot-audit\" signature") {
		t.Fatalf("exit code %d: %s", code, out)
	}
	if err := Export(t.Context(), dir, s.reader(), nil, "licensebot test", quarter.Until); err == nil {
		t.Error("an export went over another one")
	}
	var manifest Manifest
	readJSON(t, filepath.Join(dir, manifestName), &manifest)
	if len(manifest.Files) != len(store.ExportTables()) {
		t.Errorf("the manifest has %+v", manifest.Files)
	}
	for _, changed := range []string{"journal.jsonl", "watched_groups.jsonl", manifestName} {
		name := filepath.Join(dir, changed)
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		writeFile(t, name, append(slices.Clone(content), ' '))
		if out, code := runCheck(t, dir); code != 1 {
			t.Errorf("%s was changed: exit code %d: %s", changed, code, out)
		}
		writeFile(t, name, content)
	}
	forgeRow(t, dir, manifest)
	if out, code := runCheck(t, dir); code != 1 || !strings.Contains(out, "does not fit row") {
		t.Errorf("a row and the manifest were changed: exit code %d: %s", code, out)
	}
	writeFile(t, filepath.Join(dir, "more.jsonl"), nil)
	if out, code := runCheck(t, dir); code != 1 || !strings.Contains(out, "more.jsonl: not in the manifest") {
		t.Errorf("a file was added: exit code %d: %s", code, out)
	}
}

// forgeRow changes a row of the journal, and the manifest with it.
func forgeRow(t *testing.T, dir string, manifest Manifest) {
	t.Helper()
	name := filepath.Join(dir, "journal.jsonl")
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	content = bytes.Replace(content, []byte(`"after":"denied"`), []byte(`"after":"approved"`), 1)
	writeFile(t, name, content)
	for i, file := range manifest.Files {
		if file.Name == "journal.jsonl" {
			manifest.Files[i].SHA256 = fmt.Sprintf("%x", sha256.Sum256(content))
		}
	}
	text, err := json.Marshal(manifest)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, manifestName), text)
}

// randomParts are what the journal's random salts change in an export.
var randomParts = regexp.MustCompile(`"(salt|commitment|hash)":"[^"]*"`)

// TestTheExportHasEveryRow compares tables with golden files, without what rests on random salts.
func TestTheExportHasEveryRow(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	s.tell()
	s.seal()
	dir := filepath.Join(t.TempDir(), "export")
	if err := Export(t.Context(), dir, s.reader(), nil, "licensebot test", quarter.Until); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"journal.jsonl", "journal_seals.jsonl", "outside_changes.jsonl", "requests.jsonl"} {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		compareGolden(t, "export_"+name, randomParts.ReplaceAllString(string(content), `"$1":"…"`))
	}
}

// TestGroupDifferencesAreExplained has one group whose difference nothing explains in part.
func TestGroupDifferencesAreExplained(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	s.tell()
	made, err := Build(t.Context(), s.reader(), quarter, quarter.Until)
	if err != nil {
		t.Fatal(err)
	}
	if len(made.Groups) != 1 || made.Totals.Unexplained != 1 || made.Totals.Outside != 1 {
		t.Fatalf("%+v", made)
	}
	g := made.Groups[0]
	if !slices.Equal(g.UnexplainedGained, []string{"RPANU"}) || len(g.UnexplainedLost) > 0 || len(g.Changes) != 3 {
		t.Errorf("%+v", g)
	}
}

func newSigner(t *testing.T) ssh.Signer {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(key, "")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ReadSigner(pem.EncodeToMemory(block))
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

func runCheck(t *testing.T, dir string) (out string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	text, err := exec.CommandContext(ctx, "sh", filepath.Join(dir, "check.sh")).CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return string(text), exit.ExitCode()
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(text), 0
}

func readJSON(t *testing.T, name string, into any) {
	t.Helper()
	content, err := os.ReadFile(name)
	if err == nil {
		err = json.Unmarshal(content, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func writeFile(t *testing.T, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
}
