package groupname_test

import (
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"licensebot/approvals"
	"licensebot/internal/groupname"
)

const someID = "8f3a1c2e-0d4b-4c5a-9e6f-7a8b9c0d1e2f"

// A rule that denies prod-db also governs a group with another dash in its name.
func Example() {
	policy := approvals.Policy{Rules: []approvals.PolicyRule{{
		Name: "production", Deny: true,
		Match: approvals.Match{Groups: []approvals.GroupPattern{groupname.Pattern("prod-db")}},
	}}}
	group := groupname.Group(someID, "Prod\u2011DB")
	_, violation := policy.Decide(approvals.PolicyInput{Group: group, Change: approvals.Change{Add: []string{"IDU"}}})
	fmt.Println(violation.Kind, "by the rule", violation.Rule)
	// Output: denied by the rule production
}

func TestCanonical(t *testing.T) {
	for name, want := range map[string]string{
		"Finance Robots":                           "finance robots",
		"prod\u2011db":                             "prod-db",
		"Finance – Robots":                         "finance - robots",
		"a−b\u2043c\u2e3ad\ufe63e\uff0df":          "a-b-c-d-e-f",
		" \u00a0Ops\u3000\t Robots\u2009":          "ops robots",
		"Ev\u200beryone\ufeff":                     "everyone",
		"Admini\u00adstra\u2060tors\ufe0f":         "administrators",
		"\u202bRight\u202c to left\u200f":          "right to left",
		"Bu\u0308ro":                               "büro",
		"BÜRO":                                     "büro",
		"Bu\u200c\u0308ro":                         "büro", // invisible characters go before letters compose
		"Straße":                                   "strasse",
		"ﬁnance":                                   "finance",
		"Ｆｉｎａｎｃｅ":                                  "finance",
		"adminiſtratorſ":                           "administrators",
		"経理部（東京）":                                  "経理部(東京)",
		"「東京」":                                     "「東京」",
		"Developer’s":                              "developer's",
		"Developer´s `x` ′":                        "developer's 'x' '",
		"The “A” «B» „C‟ Team":                     "the a b c team",
		`prod"-"db`:                                "prod-db", // typed as prod-db
		"prod″db ''x''":                            "proddb x",
		"'\"'\"''x":                                "x",
		"─━⎯۔➖Ⲻ":                                   "------",
		"a\U00013441b":                             "a b",
		"Robots™…":                                 "robotstm...",
		"bad\xff\ufffdbytes":                       "badbytes",
		"\u200b\u2800\u00ad\U000e0101 \u3164":      "",
		"prod\u3164db\uffa0x\u115fy\u1160z\u180e1": "prod db x y z 1", // drawn as blanks
		"o\u02cab\u02cbr\u0384i\u1ffde\u1fbdn\u05f3\ua78c": "o'b'r'i'e'n",
		"prod\u02badb\u02ee\u05f4":                         "proddb",
		"a\u2504b\u254cc\u2574d":                           "a-b-c-d",
		"Every\U00016fe4one":                               "everyone",
		"":                                                 "",
	} {
		if got := groupname.Canonical(name).String(); got != want {
			t.Errorf("%+q: %+q, want %+q", name, got, want)
		}
	}
}

// Every character, between two letters: folding it again changes nothing, and
// characters that differ by case alone fold to the same.
func TestEveryCharacter(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if r == 0x30000 {
			r = 0xe0000 // no character is between
		}
		if r == 0xe1000 {
			break // the rest is private
		}
		once := groupname.Canonical("a" + string(r) + "b")
		if again := groupname.Canonical(once.String()); again != once {
			t.Errorf("%U: %+q, then %+q", r, once, again)
		}
		if other := groupname.Canonical("a" + string(unicode.SimpleFold(r)) + "b"); other != once {
			t.Errorf("%U: %+q, in the other case %+q", r, once, other)
		}
	}
}

func TestCanonicalIsIdempotent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := someText.Draw(t, "name")
		once := groupname.Canonical(name)
		if again := groupname.Canonical(once.String()); again != once {
			t.Fatalf("%+q: %+q, then %+q", name, once, again)
		}
	})
}

// What people cannot tell apart: the characters that may stand for each other.
var (
	dashes       = []rune("-‐‑‒–—―−－﹣⸺⁃─➖")
	blanks       = []rune(" \u00a0\u2003\u2009\u202f\u3000\t\n")
	singleQuotes = []rune("'‘’‚‛‹›′´`ʼ＇")
	doubleQuotes = []rune("\"“”„‟«»〝〞＂")
	invisible    = []rune("\u200b\u200c\u200d\u2060\ufeff\u00ad\ufe0f\ufe00\U000e0100\u200e\u200f\u202a\u202e\u2066\u2069\u061c\u034f")

	// unseen do not tell names apart: nobody can type a double quote in a name.
	unseen = slices.Concat(invisible, doubleQuotes)

	someText = rapid.OneOf(
		rapid.String(),
		rapid.StringOfN(rapid.OneOf(
			rapid.SampledFrom([]rune("abAB\u0308\u0301\u0345ßẞſKİıﬁΣς가각")),
			rapid.SampledFrom(dashes), rapid.SampledFrom(blanks), rapid.SampledFrom(singleQuotes),
			rapid.SampledFrom(doubleQuotes), rapid.SampledFrom(invisible),
		), 0, 12, -1),
	)
)

// disguise writes a name in another way that reads the same.
func disguise(t *rapid.T, name string) string {
	var b strings.Builder
	hide := func() {
		b.WriteString(string(rapid.SliceOfN(rapid.SampledFrom(unseen), 0, 2).Draw(t, "unseen")))
	}
	for _, r := range name {
		hide()
		switch r {
		case '-':
			r = rapid.SampledFrom(dashes).Draw(t, "dash")
		case '\'':
			r = rapid.SampledFrom(singleQuotes).Draw(t, "quote")
		case '"':
			r = rapid.SampledFrom(doubleQuotes).Draw(t, "double quote")
		case ' ':
			b.WriteString(string(rapid.SliceOfN(rapid.SampledFrom(blanks), 0, 2).Draw(t, "blanks")))
			r = rapid.SampledFrom(blanks).Draw(t, "blank")
		default:
			if rapid.Bool().Draw(t, "other case") {
				r = unicode.SimpleFold(r)
			}
		}
		b.WriteRune(r)
	}
	hide()
	return b.String()
}

var plainName = rapid.StringMatching(`[a-zäßéσ0-9]{1,4}([- '"][a-zäßéσ0-9]{1,4}){0,3}`)

func TestNamesThatReadTheSameAreTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := plainName.Draw(t, "name")
		other := disguise(t, name)
		if a, b := groupname.Canonical(name), groupname.Canonical(other); a != b {
			t.Fatalf("%+q is %+q, %+q is %+q", name, a, other, b)
		}
		if group := groupname.Group(someID, other); group.Name != other {
			t.Fatalf("people read %+q, not %+q", group.Name, other)
		}
	})
}

// What a rule says about a group holds for it however its name is written, and
// so does the protection of the groups of all people and of those in charge.
func TestRulesGovernDisguisedNames(t *testing.T) {
	kindOf := func(g approvals.Group, patterns ...approvals.GroupPattern) approvals.ViolationKind {
		rule := approvals.PolicyRule{Name: "deny", Deny: len(patterns) > 0, Match: approvals.Match{Groups: patterns}}
		_, violation := approvals.Policy{Rules: []approvals.PolicyRule{rule}}.Decide(approvals.PolicyInput{Group: g, Change: approvals.Change{Add: []string{"IDU"}}})
		if violation == nil {
			return ""
		}
		return violation.Kind
	}
	rapid.Check(t, func(t *rapid.T) {
		name := plainName.Draw(t, "name")
		group := groupname.Group(someID, disguise(t, name))
		if got := kindOf(group, groupname.Pattern(disguise(t, name))); got != approvals.ViolationDenied {
			t.Fatalf("by name: %q", got)
		}
		head := string([]rune(name)[:1])
		if got := kindOf(group, groupname.Pattern(disguise(t, head)+"*")); got != approvals.ViolationDenied {
			t.Fatalf("by pattern: %q", got)
		}
		if got := kindOf(group, groupname.Pattern("x"+name)); got != approvals.ViolationNotAllowed {
			t.Fatalf("by another name: %q", got)
		}
		protected := groupname.Group(someID, disguise(t, rapid.SampledFrom([]string{"everyone", "administrators"}).Draw(t, "protected")))
		if got := kindOf(protected); got != approvals.ViolationProtectedGroup {
			t.Fatalf("%+q: %q", protected.Name, got)
		}
	})
}

// A name that was never made canonical is not known to any rule: it is refused,
// unless the rule has the group's id.
func TestNamesThatWereNotMadeCanonicalAreRefused(t *testing.T) {
	group := approvals.Group{ID: someID, Name: "Everyone"}
	for pattern, want := range map[string]approvals.ViolationKind{
		"": approvals.ViolationUnnamedGroup, "*": approvals.ViolationUnnamedGroup, "Everyone": approvals.ViolationUnnamedGroup, someID: "",
	} {
		rule := approvals.PolicyRule{Stages: []approvals.Stage{{Approvers: []string{"U1"}, Quorum: 1}}}
		if pattern != "" {
			rule.Match.Groups = []approvals.GroupPattern{groupname.Pattern(pattern)}
		}
		var got approvals.ViolationKind
		if _, v := (approvals.Policy{Rules: []approvals.PolicyRule{rule}}).Decide(approvals.PolicyInput{Group: group, Change: approvals.Change{Add: []string{"IDU"}}}); v != nil {
			got = v.Kind
		}
		if got != want {
			t.Errorf("%q: %q, want %q", pattern, got, want)
		}
	}
}

func TestGUIDs(t *testing.T) {
	for text, want := range map[string]string{
		someID: someID, strings.ToUpper(someID): someID, " {" + strings.ToUpper(someID) + "} ": someID,
		strings.ReplaceAll(someID, "-", "\u2011"): someID, "\u200b" + someID: someID,
		"{" + someID: someID, someID + "}": "", "8f3a1c2e": "", someID + "0": "", "g" + someID[1:]: "", "": "",
		strings.ReplaceAll(someID, "-", ""): "", strings.ReplaceAll(someID, "-", "0"): "", someID + "*": "", "group-01": "",
	} {
		id, ok := groupname.ParseGUID(text)
		if ok != (want != "") || ok && id != want || groupname.IsGUID(text) != ok {
			t.Errorf("%+q: %q, %v", text, id, ok)
		}
		if got := groupname.CanonicalID(text); ok && got != want || !ok && got != text {
			t.Errorf("the id %+q: %q", text, got)
		}
	}
	if !groupname.SameID(strings.ToUpper(someID), "{"+someID+"}") || !groupname.SameID("Group-01", "group-01") || groupname.SameID(someID, "group-01") {
		t.Error("ids are compared by case")
	}
}

// A group with a name in the shape of an id is not the group of that id.
func TestNamesAndIDsNeverMix(t *testing.T) {
	const otherID = "00000000-0000-0000-0000-00000000000b"
	rule := approvals.PolicyRule{AutoApprove: true, Match: approvals.Match{Groups: []approvals.GroupPattern{groupname.Pattern(someID)}}}
	policy := approvals.Policy{Rules: []approvals.PolicyRule{rule}}
	for _, group := range []approvals.Group{
		groupname.Group(otherID, someID), groupname.Group(otherID, strings.ToUpper(someID)), groupname.Group(otherID, "{"+someID+"}"), groupname.Group(otherID, ""),
	} {
		if _, v := policy.Decide(approvals.PolicyInput{Group: group, Change: approvals.Change{Add: []string{"IDU"}}}); v == nil || v.Kind != approvals.ViolationNotAllowed {
			t.Errorf("%+v: %v", group, v)
		}
	}
	for _, group := range []approvals.Group{groupname.Group(strings.ToUpper(someID), otherID), groupname.Group("{"+someID+"}", "")} {
		if _, v := policy.Decide(approvals.PolicyInput{Group: group, Change: approvals.Change{Add: []string{"IDU"}}}); v != nil {
			t.Errorf("%+v: %v", group, v)
		}
	}
}

// Only this package turns text into what rules compare.
func TestOnlyThisPackageMakesCanonicalNames(t *testing.T) {
	files := 0
	err := fs.WalkDir(os.DirFS("../.."), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") {
			return err
		}
		files++
		inside := strings.HasPrefix(name, "internal/groupname/") || name == "approvals/groupname.go"
		content, err := os.ReadFile("../../" + name)
		if text := string(content); !inside && (strings.Contains(text, "NewGroupName(") || strings.Contains(text, "NewGroupPattern(")) {
			t.Errorf("%s makes names that rules compare; use package groupname", name)
		}
		return err
	})
	if err != nil || files < 100 {
		t.Errorf("%d files were read: %v", files, err)
	}
}
