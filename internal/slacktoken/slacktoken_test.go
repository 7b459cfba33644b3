package slacktoken_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/slack-go/slack"

	"licensebot/internal/slacktoken"
)

// Calls with a form, with JSON and with an app-level token carry the token of now, and
// nothing else of them changes.
func TestEveryCallCarriesTheTokenOfNow(t *testing.T) {
	type call struct{ header, form, text string }
	var last call
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		last = call{r.Header.Get("Authorization"), r.FormValue("token"), r.FormValue("text")}
		_, _ = w.Write([]byte(`{"ok":true,"url":"wss://slack"}`))
	}))
	defer server.Close()
	const given, text = "xoxb-old+1", "xoxb-old+1 & xoxb-new/2"
	token := slacktoken.New(given)
	hc := &http.Client{Transport: token.Transport(http.DefaultTransport)}
	api := slack.New(given, slack.OptionAppLevelToken(given), slack.OptionAPIURL(server.URL+"/"), slack.OptionHTTPClient(hc))
	for _, now := range []string{given, "xoxb-new/2", "xoxb-third", given} {
		token.Replace(now)
		if _, _, err := api.PostMessageContext(t.Context(), "C1", slack.MsgOptionText(text, false)); err != nil {
			t.Fatal(err)
		}
		if last.text != text || last.form != now && last.header != "Bearer "+now || last.form == given && now != given {
			t.Errorf("with %s the form came as %+v", now, last)
		}
		if _, _, err := api.StartSocketModeContext(t.Context()); err != nil {
			t.Fatal(err)
		}
		if last.header != "Bearer "+now {
			t.Errorf("with %s the JSON came as %+v", now, last)
		}
	}
}

// A caller's request stays as it is: net/http may send it again. What has another
// token is sent with that one.
func TestOnlyItsOwnTokenIsReplaced(t *testing.T) {
	var got url.Values
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		got = r.PostForm
	}))
	defer server.Close()
	token := slacktoken.New("xoxb-old")
	token.Replace("xoxb-new")
	hc := &http.Client{Transport: token.Transport(http.DefaultTransport)}
	answer, err := hc.PostForm(server.URL, url.Values{"token": {"xoxb-else"}, "text": {"xoxb-old"}})
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if got.Get("token") != "xoxb-else" || got.Get("text") != "xoxb-old" {
		t.Errorf("it arrived as %v", got)
	}
	call, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	call.Header.Set("Authorization", "Bearer xoxb-old")
	if answer, err = hc.Do(call); err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if call.Header.Get("Authorization") != "Bearer xoxb-old" {
		t.Error("the caller's own request was changed")
	}
}
