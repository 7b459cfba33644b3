package fakeslack

import (
	"encoding/json"
	"html"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var (
	mentionMarkup = regexp.MustCompile(`<([@#]|!subteam\^)([A-Z0-9_]+)(?:\|[^<>]*)?>`)
	dateMarkup    = regexp.MustCompile(`<!date\^(\d+)\^[^|<>]*\|([^<>]*)>`)
	emojiMarkup   = regexp.MustCompile(`:([a-z0-9_+-]+):`)
	boldMarkup    = regexp.MustCompile(`\*([^*\n]+)\*`)
)

// emojiGlyphs are the emoji of the demo's story. Other emoji stay as their
// name.
var emojiGlyphs = map[string]string{
	"white_check_mark": "✅", "x": "❌", "hourglass_flowing_sand": "⏳",
	"arrows_counterclockwise": "🔄", "warning": "⚠️", "zzz": "💤", "checkered_flag": "🏁",
}

// Readable turns mrkdwn into what a person sees: names for mentions, local
// times for dates, glyphs for emoji.
func Readable(text string, name func(id string) string) string {
	text = mentionMarkup.ReplaceAllStringFunc(text, func(markup string) string {
		parts := mentionMarkup.FindStringSubmatch(markup)
		sign := map[bool]string{true: "#", false: "@"}[parts[1] == "#"]
		if known := name(parts[2]); known != "" {
			return sign + known
		}
		return sign + parts[2]
	})
	text = dateMarkup.ReplaceAllStringFunc(text, func(markup string) string {
		parts := dateMarkup.FindStringSubmatch(markup)
		seconds, err := strconv.ParseInt(parts[1], 10, 64)
		if err != nil {
			return parts[2]
		}
		return time.Unix(seconds, 0).Format("2 Jan 2006 at 15:04 MST")
	})
	text = emojiMarkup.ReplaceAllStringFunc(text, func(markup string) string {
		if glyph, ok := emojiGlyphs[strings.Trim(markup, ":")]; ok {
			return glyph
		}
		return markup
	})
	return html.UnescapeString(boldMarkup.ReplaceAllString(text, "$1"))
}

// readableBlock is the readable text of a Block Kit block.
type readableBlock struct {
	Type     string        `json:"type"`
	Text     *readableText `json:"text"`
	Fields   []readableText
	Elements []readableText
}

type readableText struct {
	Text string `json:"text"`
}

// Render lays a message's blocks out as lines of mrkdwn.
func Render(raw json.RawMessage) string {
	var lines []string
	for _, b := range readableBlocks(raw) {
		switch {
		case b.Type == "divider":
			lines = append(lines, "────────")
		case b.Text != nil:
			lines = append(lines, b.Text.Text)
		}
		for _, field := range b.Fields {
			lines = append(lines, strings.Replace(field.Text, "*\n", "*: ", 1))
		}
		for _, element := range b.Elements {
			lines = append(lines, element.Text)
		}
	}
	return strings.Join(lines, "\n")
}

func readableBlocks(raw json.RawMessage) []readableBlock {
	var blocks []readableBlock
	_ = json.Unmarshal(raw, &blocks) // unreadable blocks show as nothing
	return blocks
}
