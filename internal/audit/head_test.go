package audit

import (
	"strings"
	"testing"
)

// TestHeadsAreReadAsWritten has heads, and texts that are none.
func TestHeadsAreReadAsWritten(t *testing.T) {
	t.Parallel()
	hash := strings.Repeat("0123456789abcdef", 4)
	if seq, short, ok := ParseHead(FormatHead(12, hash)); !ok || seq != 12 || short != hash[:headDigits] {
		t.Errorf("read %d %q %t", seq, short, ok)
	}
	for _, text := range []string{FormatHead(0, ""), "", "12", "12 0123", "0 " + hash[:headDigits], "x " + hash[:headDigits]} {
		if _, _, ok := ParseHead(text); ok {
			t.Errorf("%q is a head", text)
		}
	}
}
