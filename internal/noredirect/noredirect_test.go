package noredirect_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"licensebot/internal/noredirect"
)

// Every status that net/http follows ends at the server that was asked.
func TestClientFollowsNothing(t *testing.T) {
	followed := 0
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed++ }))
	defer elsewhere.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		server := httptest.NewServer(http.RedirectHandler(elsewhere.URL, status))
		base := &http.Client{}
		answer, err := noredirect.Client(base).Post(server.URL, "text/plain", strings.NewReader("a secret"))
		server.Close()
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != status || followed != 0 || base.CheckRedirect != nil {
			t.Errorf("%d: got %d, followed %d times", status, answer.StatusCode, followed)
		}
	}
}
