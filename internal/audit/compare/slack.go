package compare

import (
	"context"

	"licensebot/bot/slackapi"
)

// ConnectSlack asks Slack once who the bot is, and returns what reads its messages.
func ConnectSlack(ctx context.Context, apiURL, botToken string) (*slackapi.Archive, error) {
	client := slackapi.NewClient(apiURL, botToken)
	info, err := client.InspectToken(ctx)
	if err != nil {
		return nil, err
	}
	return slackapi.NewArchive(client, info.Identity, slackapi.ArchiveRate), nil
}
