package command

import (
	"slices"
	"strings"

	"licensebot/approvals"
	"licensebot/internal/groupname"
)

// A run is words that mean a group.
type run struct {
	from, to int
	text     string
	groups   []approvals.Group // those of this name; none for what may be the id of an unlisted one
}

// isSame reports whether two runs mean the same group.
func (f run) isSame(other run) bool {
	return len(f.groups) == 1 && len(other.groups) == 1 && groupname.SameID(f.groups[0].ID, other.groups[0].ID)
}

// dropArticles drops what stands between a verb and a group.
func (r *reader) dropArticles(tokens []word) []word {
	for len(tokens) > 1 && tokens[0].isOneOf([]string{"to", "for", "from", "the", "group", "team", "away", "me", "us"}) {
		isTime := r.readPeriod(tokens).n > 0
		if isTime || r.startsExactRun(tokens) || r.startsLooseRun(tokens) || r.knowsGroups() && tokens[0].isKeyword("for") {
			break
		}
		tokens = tokens[1:]
	}
	return tokens
}

func (r *reader) startsExactRun(tokens []word) bool {
	return r.knowsGroups() && slices.ContainsFunc(r.exactRuns(tokens), func(f run) bool { return f.from == 0 })
}

// startsLooseRun reports whether the first words are a group with other separators.
func (r *reader) startsLooseRun(tokens []word) bool {
	for to := 2; to <= min(len(tokens), r.longest+2); to++ {
		if text, _, ok := joinRun(tokens[:to]); ok && len(r.loose[looseKey(text)]) > 0 {
			return true
		}
	}
	return false
}

// exactRuns are the words that are the exact name or the id of a group.
func (r *reader) exactRuns(tokens []word) []run {
	switch {
	case len(tokens) == 0:
		return nil
	case !r.knowsGroups():
		return r.likelyRuns(tokens)
	}
	var found []run
	for from := range tokens {
		for to := from + 1; to <= min(len(tokens), from+max(r.longest, 1)); to++ {
			text, typed, ok := joinRun(tokens[from:to])
			if !ok {
				break
			}
			refs := []string{text, typed, strings.Trim(text, "() "), strings.TrimSuffix(text, "'s")}
			for _, ref := range slices.Compact(refs) {
				groups := r.groups[groupname.Canonical(ref).String()]
				if len(groups) > 0 || to == from+1 && groupname.IsGUID(ref) {
					found = append(found, run{from, r.behindKind(tokens, from, to), ref, groups})
					break
				}
			}
		}
	}
	return found
}

// behindKind is where a group's name ends with a word such as team that may stand behind it.
func (r *reader) behindKind(tokens []word, from, to int) int {
	if to == len(tokens) || !tokens[to].isOneOf([]string{"team", "department", "dept"}) || endsClause(tokens[to-1]) {
		return to
	}
	if longer, _, ok := joinRun(tokens[from : to+1]); !ok || r.isGroup(longer) {
		return to
	}
	return to + 1
}

// firstRuns are the exact runs without those that name the group of an earlier one again.
func (r *reader) firstRuns(tokens []word) []run {
	runs := r.exactRuns(tokens)
	if !r.knowsGroups() || len(runs) < 2 {
		return runs
	}
	whole := r.maximalRuns(tokens)
	isAgain := func(f run) bool {
		isSame := func(o run) bool {
			return o.to <= f.from && groupname.Canonical(o.text) == groupname.Canonical(f.text)
		}
		return slices.ContainsFunc(whole, isSame)
	}
	return slices.DeleteFunc(runs, isAgain)
}

// joinRun joins words that can be one name. A quoted name stands alone.
func joinRun(words []word) (text, typed string, ok bool) {
	var texts []string
	for _, w := range words {
		if w.quoted && len(words) > 1 {
			return "", "", false
		}
		texts = append(texts, w.text)
	}
	return strings.Join(texts, " "), joinTyped(words), true
}

// likelyRuns are where the group stands if the groups are not known: first, or behind
// codes and a preposition.
func (r *reader) likelyRuns(tokens []word) []run {
	first := run{from: 0, to: 1, text: tokens[0].text}
	if r.Licenses == nil || tokens[0].quoted {
		return []run{first}
	}
	for i, w := range tokens[:len(tokens)-1] {
		switch {
		case w.isOneOf([]string{"to", "for", "from"}) && i > 0 && r.readPeriod(tokens[i:]).n == 0:
			for i+2 < len(tokens) && tokens[i+1].isOneOf([]string{"the", "group"}) {
				i++
			}
			return []run{{from: i + 1, to: i + 2, text: tokens[i+1].text}}
		case !r.isAskable(w.text) && !item{word: w}.isFiller() && !item{word: w}.isNumber():
			return []run{first}
		}
	}
	return []run{first}
}

// isGroup reports whether a known group is called so.
func (r *reader) isGroup(ref string) bool {
	return len(r.groups[groupname.Canonical(ref).String()]) > 0
}
