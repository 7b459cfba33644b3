package bot

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"licensebot/internal/outside"
)

// maxDeadLetter bounds what is kept of a delivery, in bytes.
const maxDeadLetter = 16 << 10

// redactDelivery makes a delivery fit to be kept: bounded, and without the fields
// that would let a reader act on it.
func redactDelivery(raw []byte) []byte {
	var tree any
	if json.Unmarshal(raw, &tree) != nil {
		return fmt.Appendf(nil, `{"undecodable":true,"bytes":%d}`, len(raw))
	}
	clean, err := json.Marshal(withoutSecrets(tree))
	if err != nil || len(clean) > maxDeadLetter {
		return fmt.Appendf(nil, `{"too_long":true,"bytes":%d}`, len(raw))
	}
	return clean
}

// capabilities are the fields that let a reader act, in any case: Go reads them so.
var capabilities = []string{
	"token", "bot_access_token", "access_token", "refresh_token", "client_secret", "signing_secret", "ticket",
	"response_url", "response_urls", "trigger_id", "interactivity_pointer",
}

func isCapability(key string) bool {
	return slices.ContainsFunc(capabilities, func(name string) bool { return strings.EqualFold(name, key) })
}

// capabilityURL is what addresses that let a reader act look like anywhere: response URLs and
// incoming webhooks, of GovSlack too, and sockets with their ticket.
var capabilityURL = regexp.MustCompile(`(?i)hooks\.slack|wss?(?::|%3a)|[?&]ticket=`)

func isCredential(text string) bool { return outside.HasToken(text) || capabilityURL.MatchString(text) }

// withoutSecrets removes capabilities and credentials from a decoded delivery.
func withoutSecrets(tree any) any {
	switch t := tree.(type) {
	case map[string]any:
		for key, value := range t {
			switch {
			case isCredential(key):
				delete(t, key)
			case isCapability(key):
				t[key] = "removed"
			default:
				t[key] = withoutSecrets(value)
			}
		}
	case []any:
		for i, value := range t {
			t[i] = withoutSecrets(value)
		}
	case string:
		if isCredential(t) {
			return "removed"
		}
	}
	return tree
}
