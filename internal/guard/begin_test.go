package guard_test

import (
	"errors"
	"testing"

	"licensebot/internal/guard"
)

func TestBeginGoesOnBesideItsCaller(t *testing.T) {
	begun, failure := make(chan string), errors.New("out of paper")
	wait := guard.Begin(func() (string, error) { return <-begun, failure })
	begun <- "printed"
	if got, err := wait(); got != "printed" || !errors.Is(err, failure) {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestBeginMakesAPanicAnError(t *testing.T) {
	_, err := guard.Begin(func() (int, error) { breakDown(); return 1, nil })()
	if caught, ok := errors.AsType[*guard.PanicError](err); !ok || caught.Cause != "out of paper" {
		t.Errorf("got %v", err)
	}
}
