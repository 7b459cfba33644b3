package message

import "github.com/slack-go/slack"

// StatusEventType is the event type of the message on which the bot checks that Slack delivers.
const StatusEventType = "licensebot_status"

// Status is the message on which the bot checks that Slack delivers. Its metadata tells
// it from cards.
func (p Phrases) Status() (text string, metadata slack.SlackMetadata) {
	return "licensebot listens in this channel. Ask for UiPath licenses with " + quoteCode("/allocate") +
			", and type " + quoteCode("/allocate help") + " to see how. An emoji on this message comes and goes: " +
			"with it the bot checks twice a minute that Slack delivers to it.",
		slack.SlackMetadata{EventType: StatusEventType, EventPayload: map[string]any{"about": "status"}}
}
