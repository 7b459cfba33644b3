package licensing

import (
	"bytes"
	"encoding/json"
	"html"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// maxAnswerText bounds what an error repeats of an answer, in characters.
const maxAnswerText = 300

const redacted = "[withheld]"

var (
	titleTag = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)
	// Tokens that this client did not send itself may be echoed too.
	tokenLike = regexp.MustCompile(`(?i)\bbearer\s+[a-z0-9._~+/=-]{6,}|\beyJ[\w-]{4,}(\.[\w-]*){1,4}`)
)

// answerText reduces the body of an answer to one line for people. Of a token
// endpoint's answer it repeats only the error's name: anything else may quote
// what was sent.
func (r request) answerText(body []byte) string {
	if r.operation == opToken {
		return oauthErrorCode(body)
	}
	text := string(body)
	if json.Valid(body) {
		text = jsonMessages(body)
	}
	switch {
	case looksHTML(body):
		text = pageTitle(body)
	case text == "":
		text = string(body)
	}
	return oneLine(text, r.secrets)
}

// oauthErrorCodes are the errors of RFC 6749, section 5.2.
var oauthErrorCodes = []string{
	codeInvalidRequest, codeInvalidClient, codeInvalidGrant,
	codeUnauthorizedClient, codeUnsupportedGrant, codeInvalidScope,
}

const (
	codeInvalidRequest     = "invalid_request"
	codeInvalidClient      = "invalid_client"
	codeInvalidGrant       = "invalid_grant"
	codeUnauthorizedClient = "unauthorized_client"
	codeUnsupportedGrant   = "unsupported_grant_type"
	codeInvalidScope       = "invalid_scope"
)

// oauthErrorCode is the known error of a token endpoint's answer, or "".
func oauthErrorCode(body []byte) string {
	var answer struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(body, &answer) != nil || !slices.Contains(oauthErrorCodes, answer.Error) {
		return ""
	}
	return answer.Error
}

func looksHTML(body []byte) bool {
	return bytes.HasPrefix(bytes.TrimSpace(body), []byte("<"))
}

func looksJSON(body []byte) bool {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\uFEFF")))
	return bytes.HasPrefix(body, []byte("{")) || bytes.HasPrefix(body, []byte("["))
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

// jsonMessages collects the messages of a JSON answer. It is "" if the answer has
// no key of messageKeys.
func jsonMessages(body []byte) string {
	var v any
	if json.Unmarshal(body, &v) != nil {
		return ""
	}
	return strings.Join(slices.Compact(collectWords(v, 0)), ": ")
}

// collectWords walks a few levels of an error: {"errors":{"field":["…"]}} is real.
func collectWords(v any, depth int) []string {
	switch v := v.(type) {
	case string:
		return nonEmpty(v)
	case []any:
		var all []string
		for _, item := range v {
			all = append(all, collectWords(item, depth+1)...)
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
		all = append(all, collectWords(inner, depth+1)...)
	}
	return all
}

// fieldWords names the fields that a validation refused, in a stable order.
func fieldWords(fields map[string]any, depth int) []string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		all = append(all, name+": "+strings.Join(collectWords(fields[name], depth), ", "))
	}
	return all
}

func nonEmpty(s string) []string {
	if strings.TrimSpace(s) == "" {
		return nil
	}
	return []string{s}
}

// oneLine redacts before it cuts: a secret cut in half would not be recognized.
// It redacts again at the end, for a secret that control characters had split.
func oneLine(text string, secrets []string) string {
	text = redactSecrets(strings.ToValidUTF8(text, "\uFFFD"), secrets)
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r), unicode.IsControl(r):
			return ' '
		case unicode.Is(unicode.Cf, r): // zero width and direction marks
			return -1
		}
		return r
	}, text)
	text = redactSecrets(strings.Join(strings.Fields(text), " "), secrets)
	if runes := []rune(text); len(runes) > maxAnswerText {
		text = string(runes[:maxAnswerText-1]) + "…"
	}
	return text
}

// redactSecrets takes secrets out of a text, as they are and as a form, a path or
// JSON writes them. The longest go first, because one may contain another.
func redactSecrets(text string, secrets []string) string {
	var forms []string
	for _, secret := range secrets {
		if secret != "" {
			forms = append(forms, secret, url.QueryEscape(secret), url.PathEscape(secret), jsonEscape(secret))
		}
	}
	slices.SortFunc(forms, func(a, b string) int { return len(b) - len(a) })
	for _, form := range forms {
		text = strings.ReplaceAll(text, form, redacted)
	}
	return tokenLike.ReplaceAllString(text, redacted)
}

func jsonEscape(s string) string {
	quoted, _ := json.Marshal(s)
	return string(quoted[1 : len(quoted)-1])
}
