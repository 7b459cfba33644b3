package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// A Word is who a person is, or a text that a person wrote, in a row of the journal. It
// stands apart from the row with a salt of its own, so that one word can be erased and the
// others still be checked. Of an erased word only the hash is left.
type Word struct {
	Salt   string `json:"salt,omitempty"`
	Person string `json:"person,omitempty"`
	Name   string `json:"name,omitempty"` // that the person had then, as far as it is known
	Text   string `json:"text,omitempty"`
	Hash   string `json:"sha256,omitempty"`
}

// NewPerson returns a word with who a person is, and what the person is called.
func NewPerson(id, name string) Word { return Word{Salt: NewSalt(), Person: id, Name: name} }

// NewText returns a word with what a person wrote.
func NewText(text string) Word { return Word{Salt: NewSalt(), Text: text} }

// Commit returns the hash of a word. The salt keeps a reader of the hash from finding a word
// by trying many.
func (w Word) Commit() string {
	if w.IsErased() {
		return w.Hash
	}
	return digest(w.Salt, w.Person, w.Text, w.Name)
}

// IsErased reports whether the word itself is gone.
func (w Word) IsErased() bool { return w.Salt == "" && w.Hash != "" }

// Erase returns what is left of a word.
func (w Word) Erase() Word { return Word{Hash: w.Commit()} }

// show is the word for readers.
func (w Word) show(erased string) string {
	if w.IsErased() {
		return erased
	}
	return w.Person + w.Text
}

// HashOf is the SHA-256 of a text alone, as sha256sum prints it.
func HashOf(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text))) }

// FirstWord stands in the place of an actor who is a person: the first of the row's words.
const FirstWord = "#1"

// A WordAt stands in an event in the place of a word: its number, from 1.
type WordAt struct {
	Number int `json:"word"`
}

// EncodeWords is the form in which the words of a row are stored; empty if there are none.
func EncodeWords(words []Word) (string, error) {
	if len(words) == 0 {
		return "", nil
	}
	text, err := json.Marshal(words)
	return string(text), err
}

// DecodeWords reads the words of a row. It takes only the form that EncodeWords writes: in another
// one a text could be hidden that no hash covers. It is quick, because a check reads each row.
func DecodeWords(text string) ([]Word, error) {
	if text == "" {
		return nil, nil
	}
	rest, ok := strings.CutPrefix(text, "[")
	words := make([]Word, 0, 2)
	for more := ok; more; {
		var word Word
		if rest, ok = cutWord(rest, &word); !ok {
			break
		}
		words = append(words, word)
		rest, more = strings.CutPrefix(rest, ",")
	}
	if !ok || rest != "]" {
		return nil, errNoWords
	}
	return words, nil
}

var errNoWords = errors.New("they do not have the form that the bot writes")

// cutWord reads one word at the beginning of a text.
func cutWord(text string, word *Word) (rest string, ok bool) {
	rest, ok = strings.CutPrefix(text, "{")
	isFirst := true
	for _, field := range [...]struct {
		start string
		value *string
	}{
		{`"salt":"`, &word.Salt}, {`"person":"`, &word.Person}, {`"name":"`, &word.Name}, {`"text":"`, &word.Text},
		{`"sha256":"`, &word.Hash},
	} {
		after, found := rest, true
		if !isFirst {
			after, found = strings.CutPrefix(rest, ",")
		}
		if !ok || !found {
			break
		}
		if after, found = strings.CutPrefix(after, field.start); !found {
			continue
		}
		isFirst = false
		*field.value, rest, ok = cutString(after)
	}
	if !ok || isFirst {
		return "", false
	}
	return strings.CutPrefix(rest, "}")
}

// cutString reads a string of JSON after its first quotation mark.
func cutString(text string) (value, rest string, ok bool) {
	end, isEscaped := 0, false
	for end < len(text) && text[end] != '"' {
		if text[end] == '\\' {
			isEscaped = true
			end++
		}
		end++
	}
	if end == 0 || end >= len(text) {
		return "", "", false
	}
	value, rest = text[:end], text[end+1:]
	if !isEscaped && isPlain(value) {
		return value, rest, true
	}
	written := `"` + value + `"`
	if json.Unmarshal([]byte(written), &value) != nil {
		return "", "", false
	}
	again, err := json.Marshal(value)
	return value, rest, err == nil && string(again) == written
}

// isPlain reports whether JSON writes a text as it is, for sure.
func isPlain(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '<' || c == '>' || c == '&' {
			return false
		}
	}
	return true
}

// Restore puts the words of a row back in their places, and erased in those of words that
// are gone.
func (r Row) Restore(erased string) (actor string, event json.RawMessage, err error) {
	words, err := DecodeWords(r.Words)
	if err != nil {
		return "", nil, fmt.Errorf("the words of journal row %d: %w", r.ID, err)
	}
	actor = r.Actor
	if actor == FirstWord {
		actor = erased
		if len(words) > 0 {
			actor = words[0].show(erased)
		}
	}
	var tree any
	decoder := json.NewDecoder(bytes.NewReader([]byte(r.Event)))
	decoder.UseNumber()
	if err := decoder.Decode(&tree); err != nil {
		return "", nil, fmt.Errorf("journal row %d: %w", r.ID, err)
	}
	event, err = json.Marshal(restore(tree, words, erased))
	return actor, event, err
}

func restore(node any, words []Word, erased string) any {
	switch inner := node.(type) {
	case []any:
		for i := range inner {
			inner[i] = restore(inner[i], words, erased)
		}
	case map[string]any:
		if number, isWord := inner["word"].(json.Number); isWord && len(inner) == 1 {
			n, err := number.Int64()
			if err != nil || n < 1 || n > int64(len(words)) {
				return erased // the row of words is gone
			}
			return words[n-1].show(erased)
		}
		for key := range inner {
			inner[key] = restore(inner[key], words, erased)
		}
	}
	return node
}
