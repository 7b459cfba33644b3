//go:build race

package store

// The race detector makes SQLite, which is C translated to Go, some thirty
// times slower. So the random tests run less often with it.
const (
	rounds = 6
	checks = "8"
	steps  = "60"
	loaded = 1_000
)
