package message

import (
	"unicode/utf8"

	"github.com/slack-go/slack"
)

func headerBlock(text string) slack.Block { return slack.NewHeaderBlock(plainText(text)) }

func sectionBlock(text string) slack.Block {
	return slack.NewSectionBlock(markdownText(text), nil, nil)
}

func contextBlock(text string) slack.Block {
	return slack.NewContextBlock("", markdownText(text))
}

// markdownText is text with the markup of the bot. It is verbatim: otherwise Slack looks
// for addresses, channels and @here in words that others wrote, and makes them live.
func markdownText(text string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.MarkdownType, text, false, true)
}

func newButton(actionID, value, text string) *slack.ButtonBlockElement {
	return slack.NewButtonBlockElement(actionID, value, plainText(text))
}

// inputBlock is one field of a form. Its block id and its action id are the name.
func inputBlock(name, title, hint string, element slack.BlockElement) *slack.InputBlock {
	var below *slack.TextBlockObject
	if hint != "" {
		below = plainText(hint)
	}
	return slack.NewInputBlock(name, plainText(title), below, element)
}

func textInput(name string, maxLength int, isLong bool) slack.BlockElement {
	return filledInput(name, maxLength, isLong, "")
}

// filledInput is a text input with a text in it, if there is room for that.
func filledInput(name string, maxLength int, isLong bool, text string) slack.BlockElement {
	element := slack.NewPlainTextInputBlockElement(nil, name)
	element.MaxLength, element.Multiline = maxLength, isLong
	if utf8.RuneCountInString(text) <= maxLength {
		element.InitialValue = text
	}
	return element
}

// plainText is text that Slack shows as it is: without markup, mentions or emoji.
// So what comes from outside only needs a bound.
func plainText(s string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.PlainTextType, s, false, false)
}
