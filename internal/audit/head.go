package audit

import (
	"fmt"
	"strconv"
	"strings"
)

// headDigits is how much of a hash names a seal in a message: 128 bits.
const headDigits = 32

// FormatHead names a seal by its number and the beginning of its hash. Messages carry it, so that
// they anchor the chain. It is empty for no seal.
func FormatHead(seq int64, hash string) string {
	if seq == 0 {
		return ""
	}
	return fmt.Sprintf("%d %.*s", seq, headDigits, hash)
}

// ParseHead reads what FormatHead wrote.
func ParseHead(head string) (seq int64, hash string, ok bool) {
	number, hash, _ := strings.Cut(head, " ")
	seq, err := strconv.ParseInt(number, 10, 64)
	return seq, hash, err == nil && seq > 0 && len(hash) == headDigits
}
