package slackapi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/slack-go/slack"

	"licensebot/approvals"
	"licensebot/bot/bottest"
	"licensebot/internal/fakeslack"
	"licensebot/internal/fault"
	"licensebot/internal/outbound"
)

// meaning names what an error of a Web API call says about its effect.
func meaning(err error) string {
	var delay *approvals.DelayError
	var unknown *approvals.UnknownEffectError
	var refusal *approvals.RefusedError
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &refusal):
		return "refusal " + refusal.Answer
	case errors.As(err, &delay):
		return "delay " + delay.After.String()
	case errors.As(err, &unknown):
		return "unknown " + unknown.After.String()
	}
	return "unknown"
}

// TestWhatSlackErrorsMean reads and posts against each way a call can fail. An answer that
// refuses a post proves that nothing was posted only by a name that Slack documents.
func TestWhatSlackErrorsMean(t *testing.T) {
	r := newRig(t, fakeslack.Config{})
	type failure struct {
		fault      fault.Fault
		want, post string // of a lookup, of a post; post is empty where it is the same
	}
	cases := map[string]failure{
		"429":                 {fault.Fault{Status: 429, RetryAfter: "17"}, "delay 17s", "unknown 17s"},
		"429 for a day":       {fault.Fault{Status: 429, RetryAfter: "86400"}, "delay 15m0s", "unknown 15m0s"},
		"429 with a date":     {fault.Fault{Status: 429, RetryAfter: "Wed, 21 Oct 2015 07:28:00 GMT"}, "delay 0s", "unknown 0s"},
		"429 with a fraction": {fault.Fault{Status: 429, RetryAfter: "1.5"}, "delay 2s", "unknown 2s"},
		"429 with a word":     {fault.Fault{Status: 429, RetryAfter: "soon"}, "delay 1s", "unknown 1s"},
		"429 without a pause": {fault.Fault{Status: 429, Body: `{"ok":false,"error":"ratelimited"}`}, "delay 1s", "unknown 1s"},
		"ratelimited":         {fault.Fault{Status: 200, Error: "ratelimited"}, "delay 1s", "unknown 1s"},
		"500":                 {fault.Fault{Status: 500}, "unknown", ""},
		"503 after it worked": {fault.Fault{Status: 503, AfterEffect: true}, "unknown", ""},
		"a proxy's 403":       {fault.Fault{Status: 403, Body: "<html>", ContentType: "text/html"}, "delay 0s", "unknown 0s"},
		"a proxy's 408":       {fault.Fault{Status: 408}, "delay 0s", "unknown 0s"},
		"a redirect":          {fault.Fault{Status: 302, Location: "http://login.example/"}, "delay 0s", "unknown 0s"},
		"cut":                 {fault.Fault{Cut: true}, "unknown", ""},
		"truncated":           {fault.Fault{Body: `{"ok":tr`}, "unknown", ""},
		"a web page":          {fault.Fault{Body: "<html>", ContentType: "text/html"}, "unknown", ""},
		"a name of tomorrow":  {fault.Fault{Error: "something_new"}, "delay 0s", "unknown 0s"},
		lostPlace:             {fault.Fault{Error: lostPlace}, "delay 0s", "unknown 0s"},
	}
	for _, name := range transientAnswers {
		cases[name] = failure{fault.Fault{Error: name}, "unknown", ""}
	}
	for _, name := range goneAnswers {
		cases[name] = failure{fault.Fault{Error: name}, "refusal " + name, ""}
	}
	for _, name := range append(slices.Collect(maps.Keys(remedies)), refusedPosts...) {
		cases[name] = failure{fault.Fault{Error: name}, "delay 0s", ""}
	}
	post := func() error { _, err := r.messenger.PostMessage(r.ctx, r.card()); return err }
	read := func() error { _, err := r.messenger.FindPosts(r.ctx, Search{Channel: channel}); return err }
	for name, c := range cases {
		c.fault.Times = 1
		for method, call := range map[string]func() error{"chat.postMessage": post, "conversations.history": read} {
			r.slack.Inject(method, c.fault)
			err, want := call(), c.want
			if method == "chat.postMessage" {
				want = cmp.Or(c.post, c.want)
			}
			if got := meaning(err); got != want {
				t.Errorf("%s: %s is %s instead of %s: %v", method, name, got, want, err)
			}
			if missing := name == "message_not_found" || name == "thread_not_found"; approvals.IsNotFound(err) != missing {
				t.Errorf("%s: the message is missing: %t", name, !missing)
			}
			told, isClosed, ok := readDelay(err)
			if !ok {
				continue
			}
			bottest.ExpectHarmless(t, told)
			if closed := remedies[name] != "" || slices.Contains(refusedPosts, name) || name == "a name of tomorrow"; isClosed != closed {
				t.Errorf("%s: the place is closed to the bot: %t", name, isClosed)
			}
			if remedy := remedies[name]; remedy != "" && told != remedy {
				t.Errorf("%s: people are told %q", name, told)
			}
		}
	}
}

// readDelay tells what people read of a call that has to be made again, and whether a place in
// Slack is closed to the bot.
func readDelay(err error) (told string, isClosed, ok bool) {
	var unknown *approvals.UnknownEffectError
	if errors.As(err, &unknown) {
		return unknown.Reason, unknown.Closed, true
	}
	var delay *approvals.DelayError
	if errors.As(err, &delay) {
		return delay.Reason, delay.Closed, true
	}
	return "", false, false
}

// TestUnreachableSlack is a call that never left.
func TestUnreachableSlack(t *testing.T) {
	r := newRig(t, fakeslack.Config{})
	r.slack.Close()
	r.client.http.CloseIdleConnections()
	if _, err := r.messenger.PostMessage(r.ctx, r.card()); meaning(err) != "delay 0s" {
		t.Errorf("%v", err)
	}
}

// TestSlackDoesNotAnswerInTime makes a post that takes effect after its caller
// gave up. The bot must not conclude that the post was never made.
func TestSlackDoesNotAnswerInTime(t *testing.T) {
	r := newRig(t, fakeslack.Config{})
	r.slack.Inject("chat.postMessage", fault.Fault{Hang: true, AfterEffect: true, Times: 1})
	ctx, giveUp := context.WithCancel(r.ctx)
	defer giveUp()
	go func() {
		_ = r.slack.Wait(r.ctx, func() bool { return len(r.slack.Messages(channel)) == 1 })
		giveUp()
	}()
	if _, err := r.messenger.PostMessage(ctx, r.card()); meaning(err) != "unknown" {
		t.Errorf("%v", err)
	}
}

// TestDetailsOfRefusals are what an operator needs to mend one.
func TestDetailsOfRefusals(t *testing.T) {
	for _, c := range []struct {
		answer slack.SlackErrorResponse
		want   string
	}{
		{slack.SlackErrorResponse{Err: "missing_scope", Needed: "users:read", Provided: "commands"}, "missing_scope (needs the scope users:read; the token has commands)"},
		{slack.SlackErrorResponse{Err: "invalid_blocks", ResponseMetadata: slack.ResponseMetadata{Messages: []string{"no\ntext"}}}, "invalid_blocks (no text)"},
		{slack.SlackErrorResponse{Err: "not_in_channel"}, "Slack chat.postMessage: not_in_channel"},
	} {
		err := errors.Unwrap(ClassifyError("chat.postMessage", fmt.Errorf("call: %w", c.answer)))
		if err == nil || !strings.HasSuffix(err.Error(), c.want) {
			t.Errorf("%v instead of %s", err, c.want)
		}
	}
}

// TestAnswersThatRepeatAToken come from a proxy, in each place of an answer whose words reach a
// log or a person.
func TestAnswersThatRepeatAToken(t *testing.T) {
	const echo = "bad header Authorization: Bearer xoxb-1-SECRET"
	metadata := func(messages ...string) slack.ResponseMetadata { return slack.ResponseMetadata{Messages: messages} }
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"the error":        {slack.SlackErrorResponse{Err: echo}, "Slack chat.postMessage: " + unnamed},
		"a bare token":     {slack.SlackErrorResponse{Err: "xoxb-1-secret"}, unnamed},
		"a long name":      {slack.SlackErrorResponse{Err: strings.Repeat("x", 61)}, unnamed},
		"the scope wanted": {slack.SlackErrorResponse{Err: "missing_scope", Needed: echo, Provided: "commands"}, "missing_scope"},
		"the scopes given": {slack.SlackErrorResponse{Err: "missing_scope", Needed: "users:read", Provided: "xoxb-secret"}, "missing_scope"},
		"a message":        {slack.SlackErrorResponse{Err: "invalid_blocks", ResponseMetadata: metadata("XAPP-1-SECRET", "too long")}, "invalid_blocks (too long)"},
		"all messages":     {slack.SlackErrorResponse{Err: "invalid_blocks", ResponseMetadata: metadata(echo)}, "invalid_blocks"},
		"the status":       {slack.StatusCodeError{Code: 403, Status: "403 " + echo}, "slack server error: 403 Forbidden"},
		"no HTTP":          {fmt.Errorf("malformed HTTP response %q", echo), errEcho.Error()},
		"a page":           {&outbound.PageError{Title: echo}, errEcho.Error()},
	} {
		err := ClassifyError("chat.postMessage", fmt.Errorf("call: %w", c.err))
		cause, told := err.Error(), err.Error()+approvals.DelayReason(err)
		for inner := err; inner != nil; inner = errors.Unwrap(inner) {
			cause, told = inner.Error(), told+inner.Error()
			if strings.HasPrefix(cause, "Slack chat.postMessage") {
				break
			}
		}
		if !strings.HasSuffix(cause, c.want) || strings.Contains(strings.ToLower(told), "secret") {
			t.Errorf("%s: %q is told, caused by %q", name, told, cause)
		}
		if _, refusal := AnswerOf(err); strings.Contains(strings.ToLower(refusal), "secret") {
			t.Errorf("%s: doctor tells %q", name, refusal)
		}
	}
}

// TestUntoldPeople expects a remedy in the log when Slack does not identify a
// person or the members of a user group.
func TestUntoldPeople(t *testing.T) {
	r := newRig(t, fakeslack.Config{})
	ask := map[string]func() error{
		"users.info":            func() error { _, err := r.directory.FindPerson(r.ctx, alex, 0); return err },
		"usergroups.users.list": func() error { _, err := r.directory.ListMembers(r.ctx, []string{"S0A"}, 0); return err },
	}
	for _, c := range []struct{ method, name, remedy string }{
		{"users.info", "missing_scope", remedies["missing_scope"]},
		{"usergroups.users.list", "missing_scope", remedies["missing_scope"]},
		{"usergroups.users.list", "no_such_subteam", "in LICENSEBOT_APPROVERS or the policy file does not exist; correct its id"},
		{"usergroups.users.list", "plan_upgrade_required", "one by one in LICENSEBOT_APPROVERS or the policy file"},
	} {
		r.slack.Inject(c.method, fault.Fault{Times: 1, Error: c.name})
		err := ask[c.method]()
		if meaning(err) != "refusal "+c.name || !strings.HasPrefix(err.Error(), "refused: "+c.name+": ") || !strings.HasSuffix(err.Error(), c.remedy) {
			t.Errorf("%s %s: %v", c.method, c.name, err)
		}
	}
	r.slack.Inject("users.info", fault.Fault{Times: 1, Error: "user_not_found"}) // nothing to mend
	if err := ask["users.info"](); err == nil || err.Error() != "refused: user_not_found" {
		t.Errorf("%v", err)
	}
}

// TestErrorsTellNoSecrets looks for tokens and response URLs in errors.
func TestErrorsTellNoSecrets(t *testing.T) {
	r := newRig(t, fakeslack.Config{})
	secretURL := strings.TrimSuffix(r.slack.APIURL(), "/api/") + "/commands/T1/1/capability"
	r.slack.Inject("response_url", fault.Fault{Cut: true})
	if r.messenger.Respond(r.ctx, secretURL, robin, "an answer") || !strings.Contains(r.log.String(), "response_url did not take") {
		t.Fatalf("%s", r.log)
	}
	r.slack.Inject("chat.postMessage", fault.Fault{Cut: true})
	err := r.messenger.TellLasting(r.ctx, channel, robin, "an answer")
	if meaning(err) != "unknown" {
		t.Fatal(err)
	}
	if said := err.Error() + r.log.String(); strings.Contains(said, "capability") || strings.Contains(said, r.slack.BotToken()) || strings.Contains(said, "/api/") {
		t.Errorf("a secret is told: %s", said)
	}
}

// A secret in a file is read again while the bot runs, so no remedy asks for a restart.
func TestNoRemedyAsksForARestart(t *testing.T) {
	for name, remedy := range remedies {
		if strings.Contains(remedy, "restart") {
			t.Errorf("%s: %s", name, remedy)
		}
		if strings.HasPrefix(name, "token_") && !strings.Contains(remedy, "set SLACK_BOT_TOKEN to") {
			t.Errorf("%s does not say where the new token goes: %s", name, remedy)
		}
	}
}

// TestAnAnswerWithoutItsSubject answers each question with ok:true and nothing else. It is
// no empty list: nobody would be an approver, and votes would be taken for withdrawn.
func TestAnAnswerWithoutItsSubject(t *testing.T) {
	r := newRig(t, fakeslack.Config{})
	ts, err := r.messenger.PostMessage(r.ctx, r.card())
	if err != nil {
		t.Fatal(err)
	}
	for method, ask := range map[string]func() error{
		"reactions.get":         func() error { _, _, err := r.directory.CardReactions(r.ctx, channel, ts); return err },
		"conversations.history": func() error { _, err := r.directory.ReadHistory(r.ctx, channel, ts, ts); return err },
		"conversations.replies": func() error { _, _, err := r.directory.ReplyReactions(r.ctx, channel, ts); return err },
		"usergroups.users.list": func() error { _, err := r.directory.ListMembers(r.ctx, []string{"S0APPROVERS"}, 0); return err },
	} {
		for _, body := range []string{`{"ok":true}`, `{"ok":true,"type":"message"}`, `{"ok":true,"` + subjects[method] + `":null}`} {
			r.slack.Inject(method, fault.Fault{Times: 1, Body: body})
			if err := ask(); meaning(err) != "unknown" || !strings.Contains(err.Error(), "has no "+subjects[method]) {
				t.Errorf("%s %s: %v", method, body, err)
			}
		}
		r.slack.Inject(method, fault.Fault{Times: 1, Body: "<title>Blocked</title>", ContentType: "text/html"})
		if err := ask(); meaning(err) != "unknown" || !strings.Contains(err.Error(), "a web page came in place of the answer, titled “Blocked”") {
			t.Errorf("%s with a web page: %v", method, err)
		}
	}
}
