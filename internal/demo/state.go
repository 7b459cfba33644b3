package demo

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"licensebot/internal/emoji"
	"licensebot/internal/fakeslack"
	"licensebot/internal/fakeuipath"
)

const (
	commandName = "/allocate"
	keptCalls   = 200
	keptErrors  = 50
)

// stateAnswer is the state of everything, as /api/state gives it.
type stateAnswer struct {
	Seq   int       `json:"seq"`
	Now   time.Time `json:"now"`
	Clock struct {
		AheadSeconds int64 `json:"ahead_seconds"`
	} `json:"clock"`
	Mode         string            `json:"mode"`
	BotConnected bool              `json:"bot_connected"`
	Slack        *slackState       `json:"slack,omitempty"`
	UiPath       *uipathState      `json:"uipath,omitempty"`
	Bot          *botState         `json:"bot,omitempty"`
	Weather      []weatherState    `json:"weather,omitempty"`
	Stories      []storyState      `json:"stories,omitempty"`
	Story        *sceneState       `json:"story"`
	Trouble      string            `json:"trouble"`
	Emoji        map[string]string `json:"emoji,omitempty"`
}

// serveState answers the state, or the sections that are named.
func (s *Sandbox) serveState(w http.ResponseWriter, r *http.Request) {
	wanted := sections
	if named := r.URL.Query().Get("sections"); named != "" {
		wanted = strings.Split(named, ",")
	}
	for _, section := range wanted {
		if !slices.Contains(sections, section) {
			answerError(w, badRequest("there is no section %q; there are %s", section, strings.Join(sections, ", ")))
			return
		}
	}
	seq, _, _ := s.events.since(0) // before the rest, which may be newer
	state := stateAnswer{Seq: seq, Now: s.clock.Now(), Mode: "web", BotConnected: s.slack.Connections() > 0}
	state.Clock.AheadSeconds = int64(s.clock.Ahead() / time.Second)
	if s.options.Bot == nil {
		state.Mode = "fakes"
	}
	s.mu.Lock()
	state.Story, state.Trouble = s.scene, s.trouble
	s.mu.Unlock()
	for _, section := range wanted {
		switch section {
		case "slack":
			state.Slack, state.Emoji = s.readSlack(), emojiCharacters
		case "uipath":
			state.UiPath = s.readUiPath()
		case "bot":
			state.Bot = s.readBot(r)
		case "weather":
			state.Weather, state.Stories = s.readWeather(), listStories()
		}
	}
	answerJSON(w, http.StatusOK, state)
}

// emojiCharacters are the emoji that the page offers or that the bot uses. The page
// shows another one by its name.
var emojiCharacters = func() map[string]string {
	all := map[string]string{}
	for _, name := range []string{
		"white_check_mark", "x", "eyes", "+1", "-1", "tada", "heart", "joy", "thinking_face", "warning", "zzz",
		"hourglass_flowing_sand", "arrows_counterclockwise", "checkered_flag", "robot_face", "key", "lock", "bell",
		"no_entry_sign", "heavy_check_mark", "question", "rocket", "wave", "pray",
	} {
		all[name] = emoji.Expand(":" + name + ":")
	}
	return all
}()

type slackState struct {
	People     []personState        `json:"people"`
	Bot        personState          `json:"bot"`
	Channels   []channelState       `json:"channels"`
	Messages   []messageState       `json:"messages"`
	Ephemerals []ephemeralState     `json:"ephemerals"`
	Homes      map[string]viewState `json:"homes"`
	Views      []viewState          `json:"views"`
	Shortcuts  []shortcutState      `json:"shortcuts"`
	Command    string               `json:"command"`
	Errors     []slackError         `json:"errors"`
}

type personState struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Role string `json:"role"`
	Note string `json:"note"`
}

type channelState struct {
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	Members []string `json:"members"`
}

type messageState struct {
	Channel   string          `json:"channel"`
	TS        string          `json:"ts"`
	ThreadTS  string          `json:"thread_ts"`
	User      string          `json:"user"`
	Text      string          `json:"text"`
	Blocks    json.RawMessage `json:"blocks"`
	Edited    bool            `json:"edited"`
	Broadcast bool            `json:"broadcast"`
	Reactions []reactionState `json:"reactions"`
	EventType string          `json:"event_type"`
}

type reactionState struct {
	Name  string   `json:"name"`
	Users []string `json:"users"`
}

type ephemeralState struct {
	ID       int             `json:"id"`
	Channel  string          `json:"channel"`
	User     string          `json:"user"`
	ThreadTS string          `json:"thread_ts"`
	Text     string          `json:"text"`
	Blocks   json.RawMessage `json:"blocks"`
	At       time.Time       `json:"at"`
}

type viewState struct {
	ID     string            `json:"id"`
	User   string            `json:"user"`
	Title  string            `json:"title"`
	Submit string            `json:"submit"`
	Close  string            `json:"close"`
	Blocks json.RawMessage   `json:"blocks"`
	Errors map[string]string `json:"errors"`
}

type shortcutState struct {
	CallbackID string `json:"callback_id"`
	Name       string `json:"name"`
}

type slackError struct {
	At     time.Time `json:"at"`
	Method string    `json:"method"`
	Error  string    `json:"error"`
	Detail string    `json:"detail"`
}

func (s *Sandbox) readSlack() *slackState {
	bot := s.slack.BotUserID()
	state := &slackState{
		Bot: personState{ID: bot, Name: "licensebot", Role: "bot"}, People: []personState{}, Channels: []channelState{},
		Messages: []messageState{}, Ephemerals: []ephemeralState{}, Homes: map[string]viewState{}, Views: []viewState{},
		Shortcuts: []shortcutState{{CallbackID: "allocate_open", Name: "Ask for licenses"}}, Command: commandName,
		Errors: s.listRefusals(),
	}
	for _, c := range s.slack.Channels() {
		state.Channels = append(state.Channels, channelState{ID: c.ID, Name: c.Name, Members: c.Members})
		state.addMessages(c.ID, bot, s.slack.AllMessages(c.ID))
	}
	for _, p := range cast {
		state.People = append(state.People, personState{p.id, p.name, p.role, p.note})
		state.addMessages("D:"+p.id, bot, s.slack.DirectMessages(p.id))
		state.addEphemerals(p.id, s.slack.Ephemerals(p.id))
		for _, v := range s.slack.Views(p.id) {
			state.Views = append(state.Views, showView(v))
		}
		if home, ok := s.slack.Home(p.id); ok {
			state.Homes[p.id] = showView(home)
		}
	}
	slices.SortStableFunc(state.Messages, func(a, b messageState) int { return cmp.Compare(a.TS, b.TS) })
	return state
}

func (state *slackState) addMessages(channel, bot string, messages []fakeslack.Message) {
	for _, m := range messages {
		shown := messageState{
			Channel: channel, TS: m.TS, ThreadTS: m.ThreadTS, User: cmp.Or(m.User, bot), Text: m.Text,
			Blocks: orEmptyList(m.Blocks), Edited: m.Edited, Broadcast: m.Broadcast, Reactions: []reactionState{},
		}
		if m.Metadata != nil {
			shown.EventType = m.Metadata.EventType
		}
		for _, r := range m.Reactions {
			shown.Reactions = append(shown.Reactions, reactionState{r.Name, r.Users})
		}
		state.Messages = append(state.Messages, shown)
	}
}

// addEphemerals adds what a person alone sees. One that replaced another stands in its
// place.
func (state *slackState) addEphemerals(user string, all []fakeslack.Ephemeral) {
	for _, e := range all {
		shown := ephemeralState{
			ID: len(state.Ephemerals) + 1, Channel: e.Channel, User: user, ThreadTS: e.ThreadTS, Text: e.Text,
			Blocks: orEmptyList(e.Blocks), At: e.At,
		}
		if user, isDirect := strings.CutPrefix(e.Channel, "D"); isDirect && fakeslack.DirectChannel("U"+user) == e.Channel {
			shown.Channel = "D:U" + user
		}
		state.Ephemerals = append(state.Ephemerals, shown)
	}
}

func showView(v fakeslack.View) viewState {
	errs := v.Errors
	if errs == nil {
		errs = map[string]string{}
	}
	return viewState{
		ID: v.ID, User: v.User, Title: v.Label("title"), Submit: v.Label("submit"), Close: v.Label("close"),
		Blocks: orEmptyList(v.Blocks), Errors: errs,
	}
}

func orEmptyList(blocks json.RawMessage) json.RawMessage {
	if len(blocks) == 0 || string(blocks) == "null" {
		return json.RawMessage("[]")
	}
	return blocks
}

// listRefusals lists what the app sent that Slack cannot show.
func (s *Sandbox) listRefusals() []slackError {
	errs := []slackError{}
	for _, call := range s.slack.Calls("") {
		if strings.HasPrefix(call.Error, "invalid_") || call.Error == "msg_too_long" || call.Error == "view_too_large" {
			detail := cmp.Or(call.Args["view"], call.Args["blocks"], call.Args["payload"], call.Args["text"])
			errs = append(errs, slackError{call.At, call.Method, call.Error, detail})
		}
	}
	for _, e := range s.slack.Journal() {
		if e.Kind == fakeslack.EntryOddity && e.Type == "ack payload" {
			errs = append(errs, slackError{e.At, "answer", "invalid_response", e.Detail})
		}
	}
	slices.SortStableFunc(errs, func(a, b slackError) int { return a.At.Compare(b.At) })
	return errs[max(0, len(errs)-keptErrors):]
}

type uipathState struct {
	Groups   []groupState   `json:"groups"`
	Licenses []licenseState `json:"licenses"`
	Calls    []callState    `json:"calls"`
}

type groupState struct {
	ID       string         `json:"id"`
	Name     string         `json:"name"`
	Codes    []string       `json:"codes"`
	Quotas   map[string]int `json:"quotas"`
	Usage    map[string]int `json:"usage"`
	External bool           `json:"external"`
}

type licenseState struct {
	Code  string `json:"code"`
	Name  string `json:"name"`
	Owned int    `json:"owned"`
	Used  int    `json:"used"`
}

type callState struct {
	Seq       int       `json:"seq"`
	At        time.Time `json:"at"`
	Operation string    `json:"operation"`
	Method    string    `json:"method"`
	Path      string    `json:"path"`
	Body      string    `json:"body"`
	Status    int       `json:"status"`
	Answer    string    `json:"answer"`
	TookMS    int64     `json:"took_ms"`
	Changed   bool      `json:"changed"`
	Faulted   bool      `json:"faulted"`
	After     []string  `json:"after"`
}

func (s *Sandbox) readUiPath() *uipathState {
	state := &uipathState{Groups: []groupState{}, Licenses: []licenseState{}, Calls: []callState{}}
	for _, g := range s.uipath.Groups() {
		state.Groups = append(state.Groups, groupState{
			ID: g.ID, Name: g.Name, Codes: append([]string{}, g.Codes...), Quotas: g.Quotas, Usage: g.Usage,
			External: g.External,
		})
	}
	for _, owned := range s.uipath.Owned() {
		state.Licenses = append(state.Licenses,
			licenseState{Code: owned.Code, Name: s.options.CodeName(owned.Code), Owned: owned.Total, Used: owned.Used})
	}
	calls := s.uipath.Calls("")
	for _, c := range calls[max(0, len(calls)-keptCalls):] {
		state.Calls = append(state.Calls, showCall(c))
	}
	return state
}

func showCall(c fakeuipath.Call) callState {
	path := c.Path
	if c.Query != "" {
		path += "?" + c.Query
	}
	return callState{
		Seq: c.Seq, At: c.At, Operation: c.Operation, Method: c.Method, Path: path, Body: c.Body, Status: c.Status,
		Answer: strings.TrimSpace(c.Answer), TookMS: c.Dur.Milliseconds(), Changed: c.Changed, Faulted: c.Faulted,
		After: append([]string{}, c.After...),
	}
}

type botState struct {
	Process string `json:"process"`
	Exit    string `json:"exit"`
	PID     int    `json:"pid"`
	botHealth
	Log []logLine `json:"log"`
	Records
}

// readBot reads the state of the bot and, where its database is there, its records.
func (s *Sandbox) readBot(r *http.Request) *botState {
	state := &botState{}
	state.Process, state.Exit, state.PID, state.botHealth, state.Log = s.bot.read()
	state.Checks = append([]botCheck{}, state.Checks...)
	if _, err := os.Stat(s.databaseFile()); err == nil && s.options.Bot != nil {
		s.refreshRecords(r.Context())
	}
	s.mu.Lock()
	state.Records = s.records
	s.mu.Unlock()
	state.Jobs = append([]JobRecord{}, state.Jobs...)
	state.Requests = append([]RequestRecord{}, state.Requests...)
	state.Journal = append([]JournalRecord{}, state.Journal...)
	return state
}

// refreshRecords reads the records. If they cannot be read, the last ones stay: while
// the bot makes its tables, there are none.
func (s *Sandbox) refreshRecords(ctx context.Context) {
	records, err := s.options.ReadRecords(ctx, s.databaseFile())
	if err != nil {
		return
	}
	s.mu.Lock()
	s.records = records
	s.mu.Unlock()
}

type weatherState struct {
	Name   string `json:"name"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
	Side   string `json:"side"`
	On     bool   `json:"on"`
}

func (s *Sandbox) readWeather() []weatherState {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []weatherState
	for _, w := range weathers() {
		all = append(all, weatherState{w.name, w.title, w.detail, w.side, s.weather[w.name]})
	}
	return all
}

// servePolicy answers the policy file with its problems.
func (s *Sandbox) servePolicy(w http.ResponseWriter, _ *http.Request) {
	text, err := os.ReadFile(s.policyFile())
	if err != nil {
		answerError(w, problemError{http.StatusInternalServerError, err})
		return
	}
	answerJSON(w, http.StatusOK, map[string]any{"text": string(text), "problems": s.checkPolicy(string(text))})
}
