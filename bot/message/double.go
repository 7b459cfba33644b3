package message

import (
	"fmt"

	"github.com/slack-go/slack"

	"licensebot/approvals"
)

// DescribeDouble replaces a message that repeats another one and cannot be deleted.
// The link leads to the one that counts.
func DescribeDouble(r approvals.Request, link string) string {
	return fmt.Sprintf("This message about request %s was posted twice. Use <%s|the other one>: "+
		"an approval here counts for nothing.", quoteCode(r.ID), link)
}

// PlainBlocks shows a text alone.
func PlainBlocks(text string) []slack.Block { return []slack.Block{sectionBlock(text)} }
