package command

import (
	"regexp"
	"slices"
	"strings"
)

// labels are the words before a part of a request that was written like a form.
var labels = []string{
	"group", "groups", "license", "licenses", "licence", "licences", "code", "codes", "duration", "period", "reason",
	"name", "id", "for", "until", "end", "qty", "quantity", "seats", "users", "ticket", "action", "start", "limit",
}

// labeled is a label with its sign, and maybe with the part that it stands for.
var labeled = regexp.MustCompile(`^([A-Za-z]+)[=:](.*)$`)

// plainIDs takes the brackets off the ids of requests, and gives those their beginning that were typed without.
func (r *reader) plainIDs(tokens []word) []word {
	all := slices.Clone(tokens)
	for i, w := range tokens {
		inner := strings.Trim(w.text, "()[]#")
		switch {
		case w.quoted:
		case isRequestID(inner):
			all[i].text = inner
		case r.isBareID(inner) && !slices.ContainsFunc(tokens, word.isID):
			all[i].text = "R-" + inner
		}
	}
	return all
}

// isBareID reports whether text may be an id without its beginning, and is no group, license or ticket.
func (r *reader) isBareID(text string) bool {
	isNear := func(l License) bool { return isOneEdit(text, l.Code) }
	return bareID.MatchString(text) && strings.ContainsAny(text, "0123456789") &&
		strings.ContainsAny(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") && !ticketKey.MatchString(text) &&
		!r.isGroup(text) && len(r.nearGroups(text)) == 0 && !slices.ContainsFunc(r.Licenses, isNear)
}

// bareID is the id of a request without its beginning, and listNumber counts the items of a list.
var (
	bareID     = regexp.MustCompile(`^[0-9A-Z]{8}$`)
	listNumber = regexp.MustCompile(`^\(?([1-9])[).]$`)
)

// dropListNumbers reads the numbers of a list as a comma: 1) IDU 2) TSTNU.
func dropListNumbers(tokens []word) []word {
	next := 1
	var at []int
	for i, w := range tokens {
		if n := listNumber.FindStringSubmatch(w.typed); n != nil && !w.quoted && atoi(n[1]) == next {
			at, next = append(at, i), next+1
		}
	}
	if len(at) < 2 {
		return tokens
	}
	all := slices.Clone(tokens)
	for _, i := range at {
		all[i] = word{text: "and", typed: "and"}
	}
	return all
}

// openQuotes reads a sentence in double quotes as its words. Names are shorter.
func (r *reader) openQuotes(tokens []word) []word {
	var out []word
	for _, w := range tokens {
		inside := splitWords(w.text)
		isSentence := w.quoted && !r.isGroup(w.text) && len(inside) > 3 && (r.namesGroup(inside) || r.hasLicense(inside))
		if !isSentence {
			inside = []word{w}
		}
		out = append(out, inside...)
	}
	return out
}

// splitSlashes splits a group and a code with a slash or a colon between them.
func (r *reader) splitSlashes(tokens []word) []word {
	var out []word
	for _, w := range splitSemicolons(tokens) {
		parts := strings.FieldsFunc(w.text, func(c rune) bool { return strings.ContainsRune("/:|,", c) })
		isCode := slices.ContainsFunc(parts, r.isAskable)
		isGroup := slices.ContainsFunc(parts, r.isGroup)
		isOther := func(part string) bool { return !r.isGroup(part) }
		areGroups := !slices.ContainsFunc(parts, isOther)
		if w.quoted || len(parts) < 2 || !areGroups && (!isCode || !isGroup) {
			out = append(out, w)
			continue
		}
		for i, part := range parts {
			typed := part
			if areGroups && i+1 < len(parts) {
				typed += "," // they are a list
			}
			out = append(out, word{text: part, typed: typed})
		}
	}
	return out
}

// splitSemicolons splits words at the semicolons between the cells of a table.
func splitSemicolons(tokens []word) []word {
	var out []word
	for _, w := range tokens {
		for part := range strings.SplitAfterSeq(w.typed, ";") {
			plain := stripDecoration(part)
			if w.quoted || w.means != "" || !strings.Contains(w.text, ";") {
				out = append(out, w)
				break
			}
			if plain != "" {
				out = append(out, word{text: plain, typed: part})
			}
		}
	}
	return out
}

// asKeyword is a label as the word of the grammar that it stands for.
func asKeyword(label, next word) word {
	isPeriod := label.isOneOf([]string{"duration", "period"})
	switch {
	case isPeriod && next.isOneOf(untilWords),
		label.isOneOf([]string{"name", "id", "qty", "quantity", "seats", "users", "action", "limit"}):
		label.means = nothing
	case isPeriod:
		label.means = "for"
	case label.isKeyword("end"):
		label.means = "until"
	}
	return label
}

// dropLabels reads Group = Sales and group:Sales like the words alone. A duration is a time
// that begins with for.
func dropLabels(tokens []word) []word {
	var out []word
	afterLabel := false
	for i, w := range tokens {
		wasLabel := afterLabel
		afterLabel = w.isOneOf(labels)
		label, value := w, ""
		if parts := labeled.FindStringSubmatch(w.typed); parts != nil && !w.quoted {
			label, value = word{text: parts[1], typed: parts[1]}, parts[2]
		}
		hasSign := label.typed != w.typed || wordAt(tokens, i+1).text == "="
		switch plain := stripDecoration(value); {
		case w.text == "=" && wasLabel, w.text == "/":
		case !hasSign || !label.isOneOf(labels), label.isKeyword("id") && isDigits(plain): // a code and its limit
			out = append(out, w)
		case plain != "":
			out = append(out, asKeyword(label, wordAt(tokens, i+1)), word{text: plain, typed: strings.TrimSpace(value)})
		default:
			out = append(out, asKeyword(label, wordAt(tokens, i+1)))
		}
	}
	return out
}
