package approvals_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "licensebot"

// house says which packages of this module each package may import. The test
// reads the files themselves: the test cache would answer for `go list` after a
// change.
var house = map[string][]string{
	"approvals":        {},
	"approvals/worker": {"approvals", "internal/guard", "internal/sleep"},
	"licensing":        {"approvals", "internal/groupname", "internal/guard", "internal/noredirect", "internal/outbound"},
	"internal/store":   {"approvals", "internal/audit", "internal/silence", "internal/sleep"},
	"internal/audit":   {},

	// What auditors read comes from the store alone.
	"internal/audit/report": {"approvals", "internal/outside", "internal/store"},
	"deploy":                {},

	// The comparison joins the arms as the checks do, and only reads.
	"internal/audit/compare": {"approvals", "bot/message", "bot/slackapi", "internal/audit", "internal/store"},

	// After the loss of the database, the channel tells.
	"internal/audit/recovery": {"approvals", "bot/message", "bot/slackapi"},

	// Inside bot arrows go down: the rooms do not know bot, message and slackapi do
	// not know each other, and socket knows no other room.
	"bot": {
		"approvals", "internal/groupname", "internal/guard", "internal/outside", "internal/sleep",
		"bot/command", "bot/message", "bot/socket", "bot/slackapi",
	},
	"bot/command": {"approvals", "internal/emoji", "internal/groupname"},
	"bot/message": {"approvals", "internal/groupname", "internal/outside", "bot/command"},
	"bot/slackapi": {
		"approvals", "internal/noredirect", "internal/outbound", "internal/outside", "internal/slacktoken", "internal/sleep",
	},
	"bot/socket": {
		"internal/noredirect", "internal/outbound", "internal/outside", "internal/slacktoken", "internal/sleep",
	},
	"bot/bottest": {"approvals", "bot/command", "internal/fakeslack"},

	// Group names are compared in one form, wherever they are compared.
	"internal/groupname":  {"approvals"},
	"internal/policyfile": {"approvals", "internal/groupname"},
	"internal/metrics":    {"approvals"},
	"internal/silence":    {},
	"internal/emoji":      {},
	"internal/sleep":      {},
	"internal/guard":      {},
	"internal/noredirect": {},
	"internal/outbound":   {},
	"internal/outside":    {},
	"internal/slacktoken": {},

	// The checks of an installation join the arms as the command does, and only read.
	"internal/checkup": {
		"approvals", "bot/slackapi", "licensing", "internal/store", "internal/emoji", "internal/guard", "internal/outbound",
		"internal/outside", "deploy",
	},

	// The simulators know nothing of the bot, and the two know nothing of each other.
	"internal/fault":      {"internal/sleep"},
	"internal/fakeslack":  {"internal/fault"},
	"internal/fakeuipath": {"internal/fault"},
	"internal/demo/page":  {},
	"internal/demo": {
		"internal/demo/page", "internal/emoji", "internal/fakeslack", "internal/fakeuipath", "internal/fault",
	},

	// Helpers of tests.
	"internal/tcpproxy":  {},
	"internal/testclock": {},
	"internal/pgtest":    {"internal/tcpproxy"},
	"internal/check":     {},
	"internal/sweep":     {},

	// The chaos suite stands beside the house: it runs the program as it is. Its
	// judge knows only what the two fakes wrote down.
	"internal/chaos": {
		"internal/chaos/judge", "internal/fakeslack", "internal/fakeuipath", "internal/fault", "internal/pgtest",
		"internal/sleep", "internal/tcpproxy",
	},
	"internal/chaos/judge":     {"internal/fakeslack", "internal/fakeuipath"},
	"internal/chaos/mutant":    {"internal/chaos", "internal/chaos/judge"},
	"internal/chaos/cmd/chaos": {"internal/chaos", "internal/chaos/mutant"},

	"cmd/licensebot": {
		"approvals", "approvals/worker", "bot", "licensing", "internal/store", "internal/metrics", "internal/policyfile",
		"internal/audit", "internal/audit/compare", "internal/audit/recovery", "internal/audit/report", "internal/checkup", "internal/outbound", "internal/sleep", "internal/demo", "deploy",
	},
}

// standardOnly lists the packages that import nothing but the standard library.
var standardOnly = []string{"approvals", "deploy"}

// testAids lists what the tests of those packages may use nevertheless.
var testAids = []string{"pgregory.net/rapid"}

// outsideTests lists what the tests outside a package, in package NAME_test, may
// import besides.
var outsideTests = map[string][]string{"approvals": {"approvals", "internal/groupname"}}

func TestImportsFollowTheHouse(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range goFiles(t) {
		dir := path.Dir(f.name)
		allowed, known := house[dir]
		if !known {
			t.Errorf("%s: package %s has no place in the house", f.name, dir)
			continue
		}
		seen[dir] = true
		test := strings.HasSuffix(f.name, "_test.go")
		if test && !slices.Contains(standardOnly, dir) {
			continue // a test may set up what it needs
		}
		if strings.HasSuffix(f.pkg, "_test") {
			allowed = append(slices.Clone(allowed), outsideTests[dir]...)
		}
		for _, imported := range f.imports {
			inner, ours := strings.CutPrefix(imported, module+"/")
			switch {
			case ours && !slices.Contains(allowed, inner):
				t.Errorf("%s imports %s; %s may import only %v of this module", f.name, imported, dir, allowed)
			case test && slices.Contains(testAids, imported):
			case !ours && slices.Contains(standardOnly, dir) && !standard(imported):
				t.Errorf("%s imports %s; %s is standard library only", f.name, imported, dir)
			}
		}
	}
	for dir := range house {
		if !seen[dir] {
			t.Errorf("package %s has no files: were they read?", dir)
		}
	}
}

// The arms of the house know approvals and never each other: only the command and the
// checks join them, and the audit reads the store.
func TestArmsDoNotKnowEachOther(t *testing.T) {
	joiners := []string{"cmd/licensebot", "internal/checkup", "internal/audit/compare", "internal/audit/recovery", "internal/audit/report"}
	arms := []string{"bot", "licensing", "internal/store", "internal/policyfile", "approvals/worker"}
	armOf := func(dir string) string {
		for _, arm := range arms {
			if dir == arm || strings.HasPrefix(dir, arm+"/") {
				return arm
			}
		}
		return ""
	}
	for dir, allowed := range house {
		for _, imported := range allowed {
			here, there := armOf(dir), armOf(imported)
			if there != "" && here != there && !slices.Contains(joiners, dir) {
				t.Errorf("%s may import %s", dir, imported)
			}
		}
		if dir != "cmd/licensebot" && slices.Contains(allowed, "bot") {
			t.Errorf("%s may import bot", dir)
		}
	}
}

type goFile struct {
	name    string // relative to the repository, with slashes
	pkg     string
	imports []string
}

func goFiles(t *testing.T) []goFile {
	t.Helper()
	root := os.DirFS("..")
	if mod, err := fs.ReadFile(root, "go.mod"); err != nil || !strings.HasPrefix(string(mod), "module "+module+"\n") {
		t.Fatalf(".. is not the root of module %s: %v", module, err)
	}
	var files []goFile
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || ignored(root, name)):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, ".go"):
			return nil
		}
		files = append(files, parse(t, name))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// ignored is true of what the go command leaves out: test data and modules of
// their own, such as tools.
func ignored(root fs.FS, dir string) bool {
	_, err := fs.Stat(root, path.Join(dir, "go.mod"))
	return err == nil || path.Base(dir) == "testdata" || strings.HasPrefix(path.Base(dir), "_")
}

func parse(t *testing.T, name string) goFile {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", name), nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	file := goFile{name: name, pkg: parsed.Name.Name}
	for _, spec := range parsed.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		file.imports = append(file.imports, imported)
	}
	return file
}

// standard reports whether an import path is of the standard library: only
// there has the first element no dot. This module's has none either.
func standard(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return !strings.Contains(first, ".") && first != module && first != "C"
}
