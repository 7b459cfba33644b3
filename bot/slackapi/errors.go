package slackapi

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/slack-go/slack"

	"licensebot/approvals"
	"licensebot/internal/outbound"
	"licensebot/internal/outside"
)

const restricted = "the workspace does not let the bot post in the approvals channel; an admin has to allow it"

// remedies says what is wrong and what to do, for the errors that an operator can
// fix. The operator reads it in the log, and the requester while their request
// is delayed. A token in a file is read again by itself, so a remedy asks for no restart.
var remedies = map[string]string{
	"not_in_channel": "the bot is not in the approvals channel; invite it there with /invite",
	"channel_not_found": "Slack shows the bot no such channel; " +
		"check LICENSEBOT_CHANNEL and invite the bot there with /invite",
	"is_archived": "the approvals channel is archived; unarchive it or set LICENSEBOT_CHANNEL to another",
	"is_inactive": "the channel is archived; unarchive it or set LICENSEBOT_CHANNEL to another",

	"restricted_action":                        restricted,
	"restricted_action_read_only_channel":      restricted,
	"restricted_action_thread_only_channel":    restricted,
	"restricted_action_non_threadable_channel": "the approvals channel takes no threads; an admin has to allow them",
	"team_access_not_granted": "the Slack app may not use this workspace; " +
		"an admin of the organization has to add it",
	"external_channel_migrating": "Slack is moving the approvals channel to another workspace; wait until that is over",
	"missing_scope": "the Slack app lacks a scope; add the one named in the log, " +
		"reinstall the app and set SLACK_BOT_TOKEN to its new token",
	"not_allowed_token_type": "SLACK_BOT_TOKEN is not a bot token; it has to begin with xoxb-",
	"invalid_auth": "Slack does not accept SLACK_BOT_TOKEN; " +
		"copy it anew from the app's OAuth page; a GovSlack workspace also needs " +
		"SLACK_API_URL=https://slack-gov.com/api/",
	"not_authed":    "SLACK_BOT_TOKEN did not reach Slack; check SLACK_API_URL and any proxy",
	"token_revoked": "SLACK_BOT_TOKEN was revoked; reinstall the Slack app and set SLACK_BOT_TOKEN to its new token",
	"token_expired": "SLACK_BOT_TOKEN has expired; reinstall the Slack app without token rotation and " +
		"set SLACK_BOT_TOKEN to its new token",
	"account_inactive": "the Slack app was removed from the workspace; " +
		"install it again and set SLACK_BOT_TOKEN to its new token",
	"ekm_access_denied": "the workspace's admins have suspended posting",
	"no_permission": "Slack does not let the bot do this in the approvals channel; " +
		"invite it there with /invite",
	"plan_upgrade_required": "this Slack plan has no user groups; " +
		"name the approvers one by one in LICENSEBOT_APPROVERS or the policy file",
	"not_enabled": "the Home tab of the Slack app is off; " +
		"switch it on, or install the app anew from its manifest",
	"no_such_subteam": "a user group in LICENSEBOT_APPROVERS or the policy file does not exist; " +
		"correct its id",
}

// transientAnswers are Slack's own failures. After one of them the call may have
// taken effect.
var transientAnswers = []string{
	"internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org", "org_login_required",
}

// maxPause bounds the pause that Slack may ask for. Whatever a proxy or Slack says,
// the bot asks again soon enough for deadlines to hold.
const maxPause = 15 * time.Minute

// lostPlace says that a long list has to be read from its beginning again.
const lostPlace = "invalid_cursor"

// limitAnswers ask for a pause.
var limitAnswers = []string{"ratelimited", "rate_limited"}

// goneAnswers are about a message that takes no replies or changes any more.
var goneAnswers = []string{
	"message_not_found", "thread_not_found", "cannot_reply_to_message", "cant_update_message",
	"edit_window_closed", "restricted_action_thread_locked", "thread_locked", "not_reactable",
}

// missingAnswers say that the message itself is not there. A replica that lags says so
// too.
var missingAnswers = []string{"message_not_found", "thread_not_found"}

// postingMethods create a message, each time that they are called.
var postingMethods = []string{"chat.postMessage", "chat.postEphemeral"}

// refusedPosts are the names by which Slack says that it posted nothing, besides those of
// remedies and goneAnswers.
var refusedPosts = []string{
	"access_denied", "as_user_not_supported", "attachment_payload_limit_exceeded", "enterprise_is_restricted",
	"invalid_arg_name", "invalid_arguments", "invalid_blocks", "invalid_blocks_format", "invalid_metadata_format",
	"invalid_metadata_schema", "message_limit_exceeded", "messages_tab_disabled", "metadata_must_be_sent_from_app",
	"metadata_too_large", "msg_blocks_too_long", "msg_too_long", "no_text", "team_not_found",
	"too_many_attachments", "two_factor_setup_required", "user_not_found", "user_not_in_channel",
}

// ClassifyError tells what a failed call means. It is an *approvals.DelayError if
// the call had no effect, an *approvals.RefusedError if the message it is about
// is gone, and any other error if the effect is unknown.
func ClassifyError(method string, err error) error {
	if err == nil {
		return nil
	}
	err = withoutEcho(outside.DropURL(err))
	meaning := classify(method, err)
	delay, isDelay := errors.AsType[*approvals.DelayError](meaning)
	if isDelay && slices.Contains(postingMethods, method) && mayHavePosted(err) {
		return &approvals.UnknownEffectError{
			After: delay.After, Reason: delay.Reason, Closed: delay.Closed, Err: delay.Err,
		}
	}
	return meaning
}

// mayHavePosted reports whether a message may stand although an answer refuses it. No status
// code proves the opposite, even that of a limit: a proxy may answer after Slack has stored the
// message. Only a name that Slack documents does.
func mayHavePosted(err error) bool {
	if answer, ok := errors.AsType[slack.SlackErrorResponse](err); ok {
		return remedies[answer.Err] == "" && !slices.Contains(refusedPosts, answer.Err)
	}
	_, isLimit := errors.AsType[*slack.RateLimitedError](err)
	_, hasStatus := errors.AsType[slack.StatusCodeError](err)
	return isLimit || hasStatus
}

// classify is ClassifyError for a call that can be repeated without harm.
func classify(method string, err error) error {
	if limited, ok := errors.AsType[*slack.RateLimitedError](err); ok {
		return delayByLimit(method, limited.RetryAfter, err)
	}
	if answer, ok := errors.AsType[slack.SlackErrorResponse](err); ok {
		return classifyAnswer(method, answer)
	}
	status, ok := errors.AsType[slack.StatusCodeError](err)
	switch {
	case ok && status.Code < http.StatusInternalServerError:
		return &approvals.DelayError{
			Reason: "something between the bot and Slack refused the call", Err: fmt.Errorf("%s: %w", method, err),
		}
	case outbound.Cause(err) != "":
		reason := "Slack cannot be reached: " + outbound.Cause(err)
		return &approvals.DelayError{Reason: reason, Err: fmt.Errorf("%s: %w", method, err)}
	case isNeverSent(err):
		return &approvals.DelayError{Reason: "Slack cannot be reached", Err: fmt.Errorf("%s: %w", method, err)}
	}
	return fmt.Errorf("Slack %s: %w", method, err)
}

// classifyAnswer is ClassifyError for an answer with an error's name.
func classifyAnswer(method string, answer slack.SlackErrorResponse) error {
	err := fmt.Errorf("Slack %s: %w%s", method, answer, describeAnswer(answer))
	switch {
	case slices.Contains(limitAnswers, answer.Err):
		return delayByLimit(method, time.Second, err)
	case slices.Contains(transientAnswers, answer.Err):
		return err
	case answer.Err == lostPlace:
		return &approvals.DelayError{Reason: "Slack lost the place in a long list", Err: err}
	case slices.Contains(goneAnswers, answer.Err):
		return &approvals.RefusedError{
			Answer: answer.Err, NotFound: slices.Contains(missingAnswers, answer.Err), Err: err,
		}
	case remedies[answer.Err] != "":
		return &approvals.DelayError{Reason: remedies[answer.Err], Closed: true, Err: err}
	}
	return &approvals.DelayError{Reason: "Slack refused the call with " + answer.Err, Closed: true, Err: err}
}

func delayByLimit(method string, after time.Duration, err error) error {
	return &approvals.DelayError{
		After: min(after, maxPause), Reason: "Slack asked the bot to slow down", Err: fmt.Errorf("%s: %w", method, err),
	}
}

// describeAnswer adds what Slack tells about a refusal: the scope it wants, or
// the block it rejects.
func describeAnswer(answer slack.SlackErrorResponse) string {
	switch {
	case answer.Needed != "":
		return fmt.Sprintf(" (needs the scope %s; the token has %s)", answer.Needed, answer.Provided)
	case len(answer.ResponseMetadata.Messages) > 0:
		return fmt.Sprintf(" (%s)", answer.ResponseMetadata.Messages[0])
	}
	return ""
}

// isNeverSent reports whether a call failed before a byte of it was written.
func isNeverSent(err error) bool {
	if _, ok := errors.AsType[*neverSentError](err); ok {
		return true
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return true
	}
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "dial"
}

// asRefusal turns an error into a refusal if Slack answered by one of these
// names, because asking again soon cannot help.
func asRefusal(err error, names ...string) error {
	if answer, ok := errors.AsType[slack.SlackErrorResponse](err); ok && slices.Contains(names, answer.Err) {
		return &approvals.RefusedError{Answer: answer.Err, Err: err}
	}
	return err
}

// asLookupRefusal is asRefusal for a question about people. It adds the remedy,
// for the operator who reads the log.
func asLookupRefusal(err error, names ...string) error {
	err = asRefusal(err, names...)
	if refusal, ok := errors.AsType[*approvals.RefusedError](err); ok && remedies[refusal.Answer] != "" {
		return fmt.Errorf("%w: %s", err, remedies[refusal.Answer])
	}
	return err
}

// isRefusal reports whether Slack refused a call because of what it asks. A
// limit or a failure of Slack's own is no such answer.
func isRefusal(err error) bool {
	answer, ok := errors.AsType[slack.SlackErrorResponse](err)
	return ok && !slices.Contains(limitAnswers, answer.Err) && !slices.Contains(transientAnswers, answer.Err)
}

// isAnswer reports whether err is Slack's answer by this name.
func isAnswer(err error, name string) bool {
	answer, ok := errors.AsType[slack.SlackErrorResponse](err)
	return ok && answer.Err == name
}

// fatalAnswers say that Slack will not accept the token, now or later.
var fatalAnswers = []string{
	"invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive", "not_allowed_token_type",
}

// isRetryable reports whether a call that failed at the start is worth repeating.
func isRetryable(ctx context.Context, err error) bool {
	answer, ok := errors.AsType[slack.SlackErrorResponse](err)
	return ctx.Err() == nil && (!ok || !slices.Contains(fatalAnswers, answer.Err))
}
