package socket

import (
	"errors"
	"net/http"
	"time"

	"github.com/slack-go/slack"
)

// noteHello tells that a connection works.
func (s *Socket) noteHello(index, ofApp int) {
	s.opener.resetSilent()
	s.log.Info().Int("connection", index).Int("of_app", ofApp).Msg("connected to Slack")
	// While one connection replaces another, this process has more than usual.
	s.noteCount(ofApp - max(0, int(s.open.Load())-Connections))
	if s.cfg.OnHello != nil {
		s.cfg.OnHello()
	}
}

// noteConnecting warns the operator if connections open but never say hello.
func (s *Socket) noteConnecting(index int) {
	if n := s.opener.countSilent(); n >= Connections {
		s.log.Error().Int("connection", index).Int("opened", n).
			Msg("Slack opens connections but never says hello: is Socket Mode switched on for the app, " +
				"and are fewer than ten connections open?")
	}
}

// logConnectionError tells the operator why no connection came to be. Slack never
// answers 404 to a token: it comes from a proxy, or from the wrong server if the URL
// is mistyped.
func (s *Socket) logConnectionError(index int, err error, pause time.Duration) {
	status, answered := errors.AsType[slack.StatusCodeError](err)
	if answered && status.Code == http.StatusNotFound {
		s.log.Error().Str("url", s.cfg.APIURL).Int("status", status.Code).Dur("retry_in", pause).
			Msg("what answers at SLACK_API_URL is not Slack: is the URL right, and does a proxy let the bot " +
				"through? Trying again")
		return
	}
	if isTokenRejected(err) {
		s.log.Error().Int("connection", index).Err(err).Dur("retry_in", pause).
			Msg("Slack does not accept SLACK_APP_TOKEN any more; write a new app-level token with the scope " +
				"connections:write to its file. Trying again")
		return
	}
	if open, ok := errors.AsType[*openAddressError](err); ok {
		s.log.Error().Int("connection", index).Str("host", open.host).Dur("retry_in", pause).
			Msg("what answers at SLACK_API_URL names an unencrypted connection (ws://), on which all that " +
				"people type would travel in the open: let it name wss://, or set LICENSEBOT_ALLOW_HTTP=true. " +
				"Trying again")
		return
	}
	if s.cfg.Explain != nil {
		err = s.cfg.Explain(err)
	}
	s.log.Warn().Int("connection", index).Err(err).
		Dur("retry_in", pause).Msg("cannot connect to Slack; trying again")
}
