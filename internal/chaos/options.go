//go:build linux

package chaos

import (
	"fmt"
	"io"
	"time"
)

// Stores that a round can use.
const (
	SQLite   = "sqlite"
	Postgres = "postgres"
)

// Options say what to run. The zero value of every field has a default.
type Options struct {
	Seed     uint64        // of the first round; the next ones count on from it. Default 1
	Rounds   int           // how many rounds; 0: until For is over, one if that is 0 too
	For      time.Duration // start no round after this long
	Worlds   int           // rounds that run at the same time. Default 1
	Replicas int           // of the bot in each world; SQLite takes only one. Default 1
	Store    string        // SQLite or Postgres. Default SQLite
	Steps    int           // of the plan of a round. Default 240
	Focus    string        // actions that happen more often, separated by commas
	Calm     bool          // only the actions of Focus happen, and nothing harms their moments
	Patience time.Duration // how long a round may take to settle. Default 5m
	Thinking time.Duration // how long people wait, at the end, before they decide what is open. Default 6s

	Keep    string    // folder for the files and journals of rounds that went wrong; "": none
	Binary  string    // a licensebot made by Build
	Dir     string    // for databases and logs; must exist
	Verbose io.Writer // gets every step; nil: nobody
}

func (o Options) withDefaults() Options {
	if o.Seed == 0 {
		o.Seed = 1
	}
	if o.Rounds == 0 && o.For == 0 {
		o.Rounds = 1
	}
	if o.Store == "" {
		o.Store = SQLite
	}
	o.Worlds = max(o.Worlds, 1)
	o.Replicas = max(o.Replicas, 1)
	if o.Store == SQLite {
		o.Replicas = 1
	}
	if o.Steps == 0 {
		o.Steps = 240
	}
	if o.Patience == 0 {
		o.Patience = 5 * time.Minute
	}
	if o.Thinking == 0 {
		o.Thinking = 6 * time.Second
	}
	return o
}

// A Round is what a seed makes of the options: all that a world needs to be
// the same again.
type Round struct {
	Seed     uint64
	Store    string
	Replicas int
	Steps    int
	Focus    string
	Calm     bool
}

// String is the command that repeats the round.
func (r Round) String() string {
	text := fmt.Sprintf("go run ./internal/chaos/cmd/chaos -seed %d -rounds 1 -store %s -replicas %d -steps %d",
		r.Seed, r.Store, r.Replicas, r.Steps)
	if r.Focus != "" {
		text += fmt.Sprintf(" -focus %q", r.Focus)
	}
	if r.Calm {
		text += " -calm"
	}
	return text
}
