//go:build linux

package chaos

import "testing"

// A mutant that no longer applies catches nothing.
func TestMutantsApply(t *testing.T) {
	source, err := Module(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range Mutants() {
		if err := m.Check(source); err != nil {
			t.Error(err)
		}
	}
}
