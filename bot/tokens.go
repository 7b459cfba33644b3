package bot

import (
	"context"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"licensebot/bot/slackapi"
)

// identifyLimit bounds how long Slack may take to say whose a new token is.
const identifyLimit = 15 * time.Second

// ReplaceBotToken makes all later calls with another bot token, once Slack has said
// that it belongs to the same bot in the same workspace: what the bot knows of itself,
// it learned at the start.
func (b *Bot) ReplaceBotToken(ctx context.Context, token string) error {
	ctx, cancel := context.WithTimeout(ctx, identifyLimit)
	defer cancel()
	fresh := slackapi.NewClient(b.apiURL, token)
	defer fresh.CloseIdleConnections()
	who, err := fresh.Identify(ctx, zerolog.Nop())
	if err != nil {
		return err
	}
	if who.UserID != b.identity.UserID || who.TeamID != b.identity.TeamID {
		return fmt.Errorf("it belongs to the bot %s in the workspace %s, and this one is %s in %s: "+
			"restart to become another bot", who.UserID, who.TeamID, b.identity.UserID, b.identity.TeamID)
	}
	b.client.ReplaceToken(token)
	return nil
}

// ReplaceAppToken opens all later connections with another app-level token. Those that
// are open go on.
func (b *Bot) ReplaceAppToken(token string) { b.socket.ReplaceAppToken(token) }
