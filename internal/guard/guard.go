// Package guard keeps a panic inside the function that caused it.
package guard

import (
	"fmt"
	"runtime/debug"
)

// A Panic is a panic that was caught.
type Panic struct {
	Cause any    // what panic was called with
	Stack []byte // of the goroutine, down to the call of panic
}

// Error has the stack too, for the operator who reads the log.
func (p *Panic) Error() string { return fmt.Sprintf("panic: %v\n%s", p.Cause, p.Stack) }

// Catch ends a panic and hands it to react. It works only if it is deferred
// itself, because recover does:
//
//	func run(job func() error) (err error) {
//		defer guard.Catch(func(p *guard.Panic) { err = p })
//		return job()
//	}
func Catch(react func(*Panic)) {
	if cause := recover(); cause != nil {
		react(&Panic{Cause: cause, Stack: debug.Stack()})
	}
}
