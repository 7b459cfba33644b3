//go:build linux

package mutant

import (
	"errors"
	"fmt"
	"strings"
)

// A filePatch is what a diff changes in one file.
type filePatch struct {
	path  string // relative to the module
	hunks []hunk
}

// A hunk replaces some lines by others. Both have the context in them.
type hunk struct {
	old, new []string
}

// parseDiff reads a unified diff of files that exist before and after it.
func parseDiff(text string) ([]filePatch, error) {
	var files []filePatch
	var current *hunk
	for n, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		name, isFile := strings.CutPrefix(line, "+++ b/")
		switch {
		case isFile:
			files, current = append(files, filePatch{path: name}), nil
		case strings.HasPrefix(line, "--- a/"), strings.HasPrefix(line, "diff "), strings.HasPrefix(line, "index "):
			current = nil
		case len(files) == 0:
			return nil, fmt.Errorf("line %d of the diff belongs to no file: %q", n+1, line)
		case strings.HasPrefix(line, "@@ "):
			file := &files[len(files)-1]
			file.hunks = append(file.hunks, hunk{})
			current = &file.hunks[len(file.hunks)-1]
		case current == nil || !current.addLine(line):
			return nil, fmt.Errorf("line %d of the diff is no part of a hunk: %q", n+1, line)
		}
	}
	return files, checkFiles(files)
}

// addLine adds a line of the diff. It is false for a line outside the hunks.
func (h *hunk) addLine(line string) bool {
	if line == "" {
		line = " " // an editor took the space away
	}
	switch text := line[1:]; line[0] {
	case ' ':
		h.old, h.new = append(h.old, text), append(h.new, text)
	case '-':
		h.old = append(h.old, text)
	case '+':
		h.new = append(h.new, text)
	default:
		return false
	}
	return true
}

func checkFiles(files []filePatch) error {
	if len(files) == 0 {
		return errors.New("the diff changes no file")
	}
	for _, f := range files {
		if len(f.hunks) == 0 {
			return fmt.Errorf("the diff has no hunk for %s", f.path)
		}
		for _, h := range f.hunks {
			if len(h.old) == 0 {
				return fmt.Errorf("a hunk for %s has no line to find its place by", f.path)
			}
		}
	}
	return nil
}

// apply changes the text of the file. The old lines of each hunk have to be in
// it exactly once.
func (f filePatch) apply(text string) (string, error) {
	lines := strings.Split(text, "\n")
	for _, h := range f.hunks {
		at, err := h.findPlace(lines)
		if err != nil {
			return "", fmt.Errorf("%s: %w", f.path, err)
		}
		after := append([]string(nil), lines[at+len(h.old):]...)
		lines = append(append(lines[:at:at], h.new...), after...)
	}
	return strings.Join(lines, "\n"), nil
}

// findPlace is the line at which the old lines begin.
func (h hunk) findPlace(lines []string) (at int, err error) {
	places, longest := 0, 0
	for i := range lines {
		n := h.matchLength(lines[i:])
		if n == len(h.old) {
			at, places = i, places+1
		}
		longest = max(longest, n)
	}
	switch places {
	case 1:
		return at, nil
	case 0:
		return 0, fmt.Errorf("the first line that does not match is %q", h.old[longest])
	}
	return 0, fmt.Errorf("%d places match from %q on: more context is needed", places, h.old[0])
}

// matchLength counts how many of the old lines are there, from the first on.
func (h hunk) matchLength(lines []string) int {
	n := 0
	for n < len(h.old) && n < len(lines) && h.old[n] == lines[n] {
		n++
	}
	return n
}
