package outbound

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestCheckPage tells web pages from answers in JSON, which may come under a wrong type.
func TestCheckPage(t *testing.T) {
	const html = "text/html; charset=utf-8"
	for name, c := range map[string]struct {
		status           int
		kind, body, want string
	}{
		"a page":           {200, html, "\n<html><title> Blocked\n by &amp; co</title>", "titled “Blocked by & co”"},
		"without a title":  {200, html, "<html>Blocked", "a web page came in place of the answer; look at the proxy"},
		"a long title":     {200, html, "<title>" + strings.Repeat("x", 500) + "</title>", "…”"},
		"JSON":             {200, "application/json", `{"ok":true}`, ""},
		"JSON, wrong type": {200, html, `{"ok":true}` + strings.Repeat(" ", 100_000) + "x", ""},
		"another status":   {404, html, "<html>", ""},
	} {
		answer := &http.Response{
			StatusCode: c.status, Header: http.Header{"Content-Type": {c.kind}}, Body: io.NopCloser(strings.NewReader(c.body)),
		}
		err := CheckPage(answer)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil {
			continue
		}
		if text, err := io.ReadAll(answer.Body); err != nil || string(text) != c.body {
			t.Errorf("%s: the body became %d bytes of %d, %v", name, len(text), len(c.body), err)
		}
	}
}
