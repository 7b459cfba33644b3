package fakeslack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"unicode/utf8"
)

// Suggested is the result of typing into a select with a type-ahead, as the
// person sees it.
type Suggested struct {
	EnvelopeID string
	// Error is what Slack shows instead of options: dispatch_failed,
	// operation_timeout or invalid_response. "" means success.
	Error   string
	Options []SelectOption
}

// SelectOption is one option of a select.
type SelectOption struct{ Text, Description, Value string }

// suggestionShape is the answer to a block_suggestion. Unlike elsewhere, its
// texts are plain and it may have no options.
var suggestionShape = objectOf(objectShape{
	"options":       may(listOf(0, 100, suggestedOption)),
	"option_groups": may(listOf(0, 100, suggestedGroup)),
})

var suggestedGroup = objectOf(objectShape{
	"label": need(plainText(75)), "options": need(listOf(0, 100, suggestedOption)),
})

var suggestedOption = objectOf(objectShape{
	"text": need(plainText(75)), "value": need(stringOf(1, 150)), "description": may(plainText(75)),
	"url": may(stringOf(1, 3000)),
})

// defaultMinQuery is min_query_length when the app gives none.
const defaultMinQuery = 3

// Suggest makes a person type into a select, and shows the options of the app. Submit
// can then choose one of them. A query shorter than min_query_length is an error,
// because Slack would not send it.
func (s *Server) Suggest(ctx context.Context, user, viewID, actionID, query string) (Suggested, error) {
	s.lock.Lock()
	v := s.findView(viewID, "")
	if v == nil || v.User != user {
		s.lock.Unlock()
		return Suggested{}, apiError("not_found")
	}
	block, element := v.findExternalSelect(actionID)
	if element == nil {
		s.lock.Unlock()
		return Suggested{}, fmt.Errorf("fakeslack: the view has no select %q with options from the app", actionID)
	}
	if least := minQueryLength(element); utf8.RuneCountInString(query) < least {
		s.lock.Unlock()
		return Suggested{}, fmt.Errorf("fakeslack: %q is shorter than min_query_length %d", query, least)
	}
	payload := s.interactionPayload("block_suggestion", user)
	payload["container"] = map[string]any{"type": "view", "view_id": v.ID}
	payload["view"] = s.renderView(v)
	payload["block_id"], payload["action_id"], payload["value"] = block["block_id"], actionID, query
	env := s.startInteraction(payload)
	s.lock.Unlock()

	var out Suggested
	done, err := s.finishInteraction(ctx, env, func(shown *Interacted) {
		if out.Options, shown.Error = v.keepOffered(actionID, env.payload); shown.Error != "" {
			s.addEntry(Entry{
				Kind: EntryOddity, Envelope: env.id, Type: "ack payload", Detail: "no options that Slack can show",
				Payload: env.payload,
			})
		}
	})
	out.EnvelopeID, out.Error = done.EnvelopeID, done.Error
	return out, err
}

// findExternalSelect finds a select with options from the app.
func (v *View) findExternalSelect(actionID string) (block, element map[string]any) {
	for _, block := range decodeBlocks(v.Blocks) {
		elements, _ := block["elements"].([]any)
		for _, candidate := range append(elements, block["accessory"], block["element"]) {
			element, _ := candidate.(map[string]any)
			if isExternal(element) && element["action_id"] == actionID {
				return block, element
			}
		}
	}
	return nil, nil
}

func minQueryLength(element map[string]any) int {
	if least, ok := element["min_query_length"].(float64); ok {
		return int(least)
	}
	return defaultMinQuery
}

// keepOffered checks the answer to a block_suggestion and keeps what it offers.
func (v *View) keepOffered(actionID string, payload json.RawMessage) (shown []SelectOption, problem string) {
	options, err := suggestedOptions(payload)
	if err != nil {
		return nil, "invalid_response"
	}
	offered := map[string]any{}
	maps.Copy(offered, v.offered[actionID])
	for _, option := range options {
		fields := option.(map[string]any)
		value := fields["value"].(string)
		offered[value] = option
		shown = append(shown, SelectOption{
			Text: readPlainText(fields["text"]), Description: readPlainText(fields["description"]), Value: value,
		})
	}
	if v.offered == nil {
		v.offered = map[string]map[string]any{}
	}
	v.offered[actionID] = offered
	return shown, ""
}

func suggestedOptions(payload json.RawMessage) ([]any, error) {
	var answer map[string]any
	if err := json.Unmarshal(payload, &answer); err != nil {
		return nil, err
	}
	if problems := suggestionShape(answer, ""); len(problems) > 0 {
		return nil, errors.New(problems[0])
	}
	options, given := answer["options"].([]any)
	groups, grouped := answer["option_groups"].([]any)
	if given == grouped {
		return nil, errors.New("must have either options or option_groups")
	}
	for _, group := range groups {
		inside, _ := group.(map[string]any)["options"].([]any)
		options = append(options, inside...)
	}
	return options, nil
}

func readPlainText(object any) string {
	fields, _ := object.(map[string]any)
	text, _ := fields["text"].(string)
	return text
}
