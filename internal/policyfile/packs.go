package policyfile

import (
	"fmt"
	"regexp"
	"strings"

	"licensebot/approvals"
)

// maxPackCodes is how many codes one request takes.
const maxPackCodes = 20

var exactCode = regexp.MustCompile(`^[A-Z][A-Z0-9]*(-[A-Z0-9]+)*$`)

// readPacks reads the section packs.
func (l *loader) readPacks(top mapping) {
	f, ok := top.fields["packs"]
	if !ok {
		return
	}
	section, _ := l.readMapping(f.value, f.line, "packs")
	for _, named := range section.sortedFields() {
		l.checkPackName(named)
		pack := approvals.Pack{Name: named.key, Codes: l.readPackCodes(section, named.key)}
		if len(pack.Codes) > maxPackCodes {
			l.report(named.line,
				fmt.Sprintf("the pack %s has %d codes, and one request takes at most %d",
					quoteShort(pack.Name), len(pack.Codes), maxPackCodes),
				"make two packs of it")
		}
		l.packs = append(l.packs, pack)
	}
}

// checkPackName reports a name that people cannot type, or that means something else
// where they type it.
func (l *loader) checkPackName(named field) {
	if !listName.MatchString(named.key) {
		l.report(named.line,
			fmt.Sprintf("%s is not a name for a pack", quoteShort(named.key)),
			"use lower case letters, digits and hyphens, such as developer")
		return
	}
	if l.meaningOf == nil {
		return
	}
	if meaning := l.meaningOf(named.key); meaning != "" {
		l.report(named.line,
			fmt.Sprintf("a pack cannot be called %s, which already means %s",
				quoteShort(named.key), meaning),
			"choose another name, such as "+named.key+"-pack")
	}
}

// readPackCodes reads the codes of a pack. A pattern would mean other codes each time
// that the organization buys some.
func (l *loader) readPackCodes(section mapping, name string) []string {
	var codes []string
	for _, e := range l.readList(section, name, "[RPADEVPRONU, IDU]") {
		code := strings.ToUpper(e.text)
		if !exactCode.MatchString(code) || len(code) > 40 {
			l.report(e.line,
				fmt.Sprintf("%s is not a license code", quoteShort(e.text)),
				"write letters and digits, such as RPADEVPRONU; a pack has no patterns")
			continue
		}
		codes = append(codes, code)
	}
	return codes
}
