package command

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"licensebot/approvals"
	"licensebot/internal/groupname"
)

// Suggest writes the command that asks for the same as ask. It has as many of
// the codes as one request takes, and the reason if there is room for it. It
// never sets an allocation to fewer codes than the person meant; it adds them
// instead.
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
		if withReason := text + " " + formatReason(ask); ask.Reason != "" && fitsCommand(withReason) {
			return NameOf(ask) + " " + withReason
		}
		if n <= 1 || fitsCommand(text) {
			return NameOf(ask) + " " + text
		}
	}
}

// KeepCodes is the ask for some of its codes. If it was to set the allocation to
// all of them, it adds these instead.
func KeepCodes(ask approvals.Ask, codes []string) approvals.Ask {
	if ask.Action == approvals.Set && len(codes) < len(ask.Codes) {
		ask.Action = approvals.Add
	}
	ask.Codes = codes
	return ask
}

// ReplaceCodes is the ask with the codes of one list replaced by those of
// another, limits included. A code without a replacement is left out.
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

// fitsCommand reports whether text is short enough to be read as a command.
func fitsCommand(text string) bool { return utf8.RuneCountInString(text) <= MaxLength }

// DefaultName is the command's name in the app manifest. It stands for the name
// in requests that came without a typed command.
const DefaultName = "/allocate"

// NameOf is the command's name as the requester typed it.
func NameOf(ask approvals.Ask) string { return cmp.Or(ask.Command, DefaultName) }

// formatAsk writes an ask for these codes as people type it, without a reason.
func formatAsk(ask approvals.Ask, codes []string) string {
	parts := []string{QuoteGroup(ask.Group)}
	if ask.Action == approvals.Set || ask.Action == approvals.Remove {
		parts = []string{string(ask.Action), QuoteGroup(ask.Group)}
	}
	for _, c := range codes {
		parts = append(parts, FormatCode(c, ask.Quotas))
	}
	if ask.MayEmpty {
		parts = append(parts, WordEmpty)
	}
	if when := FormatPeriod(ask); when != "" {
		parts = append(parts, when)
	}
	return strings.Join(parts, " ")
}

// FormatCode writes a code, with its seat limit if the ask sets one.
func FormatCode(c string, quotas []approvals.Quota) string {
	for _, q := range quotas {
		if q.Code == c {
			return approvals.QuotaChange{Code: c, To: q.Limit}.String()
		}
	}
	return c
}

// QuoteGroup writes a group so that it is read as one word, and never as a verb.
func QuoteGroup(group string) string {
	group = strings.ReplaceAll(strings.Map(plainPunctuation, group), `"`, "")
	verb := isReserved(groupname.Canonical(group).String())
	if read := splitWords(group); !verb && len(read) == 1 && read[0].text == group {
		return group
	}
	return `"` + group + `"`
}

// elementAt is an element of a list, or empty beyond its end.
func elementAt(all []string, i int) string {
	if i < len(all) {
		return all[i]
	}
	return ""
}
