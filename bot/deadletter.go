package bot

import (
	"encoding/json"
	"fmt"
	"regexp"
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

// capabilities are the fields that let a reader act.
var capabilities = map[string]bool{
	"token": true, "response_url": true, "response_urls": true, "trigger_id": true,
	"interactivity_pointer": true, "bot_access_token": true,
}

// credential is what Slack's tokens and response URLs look like anywhere.
var credential = regexp.MustCompile(`(?i)xox[a-z]-|xapp-|xwfp-|hooks\.slack\.com/`)

// withoutSecrets removes capabilities and credentials from a decoded delivery.
func withoutSecrets(tree any) any {
	switch t := tree.(type) {
	case map[string]any:
		for key, value := range t {
			switch {
			case credential.MatchString(key):
				delete(t, key)
			case capabilities[key]:
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
		if credential.MatchString(t) {
			return "removed"
		}
	}
	return tree
}
