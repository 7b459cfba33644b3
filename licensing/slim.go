package licensing

import (
	"bytes"
	"strings"
)

// A slim keeps the JSON that is written to it, without what stands under one
// key: there it has null. So a list of which nobody wants the longest part can
// be read without holding it. It judges nothing else; whoever decodes what it
// kept does.
type slim struct {
	key  string
	most int // bytes to keep

	kept     bytes.Buffer
	word     []byte // the last string, in quotes, as far as a key may be long
	inString bool
	escaped  bool
	depth    int
	skipped  int // the depth of the object whose key's value is left out; 0: nothing is
}

// Write fails with ErrTooLarge where there is more to keep than may be.
func (s *slim) Write(p []byte) (int, error) {
	for i, b := range p {
		if s.inString {
			s.spell(b)
		} else {
			s.punctuate(b)
		}
		if s.skipped == 0 {
			s.kept.WriteByte(b)
		}
		if s.opensValue(b) {
			s.kept.WriteString("null")
			s.skipped = s.depth
		}
		if s.kept.Len() > s.most {
			return i, ErrTooLarge
		}
	}
	return len(p), nil
}

// spell takes a character inside a string.
func (s *slim) spell(b byte) {
	if len(s.word) <= len(s.key)+1 {
		s.word = append(s.word, b)
	}
	switch {
	case s.escaped:
		s.escaped = false
	case b == '\\':
		s.escaped = true
	case b == '"':
		s.inString = false
	}
}

// punctuate takes a character outside strings. A value that is left out ends
// before the comma or the bracket that follows it.
func (s *slim) punctuate(b byte) {
	switch b {
	case '"':
		s.inString, s.word = true, append(s.word[:0], b)
	case '{', '[':
		s.depth++
	case ',', '}', ']':
		if s.skipped == s.depth {
			s.skipped = 0
		}
		if b != ',' {
			s.depth--
		}
	}
}

// opensValue tells whether b stands between the key and its value.
func (s *slim) opensValue(b byte) bool {
	return b == ':' && !s.inString && s.skipped == 0 && s.depth > 0 && strings.EqualFold(string(s.word), `"`+s.key+`"`)
}
