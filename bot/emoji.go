package bot

// SameEmoji tells whether two short names mean the same vote: whatever their
// skin tone, and thumbsup for +1.
func SameEmoji(a, b string) bool { return canonical(a) == canonical(b) }
