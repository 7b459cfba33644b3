package compare

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"licensebot/approvals"
	"licensebot/bot/bottest"
	"licensebot/bot/message"
	"licensebot/bot/slackapi"
	"licensebot/internal/audit"
	"licensebot/internal/fault"
	"licensebot/internal/store"
)

// compareChannels returns what the comparison reports.
func (r *rig) compareChannels(changes ...func(*Channels)) (found []string, summary Summary) {
	r.Helper()
	c := Channels{
		Open: r.open, Slack: r.archive, Sleep: r.sleep, Report: func(line string) { found = append(found, line) },
	}
	for _, change := range changes {
		change(&c)
	}
	summary, err := c.Run(r.ctx)
	r.must(err)
	if summary.Findings != len(found) {
		r.Errorf("%d findings are counted, %d reported", summary.Findings, len(found))
	}
	return found, summary
}

// edits are what people can do to messages or rows, each with the one finding that it has. Its
// parts are separated by bars.
var edits = map[string]struct {
	edit func(r *rig)
	want string
}{
	"nothing": {func(*rig) {}, ""},
	"a card is deleted": {func(r *rig) {
		r.must(r.slack.DeleteMessage(bottest.Channel, r.request(pending).CardTS))
	}, pending + "|its card|is not in the channel|Slack admin"},
	"a card is deleted, and its thread stays": {func(r *rig) {
		r.must(r.slack.DeleteMessage(bottest.Channel, r.request(granted).CardTS))
	}, granted + "|its card|is not in the channel|Slack admin"},
	"an outcome is deleted": {func(r *rig) {
		r.must(r.slack.DeleteMessage(bottest.Channel, r.thread(denied)[0]))
	}, denied + "|lacks the reply allocation_denied|Slack admin"},
	"the end of a grant is deleted": {func(r *rig) {
		r.must(r.slack.DeleteMessage(bottest.Channel, r.thread(granted)[1]))
	}, granted + "|lacks the reply allocation_ended 1|Slack admin"},
	"what a button did is deleted": {func(r *rig) {
		r.must(r.slack.DeleteMessage(bottest.Channel, r.thread(pressed)[0]))
	}, pressed + "|lacks the reply allocation_vote 1|Slack admin"},
	"an outcome is edited": {func(r *rig) {
		r.update(r.thread(denied)[0], message.RenderMetadata(r.request(denied), approvals.Job{Kind: approvals.JobPostOutcome}))
	}, denied + "|the reply allocation_denied|was edited|bot's token"},
	"a card is made to look done": {func(r *rig) {
		request := r.request(pending)
		request.State, request.Outcome = approvals.Done, &approvals.Outcome{}
		r.updateText(request.CardTS, r.phrases.RenderCard(request).Text, message.RenderMetadata(r.request(pending), approvals.Job{Kind: approvals.JobPostCard}))
	}, pending + "|is pending|does not show that|bot's token"},
	"a card loses its metadata": {func(r *rig) {
		r.update(r.request(pending).CardTS, message.RenderMetadata(r.request(pending), approvals.Job{Kind: approvals.JobRemind}))
	}, pending + "|is no card any more|bot's token"},
	"a card asks for another code": {func(r *rig) {
		request := r.request(pending)
		request.Proposal.Change.Add = []string{"CTZDEVCU"}
		r.updateText(request.CardTS, r.phrases.RenderCard(r.request(pending)).Text,
			message.RenderMetadata(request, approvals.Job{Kind: approvals.JobPostCard}))
	}, pending + "|its card|added, codes|bot's token"},
	"a card names another code": {func(r *rig) {
		text := strings.ReplaceAll(r.phrases.RenderCard(r.request(pending)).Text, "IDU", "CTZDEVCU")
		r.updateText(r.request(pending).CardTS, text, message.RenderMetadata(r.request(pending), approvals.Job{Kind: approvals.JobPostCard}))
	}, pending + "|the text of its card does not name IDU|bot's token"},
	"an outcome is invented": {func(r *rig) {
		request := r.request(pending)
		request.State = approvals.Denied
		r.reply(request, approvals.Job{Kind: approvals.JobPostOutcome})
	}, pending + "|the reply allocation_denied|does not know|bot's token"},
	"an outcome is repeated": {func(r *rig) {
		r.reply(r.request(denied), approvals.Job{Kind: approvals.JobPostOutcome})
	}, denied + "|the reply allocation_denied twice|bot's token"},
	"an outcome is deleted and posted anew": {func(r *rig) {
		r.must(r.slack.DeleteMessage(bottest.Channel, r.thread(denied)[0]))
		r.reply(r.request(denied), approvals.Job{Kind: approvals.JobPostOutcome})
	}, denied + "|the reply allocation_denied|is not the one that the bot posted|bot's token"},
	"a second end of a grant is invented": {func(r *rig) {
		r.reply(r.request(granted), approvals.Job{Kind: approvals.JobPostRevocation, Number: 2})
	}, granted + "|the reply allocation_ended 2|does not know"},
	"a press is invented": {func(r *rig) {
		press := approvals.Press{User: bottest.Kim, Button: approvals.PressApprove, At: "1.1"}
		r.reply(r.request(pressed), approvals.Job{Kind: approvals.JobPostPress, Number: 2, Payload: approvals.Payload{Press: &press}})
	}, pressed + "|the reply allocation_vote 2|does not know"},
	"a request is deleted": {func(r *rig) {
		r.edit(`DELETE FROM requests WHERE id = $1`, denied)
	}, denied + "|not in the database|database user"},
	"a card is said to be elsewhere": {func(r *rig) {
		r.edit(`UPDATE requests SET channel = 'C0GENERAL' WHERE id = $1`, denied)
	}, denied + "|is in the channel|database user"},
	"an approver is exchanged": {func(r *rig) {
		r.edit(`UPDATE requests SET body = replace(body, $1, $2) WHERE id = $3`, bottest.Alex, bottest.Kim, granted)
	}, granted + "|its card|approvers|database user\n" + granted + "|the reply allocation_done|approvers|database user"},
	"a confirmed allocation is exchanged": {func(r *rig) {
		r.edit(`UPDATE requests SET body = replace(body, '"allocation":["ATTUNU","RPADEVPRONU"]', '"allocation":["ATTUNU"]') WHERE id = $1`, pressed)
	}, pressed + "|the reply allocation_done|allocation|database user"},
	"a second card": {func(r *rig) {
		request := r.request(pending)
		_, err := r.messenger.PostMessage(r.ctx, slackapi.Post{
			Channel: bottest.Channel, Text: "again", Metadata: message.RenderMetadata(request, approvals.Job{Kind: approvals.JobPostCard}),
		})
		r.must(err)
	}, pending + "|another card|bot's token"},
	"a foreign message": {func(r *rig) {
		_, err := r.messenger.PostMessage(r.ctx, slackapi.Post{
			Channel: bottest.Channel, Text: "hello", Metadata: slack.SlackMetadata{EventType: "other", EventPayload: map[string]any{"a": "b"}},
		})
		r.must(err)
	}, "none that the bot posts|bot's token"},
	"the message about a change outside is deleted": {func(r *rig) {
		r.must(r.slack.DeleteMessage(bottest.Channel, r.outsideTS()))
	}, outside + "|is not in the channel|Slack admin"},
	"the message about a change outside is edited": {func(r *rig) {
		r.update(r.outsideTS(), message.OutsideMetadata(approvals.OutsideChange{ID: outside, Group: finance}))
	}, outside + "|says otherwise|bot's token"},
	"a change outside is deleted": {func(r *rig) {
		r.edit(`DELETE FROM outside_changes`)
	}, outside + "|not in the database|database user"},
	"a person writes": {func(r *rig) {
		_, err := r.slack.Say(bottest.Robin, bottest.Channel, "", "hello")
		r.must(err)
		_, err = r.slack.Say(bottest.Robin, bottest.Channel, r.request(denied).CardTS, "why?")
		r.must(err)
	}, ""},
}

// isInThread tells the edits of replies that leave the count and the latest one alone. A quick
// comparison does not find them. Of those in the database the journal tells.
var isInThread = []string{"an outcome is edited", "a confirmed allocation is exchanged"}

// TestAQuickComparisonFindsAllButEditedReplies makes the same edits, and lets no thread be read for
// the heads in it.
func TestAQuickComparisonFindsAllButEditedReplies(t *testing.T) {
	t.Parallel()
	for name, c := range edits {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.tell()
			c.edit(r)
			wants := strings.Split(c.want, "\n")
			if slices.Contains(isInThread, name) {
				wants = nil
			}
			found, summary := r.compareChannels(func(c *Channels) { c.Quick = true })
			wantFindings(t, found, wants...)
			if name == "nothing" && summary.Unread != 3 {
				t.Errorf("%d threads were left out, want those of three requests", summary.Unread)
			}
		})
	}
}

// TestAQuickComparisonReadsTheNewestHeads truncates the chain behind the back of a quick comparison.
func TestAQuickComparisonReadsTheNewestHeads(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.tell()
	r.edit(`DROP TRIGGER journal_seals_no_delete`)
	r.edit(`DELETE FROM journal_seals WHERE seq >= $1`, r.headIn(pressed))
	found, summary := r.compareChannels(func(c *Channels) { c.Quick, c.Newest = true, 1 })
	wantFindings(t, found, pressed+"|allocation_done|the chain does not have it")
	if summary.Unread != 2 {
		t.Errorf("%d threads were left out, want two", summary.Unread)
	}
}

// update edits a message with the bot's token.
func (r *rig) update(ts string, metadata slack.SlackMetadata) { r.updateText(ts, "edited", metadata) }

func (r *rig) updateText(ts, text string, metadata slack.SlackMetadata) {
	r.Helper()
	r.must(r.messenger.UpdateMessage(r.ctx, ts, slackapi.Post{Channel: bottest.Channel, Text: text, Metadata: metadata}))
}

func (r *rig) outsideTS() string {
	r.Helper()
	for _, m := range r.slack.Messages(bottest.Channel) {
		if m.Metadata != nil && m.Metadata.EventType == message.OutsideEventType {
			return m.TS
		}
	}
	r.Fatal("there is no message about a change outside")
	return ""
}

// TestEachEditIsNamed makes one edit in a history, and expects its finding and no other one.
func TestEachEditIsNamed(t *testing.T) {
	t.Parallel()
	for name, c := range edits {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.tell()
			c.edit(r)
			found, _ := r.compareChannels()
			wantFindings(t, found, strings.Split(c.want, "\n")...)
		})
	}
}

func wantFindings(t *testing.T, found []string, wants ...string) {
	t.Helper()
	wants = slices.DeleteFunc(wants, func(want string) bool { return want == "" })
	if len(found) != len(wants) {
		t.Fatalf("%d findings, want %d: %q", len(found), len(wants), found)
	}
	for i, want := range wants {
		for part := range strings.SplitSeq(want, "|") {
			if !strings.Contains(found[i], part) {
				t.Errorf("the finding does not say %q: %s", part, found[i])
			}
		}
	}
}

// TestWhatMovesIsLookedAtAgain lets the bot go on between the two looks.
func TestWhatMovesIsLookedAtAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.tell()
	r.apply(pending, approvals.Cancel{By: bottest.Robin}) // its outcome waits to be posted
	found, _ := r.compareChannels()
	wantFindings(t, found)
	r.edit(`DELETE FROM jobs`)
	looks := 0
	r.slept = func() {
		if looks++; looks == 1 { // the message comes late
			r.reply(r.request(pending), approvals.Job{Kind: approvals.JobPostOutcome})
			r.updateText(r.request(pending).CardTS, r.phrases.RenderCard(r.request(pending)).Text,
				message.RenderMetadata(r.request(pending), approvals.Job{Kind: approvals.JobUpdateCard}))
		}
	}
	found, _ = r.compareChannels()
	wantFindings(t, found)
	if looks == 0 {
		t.Error("there was no second look")
	}
}

// TestWhatMovesAllTheTimeIsNotChecked changes the database during each look.
func TestWhatMovesAllTheTimeIsNotChecked(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.tell()
	r.must(r.slack.DeleteMessage(bottest.Channel, r.request(pending).CardTS))
	n := 0
	found, summary := r.compareChannels(func(c *Channels) {
		c.Open = func(ctx context.Context) (*store.Reader, error) {
			n++
			r.edit(`INSERT INTO jobs (request_id, kind, key, detail, due_at, in_order) VALUES ($1, 'tell_voter', $2, '{}', 0, 0)`,
				pending, fmt.Sprint(n))
			return r.open(ctx)
		}
	})
	wantFindings(t, found)
	if len(summary.Unchecked) != 1 || !strings.Contains(summary.Unchecked[0], pending) {
		t.Errorf("not checked: %q", summary.Unchecked)
	}
}

// TestSinceLeavesOutOlderMessages deletes an old and a new card.
func TestSinceLeavesOutOlderMessages(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.tell()
	since := r.request(pressed).FiledAt
	for _, id := range []string{granted, pending} {
		r.must(r.slack.DeleteMessage(bottest.Channel, r.request(id).CardTS))
	}
	found, _ := r.compareChannels(func(c *Channels) { c.Since = since })
	wantFindings(t, found, pending+"|is not in the channel")
}

// TestAChannelThatCannotBeReadIsNotChecked takes the bot out of the channel.
func TestAChannelThatCannotBeReadIsNotChecked(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.tell()
	r.slack.Leave(bottest.Channel, r.slack.BotUserID())
	found, summary := r.compareChannels()
	wantFindings(t, found)
	if len(summary.Unchecked) != 1 || !strings.Contains(summary.Unchecked[0], "invite it there") {
		t.Errorf("not checked: %q", summary.Unchecked)
	}
}

// TestSlacksLimitsAreHeeded lets Slack ask for pauses, and fail.
func TestSlacksLimitsAreHeeded(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.tell()
	var pauses []time.Duration
	r.archive.Sleep = func(_ context.Context, d time.Duration) bool {
		pauses = append(pauses, d)
		return true
	}
	r.slack.Inject("conversations.history", fault.Fault{Status: 429, RetryAfter: "17", Times: 4})
	r.slack.Inject("conversations.replies", fault.Fault{Status: 503, Times: 1})
	found, summary := r.compareChannels()
	wantFindings(t, found)
	if !slices.Contains(pauses, 17*time.Second) || len(pauses) != 5 || len(summary.Unchecked) > 0 {
		t.Errorf("pauses %v, not checked %q", pauses, summary.Unchecked)
	}
}

// TestHeadsInSlackAnchorTheChain truncates the chain, rewrites it, and forges a head.
func TestHeadsInSlackAnchorTheChain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		edit  func(r *rig)
		wants []string
	}{
		"nothing": {func(*rig) {}, nil},
		"the newest seals are deleted": {func(r *rig) {
			seq := r.headIn(pressed)
			r.edit(`DELETE FROM journal_seals WHERE seq >= $1`, seq)
		}, []string{pressed + "|allocation_done|the chain does not have it|older copy"}},
		"a seal is rewritten": {func(r *rig) {
			seq := r.headIn(denied)
			r.edit(`UPDATE journal_seals SET hash = $1 WHERE seq = $2`, strings.Repeat("0", 64), seq)
		}, []string{denied + "|allocation_denied|the chain has another one|database user"}},
		"the request is deleted as well": {func(r *rig) {
			seq := r.headIn(pressed)
			r.edit(`DELETE FROM journal_seals WHERE seq >= $1`, seq)
			r.edit(`DELETE FROM requests WHERE id = $1`, pressed)
		}, []string{pressed + "|not in the database", pressed + "|the chain does not have it"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.tell()
			r.edit(`DROP TRIGGER journal_seals_no_delete`)
			r.edit(`DROP TRIGGER journal_seals_no_update`)
			c.edit(r)
			found, _ := r.compareChannels()
			wantFindings(t, found, c.wants...)
		})
	}
}

// headIn is the number of the seal that the last reply about a request carries.
func (r *rig) headIn(id string) (seq int64) {
	r.Helper()
	replies := r.slack.Thread(bottest.Channel, r.request(id).CardTS)
	head, _ := replies[len(replies)-1].Metadata.EventPayload["journal_head"].(string)
	seq, _, ok := audit.ParseHead(head)
	if !ok {
		r.Fatalf("the outcome of %s carries the head %q", id, head)
	}
	return seq
}

// TestAnErasureIsNoDifference erases all names and reasons that it can, and one person's.
func TestAnErasureIsNoDifference(t *testing.T) {
	t.Parallel()
	for name, what := range map[string]store.Erasure{
		"a period": {Until: testTime.Add(1000 * time.Hour)}, "an approver": {Person: bottest.Alex}, "a requester": {Person: bottest.Robin},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.tell()
			what.By = "retention"
			_, err := r.store.Erase(r.ctx, what)
			r.must(err)
			found, _ := r.compareChannels()
			wantFindings(t, found)
		})
	}
}
