package outbound

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// A forwardProxy carries connections to wherever they want to go, if they bring the
// user's name and password.
type forwardProxy struct {
	user, password string
	asked          sync.Map // addresses
}

func (p *forwardProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	want := ""
	if p.user != "" {
		want = "Basic " + base64.StdEncoding.EncodeToString([]byte(p.user+":"+p.password))
	}
	if r.Method != http.MethodConnect || r.Header.Get("Proxy-Authorization") != want {
		http.Error(w, "who are you?", http.StatusProxyAuthRequired)
		return
	}
	p.asked.Store(r.Host, true)
	target, err := net.Dial("tcp", r.Host)
	if err != nil {
		http.Error(w, "no way there", http.StatusBadGateway)
		return
	}
	w.WriteHeader(http.StatusOK)
	client, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	join(client, buffered, target)
}

func join(client net.Conn, fromClient io.Reader, target net.Conn) {
	go func() { _, _ = io.Copy(target, fromClient); _ = target.Close() }()
	_, _ = io.Copy(client, target)
	_ = client.Close()
}

// newEcho is a host that answers GET and WebSockets over TLS.
func newEcho(t *testing.T) *httptest.Server {
	t.Helper()
	upgrader := new(websocket.Upgrader)
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/socket" {
			_, _ = io.WriteString(w, "hello")
			return
		}
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		_ = conn.WriteMessage(websocket.TextMessage, []byte("hello"))
		_ = conn.Close()
	}))
	t.Cleanup(server.Close)
	return server
}

// trusting trusts these servers.
func trusting(servers ...*httptest.Server) *tls.Config {
	pool := x509.NewCertPool()
	for _, server := range servers {
		if server.Certificate() != nil {
			pool.AddCert(server.Certificate())
		}
	}
	return &tls.Config{RootCAs: pool}
}

// reach fetches hello from a host in both ways, through a proxy.
func reach(host, proxy string, config *tls.Config) map[string]error {
	proxyOf := func(*http.Request) (*url.URL, error) { return url.Parse(proxy) }
	transport := NewTransport()
	transport.Proxy, transport.TLSClientConfig = proxyOf, config
	defer transport.CloseIdleConnections()
	way := socketWay{proxyOf: proxyOf, tlsConfig: config}
	dialer := &websocket.Dialer{
		Proxy: way.socksProxy, NetDialContext: way.dial, TLSClientConfig: config, HandshakeTimeout: 20 * time.Second,
	}
	results := map[string]error{}
	answer, err := (&http.Client{Transport: transport}).Get(host)
	if err == nil {
		_ = answer.Body.Close()
	}
	results["HTTP"] = err
	conn, upgraded, err := dialer.Dial("wss"+strings.TrimPrefix(host, "https")+"/socket", nil)
	if err == nil {
		_ = upgraded.Body.Close()
		_, _, err = conn.ReadMessage()
		_ = conn.Close()
	}
	results["WebSocket"] = err
	return results
}

// After a burst of calls, the next burst finds its connections open.
func TestConnectionsStayOpen(t *testing.T) {
	const burst = 8
	var opened atomic.Int32
	var arrived sync.WaitGroup
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		arrived.Done()
		arrived.Wait() // for the others, so that no two share a connection
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	client := &http.Client{Transport: NewTransport()}
	for range 3 {
		arrived.Add(burst)
		var calls sync.WaitGroup
		for range burst {
			calls.Go(func() {
				answer, err := client.Get(server.URL)
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, answer.Body)
				_ = answer.Body.Close()
			})
		}
		calls.Wait()
	}
	if n := opened.Load(); n > burst+1 { // one may be on its way to a call that found another
		t.Errorf("%d connections were opened for three bursts of %d calls", n, burst)
	}
}

func TestProxiesThatWork(t *testing.T) {
	host := newEcho(t)
	for name, start := range map[string]func(http.Handler) *httptest.Server{
		"http": httptest.NewServer, "https": httptest.NewTLSServer,
	} {
		for _, user := range []string{"", "robot"} {
			carrier := &forwardProxy{user: user, password: "p#%/ w"}
			proxy := start(carrier)
			t.Cleanup(proxy.Close)
			u, _ := url.Parse(proxy.URL)
			if user != "" {
				u.User = url.UserPassword(user, carrier.password)
			}
			for way, err := range reach(host.URL, u.String(), trusting(host, proxy)) {
				if err != nil {
					t.Errorf("%s by a proxy with %s and user %q: %v", way, name, user, err)
				}
			}
			if _, used := carrier.asked.Load(strings.TrimPrefix(host.URL, "https://")); !used {
				t.Errorf("%s: the proxy was not used", name)
			}
		}
	}
}

// TestSocks speaks to a proxy of one connection at a time.
func TestSocks(t *testing.T) {
	host := newEcho(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go serveSocks(client)
		}
	}()
	for _, scheme := range []string{"socks5", "socks5h"} {
		for way, err := range reach(host.URL, scheme+"://"+listener.Addr().String(), trusting(host)) {
			if err != nil {
				t.Errorf("%s by %s: %v", way, scheme, err)
			}
		}
	}
}

// serveSocks serves a client that wants an IPv4 address (RFC 1928).
func serveSocks(client net.Conn) {
	in := bufio.NewReader(client)
	greeting := make([]byte, 2)
	if _, err := io.ReadFull(in, greeting); err != nil {
		return
	}
	_, _ = in.Discard(int(greeting[1]))
	_, _ = client.Write([]byte{5, 0})
	request := make([]byte, 10)
	if _, err := io.ReadFull(in, request); err != nil {
		return
	}
	address := &net.TCPAddr{IP: request[4:8], Port: int(request[8])<<8 | int(request[9])}
	target, err := net.Dial("tcp", address.String())
	if err != nil {
		_ = client.Close()
		return
	}
	_, _ = client.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
	join(client, in, target)
}

// TestCausesAreNamed meets what stands in the way, and wants the same words of HTTP
// and WebSockets.
func TestCausesAreNamed(t *testing.T) {
	host := newEcho(t)
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	locked := httptest.NewServer(&forwardProxy{user: "robot", password: "x"})
	t.Cleanup(locked.Close)
	secure := httptest.NewTLSServer(new(forwardProxy))
	t.Cleanup(secure.Close)
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	closedAddress := strings.TrimPrefix(closed.URL, "http://")
	gone, lost := "https://"+closedAddress, "https://slack.invalid"
	noTLS := "https" + strings.TrimPrefix(plain.URL, "http")
	other := strings.Replace(host.URL, "127.0.0.1", "localhost", 1)
	for _, c := range []struct {
		name   string
		host   string
		proxy  string
		config *tls.Config
		want   string
		proxys bool
	}{
		{"a name that does not exist", lost, "", nil, "the name slack.invalid does not resolve", false},
		{"a port that is closed", gone, "", nil, closedAddress + " refuses connections", false},
		{"a box that opens TLS", host.URL, "", nil, "its certificate comes from an authority that this host does not know", false},
		{"another host's certificate", other, "", trusting(host), "its certificate is not for localhost", false},
		{"no TLS", noTLS, "", nil, "what answers there speaks no TLS", false},
		{"a proxy that wants a password", host.URL, locked.URL, trusting(host), "refuses: 407 Proxy Authentication Required (it wants a user", true},
		{"a proxy that finds no way", gone, secure.URL, trusting(secure), "refuses: 502 Bad Gateway (look at HTTPS_PROXY", true},
		{"a proxy that is not there", host.URL, closed.URL, trusting(host), "the proxy of HTTPS_PROXY: " + closedAddress + " refuses connections", true},
		{"a proxy without a name", host.URL, "http://proxy.invalid:3128", trusting(host), "the proxy of HTTPS_PROXY: the name proxy.invalid does not resolve", true},
		{"a proxy that is not trusted", host.URL, secure.URL, nil, "the proxy of HTTPS_PROXY: its certificate comes from an authority", true},
	} {
		for way, err := range reachOr(c.host, c.proxy, c.config) {
			if got := Cause(err); !strings.Contains(got, c.want) || IsProxy(err) != c.proxys {
				t.Errorf("%s, %s: %q (proxy: %v), want %q; the error is %v", c.name, way, got, IsProxy(err), c.want, err)
			}
		}
	}
}

// reachOr goes directly where there is no proxy.
func reachOr(host, proxy string, config *tls.Config) map[string]error {
	if proxy != "" {
		return reach(host, proxy, config)
	}
	transport := NewTransport()
	transport.TLSClientConfig = config
	_, direct := (&http.Client{Transport: transport}).Get(host) //nolint:bodyclose // it fails
	way := socketWay{proxyOf: func(*http.Request) (*url.URL, error) { return nil, nil }}
	dialer := &websocket.Dialer{NetDialContext: way.dial, TLSClientConfig: config}
	_, _, socket := dialer.Dial("wss"+strings.TrimPrefix(host, "https")+"/socket", nil) //nolint:bodyclose // likewise
	return map[string]error{"HTTP": direct, "WebSocket": socket}
}

func TestNoCauseIsGuessed(t *testing.T) {
	for _, err := range []error{nil, io.EOF, errors.New("invalid_auth"), context.DeadlineExceeded, io.ErrUnexpectedEOF} {
		if got := Cause(err); got != "" {
			t.Errorf("%v: %q", err, got)
		}
	}
}

// TestAProxyThatHangs ends with the caller's time.
func TestAProxyThatHangs(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	way := socketWay{proxyOf: func(*http.Request) (*url.URL, error) { return url.Parse("http://" + listener.Addr().String()) }}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := way.dial(ctx, "tcp", "slack.invalid:443"); err == nil {
		t.Error("it got through")
	}
}

func TestEnvironment(t *testing.T) {
	good := []string{
		"http://proxy:3128", "https://proxy", "proxy:3128", "10.0.0.1:3128", "http://u:p%25%26%23@proxy:3128/", "proxy",
		"socks5://proxy:1080", "socks5h://proxy:1080", "HTTP://proxy:3128", "http://[::1]:3128", "u:p@proxy:3128", "http://u:p@ss@proxy:3128",
	}
	for _, value := range good {
		if wrong := proxyFault(value); wrong != "" {
			t.Errorf("%q: %s", value, wrong)
		}
	}
	for value, want := range map[string]string{
		"http://u:pw%&#@proxy:3128":  "cannot be understood",
		"http://u:hunter#2@proxy:80": "cannot be understood",
		"http://u:12#hunter2@proxy":  "has more behind its host",
		"http://u:12/hunter2@proxy":  "has more behind its host",
		"http://u:12?hunter2@proxy":  "has more behind its host",
		"http://proxy:3128 ":         "has blanks around it",
		" http://proxy:3128":         "has blanks around it",
		"http://proxy :3128":         "cannot be understood",
		`"http://proxy:3128"`:        "is in quotes",
		"'http://proxy:3128'":        "is in quotes",
		"http://proxy:port":          "cannot be understood",
		"http://:3128":               "cannot be understood",
		"http://":                    "cannot be understood",
		"socks4://proxy:1080":        "of a kind that does not work here",
		"ftp://proxy":                "of a kind that does not work here",
		"http://wpad/proxy.pac":      "names a file that chooses proxies",
		"http://proxy:3128#":         "has more behind its host",
		"https//proxy:3128":          "has more behind its host",
		"http:/proxy:3128":           "",
	} {
		for _, variable := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"} {
			found := CheckEnvironment(func(name string) string { return map[string]string{variable: value}[name] })
			if len(found) != 1 || found[0].Variable != variable || !strings.Contains(found[0].Wrong, want) {
				t.Errorf("%s=%q: %v, want %q", variable, value, found, want)
			}
			if len(found) > 0 && strings.Contains(found[0].Wrong, "hunter") {
				t.Errorf("%s repeats a password: %v", variable, found)
			}
		}
	}
}

func TestFilesOfAuthorities(t *testing.T) {
	host := newEcho(t)
	good := filepath.Join(t.TempDir(), "good.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: host.Certificate().Raw})
	key := filepath.Join(t.TempDir(), "key.pem")
	for path, content := range map[string][]byte{good: block, key: bytes.ReplaceAll(block, []byte("CERTIFICATE"), []byte("PRIVATE KEY"))} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]string{
		good: "", "": "", key: "has no certificate", os.DevNull: "has no certificate", "/nonexistent.pem": "cannot be read", t.TempDir(): "cannot be read",
	} {
		if got := certificateFault(path); !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("%q: %q, want %q", path, got, want)
		}
	}
}

func TestUnused(t *testing.T) {
	for _, c := range []struct {
		set  string
		want string
	}{
		{"", ""}, {"HTTPS_PROXY", ""}, {"https_proxy", ""}, {"HTTPS_PROXY ALL_PROXY HTTP_PROXY", ""},
		{"HTTP_PROXY", "HTTPS_PROXY is not"}, {"http_proxy all_proxy", "HTTPS_PROXY is not"},
		{"ALL_PROXY", "is HTTPS_PROXY meant?"}, {"all_proxy", "is HTTPS_PROXY meant?"},
	} {
		set := strings.Fields(c.set)
		warnings := strings.Join(Unused(func(name string) string {
			for _, s := range set {
				if s == name {
					return "proxy:3128"
				}
			}
			return ""
		}), "\n")
		if !strings.Contains(warnings, c.want) || c.want == "" && warnings != "" {
			t.Errorf("%q: %q, want %q", c.set, warnings, c.want)
		}
	}
}
