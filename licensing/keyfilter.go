package licensing

import (
	"bytes"
	"strings"
)

// A keyFilter keeps the JSON that is written to it, with null for all values of
// one key. So the longest part of a list can be left out without holding it in
// memory. It checks nothing else: decoding what it kept does.
type keyFilter struct {
	key     string
	maxKept int // bytes

	kept         bytes.Buffer
	lastString   []byte // the last string, in quotes, as far as a key may be long
	inString     bool
	escaped      bool
	depth        int
	skippedDepth int // the depth of the object with a left-out value; 0: nothing is
}

// Write fails with ErrTooLarge if there is more than maxKept to keep.
func (f *keyFilter) Write(p []byte) (int, error) {
	for i, b := range p {
		if f.inString {
			f.readString(b)
		} else {
			f.readPunctuation(b)
		}
		if f.skippedDepth == 0 {
			f.kept.WriteByte(b)
		}
		if f.opensValue(b) {
			f.kept.WriteString("null")
			f.skippedDepth = f.depth
		}
		if f.kept.Len() > f.maxKept {
			return i, ErrTooLarge
		}
	}
	return len(p), nil
}

// readString takes a character inside a string.
func (f *keyFilter) readString(b byte) {
	if len(f.lastString) <= len(f.key)+1 {
		f.lastString = append(f.lastString, b)
	}
	switch {
	case f.escaped:
		f.escaped = false
	case b == '\\':
		f.escaped = true
	case b == '"':
		f.inString = false
	}
}

// readPunctuation takes a character outside strings. A value that is left out
// ends before the comma or the bracket that follows it.
func (f *keyFilter) readPunctuation(b byte) {
	switch b {
	case '"':
		f.inString, f.lastString = true, append(f.lastString[:0], b)
	case '{', '[':
		f.depth++
	case ',', '}', ']':
		if f.skippedDepth == f.depth {
			f.skippedDepth = 0
		}
		if b != ',' {
			f.depth--
		}
	}
}

// opensValue reports whether b stands between the key and its value.
func (f *keyFilter) opensValue(b byte) bool {
	return b == ':' && !f.inString && f.skippedDepth == 0 && f.depth > 0 &&
		strings.EqualFold(string(f.lastString), `"`+f.key+`"`)
}
