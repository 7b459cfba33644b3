package outbound

import (
	"net/netip"
	"strings"
)

// IsLoopback reports whether a host is this machine, so that what goes there is safe in the open.
func IsLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback() || strings.EqualFold(host, "localhost")
}
