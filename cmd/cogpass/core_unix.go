//go:build unix && !linux

package main

import "golang.org/x/sys/unix"

// noCore keeps the memory of this process, which has passwords in it, off the
// disk: it leaves no core.
func noCore() {
	_ = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}) // where it cannot be had, it runs all the same
}
