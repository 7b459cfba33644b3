package fakeslack

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// slackBlockRules say which blocks a surface takes, and how many.
type slackBlockRules struct {
	max   int
	types []string
}

// The surfaces. The newest blocks (card, carousel, data_table, ...) are left
// out: workspaces that have not got them refuse them, so the bot must not
// depend on them. An alert block exists in modals only.
var (
	slackMessageBlocks = slackBlockRules{max: 50, types: []string{
		"actions", "context", "context_actions", "divider", "header", "image", "input", "markdown", "rich_text",
		"section", "table", "video",
	}}
	slackModalBlocks = slackBlockRules{max: 100, types: []string{
		"actions", "alert", "context", "divider", "header", "image", "input", "rich_text", "section", "video",
	}}
	slackHomeBlocks = slackBlockRules{max: 100, types: []string{
		"actions", "context", "divider", "header", "image", "input", "rich_text", "section", "video",
	}}
)

var (
	slackOption = object(slackShape{
		"text": need(anyText(75)), "value": need(str(1, 150)), "description": may(anyText(75)), "url": may(str(1, 3000)),
	})
	slackOptionGroup = object(slackShape{"label": need(plain(75)), "options": need(list(1, 100, slackOption))})
	slackConfirm     = object(slackShape{
		"title": need(plain(100)), "text": need(anyText(300)), "confirm": need(plain(30)), "deny": need(plain(30)),
		"style": may(oneOf("primary", "danger")),
	})
	slackStyle = may(oneOf("primary", "danger"))
)

// withActionID adds what all interactive elements have.
func withActionID(shape slackShape) slackShape {
	shape["action_id"] = may(str(1, 255))
	shape["focus_on_load"] = may(boolean)
	return shape
}

// menu is a select menu: what all of them have, and what one has of its own.
func menu(own slackShape) slackShape {
	shape := slackShape{"placeholder": may(plain(150)), "confirm": may(slackConfirm)}
	maps.Copy(shape, own)
	return withActionID(shape)
}

// textInput is an input element that takes text.
func textInput(own slackShape) slackShape {
	shape := slackShape{
		"placeholder": may(plain(150)), "initial_value": may(str(0, 3000)), "dispatch_action_config": may(anything),
	}
	maps.Copy(shape, own)
	return withActionID(shape)
}

var slackElements = map[string]slackShape{
	"button": withActionID(slackShape{
		"text": need(plain(75)), "url": may(str(1, 3000)), "value": may(str(0, 2000)), "style": slackStyle,
		"confirm": may(slackConfirm), "accessibility_label": may(str(1, 75)), "visible_to_user_ids": may(anything),
	}),
	"image": {
		"image_url": may(str(1, 3000)), "slack_file": may(anything), "alt_text": need(str(1, 2000)),
	},
	"overflow": withActionID(slackShape{
		"options": need(list(1, 5, slackOption)), "confirm": may(slackConfirm), "visible_to_user_ids": may(anything),
	}),
	"checkboxes": withActionID(slackShape{
		"options": need(list(1, 10, slackOption)), "initial_options": may(list(1, 10, slackOption)),
		"confirm": may(slackConfirm), "visible_to_user_ids": may(anything),
	}),
	"radio_buttons": withActionID(slackShape{
		"options": need(list(1, 10, slackOption)), "initial_option": may(slackOption), "confirm": may(slackConfirm),
	}),
	"static_select": menu(slackShape{
		"options": may(list(1, 100, slackOption)), "option_groups": may(list(1, 100, slackOptionGroup)),
		"initial_option": may(slackOption),
	}),
	"multi_static_select": menu(slackShape{
		"options": may(list(1, 100, slackOption)), "option_groups": may(list(1, 100, slackOptionGroup)),
		"initial_options": may(list(1, 100, slackOption)), "max_selected_items": may(number),
	}),
	"external_select": menu(slackShape{"initial_option": may(slackOption), "min_query_length": may(number)}),
	"multi_external_select": menu(slackShape{
		"initial_options": may(list(1, 100, slackOption)), "min_query_length": may(number),
		"max_selected_items": may(number),
	}),
	"users_select":       menu(slackShape{"initial_user": may(str(1, 255))}),
	"multi_users_select": menu(slackShape{"initial_users": may(anything), "max_selected_items": may(number)}),
	"conversations_select": menu(slackShape{
		"initial_conversation": may(str(1, 255)), "default_to_current_conversation": may(boolean),
		"response_url_enabled": may(boolean), "filter": may(anything),
	}),
	"channels_select": menu(slackShape{"initial_channel": may(str(1, 255)), "response_url_enabled": may(boolean)}),
	"datepicker":      menu(slackShape{"initial_date": may(str(10, 10))}),
	"timepicker":      menu(slackShape{"initial_time": may(str(5, 5)), "timezone": may(str(1, 255))}),
	"datetimepicker":  withActionID(slackShape{"initial_date_time": may(number), "confirm": may(slackConfirm)}),
	"plain_text_input": textInput(slackShape{
		"multiline": may(boolean), "min_length": may(number), "max_length": may(number),
	}),
	"number_input": textInput(slackShape{
		"is_decimal_allowed": need(boolean), "min_value": may(str(1, 255)), "max_value": may(str(1, 255)),
	}),
	"email_text_input": textInput(nil),
	"url_text_input":   textInput(nil),
	"rich_text_input":  withActionID(slackShape{"placeholder": may(plain(150)), "initial_value": may(anything)}),
	"feedback_buttons": withActionID(slackShape{"positive_button": need(anything), "negative_button": need(anything)}),
	"icon_button": withActionID(slackShape{
		"icon": need(str(1, 255)), "text": need(plain(75)), "value": may(str(0, 2000)), "confirm": may(slackConfirm),
		"accessibility_label": may(str(1, 75)), "visible_to_user_ids": may(anything),
	}),
}

var (
	slackActionElement = typed(slackElements, "button", "overflow", "checkboxes", "radio_buttons", "static_select",
		"multi_static_select", "external_select", "multi_external_select", "users_select", "multi_users_select",
		"conversations_select", "channels_select", "datepicker", "timepicker", "datetimepicker")
	slackAccessory = typed(slackElements, "button", "image", "overflow", "checkboxes", "radio_buttons", "static_select",
		"multi_static_select", "external_select", "multi_external_select", "users_select", "multi_users_select",
		"conversations_select", "channels_select", "datepicker", "timepicker")
	slackInputElement = typed(slackElements, "checkboxes", "radio_buttons", "static_select", "multi_static_select",
		"external_select", "multi_external_select", "users_select", "multi_users_select", "conversations_select",
		"channels_select", "datepicker", "timepicker", "datetimepicker", "plain_text_input", "number_input",
		"email_text_input", "url_text_input", "rich_text_input")
)

// contextElement takes an image or a text.
func contextElement(value any, at string) []string {
	shapes := textShapes(2000)
	shapes["image"] = slackElements["image"]
	return typed(shapes, "image", "plain_text", "mrkdwn")(value, at)
}

var slackBlocks = map[string]slackShape{
	"section": {
		"text": may(anyText(3000)), "fields": may(list(1, 10, anyText(2000))), "accessory": may(slackAccessory),
		"expand": may(boolean),
	},
	"header":  {"text": need(plain(150)), "level": may(number)},
	"divider": {},
	"context": {"elements": need(list(1, 10, contextElement))},
	"actions": {"elements": need(list(1, 25, slackActionElement))},
	"input": {
		"label": need(plain(2000)), "element": need(slackInputElement), "hint": may(plain(2000)),
		"optional": may(boolean), "dispatch_action": may(boolean),
	},
	"image": {
		"image_url": may(str(1, 3000)), "slack_file": may(anything), "alt_text": need(str(1, 2000)),
		"title": may(plain(2000)),
	},
	"markdown":        {"text": need(str(1, slackMaxMarkdown))},
	"rich_text":       {"elements": need(list(0, 1000, anything))},
	"table":           {"rows": need(list(1, 100, list(1, 20, anything))), "column_settings": may(list(1, 20, anything))},
	"context_actions": {"elements": need(list(1, 5, typed(slackElements, "feedback_buttons", "icon_button")))},
	"alert":           {"text": need(anyText(3000)), "level": may(str(1, 255))},
	"video": {
		"alt_text": need(str(1, 2000)), "title": need(plain(200)), "thumbnail_url": need(str(1, 3000)),
		"video_url": need(str(1, 3000)), "author_name": may(str(0, 50)), "description": may(plain(200)),
		"provider_icon_url": may(str(1, 3000)), "provider_name": may(str(0, 50)), "title_url": may(str(1, 3000)),
	},
}

func init() {
	for _, shape := range slackBlocks {
		shape["block_id"] = may(str(1, 255))
	}
}

// checkSlackBlocks parses and judges a blocks argument; "" is none.
func checkSlackBlocks(raw string, rules slackBlockRules) ([]any, error) {
	if raw == "" {
		return nil, nil
	}
	var blocks []any
	if err := json.Unmarshal([]byte(raw), &blocks); err != nil {
		return nil, slackError("invalid_blocks_format")
	}
	if problems := judgeBlocks(blocks, rules, "/blocks"); len(problems) > 0 {
		return nil, slackInvalid("invalid_blocks", problems...)
	}
	return blocks, nil
}

func judgeBlocks(blocks []any, rules slackBlockRules, at string) []string {
	problems := list(0, rules.max, typed(slackBlocks, rules.types...))(blocks, at)
	seen := map[string]bool{}
	for i, block := range blocks {
		fields, _ := block.(map[string]any)
		here := fmt.Sprintf("%s/%d", at, i)
		if id, _ := fields["block_id"].(string); id != "" {
			if seen[id] {
				problems = append(problems, slackComplaint(here+"/block_id", "block_id already exists: %s", id)...)
			}
			seen[id] = true
		}
		problems = append(problems, judgeWhole(fields, here)...)
	}
	return problems
}

// judgeWhole is what a shape cannot say: rules between the properties of one
// block.
func judgeWhole(block map[string]any, at string) []string {
	_, hasText := block["text"]
	_, hasFields := block["fields"]
	_, hasURL := block["image_url"]
	_, hasFile := block["slack_file"]
	switch block["type"] {
	case "section":
		if !hasText && !hasFields {
			return slackComplaint(at, "must have either text or fields")
		}
	case "image":
		if hasURL == hasFile {
			return slackComplaint(at, "must have either image_url or slack_file")
		}
	}
	elements, _ := block["elements"].([]any)
	var ids []string
	for i, element := range elements {
		fields, _ := element.(map[string]any)
		id, _ := fields["action_id"].(string)
		if id != "" && slices.Contains(ids, id) {
			return slackComplaint(fmt.Sprintf("%s/elements/%d/action_id", at, i), "action_id already exists: %s", id)
		}
		ids = append(ids, id)
	}
	return nil
}
