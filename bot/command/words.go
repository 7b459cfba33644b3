package command

import (
	"slices"
	"strings"
)

// Words of sentences. A group that is called so goes in double quotes.
var (
	// addVerbs ask for codes; so does a command without a verb.
	addVerbs = []string{
		"add", "give", "grant", "assign", "request", "ask", "order", "allocate", "enable", "activate", "provision",
		"put", "book", "gimme", "reserve", "arrange", "equip", "onboard", "requesting", "lend", "allot", "issue", "supply",
		"allow",
	}
	// removeVerbs take codes out.
	removeVerbs = []string{
		"remove", "delete", "drop", "take", "revoke", "unassign", "withdraw", "deactivate", "disable",
		"deallocate", "deprovision", "strip", "rm", "pull", "reclaim", "recall",
	}
	// turningWords may turn a request into its opposite.
	turningWords = []string{
		"not", "no", "never", "but", "except", "excluding", "without", "neither", "nicht", "kein", "keine", "keinen", "ohne",
		"weg", "away", "sans", "pas", "sin", "none", "cannot", "nothing", "niet", "geen", "nunca", "zonder", "senza",
		"außer", "ausser", "behalve", "sauf", "excepto", "salvo", "tranne", "anstelle", "lieu", "vez", "i.p.v",
	}
	// goneWords say at the end that codes are to be taken out.
	goneWords = []string{"weg", "raus", "wegnehmen", "rausnehmen", "gone"}
	// removedWords say behind "be" that codes are to be taken out.
	removedWords = []string{"removed", "revoked", "deleted", "withdrawn", "dropped", "taken", "unassigned"}
	// softVerbs say in other ways that codes are to be taken out. They are asked about.
	softVerbs = []string{unneeded, returned}
	// rareVerbs say so as well, and more often something else.
	rareVerbs = []string{"lose", "release", "surrender"}
	// limitVerbs change a seat limit.
	limitVerbs = []string{"increase", "raise", "lower", "reduce", "decrease", "change", "bump", "limit", "cap"}
	// vagueWords say a number of seats that is none.
	vagueWords = []string{"few", "some", "several", "couple", "many", "dozens", "handful"}
	// moreWords say that a number of seats comes on top.
	moreWords = []string{"more", "another", "additional", "extra", "fewer", "less"}
	// everything is all that a group has.
	everything = []string{"all", "everything"}
	// personWords stand for people behind a preposition.
	personWords = []string{"me", "us", "myself", "him", "her", "them", "my", "our"}
	// helpWords ask for help.
	helpWords = []string{"--help", "-help", "-h", "/help", "hilfe", "aide", "ayuda", "usage"}
	// reasonWords begin a reason.
	reasonWords = []string{
		"because", "reason", "bc", "cause", "coz", "cuz", "cos",
		"becasue", "beacuse", "becouse", "becuase", "b/c", //nolint:misspell // as people type them
	}
	// openers come before what a person asks for, and mean nothing.
	openers = []string{
		"please", "pls", "plz", "hi", "hello", "hey", "i", "we", "can", "could", "would", "like", "need", "want",
		"you", "me", "us", "have", "get", "dear", "team", "someone", "somebody", "anyone", "kindly", "my", "our", "let",
		"sir", "madam", "mate", "bot", "urgent", "asap", "ok", "morning", "afternoon", "evening", "hiya", "heya", "so",
		"may", "might",
	}
	// greetings are the openers that may stand before a question.
	greetings = []string{
		"hi", "hello", "hey", "dear", "bot", "ok", "so", "morning", "afternoon", "evening", "hiya", "heya",
	}
	// fillers stand between the parts of a request, and mean nothing.
	fillers = []string{
		"the", "a", "an", "and", "&", "+", "also", "group", "please", "pls", "thanks", "thx", "with", "of", "x", "×",
		"license", "licenses", "licence", "licences", "code", "codes", "seat", "seats", "at", "most", "up", "upto", "max",
		"maximum", "limit", "need", "needs", "have", "has", "get", "gets", "should", "me", "us",
		"users", "user", "people", "person", "persons", "pack", "packs", "pieces", "pcs", "qty", "quantity", "my", "our",
		"we", "you", "thank", "someone", "somebody", "anyone", "kindly", "sir", "madam", "provide", "provided",
		"use", "uses", "dear", "let", "both", "asap", "urgent", "urgently", "ty", "ok", "okay", "everyone", "everybody",
		"colleagues", "regards", "anymore", "bot", "valid", "can", "could", "would", "want", "wants", "each", "apiece",
		"i", "hi", "hello", "hey", "needed", "required", "yo", "there", "guys", "morning", "folks", "sorry",
		"they", "their", "theirs", "its", "shall", "will", "yes", "must", "now", "obtain", "obtains",
		"receive", "receives", "them", "be", "it",
		"eh", "uh", "um", "hm", "hmm", "err", "er", "ah", "oh", "äh", "ähm",
	}
	// soWords stand behind a reason, before what is asked for.
	soWords = []string{"so", "therefore", "therefor", "hence", "thus"}
	// roughWords say before a number that it is none to rely on.
	roughWords = []string{"about", "around", "roughly", "approximately", "approx", "ca", "circa", "~", "say"}
	// eachWords say that a number of seats is for each code.
	eachWords = []string{"each", "apiece"}
	// seatWords may follow a number of seats.
	seatWords = []string{
		"seat", "seats", "user", "users", "person", "people", "persons", "colleagues",
		"license", "licenses", "licence", "licences", "pieces", "pcs",
	}
	// licenseWords may follow a number of seats, or of licenses.
	licenseWords = []string{"license", "licenses", "licence", "licences", "code", "codes"}
	// prepositions stand before a group or a license.
	prepositions = []string{"to", "for", "from", "in", "on", "of"}
	// separators stand between two codes, so a number does not belong beyond one.
	separators = []string{"and", "&", "+"}
)

// showVerbs begin a command that looks something up.
var showVerbs = []string{"show", "list", "display", "view", "see", "overview", "check", "double-check", "tell", "share"}

// otherVerbs begin a command and mean what another word means.
var otherVerbs = []string{
	"approve", "deny", "reject", "extend", "prolong", "prolongate", "renew", "shorten", "licenses", "licences", "groups",
}

// isReserved reports whether a word means something to the grammar where a command
// begins.
func isReserved(text string) bool {
	text = strings.ToLower(text)
	return slices.ContainsFunc([][]string{
		reservedWords, showVerbs, otherVerbs, addVerbs, removeVerbs, helpWords, openers, fillers, prepositions,
	}, func(words []string) bool { return slices.Contains(words, text) })
}

// isOneOf reports whether an unquoted word is one of these.
func (w word) isOneOf(words []string) bool {
	return !w.quoted && slices.Contains(words, w.lower())
}

// haveOneOf reports whether one of the words is one of these.
func haveOneOf(words []word, these []string) bool {
	return slices.ContainsFunc(words, func(w word) bool { return w.isOneOf(these) })
}
