package fakeslack

import (
	"fmt"
	"slices"
	"unicode/utf8"
)

// A valueCheck checks a JSON value. It returns Slack's messages, each with a
// JSON pointer to its subject.
type valueCheck func(value any, at string) []string

// shapeField is one field of an object.
type shapeField struct {
	check    valueCheck
	required bool
}

// objectShape is an object: its fields without "type". Slack refuses any other
// field.
type objectShape map[string]shapeField

// need is a required field.
func need(check valueCheck) shapeField { return shapeField{check: check, required: true} }

// may is an optional field.
func may(check valueCheck) shapeField { return shapeField{check: check} }

func complainAt(at, format string, args ...any) []string {
	if at == "" {
		at = "/"
	}
	return []string{fmt.Sprintf("[ERROR] "+format+" [json-pointer:%s]", append(args, at)...)}
}

// findProblems compares an object with a shape.
func (shape objectShape) findProblems(object map[string]any, at string) []string {
	var problems []string
	for name := range object {
		if _, known := shape[name]; !known && name != "type" {
			problems = append(problems, complainAt(at, "invalid additional property: %s", name)...)
		}
	}
	for name, field := range shape {
		value, given := object[name]
		switch {
		case given:
			problems = append(problems, field.check(value, at+"/"+name)...)
		case field.required:
			problems = append(problems, complainAt(at, "missing required field: %s", name)...)
		}
	}
	slices.Sort(problems)
	return problems
}

// objectOf takes an object of one shape without a type.
func objectOf(shape objectShape) valueCheck {
	return func(value any, at string) []string {
		fields, ok := value.(map[string]any)
		if !ok {
			return complainAt(at, "must provide an object")
		}
		return shape.findProblems(fields, at)
	}
}

// typedObject takes an object with one of these types, and checks it against
// the shape of its type.
func typedObject(shapes map[string]objectShape, names ...string) valueCheck {
	return func(value any, at string) []string {
		fields, ok := value.(map[string]any)
		if !ok {
			return complainAt(at, "must provide an object")
		}
		name, _ := fields["type"].(string)
		if name == "" {
			return complainAt(at, "missing required field: type")
		}
		if !slices.Contains(names, name) {
			return complainAt(at+"/type", "unsupported type: %s", name)
		}
		return shapes[name].findProblems(fields, at)
	}
}

// stringOf takes a string of least to most characters.
func stringOf(least, most int) valueCheck {
	return func(value any, at string) []string {
		text, ok := value.(string)
		switch {
		case !ok:
			return complainAt(at, "must provide a string")
		case textLength(text) < least:
			return complainAt(at, "must be more than %d characters", least-1)
		case textLength(text) > most:
			return complainAt(at, "must be less than %d characters", most+1)
		}
		return nil
	}
}

func oneOf(values ...string) valueCheck {
	return func(value any, at string) []string {
		if text, ok := value.(string); !ok || !slices.Contains(values, text) {
			return complainAt(at, "must be a valid enum value")
		}
		return nil
	}
}

func isBoolean(value any, at string) []string {
	if _, ok := value.(bool); !ok {
		return complainAt(at, "must provide a boolean")
	}
	return nil
}

func isNumber(value any, at string) []string {
	if _, ok := value.(float64); !ok {
		return complainAt(at, "must provide a number")
	}
	return nil
}

func anyValue(any, string) []string { return nil }

// listOf takes an array of least to most items.
func listOf(least, most int, item valueCheck) valueCheck {
	return func(value any, at string) []string {
		items, ok := value.([]any)
		switch {
		case !ok:
			return complainAt(at, "must provide an array")
		case len(items) < least:
			return complainAt(at, "no less than %d items allowed", least)
		case len(items) > most:
			return complainAt(at, "no more than %d items allowed", most)
		}
		var problems []string
		for i, value := range items {
			problems = append(problems, item(value, fmt.Sprintf("%s/%d", at, i))...)
		}
		return problems
	}
}

// textShapes are the two text objects of Block Kit.
func textShapes(most int) map[string]objectShape {
	return map[string]objectShape{
		"plain_text": {"text": need(stringOf(1, most)), "emoji": may(isBoolean)},
		"mrkdwn":     {"text": need(stringOf(1, most)), "verbatim": may(isBoolean)},
	}
}

func plainText(most int) valueCheck { return typedObject(textShapes(most), "plain_text") }
func anyText(most int) valueCheck   { return typedObject(textShapes(most), "plain_text", "mrkdwn") }

func textLength(text string) int { return utf8.RuneCountInString(text) }
