//go:build unix

package store

import (
	"fmt"
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

// nameOwner tells who has a file and who this process is, in brackets, or nothing.
func nameOwner(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return ""
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(stat.Uid) == os.Geteuid() {
		return ""
	}
	return fmt.Sprintf(" (it belongs to user %d, and licensebot runs as user %d)", stat.Uid, os.Geteuid())
}
