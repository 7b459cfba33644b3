package fakeslack

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// answerFields is where the state of an input element holds its answer.
// Elements with options are not here: theirs is an option object.
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

// isPrefilled tells whether an element has an answer before the person gives one.
func isPrefilled(element map[string]any) bool {
	for name := range element {
		if strings.HasPrefix(name, "initial_") {
			return true
		}
	}
	return false
}

// answerElement is the state of an input element: the given answer, else what
// it was prefilled with, else none.
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
	single := kind == "static_select" || kind == "external_select" || kind == "radio_buttons" || kind == "overflow"
	if given == nil && single {
		answer["selected_option"] = element["initial_option"]
		return answer, nil
	}
	if given == nil {
		answer["selected_options"] = []any{}
		if initial, ok := element["initial_options"]; ok {
			answer["selected_options"] = initial
		}
		return answer, nil
	}
	chosen, err := chooseOptions(element, given)
	switch {
	case err != nil:
		return nil, err
	case !single:
		answer["selected_options"] = chosen
	case len(chosen) == 1:
		answer["selected_option"] = chosen[0]
	default:
		return nil, fmt.Errorf("%v is not one option", given)
	}
	return answer, nil
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
		return nil, fmt.Errorf("%T is no choice of options", given)
	}
	offered := elementOptions(element)
	chosen := []any{}
	for _, value := range wanted {
		option, ok := offered[value]
		if !ok {
			return nil, fmt.Errorf("option %q is not offered, only %q", value, slices.Sorted(maps.Keys(offered)))
		}
		chosen = append(chosen, option)
	}
	return chosen, nil
}

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
