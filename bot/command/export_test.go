package command

// What the tests look at from outside.
const (
	MaxCodeLength = maxCodeLength
	MaxPages      = maxPages
)

var (
	IDShape       = idShape
	ReservedWords = reservedWords
)
