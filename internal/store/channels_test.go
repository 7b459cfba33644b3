package store

import (
	"slices"
	"testing"
	"time"

	"licensebot/approvals"
)

const newChannel = "C-NEW"

// Everything that is kept of a channel follows its new id, and what came under either id
// counts once.
func TestMovedChannel(t *testing.T) {
	onBoth(t, func(b *bench, s underTest) {
		use, err := s.ClaimChannel(b.context(), channel)
		if err != nil || use.Today != channel || use.Moved {
			b.Fatalf("the first claim: %+v, %v", use, err)
		}
		card := b.postedCard(1, group)
		b.mustSucceed(b.RecordReaction(b.context(), reactionBy(card, "U-ANNA", "1.1", true)))
		b.mustSucceed(b.CompleteJob(b.context(), b.claimJob(approvals.JobCountVotes)))
		early := reactionBy(card, "U-ANNA", "1.5", false) // heard before Slack told of the new id
		early.Channel = newChannel
		b.mustSucceed(b.RecordReaction(b.context(), early))
		early.User, early.Present = "U-BEN", true
		b.mustSucceed(b.RecordReaction(b.context(), early))

		for range 2 { // a second delivery changes nothing
			b.mustSucceed(s.MoveChannel(b.context(), approvals.ChannelMove{From: channel, To: newChannel, EventTS: "2.0"}))
		}
		b.claimJob(approvals.JobCountVotes)
		b.mustSucceed(b.RecordReaction(b.context(), reactionBy(card, "U-CARL", "1.7", true))) // a late event with the old id
		card.Channel = newChannel
		b.wantPresent(card, "U-BEN", "U-CARL")
		if after, err := b.Request(b.context(), card.ID); err != nil || after.Channel != newChannel || after.CardTS != card.CardTS {
			b.Errorf("the request is in %s with the card %s: %v", after.Channel, after.CardTS, err)
		}
		for _, setting := range []string{channel, newChannel} {
			use, err := s.ClaimChannel(b.context(), setting)
			if err != nil || use.Today != newChannel || use.Moved != (setting == channel) {
				b.Errorf("with the setting %s: %+v, %v", setting, use, err)
			}
		}
		if filed, _, err := b.FileRequest(b.context(), sampleRequest(2)); err != nil || filed.Channel != newChannel {
			b.Errorf("a new request is filed in %s: %v", filed.Channel, err)
		}
	})
}

// A request whose card was left behind closes and is filed anew in one step, once.
func TestRequestFiledAnew(t *testing.T) {
	onBoth(t, func(b *bench, s underTest) {
		card := b.postedCard(1, group)
		if _, err := s.ClaimChannel(b.context(), newChannel); err != nil {
			b.Fatal(err)
		}
		left, err := s.ListLeftBehind(b.context())
		if err != nil || len(left) != 1 || left[0].ID != card.ID {
			b.Fatalf("left behind: %v, %v", left, err)
		}
		for n, id := range []string{"R-ANEW0001", "R-ANEW0002"} {
			_, err := b.ApplyEvent(b.context(), card.ID, approvals.ChannelReplaced{Channel: newChannel, NewID: id}, nil)
			if (err == nil) != (n == 0) {
				b.Errorf("filing anew for the %d. time: %v", n+1, err)
			}
		}
		anew, err := b.Request(b.context(), "R-ANEW0001")
		if err != nil || anew.State != approvals.Filed || anew.Channel != newChannel || len(anew.Votes) != 0 {
			b.Errorf("filed anew: %+v, %v", anew, err)
		}
		if _, err := b.Request(b.context(), "R-ANEW0002"); err == nil {
			b.Error("it was filed anew twice")
		}
		if left, err := s.ListLeftBehind(b.context()); err != nil || len(left) != 0 {
			b.Errorf("still left behind: %v, %v", left, err)
		}
		if got := b.claimJob(approvals.JobPrepare).RequestID; got != anew.ID {
			b.Errorf("request %s is prepared", got)
		}
	})
}

// Replicas with two settings agree on the newer one, whichever renews its claim, and the
// older one comes back only when no bot has the newer one.
func TestChannelClaims(t *testing.T) {
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	var claims []approvals.ChannelClaim
	renew := func(channel string, alone bool, later time.Duration) string {
		at = at.Add(later)
		claim := approvals.RenewClaim(claims, channel, alone, at)
		claims = append(slices.DeleteFunc(claims, func(c approvals.ChannelClaim) bool { return c.Channel == channel }), claim)
		return approvals.ChannelOfToday(claims)
	}
	for n, step := range []struct {
		setting string
		alone   bool
		later   time.Duration
		want    string
	}{
		{setting: "C1", want: "C1"},
		{setting: "C2", later: time.Second, want: "C2"}, // the first replica with the new setting
		{setting: "C1", later: 30 * time.Second, want: "C2"},
		{setting: "C2", later: 30 * time.Second, want: "C2"},
		{setting: "C1", later: 90 * time.Second, want: "C2"}, // an old replica starts once more
		{setting: "C2", later: time.Second, want: "C2"},
		{setting: "C1", later: 3 * time.Minute, want: "C1"}, // all were set back
		{setting: "C2", later: time.Second, want: "C1"},
		{setting: "C2", alone: true, later: -time.Hour, want: "C2"}, // the only process, with its clock put back
	} {
		if got := renew(step.setting, step.alone, step.later); got != step.want {
			t.Errorf("step %d: today's channel is %s, want %s", n, got, step.want)
		}
	}
}
