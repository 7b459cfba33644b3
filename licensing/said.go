package licensing

import (
	"bytes"
	"encoding/json"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// maxSaid bounds what an error repeats of an answer, in characters.
const maxSaid = 300

const withheld = "[withheld]"

var (
	titleTag = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)
	// Tokens that this client did not send itself may be echoed too.
	tokenLike = regexp.MustCompile(`(?i)\bbearer\s+[a-z0-9._~+/=-]{6,}|\beyJ[\w-]{4,}(\.[\w-]*){1,4}`)
)

// said reduces the body of an answer to one line for people. What a token
// endpoint says is repeated only as far as it is known to be words: anything
// else there may be a token.
func (a ask) said(body []byte) string {
	text := string(body)
	if json.Valid(body) || a.op == opToken {
		text = messages(body)
	}
	switch {
	case looksHTML(body):
		text = pageTitle(body)
	case text == "" && a.op != opToken:
		text = string(body)
	}
	return oneLine(text, a.secrets)
}

func looksHTML(body []byte) bool {
	return bytes.HasPrefix(bytes.TrimSpace(body), []byte("<"))
}

func pageTitle(body []byte) string {
	if found := titleTag.FindSubmatch(body); found != nil {
		return "a page titled “" + strings.TrimSpace(html.UnescapeString(string(found[1]))) + "”"
	}
	return ""
}

// messageKeys are where UiPath's services put words for people, in the order
// they are shown. The form of lease_ errors is not documented; these are the
// forms of Identity, OAuth, ABP and ASP.NET problem details.
var messageKeys = []string{
	"error", "error_description", "code", "errorCode", "message", "errorMessage",
	"title", "detail", "details", "errors", "innerError",
}

// messages collects the words of a JSON answer, "" if it knows none of them.
func messages(body []byte) string {
	var v any
	if json.Unmarshal(body, &v) != nil {
		return ""
	}
	return strings.Join(slices.Compact(words(v, 0)), ": ")
}

// words walks a few levels of an error: {"errors":{"field":["…"]}} is real.
func words(v any, depth int) []string {
	switch v := v.(type) {
	case string:
		return nonEmpty(v)
	case []any:
		var all []string
		for _, item := range v {
			all = append(all, words(item, depth+1)...)
		}
		return all
	case map[string]any:
		return objectWords(v, depth)
	}
	return nil
}

func objectWords(object map[string]any, depth int) []string {
	var all []string
	if depth > 3 {
		return nil
	}
	for _, key := range messageKeys {
		inner := object[key]
		if fields, ok := inner.(map[string]any); ok && key == "errors" {
			all = append(all, fieldWords(fields, depth+1)...)
			continue
		}
		all = append(all, words(inner, depth+1)...)
	}
	return all
}

// fieldWords names the fields that a validation refused, in a stable order.
func fieldWords(fields map[string]any, depth int) []string {
	var all []string
	for _, name := range sortedKeys(fields) {
		all = append(all, name+": "+strings.Join(words(fields[name], depth), ", "))
	}
	return all
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

func nonEmpty(s string) []string {
	if strings.TrimSpace(s) == "" {
		return nil
	}
	return []string{s}
}

// oneLine scrubs before it cuts: a secret cut in half would not be recognised.
// It scrubs again at the end, for a secret that control characters had split.
func oneLine(text string, secrets []string) string {
	text = scrub(strings.ToValidUTF8(text, "\uFFFD"), secrets)
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r), unicode.IsControl(r):
			return ' '
		case unicode.Is(unicode.Cf, r): // zero width and direction marks
			return -1
		}
		return r
	}, text)
	text = scrub(strings.Join(strings.Fields(text), " "), secrets)
	if runes := []rune(text); len(runes) > maxSaid {
		text = string(runes[:maxSaid-1]) + "…"
	}
	return text
}

// scrub takes secrets out of a text, as they are and as a form, a path or JSON
// would write them. The longest go first, as one may contain another.
func scrub(text string, secrets []string) string {
	var forms []string
	for _, secret := range secrets {
		if secret != "" {
			forms = append(forms, secret, url.QueryEscape(secret), url.PathEscape(secret), jsonEscape(secret))
		}
	}
	slices.SortFunc(forms, func(a, b string) int { return len(b) - len(a) })
	for _, form := range forms {
		text = strings.ReplaceAll(text, form, withheld)
	}
	return tokenLike.ReplaceAllString(text, withheld)
}

func jsonEscape(s string) string {
	quoted, _ := json.Marshal(s)
	return string(quoted[1 : len(quoted)-1])
}
