package silence

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// setUserTimeout makes the kernel give up on a connection whose sent bytes are not
// confirmed. By itself it tries for a quarter of an hour.
func setUserTimeout(_, _ string, conn syscall.RawConn) error {
	var failed error
	err := conn.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(confirmLimit.Milliseconds()))
	})
	if failed != nil {
		return nil //nolint:nilerr // a Unix socket has no such option, and no need of it
	}
	return err
}
