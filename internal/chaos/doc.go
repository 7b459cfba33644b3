// Package chaos tries to make licensebot break its promises. It runs the real
// program, in one to three replicas, against the two fakes, lets people use it,
// and harms everything around it. Package judge then reads what the fakes wrote
// down. It ignores the bot's database and what the bot says about itself, but for the
// journal: at the end of each round audit verify checks its chain.
//
// A [Round] is one world from its start to its judgment. People type, vote and
// change their minds, while processes are killed, sockets die and calls fail in
// every way. Then every fault ends, and people decide what is still open. When
// all is quiet, the judge names every violation.
//
// The same seed makes the same plan of actions and faults: decisions come from
// the seed and the number of the step alone. The scheduler decides what the
// processes make of them, so a violation comes with the journal lines as proof.
//
// Package mutant tries the suite itself, with defects in a copy of the sources.
//
// It needs Linux and the go command.
package chaos
