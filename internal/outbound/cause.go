package outbound

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
)

// Cause says in words for an operator why a host could not be reached, or "" if the
// error does not tell.
func Cause(err error) string {
	if refusal, ok := errors.AsType[*ProxyError](err); ok {
		return refusal.Error() + remedyOf(refusal)
	}
	words := causeOf(err)
	if words != "" && IsProxy(err) {
		return "the proxy of HTTPS_PROXY: " + words
	}
	return words
}

// IsRefusal reports whether a proxy refused to open a connection.
func IsRefusal(err error) bool {
	_, ok := errors.AsType[*ProxyError](err)
	return ok
}

// IsProxy reports whether an error is about the proxy.
func IsProxy(err error) bool {
	if IsRefusal(err) {
		return true
	}
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "proxyconnect"
}

func remedyOf(e *ProxyError) string {
	if strings.HasPrefix(e.Status, "407") {
		return " (it wants a user and a password in HTTPS_PROXY, http://USER:PASSWORD@HOST:PORT, or other ones)"
	}
	return " (look at HTTPS_PROXY, and at what the proxy lets through)"
}

func causeOf(err error) string {
	if name, ok := errors.AsType[*net.DNSError](err); ok {
		return "the name " + name.Name + " does not resolve"
	}
	if words := certificateCause(err); words != "" {
		return words
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok || errors.Is(err, http.ErrSchemeMismatch) {
		return "what answers there speaks no TLS"
	}
	where := dialedAddress(err)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return where + " refuses connections"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "no network leads to " + where
	case isTimeout(err) && where != "the address":
		return where + " does not answer"
	}
	return ""
}

// certificateCause says what is wrong with a certificate.
func certificateCause(err error) string {
	if unknown, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		issuer := ""
		if unknown.Cert != nil {
			issuer = " (" + unknown.Cert.Issuer.CommonName + ")"
		}
		return "its certificate comes from an authority that this host does not know" + issuer +
			": if something on the way opens TLS, name its CA with SSL_CERT_FILE"
	}
	if other, ok := errors.AsType[x509.HostnameError](err); ok {
		return "its certificate is not for " + other.Host
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok && invalid.Reason == x509.Expired {
		return "its certificate has expired or is not valid yet: is the clock of this host right?"
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "its certificate is not valid"
	}
	return ""
}

// dialedAddress is the address that a connection was to be opened to.
func dialedAddress(err error) string {
	for err != nil {
		op, ok := errors.AsType[*net.OpError](err)
		if !ok {
			break
		}
		if op.Op == "dial" && op.Addr != nil {
			return op.Addr.String()
		}
		err = op.Err
	}
	return "the address"
}

func isTimeout(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded)
}
