package bot

import (
	"fmt"

	"github.com/rs/zerolog"

	"licensebot/internal/guard"
)

// logPanic returns what [guard.Catch] does about a panic: it logs the panic and
// then calls react, which may be nil.
func logPanic(log zerolog.Logger, what string, react func(cause any)) func(*guard.PanicError) {
	return func(p *guard.PanicError) {
		log.Error().Str("panic", fmt.Sprint(p.Cause)).Bytes("stack", p.Stack).Msg(what)
		if react != nil {
			react(p.Cause)
		}
	}
}
