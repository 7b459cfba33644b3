package judge

// A Kind says which promise a violation breaks.
type Kind string

// The kinds of violations.
const (
	Lost    Kind = "lost"    // acknowledged or due, and never seen again
	Doubled Kind = "doubled" // done, posted or told more often than once
	Untrue  Kind = "untrue"  // said or done without what it rests on
	Late    Kind = "late"    // not ready or not settled in time, or crashed
)

// A Rule is what the judge checks. Its name is the same for each violation of
// the same sort, so mutants and documents refer to rules by name.
type Rule struct {
	Kind Kind
	Name string
}

// What becomes of a command.
var (
	unanswered     = rule(Lost, "acknowledged without saying what became of it")
	vanished       = rule(Lost, "acknowledged, neither a card nor a word")
	filedTwice     = rule(Doubled, "one command, several requests")
	falseNoRecord  = rule(Untrue, "said that nothing was recorded")
	wrongReceipt   = rule(Untrue, "the receipt names another request")
	refusedAndDone = rule(Untrue, "refused and asked all the same")
)

// What a card asks and shows.
var (
	severalCards   = rule(Doubled, "several cards")
	notACard       = rule(Untrue, "a message that is no card")
	falseAlert     = rule(Untrue, "an alert of a change by hand that was none")
	alertTwice     = rule(Doubled, "an alert posted twice")
	cardUnasked    = rule(Untrue, "a card that no command asks for")
	cardProtected  = rule(Untrue, "a card for a protected group")
	otherRequester = rule(Untrue, "the card names another requester")
	otherAsk       = rule(Untrue, "the card asks for something else")
	otherShown     = rule(Untrue, "the card shows something else than it asks")
	askChanged     = rule(Untrue, "the card changed what it asks")
	earlyCard      = rule(Untrue, "the card said done before it was")
)

// What a thread tells of a request's outcome.
var (
	noOutcome         = rule(Lost, "a card without an outcome")
	outcomeNotShown   = rule(Lost, "the card does not show its outcome")
	deletedUntold     = rule(Lost, "a deleted card without a word")
	expiredUnseen     = rule(Lost, "expired without a last look")
	expiredAgreed     = rule(Lost, "expired with consent on the card")
	severalOutcomes   = rule(Doubled, "several outcomes")
	wordAfterOutcome  = rule(Doubled, "spoke after the outcome")
	progressTwice     = rule(Doubled, "told twice how it goes")
	noticeTwice       = rule(Doubled, "told twice that a vote does not count")
	unknownReply      = rule(Untrue, "a reply of no known kind")
	consentUntrue     = rule(Untrue, "told of a consent that there never was")
	successTooEarly   = rule(Untrue, "success told before the effect")
	successBare       = rule(Untrue, "success told without the allocation")
	successIncomplete = rule(Untrue, "success told without the codes")
	allocationUntrue  = rule(Untrue, "claimed an allocation that never was")
	falseUnchanged    = rule(Untrue, "said that nothing was changed")
	wrongApprovers    = rule(Untrue, "names people who did not approve it")
	deniedGroundless  = rule(Untrue, "denied without a denial")
	cancelGroundless  = rule(Untrue, "cancelled without a command")
	deletionUntrue    = rule(Untrue, "said that a card was deleted that is there")
	cancelIgnored     = rule(Untrue, "cancelled and carried on")
	carriedUnagreed   = rule(Untrue, "carried out without consent")
	failedGroundless  = rule(Untrue, "failed without a refusal")
	renameUntrue      = rule(Untrue, "superseded for a name that never changed")
	expiredTooEarly   = rule(Untrue, "expired before its time")
	correctionUntrue  = rule(Untrue, "a correction without the effect")
)

// What is written at UiPath.
var (
	writeTakesAway   = rule(Lost, "a write took away what was there")
	writesOverlap    = rule(Doubled, "two writes to one group at once")
	effectTwice      = rule(Doubled, "one request, two effects")
	writeUnagreed    = rule(Untrue, "a write without consent")
	writeForbidden   = rule(Untrue, "a write with too little consent for today's configuration")
	writeUndated     = rule(Untrue, "a write with a consent that may have come too late")
	writeUnheeded    = rule(Untrue, "a write with a consent that was told not to count")
	writeTurned      = rule(Untrue, "a write after a no or a withdrawal that was acknowledged")
	writeMisnamed    = rule(Untrue, "a write under a name that the group did not have")
	writeInexact     = rule(Untrue, "an exact allocation that is another one")
	writeUnasked     = rule(Untrue, "a write that no card asks for")
	writeAddsMore    = rule(Untrue, "a write added what no card asks for")
	writeAltersOther = rule(Untrue, "a write changed a setting that no card names")
)

// What becomes of a grant.
var (
	revokedOthers     = rule(Lost, "a revocation took what another request holds")
	codeLeftBehind    = rule(Lost, "a grant that left a code behind")
	grantForever      = rule(Lost, "a grant that stays for ever")
	grantToldTwice    = rule(Doubled, "told twice of a grant")
	grantToldTooEarly = rule(Untrue, "told of a grant before it was done")
	revokedTooEarly   = rule(Untrue, "a grant revoked before its time")
	revocationUntrue  = rule(Untrue, "a revocation told before it was made")
)

// What the suite itself finds, besides the journals.
var (
	ChainBroken = rule(Untrue, "the journal does not verify")

	NotReady   = rule(Late, "not ready in time")
	NotSettled = rule(Late, "not settled in time")
	Crashed    = rule(Late, "crashed")
)

var rules []Rule

// rule makes a rule and lists it.
func rule(kind Kind, name string) Rule {
	r := Rule{Kind: kind, Name: name}
	rules = append(rules, r)
	return r
}

// HasRule reports whether a rule has this name.
func HasRule(name string) bool {
	for _, r := range rules {
		if r.Name == name {
			return true
		}
	}
	return false
}
