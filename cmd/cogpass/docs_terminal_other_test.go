//go:build !linux

package main

import (
	"errors"
	"os"
)

func openPseudoTerminal() (keyboard, terminal *os.File, err error) {
	return nil, nil, errors.ErrUnsupported
}
