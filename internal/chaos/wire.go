//go:build linux

package chaos

import "licensebot/internal/tcpproxy"

// A wire is the network between one replica and one of its peers. It knows
// whether an answer is due, and it can be cut.
type wire struct {
	*tcpproxy.Proxy
	target string
}

func newWire(target string) (*wire, error) {
	proxy, err := tcpproxy.Start(target, (*tcpproxy.Link).Forward)
	if err != nil {
		return nil, err
	}
	return &wire{Proxy: proxy, target: target}, nil
}

// setDown cuts the wire and keeps it so until mended.
func (w *wire) setDown(down bool) {
	w.Refuse(down)
	if down {
		w.Cut()
	}
}

// Close cuts the wire for good.
func (w *wire) Close() {
	w.Cut()
	w.Proxy.Close()
}
