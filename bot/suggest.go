package bot

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"licensebot/approvals"
)

// suggestion is a command that would be understood and asks for what ask does:
// with as many of the codes as one request takes, and with the reason where
// there is room for it. A rule is not set to fewer codes than were meant.
func Suggest(ask approvals.Ask) string {
	codes := slices.DeleteFunc(slices.Clone(ask.Codes), func(c string) bool { return !IsCode(c) })
	if len(codes) == 0 && !ask.MayEmpty {
		codes = []string{ExampleCode}
	}
	for n := min(len(codes), MaxCodes); ; n-- {
		if ask.Action == approvals.Set && !ask.MayEmpty && (n < len(ask.Codes) || len(ask.Codes) == 0) {
			ask.Action = approvals.Add
		}
		text := formatAsk(ask, codes[:n])
		if withReason := text + " because " + ask.Reason; ask.Reason != "" && fitsCommand(withReason) {
			return NameOf(ask) + " " + withReason
		}
		if n <= 1 || fitsCommand(text) {
			return NameOf(ask) + " " + text
		}
	}
}

// only is the ask for some of its codes. A rule that was to be set to all of
// them is not set to fewer.
func KeepCodes(ask approvals.Ask, codes []string) approvals.Ask {
	if ask.Action == approvals.Set && len(codes) < len(ask.Codes) {
		ask.Action = approvals.Add
	}
	ask.Codes = codes
	return ask
}

// renamed is the ask with other codes in the place of some, limits and all;
// those for which there is none are left out.
func ReplaceCodes(ask approvals.Ask, from, to []string) approvals.Ask {
	var codes []string
	var quotas []approvals.Quota
	for _, c := range ask.Codes {
		other := c
		if i := slices.Index(from, c); i >= 0 {
			other = elementAt(to, i)
		}
		if other == "" || slices.Contains(codes, other) {
			continue
		}
		codes = append(codes, other)
		for _, q := range ask.Quotas {
			if q.Code == c {
				quotas = append(quotas, approvals.Quota{Code: other, Limit: q.Limit})
			}
		}
	}
	ask.Quotas = quotas
	return KeepCodes(ask, codes)
}

func fitsCommand(text string) bool { return utf8.RuneCountInString(text) <= MaxLength }

// usualName is what the command is called in the manifest: its name where
// nobody typed one.
const DefaultName = "/allocate"

// commandOf is the command's name as it was typed.
func NameOf(ask approvals.Ask) string { return cmp.Or(ask.Command, DefaultName) }

// spelt writes an ask for these codes as it is typed, without a reason.
func formatAsk(ask approvals.Ask, codes []string) string {
	parts := []string{QuoteGroup(ask.Group)}
	if ask.Action == approvals.Set || ask.Action == approvals.Remove {
		parts = []string{string(ask.Action), QuoteGroup(ask.Group)}
	}
	for _, c := range codes {
		parts = append(parts, FormatCode(c, ask.Quotas))
	}
	if ask.MayEmpty {
		parts = append(parts, "emptying")
	}
	if when := FormatPeriod(ask); when != "" {
		parts = append(parts, when)
	}
	return strings.Join(parts, " ")
}

// limited writes a code with its limit, if it is to get one.
func FormatCode(c string, quotas []approvals.Quota) string {
	for _, q := range quotas {
		if q.Code == c {
			return approvals.QuotaChange{Code: c, To: q.Limit}.String()
		}
	}
	return c
}

// quoted writes a group so that it is read as this one word and never as a
// verb.
func QuoteGroup(group string) string {
	group = strings.ReplaceAll(typography.Replace(group), `"`, "")
	verb := slices.Contains(reservedWords, strings.ToLower(group))
	if read := splitWords(group); !verb && len(read) == 1 && read[0].text == group {
		return group
	}
	return `"` + group + `"`
}
