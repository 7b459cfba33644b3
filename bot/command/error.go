package command

import (
	"fmt"

	"licensebot/approvals"
)

// An Error says what is wrong with a command and how to type it right.
type Error struct {
	// Format is one sentence, with verbs for Args. What a person typed, and
	// words to type, are arguments of type Typed: package message escapes and
	// quotes them for Slack.
	Format string
	Args   []any
	// Try is a command to copy, as plain text. It asks for just what the person meant,
	// or is empty.
	Try string
	// Either are commands to copy, if what was typed can mean each of them.
	Either []string
	// AllMeant reports that what was typed asks for all of Either, one after the other.
	AllMeant bool
	// Fill is a command with words such as <group> in place of what was not understood.
	// It cannot be sent as it is.
	Fill string
	// Group is what was looked for among the groups in vain.
	Group string
	// Understood is what a request asks for, as far as all its readings agree. Nil: it is
	// no request, or nothing was understood.
	Understood *approvals.Ask
	// EndUnclear reports that an end was typed that is not in Understood.
	EndUnclear bool
	// Unlisted reports that a license was looked for in vain.
	Unlisted bool
}

// Typed is text that a person typed or may type.
type Typed string

// Error is the sentence as plain text, for a log.
func (e *Error) Error() string { return fmt.Sprintf(e.Format, e.Args...) }

func newError(try, format string, args ...any) *Error {
	return &Error{Format: format, Args: args, Try: try}
}

func newFill(fill, format string, args ...any) *Error {
	return &Error{Format: format, Args: args, Fill: fill}
}
