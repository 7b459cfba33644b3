package licensing

import (
	"errors"
	"net/url"
	"strings"
	"unicode"
)

// siteURL joins the base and the organization, without a slash at the end.
func siteURL(base, organization string) (string, error) {
	var problems []error
	u, err := url.Parse(base)
	switch {
	case err != nil, u.Host == "", u.Scheme != "https" && u.Scheme != "http":
		problems = append(problems, errors.New("licensing: URL must be absolute, such as https://cloud.uipath.com"))
	case u.User != nil, u.RawQuery != "", u.Fragment != "":
		problems = append(problems, errors.New("licensing: URL must have no user, query or fragment"))
	}
	if !isPathSegment(organization) {
		problems = append(problems, errors.New("licensing: Organization must be the logical name in the portal's URL"))
	}
	if err := errors.Join(problems...); err != nil {
		return "", err
	}
	return strings.TrimRight(u.String(), "/") + "/" + url.PathEscape(organization), nil
}

// isPathSegment reports whether s can be one segment of a path. It refuses
// slashes although they could be escaped: some proxies undo that before they
// route, and then an id such as "x/with-quota" would name another endpoint.
func isPathSegment(s string) bool {
	if s == "" || s == "." || s == ".." || len(s) > 256 || strings.ContainsAny(s, `/\`) {
		return false
	}
	return !strings.ContainsFunc(s, unicode.IsControl)
}
