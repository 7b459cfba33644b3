// Package chaos tries to make licensebot break its promises. It runs the real
// program, one to three replicas of it, against the simulated Slack and
// UiPath of internal/fakeslack and internal/fakeuipath, lets people use it and harms everything around it, driven
// by a seed; and it judges by what the two simulators wrote down, never by the
// bot's own database or words about itself.
//
// A [Round] is one world from its start to its judgement: people type, vote and
// change their minds while processes are killed, sockets die and calls fail in
// every way; then everything is mended, whatever is still undecided is decided,
// and when nothing moves any more the journals are read into a [History] and
// [Judge] names every violation. The same seed makes the same plan of actions
// and faults: decisions come from the seed and the number of the step, never
// from a clock. What the processes make of them is up to the scheduler, so a
// violation is reported with the journal lines that show it.
//
// [Mutants] are defects that somebody might write. Each breaks one promise, and
// the suite has to notice it. None is ever in the program that is shipped: they
// are applied to a copy of the sources.
//
// It needs Linux and the go command.
package chaos
