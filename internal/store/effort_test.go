//go:build !race

package store

const (
	rounds = 30   // how often each race is run
	checks = "40" // how many random runs a model check makes, unless -rapid.checks says otherwise
	steps  = "80" // about how long they are, unless -rapid.steps says otherwise
	loaded = 10_000
)
