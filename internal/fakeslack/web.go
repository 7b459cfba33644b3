package fakeslack

import (
	"maps"
	"net/http"
	"strings"
	"time"
)

// serveAPI is the Web API.
func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request) {
	started := &apiCall{method: strings.TrimPrefix(r.URL.Path, "/api/")}
	err := started.readRequest(w, r)
	call := s.recordCall(started.method, maps.Clone(started.args))
	s.answerCall(call, w, r, func(lag time.Duration) httpAnswer {
		if err != nil {
			return refusalAnswer(err)
		}
		once := *started // a call may be performed twice
		once.lag = lag
		reply, err := s.performCall(&once)
		if err != nil {
			return refusalAnswer(err)
		}
		return httpAnswer{status: http.StatusOK, reply: once.successBody(reply)}
	})
}

// performCall checks a call in Slack's order, and runs it.
func (s *Server) performCall(c *apiCall) (jsonObject, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	m, known := findMethod(c.method)
	if !known {
		return nil, &detailedError{name: "unknown_method", fields: jsonObject{"req_method": c.method}}
	}
	if err := s.checkToken(c, m.app); err != nil {
		return nil, err
	}
	if err := s.countTierCall(c.method, m.tier); err != nil {
		return nil, err
	}
	if m.scope != "" {
		if err := s.requireScope(m.scope); err != nil {
			return nil, err
		}
	}
	unknown, err := c.args.checkSpec(m.args)
	for _, name := range unknown {
		s.addEntry(Entry{Kind: EntryOddity, Type: c.method, Detail: "unknown argument " + name})
	}
	if err != nil {
		return nil, err
	}
	return m.run(s, c)
}

// successBody is the body of an answer without an error.
func (c *apiCall) successBody(reply jsonObject) jsonObject {
	body := jsonObject{"ok": true}
	maps.Copy(body, reply)
	if len(c.warnings) == 0 {
		return body
	}
	body["warning"] = strings.Join(c.warnings, ",")
	metadata, _ := body["response_metadata"].(jsonObject)
	metadata = maps.Clone(metadata)
	if metadata == nil {
		metadata = jsonObject{}
	}
	metadata["warnings"] = c.warnings
	body["response_metadata"] = metadata
	return body
}
