package fakeslack

import (
	"fmt"
	"slices"
)

// A slackCheck judges a JSON value. It returns Slack's messages, each with a
// JSON pointer to what it is about.
type slackCheck func(value any, at string) []string

// slackField is one property of an object.
type slackField struct {
	check    slackCheck
	required bool
}

// slackShape is an object: its properties, without "type". Slack refuses any
// other property.
type slackShape map[string]slackField

func need(check slackCheck) slackField { return slackField{check: check, required: true} }
func may(check slackCheck) slackField  { return slackField{check: check} }

func slackComplaint(at, format string, args ...any) []string {
	if at == "" {
		at = "/"
	}
	return []string{fmt.Sprintf("[ERROR] "+format+" [json-pointer:%s]", append(args, at)...)}
}

// judge compares an object with a shape.
func (shape slackShape) judge(object map[string]any, at string) []string {
	var problems []string
	for name := range object {
		if _, known := shape[name]; !known && name != "type" {
			problems = append(problems, slackComplaint(at, "invalid additional property: %s", name)...)
		}
	}
	for name, field := range shape {
		value, given := object[name]
		switch {
		case given:
			problems = append(problems, field.check(value, at+"/"+name)...)
		case field.required:
			problems = append(problems, slackComplaint(at, "missing required field: %s", name)...)
		}
	}
	slices.Sort(problems)
	return problems
}

// object takes an object of one shape without a type.
func object(shape slackShape) slackCheck {
	return func(value any, at string) []string {
		fields, ok := value.(map[string]any)
		if !ok {
			return slackComplaint(at, "must provide an object")
		}
		return shape.judge(fields, at)
	}
}

// typed takes an object whose type is one of the names, each with its shape.
func typed(shapes map[string]slackShape, names ...string) slackCheck {
	return func(value any, at string) []string {
		fields, ok := value.(map[string]any)
		if !ok {
			return slackComplaint(at, "must provide an object")
		}
		name, _ := fields["type"].(string)
		if name == "" {
			return slackComplaint(at, "missing required field: type")
		}
		if !slices.Contains(names, name) {
			return slackComplaint(at+"/type", "unsupported type: %s", name)
		}
		return shapes[name].judge(fields, at)
	}
}

// str takes a string of min to max characters.
func str(min, max int) slackCheck {
	return func(value any, at string) []string {
		text, ok := value.(string)
		switch {
		case !ok:
			return slackComplaint(at, "must provide a string")
		case slackLength(text) < min:
			return slackComplaint(at, "must be more than %d characters", min-1)
		case slackLength(text) > max:
			return slackComplaint(at, "must be less than %d characters", max+1)
		}
		return nil
	}
}

func oneOf(values ...string) slackCheck {
	return func(value any, at string) []string {
		if text, ok := value.(string); !ok || !slices.Contains(values, text) {
			return slackComplaint(at, "must be a valid enum value")
		}
		return nil
	}
}

func boolean(value any, at string) []string {
	if _, ok := value.(bool); !ok {
		return slackComplaint(at, "must provide a boolean")
	}
	return nil
}

func number(value any, at string) []string {
	if _, ok := value.(float64); !ok {
		return slackComplaint(at, "must provide a number")
	}
	return nil
}

func anything(any, string) []string { return nil }

// list takes an array of min to max items.
func list(min, max int, item slackCheck) slackCheck {
	return func(value any, at string) []string {
		items, ok := value.([]any)
		switch {
		case !ok:
			return slackComplaint(at, "must provide an array")
		case len(items) < min:
			return slackComplaint(at, "no less than %d items allowed", min)
		case len(items) > max:
			return slackComplaint(at, "no more than %d items allowed", max)
		}
		var problems []string
		for i, value := range items {
			problems = append(problems, item(value, fmt.Sprintf("%s/%d", at, i))...)
		}
		return problems
	}
}

func textShapes(max int) map[string]slackShape {
	return map[string]slackShape{
		"plain_text": {"text": need(str(1, max)), "emoji": may(boolean)},
		"mrkdwn":     {"text": need(str(1, max)), "verbatim": may(boolean)},
	}
}

func plain(max int) slackCheck   { return typed(textShapes(max), "plain_text") }
func anyText(max int) slackCheck { return typed(textShapes(max), "plain_text", "mrkdwn") }
