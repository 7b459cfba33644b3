// Package guard keeps a panic inside the function that caused it.
package guard

import (
	"fmt"
	"runtime/debug"
)

// A PanicError is a panic that was caught.
type PanicError struct {
	Cause any    // what panic was called with
	Stack []byte // of the goroutine, down to the call of panic
}

// Error has the stack too, for the operator who reads the log.
func (p *PanicError) Error() string { return fmt.Sprintf("panic: %v\n%s", p.Cause, p.Stack) }

// Catch ends a panic and hands it to react. It works only if it is deferred
// itself, because recover does:
//
//	func run(job func() error) (err error) {
//		defer guard.Catch(func(p *guard.PanicError) { err = p })
//		return job()
//	}
func Catch(react func(*PanicError)) {
	if cause := recover(); cause != nil {
		react(&PanicError{Cause: cause, Stack: debug.Stack()})
	}
}
