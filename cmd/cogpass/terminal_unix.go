//go:build unix

package main

import (
	"os"
	"os/signal"
	"syscall"
)

// escapes reports whether a terminal understands escape sequences.
func escapes(*os.File) bool { return true }

// resumes tells each time that the process goes on after Ctrl-Z: the shell has
// written to its terminal meanwhile.
func resumes() (told chan os.Signal, forget func()) {
	told = make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGCONT)
	return told, func() { signal.Stop(told) }
}
