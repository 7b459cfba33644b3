package sweep

import "testing"

func TestOnlyAWholeSweepRunsEachCase(t *testing.T) {
	for _, c := range []struct {
		require  string
		in, runs bool
	}{{"", true, true}, {"", false, false}, {"0", false, false}, {"1", true, true}, {"1", false, true}} {
		t.Setenv("LICENSEBOT_TEST_REQUIRE", c.require)
		ran := false
		t.Run("case", func(t *testing.T) {
			InSample(t, c.in)
			ran = true
		})
		if ran != c.runs {
			t.Errorf("with LICENSEBOT_TEST_REQUIRE=%s, a case that is in the sample (%t) runs: %t", c.require, c.in, ran)
		}
	}
}
