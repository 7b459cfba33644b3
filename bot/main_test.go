package bot

import (
	"os"
	"testing"

	"licensebot/internal/sweep"
)

func TestMain(m *testing.M) {
	sweep.Parallel(8)                                       // they mostly wait
	knownLimit, refreshLimit = 2*knownLimit, 2*refreshLimit // the fakes answer late on a busy machine
	os.Exit(m.Run())
}
