package demo

import (
	"net/http"
	"strings"

	"licensebot/internal/fakeslack"
)

// slackErrors are Slack's own sentences for what went wrong between it and the app.
var slackErrors = map[string]string{
	"dispatch_failed":          "/allocate failed because the app did not respond.",
	"operation_timeout":        "/allocate failed with the error \"operation_timeout\".",
	"invalid_command_response": "/allocate failed because the app's answer is invalid.",
	"invalid_response":         "We had some trouble connecting. Try again?",
}

// shown is what a person sees of an action.
type shown struct {
	Error   string            `json:"error"`
	Message string            `json:"message"`
	Text    string            `json:"text,omitempty"`
	Action  string            `json:"action,omitempty"`
	Errors  map[string]string `json:"errors,omitempty"`
}

func showInteraction(done fakeslack.Interacted, err error) (any, error) {
	message := slackErrors[done.Error]
	if done.Error == "dispatch_failed" || done.Error == "operation_timeout" {
		message = slackErrors["invalid_response"]
	}
	return shown{Error: done.Error, Message: message, Action: done.Action, Errors: done.Errors}, err
}

// conversationOf is the id of a channel. D:U0ROBIN stands for the bot's direct messages
// with Robin.
func conversationOf(channel string) string {
	if user, isDirect := strings.CutPrefix(channel, "D:"); isDirect {
		return fakeslack.DirectChannel(user)
	}
	return channel
}

type reactionBody struct {
	User    string `json:"user"`
	Channel string `json:"channel"`
	TS      string `json:"ts"`
	Name    string `json:"name"`
}

// routeSlack routes what people do in Slack.
func (s *Sandbox) routeSlack(mux *http.ServeMux) {
	handle(mux, "POST /api/slack/command", s.typeCommand)
	handle(mux, "POST /api/slack/message", s.sayMessage)
	handle(mux, "POST /api/slack/react", func(_ *http.Request, b reactionBody) (any, error) {
		return done(s.slack.React(b.User, conversationOf(b.Channel), b.TS, b.Name))
	})
	handle(mux, "POST /api/slack/unreact", func(_ *http.Request, b reactionBody) (any, error) {
		return done(s.slack.Unreact(b.User, conversationOf(b.Channel), b.TS, b.Name))
	})
	handle(mux, "POST /api/slack/click", s.clickMessage)
	handle(mux, "POST /api/slack/click-view", s.clickView)
	handle(mux, "POST /api/slack/submit", s.submitView)
	handle(mux, "POST /api/slack/close-view", s.closeView)
	handle(mux, "POST /api/slack/suggest", s.suggestOptions)
	handle(mux, "POST /api/slack/open-home", s.openHome)
	handle(mux, "POST /api/slack/shortcut", s.useShortcut)
}

func (s *Sandbox) typeCommand(r *http.Request, body struct {
	User    string `json:"user"`
	Channel string `json:"channel"`
	Text    string `json:"text"`
}) (any, error) {
	text := strings.TrimSpace(strings.TrimPrefix(body.Text, commandName))
	typed, err := s.slack.Command(r.Context(), body.User, conversationOf(body.Channel), commandName, text)
	return shown{Error: typed.Error, Message: slackErrors[typed.Error], Text: typed.Response}, err
}

func (s *Sandbox) sayMessage(_ *http.Request, body struct {
	User     string `json:"user"`
	Channel  string `json:"channel"`
	ThreadTS string `json:"thread_ts"`
	Text     string `json:"text"`
}) (any, error) {
	ts, err := s.slack.Say(body.User, conversationOf(body.Channel), body.ThreadTS, body.Text)
	return map[string]string{"ts": ts}, err
}

func (s *Sandbox) clickMessage(r *http.Request, body struct {
	User     string `json:"user"`
	Channel  string `json:"channel"`
	TS       string `json:"ts"`
	ActionID string `json:"action_id"`
	Value    string `json:"value"`
}) (any, error) {
	return showInteraction(s.slack.Click(
		r.Context(), body.User, conversationOf(body.Channel), body.TS, body.ActionID, body.Value))
}

func (s *Sandbox) clickView(r *http.Request, body struct {
	User     string `json:"user"`
	ViewID   string `json:"view_id"`
	ActionID string `json:"action_id"`
	Value    string `json:"value"`
}) (any, error) {
	return showInteraction(s.slack.ClickView(r.Context(), body.User, body.ViewID, body.ActionID, body.Value))
}

func (s *Sandbox) submitView(r *http.Request, body struct {
	User   string                    `json:"user"`
	ViewID string                    `json:"view_id"`
	Values map[string]map[string]any `json:"values"`
}) (any, error) {
	for _, answers := range body.Values {
		for id, value := range answers {
			if list, isList := value.([]any); isList {
				answers[id] = toStrings(list)
			}
		}
	}
	return showInteraction(s.slack.Submit(r.Context(), body.User, body.ViewID, body.Values))
}

// toStrings is what fakeslack takes for several choices.
func toStrings(list []any) []string {
	chosen := make([]string, 0, len(list))
	for _, item := range list {
		text, _ := item.(string)
		chosen = append(chosen, text)
	}
	return chosen
}

func (s *Sandbox) closeView(_ *http.Request, body struct {
	User   string `json:"user"`
	ViewID string `json:"view_id"`
}) (any, error) {
	return done(s.slack.CloseView(body.User, body.ViewID))
}

type optionAnswer struct {
	Text        string `json:"text"`
	Description string `json:"description"`
	Value       string `json:"value"`
}

func (s *Sandbox) suggestOptions(r *http.Request, body struct {
	User     string `json:"user"`
	ViewID   string `json:"view_id"`
	ActionID string `json:"action_id"`
	Query    string `json:"query"`
}) (any, error) {
	found, err := s.slack.Suggest(r.Context(), body.User, body.ViewID, body.ActionID, body.Query)
	options := []optionAnswer{}
	for _, option := range found.Options {
		options = append(options, optionAnswer(option))
	}
	message := ""
	if found.Error != "" {
		message = "Slack could not load the options."
	}
	return map[string]any{"error": found.Error, "message": message, "options": options}, err
}

func (s *Sandbox) openHome(_ *http.Request, body struct {
	User string `json:"user"`
}) (any, error) {
	return done(s.slack.OpenHome(body.User))
}

func (s *Sandbox) useShortcut(r *http.Request, body struct {
	User       string `json:"user"`
	CallbackID string `json:"callback_id"`
}) (any, error) {
	return showInteraction(s.slack.Shortcut(r.Context(), body.User, body.CallbackID))
}
