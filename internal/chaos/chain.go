//go:build linux

package chaos

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"time"

	"licensebot/internal/chaos/judge"
)

// verifyLimit is how long the last rows of the journal may wait for their seal, also on a busy
// machine.
const verifyLimit = time.Minute

// verifyChain has the program check its own journal at the end of a round. It is the one look
// at the bot's database: no fake can tell whether the chain holds.
func (w *world) verifyChain(ctx context.Context) *judge.Violation {
	ctx, cancel := context.WithTimeout(ctx, verifyLimit)
	defer cancel()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	last := "it does not end"
	for {
		said, err := w.replicas[0].verify(ctx)
		switch {
		case err == nil:
			return nil
		case ctx.Err() == nil:
			last = fmt.Sprintf("%v: %s", err, said)
		}
		select {
		case <-tick.C: // a row may still wait for its seal
		case <-ctx.Done():
			return &judge.Violation{Rule: judge.ChainBroken, What: "audit verify: " + last}
		}
	}
}

// verify runs audit verify on the database of a replica, beside it.
func (r *replica) verify(ctx context.Context) (said string, err error) {
	verify := append(slices.Clone(r.command[:len(r.command)-1]), "audit", "verify", "--offline") // in the place of serve
	cmd := exec.CommandContext(ctx, verify[0], verify[1:]...)
	cmd.Dir = r.dir
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + r.dir, "LICENSEBOT_DATABASE_URL=" + r.env["LICENSEBOT_DATABASE_URL"],
	}
	out, err := cmd.CombinedOutput()
	return string(out), err
}
