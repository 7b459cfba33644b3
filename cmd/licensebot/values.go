package main

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Values come from shells, env-files, editors and secret stores, and each leaves
// something at them. What cannot belong to a value is dropped: blanks, line ends and
// byte order marks around it. What might belong to it is named.

// cleanValue drops what is around a value.
func cleanValue(value string) string {
	return strings.TrimFunc(value, func(r rune) bool { return unicode.IsSpace(r) || r == '\uFEFF' })
}

// quotes are what people put around a value, and the end of each.
var quotes = map[rune]rune{'"': '"', '\'': '\'', '`': '`', '“': '”', '„': '“', '‘': '’', '«': '»'}

var (
	comment = regexp.MustCompile(`\s#`)
	// unexpanded leaves out the mentions of Slack, <@U…> and <#C…>.
	unexpanded = regexp.MustCompile(`^(\$\{[^}]*\}|\$\([^)]*\)|\$[A-Z_]+|\{\{.*\}\}|<[^>@#!][^>]*>)$`)
	// unexpandedPart is none of an address, of SQLite's file neither. Documents write {name}.
	unexpandedPart = regexp.MustCompile(`\{[^{}]*\}|<[^<>]*>|^sqlite://[~$]`)
)

// Kinds of variables, where something may be part of the value.
var (
	freeText = map[string]bool{"UIPATH_PASSWORD": true, "LICENSEBOT_POLICY_FILE": true}
	lists    = map[string]bool{
		"LICENSEBOT_APPROVERS": true, "LICENSEBOT_APPROVE_EMOJI": true, "LICENSEBOT_DENY_EMOJI": true,
		"UIPATH_SCOPES": true,
	}
	headers = map[string]bool{"SLACK_BOT_TOKEN": true, "SLACK_APP_TOKEN": true, "UIPATH_ACCESS_TOKEN": true}
)

// valueFault says what is wrong with a clean value, whatever it means, or "". It
// does not repeat the value, because that may be a secret.
func valueFault(name, value string) string {
	first, _ := utf8.DecodeRuneInString(value)
	last, _ := utf8.DecodeLastRuneInString(value)
	end, quoted := quotes[first]
	switch {
	case quoted && len(value) > 1 && last == end:
		return "is in quotes: remove them, because nothing does that here"
	case strings.HasPrefix(value, name+"="):
		return "repeats its own name: leave the value alone there"
	case !utf8.ValidString(value):
		return "is not UTF-8 text"
	case !lists[name] && strings.ContainsAny(value, "\r\n"):
		return "has more than one line"
	case freeText[name]:
		return ""
	case quoted:
		return "begins with a quote"
	case comment.MatchString(value):
		return "has a comment behind the value: remove it, because nothing does that here"
	case unexpanded.MatchString(value):
		return "is a placeholder that nothing has filled in"
	case strings.HasSuffix(name, "_URL") && unexpandedPart.MatchString(value):
		return "has a placeholder in it that nothing has filled in"
	case headers[name]:
		return headerFault(value)
	}
	return ""
}

// headerFault says what keeps a token out of an HTTP header, or "".
func headerFault(token string) string {
	scheme, _, split := strings.Cut(token, " ")
	for _, r := range token {
		switch {
		case split && strings.EqualFold(scheme, "Bearer"):
			return "begins with Bearer: leave the token alone there"
		case unicode.IsSpace(r):
			return "has blanks in it"
		case r < '!' || r > '~':
			return fmt.Sprintf("has a character that no token has, %U", r)
		}
	}
	return ""
}
