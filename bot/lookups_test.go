package bot

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"licensebot/approvals"
	"licensebot/internal/sandbox"
	"licensebot/licensing"
)

// watched is a real UiPath client that tells when it is asked for a group.
type watched struct {
	Organization
	asked func(context.Context)
}

func (w watched) FindGroup(ctx context.Context, ref string) (approvals.Group, error) {
	w.asked(ctx)
	return w.Organization.FindGroup(ctx, ref)
}

// lookups are those of a rig with a UiPath that has group-01.
func (r *rig) lookups(asked func(context.Context)) *Lookups {
	r.t.Helper()
	u, err := sandbox.NewUiPath(sandbox.UiPathConfig{})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(u.Close)
	u.AddGroup(sandbox.Group{ID: "group-01", Name: "Finance Robots", Rule: []string{"IDU"}})
	client, err := licensing.New(licensing.Config{
		URL: u.URL(), Organization: u.Organization(), AccountID: u.AccountID(), Tokens: licensing.StaticToken(u.PersonalAccessToken()),
	})
	if err != nil {
		r.t.Fatal(err)
	}
	l := NewLookups(watched{licensing.NewAllocations(client), asked}, r.store, r.speaker, testWords(), testLogger(r))
	r.t.Cleanup(l.Close)
	return l
}

var showGroup = Command{Verb: VerbShow, Group: "group-01"}

// However long the acknowledgement takes, nothing is answered before it.
func TestLookupsWaitForTheAcknowledgement(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLookups(nil, nil, nil, testWords(), zerolog.Nop())
		acknowledged, acknowledge := context.WithCancel(t.Context())
		answers := make(chan bool, 1)
		go func() { answers <- l.acknowledged(acknowledged) }()
		time.Sleep(time.Hour) // of the test's own clock
		if len(answers) > 0 {
			t.Error("answered before the acknowledgement was out")
		}
		acknowledge()
		if begun := time.Now(); !<-answers || time.Since(begun) != flushTime {
			t.Error("not answered afterwards")
		}
		go func() { answers <- l.acknowledged(context.Background()) }()
		l.Close()
		if <-answers {
			t.Error("answered while the bot stops")
		}
	})
}

// One delivery that comes twice is answered once.
func TestLookupsAnswerOnce(t *testing.T) {
	r := newRig(t, sandbox.SlackConfig{})
	acknowledged, acknowledge := context.WithCancel(t.Context())
	l := r.lookups(func(context.Context) {})
	for range 2 {
		if said := l.begin(acknowledged, "e1", "/allocate", slashCommand{UserID: robin, ChannelID: channel}, showGroup); said != testWords().Looking() {
			t.Errorf("acknowledged with %q", said)
		}
	}
	acknowledge()
	l.running.Wait()
	told := r.slack.Ephemerals(robin)
	if len(told) != 1 || !strings.Contains(told[0].Text, "*The rule of the group `Finance Robots`") || told[0].Via != "chat.postEphemeral" {
		t.Errorf("told %+v", told)
	}
}

// So many questions at once and no more; Close gives up those that wait.
func TestLookupsAreBounded(t *testing.T) {
	r := newRig(t, sandbox.SlackConfig{})
	l := r.lookups(func(context.Context) { t.Error("UiPath was asked") })
	never, cancel := context.WithCancel(t.Context())
	for n := range lookupsAtOnce + 1 {
		want := testWords().Looking()
		if n == lookupsAtOnce {
			want = testWords().Busy()
		}
		if said := l.begin(never, approvals.NewID(), "/allocate", slashCommand{UserID: robin, ChannelID: channel}, showGroup); said != want {
			t.Errorf("question %d is acknowledged with %q", n, said)
		}
	}
	l.Close()
	cancel()
	if told := r.slack.Ephemerals(robin); len(told) != 0 {
		t.Errorf("told %+v", told)
	}
}

// A panic, or a UiPath that does not answer in time, is told as what it is.
func TestLookupsThatFail(t *testing.T) {
	for name, asked := range map[string]func(context.Context){
		"a panic":  func(context.Context) { panic("of the lookup") },
		"too slow": func(ctx context.Context) { <-ctx.Done() },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, sandbox.SlackConfig{})
			l := r.lookups(asked)
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			defer cancel()
			said := l.find(ctx, "/allocate", showGroup)
			if !strings.HasPrefix(said, "I could not look that up: ") {
				t.Errorf("answered with %q", said)
			}
			expectHarmless(t, said)
			if name == "a panic" && !strings.Contains(r.log.String(), "of the lookup") {
				t.Errorf("the log does not tell: %s", r.log)
			}
		})
	}
}
