package compare

import (
	"context"
	"strings"

	"licensebot/bot/message"
	"licensebot/bot/slackapi"
	"licensebot/internal/audit"
	"licensebot/internal/store"
)

// byRewrite could have caused a head that the chain does not have.
const byRewrite = "A database user can have deleted or rewritten the journal, or the database was restored from an " +
	"older copy."

// checkHeads looks up in the chain each head that messages carry. Seals do not change, so one look
// is enough.
func (c *Channels) checkHeads(ctx context.Context, said []slackapi.Said) error {
	anchored := make([]slackapi.Said, 0, len(said))
	for _, one := range said {
		if message.JournalHeadOf(one.Metadata) != "" {
			anchored = append(anchored, one)
		}
	}
	if len(anchored) == 0 {
		return nil
	}
	return c.Open.read(ctx, func(db *store.Reader) error {
		for _, one := range anchored {
			found, err := checkHead(ctx, db, one)
			if err != nil {
				return err
			}
			c.report(found)
		}
		return nil
	})
}

func checkHead(ctx context.Context, db *store.Reader, said slackapi.Said) ([]finding, error) {
	head := message.JournalHeadOf(said.Metadata)
	seq, hash, ok := audit.ParseHead(head)
	id, event := message.RequestIDOf(said.Metadata), said.Metadata.EventType
	if !ok {
		return []finding{newFinding(byToken, "request %s: the reply %s at %s carries %q, which is no head of the journal",
			id, event, said.TS, head)}, nil
	}
	stored, err := db.SealHash(ctx, seq)
	switch {
	case err != nil:
		return nil, err
	case stored == "":
		return []finding{newFinding(byRewrite, "request %s: the reply %s at %s carries seal %d of the journal, and the "+
			"chain does not have it", id, event, said.TS, seq)}, nil
	case !strings.HasPrefix(stored, hash):
		return []finding{newFinding(byRewrite, "request %s: the reply %s at %s carries seal %d of the journal as %s, and "+
			"the chain has another one", id, event, said.TS, seq, hash)}, nil
	}
	return nil, nil
}
