package fakeslack

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// DefaultScopes are the bot scopes of a Server by default.
func DefaultScopes() []string {
	return strings.Fields("commands chat:write reactions:read reactions:write channels:read " +
		"groups:read channels:history groups:history users:read usergroups:read")
}

// RevokeBotToken makes every call with the bot token fail with token_revoked.
// It sends no tokens_revoked event; SendEvent can.
func (s *Server) RevokeBotToken() { s.setRevoked(true) }

// RestoreBotToken undoes RevokeBotToken.
func (s *Server) RestoreBotToken() { s.setRevoked(false) }

// ReplaceTokens gives the app another bot token and another app-level token. The old
// ones are refused at once; open connections stay.
func (s *Server) ReplaceTokens() {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.ids.drawTokens()
	s.addEntry(Entry{Kind: EntryWorkspace, Type: "tokens", Detail: "replaced"})
}

func (s *Server) setRevoked(on bool) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.revoked = on
	s.addEntry(Entry{Kind: EntryWorkspace, Type: "bot token", Detail: fmt.Sprintf("revoked: %t", on)})
}

// checkToken checks the token of a call. Some methods want the app-level token.
func (s *Server) checkToken(c *apiCall, appLevel bool) error {
	right, wrong := s.ids.botToken, s.ids.appToken
	if appLevel {
		right, wrong = wrong, right
	}
	switch {
	case c.token == "":
		return apiError("not_authed")
	case c.token == wrong:
		return apiError("not_allowed_token_type")
	case c.token != right:
		return apiError("invalid_auth")
	case appLevel && !c.inHeader:
		return apiError("missing_args") // the app-level token counts in the header only
	case !appLevel && s.revoked:
		return apiError("token_revoked")
	}
	return nil
}

// hasScope tells whether the bot token has a scope, and remembers the scope as
// used. Callers hold s.lock.
func (s *Server) hasScope(scope string) bool {
	has := slices.Contains(s.cfg.Scopes, scope)
	if has {
		s.used[scope] = true
	}
	return has
}

// SetScopes installs the app again with other scopes and the same token.
func (s *Server) SetScopes(scopes ...string) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.cfg.Scopes = slices.Clone(scopes)
	s.addEntry(Entry{Kind: EntryWorkspace, Type: "scopes", Detail: strings.Join(scopes, " ")})
}

// UsedScopes are the scopes of the token that a call, an event or a command has
// needed so far, sorted.
func (s *Server) UsedScopes() []string {
	s.lock.Lock()
	defer s.lock.Unlock()
	return slices.Sorted(maps.Keys(s.used))
}

// requireScope refuses a call if the token lacks the scope.
func (s *Server) requireScope(scope string) error {
	if s.hasScope(scope) {
		return nil
	}
	return &detailedError{name: "missing_scope", fields: jsonObject{
		"needed": scope, "provided": strings.Join(s.cfg.Scopes, ","),
	}}
}

// authTest is auth.test.
func (s *Server) authTest(*apiCall) (jsonObject, error) {
	answer := jsonObject{
		"url": "https://sandbox.slack.com/", "team": "Sandbox", "user": s.users[s.ids.botUser].Name,
		"team_id": s.ids.team, "user_id": s.shownID(SurfaceAuthTest, s.ids.botUser), "bot_id": s.ids.bot,
		"is_enterprise_install": false,
	}
	if s.enterprise != "" {
		answer["enterprise_id"] = s.enterprise
	}
	return answer, nil
}

func (s *Server) scopeList() string {
	s.lock.Lock()
	defer s.lock.Unlock()
	return strings.Join(s.cfg.Scopes, ",")
}
