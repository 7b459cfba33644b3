//go:build linux

package mutant

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"licensebot/internal/chaos"
)

// checkTest wants a package, the name of a test, and nothing of a hunt.
func (m Mutant) checkTest() error {
	folder, name := m.test()
	switch {
	case !strings.HasPrefix(name, "Test") || folder == "":
		return fmt.Errorf("the test is %q; it takes a folder of the module and the name of a test", m.Test)
	case len(m.Shows) > 0 || m.Focus != "" || m.Calm:
		return errors.New("the header has a test, and what only a hunt has")
	}
	return nil
}

func (m Mutant) test() (folder, name string) {
	folder, name, _ = strings.Cut(m.Test, " ")
	return folder, name
}

// findTest reports whether the test is there.
func (m Mutant) findTest(source string) error {
	folder, name := m.test()
	files, err := filepath.Glob(filepath.Join(source, folder, "*_test.go"))
	if err != nil {
		return err
	}
	declared := regexp.MustCompile(`(?m)^func ` + regexp.QuoteMeta(name) + `\(`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if declared.Match(text) {
			return nil
		}
	}
	return fmt.Errorf("mutant %q: there is no test %s", m.Name, m.Test)
}

// runTest runs the test on the sources with the defect, whole. It has to fail.
func (m Mutant) runTest(ctx context.Context, source, dir string, changed map[string]string, h *Hunt) {
	start := time.Now()
	folder, name := m.test()
	binary, err := chaos.BuildTest(ctx, source, dir, folder, changed)
	if err != nil {
		h.Err = err
		return
	}
	cmd := exec.CommandContext(ctx, binary, "-test.run", "^"+name+"$", "-test.timeout", "15m")
	cmd.Dir = filepath.Join(source, folder)
	cmd.Env = append(os.Environ(), "LICENSEBOT_TEST_REQUIRE=1")
	err = cmd.Run()
	if _, failed := errors.AsType[*exec.ExitError](err); failed && ctx.Err() == nil {
		h.ByTest = true
	} else {
		h.Err = err
	}
	h.Took = time.Since(start)
}
