package fakeslack

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// surfaceRules say which blocks a surface takes, and how many.
type surfaceRules struct {
	max   int
	types []string
}

// The surfaces. The newest blocks (card, carousel, data_table, ...) are
// missing: some workspaces refuse them, so the bot must not depend on them. An
// alert block exists in modals only.
var (
	messageSurface = surfaceRules{max: 50, types: []string{
		"actions", "context", "context_actions", "divider", "header", "image", "input", "markdown", "rich_text",
		"section", "table", "video",
	}}
	modalSurface = surfaceRules{max: 100, types: []string{
		"actions", "alert", "context", "divider", "header", "image", "input", "rich_text", "section", "video",
	}}
	homeSurface = surfaceRules{max: 100, types: []string{
		"actions", "context", "divider", "header", "image", "input", "rich_text", "section", "video",
	}}
)

var (
	optionObject = objectOf(objectShape{
		"text": need(anyText(75)), "value": need(stringOf(1, 150)), "description": may(anyText(75)),
		"url": may(stringOf(1, 3000)),
	})
	optionGroup   = objectOf(objectShape{"label": need(plainText(75)), "options": need(listOf(1, 100, optionObject))})
	confirmDialog = objectOf(objectShape{
		"title": need(plainText(100)), "text": need(anyText(300)), "confirm": need(plainText(30)),
		"deny": need(plainText(30)), "style": may(oneOf("primary", "danger")),
	})
	buttonStyle = may(oneOf("primary", "danger"))
)

// withActionID adds the fields of all interactive elements.
func withActionID(shape objectShape) objectShape {
	shape["action_id"] = may(stringOf(1, 255))
	shape["focus_on_load"] = may(isBoolean)
	return shape
}

// selectMenu is a select menu: the fields of all menus, and those of this one.
func selectMenu(own objectShape) objectShape {
	shape := objectShape{"placeholder": may(plainText(150)), "confirm": may(confirmDialog)}
	maps.Copy(shape, own)
	return withActionID(shape)
}

// textInput is an input element for text.
func textInput(own objectShape) objectShape {
	shape := objectShape{
		"placeholder": may(plainText(150)), "initial_value": may(stringOf(0, 3000)),
		"dispatch_action_config": may(anyValue),
	}
	maps.Copy(shape, own)
	return withActionID(shape)
}

var elementShapes = map[string]objectShape{
	"button": withActionID(objectShape{
		"text": need(plainText(75)), "url": may(stringOf(1, 3000)), "value": may(stringOf(0, 2000)), "style": buttonStyle,
		"confirm": may(confirmDialog), "accessibility_label": may(stringOf(1, 75)), "visible_to_user_ids": may(anyValue),
	}),
	"image": {
		"image_url": may(stringOf(1, 3000)), "slack_file": may(anyValue), "alt_text": need(stringOf(1, 2000)),
	},
	"overflow": withActionID(objectShape{
		"options": need(listOf(1, 5, optionObject)), "confirm": may(confirmDialog), "visible_to_user_ids": may(anyValue),
	}),
	"checkboxes": withActionID(objectShape{
		"options": need(listOf(1, 10, optionObject)), "initial_options": may(listOf(1, 10, optionObject)),
		"confirm": may(confirmDialog), "visible_to_user_ids": may(anyValue),
	}),
	"radio_buttons": withActionID(objectShape{
		"options": need(listOf(1, 10, optionObject)), "initial_option": may(optionObject), "confirm": may(confirmDialog),
	}),
	"static_select": selectMenu(objectShape{
		"options": may(listOf(1, 100, optionObject)), "option_groups": may(listOf(1, 100, optionGroup)),
		"initial_option": may(optionObject),
	}),
	"multi_static_select": selectMenu(objectShape{
		"options": may(listOf(1, 100, optionObject)), "option_groups": may(listOf(1, 100, optionGroup)),
		"initial_options": may(listOf(1, 100, optionObject)), "max_selected_items": may(isNumber),
	}),
	"external_select": selectMenu(objectShape{"initial_option": may(optionObject), "min_query_length": may(isNumber)}),
	"multi_external_select": selectMenu(objectShape{
		"initial_options": may(listOf(1, 100, optionObject)), "min_query_length": may(isNumber),
		"max_selected_items": may(isNumber),
	}),
	"users_select":       selectMenu(objectShape{"initial_user": may(stringOf(1, 255))}),
	"multi_users_select": selectMenu(objectShape{"initial_users": may(anyValue), "max_selected_items": may(isNumber)}),
	"conversations_select": selectMenu(objectShape{
		"initial_conversation": may(stringOf(1, 255)), "default_to_current_conversation": may(isBoolean),
		"response_url_enabled": may(isBoolean), "filter": may(anyValue),
	}),
	"channels_select": selectMenu(objectShape{
		"initial_channel": may(stringOf(1, 255)), "response_url_enabled": may(isBoolean),
	}),
	"datepicker":     selectMenu(objectShape{"initial_date": may(stringOf(10, 10))}),
	"timepicker":     selectMenu(objectShape{"initial_time": may(stringOf(5, 5)), "timezone": may(stringOf(1, 255))}),
	"datetimepicker": withActionID(objectShape{"initial_date_time": may(isNumber), "confirm": may(confirmDialog)}),
	"plain_text_input": textInput(objectShape{
		"multiline": may(isBoolean), "min_length": may(isNumber), "max_length": may(isNumber),
	}),
	"number_input": textInput(objectShape{
		"is_decimal_allowed": need(isBoolean), "min_value": may(stringOf(1, 255)), "max_value": may(stringOf(1, 255)),
	}),
	"email_text_input": textInput(nil),
	"url_text_input":   textInput(nil),
	"rich_text_input":  withActionID(objectShape{"placeholder": may(plainText(150)), "initial_value": may(anyValue)}),
	"feedback_buttons": withActionID(objectShape{
		"positive_button": need(anyValue), "negative_button": need(anyValue),
	}),
	"icon_button": withActionID(objectShape{
		"icon": need(stringOf(1, 255)), "text": need(plainText(75)), "value": may(stringOf(0, 2000)),
		"confirm": may(confirmDialog), "accessibility_label": may(stringOf(1, 75)), "visible_to_user_ids": may(anyValue),
	}),
}

var (
	actionElement = typedObject(elementShapes, "button", "overflow", "checkboxes", "radio_buttons", "static_select",
		"multi_static_select", "external_select", "multi_external_select", "users_select", "multi_users_select",
		"conversations_select", "channels_select", "datepicker", "timepicker", "datetimepicker")
	sectionAccessory = typedObject(elementShapes, "button", "image", "overflow", "checkboxes", "radio_buttons",
		"static_select", "multi_static_select", "external_select", "multi_external_select", "users_select",
		"multi_users_select", "conversations_select", "channels_select", "datepicker", "timepicker")
	inputElement = typedObject(elementShapes, "checkboxes", "radio_buttons", "static_select", "multi_static_select",
		"external_select", "multi_external_select", "users_select", "multi_users_select", "conversations_select",
		"channels_select", "datepicker", "timepicker", "datetimepicker", "plain_text_input", "number_input",
		"email_text_input", "url_text_input", "rich_text_input")
)

// maxMarkdown limits markdown in characters, both in a block and in
// markdown_text.
const maxMarkdown = 12000

// contextElement takes an image or a text.
func contextElement(value any, at string) []string {
	shapes := textShapes(2000)
	shapes["image"] = elementShapes["image"]
	return typedObject(shapes, "image", "plain_text", "mrkdwn")(value, at)
}

var blockShapes = map[string]objectShape{
	"section": {
		"text": may(anyText(3000)), "fields": may(listOf(1, 10, anyText(2000))), "accessory": may(sectionAccessory),
		"expand": may(isBoolean),
	},
	"header":  {"text": need(plainText(150)), "level": may(isNumber)},
	"divider": {},
	"context": {"elements": need(listOf(1, 10, contextElement))},
	"actions": {"elements": need(listOf(1, 25, actionElement))},
	"input": {
		"label": need(plainText(2000)), "element": need(inputElement), "hint": may(plainText(2000)),
		"optional": may(isBoolean), "dispatch_action": may(isBoolean),
	},
	"image": {
		"image_url": may(stringOf(1, 3000)), "slack_file": may(anyValue), "alt_text": need(stringOf(1, 2000)),
		"title": may(plainText(2000)),
	},
	"markdown":  {"text": need(stringOf(1, maxMarkdown))},
	"rich_text": {"elements": need(listOf(0, 1000, anyValue))},
	"table": {
		"rows": need(listOf(1, 100, listOf(1, 20, anyValue))), "column_settings": may(listOf(1, 20, anyValue)),
	},
	"context_actions": {"elements": need(listOf(1, 5, typedObject(elementShapes, "feedback_buttons", "icon_button")))},
	"alert":           {"text": need(anyText(3000)), "level": may(stringOf(1, 255))},
	"video": {
		"alt_text": need(stringOf(1, 2000)), "title": need(plainText(200)), "thumbnail_url": need(stringOf(1, 3000)),
		"video_url": need(stringOf(1, 3000)), "author_name": may(stringOf(0, 50)), "description": may(plainText(200)),
		"provider_icon_url": may(stringOf(1, 3000)), "provider_name": may(stringOf(0, 50)),
		"title_url": may(stringOf(1, 3000)),
	},
}

func init() {
	for _, shape := range blockShapes {
		shape["block_id"] = may(stringOf(1, 255))
	}
}

// checkBlocks parses and checks a blocks argument. "" means none.
func checkBlocks(raw string, rules surfaceRules) ([]any, error) {
	if raw == "" {
		return nil, nil
	}
	var blocks []any
	if err := json.Unmarshal([]byte(raw), &blocks); err != nil {
		return nil, apiError("invalid_blocks_format")
	}
	if problems := blockProblems(blocks, rules, "/blocks"); len(problems) > 0 {
		return nil, invalidError("invalid_blocks", problems...)
	}
	return blocks, nil
}

// blockProblems lists what Slack would refuse in a list of blocks.
func blockProblems(blocks []any, rules surfaceRules, at string) []string {
	problems := listOf(0, rules.max, typedObject(blockShapes, rules.types...))(blocks, at)
	seen := map[string]bool{}
	for i, block := range blocks {
		fields, _ := block.(map[string]any)
		here := fmt.Sprintf("%s/%d", at, i)
		if id, _ := fields["block_id"].(string); id != "" {
			if seen[id] {
				problems = append(problems, complainAt(here+"/block_id", "block_id already exists: %s", id)...)
			}
			seen[id] = true
		}
		problems = append(problems, crossFieldProblems(fields, here)...)
	}
	return problems
}

// crossFieldProblems checks the rules between the fields of one block. Its shape
// cannot express them.
func crossFieldProblems(block map[string]any, at string) []string {
	_, hasText := block["text"]
	_, hasFields := block["fields"]
	_, hasURL := block["image_url"]
	_, hasFile := block["slack_file"]
	switch block["type"] {
	case "section":
		if !hasText && !hasFields {
			return complainAt(at, "must have either text or fields")
		}
	case "image":
		if hasURL == hasFile {
			return complainAt(at, "must have either image_url or slack_file")
		}
	}
	elements, _ := block["elements"].([]any)
	var ids []string
	for i, element := range elements {
		fields, _ := element.(map[string]any)
		id, _ := fields["action_id"].(string)
		if id != "" && slices.Contains(ids, id) {
			return complainAt(fmt.Sprintf("%s/elements/%d/action_id", at, i), "action_id already exists: %s", id)
		}
		ids = append(ids, id)
	}
	return nil
}
