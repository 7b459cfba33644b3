package fakeslack

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/slack-go/slack"
)

// webAnswer is an answer of the Web API.
type webAnswer struct {
	status int
	header http.Header
	body   map[string]any
}

func (a webAnswer) errorOf() string {
	name, _ := a.body["error"].(string)
	return name
}

// do sends a request and decodes the answer.
func (r *testRig) do(req *http.Request) webAnswer {
	r.t.Helper()
	resp, err := r.http.Do(req.WithContext(r.ctx))
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	said := webAnswer{status: resp.StatusCode, header: resp.Header, body: map[string]any{}}
	if err := json.NewDecoder(resp.Body).Decode(&said.body); err != nil {
		r.t.Fatal(err)
	}
	return said
}

// call calls a method as a form with the bot token; args are name and value
// in turn.
func (r *testRig) call(method string, args ...string) webAnswer {
	r.t.Helper()
	form := url.Values{"token": {r.BotToken()}}
	for i := 0; i < len(args); i += 2 {
		form.Set(args[i], args[i+1])
	}
	req, _ := http.NewRequest(http.MethodPost, r.APIURL()+method, strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r.do(req)
}

// post posts as the bot.
func (r *testRig) post(channel, text string, options ...slack.MsgOption) string {
	r.t.Helper()
	_, ts, err := r.api().PostMessageContext(r.ctx, channel, append(options, slack.MsgOptionText(text, false))...)
	if err != nil {
		r.t.Fatal(err)
	}
	return ts
}

func TestTokens(t *testing.T) {
	r := newTestRig(t, Config{})
	tests := []struct {
		name, method, header, param, want string
	}{
		{"none", "auth.test", "", "", "not_authed"},
		{"header", "auth.test", r.BotToken(), "", ""},
		{"argument", "auth.test", "", r.BotToken(), ""},
		{"wrong", "auth.test", "xoxb-1", "", "invalid_auth"},
		{"app token for a bot method", "auth.test", r.AppToken(), "", "not_allowed_token_type"},
		{"open", "apps.connections.open", r.AppToken(), "", ""},
		{"open by argument", "apps.connections.open", "", r.AppToken(), "missing_args"},
		{"open with the bot token", "apps.connections.open", r.BotToken(), "", "not_allowed_token_type"},
		{"open with nothing", "apps.connections.open", "", "", "not_authed"},
		{"unknown method", "chat.shout", r.BotToken(), "", "unknown_method"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			form := url.Values{}
			if test.param != "" {
				form.Set("token", test.param)
			}
			req, _ := http.NewRequest(http.MethodPost, r.APIURL()+test.method, strings.NewReader(form.Encode()))
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			if test.header != "" {
				req.Header.Set("Authorization", "Bearer "+test.header)
			}
			said := r.do(req)
			if said.errorOf() != test.want || said.status != http.StatusOK {
				t.Errorf("status %d, %v; want %q", said.status, said.body, test.want)
			}
		})
	}
	for _, call := range r.Calls("") {
		if text := fmt.Sprint(call); strings.Contains(text, r.BotToken()) || strings.Contains(text, r.AppToken()) {
			t.Errorf("call with a token: %s", text)
		}
	}
}

func TestRevokedToken(t *testing.T) {
	r := newTestRig(t, Config{})
	r.RevokeBotToken()
	if _, err := r.api().AuthTestContext(r.ctx); clientError(err) != "token_revoked" {
		t.Errorf("err %v", err)
	}
	r.RestoreBotToken()
	who, err := r.api().AuthTestContext(r.ctx)
	if err != nil || who.UserID != r.BotUserID() || who.BotID != r.BotID() || who.TeamID != r.TeamID() {
		t.Errorf("%+v, %v", who, err)
	}
	if scopes := who.Header.Get("X-OAuth-Scopes"); !strings.Contains(scopes, "chat:write") {
		t.Errorf("scopes %q", scopes)
	}
}

func TestBodies(t *testing.T) {
	r := newTestRig(t, Config{})
	tests := []struct {
		name, kind, body, want string
	}{
		{"JSON", "application/json; charset=utf-8", `{"channel":"` + slackPub + `","text":"hi","unfurl_links":false}`, ""},
		{"broken JSON", "application/json", `{`, "invalid_json"},
		{"array", "application/json", `[]`, "json_not_object"},
		{"text", "text/plain", `hi`, "invalid_post_type"},
		{"form", "application/x-www-form-urlencoded", "channel=" + slackPub + "&text=hi", ""},
		{"broken form", "application/x-www-form-urlencoded", "text=%zz", "invalid_form_data"},
		{"argument name", "application/x-www-form-urlencoded", "a-b=1", "invalid_arg_name"},
		{"missing", "application/x-www-form-urlencoded", "text=hi", "invalid_arguments"},
		{"boolean", "application/x-www-form-urlencoded", "channel=" + slackPub + "&text=hi&mrkdwn=maybe", "invalid_arguments"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			req, _ := http.NewRequest(http.MethodPost, r.APIURL()+"chat.postMessage", strings.NewReader(test.body))
			req.Header.Set("Content-Type", test.kind)
			req.Header.Set("Authorization", "Bearer "+r.BotToken())
			if said := r.do(req); said.errorOf() != test.want {
				t.Errorf("%v, want %q", said.body, test.want)
			}
		})
	}
}

func TestJSONBodyHoldsNoToken(t *testing.T) {
	r := newTestRig(t, Config{})
	req, _ := http.NewRequest(http.MethodPost, r.APIURL()+"auth.test", strings.NewReader(`{"token":"`+r.BotToken()+`"}`))
	req.Header.Set("Content-Type", "application/json")
	if said := r.do(req); said.errorOf() != "not_authed" {
		t.Errorf("%v", said.body)
	}
}

func TestUnknownArgumentIsAnOddity(t *testing.T) {
	r := newTestRig(t, Config{})
	if said := r.call("auth.test", "colour", "red"); said.errorOf() != "" {
		t.Fatalf("%v", said.body)
	}
	if odd := r.entries(EntryOddity); len(odd) != 1 || odd[0].Detail != "unknown argument colour" {
		t.Errorf("oddities %+v", odd)
	}
}

func TestScopes(t *testing.T) {
	r := newTestRig(t, Config{Scopes: []string{"commands", "users:read"}})
	for method, test := range map[string][]string{
		"chat.postMessage":      {"chat:write", "channel", slackPub, "text", "x"},
		"reactions.add":         {"reactions:write", "channel", slackPub, "timestamp", "1.0", "name", "x"},
		"reactions.get":         {"reactions:read", "channel", slackPub, "timestamp", "1.0"},
		"conversations.info":    {"channels:read", "channel", slackPub},
		"conversations.history": {"groups:history", "channel", slackOurs},
		"conversations.join":    {"channels:join", "channel", slackPub},
		"usergroups.users.list": {"usergroups:read", "usergroup", "S1"},
	} {
		said := r.call(method, test[1:]...)
		if said.errorOf() != "missing_scope" || said.body["needed"] != test[0] || said.body["provided"] != "commands,users:read" {
			t.Errorf("%s: %v, want %s", method, said.body, test[0])
		}
	}
	if used := r.UsedScopes(); len(used) != 0 {
		t.Errorf("used %v", used)
	}
	r.SetScopes("chat:write", "users:read")
	if said := r.call("chat.postMessage", "channel", slackPub, "text", "x"); said.errorOf() != "" {
		t.Errorf("%v", said.body)
	}
	if used := r.UsedScopes(); !slices.Equal(used, []string{"chat:write"}) {
		t.Errorf("used %v", used)
	}
}

func TestRefusals(t *testing.T) {
	r := newTestRig(t, Config{})
	r.AddChannel(Channel{ID: "C0OLD", Name: "old", Archived: true, Members: []string{slackAnna, r.BotUserID()}})
	ts := r.post(slackPub, "card")
	reply := r.post(slackPub, "reply", slack.MsgOptionTS(ts))
	theirs, err := r.Say(slackAnna, slackPub, "", "hello")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		want string
		call []string
	}{
		{"channel_not_found", []string{"chat.postMessage", "channel", "C404", "text", "x"}},
		{"channel_not_found", []string{"chat.postMessage", "channel", slackShut, "text", "x"}},
		{"channel_not_found", []string{"chat.postMessage", "channel", "U404", "text", "x"}},
		{"not_in_channel", []string{"chat.postMessage", "channel", slackLone, "text", "x"}},
		{"is_archived", []string{"chat.postMessage", "channel", "C0OLD", "text", "x"}},
		{"no_text", []string{"chat.postMessage", "channel", slackPub}},
		{"no_text", []string{"chat.postMessage", "channel", slackPub, "blocks", "[]"}},
		{"thread_not_found", []string{"chat.postMessage", "channel", slackPub, "text", "x", "thread_ts", "1.000000"}},
		{"cannot_reply_to_message", []string{"chat.postMessage", "channel", slackPub, "text", "x", "thread_ts", reply}},
		{"markdown_text_conflict", []string{"chat.postMessage", "channel", slackPub, "text", "x", "markdown_text", "y"}},
		{"as_user_not_supported", []string{"chat.postMessage", "channel", slackPub, "text", "x", "as_user", "true"}},
		{"invalid_attachments", []string{"chat.postMessage", "channel", slackPub, "attachments", "{"}},
		{"cant_update_message", []string{"chat.update", "channel", slackPub, "ts", theirs, "text", "x"}},
		{"message_not_found", []string{"chat.update", "channel", slackPub, "ts", "1.000000", "text", "x"}},
		{"msg_too_long", []string{"chat.update", "channel", slackPub, "ts", ts, "text", strings.Repeat("x", 4001)}},
		{"no_text", []string{"chat.update", "channel", slackPub, "ts", ts}},
		{"user_not_in_channel", []string{"chat.postEphemeral", "channel", slackOurs, "user", slackBen, "text", "x"}},
		{"not_in_channel", []string{"chat.postEphemeral", "channel", slackLone, "user", slackAnna, "text", "x"}},
		{"no_text", []string{"chat.postEphemeral", "channel", slackPub, "user", slackAnna}},
		{"cannot_reply_to_message", []string{"chat.postEphemeral", "channel", slackPub, "user", slackAnna, "text", "x", "thread_ts", reply}},
		{"message_not_found", []string{"chat.getPermalink", "channel", slackPub, "message_ts", "1.000000"}},
		{"channel_not_found", []string{"conversations.info", "channel", slackShut}},
		{"not_in_channel", []string{"conversations.history", "channel", slackLone}},
		{"channel_not_found", []string{"conversations.history", "channel", slackShut}},
		{"invalid_ts_oldest", []string{"conversations.history", "channel", slackPub, "oldest", "yesterday"}},
		{"invalid_ts_latest", []string{"conversations.history", "channel", slackPub, "latest", "now"}},
		{"invalid_cursor", []string{"conversations.history", "channel", slackPub, "cursor", "x"}},
		{"invalid_arguments", []string{"conversations.history", "channel", slackPub, "limit", "many"}},
		{"thread_not_found", []string{"conversations.replies", "channel", slackPub, "ts", "1.000000"}},
		{"invalid_name", []string{"reactions.add", "channel", slackPub, "timestamp", ts, "name", ":eyes:"}},
		{"bad_timestamp", []string{"reactions.add", "channel", slackPub, "timestamp", "x", "name", "eyes"}},
		{"message_not_found", []string{"reactions.add", "channel", slackPub, "timestamp", "1.0", "name", "eyes"}},
		{"no_permission", []string{"reactions.add", "channel", slackLone, "timestamp", "1.0", "name", "eyes"}},
		{"no_reaction", []string{"reactions.remove", "channel", slackPub, "timestamp", ts, "name", "eyes"}},
		{"no_item_specified", []string{"reactions.get"}},
		{"bad_timestamp", []string{"reactions.get", "channel", slackPub, "timestamp", "x"}},
		{"message_not_found", []string{"reactions.get", "channel", slackPub, "timestamp", "1.0"}},
		{"file_not_found", []string{"reactions.get", "file", "F1"}},
		{"user_not_found", []string{"users.info", "user", "U404"}},
		{"no_such_subteam", []string{"usergroups.users.list", "usergroup", "S404"}},
		{"missing_scope", []string{"conversations.join", "channel", slackPub}},
	}
	for _, test := range tests {
		t.Run(test.call[0]+" "+test.want, func(t *testing.T) {
			if said := r.call(test.call[0], test.call[1:]...); said.errorOf() != test.want {
				t.Errorf("%v: %v, want %s", test.call, said.body, test.want)
			}
		})
	}
}

// Without an argument that it needs, a method does nothing and names it.
func TestRequiredArguments(t *testing.T) {
	r := newTestRig(t, Config{Scopes: append(DefaultScopes(), "channels:join")})
	for method, required := range map[string][]string{
		"chat.getPermalink":     {"channel", "message_ts"},
		"chat.postEphemeral":    {"channel", "user"},
		"chat.postMessage":      {"channel"},
		"chat.update":           {"channel", "ts"},
		"conversations.history": {"channel"},
		"conversations.info":    {"channel"},
		"conversations.join":    {"channel"},
		"conversations.replies": {"channel", "ts"},
		"reactions.add":         {"channel", "name", "timestamp"},
		"reactions.remove":      {"name"},
		"usergroups.users.list": {"usergroup"},
		"users.info":            {"user"},
		"views.open":            {"trigger_id", "view"},
		"views.publish":         {"user_id", "view"},
		"views.update":          {"view"},
	} {
		said := r.call(method, "text", "x")
		metadata, _ := said.body["response_metadata"].(map[string]any)
		named := fmt.Sprint(metadata["messages"])
		for _, name := range required {
			if said.errorOf() != "invalid_arguments" || !strings.Contains(named, "missing required field: "+name) {
				t.Errorf("%s without %s: %v", method, name, said.body)
			}
		}
		if strings.Count(named, "missing") != len(required) {
			t.Errorf("%s wants more than %v: %v", method, required, said.body)
		}
	}
}

func TestJoin(t *testing.T) {
	r := newTestRig(t, Config{Scopes: append(DefaultScopes(), "channels:join")})
	if said := r.call("conversations.join", "channel", slackOurs); said.errorOf() != "method_not_supported_for_channel_type" {
		t.Errorf("%v", said.body)
	}
	channel, _, _, err := r.api().JoinConversationContext(r.ctx, slackLone)
	if err != nil || !channel.IsMember {
		t.Fatalf("%+v, %v", channel, err)
	}
	_, warning, _, err := r.api().JoinConversationContext(r.ctx, slackLone)
	if err != nil || warning != "already_in_channel" {
		t.Errorf("warning %q, %v", warning, err)
	}
}

func TestLookups(t *testing.T) {
	r := newTestRig(t, Config{})
	api := r.api()
	r.AddUser(User{ID: "U0GUEST", Name: "gus", UltraRestricted: true, Stranger: true, TeamID: "T0OTHER"})
	r.UpdateUser(slackBen, func(u *User) { u.Deleted = true })
	r.UpdateChannel(slackPub, func(c *Channel) { c.ExtShared = true })
	r.SetUserGroup("S1", slackAnna, slackBen)
	guest, err := api.GetUserInfoContext(r.ctx, "U0GUEST")
	if err != nil || !guest.IsRestricted || !guest.IsUltraRestricted || !guest.IsStranger || guest.TeamID != "T0OTHER" {
		t.Errorf("guest %+v, %v", guest, err)
	}
	ben, err := api.GetUserInfoContext(r.ctx, slackBen)
	if err != nil || !ben.Deleted || ben.TeamID != r.TeamID() {
		t.Errorf("ben %+v, %v", ben, err)
	}
	channel, err := api.GetConversationInfoContext(r.ctx, &slack.GetConversationInfoInput{ChannelID: slackPub, IncludeNumMembers: true})
	if err != nil || !channel.IsMember || !channel.IsExtShared || channel.NumMembers != 3 {
		t.Errorf("channel %+v, %v", channel, err)
	}
	members, err := api.GetUserGroupMembersContext(r.ctx, "S1")
	if err != nil || len(members) != 2 {
		t.Errorf("members %v, %v", members, err)
	}
	r.DisableUserGroups()
	if _, err := api.GetUserGroupMembersContext(r.ctx, "S1"); clientError(err) != "plan_upgrade_required" {
		t.Errorf("err %v", err)
	}
}
