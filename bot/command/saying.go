package command

import (
	"regexp"
	"slices"
	"strings"

	"licensebot/approvals"
)

// isReason reports whether words say something, and none of them may be a part of the request,
// or turn or limit what it asks for. One word says enough where it stands apart.
func (d *draft) isReason(words []word, isApart bool) bool {
	isOwnGroup := func(w word) bool { return w.means == nothing }
	if isApart && saysUrgent(words) {
		return true
	}
	words = withoutPoliteness(words)
	if len(words) == 0 || d.namesGroup(slices.DeleteFunc(slices.Clone(words), isOwnGroup)) ||
		words[0].isOneOf(stateWords) || words[0].isOneOf(addVerbs) {
		return false
	}
	isUnneeded := isApart && d.isSaid && d.ask.Action == approvals.Remove && saysUnneeded(words)
	if d.isTicket(words) || isUnneeded {
		return true
	}
	isMistyped := func(k string) bool { return isNearKeyword(words[0].lower(), k) }
	if slices.ContainsFunc(keywords, isMistyped) { // it is what begins the rest
		return false
	}
	return !d.mayNameGroup(words, isApart) && !d.mayNameLicense(words) && d.saysEnough(words, isApart)
}

// saysUrgent reports whether words are a sentence that says how urgent something is.
func saysUrgent(words []word) bool {
	return len(words) > 2 && hasSubject(words) && words[len(words)-1].isKeyword("urgent")
}

// saysEnough reports whether each of the words may stand in a reason, and they say something.
func (d *draft) saysEnough(words []word, isApart bool) bool {
	said, plainly := 0, 0
	for i, w := range words {
		switch {
		case d.isNoReason(words[i:], isApart, i > 0, isApart && hasSubject(words)):
			return false
		case i > 0 && d.isNearGrammar(word{text: words[i-1].text + w.text}):
			return false // it was split
		case !w.saysMuch():
			continue
		}
		said++
		isShort := len(w.text) < 4 && isApart && IsCode(w.text) // UAT
		if w.text == strings.ToLower(w.text) || isShort {
			plainly++
		}
	}
	return plainly > 0 && (said > 1 || isApart) && (isApart || !soundLikeTime(words))
}

// isHedged reports whether a word turns or limits what is asked for.
func (w word) isHedged() bool { return w.isTurning() || w.isOneOf(hedges) }

// saysMuch reports whether a word can say something in a reason.
func (w word) saysMuch() bool {
	return !(item{word: w}).isFiller() && !w.isOneOf(prepositions) && len(lettersOf(w.text)) > 2
}

// isNoReason reports whether the first of these words may be a part of the request, or turn
// or limit it. A clause with a subject may count what the reason is about.
func (d *draft) isNoReason(words []word, isApart, isBehind, isTold bool) bool {
	w := words[0]
	isPast := !isApart && w.isOneOf(pastWords)
	isAct := d.mayAct(w, isApart) && !(isTold && isBehind)
	switch {
	case isPast || isAct || w.quoted || isPerson(w.text) || mention.MatchString(w.text) || d.mayTurn(w, isTold):
		return true
	case isTold && isBehind && d.mayBeTold(w):
		return false
	}
	return d.isAmount(words, isApart && isBehind, isTold) || d.isPartLike(words)
}

// mayTurn reports whether a word may turn or limit what is asked for. Some do not in a clause with a subject.
func (d *draft) mayTurn(w word, isTold bool) bool {
	return w.isHedged() && !(isTold && w.isOneOf(tellingWords)) || d.isUndoing(w)
}

// mayBeTold reports whether a word behind a subject is a day or an amount of what is told.
func (d *draft) mayBeTold(w word) bool {
	_, days := d.readDay([]word{w})
	return days > 0 || ordinal.MatchString(w.text) || w.isOneOf(onlyWords) || w.isOneOf(moreWords)
}

// isPartLike reports whether the first of these words looks like a part of the request.
func (d *draft) isPartLike(words []word) bool {
	w := words[0]
	isCompound := len(words) > 1 && strings.Contains(w.text, "-")
	return strings.ContainsAny(w.text, "()") || w.isKeyword("unlimited") ||
		d.isNearGrammar(w) && !isCompound && !d.isTicket(words[:1])
}

// saysUnneeded reports whether words say that a license is not needed.
func saysUnneeded(words []word) bool {
	return slices.ContainsFunc(words, func(w word) bool { return w.means == unneeded })
}

// hasSubject reports whether words begin a clause that tells something: we are …, Kees is back.
func hasSubject(words []word) bool {
	return words[0].isOneOf(clauseWords) || len(words) > 1 && words[1].isOneOf(toldVerbs) && words[0].saysMuch()
}

// mayAct reports whether a word may be what is asked for. A clause that says why codes are removed
// may say that something is over.
func (d *draft) mayAct(w word, isApart bool) bool {
	isOver := isApart && d.ask.Action == approvals.Remove && isForm(w, overVerbs)
	return isActing(w) && !isOver
}

// isAmount reports whether the first of these words is a number, and may be one of seats or days.
// A long one behind others in a clause of its own is none.
func (d *draft) isAmount(words []word, isBehindInClause, isTold bool) bool {
	w := words[0]
	isAlone := len(words) == 1
	isLong := longNumber.MatchString(w.text) && !year.MatchString(w.text)
	if isBehindInClause && isLong && (isAlone || !words[1].isOneOf(seatWords)) {
		return false
	}
	isDigits := strings.ContainsAny(w.text, "0123456789") && !d.isTicket(words[:1])
	isOfCount := !isAlone && !(item{word: words[1]}).isFiller() && isTold
	return isDigits || (item{word: w}).isNumber() && !isOfCount
}

// longNumber is the number of an account, hardly of seats.
var longNumber = regexp.MustCompile(`^[0-9]{4,}$`)

var (
	// clauseWords may begin a clause that gives a reason.
	clauseWords = []string{
		"of", "we", "i", "it", "our", "my", "the", "a", "an", "they", "their", "he", "she", "his", "her", "this", "that",
		"there", "someone", "somebody",
	}
	// tellingWords limit nothing in a clause that has a subject.
	tellingWords = []string{
		"back", "while", "after", "before", "already", "still", "again", "who", "what", "which", "how", "where", "why",
		"asked", "told", "said", "says", "out", "off", "gone",
	}
	// stateWords begin what is said about the licenses that are named.
	stateWords = []string{"is", "are", "was", "were", "has", "had", "have", "already", "still", "again"}
	// beWords begin what is said about a group.
	beWords = []string{"is", "are", "was", "were"}
	// toldVerbs stand behind the subject of what is told.
	toldVerbs = append([]string{"has", "have", "asked", "told", "said", "will", "needs", "wants"}, beWords...)
	// politeWords end a request.
	politeWords = append([]string{"please", "pls", "plz", "thank", "you", "ty", "asap", "urgent"}, signOffs...)
	// pastWords may say what was so before.
	pastWords = []string{"was", "were", "had", "did", "been", "used"}
	// hedges limit or condition what is asked for, or compare it with something else.
	hedges = append([]string{
		"or", "either", "than", "like", "same", sameAs, "similar", "instead", "rather", "half", "part", "some",
		"other", "others", "whichever", "already", "still", "again", "back", "also", "too", "plus", "auch", "ook",
		"aussi", "también", "anche", "sowie", "otherwise", "alternatively", "except", "date", "expiry", "deadline",
		"maybe", "perhaps", "wrong", "ignore", "mistake", "what", "who", "which", "how", "where", "why", "whether",
		"says", "said", "asked", "told", "actually", "wait", "oops", "correction", "off", "out", "gone",
	}, conditions...)
	// conditions say when something is asked for, or whether.
	conditions = []string{
		"if", "when", "once", "after", "before", "unless", "while", "whenever", "provided", "assuming", "depending",
		"later", "falls", "wenn", "sobald", "erst", "zodra", "quand", "cuando", "quando", "mits", "tenzij", "indien",
		"wanneer", "nadat", "totdat", "zolang", "tijdens", "als", "sofern", "nach", "während", "dès", "durant",
		"mientras", "tant", "fois",
	}
)
