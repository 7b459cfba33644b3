package approvals

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
)

// Erased stands where a person or a text was erased.
const Erased = "(erased)"

// A Word is who a person is, or a text that a person wrote. Fields that hold words have
// the tag words:"person" or words:"text".
type Word struct {
	Value  string
	IsText bool
	Owner  string // of a text: the person who wrote it, as far as the value tells
}

// MapWords returns a value as JSON, with something else in the place of each word. owner
// wrote the texts beside which the value names no person.
func MapWords(value any, owner string, replace func(Word) any) (json.RawMessage, error) {
	text, err := json.Marshal(value)
	if err != nil || value == nil {
		return text, err
	}
	var tree any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&tree); err != nil {
		return nil, err
	}
	return json.Marshal(mapWords(reflect.TypeOf(value), tree, Word{Owner: owner}, replace))
}

// mapWords maps the JSON of one type. with has what is known of the words in it; its value
// is the tag of the field.
func mapWords(t reflect.Type, node any, with Word, replace func(Word) any) any {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch inner := node.(type) {
	case string:
		if t.Kind() == reflect.String && with.Value != "" && inner != "" {
			return replace(Word{Value: inner, IsText: with.Value == "text", Owner: with.Owner})
		}
	case []any:
		for i := range inner {
			inner[i] = mapWords(t.Elem(), inner[i], with, replace)
		}
	case map[string]any:
		if t.Kind() == reflect.Map {
			for key := range inner {
				inner[key] = mapWords(t.Elem(), inner[key], with, replace)
			}
			return inner
		}
		mapFields(t, inner, with, replace)
	}
	return node
}

func mapFields(t reflect.Type, fields map[string]any, with Word, replace func(Word) any) {
	for i := range t.NumField() {
		person, isOne := fields[jsonName(t.Field(i))].(string)
		if t.Field(i).Tag.Get("words") == "person" && isOne && person != "" {
			with.Owner = person
			break
		}
	}
	for i := range t.NumField() {
		field, name := t.Field(i), jsonName(t.Field(i))
		if inner, has := fields[name]; has {
			with.Value = field.Tag.Get("words")
			fields[name] = mapWords(field.Type, inner, with, replace)
		}
	}
}

// jsonName is the name of a field in JSON.
func jsonName(field reflect.StructField) string {
	name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	if name == "" {
		return field.Name
	}
	return name
}
