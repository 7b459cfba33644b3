//go:build linux

package mutant

import (
	"bufio"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"licensebot/internal/chaos"
	"licensebot/internal/chaos/judge"
)

// A Mutant is a defect that a person might write.
type Mutant struct {
	Name     string
	Breaks   string   // the promise
	Shows    []string // rules of the judge; any of them catches it
	Store    string   // on which it shows
	Replicas int
	Focus    string // actions of the suite that show it, separated by commas
	Calm     bool   // nothing else happens in its hunt
	Test     string // package and test that catch it, where no action of the suite shows it

	files []filePatch
}

//go:embed testdata/*.patch
var patches embed.FS

// All loads the mutants of this package, by the name of their files.
func All() ([]Mutant, error) {
	names, err := fs.Glob(patches, "testdata/*.patch")
	if err != nil {
		return nil, err
	}
	var all []Mutant
	for _, name := range names {
		text, err := patches.ReadFile(name)
		if err != nil {
			return nil, err
		}
		m, err := Parse(string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path.Base(name), err)
		}
		all = append(all, m)
	}
	return all, nil
}

// Parse reads a patch file: its header and its diff.
func Parse(text string) (Mutant, error) {
	m := Mutant{Store: chaos.SQLite, Replicas: 1}
	header, diff, found := strings.Cut(text, "\n--- ")
	if !found {
		return m, errors.New("no diff: no line begins with ---")
	}
	lines := bufio.NewScanner(strings.NewReader(header))
	for lines.Scan() {
		field, ok := strings.CutPrefix(lines.Text(), "# ")
		if !ok {
			continue // what git diff says about the file
		}
		if err := m.setField(field); err != nil {
			return m, err
		}
	}
	if err := m.checkHeader(); err != nil {
		return m, err
	}
	var err error
	m.files, err = parseDiff("--- " + diff)
	return m, err
}

// setField takes one line of the header.
func (m *Mutant) setField(line string) (err error) {
	name, value, _ := strings.Cut(line, ":")
	value = strings.TrimSpace(value)
	switch name {
	case "name":
		m.Name = value
	case "breaks":
		m.Breaks = value
	case "shows":
		m.Shows = append(m.Shows, value)
	case "store":
		m.Store = value
	case "focus":
		m.Focus = value
	case "weather":
		if m.Calm = value == "calm"; !m.Calm {
			err = fmt.Errorf("there is no weather %q; a hunt is calm or has the usual one", value)
		}
	case "test":
		m.Test = value
	case "replicas":
		m.Replicas, err = strconv.Atoi(value)
	default:
		err = fmt.Errorf("the header has %q; it takes name, breaks, shows, test, store, replicas, focus and weather", line)
	}
	return err
}

func (m *Mutant) checkHeader() error {
	switch {
	case m.Name == "":
		return errors.New("the header has no name")
	case m.Breaks == "":
		return errors.New("the header does not say what it breaks")
	case m.Calm && m.Focus == "":
		return errors.New("a calm hunt needs a focus: nothing else happens")
	case m.Test != "":
		return m.checkTest()
	case len(m.Shows) == 0:
		return errors.New("the header shows no rule that is meant to catch it")
	case m.Store != chaos.SQLite && m.Store != chaos.Postgres:
		return fmt.Errorf("there is no store %q", m.Store)
	case m.Replicas < 1 || m.Store == chaos.SQLite && m.Replicas > 1:
		return fmt.Errorf("%s takes no %d replicas", m.Store, m.Replicas)
	}
	return m.checkNames()
}

// checkNames wants the rules and the actions to be there.
func (m *Mutant) checkNames() error {
	for _, name := range m.Shows {
		if !judge.HasRule(name) {
			return fmt.Errorf("the judge has no rule %q", name)
		}
	}
	for name := range strings.SplitSeq(m.Focus, ",") {
		if name != "" && !chaos.HasAction(name, m.Store, m.Replicas) {
			return fmt.Errorf("no round there has the action %q", name)
		}
	}
	return nil
}
