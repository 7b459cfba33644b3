package demo

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"strings"
	"time"

	"licensebot/internal/demo/page"
)

const maxBody = 256 << 10

// Handler serves the page and the interface behind it.
func (s *Sandbox) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /", http.FileServerFS(page.Files))
	mux.HandleFunc("GET /api/state", s.serveState)
	mux.HandleFunc("GET /api/events", s.serveEvents)
	mux.HandleFunc("GET /api/policy", s.servePolicy)
	s.routeSlack(mux)
	handle(mux, "POST /api/uipath/edit", s.editGroup)
	handle(mux, "POST /api/uipath/seats", s.setSeats)
	handle(mux, "POST /api/bot/kill", func(*http.Request, struct{}) (any, error) { return done(s.bot.kill()) })
	handle(mux, "POST /api/bot/stop", func(*http.Request, struct{}) (any, error) { return done(s.bot.stop()) })
	handle(mux, "POST /api/bot/start", func(*http.Request, struct{}) (any, error) { return done(s.bot.start()) })
	handle(mux, "PUT /api/policy", s.putPolicy)
	handle(mux, "POST /api/policy/check", s.lookAtPolicy)
	handle(mux, "POST /api/weather", s.changeWeather)
	handle(mux, "POST /api/clock", s.changeClock)
	handle(mux, "POST /api/stories/{name}", s.beginScene)
	return guardLoopback(mux)
}

// guardLoopback refuses what a page of another site could send: a request under another
// host name, or from another origin.
func guardLoopback(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin := r.Header.Get("Origin")
		switch {
		case !isLoopback(r.Host):
			answerError(w, problemError{http.StatusForbidden, errors.New("the sandbox answers only to 127.0.0.1 and localhost")})
			return
		case origin != "" && origin != "http://"+r.Host, r.Header.Get("Sec-Fetch-Site") == "cross-site":
			answerError(w, problemError{http.StatusForbidden, errors.New("the sandbox answers only to its own page")})
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Content-Security-Policy", "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'")
		next.ServeHTTP(w, r)
	})
}

func isLoopback(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

// handle routes a call with a JSON body of type T. Unknown fields are refused, because
// they must be typing errors.
func handle[T any](mux *http.ServeMux, pattern string, act func(*http.Request, T) (any, error)) {
	mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		var body T
		err := readBody(w, r, &body)
		var answer any
		if err == nil {
			answer, err = act(r, body)
		}
		if err != nil {
			answerError(w, err)
			return
		}
		answerJSON(w, http.StatusOK, answer)
	})
}

func readBody(w http.ResponseWriter, r *http.Request, into any) error {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return problemError{http.StatusUnsupportedMediaType, errors.New("the Content-Type must be application/json")}
	}
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		if _, isLong := errors.AsType[*http.MaxBytesError](err); isLong {
			return problemError{http.StatusRequestEntityTooLarge, errors.New("the body is longer than 256 kB")}
		}
		return badRequest("the body is not understood: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return badRequest("the body has more than one JSON value")
	}
	return nil
}

// done is the answer to a call that has nothing to tell.
func done(err error) (any, error) { return struct{}{}, err }

func answerError(w http.ResponseWriter, err error) {
	status := http.StatusConflict
	if problem, ok := errors.AsType[problemError](err); ok {
		status = problem.status
	}
	answerJSON(w, status, map[string]string{"error": toSentence(err.Error())})
}

func toSentence(text string) string {
	text = strings.TrimPrefix(text, "fakeslack: ")
	if text == "" {
		return text
	}
	text = strings.ToUpper(text[:1]) + text[1:]
	if strings.HasSuffix(text, ".") {
		return text
	}
	return text + "."
}

func answerJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value) // a reader that left needs no answer
}

func (s *Sandbox) editGroup(_ *http.Request, body struct {
	Group string   `json:"group"`
	Codes []string `json:"codes"`
}) (any, error) {
	if _, known := s.uipath.Allocation(body.Group); !known {
		return nil, badRequest("UiPath has no group %q", body.Group)
	}
	s.uipath.Edit(body.Group, func([]string) []string { return body.Codes })
	s.events.note("uipath")
	return done(nil)
}

func (s *Sandbox) setSeats(_ *http.Request, body struct {
	Code  string `json:"code"`
	Owned int    `json:"owned"`
	Used  int    `json:"used"`
}) (any, error) {
	if body.Code == "" || body.Owned < 0 || body.Used < 0 {
		return nil, badRequest("give a code, and numbers of seats from 0 up")
	}
	s.uipath.Own(body.Code, body.Owned, body.Used)
	s.events.note("uipath")
	return done(nil)
}

type policyBody struct {
	Text string `json:"text"`
}

type policyAnswer struct {
	Problems []PolicyProblem `json:"problems"`
}

func (s *Sandbox) putPolicy(_ *http.Request, body policyBody) (any, error) {
	problems, err := s.savePolicy(body.Text)
	return policyAnswer{problems}, err
}

func (s *Sandbox) lookAtPolicy(_ *http.Request, body policyBody) (any, error) {
	return policyAnswer{s.checkPolicy(body.Text)}, nil
}

func (s *Sandbox) changeWeather(_ *http.Request, body struct {
	Name string `json:"name"`
	On   bool   `json:"on"`
}) (any, error) {
	return done(s.setWeather(body.Name, body.On))
}

func (s *Sandbox) changeClock(_ *http.Request, body struct {
	AdvanceSeconds int64 `json:"advance_seconds"`
}) (any, error) {
	return done(s.advanceClock(time.Duration(body.AdvanceSeconds) * time.Second))
}
