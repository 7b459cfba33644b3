// Package outbound is the way to the hosts of Slack and UiPath: directly, or through
// the proxy that the environment names. Errors say what stands in the way.
//
//	client := &http.Client{Transport: outbound.NewTransport()}
//	dialer := outbound.NewSocketDialer()
//
// Before that, [CheckEnvironment] finds proxies that Go would ignore without a word.
package outbound

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

const (
	// connectLimit bounds the dial and the TLS handshake, each.
	connectLimit = 5 * time.Second
	// idleConnections is how many stay open to a host for the next calls. The default of two
	// would close most after each burst, and a call would wait for a handshake again.
	idleConnections = 16
	// socketLimit bounds how long a WebSocket may take to open.
	socketLimit = 45 * time.Second
)

// A ProxyError is the refusal of a proxy.
type ProxyError struct {
	Address string // of the proxy
	Status  string
}

func (e *ProxyError) Error() string {
	return fmt.Sprintf("the proxy %s refuses: %s", e.Address, e.Status)
}

// checkConnect makes an error of a proxy's refusal.
func checkConnect(proxy *url.URL, answer *http.Response) error {
	if answer.StatusCode == http.StatusOK {
		return nil
	}
	return &ProxyError{Address: proxy.Host, Status: strings.TrimSpace(answer.Status)}
}

// NewTransport returns a transport for HTTP.
func NewTransport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.DialContext = (&net.Dialer{Timeout: connectLimit}).DialContext
	t.TLSHandshakeTimeout = connectLimit
	t.MaxIdleConnsPerHost = idleConnections
	t.OnProxyConnectResponse = func(_ context.Context, proxy *url.URL, _ *http.Request, answer *http.Response) error {
		return checkConnect(proxy, answer)
	}
	return t
}

// NewSocketDialer returns a dialer for WebSockets. The one of the library knows no
// proxies that speak TLS.
func NewSocketDialer() *websocket.Dialer {
	way := socketWay{proxyOf: http.ProxyFromEnvironment}
	return &websocket.Dialer{Proxy: way.socksProxy, NetDialContext: way.dial, HandshakeTimeout: socketLimit}
}

// A socketWay opens the connections for WebSockets.
type socketWay struct {
	proxyOf   func(*http.Request) (*url.URL, error)
	tlsConfig *tls.Config // for proxies that speak TLS
}

// socksProxy leaves SOCKS to the library.
func (w socketWay) socksProxy(req *http.Request) (*url.URL, error) {
	proxy, err := w.proxyOf(req)
	if proxy == nil || !isSocks(proxy) {
		return nil, err
	}
	plain := *proxy
	plain.Scheme = "socks5" // names are resolved at the other end by both
	return &plain, err
}

func isSocks(proxy *url.URL) bool { return strings.HasPrefix(proxy.Scheme, "socks") }

// dial opens a connection to an address, if need be through a proxy.
func (w socketWay) dial(ctx context.Context, network, address string) (net.Conn, error) {
	proxy, err := w.proxyOf(&http.Request{URL: &url.URL{Scheme: "https", Host: address}})
	if err != nil {
		return nil, err
	}
	dialer := &net.Dialer{Timeout: connectLimit}
	if proxy == nil || isSocks(proxy) { // the address is that of the proxy
		return dialer.DialContext(ctx, network, address)
	}
	conn, err := w.dialProxy(ctx, dialer, proxy)
	if err != nil {
		return nil, &net.OpError{Op: "proxyconnect", Net: network, Err: err} // as net/http does
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if err := connectThrough(conn, proxy, address); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return conn, nil
}

func (w socketWay) dialProxy(ctx context.Context, dialer *net.Dialer, proxy *url.URL) (net.Conn, error) {
	port := proxy.Port()
	if proxy.Scheme != "https" {
		return dialer.DialContext(ctx, "tcp", net.JoinHostPort(proxy.Hostname(), orDefault(port, "80")))
	}
	secure := &tls.Dialer{NetDialer: dialer, Config: w.tlsConfig}
	return secure.DialContext(ctx, "tcp", net.JoinHostPort(proxy.Hostname(), orDefault(port, "443")))
}

func orDefault(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// connectThrough asks a proxy for a connection to an address.
func connectThrough(conn net.Conn, proxy *url.URL, address string) error {
	req := &http.Request{
		Method: http.MethodConnect, URL: &url.URL{Opaque: address}, Host: address, Header: make(http.Header),
	}
	if user := proxy.User; user != nil {
		password, _ := user.Password()
		both := base64.StdEncoding.EncodeToString([]byte(user.Username() + ":" + password))
		req.Header.Set("Proxy-Authorization", "Basic "+both)
	}
	if err := req.Write(conn); err != nil {
		return err
	}
	// What the reader holds back is nothing: the host waits for the first word.
	answer, err := http.ReadResponse(bufio.NewReader(conn), req) //nolint:bodyclose // the connection is closed instead
	if err != nil {
		return err
	}
	return checkConnect(proxy, answer)
}
