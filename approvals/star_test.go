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

// star says which packages of this module each package may import. The files
// themselves are read: `go list` inside a test would be answered from the
// test cache after somebody broke the rule.
var star = map[string][]string{
	"approvals":        {},
	"approvals/worker": {"approvals"},
	"bot":              {"approvals"},
	"licensing":        {"approvals"},
	"internal/store":   {"approvals"},
	"internal/pgtest":  {},
	"deploy":           {},

	"internal/policyfile": {"approvals"},

	// The simulators know nothing of the bot, and the two know nothing of each other.
	"internal/fault":      {},
	"internal/fakeslack":  {"internal/fault"},
	"internal/fakeuipath": {"internal/fault"},
	"internal/demo":       {"internal/fakeslack", "internal/fakeuipath"},

	// The chaos suite stands beside the star: it runs the program as it is. Its
	// judge knows only what the two fakes wrote down.
	"internal/chaos": {
		"internal/chaos/judge", "internal/fakeslack", "internal/fakeuipath", "internal/fault", "internal/pgtest",
	},
	"internal/chaos/judge":     {"internal/fakeslack", "internal/fakeuipath"},
	"internal/chaos/mutant":    {"internal/chaos", "internal/chaos/judge"},
	"internal/chaos/cmd/chaos": {"internal/chaos", "internal/chaos/mutant"},

	"cmd/licensebot": {"approvals", "approvals/worker", "bot", "licensing", "internal/store", "internal/policyfile", "internal/demo", "deploy"},
}

// standardOnly lists the packages that import nothing but the standard library.
var standardOnly = []string{"approvals", "deploy"}

// testAids lists what the tests of those packages may use nevertheless.
var testAids = []string{"pgregory.net/rapid"}

// outside lists what the tests that stand outside a package, in package
// NAME_test, may import besides.
var outside = map[string][]string{
	"approvals": {"approvals", "internal/store"},
}

func TestPackagesFormAStar(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range goFiles(t) {
		dir := path.Dir(f.name)
		allowed, known := star[dir]
		if !known {
			t.Errorf("%s: package %s has no place in the star", f.name, dir)
			continue
		}
		seen[dir] = true
		test := strings.HasSuffix(f.name, "_test.go")
		external := strings.HasSuffix(f.pkg, "_test")
		if test && !slices.Contains(standardOnly, dir) {
			continue // a test may set up whatever it needs
		}
		if external {
			allowed = append(slices.Clone(allowed), outside[dir]...)
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
	for dir := range star {
		if !seen[dir] {
			t.Errorf("package %s has no files: were they read?", dir)
		}
	}
}

// simulators are the packages that stand beside the star: a Slack and a UiPath
// that run here, the faults that both can have, and the story played on them.
var simulators = []string{"internal/fault", "internal/fakeslack", "internal/fakeuipath", "internal/demo"}

// The table itself must be a star: only the command joins two arms. The chaos
// suite is no part of it, and nothing may import that. The simulators are no
// part of it either: they import only each other, and the two fakes only the
// faults.
func TestOnlyTheCommandJoinsThePackages(t *testing.T) {
	for dir, allowed := range star {
		if dir == "cmd/licensebot" || strings.HasPrefix(dir, "internal/chaos") {
			continue
		}
		if slices.Contains(simulators, dir) {
			for _, imported := range allowed {
				if !slices.Contains(simulators, imported) || (dir != "internal/demo" && imported != "internal/fault") {
					t.Errorf("%s may import %s", dir, imported)
				}
			}
			continue
		}
		if len(allowed) > 1 || (len(allowed) == 1 && allowed[0] != "approvals") {
			t.Errorf("%s may import %v", dir, allowed)
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
