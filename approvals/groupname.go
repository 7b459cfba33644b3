package approvals

import "strings"

// A GroupName is the canonical form of a group's name. Two names that people
// cannot tell apart have the same one, so rules compare it and nothing else.
// Its zero value is a name that is not known.
//
// Package internal/groupname makes it: the tables for it are outside the
// standard library. Text that is not canonical cannot become a GroupName by
// mistake, because no other package calls [NewGroupName].
type GroupName struct{ canonical string }

// NewGroupName takes text that is canonical already. Only package
// internal/groupname may call it.
func NewGroupName(canonical string) GroupName { return GroupName{canonical} }

// String returns the canonical text. It is for comparing, not for people.
func (n GroupName) String() string { return n.canonical }

// IsUnknown reports whether there is no name to compare.
func (n GroupName) IsUnknown() bool { return n.canonical == "" }

// A GroupPattern is what a rule says about groups: an id, an exact name, or a
// pattern for names. Package internal/groupname makes it.
type GroupPattern struct {
	text   string // canonical; * stands for any characters, or none
	onlyID bool   // has the shape of an id, so it is never a name
}

// NewGroupPattern takes text that is canonical already, and whether it has the
// shape of an id. Only package internal/groupname may call it.
func NewGroupPattern(canonical string, onlyID bool) GroupPattern {
	return GroupPattern{text: canonical, onlyID: onlyID}
}

// String returns the canonical text. It is for comparing, not for people.
func (p GroupPattern) String() string { return p.text }

func (p GroupPattern) hasStar() bool { return strings.Contains(p.text, "*") }

// namesGroup reports whether the pattern is the group's id or its exact name.
// An id of UiPath's is a GUID; what has that shape is never compared with a name.
func (p GroupPattern) namesGroup(g Group) bool {
	switch {
	case p.text == "" || p.hasStar():
		return false
	case strings.EqualFold(p.text, g.ID):
		return true
	}
	return !p.onlyID && p.text == g.Canonical.canonical
}

// matchesName reports whether the pattern has a star and the group's name is
// what it says.
func (p GroupPattern) matchesName(g Group) bool {
	return p.hasStar() && matchesPattern(p.text, g.Canonical.canonical)
}

// covers relies on * being no character of any name: read as text, the * of a
// pattern is matched by nothing but a * in another.
func (p GroupPattern) covers(narrow GroupPattern) bool {
	switch {
	case p.text == "*":
		return true
	case p.onlyID || narrow.onlyID: // other patterns are for names
		return p == narrow
	}
	return matchesPattern(p.text, narrow.text)
}

// matchesPattern reports whether text is what pattern says. Both are folded.
func matchesPattern(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
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
