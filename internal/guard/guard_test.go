package guard_test

import (
	"strings"
	"testing"

	"licensebot/internal/guard"
)

func run(job func()) (caught *guard.PanicError) {
	defer guard.Catch(func(p *guard.PanicError) { caught = p })
	job()
	return nil
}

func TestCatchHandsOverThePanic(t *testing.T) {
	caught := run(breakDown)
	if caught == nil {
		t.Fatal("the panic was not handed over")
	}
	if caught.Cause != "out of paper" {
		t.Errorf("the cause is %v", caught.Cause)
	}
	for _, want := range []string{"panic: out of paper\n", "guard_test.breakDown"} {
		if !strings.Contains(caught.Error(), want) {
			t.Errorf("the error lacks %q: %v", want, caught)
		}
	}
}

func breakDown() { panic("out of paper") }

func TestCatchIsSilentWithoutAPanic(t *testing.T) {
	if caught := run(func() {}); caught != nil {
		t.Errorf("caught %v", caught)
	}
}
