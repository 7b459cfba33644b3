package message

import (
	"fmt"

	"github.com/slack-go/slack"

	"licensebot/approvals"
)

// DescribeDouble replaces a message that repeats another one, or came too late to be true,
// and cannot be deleted. The link leads to the one that counts.
func DescribeDouble(r approvals.Request, late bool, link string) string {
	if late {
		return fmt.Sprintf("This message about request %s came late, and <%s|an earlier one> tells what happened. "+
			"You need to do nothing about it.", quoteCode(r.ID), link)
	}
	return fmt.Sprintf("This message about request %s was posted twice. Use <%s|the other one>: "+
		"an approval here counts for nothing.", quoteCode(r.ID), link)
}

// PlainBlocks shows a text alone.
func PlainBlocks(text string) []slack.Block { return []slack.Block{sectionBlock(text)} }
