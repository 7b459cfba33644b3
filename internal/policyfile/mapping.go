package policyfile

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/goccy/go-yaml/ast"
)

// A field is one key of a mapping, with its value.
type field struct {
	key   string
	line  int
	value ast.Node
}

// A mapping is the fields of one section, rule, stage or case.
type mapping struct {
	line   int
	fields map[string]field
}

func (m mapping) has(key string) bool {
	_, ok := m.fields[key]
	return ok
}

// lineOf is where a key stands, or else where the mapping begins.
func (m mapping) lineOf(key string) int {
	if f, ok := m.fields[key]; ok {
		return f.line
	}
	return m.line
}

// withDefaults is m, with the keys that it lacks taken from base.
func (m mapping) withDefaults(base mapping, keys ...string) mapping {
	both := maps.Clone(m.fields)
	for _, key := range keys {
		if f, ok := base.fields[key]; ok && !m.has(key) {
			both[key] = f
		}
	}
	return mapping{line: m.line, fields: both}
}

// sortedFields lists the fields in the order of the file.
func (m mapping) sortedFields() []field {
	return slices.SortedFunc(maps.Values(m.fields), func(a, b field) int {
		return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.key, b.key))
	})
}

// readMapping reads a node that must be a mapping with these keys, or with any if
// keys is empty. Problems call it what, such as "a rule".
func (r *reader) readMapping(n ast.Node, line int, what string, keys ...string) (mapping, bool) {
	node, ok := n.(ast.MapNode)
	if !ok {
		r.report(line,
			fmt.Sprintf("%s is %s here", what, describeNode(n)),
			"write it as key: value lines, indented under this one")
		return mapping{}, false
	}
	m := mapping{line: line, fields: make(map[string]field)}
	for pairs := node.MapRange(); pairs.Next(); {
		key := pairs.Key().GetToken()
		f := field{key: key.Value, line: max(1, key.Position.Line), value: pairs.Value()}
		switch earlier, twice := m.fields[f.key]; {
		case len(keys) > 0 && !slices.Contains(keys, f.key):
			r.report(f.line, fmt.Sprintf("%s has no key %s", what, quoteShort(f.key)), suggestWord(f.key, keys))
		case twice:
			r.report(f.line,
				fmt.Sprintf("%s is already given in line %d", f.key, earlier.line),
				"remove one of them")
		default:
			m.fields[f.key] = f
		}
	}
	return m, true
}

// suggestWord offers the word that was probably meant, or else all of them.
func suggestWord(word string, words []string) string {
	if nearest, near := nearestWord(word, words); near {
		return fmt.Sprintf("did you mean %s?", nearest)
	}
	return "it can be " + strings.Join(words, ", ")
}

// nearestWord finds the word that differs by a typing error.
func nearestWord(word string, words []string) (found string, near bool) {
	least := len(word) + 1
	for _, w := range words {
		if d := levenshtein.ComputeDistance(word, w); d < least && d <= max(1, len(w)/3) {
			found, near, least = w, true, d
		}
	}
	return found, near
}

// describeNode names the type of a value that should have another.
func describeNode(n ast.Node) string {
	switch n.(type) {
	case nil, *ast.NullNode:
		return "empty"
	case ast.MapNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	case *ast.BoolNode:
		return "true or false"
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return "a number"
	}
	return "text"
}
