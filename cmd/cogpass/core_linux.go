package main

import "golang.org/x/sys/unix"

// noCore keeps the memory of this process, which has passwords in it, off the
// disk: it leaves no core. The limit alone does not hold where cores are piped
// into a program; that the process cannot be dumped does, and it also keeps
// other programs of this user from reading its memory. Programs that it starts
// can be dumped, but for the limit.
func noCore() {
	_ = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}) // where neither can be had, it runs all the same
	_ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
}
