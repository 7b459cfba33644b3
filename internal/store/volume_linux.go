package store

import (
	"os"
	"syscall"
)

// checkWritableFolder asks the system whether this user may make files in a folder.
func checkWritableFolder(folder string) error {
	const write, search = 2, 1
	if err := syscall.Access(folder, write|search); err != nil {
		return &os.PathError{Op: "write in", Path: folder, Err: err}
	}
	return nil
}

// File systems that a database does not belong on, by the number that statfs tells.
var (
	volatileSystems = map[int64]string{0x01021994: "tmpfs", 0x858458f6: "ramfs"}
	remoteSystems   = map[int64]string{0x6969: "NFS", 0x517b: "SMB", 0xff534d42: "CIFS", 0xfe534d42: "SMB"}
)

// lookAtVolume asks the system about the volume that a folder is on.
func lookAtVolume(folder string) (volume, bool) {
	var stat syscall.Statfs_t
	if err := syscall.Statfs(folder, &stat); err != nil {
		return volume{}, false
	}
	number := int64(stat.Type) & 0xffffffff                     //nolint:unconvert // its type differs between machines
	v := volume{free: stat.Bavail * uint64(max(stat.Bsize, 0))} //nolint:gosec,unconvert // it is not below zero
	if v.kind, v.volatile = volatileSystems[number]; !v.volatile {
		v.kind, v.remote = remoteSystems[number]
	}
	return v, true
}
