package judge

import (
	"time"

	"licensebot/internal/fakeslack"
	"licensebot/internal/fakeuipath"
)

// A Setting is what the judge knows of the world besides its journals: the
// people in it, and how the bot is configured.
type Setting struct {
	Channel string            // of approvals
	Codes   []string          // that the account owns
	Groups  map[string]string // the names of the groups by id
	People  []string

	Protected []string // groups for which no card may be posted

	Voters  []string // people who may have the right to approve at some time
	Named   []string // of these, the ones that the configuration names
	Members []string // of the approvers' user group at the beginning
	Approve []string // emoji
	Deny    string   // emoji

	Quorum int
	TTL    time.Duration // of a request
	Skew   time.Duration // how far the clock that decides deadlines may be off

	Unhurried bool // the clock cannot be put forward, so what waits for minutes is not seen

	Configs []Config // how the replicas were configured, in order; none: always so
}

// A History is what the two fakes saw, as far as it is judged.
type History struct {
	Setting
	Commands  []*Command
	Cards     []*Card
	Doubles   []*Card // messages that named a request a second time, and that the bot deleted
	Stray     []Stray
	Alerts    []Alert
	Private   []Word
	Unsaid    []string // what calls said that may not have reached their one reader
	Writes    []*Write
	Edits     []Edit                 // of allocations, by hand
	Reads     map[string][]time.Time // of each group's allocation: of when they showed it
	LateReads map[string][]Look      // of these, those that showed what was so before
	LateNames []Look                 // reads of names of groups that showed what was so before
	Renames   map[string][]Naming    // of groups
	Surveys   []Look                 // calls that showed the bot the reactions on many cards
	Tokens    []Look                 // calls for a token of UiPath
	Refusals  []time.Time            // of UiPath's, to show something
	Stalls    []Stall                // when processes or databases were held up
	Orders    []Order
	Rights    []Right
	Activity  int // calls that the bot made

	slack  []fakeslack.Entry // the journals, for excerpts
	uipath []fakeuipath.Call
}

// A Command is a slash command that a person typed.
type Command struct {
	Envelope string
	User     string
	Text     string // unescaped
	Ticket   string // "" if there is none in it
	At       time.Time
	Acked    bool
	Answer   string // what the person read; "" if nothing came in time
	ID       string // of the request that the answer says is recorded
	Copies   int    // how often it was delivered; Slack does so once
}

// An Order is a command that cancels a request, or ends a grant before its
// time.
type Order struct {
	Verb, ID, User string
	At             time.Time
}

// A Card is a message that asks for consent, with its thread.
type Card struct {
	TS, ID, Group, Requester string
	Codes                    []string      // that it asks to add or to extend
	Removes                  []string      // that it asks to remove
	Stays                    []string      // that it says are unchanged
	Extends                  []string      // of Codes, those that the group has for a time
	Lasts                    time.Duration // how long Codes are asked for; zero is for good
	Ticket                   string
	Name                     string   // of the group; "" if it shows none
	Approvers                []string // people and user groups; none: not known
	Quorum                   int      // 0: not known
	Emoji                    string   // the first that approves
	At                       time.Time
	Says                     []Saying // its text at first and after each update
	Blocks                   string   // what a person sees of it in the end
	Thread                   []Reply
	Votes                    []Vote
	Looks                    []Look
	Known                    time.Time // when the bot first did something with it; zero: never
	Deleted                  time.Time // zero: it is there
}

// A Saying is the text of a card from some time on.
type Saying struct {
	At   time.Time
	Text string
}

// A Reply is a message of the bot in a card's thread.
type Reply struct {
	At     time.Time
	Asked  time.Time // when the bot first posted it: Slack may store it later; zero: at once
	Event  string
	Number string // if it may be said more than once
	Text   string

	payload payload
}

// A Vote is a reaction put on a card or taken off it.
type Vote struct {
	At      time.Time
	User    string
	Deny    bool
	Emoji   string
	Present bool
	Sent    time.Time // when its event was first sent to the bot; zero: never
	Heard   time.Time // when the bot acknowledged its event; zero: never
}

// A Look is a call that showed the bot the reactions on a card, at some time
// between From and To, or what was so a while before.
type Look struct {
	From, To time.Time
	Lag      time.Duration
}

// A Word is what one person alone read.
type Word struct {
	User, Text string
	Via        string
	At         time.Time
}

// A Stray is any message of the bot in the approvals channel except a card and an alert.
type Stray struct{ TS, Text string }

// An Alert tells that a group's allocation was changed by hand.
type Alert struct {
	TS, ID, Group  string
	At             time.Time
	Added, Removed []string
}

// A Right is a person's right to approve, from some time on.
type Right struct {
	At   time.Time
	User string
	Has  bool
}

// A Write is a call that would replace a group's allocation.
type Write struct {
	Seq           int
	Group         string
	Asked         []string // the codes it would set
	Arrived       time.Time
	Took          time.Time // zero: it had no effect
	Ended         time.Time
	Spoilt        bool // its caller got no answer, or a false one
	Status        int
	Before, After []string
	Altered       string // a setting besides the codes that it changed
	Changed       bool
}

// An Edit is a change of a group's allocation by hand.
type Edit struct {
	At            time.Time
	Group         string
	Before, After []string

	LimitsBefore, LimitsAfter []string // as CODE=10
}
