package slackapi

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"

	"github.com/slack-go/slack"

	"licensebot/internal/outside"
)

// What Slack's own words in an answer look like.
var (
	errorName = regexp.MustCompile(`^[a-z0-9_]{1,60}$`)
	scopeList = regexp.MustCompile(`^[a-z_.:-]+(?:, ?[a-z_.:-]+)*$`)
)

// unnamed stands for an error that is none of Slack's names.
const unnamed = "an answer that names no error"

var errEcho = errors.New("an answer that repeats a token")

// withoutEcho keeps of an answer what Slack itself says in such a place. A proxy may answer as
// well, with its own words, and repeat the token of the call in them.
func withoutEcho(err error) error {
	if answer, ok := errors.AsType[slack.SlackErrorResponse](err); ok {
		return cleanAnswer(answer)
	}
	if status, ok := errors.AsType[slack.StatusCodeError](err); ok {
		status.Status = fmt.Sprintf("%d %s", status.Code, http.StatusText(status.Code))
		return status
	}
	if outside.HasToken(err.Error()) {
		return errEcho
	}
	return err
}

func cleanAnswer(answer slack.SlackErrorResponse) slack.SlackErrorResponse {
	clean := slack.SlackErrorResponse{Err: unnamed}
	if errorName.MatchString(answer.Err) {
		clean.Err = answer.Err
	}
	if isScopes(answer.Needed) && isScopes(answer.Provided) {
		clean.Needed, clean.Provided = outside.OneLine(answer.Needed, 100), outside.OneLine(answer.Provided, 300)
	}
	for _, message := range answer.ResponseMetadata.Messages {
		if !outside.HasToken(message) {
			clean.ResponseMetadata.Messages = append(clean.ResponseMetadata.Messages, outside.OneLine(message, 200))
		}
	}
	return clean
}

func isScopes(text string) bool {
	return text == "" || scopeList.MatchString(text) && !outside.HasToken(text)
}
