//go:build !race

package store

const (
	raceRounds     = 30   // how often each race runs
	rapidChecks    = "40" // random runs of a model check, unless -rapid.checks says otherwise
	rapidSteps     = "80" // their length, unless -rapid.steps says otherwise
	loadedRequests = 10_000
)
