package fakeslack

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// answerFields names the fields that hold an answer, by type of input element:
// the one in the element's state and the one for its initial value. Elements
// with options are missing here, because their answer is an option object.
var answerFields = map[string][2]string{ // state, initial
	"plain_text_input":     {"value", "initial_value"},
	"number_input":         {"value", "initial_value"},
	"email_text_input":     {"value", "initial_value"},
	"url_text_input":       {"value", "initial_value"},
	"users_select":         {"selected_user", "initial_user"},
	"multi_users_select":   {"selected_users", "initial_users"},
	"channels_select":      {"selected_channel", "initial_channel"},
	"conversations_select": {"selected_conversation", "initial_conversation"},
	"datepicker":           {"selected_date", "initial_date"},
	"timepicker":           {"selected_time", "initial_time"},
}

// isPrefilled tells whether an element has an answer before the person gives
// one.
func isPrefilled(element map[string]any) bool {
	for name := range element {
		if strings.HasPrefix(name, "initial_") {
			return true
		}
	}
	return false
}

// answerElement is the state of an input element: the given answer, or the
// initial one, or none.
func answerElement(element map[string]any, given any) (map[string]any, error) {
	if ready, ok := given.(map[string]any); ok {
		return ready, nil
	}
	kind, _ := element["type"].(string)
	answer := map[string]any{"type": kind}
	if fields, ok := answerFields[kind]; ok {
		answer[fields[0]] = given
		if given == nil {
			answer[fields[0]] = element[fields[1]]
		}
		return answer, nil
	}
	if slices.Contains(singleChoices, kind) {
		var err error
		answer["selected_option"], err = chooseOne(element, given)
		return answer, err
	}
	chosen, err := chooseSeveral(element, given)
	answer["selected_options"] = chosen
	return answer, err
}

// singleChoices are the elements with options that take one choice.
var singleChoices = []string{"static_select", "external_select", "radio_buttons", "overflow"}

// chooseOne is the option with the given value, or the initial option.
func chooseOne(element map[string]any, given any) (any, error) {
	if given == nil {
		return element["initial_option"], nil
	}
	chosen, err := chooseOptions(element, given)
	if err != nil {
		return nil, err
	}
	if len(chosen) != 1 {
		return nil, fmt.Errorf("%v is not one option", given)
	}
	return chosen[0], nil
}

// chooseSeveral is the options with the given values, or the initial options.
func chooseSeveral(element map[string]any, given any) (any, error) {
	if given != nil {
		return chooseOptions(element, given)
	}
	if initial, ok := element["initial_options"]; ok {
		return initial, nil
	}
	return []any{}, nil
}

// chooseOptions finds the options with the given values.
func chooseOptions(element map[string]any, given any) ([]any, error) {
	var wanted []string
	switch given := given.(type) {
	case string:
		wanted = []string{given}
	case []string:
		wanted = given
	default:
		return nil, fmt.Errorf("%T is not a choice of options", given)
	}
	offered := elementOptions(element)
	chosen := []any{}
	for _, value := range wanted {
		option, ok := offered[value]
		if !ok {
			return nil, fmt.Errorf("option %q is not among the offered %q", value, slices.Sorted(maps.Keys(offered)))
		}
		chosen = append(chosen, option)
	}
	return chosen, nil
}

// elementOptions is what an element offers, by value.
func elementOptions(element map[string]any) map[string]any {
	offered := map[string]any{}
	take := func(options any) {
		list, _ := options.([]any)
		for _, option := range list {
			fields, _ := option.(map[string]any)
			value, _ := fields["value"].(string)
			offered[value] = option
		}
	}
	take(element["options"])
	groups, _ := element["option_groups"].([]any)
	for _, group := range groups {
		fields, _ := group.(map[string]any)
		take(fields["options"])
	}
	return offered
}

// answerState turns a person's answers into view.state.values.
func (v *View) answerState(values map[string]map[string]any) (map[string]any, error) {
	state := map[string]any{}
	used := 0
	for _, block := range decodeBlocks(v.Blocks) {
		if block["type"] != "input" {
			continue
		}
		id, _ := block["block_id"].(string)
		element, _ := block["element"].(map[string]any)
		action, _ := element["action_id"].(string)
		given, ok := values[id][action]
		if ok {
			used++
		} else if block["optional"] != true && !isPrefilled(element) {
			return nil, fmt.Errorf("fakeslack: input block %q must be answered", id)
		}
		answer, err := answerElement(v.withOfferedOptions(element), given)
		if err != nil {
			return nil, fmt.Errorf("fakeslack: input block %q: %w", id, err)
		}
		state[id] = map[string]any{action: answer}
	}
	for _, actions := range values {
		used -= len(actions)
	}
	if used != 0 {
		return nil, fmt.Errorf("fakeslack: some of the values %v belong to no input of the view", values)
	}
	return state, nil
}

// isExternal tells whether the app supplies the options of a select.
func isExternal(element map[string]any) bool {
	return element["type"] == "external_select" || element["type"] == "multi_external_select"
}

// withOfferedOptions is the element with the options that its type-ahead has
// offered so far.
func (v *View) withOfferedOptions(element map[string]any) map[string]any {
	if !isExternal(element) {
		return element
	}
	actionID, _ := element["action_id"].(string)
	element = maps.Clone(element)
	element["options"] = slices.Collect(maps.Values(v.offered[actionID]))
	return element
}

// findElement finds an interactive element by its action id, and the block
// around it.
func findElement(blocks json.RawMessage, actionID string) (block, element map[string]any) {
	for _, block := range decodeBlocks(blocks) {
		elements, _ := block["elements"].([]any)
		for _, candidate := range append(elements, block["accessory"]) {
			if element, ok := candidate.(map[string]any); ok && element["action_id"] == actionID {
				return block, element
			}
		}
	}
	return nil, nil
}

// decodeBlocks reads blocks that were checked when they came in.
func decodeBlocks(raw json.RawMessage) []map[string]any {
	var blocks []map[string]any
	_ = json.Unmarshal(raw, &blocks) // checked when they came in
	return blocks
}

func isInput(block any) bool {
	fields, _ := block.(map[string]any)
	return fields["type"] == "input"
}
