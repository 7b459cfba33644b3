package message

import (
	"fmt"

	"github.com/slack-go/slack"

	"licensebot/approvals"
)

// DescribeDouble replaces a message that has to go and cannot be deleted. The link leads to
// the one that counts.
func DescribeDouble(r approvals.Request, why approvals.Surplus, link string) string {
	switch why {
	case approvals.Stray:
		return fmt.Sprintf("This message about request %s belonged to a thread that is gone. The requester was told "+
			"privately.", quoteCode(r.ID))
	case approvals.Late:
		return fmt.Sprintf("This message about request %s came late, and <%s|an earlier one> tells what happened. "+
			"You need to do nothing about it.", quoteCode(r.ID), link)
	case approvals.Orphan:
		return fmt.Sprintf("This is a second card of request %s, and the first one was deleted. An approval here counts "+
			"for nothing. Ask again if it is still needed.", quoteCode(r.ID))
	default:
		return fmt.Sprintf("This message about request %s was posted twice. Use <%s|the other one>: "+
			"an approval here counts for nothing.", quoteCode(r.ID), link)
	}
}

// PlainBlocks shows a text alone.
func PlainBlocks(text string) []slack.Block { return []slack.Block{sectionBlock(text)} }
