package bot

import (
	"fmt"
	"runtime/debug"

	"github.com/rs/zerolog"
)

// catchPanic is deferred to keep a panic inside one function. It logs the panic and
// then calls react, which may be nil.
func catchPanic(log zerolog.Logger, what string, react func(cause any)) {
	cause := recover()
	if cause == nil {
		return
	}
	log.Error().Str("panic", fmt.Sprint(cause)).Bytes("stack", debug.Stack()).Msg(what)
	if react != nil {
		react(cause)
	}
}
