//go:build linux

package main

import (
	"context"
	"errors"

	"licensebot/internal/chaos"
)

func hunt(context.Context, chaos.Options, string) error { return errors.New("not yet") }
