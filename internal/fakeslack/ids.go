package fakeslack

import (
	"crypto/rand"
	"encoding/hex"
	"strings"

	"github.com/google/uuid"
)

// identities are the ids and secrets of one workspace.
type identities struct {
	bot, botUser, team, app, botToken, appToken, verification string
}

// newIdentities makes different identities for each Server. A fixed token or id in
// the bot's code therefore cannot work by accident.
func newIdentities() identities {
	ids := identities{
		bot:          newID("B"),
		botUser:      newID("U"),
		team:         newID("T"),
		app:          newID("A"),
		verification: randomHex(12),
	}
	ids.drawTokens()
	return ids
}

// drawTokens gives the app new tokens.
func (i *identities) drawTokens() {
	i.botToken = "xoxb-" + randomDigits(12) + "-" + randomDigits(13) + "-" + randomHex(12)
	i.appToken = "xapp-1-" + i.app + "-" + randomDigits(13) + "-" + randomHex(32)
}

// newID is a prefix and ten characters of Slack's id alphabet.
func newID(prefix string) string {
	return prefix + strings.ToUpper(randomHex(5))
}

func randomHex(bytes int) string {
	b := make([]byte, bytes)
	_, _ = rand.Read(b) // never fails: crypto/rand aborts the program instead
	return hex.EncodeToString(b)
}

func randomDigits(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	for i := range b {
		b[i] = '1' + b[i]%9
	}
	return string(b)
}

func newUUID() string { return uuid.NewString() }
