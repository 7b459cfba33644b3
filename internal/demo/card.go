package demo

import "encoding/json"

// statusOf is the section after the divider: where the card's state stands.
func statusOf(raw json.RawMessage) string {
	var blocks []struct {
		Type string `json:"type"`
		Text *struct {
			Text string `json:"text"`
		} `json:"text"`
	}
	_ = json.Unmarshal(raw, &blocks) // an unreadable card shows no state
	for i, b := range blocks {
		if b.Type == "divider" && i+1 < len(blocks) && blocks[i+1].Text != nil {
			return blocks[i+1].Text.Text
		}
	}
	return ""
}
