// Package sweep lets a newcomer run a sample of the tests that try every case of a
// kind with real processes. CI runs them whole:
//
//	for i, point := range points {
//		t.Run(point.name, func(t *testing.T) {
//			sweep.InSample(t, i%3 == 0)
//			...
package sweep

import (
	"os"
	"testing"
)

// Whole reports whether each case runs: LICENSEBOT_TEST_REQUIRE is 1.
func Whole() bool { return os.Getenv("LICENSEBOT_TEST_REQUIRE") == "1" }

// InSample skips a case outside the sample unless the sweep is whole.
func InSample(t testing.TB, in bool) {
	t.Helper()
	if !in && !Whole() {
		t.Skip("the whole sweep runs with LICENSEBOT_TEST_REQUIRE=1")
	}
}
