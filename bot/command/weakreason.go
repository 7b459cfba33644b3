package command

import (
	"slices"
	"strings"
)

// takeWeakReason takes a reason behind a word that begins one as well as something else.
func (d *draft) takeWeakReason(items []item) []item {
	if d.Licenses == nil || d.ask.Reason != "" {
		return items
	}
	for i, it := range items {
		words := plainWords(items[i:])
		if it.kind != plain || len(words) < len(items)-i || d.isInSentence(items, i) || !d.maySayWhy(words) {
			continue
		}
		isWhole := d.isPurpose(words) || strings.EqualFold(it.typed, "so that") || words[1].isKeyword("per")
		reason := typedText(words)
		if !isWhole {
			reason = typedText(words[1:])
		}
		d.takeReason(splitWords(reason))
		if !surelySaysWhy(words) {
			d.noteReason(readsLikeReason, typedText(words), reason)
		}
		return items[:i]
	}
	return items
}

// isInSentence reports whether words that say something stand before an item, back to punctuation: not used
// since summer.
func (d *draft) isInSentence(items []item, i int) bool {
	from := i
	for from > 0 && items[from-1].kind == plain && !items[from-1].endsClause {
		from--
	}
	isPart, _ := d.findParts(items)
	return from > 0 && from < i && items[from-1].endsClause && !slices.Contains(isPart[from:i], true) &&
		slices.ContainsFunc(plainWords(items[from:i]), func(w word) bool { return w.saysMuch() || w.means == unneeded })
}

// maySayWhy reports whether words may be a reason behind the first one, or what something is for.
func (d *draft) maySayWhy(words []word) bool {
	if len(words) < 2 || !words[0].isOneOf(weakReasonWords) && !d.isPurpose(words) || d.namesGroup(words[1:]) {
		return false
	}
	isAsTyped := words[0].text == words[0].lower()
	return !(isAsTyped && d.isTimeOrManner(words[1:])) && d.isPlainReason(words[1:])
}

// isPurpose reports whether words say what something is for: to test the robots.
func (d *draft) isPurpose(words []word) bool {
	return words[0].isKeyword("to") && len(words) > 2 && d.isReason(words[1:], true) && !(item{word: words[1]}).isFiller()
}

// isPlainReason reports whether words are one sentence that names no other group, no license and nothing that
// is meant alone.
func (d *draft) isPlainReason(words []word) bool {
	at := slices.IndexFunc(words, func(w word) bool { return (item{word: w}).isNumber() })
	if at >= 0 && (at+1 == len(words) || words[at+1].isOfSeats()) {
		return false
	}
	for i, w := range words {
		if w.isOneOf(startWords) && d.readPeriod(words[i:]).n > 0 {
			return false
		}
	}
	return !d.namesOther(words) && !endsSentence(words[:len(words)-1]) && !haveOneOf(words, onlyWords)
}

// surelySaysWhy reports whether words behind since or as can be nothing but a reason: a sentence, or what it
// is due to.
func surelySaysWhy(words []word) bool {
	fewest := 4
	if strings.Contains(wordAt(words, 1).lower(), "'") {
		fewest = 3 // its verb is in it
	}
	isSentence := len(words) >= fewest && words[1].isSubject() ||
		len(words) > 3 && slices.ContainsFunc(words[2:], func(w word) bool { return w.isOneOf(toldVerbs) })
	isSaid := strings.EqualFold(words[0].typed, "due to") || wordAt(words, 1).isKeyword("per")
	return (isSentence && words[0].means == "" || isSaid) && !slices.ContainsFunc(words, word.isHedged)
}

// isSubject reports whether a word is about people, maybe with its verb: we, they're.
func (w word) isSubject() bool {
	base, _, _ := strings.Cut(w.lower(), "'")
	return !w.quoted && slices.Contains(subjects, base)
}

// isTimeOrManner reports whether words behind since or as give no reason.
func (d *draft) isTimeOrManner(words []word) bool {
	_, n := d.readDay(words)
	_, isMonth := findMonth(words[0].lower())
	return n > 0 || isMonth || d.readLength(words).n > 0 || words[0].isOneOf(mannerWords)
}

// mannerWords behind as give no reason.
var mannerWords = []string{
	"of", "soon", "from", "many", "much", "few", "little", "long", "well", "usual", "always", "before",
}

// weakReasonWords may begin a reason. Before one of the subjects they surely do.
var (
	weakReasonWords = []string{"since", "as"}
	subjects        = []string{"we", "i", "he", "she", "they", "our", "their", "his", "her"}
)
