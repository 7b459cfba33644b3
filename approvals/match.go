package approvals

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// A Match says what a rule is about. An empty list matches everything. In
// groups and codes, * stands for any characters, or none; upper and lower case
// are the same.
type Match struct {
	Groups     []string // ids, exact names, patterns for names
	Codes      []string // codes, patterns for codes
	Requesters []string // user ids and user group ids
}

// IsUserGroup reports whether a Slack id is that of a user group.
func IsUserGroup(id string) bool { return strings.HasPrefix(id, "S") }

// A fit is whether a rule matches, as far as can be told.
type matchResult int

const (
	noMatch matchResult = iota
	matches
	unknownMatch // the group's name decides, and it is not known
)

func (m Match) matchCode(x PolicyInput, code string) matchResult {
	if !m.coversRequester(x) || !m.coversCode(code) {
		return noMatch
	}
	return m.matchGroup(x.Group)
}

func (m Match) coversRequester(x PolicyInput) bool {
	return len(m.Requesters) == 0 ||
		slices.Contains(m.Requesters, x.Requester) ||
		len(Common(m.Requesters, x.MemberOf)) > 0
}

func (m Match) coversCode(code string) bool {
	return len(m.Codes) == 0 || slices.ContainsFunc(m.Codes, func(pattern string) bool { return matchesPattern(pattern, code) })
}

func (m Match) matchGroup(g Group) matchResult {
	if len(m.Groups) == 0 || m.namesGroup(g) {
		return matches
	}
	how := noMatch
	for _, pattern := range m.Groups {
		switch {
		case strings.Contains(pattern, "*") && matchesPattern(pattern, g.Name):
			return matches
		case g.Name == "" && !guid.MatchString(pattern):
			how = unknownMatch
		}
	}
	return how
}

// names reports whether the group is named itself, by its id or its exact
// name, and not just caught by a pattern.
func (m Match) namesGroup(g Group) bool {
	return slices.ContainsFunc(m.Groups, func(pattern string) bool {
		plain := pattern != "" && !strings.Contains(pattern, "*")
		return plain && (matchesPattern(pattern, g.ID) || matchesPattern(pattern, g.Name))
	})
}

// guid is the shape of a group's id. Such a pattern is never a name.
var guid = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// protected is true of the groups that hold everybody or those in charge.
func (g Group) isProtected() bool {
	return matchesPattern("Everyone", g.Name) || matchesPattern("Administrators", g.Name)
}

// Covers reports whether m surely matches whatever n can match. Where n names
// a group, that is taken for its name unless it has the shape of an id.
func (m Match) Covers(n Match) bool {
	return coverIDs(m.Requesters, n.Requesters) && coverPatterns(m.Codes, n.Codes) && coverPatterns(m.Groups, n.Groups)
}

func coverPatterns(wide, narrow []string) bool {
	if len(narrow) == 0 {
		narrow = []string{"*"}
	}
	return len(wide) == 0 || !slices.ContainsFunc(narrow, func(n string) bool {
		return !slices.ContainsFunc(wide, func(w string) bool { return coverPattern(w, n) })
	})
}

// coverPattern relies on * being no character of any name or code: read as
// text, the * of a pattern is matched by nothing but a * in another.
func coverPattern(wide, narrow string) bool {
	if guid.MatchString(narrow) && wide != "*" {
		return fold(wide) == fold(narrow) // patterns are for names
	}
	return matchesPattern(wide, narrow)
}

func coverIDs(wide, narrow []string) bool {
	return len(wide) == 0 || len(narrow) > 0 && len(Without(narrow, wide)) == 0
}

// like reports whether text is what pattern says, blanks around it aside.
func matchesPattern(pattern, text string) bool {
	parts := strings.Split(fold(pattern), "*")
	text = fold(strings.TrimSpace(text))
	first, last := parts[0], parts[len(parts)-1]
	if len(parts) == 1 {
		return text == first
	}
	if len(text) < len(first)+len(last) || !strings.HasPrefix(text, first) || !strings.HasSuffix(text, last) {
		return false
	}
	text = text[len(first) : len(text)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		_, rest, found := strings.Cut(text, part)
		if !found {
			return false
		}
		text = rest
	}
	return true
}

// fold maps every letter to one of those that differ from it by case alone.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			least = min(least, other)
		}
		return least
	}, s)
}
