package bot

import (
	"context"

	"licensebot/bot/socket"
)

// Unacknowledged tells the author of a command the answer that no acknowledgment
// could carry, beside Slack's own time-out. It uses the response_url, or another way
// if Slack refuses that. A form shows Slack's error and can be sent again.
func (in *intake) Unacknowledged(env socket.Envelope, payload any) {
	answer, ok := payload.(ackText)
	if !ok || env.Type != socket.TypeCommand {
		return
	}
	typed, err := decodeSlashCommand(env.Payload)
	if err != nil {
		return
	}
	in.background.add(func(ctx context.Context) {
		if in.posts.Respond(ctx, typed.ResponseURL, typed.UserID, answer.Text, answer.Blocks...) {
			return
		}
		if err := in.posts.TellWaiting(ctx, typed.ChannelID, typed.UserID, answer.Text, answer.Blocks...); err != nil {
			in.log.Warn().Str("user", typed.UserID).Err(err).Msg("an answer did not reach the person who asked")
		}
	})
}
