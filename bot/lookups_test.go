package bot

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"licensebot/approvals"
	"licensebot/bot/bottest"
	"licensebot/bot/command"
	"licensebot/bot/message"
	"licensebot/bot/socket"
	"licensebot/internal/fakeslack"
	"licensebot/internal/fakeuipath"
	"licensebot/licensing"
)

// watched is a real UiPath client that tells when it is asked for a group.
type watched struct {
	GroupReader
	asked func(context.Context)
}

func (w watched) FindGroup(ctx context.Context, ref string) (approvals.Group, error) {
	w.asked(ctx)
	return w.GroupReader.FindGroup(ctx, ref)
}

// lookups are those of a rig with a UiPath that has group-01.
func (r *rig) lookups(asked func(context.Context)) *lookups {
	r.t.Helper()
	u, err := fakeuipath.New(fakeuipath.Config{})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(u.Close)
	u.AddGroup(fakeuipath.Group{ID: "group-01", Name: "Finance Robots", Codes: []string{"IDU"}})
	client, err := licensing.New(licensing.Config{
		URL: u.URL(), Organization: u.Organization(), AccountID: u.AccountID(), Tokens: licensing.StaticToken(u.PersonalAccessToken()),
	})
	if err != nil {
		r.t.Fatal(err)
	}
	l := newLookups(watched{licensing.NewAllocations(client), asked}, r.store, func() approvals.Policy { return r.policy }, r.bot.messenger.posts, phrases(), r.logger())
	r.t.Cleanup(l.close)
	return l
}

var showGroup = command.Command{Verb: command.VerbShow, Group: "group-01"}

// However long the acknowledgment takes, nothing is answered before it.
func TestLookupsWaitForTheAcknowledgment(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLookups(nil, nil, nil, nil, phrases(), zerolog.Nop())
		acknowledged, acknowledge := context.WithCancel(t.Context())
		answers := make(chan bool, 1)
		go func() { answers <- l.awaitAcknowledged(acknowledged) }()
		time.Sleep(time.Hour) // of the test's own clock
		if len(answers) > 0 {
			t.Error("answered before the acknowledgment was out")
		}
		acknowledge()
		if begun := time.Now(); !<-answers || time.Since(begun) != socket.FlushTime {
			t.Error("not answered afterwards")
		}
		go func() { answers <- l.awaitAcknowledged(context.Background()) }()
		l.close()
		if <-answers {
			t.Error("answered while the bot stops")
		}
	})
}

// One delivery that comes twice is answered once.
func TestLookupsAnswerOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeslack.Config{})
	acknowledged, acknowledge := context.WithCancel(t.Context())
	l := r.lookups(func(context.Context) {})
	for range 2 {
		if said := l.beginLookup(acknowledged, "e1", "/allocate", slashCommand{UserID: robin, ChannelID: channel}, showGroup); said != message.LookingUp() {
			t.Errorf("acknowledged with %q", said)
		}
	}
	acknowledge()
	l.running.Wait()
	told := r.slack.Ephemerals(robin)
	if len(told) != 1 || !strings.Contains(told[0].Text, "*Licenses allocated to the group `Finance Robots`") || told[0].Via != "chat.postEphemeral" {
		t.Errorf("told %+v", told)
	}
}

// Who has a license is read from the list of all groups.
func TestLookUpWhoHasALicense(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeslack.Config{})
	acknowledged, acknowledge := context.WithCancel(t.Context())
	l := r.lookups(func(context.Context) { t.Error("one group was asked for") })
	acknowledge()
	l.beginLookup(acknowledged, "e1", "/allocate", slashCommand{UserID: robin, ChannelID: channel}, command.Command{Verb: command.VerbShow, Code: "IDU"})
	l.running.Wait()
	want := "*The groups that have `IDU` Insights Designer Users*\n• the group `Finance Robots` (id `group-01`)"
	if told := r.slack.Ephemerals(robin); len(told) != 1 || told[0].Text != want {
		t.Errorf("told %+v", told)
	}
}

// So many questions at once and no more; Close gives up those that wait.
func TestLookupsAreBounded(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeslack.Config{})
	l := r.lookups(func(context.Context) { t.Error("UiPath was asked") })
	never, cancel := context.WithCancel(t.Context())
	for n := range lookupsAtOnce + 1 {
		want := message.LookingUp()
		if n == lookupsAtOnce {
			want = message.CommandBusy()
		}
		if said := l.beginLookup(never, approvals.NewID(), "/allocate", slashCommand{UserID: robin, ChannelID: channel}, showGroup); said != want {
			t.Errorf("question %d is acknowledged with %q", n, said)
		}
	}
	l.close()
	cancel()
	if told := r.slack.Ephemerals(robin); len(told) != 0 {
		t.Errorf("told %+v", told)
	}
}

// A panic, or a UiPath that does not answer in time, is told as what it is.
func TestLookupsThatFail(t *testing.T) {
	t.Parallel()
	for name, asked := range map[string]func(context.Context){
		"a panic":  func(context.Context) { panic("of the lookup") },
		"too slow": func(ctx context.Context) { <-ctx.Done() },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, fakeslack.Config{})
			l := r.lookups(asked)
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			defer cancel()
			said := l.lookUp(ctx, "/allocate", showGroup)
			if !strings.HasPrefix(said, "I could not look up the licenses") {
				t.Errorf("answered with %q", said)
			}
			bottest.ExpectHarmless(t, said)
			if name == "a panic" && !strings.Contains(r.log.String(), "of the lookup") {
				t.Errorf("the log does not tell: %s", r.log)
			}
		})
	}
}
