package outbound

import (
	"bytes"
	"errors"
	"fmt"
	"html"
	"io"
	"mime"
	"net/http"
	"regexp"
	"strings"
	"unicode"
)

// A PageError is a web page in the place of an answer in JSON. What stands between shows one,
// with any status; the call may have arrived all the same.
type PageError struct{ Title string }

func (e *PageError) Error() string {
	const cause = "a web page came in place of the answer"
	if e.Title == "" {
		return cause + "; look at the proxy or the firewall"
	}
	return fmt.Sprintf("%s, titled “%s”; look at the proxy or the firewall", cause, e.Title)
}

// pageTitle matches the title of a web page.
var pageTitle = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)

// maxPage bounds what is read of a page.
const maxPage = 64 << 10

// CheckPage makes an error of a web page with the status of a success.
func CheckPage(answer *http.Response) error {
	kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	if answer.StatusCode != http.StatusOK || kind != "text/html" {
		return nil
	}
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxPage))
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(bytes.TrimSpace(text), []byte("<")) { // an answer with a wrong type
		answer.Body = body{io.MultiReader(bytes.NewReader(text), answer.Body), answer.Body}
		return nil
	}
	page := new(PageError)
	if found := pageTitle.FindSubmatch(text); found != nil {
		page.Title = plainTitle(html.UnescapeString(string(found[1])))
	}
	return errors.Join(page, answer.Body.Close())
}

// maxTitle bounds a title, in characters.
const maxTitle = 80

// plainTitle is a title in one line that people can read.
func plainTitle(title string) string {
	isGap := func(r rune) bool { return !unicode.IsGraphic(r) || unicode.IsSpace(r) }
	words := strings.FieldsFunc(strings.ToValidUTF8(title, ""), isGap)
	runes := []rune(strings.Join(words, " "))
	if len(runes) > maxTitle {
		return string(runes[:maxTitle-1]) + "…"
	}
	return string(runes)
}

// A body is what was read of another one, and its rest.
type body struct {
	io.Reader
	io.Closer
}
