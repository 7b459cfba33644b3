package policyfile

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// parseFile parses the content into the one mapping that a file is. It is nil if
// there is none; then it reports why.
func (r *reader) parseFile(content []byte) ast.Node {
	if len(content) > MaxSize {
		r.report(1, fmt.Sprintf("the file is longer than %d KiB", MaxSize>>10), "merge rules that say the same")
		return nil
	}
	for i, line := range bytes.Split(content, []byte("\n")) {
		if !utf8.Valid(line) {
			r.report(i+1, "the line is not UTF-8", "save the file as UTF-8")
			return nil
		}
	}
	// The lexer miscounts lines that end in CR LF inside quotes.
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.TrimPrefix(string(content), "\ufeff"))
	tokens := lexer.Tokenize(text)
	if !r.isPlainYAML(tokens) {
		return nil
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey()) // duplicates are reported with all else
	if err != nil {
		r.reportSyntax(err)
		return nil
	}
	return r.soleDocument(file.Docs)
}

// Nesting beyond any file that makes sense. The parser's paths grow with the square
// of it, so the bounds keep them and its stack small.
const (
	maxNesting = 8
	maxDashes  = 4 // in one line
)

// isPlainYAML reports YAML that is more than lists and mappings. People should be
// able to read a policy without knowing about anchors and tags.
func (r *reader) isPlainYAML(tokens token.Tokens) bool {
	nesting, dashes, line := 0, 0, 0
	for _, t := range tokens {
		if t.Position.Line != line {
			dashes, line = 0, t.Position.Line
		}
		switch t.Type {
		case token.AliasType:
			r.report(line, "a word that begins with * means something else in YAML", `put it in quotes: "*"`)
			return false
		case token.AnchorType, token.TagType, token.MergeKeyType, token.MappingKeyType, token.DirectiveType:
			r.report(line,
				fmt.Sprintf("%s is YAML that a policy does not use", quoteShort(t.Value)),
				"put words that begin with a sign in quotes")
			return false
		case token.SequenceStartType, token.MappingStartType:
			nesting++
		case token.SequenceEndType, token.MappingEndType:
			nesting--
		case token.SequenceEntryType:
			dashes++
		}
		if nesting > maxNesting || dashes > maxDashes {
			r.report(line, "lists are nested too deeply", "write each entry on a line of its own")
			return false
		}
	}
	return true
}

func (r *reader) reportSyntax(err error) {
	var known yaml.Error
	if !errors.As(err, &known) || known.GetToken() == nil {
		r.report(1, "the file is not YAML", "look for a missing quote, colon or blank")
		return
	}
	line := known.GetToken().Position.Line
	r.report(line,
		"the line is not YAML: "+known.GetMessage(),
		"look here, and just before it, for a missing quote, colon or blank")
}

// soleDocument returns the body of the one document.
func (r *reader) soleDocument(docs []*ast.DocumentNode) ast.Node {
	var body ast.Node
	for _, doc := range docs {
		switch {
		case doc.Body == nil:
		case body != nil:
			r.report(lineOf(doc.Body), "a second document begins", "remove the line --- before it")
			return nil
		default:
			body = doc.Body
		}
	}
	if body == nil {
		r.report(1, "the file is empty", "begin it with version: 1")
	}
	return body
}

func lineOf(n ast.Node) int {
	if t := n.GetToken(); t != nil {
		return max(1, t.Position.Line)
	}
	return 1
}
