//go:build !linux

package store

// checkWritableFolder cannot ask here.
func checkWritableFolder(string) error { return nil }

// lookAtVolume cannot ask here.
func lookAtVolume(string) (volume, bool) { return volume{}, false }
