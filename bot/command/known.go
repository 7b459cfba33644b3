package command

import (
	"strings"
	"time"
	"unicode"

	"licensebot/approvals"
)

// Known is what the parser knows besides the text. With only a time it knows the
// grammar: the first word is the group, and any word of the right shape is a code.
type Known struct {
	// Now is when the command arrived, in the requester's time zone. Days that
	// people type are days there.
	Now time.Time
	// Groups are all groups of the organization, or nil if they are not known now.
	Groups []approvals.Group
	// Index is the one of Groups, if it was made before. It may be nil or of another list.
	Index *Index
	// Licenses are the user bundles that have a name here, and those that the
	// organization owns. Without them any word of the right shape is a code.
	Licenses []License
	// Owned reports whether Licenses say what the organization owns.
	Owned bool
	// FindRequest finds what a request asked for, by its id. It may be nil.
	FindRequest func(id string) (Filed, bool)
	// Packs are the packs of the policy.
	Packs []approvals.Pack
}

// A License is a user bundle that people can ask for.
type License struct {
	Code  string
	Name  string // its display name; may be empty
	Owned bool
}

// A reader reads one command.
type reader struct {
	Known
	*Index
	name    string                       // the command as typed
	names   []licenseName                // of the licenses that a name can mean
	packs   []approvals.Pack             // whose names mean nothing else
	near    map[string][]approvals.Group // what was looked for so far
	long    []string                     // words that are seldom a part of others
	isCheck bool                         // it reads a suggestion, and suggests nothing itself
}

func newReader(name string, known Known) *reader {
	r := &reader{Known: known, Index: known.Index, name: name, near: make(map[string][]approvals.Group)}
	if !r.Index.IsOf(known.Groups) {
		r.Index = NewIndex(known.Groups)
	}
	for _, l := range r.askable() {
		before, _, _ := strings.Cut(l.Name, " – ")
		r.names = append(r.names, licenseName{License: l, words: nameWords(l.Name), head: nameWords(before)})
	}
	for _, p := range known.Packs {
		if _, isCode := r.license(strings.ToUpper(p.Name)); !isCode {
			r.packs = append(r.packs, p)
		}
	}
	r.long = r.longWords()
	return r
}

// knowsGroups reports whether a group that is not in the list is not there.
func (r *reader) knowsGroups() bool { return r.Groups != nil }

// license is the license of this code.
func (r *reader) license(code string) (License, bool) {
	for _, l := range r.Licenses {
		if l.Code == code {
			return l, true
		}
	}
	return License{}, false
}

// isAskable reports whether a word is the code of a license or the name of a pack.
func (r *reader) isAskable(text string) bool {
	_, isLicense := r.license(strings.ToUpper(text))
	_, isPack := r.packNamed(text)
	return isLicense || isPack
}

// askable are the licenses that a name can mean: those that are owned, where that is
// known.
func (r *reader) askable() []License {
	var all []License
	for _, l := range r.Licenses {
		if l.Owned || !r.Owned {
			all = append(all, l)
		}
	}
	return all
}

// looseKey is a text as people may write it with other separators, or with other zeros before
// a number.
func looseKey(text string) string {
	letters := lettersOf(text)
	var key strings.Builder
	afterDigit := false
	for i, r := range letters {
		isDigit := unicode.IsDigit(r)
		isLeading := r == '0' && !afterDigit && i+1 < len(letters) && letters[i+1] >= '0' && letters[i+1] <= '9'
		afterDigit = isDigit && !isLeading
		if !isLeading {
			key.WriteRune(r)
		}
	}
	return key.String()
}

// lettersOf is a text as people may write it with other separators, or with none.
func lettersOf(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, text)
}

// isOneEdit reports whether one letter was dropped, added or changed, or two letters
// beside each other were swapped.
func isOneEdit(a, b string) bool {
	x, y := []rune(a), []rune(b)
	for len(x) > 0 && len(y) > 0 && x[0] == y[0] {
		x, y = x[1:], y[1:]
	}
	for len(x) > 0 && len(y) > 0 && x[len(x)-1] == y[len(y)-1] {
		x, y = x[:len(x)-1], y[:len(y)-1]
	}
	isSwap := len(x) == 2 && len(y) == 2 && x[0] == y[1] && x[1] == y[0]
	return len(x) <= 1 && len(y) <= 1 || isSwap
}
