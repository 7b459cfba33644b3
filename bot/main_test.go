package bot

import (
	"os"
	"testing"

	"licensebot/internal/sweep"
)

func TestMain(m *testing.M) {
	sweep.Parallel(8) // they mostly wait
	os.Exit(m.Run())
}
