package outbound

import (
	"crypto/x509"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
)

// A Problem is what is wrong with a variable.
type Problem struct{ Variable, Wrong, Example string }

// schemes are what Go and the library for WebSockets speak to proxies.
var schemes = []string{"http", "https", "socks5", "socks5h"}

// CheckEnvironment looks at the variables that name proxies and authorities. Go takes
// one that it does not understand for none, and then goes past the proxy. The problems
// have no proxies' values, because those may hold passwords.
func CheckEnvironment(getenv func(string) string) []Problem {
	found := CheckProxies(getenv)
	if wrong := certificateFault(getenv("SSL_CERT_FILE")); wrong != "" {
		found = append(found, Problem{"SSL_CERT_FILE", wrong, "/etc/ssl/corporate.pem"})
	}
	if wrong := certificateFolderFault(getenv("SSL_CERT_DIR")); wrong != "" {
		found = append(found, Problem{"SSL_CERT_DIR", wrong, "/etc/ssl/certs"})
	}
	return found
}

// CheckProxies looks at the variables that name proxies alone.
func CheckProxies(getenv func(string) string) []Problem {
	var found []Problem
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"} {
		if value := getenv(name); value != "" {
			if wrong := proxyFault(value); wrong != "" {
				found = append(found, Problem{name, wrong, "http://proxy.example.com:3128"})
			}
		}
	}
	return found
}

// certificateFault says what is wrong with a file of trusted authorities, or "". Go
// leaves out one that it cannot read.
func certificateFault(path string) string {
	if path == "" {
		return ""
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return "cannot be read: " + err.Error()
	}
	if !x509.NewCertPool().AppendCertsFromPEM(content) {
		return "has no certificate in PEM in it"
	}
	return ""
}

// certificateFolderFault says what is wrong with the folders of trusted authorities, or "".
// Go leaves out those that it cannot read, and may know no authority then.
func certificateFolderFault(folders string) string {
	for folder := range strings.SplitSeq(folders, ":") {
		if folder == "" {
			continue
		}
		if _, err := os.ReadDir(folder); err != nil {
			return "cannot be read: " + err.Error()
		}
	}
	return ""
}

// Unused returns warnings about variables that name a proxy and have no effect.
func Unused(getenv func(string) string) []string {
	isSet := func(names ...string) bool {
		return slices.ContainsFunc(names, func(name string) bool { return getenv(name) != "" })
	}
	var warnings []string
	if strings.Contains(getenv("NO_PROXY")+getenv("no_proxy"), "://") {
		warnings = append(warnings, "NO_PROXY has an address where it can only have names of hosts: leave out https://")
	}
	switch {
	case isSet("HTTPS_PROXY", "https_proxy"):
	case isSet("HTTP_PROXY", "http_proxy"):
		warnings = append(warnings, "HTTP_PROXY is set, and HTTPS_PROXY is not: calls to https:// go past the proxy")
	case isSet("ALL_PROXY", "all_proxy"):
		warnings = append(warnings, "ALL_PROXY is set, but licensebot does not read it: is HTTPS_PROXY meant?")
	}
	return warnings
}

// proxyFault says what is wrong with the address of a proxy, or "".
func proxyFault(value string) string {
	const encode = "special characters in its password have to be percent-encoded, # as %23, / as %2F and % as %25"
	u, err := url.Parse(value)
	if !strings.Contains(value, "://") { // HOST:PORT alone is enough for Go
		u, err = url.Parse("http://" + value)
	}
	switch {
	case value != strings.TrimSpace(value):
		return "has blanks around it"
	case strings.ContainsAny(value[:1], "\"'`"):
		return "is in quotes: remove them, because nothing does that here"
	case err != nil, u.Hostname() == "":
		return "cannot be understood: write http://HOST:PORT or http://USER:PASSWORD@HOST:PORT; " + encode
	case !slices.Contains(schemes, strings.ToLower(u.Scheme)):
		return fmt.Sprintf("names a proxy of a kind that does not work here: use one of %s", strings.Join(schemes, ", "))
	case strings.HasSuffix(u.Path, ".pac"), strings.HasSuffix(u.Path, ".dat"):
		return "names a file that chooses proxies: name the proxy itself"
	case strings.Trim(u.Path, "/") != "", u.RawQuery != "", u.Fragment != "", strings.Contains(value, "#"):
		return "has more behind its host: leave it out; " + encode
	}
	return ""
}
