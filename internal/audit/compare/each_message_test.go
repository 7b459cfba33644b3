package compare

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/slack-go/slack"

	"licensebot/approvals"
	"licensebot/bot/bottest"
	"licensebot/bot/slackapi"
	"licensebot/internal/fakeslack"
	"licensebot/internal/sweep"
)

// told lists all that the bot said in the history: cards, replies, and the change outside.
func (r *rig) told() (all []fakeslack.Message) {
	r.Helper()
	for _, m := range r.slack.Messages(bottest.Channel) {
		if m.Metadata != nil && m.ThreadTS == "" {
			all = append(append(all, m), r.slack.Thread(bottest.Channel, m.TS)...)
		}
	}
	return all
}

func metadataIn(m fakeslack.Message) slack.SlackMetadata {
	return slack.SlackMetadata{EventType: m.Metadata.EventType, EventPayload: maps.Clone(m.Metadata.EventPayload)}
}

// wantNamed expects a finding with what a message is about.
func (r *rig) wantNamed(what string, m fakeslack.Message) {
	r.Helper()
	found, _ := r.compareChannels()
	isNamed := slices.ContainsFunc(found, func(f string) bool {
		for _, name := range []string{"request_id", "change_id"} {
			if id, _ := m.Metadata.EventPayload[name].(string); id != "" && strings.Contains(f, id) {
				return true
			}
		}
		return strings.Contains(f, m.TS)
	})
	if !isNamed {
		r.Errorf("%s of %s is not named: %q", what, m.Metadata.EventType, found)
	}
}

// TestEachMessageThatIsDeletedCopiedOrEditedIsNamed takes each message in turn.
func TestEachMessageThatIsDeletedCopiedOrEditedIsNamed(t *testing.T) {
	t.Parallel()
	const messages = 10
	for i := range messages {
		for n, change := range []struct {
			name string
			make func(r *rig, m fakeslack.Message)
		}{
			{"deletion", func(r *rig, m fakeslack.Message) { r.must(r.slack.DeleteMessage(bottest.Channel, m.TS)) }},
			{"copy", func(r *rig, m fakeslack.Message) { r.post(m) }},
			{"exchange by a copy", func(r *rig, m fakeslack.Message) {
				r.must(r.slack.DeleteMessage(bottest.Channel, m.TS))
				r.post(m)
			}},
			{"edit", func(r *rig, m fakeslack.Message) { r.updateText(m.TS, "edited", metadataIn(m)) }},
		} {
			t.Run(change.name, func(t *testing.T) {
				t.Parallel()
				sweep.InSample(t, (i+n)%3 == 0)
				r := newRig(t)
				r.tell()
				told := r.told()
				if len(told) != messages {
					t.Fatalf("the history has %d messages", len(told))
				}
				change.make(r, told[i])
				r.wantNamed(change.name, told[i])
			})
		}
	}
}

// post posts a message once more, as a person with the bot's token can.
func (r *rig) post(m fakeslack.Message) {
	r.Helper()
	post := slackapi.Post{Channel: bottest.Channel, ThreadTS: m.ThreadTS, Text: m.Text, Metadata: metadataIn(m)}
	if m.ThreadTS == "" {
		_, err := r.messenger.PostMessage(r.ctx, post)
		r.must(err)
		return
	}
	_, err := r.messenger.PostReply(r.ctx, post)
	r.must(err)
}

// TestEachValueOfACardIsCompared edits each value in the metadata of a card, and puts it back.
func TestEachValueOfACardIsCompared(t *testing.T) {
	t.Parallel()
	for _, id := range []string{granted, denied, pressed, pending} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.tell()
			for _, m := range r.told() {
				if m.Metadata.EventType == approvals.CardEventType && m.Metadata.EventPayload["request_id"] == id {
					r.editEachValue(m)
				}
			}
			if found, _ := r.compareChannels(); len(found) > 0 {
				r.Fatalf("what was put back differs: %q", found)
			}
		})
	}
}

func (r *rig) editEachValue(card fakeslack.Message) {
	r.Helper()
	for name, value := range card.Metadata.EventPayload {
		edited := metadataIn(card)
		edited.EventPayload[name] = value.(string) + "1"
		r.updateText(card.TS, card.Text, edited)
		r.wantNamed("the edited "+name, card)
		if value == "" {
			continue // an empty list
		}
		delete(edited.EventPayload, name)
		r.updateText(card.TS, card.Text, edited)
		r.wantNamed("the lost "+name, card)
	}
	r.updateText(card.TS, card.Text, metadataIn(card))
}
