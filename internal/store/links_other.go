//go:build !unix

package store

import "os"

// countLinks cannot count here.
func countLinks(os.FileInfo) int { return 1 }
