//go:build !race

package store

import "licensebot/internal/sweep"

const loadedRequests = 10_000

// A newcomer waits for fewer random tests than a whole sweep has.
var (
	raceRounds  = 8    // how often each race runs
	rapidChecks = "12" // random runs of a model check, unless -rapid.checks says otherwise
	rapidSteps  = "60" // their length, unless -rapid.steps says otherwise
)

func init() {
	if sweep.Whole() {
		raceRounds, rapidChecks, rapidSteps = 30, "40", "80"
	}
}
