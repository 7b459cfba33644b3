package main

import (
	"bytes"
	"encoding/base64"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"licensebot/bot/bottest"
)

// A corporateProxy speaks TLS, wants a password, and alone knows the way to the hosts.
type corporateProxy struct {
	hosts  map[string]string // addresses, by HOST:PORT
	used   sync.Map
	closed atomic.Bool // it knows no way any more
}

const proxyPassword = "hunter2#%"

func (p *corporateProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	want := "Basic " + base64.StdEncoding.EncodeToString([]byte("robot:"+proxyPassword))
	if r.Header.Get("Proxy-Authorization") != want {
		http.Error(w, "who are you?", http.StatusProxyAuthRequired)
		return
	}
	if p.closed.Load() {
		http.Error(w, "no way there", http.StatusBadGateway)
		return
	}
	target, err := net.Dial("tcp", p.hosts[r.Host])
	if err != nil {
		http.Error(w, "no way there", http.StatusBadGateway)
		return
	}
	p.used.Store(r.Host, true)
	w.WriteHeader(http.StatusOK)
	client, in, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	go func() { _, _ = io.Copy(target, in); _ = target.Close() }()
	_, _ = io.Copy(client, target)
	_ = client.Close()
}

// behindTLS stands before a fake, as example.com. Addresses of the fake become its own.
func behindTLS(t *testing.T, fake, public string) *httptest.Server {
	t.Helper()
	target, err := url.Parse(fake)
	if err != nil {
		t.Fatal(err)
	}
	forward := httputil.NewSingleHostReverseProxy(target)
	forward.ModifyResponse = func(answer *http.Response) error {
		if answer.StatusCode == http.StatusSwitchingProtocols {
			return nil
		}
		body, err := io.ReadAll(answer.Body)
		body = bytes.ReplaceAll(body, []byte(`ws:\/\/`+target.Host), []byte(`wss:\/\/`+public))
		body = bytes.ReplaceAll(body, []byte("ws://"+target.Host), []byte("wss://"+public))
		answer.Body, answer.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		answer.Header.Del("Content-Length")
		return err
	}
	server := httptest.NewTLSServer(forward)
	t.Cleanup(server.Close)
	return server
}

// putBehindProxy lets the bot reach Slack, its sockets and UiPath by a proxy alone.
func (w *world) putBehindProxy() *corporateProxy {
	w.t.Helper()
	const slack, uipath = "slack.example.com", "uipath.example.com"
	slackURL, _ := url.Parse(w.slack.APIURL())
	slackTLS := behindTLS(w.t, "http://"+slackURL.Host, slack)
	uipathTLS := behindTLS(w.t, w.uipath.URL(), uipath)
	carrier := &corporateProxy{hosts: map[string]string{
		slack + ":443": slackTLS.Listener.Addr().String(), uipath + ":443": uipathTLS.Listener.Addr().String(),
	}}
	proxy := httptest.NewTLSServer(carrier)
	w.t.Cleanup(proxy.Close)
	cert := filepath.Join(w.t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: proxy.Certificate().Raw})
	if err := os.WriteFile(cert, block, 0o600); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(w.killReplicas)
	w.env["SSL_CERT_FILE"] = cert
	w.env["HTTPS_PROXY"] = "https://robot:" + url.QueryEscape(proxyPassword) + "@" + proxy.Listener.Addr().String()
	w.env["SLACK_API_URL"] = "https://" + slack + slackURL.Path
	w.env["UIPATH_URL"] = "https://" + uipath
	return carrier
}

func TestAllTrafficTakesAProxyThatSpeaksTLS(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	carrier := w.putBehindProxy()
	w.startReplica()
	w.typeRequest("group-01 IDU")
	w.awaitCard()
	for host := range carrier.hosts {
		if _, used := carrier.used.Load(host); !used {
			t.Errorf("%s was not reached by the proxy", host)
		}
	}
}

// serveUntil runs licensebot until its log has some words, and returns the log.
func (w *world) serveUntil(words string) string {
	w.t.Helper()
	cmd := exec.Command(os.Args[0], "serve")
	cmd.Env = append(plainEnvironment(), asBinary+"=1")
	for name, value := range w.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	log := new(bottest.Log)
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	exited := make(chan struct{})
	go func() { defer close(exited); _ = cmd.Wait() }()
	w.pollUntil(words, func() bool {
		select {
		case <-exited:
			return true
		default:
			return strings.Contains(log.String(), words)
		}
	})
	_ = cmd.Process.Kill()
	<-exited
	if !strings.Contains(log.String(), words) {
		w.t.Errorf("the log lacks %q:\n%s", words, log)
	}
	return log.String()
}

// TestWhatKeepsTheBotFromSlackIsNamed has a first log line for each cause.
func TestWhatKeepsTheBotFromSlackIsNamed(t *testing.T) {
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	address := strings.TrimPrefix(closed.URL, "http://")
	for name, c := range map[string]struct {
		change func(w *world)
		want   string
	}{
		"a proxy that wants a password": {func(w *world) {
			w.putBehindProxy()
			w.env["HTTPS_PROXY"] = strings.Replace(w.env["HTTPS_PROXY"], "robot:", "robot:wrong", 1)
		}, "refuses: 407 Proxy Authentication Required (it wants a user and a password in HTTPS_PROXY"},
		"a proxy that lets nothing through": {func(w *world) { w.putBehindProxy().closed.Store(true) }, "refuses: 502 Bad Gateway (look at HTTPS_PROXY"},
		"a proxy that is not there": {func(w *world) {
			w.env["SLACK_API_URL"], w.env["HTTPS_PROXY"] = "https://slack.example.com/api/", closed.URL
		}, "the proxy of HTTPS_PROXY: " + address + " refuses connections"},
		"a proxy whose name is wrong": {func(w *world) {
			w.env["SLACK_API_URL"], w.env["HTTPS_PROXY"] = "https://slack.example.com/api/", "proxy.invalid:3128"
		}, "the proxy of HTTPS_PROXY: the name proxy.invalid does not resolve"},
		"a box that opens TLS": {func(w *world) {
			w.putBehindProxy()
			delete(w.env, "SSL_CERT_FILE")
			w.env["HTTPS_PROXY"] = ""
			w.env["SLACK_API_URL"] = behindTLS(w.t, "http://127.0.0.1:1", "x").URL + "/api/"
		}, "its certificate comes from an authority that this host does not know"},
		"a name that does not resolve": {func(w *world) { w.env["SLACK_API_URL"] = "https://slack.invalid/api/" }, "the name slack.invalid does not resolve"},
		"a closed port":                {func(w *world) { w.env["SLACK_API_URL"] = closed.URL + "/api/" }, address + " refuses connections"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c.change(w)
			log := w.serveUntil("Slack does not say who the bot is")
			if !strings.Contains(log, c.want) || strings.Contains(log, "hunter2") {
				t.Errorf("it says, without %q:\n%s", c.want, log)
			}
		})
	}
}

func TestProxiesThatCannotBeMeantAreNamedAtTheStart(t *testing.T) {
	for value, want := range map[string]string{
		"http://u:hunter2%&#@proxy:3128": "HTTPS_PROXY: cannot be understood",
		"socks4://u:hunter2@proxy:1080":  "HTTPS_PROXY: names a proxy of a kind that does not work here",
		"\"http://proxy:3128\"":          "HTTPS_PROXY: is in quotes",
	} {
		w := newWorld(t)
		w.env["HTTPS_PROXY"] = value
		log := w.serveUntil("the configuration has one problem")
		if !strings.Contains(log, want) || strings.Contains(log, "hunter2") {
			t.Errorf("%s: %s", value, log)
		}
	}
	for name, c := range map[string][2]string{
		"ALL_PROXY":     {"socks5://proxy:1080", "ALL_PROXY is set, but licensebot does not read it: is HTTPS_PROXY meant?"},
		"NO_PROXY":      {"https://slack.com", "NO_PROXY has an address where it can only have names of hosts"},
		"SSL_CERT_FILE": {"/nonexistent.pem", "SSL_CERT_FILE: cannot be read: open /nonexistent.pem"},
		"SSL_CERT_DIR":  {"/etc/ssl/certs:/nonexistent", "SSL_CERT_DIR: cannot be read: open /nonexistent"},
		"UIPATH_SCOPES": {"pm.license.read", "UIPATH_SCOPES has neither PM.License nor PM.License.Write"},
	} {
		w := newWorld(t)
		w.env[name] = c[0]
		w.serveUntil(c[1])
	}
}
