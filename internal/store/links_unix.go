//go:build unix

package store

import (
	"os"
	"syscall"
)

// countLinks counts the names of a file.
func countLinks(info os.FileInfo) int {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(stat.Nlink) //nolint:unconvert,gosec // its type differs between systems; a count is small
	}
	return 1
}
