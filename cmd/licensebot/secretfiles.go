package main

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/rs/zerolog"

	"licensebot/bot"
)

// UiPath's secrets are read from their files at each sign-in. Slack's are in use all the
// time, so the bot polls their files as it does the policy file: Kubernetes replaces a
// volume as a whole and sends no notification.

// A slackSecret is a token of Slack that comes from a file.
type slackSecret struct {
	variable, prefix, path string

	// use puts a token into force, or says why it cannot.
	use func(ctx context.Context, token string) error

	lastRead string // the token, or why the file could not be read
	inForce  string
	reported string // what was last logged as wrong
}

// slackSecrets lists Slack's secrets that come from files.
func slackSecrets(cfg Config, b *bot.Bot) []*slackSecret {
	all := []*slackSecret{
		{variable: "SLACK_APP_TOKEN", prefix: "xapp-", inForce: cfg.SlackAppToken,
			use: func(_ context.Context, token string) error { b.ReplaceAppToken(token); return nil }},
		{variable: "SLACK_BOT_TOKEN", prefix: "xoxb-", inForce: cfg.SlackBotToken, use: b.ReplaceBotToken},
	}
	var files []*slackSecret
	for _, s := range all {
		if s.path = cfg.secretFiles[s.variable]; s.path != "" {
			s.lastRead = s.inForce
			files = append(files, s)
		}
	}
	return files
}

// followSecrets reads the files on a timer and after each hangup, until ctx ends.
func followSecrets(ctx context.Context, secrets []*slackSecret, hangups <-chan os.Signal, log zerolog.Logger) {
	if len(secrets) == 0 {
		return
	}
	next := policyPoll
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangups:
			for _, s := range secrets {
				s.reported = "" // an operator asks, so a problem is logged again
			}
		case <-time.After(next):
		}
		next = policyPoll
		for _, s := range secrets {
			if s.reload(ctx, log) {
				next = policyAgain
			}
		}
	}
}

// reload reads the file, and puts its token into force once two reads agree. It reports
// whether the file has to be read again soon. What fails is tried again at each poll.
func (s *slackSecret) reload(ctx context.Context, log zerolog.Logger) (isUnstable bool) {
	token, _, err := readSecretFile(s.variable, s.path)
	read := token
	if err != nil {
		read = err.Error()
	}
	isUnstable = read != s.lastRead
	s.lastRead = read
	if isUnstable || read == s.inForce {
		return isUnstable
	}
	var wrong problems
	if checkToken(&wrong, s.variable, token, s.prefix); err == nil && len(wrong) > 0 {
		err = errors.New(wrong[0])
	}
	if err == nil {
		err = s.use(ctx, token)
	}
	switch {
	case ctx.Err() != nil:
	case err == nil:
		s.inForce, s.reported = token, ""
		log.Info().Str("variable", s.variable).Str("file", s.path).Msg("a new secret is in force")
	case err.Error() != s.reported:
		s.reported = err.Error()
		withCause(log.Error(), err).Str("variable", s.variable).Str("file", s.path).
			Msg("the file of a secret changed and cannot be used; the secret that was in force stays in force")
	}
	return false
}

// passHangups hands each hangup to every reader, until ctx ends. A reader that is still
// busy with the last one misses nothing, because it reads the files after that.
func passHangups(ctx context.Context, hangups <-chan os.Signal, readers ...chan os.Signal) {
	for {
		select {
		case <-ctx.Done():
			return
		case hangup := <-hangups:
			for _, reader := range readers {
				select {
				case reader <- hangup:
				default:
				}
			}
		}
	}
}
