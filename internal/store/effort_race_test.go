//go:build race

package store

// The race detector makes SQLite, which is C translated to Go, some thirty times
// slower. So the random tests run less often with it.
const (
	raceRounds     = 6
	rapidChecks    = "8"
	rapidSteps     = "60"
	loadedRequests = 1_000
)
