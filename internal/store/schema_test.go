package store

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"licensebot/approvals"
)

// schemas reads the SQL files of both engines.
func schemas(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, engine := range []string{"sqlite", "postgres"} {
		text, err := fs.ReadFile(migrations, "migrations/"+engine+"/00001_requests.sql")
		if err != nil {
			t.Fatal(err)
		}
		files[engine] = string(text)
	}
	return files
}

// quotedWords lists the words in single quotes of the one match of a pattern.
func quotedWords(t *testing.T, schema, pattern string) []approvals.State {
	t.Helper()
	matches := regexp.MustCompile(pattern).FindAllStringSubmatch(schema, -1)
	if len(matches) != 1 {
		t.Fatalf("%d matches of %s, want one", len(matches), pattern)
	}
	var words []approvals.State
	for _, word := range regexp.MustCompile(`'(\w+)'`).FindAllStringSubmatch(matches[0][1], -1) {
		words = append(words, approvals.State(word[1]))
	}
	return words
}

// The schemas allow each state of package approvals and no other, and agree with
// it about the open ones.
func TestSchemaStatesMatchApprovals(t *testing.T) {
	var open []approvals.State
	for _, state := range approvals.States() {
		if state.Open() {
			open = append(open, state)
		}
	}
	for engine, schema := range schemas(t) {
		allowed := quotedWords(t, schema, `state +TEXT NOT NULL CHECK \(state IN \(([^)]*)\)`)
		if !slices.Equal(allowed, approvals.States()) {
			t.Errorf("%s allows the states %v, want %v", engine, allowed, approvals.States())
		}
		unclosed := quotedWords(t, schema, `\(closed_at IS NULL\) = \(state IN \(([^)]*)\)\)`)
		if !slices.Equal(unclosed, open) {
			t.Errorf("%s has the open states %v, want %v", engine, unclosed, open)
		}
	}
}

// Every lifeline names a state and kinds that package approvals has, so that no
// orphan is looked for in vain.
func TestLifelinesNameKnownStatesAndKinds(t *testing.T) {
	for _, line := range approvals.Lifelines() {
		if !slices.Contains(approvals.States(), line.State) {
			t.Errorf("lifeline of the unknown state %q", line.State)
		}
		for _, kind := range line.Kinds {
			if kind.Spec().Kind != kind {
				t.Errorf("lifeline of %s: unknown kind %q", line.State, kind)
			}
		}
	}
}

// Both schemas say the same, except for the types and for what each engine needs.
func TestSchemasAgree(t *testing.T) {
	triggers := regexp.MustCompile(`(?s)-- \+goose StatementBegin.*?StatementEnd|CREATE TRIGGER [^;]*;`)
	comment := regexp.MustCompile(`--[^\n]*`)
	number := regexp.MustCompile(`\b(INTEGER|SMALLINT|BIGINT)\b`)
	blanks := regexp.MustCompile(`\s+`)
	statements := map[string][]string{}
	for engine, schema := range schemas(t) {
		schema = triggers.ReplaceAllString(schema, "") // each engine has its own way
		schema = comment.ReplaceAllString(schema, "")
		schema = number.ReplaceAllString(schema, "NUMBER")
		schema = strings.NewReplacer(
			"NUMBER GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "NUMBER PRIMARY KEY",
			"NUMBER PRIMARY KEY AUTOINCREMENT", "NUMBER PRIMARY KEY",
			`TEXT COLLATE "C"`, "TEXT",
			"(kind, due_at, id)", "(kind, due_at)", // an index of SQLite ends with the id anyway
		).Replace(schema)
		for statement := range strings.SplitSeq(schema, ";") {
			if strings.Contains(statement, " probe ") { // SQLite's own
				continue
			}
			statements[engine] = append(statements[engine], blanks.ReplaceAllString(statement, " "))
		}
	}
	sqlite, postgres := statements["sqlite"], statements["postgres"]
	if len(sqlite) != len(postgres) {
		t.Fatalf("%d statements for SQLite, %d for PostgreSQL", len(sqlite), len(postgres))
	}
	for i := range sqlite {
		if sqlite[i] != postgres[i] {
			t.Errorf("the schemas differ:\n%s\n%s", sqlite[i], postgres[i])
		}
	}
}
