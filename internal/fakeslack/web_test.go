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

func (a webAnswer) errorName() string {
	name, _ := a.body["error"].(string)
	return name
}

// sendRequest sends a request and decodes the answer.
func (r *testRig) sendRequest(req *http.Request) webAnswer {
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

// callMethod calls a method as a form with the bot token. args are a name and a
// value in turn.
func (r *testRig) callMethod(method string, args ...string) webAnswer {
	r.t.Helper()
	form := url.Values{"token": {r.BotToken()}}
	for i := 0; i < len(args); i += 2 {
		form.Set(args[i], args[i+1])
	}
	req, _ := http.NewRequest(http.MethodPost, r.APIURL()+method, strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r.sendRequest(req)
}

// postText posts as the bot.
func (r *testRig) postText(channel, text string, options ...slack.MsgOption) string {
	r.t.Helper()
	_, ts, err := r.apiClient().PostMessageContext(r.ctx, channel, append(options, slack.MsgOptionText(text, false))...)
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
			said := r.sendRequest(req)
			if said.errorName() != test.want || said.status != http.StatusOK {
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
	if _, err := r.apiClient().AuthTestContext(r.ctx); clientError(err) != "token_revoked" {
		t.Errorf("err %v", err)
	}
	r.RestoreBotToken()
	who, err := r.apiClient().AuthTestContext(r.ctx)
	if err != nil || who.UserID != r.BotUserID() || who.BotID != r.BotID() || who.TeamID != r.TeamID() {
		t.Errorf("the bot is %+v, %v", who, err)
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
		{"JSON", "application/json; charset=utf-8", `{"channel":"` + publicID + `","text":"hi","unfurl_links":false}`, ""},
		{"broken JSON", "application/json", `{`, "invalid_json"},
		{"array", "application/json", `[]`, "json_not_object"},
		{"text", "text/plain", `hi`, "invalid_post_type"},
		{"form", "application/x-www-form-urlencoded", "channel=" + publicID + "&text=hi", ""},
		{"broken form", "application/x-www-form-urlencoded", "text=%zz", "invalid_form_data"},
		{"argument name", "application/x-www-form-urlencoded", "a-b=1", "invalid_arg_name"},
		{"missing", "application/x-www-form-urlencoded", "text=hi", "invalid_arguments"},
		{"boolean", "application/x-www-form-urlencoded", "channel=" + publicID + "&text=hi&mrkdwn=maybe", "invalid_arguments"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			req, _ := http.NewRequest(http.MethodPost, r.APIURL()+"chat.postMessage", strings.NewReader(test.body))
			req.Header.Set("Content-Type", test.kind)
			req.Header.Set("Authorization", "Bearer "+r.BotToken())
			if said := r.sendRequest(req); said.errorName() != test.want {
				t.Errorf("the answer is %v, want %q", said.body, test.want)
			}
		})
	}
}

func TestJSONBodyHoldsNoToken(t *testing.T) {
	r := newTestRig(t, Config{})
	req, _ := http.NewRequest(http.MethodPost, r.APIURL()+"auth.test", strings.NewReader(`{"token":"`+r.BotToken()+`"}`))
	req.Header.Set("Content-Type", "application/json")
	if said := r.sendRequest(req); said.errorName() != "not_authed" {
		t.Errorf("the answer is %v", said.body)
	}
}

func TestUnknownArgumentIsAnOddity(t *testing.T) {
	r := newTestRig(t, Config{})
	if said := r.callMethod("auth.test", "color", "red"); said.errorName() != "" {
		t.Fatalf("the answer is %v", said.body)
	}
	if odd := r.journalOf(EntryOddity); len(odd) != 1 || odd[0].Detail != "unknown argument color" {
		t.Errorf("oddities %+v", odd)
	}
}

func TestScopes(t *testing.T) {
	r := newTestRig(t, Config{Scopes: []string{"commands", "users:read"}})
	for method, test := range map[string][]string{
		"chat.postMessage":      {"chat:write", "channel", publicID, "text", "x"},
		"reactions.add":         {"reactions:write", "channel", publicID, "timestamp", "1.0", "name", "x"},
		"reactions.get":         {"reactions:read", "channel", publicID, "timestamp", "1.0"},
		"conversations.info":    {"channels:read", "channel", publicID},
		"conversations.history": {"groups:history", "channel", oursID},
		"conversations.join":    {"channels:join", "channel", publicID},
		"usergroups.users.list": {"usergroups:read", "usergroup", "S1"},
	} {
		said := r.callMethod(method, test[1:]...)
		if said.errorName() != "missing_scope" || said.body["needed"] != test[0] || said.body["provided"] != "commands,users:read" {
			t.Errorf("%s: %v, want %s", method, said.body, test[0])
		}
	}
	if used := r.UsedScopes(); len(used) != 0 {
		t.Errorf("used %v", used)
	}
	r.SetScopes("chat:write", "users:read")
	if said := r.callMethod("chat.postMessage", "channel", publicID, "text", "x"); said.errorName() != "" {
		t.Errorf("the answer is %v", said.body)
	}
	if used := r.UsedScopes(); !slices.Equal(used, []string{"chat:write"}) {
		t.Errorf("used %v", used)
	}
}

func TestRefusals(t *testing.T) {
	r := newTestRig(t, Config{})
	r.AddChannel(Channel{ID: "C0OLD", Name: "old", Archived: true, Members: []string{annaID, r.BotUserID()}})
	ts := r.postText(publicID, "card")
	reply := r.postText(publicID, "reply", slack.MsgOptionTS(ts))
	theirs, err := r.Say(annaID, publicID, "", "hello")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		want string
		call []string
	}{
		{"channel_not_found", []string{"chat.postMessage", "channel", "C404", "text", "x"}},
		{"channel_not_found", []string{"chat.postMessage", "channel", shutID, "text", "x"}},
		{"channel_not_found", []string{"chat.postMessage", "channel", "U404", "text", "x"}},
		{"not_in_channel", []string{"chat.postMessage", "channel", loneID, "text", "x"}},
		{"is_archived", []string{"chat.postMessage", "channel", "C0OLD", "text", "x"}},
		{"no_text", []string{"chat.postMessage", "channel", publicID}},
		{"no_text", []string{"chat.postMessage", "channel", publicID, "blocks", "[]"}},
		{"cannot_reply_to_message", []string{"chat.postMessage", "channel", publicID, "text", "x", "thread_ts", reply}},
		{"markdown_text_conflict", []string{"chat.postMessage", "channel", publicID, "text", "x", "markdown_text", "y"}},
		{"as_user_not_supported", []string{"chat.postMessage", "channel", publicID, "text", "x", "as_user", "true"}},
		{"invalid_attachments", []string{"chat.postMessage", "channel", publicID, "attachments", "{"}},
		{"cant_update_message", []string{"chat.update", "channel", publicID, "ts", theirs, "text", "x"}},
		{"message_not_found", []string{"chat.update", "channel", publicID, "ts", "1.000000", "text", "x"}},
		{"msg_too_long", []string{"chat.update", "channel", publicID, "ts", ts, "text", strings.Repeat("x", 4001)}},
		{"no_text", []string{"chat.update", "channel", publicID, "ts", ts}},
		{"user_not_in_channel", []string{"chat.postEphemeral", "channel", oursID, "user", benID, "text", "x"}},
		{"not_in_channel", []string{"chat.postEphemeral", "channel", loneID, "user", annaID, "text", "x"}},
		{"no_text", []string{"chat.postEphemeral", "channel", publicID, "user", annaID}},
		{"cannot_reply_to_message", []string{"chat.postEphemeral", "channel", publicID, "user", annaID, "text", "x", "thread_ts", reply}},
		{"message_not_found", []string{"chat.getPermalink", "channel", publicID, "message_ts", "1.000000"}},
		{"channel_not_found", []string{"conversations.info", "channel", shutID}},
		{"not_in_channel", []string{"conversations.history", "channel", loneID}},
		{"channel_not_found", []string{"conversations.history", "channel", shutID}},
		{"invalid_ts_oldest", []string{"conversations.history", "channel", publicID, "oldest", "yesterday"}},
		{"invalid_ts_latest", []string{"conversations.history", "channel", publicID, "latest", "now"}},
		{"invalid_cursor", []string{"conversations.history", "channel", publicID, "cursor", "x"}},
		{"invalid_arguments", []string{"conversations.history", "channel", publicID, "limit", "many"}},
		{"thread_not_found", []string{"conversations.replies", "channel", publicID, "ts", "1.000000"}},
		{"invalid_name", []string{"reactions.add", "channel", publicID, "timestamp", ts, "name", ":eyes:"}},
		{"bad_timestamp", []string{"reactions.add", "channel", publicID, "timestamp", "x", "name", "eyes"}},
		{"message_not_found", []string{"reactions.add", "channel", publicID, "timestamp", "1.0", "name", "eyes"}},
		{"no_permission", []string{"reactions.add", "channel", loneID, "timestamp", "1.0", "name", "eyes"}},
		{"no_reaction", []string{"reactions.remove", "channel", publicID, "timestamp", ts, "name", "eyes"}},
		{"no_item_specified", []string{"reactions.get"}},
		{"bad_timestamp", []string{"reactions.get", "channel", publicID, "timestamp", "x"}},
		{"message_not_found", []string{"reactions.get", "channel", publicID, "timestamp", "1.0"}},
		{"file_not_found", []string{"reactions.get", "file", "F1"}},
		{"user_not_found", []string{"users.info", "user", "U404"}},
		{"no_such_subteam", []string{"usergroups.users.list", "usergroup", "S404"}},
		{"missing_scope", []string{"conversations.join", "channel", publicID}},
	}
	for _, test := range tests {
		t.Run(test.call[0]+" "+test.want, func(t *testing.T) {
			if said := r.callMethod(test.call[0], test.call[1:]...); said.errorName() != test.want {
				t.Errorf("%v: %v, want %s", test.call, said.body, test.want)
			}
		})
	}
}

// Without a required argument a method does nothing and names the argument.
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
		said := r.callMethod(method, "text", "x")
		metadata, _ := said.body["response_metadata"].(map[string]any)
		named := fmt.Sprint(metadata["messages"])
		for _, name := range required {
			if said.errorName() != "invalid_arguments" || !strings.Contains(named, "missing required field: "+name) {
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
	if said := r.callMethod("conversations.join", "channel", oursID); said.errorName() != "method_not_supported_for_channel_type" {
		t.Errorf("the answer is %v", said.body)
	}
	channel, _, _, err := r.apiClient().JoinConversationContext(r.ctx, loneID)
	if err != nil || !channel.IsMember {
		t.Fatalf("the channel is %+v, %v", channel, err)
	}
	_, warning, _, err := r.apiClient().JoinConversationContext(r.ctx, loneID)
	if err != nil || warning != "already_in_channel" {
		t.Errorf("warning %q, %v", warning, err)
	}
}

func TestLookups(t *testing.T) {
	r := newTestRig(t, Config{})
	api := r.apiClient()
	r.AddUser(User{ID: "U0GUEST", Name: "gus", UltraRestricted: true, Stranger: true, TeamID: "T0OTHER"})
	r.UpdateUser(benID, func(u *User) { u.Deleted = true })
	r.UpdateChannel(publicID, func(c *Channel) { c.ExtShared = true })
	r.SetUserGroup("S1", annaID, benID)
	guest, err := api.GetUserInfoContext(r.ctx, "U0GUEST")
	if err != nil || !guest.IsRestricted || !guest.IsUltraRestricted || !guest.IsStranger || guest.TeamID != "T0OTHER" {
		t.Errorf("guest %+v, %v", guest, err)
	}
	ben, err := api.GetUserInfoContext(r.ctx, benID)
	if err != nil || !ben.Deleted || ben.TeamID != r.TeamID() {
		t.Errorf("ben %+v, %v", ben, err)
	}
	channel, err := api.GetConversationInfoContext(r.ctx, &slack.GetConversationInfoInput{ChannelID: publicID, IncludeNumMembers: true})
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
