package main

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"licensebot/internal/outbound"
)

// checkToken wants a token of Slack with this prefix.
func checkToken(p *problems, name, value, prefix string) {
	switch {
	case value == "":
		p.add(name, "is required", prefix+"…")
	case !strings.HasPrefix(value, prefix):
		p.add(name, "does not begin with "+prefix, prefix+"…")
	case headerFault(value) != "":
		p.add(name, headerFault(value), prefix+"…")
	}
}

// checkURL wants an address to which the bot can add paths. Secrets go there, so
// that it has to be encrypted, unless it is on this machine or allowHTTP is true.
func checkURL(p *problems, name, value, example string, allowHTTP bool) {
	u, err := url.Parse(value)
	switch {
	case value != "" && !strings.Contains(value, "://"):
		p.add(name, "does not begin with https://", example)
	case err != nil || !isPlainWebAddress(u):
		p.add(name, "is not a web address without user, query and fragment", example)
	case u.Scheme == "http" && !allowHTTP && !outbound.IsLoopback(u.Hostname()):
		p.add(name, "begins with http://, so that secrets would travel in the open; "+
			"use https://, or set LICENSEBOT_ALLOW_HTTP=true", example)
	}
}

func isPlainWebAddress(u *url.URL) bool {
	if u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" {
		return false
	}
	return u.RawQuery == "" && u.Fragment == "" && u.User == nil
}

// parseSwitch wants true or false.
func parseSwitch(p *problems, name, value string) bool {
	on := strings.EqualFold(value, "true") || strings.EqualFold(value, "on")
	if !on && !strings.EqualFold(value, "false") && !strings.EqualFold(value, "off") {
		p.add(name, "is neither on nor off", "off")
	}
	return on
}

// requireValue wants a value that is more than blanks.
func requireValue(p *problems, name, value, example string) {
	if strings.TrimSpace(value) == "" {
		p.add(name, "is required", example)
	}
}

// requireSegment wants a value that can be one part of a path. Package licensing
// checks the same later; here it is reported together with all other problems.
func requireSegment(p *problems, name, value, example string) {
	requireValue(p, name, value, example)
	isRelative := value == "." || value == ".."
	if isRelative || strings.ContainsFunc(value, unicode.IsControl) || strings.ContainsAny(value, `/\`) {
		p.add(name, "is a name or an id, not an address or a path", example)
	}
}

var guid = regexp.MustCompile(`^(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// checkAccountID wants the id of the organization. UiPath answers 404 to its name and
// to a tenant's, as if the organization had no licenses.
func checkAccountID(p *problems, value string) {
	const name, example = "UIPATH_ACCOUNT_ID", "8f3a1c2e-0d4b-4c5a-9e6f-7a8b9c0d1e2f"
	requireValue(p, name, value, example)
	if value != "" && !guid.MatchString(value) {
		p.add(name, "is not a GUID: it has to be the organization's id, not its name, an address or a path", example)
	}
	if value != "" && strings.Trim(value, "0-") == "" {
		p.add(name, "is a placeholder that nothing has filled in", example)
	}
}

// The shapes of ids and names at Slack.
var (
	channelID  = regexp.MustCompile(`^[CG][A-Z0-9_]{2,40}$`)
	directID   = regexp.MustCompile(`^[DUW][A-Z0-9_]{7,40}$`)
	approverID = regexp.MustCompile(`^[UWS][A-Z0-9_]{2,40}$`)
	emojiName  = regexp.MustCompile(`^[a-z0-9_+'-]{1,100}$`)
)

// channelFault says why a value is not the id of a channel, or "". People copy what Slack
// shows: a link, a mention, a name.
func channelFault(value string) string {
	switch {
	case value == "", channelID.MatchString(value):
		return ""
	case strings.Contains(value, "/"):
		return "is a link: take the channel's id out of it, which begins with C or G"
	case strings.HasPrefix(value, "<#"):
		return "is a mention: take the channel's id out of it, which begins with C or G"
	case directID.MatchString(value):
		return "is the id of a direct message or a person: it has to be the id of a channel, which begins with C or G"
	case len(splitList(value)) > 1:
		return "names several channels: there is one approvals channel"
	}
	return "has to be the id of the approvals channel, not its name"
}

// parseEmoji returns the short names in a list, without the colons around them.
func parseEmoji(p *problems, name, value, example string) []string {
	names := splitList(value)
	for i, n := range names {
		names[i] = strings.Trim(n, ":")
		if !emojiName.MatchString(names[i]) {
			p.add(name, fmt.Sprintf("%q is not an emoji's short name", n), example)
		}
	}
	if len(names) == 0 {
		p.add(name, "is empty", example)
	}
	return names
}

// splitList splits at commas and blanks.
func splitList(value string) []string {
	return strings.FieldsFunc(value, func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
}

// checkListenAddress wants HOST:PORT. The host and the port may be empty, as in
// net.Listen.
func checkListenAddress(p *problems, name, value, example string) {
	_, port, err := net.SplitHostPort(value)
	if err != nil {
		p.add(name, "is not HOST:PORT", example)
		return
	}
	if port == "" {
		return
	}
	if _, err := net.DefaultResolver.LookupPort(context.Background(), "tcp", port); err != nil {
		p.add(name, "has a port that does not exist", example)
	}
}

// parseNumber reads a number between two bounds.
func parseNumber(p *problems, variable, text string, least, most, example int) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		p.add(variable, fmt.Sprintf("has to be a number from %d to %d", least, most), strconv.Itoa(example))
	}
	return n
}
