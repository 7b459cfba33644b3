package bot

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/slack-go/slack"

	"licensebot/approvals"
)

// remedies says, for Slack's error names that an operator can mend, what is
// wrong and what to do. The words are read by the operator in the log and by
// the requester whose request is held up.
var remedies = map[string]string{
	"not_in_channel":         "the bot is not in the approvals channel; invite it there with /invite",
	"channel_not_found":      "Slack shows the bot no such channel; check LICENSEBOT_CHANNEL and invite the bot there with /invite",
	"is_archived":            "the approvals channel is archived; unarchive it or set LICENSEBOT_CHANNEL to another",
	"restricted_action":      "the workspace does not let the bot post in the approvals channel; an admin has to allow it",
	"missing_scope":          "the Slack app lacks a scope; add the one named in the log, reinstall the app and restart with its new token",
	"not_allowed_token_type": "SLACK_BOT_TOKEN is not a bot token; it has to begin with xoxb-",
	"invalid_auth":           "Slack does not accept SLACK_BOT_TOKEN; copy it anew from the app's OAuth page and restart",
	"not_authed":             "SLACK_BOT_TOKEN did not reach Slack; check SLACK_API_URL and any proxy",
	"token_revoked":          "SLACK_BOT_TOKEN was revoked; reinstall the Slack app and restart with its new token",
	"token_expired":          "SLACK_BOT_TOKEN has expired; reinstall the Slack app without token rotation and restart",
	"account_inactive":       "the Slack app was removed from the workspace; install it again and restart with its new token",
	"ekm_access_denied":      "the workspace's admins have suspended posting",
	"no_permission":          "Slack does not let the bot do this in the approvals channel; invite it there with /invite",
	"plan_upgrade_required":  "this Slack plan has no user groups; name the approvers one by one in LICENSEBOT_APPROVERS or the policy file",
	"not_enabled":            "the Home tab of the Slack app is off; switch it on, or install the app anew from its manifest",
	"no_such_subteam":        "a user group in LICENSEBOT_APPROVERS or the policy file does not exist; correct its id",
}

// transient are Slack's own failures, after any of which the call may or may
// not have taken effect.
var transientAnswers = []string{"internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org", "org_login_required"}

// limiting are answers that ask for time.
var limitAnswers = []string{"ratelimited", "rate_limited"}

// gone are answers about a message that no longer can be spoken to.
var goneAnswers = []string{
	"message_not_found", "thread_not_found", "cannot_reply_to_message", "cant_update_message",
	"edit_window_closed", "is_inactive", "restricted_action_thread_locked", "thread_locked", "not_reactable",
}

// classify tells a failed Web API call's meaning: *approvals.Delay where it had
// no effect, *approvals.Refusal where the message it was about is gone, and
// anything else where the effect is unknown.
func ClassifyError(method string, err error) error {
	if err == nil {
		return nil
	}
	err = dropURL(err)
	var limited *slack.RateLimitedError
	var answer slack.SlackErrorResponse
	var status slack.StatusCodeError
	switch {
	case errors.As(err, &limited):
		return delayByLimit(method, limited.RetryAfter, err)
	case errors.As(err, &answer):
		return classifyAnswer(method, answer)
	case errors.As(err, &status) && status.Code < http.StatusInternalServerError:
		return &approvals.DelayError{Reason: "something between the bot and Slack refused the call", Err: fmt.Errorf("%s: %w", method, err)}
	case neverSent(err):
		return &approvals.DelayError{Reason: "Slack cannot be reached", Err: fmt.Errorf("%s: %w", method, err)}
	}
	return fmt.Errorf("Slack %s: %w", method, err)
}

func classifyAnswer(method string, answer slack.SlackErrorResponse) error {
	err := fmt.Errorf("Slack %s: %w%s", method, answer, describeAnswer(answer))
	switch {
	case slices.Contains(limitAnswers, answer.Err):
		return delayByLimit(method, time.Second, err)
	case slices.Contains(transientAnswers, answer.Err):
		return err
	case slices.Contains(goneAnswers, answer.Err):
		return &approvals.RefusedError{Answer: answer.Err, Err: err}
	case remedies[answer.Err] != "":
		return &approvals.DelayError{Reason: remedies[answer.Err], Err: err}
	}
	return &approvals.DelayError{Reason: "Slack refused the call with " + OneLine(answer.Err, 60), Err: err}
}

func delayByLimit(method string, after time.Duration, err error) error {
	return &approvals.DelayError{After: after, Reason: "Slack asked the bot to slow down", Err: fmt.Errorf("%s: %w", method, err)}
}

// details adds what Slack tells about a refusal: the scope it wants, or which
// block it did not like.
func describeAnswer(answer slack.SlackErrorResponse) string {
	switch {
	case answer.Needed != "":
		return fmt.Sprintf(" (needs the scope %s; the token has %s)", OneLine(answer.Needed, 100), OneLine(answer.Provided, 300))
	case len(answer.ResponseMetadata.Messages) > 0:
		return fmt.Sprintf(" (%s)", OneLine(answer.ResponseMetadata.Messages[0], 200))
	}
	return ""
}

// withoutURL drops the URL that net/http puts into its errors: a response_url
// is a capability.
func dropURL(err error) error {
	var withURL *url.Error
	if errors.As(err, &withURL) {
		return withURL.Err
	}
	return err
}

// neverSent reports whether a call failed before a byte of it was written.
func neverSent(err error) bool {
	var op *net.OpError
	var dns *net.DNSError
	return errors.As(err, &dns) || errors.As(err, &op) && op.Op == "dial"
}

// asRefusal makes a lookup's "not now" final where asking again soon cannot
// help: an authorisation check that cannot be made is a refusal.
func asRefusal(err error, names ...string) error {
	var answer slack.SlackErrorResponse
	if errors.As(err, &answer) && slices.Contains(names, answer.Err) {
		return &approvals.RefusedError{Answer: answer.Err, Err: err}
	}
	return err
}

// untold is asRefusal for a question about people, with what to do about it
// for whoever reads it in the log.
func asLookupRefusal(err error, names ...string) error {
	err = asRefusal(err, names...)
	var refusal *approvals.RefusedError
	if errors.As(err, &refusal) && remedies[refusal.Answer] != "" {
		return fmt.Errorf("%w: %s", err, remedies[refusal.Answer])
	}
	return err
}

// saysNo reports whether Slack refused a call for what it asks: neither for
// want of time nor because Slack itself is not well.
func isRefusal(err error) bool {
	var answer slack.SlackErrorResponse
	return errors.As(err, &answer) && !slices.Contains(limitAnswers, answer.Err) && !slices.Contains(transientAnswers, answer.Err)
}

// fatalAuth reports whether Slack will not accept the token, now or later.
func isFatalAuth(err error) bool {
	var answer slack.SlackErrorResponse
	return errors.As(err, &answer) && slices.Contains([]string{
		"invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive", "not_allowed_token_type",
	}, answer.Err)
}

// retryable reports whether a failed call is worth repeating at start-up.
func isRetryable(ctx context.Context, err error) bool { return ctx.Err() == nil && !isFatalAuth(err) }
