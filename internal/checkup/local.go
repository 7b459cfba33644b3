package checkup

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"licensebot/internal/outbound"
)

// checkConfiguration tells what the reading of the configuration found.
func (s Subject) checkConfiguration(_ context.Context, f *findings) {
	for _, fault := range s.Faults {
		f.problem(CheckConfiguration, fault.Text, "correct it, and run doctor again")
	}
	for _, warning := range s.Warnings {
		f.problem(CheckConfiguration, warning, "correct or remove the variable")
	}
	if !f.has(CheckConfiguration) {
		f.ok(CheckConfiguration, "every variable can be used")
	}
}

// checkProxy tells how the bot reaches Slack and UiPath. A proxy's address that cannot
// be read is ignored without a word, and the bot goes past the proxy.
func (s Subject) checkProxy(_ context.Context, f *findings) {
	for _, fault := range outbound.CheckProxies(s.Getenv) {
		f.problem(CheckProxy, fault.Variable+" is not the address of a proxy, so that the bot goes past the proxy",
			"write "+fault.Variable+"=http://HOST:PORT, with special characters of a password percent-encoded")
	}
	ignored := s.Getenv("ALL_PROXY") + s.Getenv("all_proxy")
	if ignored != "" && s.Getenv("HTTPS_PROXY")+s.Getenv("https_proxy") == "" {
		f.problem(CheckProxy, "ALL_PROXY is set, and the bot does not read it", "set HTTPS_PROXY")
	}
	if f.has(CheckProxy) {
		return
	}
	var routes []string
	for _, target := range []struct{ name, url string }{{"Slack", s.SlackURL}, {"UiPath", s.UiPathURL}} {
		if route, ok := routeTo(target.url); ok {
			routes = append(routes, target.name+" "+route)
		}
	}
	f.ok(CheckProxy, strings.Join(routes, ", "))
}

// routeTo tells how the bot reaches an address, without a proxy's password.
func routeTo(address string) (string, bool) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "", false
	}
	proxy, err := http.ProxyFromEnvironment(&http.Request{URL: u})
	if err != nil || proxy == nil {
		return "is reached directly", err == nil
	}
	return fmt.Sprintf("is reached through %s://%s", proxy.Scheme, proxy.Host), true
}
