package licensing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// echo answers with all that it was asked, in every form that errors come in.
func echo(status int, form string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fields, _ := url.ParseQuery(string(body))
		all := r.Header.Get("Authorization") + " " + string(body) + " " +
			fields.Get("client_secret") + " " + fields.Get("password") + " " + strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		if r.Header.Get("Authorization") != "" {
			all += " " + splitByZeroWidth(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
		}
		quoted, _ := json.Marshal(all)
		w.Header().Set("WWW-Authenticate", "Bearer error_description="+url.QueryEscape(all))
		w.Header().Set("Location", "/"+url.PathEscape(all))
		w.WriteHeader(status)
		fmt.Fprintf(w, form, strings.ReplaceAll(string(quoted), `"`, ""), quoted, all)
	}
}

func splitByZeroWidth(s string) string { return s[:3] + "\u200b" + s[3:] }

// texts are all the ways in which an error gets printed.
func texts(err error) string {
	var all strings.Builder
	for e := err; e != nil; e = errors.Unwrap(e) {
		fmt.Fprintf(&all, "%v\n%+v\n%#v\n%s\n%q\n", e, e, e, e.Error(), e)
		if known, ok := e.(*Error); ok {
			fmt.Fprintf(&all, "%v %+v %#v\n", *known, *known, *known)
			j, _ := json.Marshal(known)
			all.Write(j)
		}
	}
	return all.String()
}

func leaks(t *testing.T, text string, secrets ...string) {
	t.Helper()
	for _, s := range secrets {
		for _, form := range []string{s, url.QueryEscape(s), url.PathEscape(s), jsonEscape(s)} {
			if strings.Contains(text, form) {
				t.Errorf("%q leaks in %s", form, text)
			}
		}
	}
}

func TestNoSecretInAnError(t *testing.T) {
	const clientSecret, password = "s3cr3t/+ %", "pa55 wörd\"&"
	forms := []string{
		`{"message":%[2]s}`, `{"error":{"code":"x","message":%[2]s}}`, `{"odd":%[2]s}`, `%[3]s`,
		`<html><title>%[1]s</title>`, `{"error":"x","error_description":%[2]s}`, ``, `{"access_token":"","error":%[2]s}`,
		`{"success":false,"error":{"message":%[2]s}}`, `{"groupId":%[2]s,"userBundleCodes":[]}`, `{"message":%[2]s`,
	}
	for _, status := range []int{200, 302, 400, 401, 403, 404, 409, 429, 500, 503} {
		for _, form := range forms {
			s, at := newStand(t), newClock()
			s.on("PUT "+ruleRoute, echo(status, form))
			s.on("GET "+ruleRoute, echo(status, form))
			s.on(tokenRoute, echo(status, form))
			s.on("POST /base/acme/Default/api/account/authenticate", echo(status, form))
			cfg := s.tokenConfig(at)
			for _, build := range []func(TokenConfig) (*TokenSource, error){
				ClientCredentials, PasswordGrant, Authenticate,
				func(TokenConfig) (*TokenSource, error) { return StaticToken(secret), nil },
			} {
				src, err := build(cfg)
				if err != nil {
					t.Fatal(err)
				}
				c := s.client(t, func(c *Config) { c.Tokens = src })
				_, err = c.WriteAllocation(context.Background(), groupID, Allocation{})
				_, readErr := c.ReadAllocation(context.Background(), groupID)
				leaks(t, texts(err)+texts(readErr)+fmt.Sprintf("%v %+v %#v %v %#v", src, src, src, c, c), secret, clientSecret, password)
			}
		}
	}
}

// A transport's error may hold anything.
type talkative struct{}

func (talkative) RoundTrip(r *http.Request) (*http.Response, error) {
	body, _ := io.ReadAll(r.Body)
	return nil, fmt.Errorf("cannot send %s with %s", body, r.Header.Get("Authorization"))
}

func TestNoSecretInATransportsError(t *testing.T) {
	s, at := newStand(t), newClock()
	cfg := s.tokenConfig(at)
	cfg.HTTPClient = &http.Client{Transport: talkative{}}
	for said, src := range map[string]*TokenSource{
		"the exchange broke off": credentials(t, cfg), "[withheld]": StaticToken(secret),
	} {
		c := s.client(t, func(c *Config) { c.Tokens, c.HTTPClient = src, cfg.HTTPClient })
		_, err := c.WriteAllocation(context.Background(), groupID, Allocation{})
		text := texts(err)
		if !strings.Contains(text, said) {
			t.Errorf("got %s", text)
		}
		leaks(t, text, secret, cfg.ClientSecret)
	}
}

func TestNoSecretInAPrintedConfig(t *testing.T) {
	cfg := newStand(t).tokenConfig(newClock())
	j, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("%v %+v %#v %s %d %v", cfg, cfg, cfg, cfg, cfg, &cfg) + string(j)
	leaks(t, text, cfg.ClientSecret, cfg.Password)
	if !strings.Contains(text, "app-1") {
		t.Errorf("got %s", text)
	}
}

func FuzzAnswerText(f *testing.F) {
	for _, seed := range []string{`{"message":"x"}`, "<html>", "\x00\xff", `{"errors":{"a":["b"]}}`, secret, `{"message":"` + secret} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got := request{operation: opReadAllocation, secrets: []string{secret}}.answerText(body)
		if strings.Contains(got, secret) || len([]rune(got)) > maxAnswerText || strings.ContainsAny(got, "\n\r\t\x00\x1b") {
			t.Errorf("said %q", got)
		}
	})
}

func FuzzAllocationAnswer(f *testing.F) {
	for _, seed := range []string{plainAnswer, `[]`, `null`, `{"groupRule":null}`, `[{"userBundleCodes":[{"code":1}]}]`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var got allocationAnswer
		if json.Unmarshal(body, &got) == nil && !SameCodes(got.codes, NormalizeCodes(got.codes...)) {
			t.Errorf("codes are %v", got.codes)
		}
	})
}
