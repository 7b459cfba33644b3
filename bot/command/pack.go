package command

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"licensebot/approvals"
)

// packNamed is the pack of this name, also in the plural.
func (r *reader) packNamed(typed string) (approvals.Pack, bool) {
	typed = strings.ToLower(typed)
	for _, name := range []string{typed, singular(typed)} {
		i := slices.IndexFunc(r.packs, func(p approvals.Pack) bool { return p.Name == name })
		if i >= 0 {
			return r.packs[i], true
		}
	}
	return approvals.Pack{}, false
}

// nearPacks are the packs that a person may have meant: with other separators, or a
// letter away. Another digit makes another name.
func (r *reader) nearPacks(typed string) []approvals.Pack {
	want := lettersOf(typed)
	if limitSign.MatchString(typed) {
		return nil
	}
	var near []approvals.Pack
	for _, p := range r.packs {
		letters := lettersOf(p.Name)
		isNear := isOneEdit(want, letters) || isOneEdit(singular(want), letters)
		if len(want) > 2 && isNear && digitsOf(want) == digitsOf(letters) {
			near = append(near, p)
		}
	}
	return near
}

func digitsOf(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) {
			return r
		}
		return -1
	}, text)
}

// takePack takes the codes of a pack. A limit beside a pack is the limit of each of its
// codes.
func (d *draft) takePack(found match, typed string) {
	pack := found.packs[0]
	if !slices.Contains(d.ask.Packs, pack.Name) {
		d.ask.Packs = append(d.ask.Packs, pack.Name)
	}
	if found.isNear {
		d.isGuess = true
		d.noteCorrection(typed, pack.Name, "%s is not the code or the name of a license. The nearest is the pack %s.",
			Typed(typed), Typed(pack.Name))
	}
	for _, code := range pack.Codes {
		d.takeCode(match{codes: []string{code}, limit: found.limit, hasLimit: found.hasLimit}, code)
	}
}

// MeaningOf says what people mean already by a word that they type in place of a license:
// a code, a license of that name, or a word of the grammar. It is empty for a word
// without a meaning.
func MeaningOf(word string, licenses []License) string {
	d := &draft{reader: newReader("", Known{Now: time.Unix(0, 0).UTC(), Licenses: licenses})}
	if _, isCode := d.license(strings.ToUpper(word)); isCode {
		return "the license code " + strings.ToUpper(word)
	}
	if codes := d.named(word); len(codes) > 0 {
		return fmt.Sprintf("the license %s by its name", codes[0])
	}
	if d.isGrammar(word) {
		return "something else in a command"
	}
	return ""
}

// isGrammar reports whether a word means something to the grammar, wherever it stands.
func (d *draft) isGrammar(text string) bool {
	w := splitWords(text)[0]
	it := item{word: w}
	keywords := slices.Concat(reasonWords, untilWords, numberWords, forGood, []string{
		WordEmpty, formerWordEmpty, "good", "ever", "always", "life", "page", "next", "this", "end", "all", "my",
	})
	_, days := d.readDay([]word{w})
	_, isUnit := findUnit(text)
	_, isMonth := findMonth(text)
	return isReserved(text) || it.isFiller() || it.isNumber() || w.isOneOf(keywords) || isRequestID(text) ||
		isUnit || isMonth || days > 0 || d.readPeriod([]word{w}).n > 0
}
