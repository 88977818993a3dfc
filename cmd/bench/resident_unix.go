//go:build unix

package main

import (
	"os"
	"runtime"
	"syscall"
)

// maxResident returns the most memory that a process had, in bytes. It is
// never below that of the bench itself, from whose memory the process began.
func maxResident(state *os.ProcessState) int64 {
	usage, ok := state.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	if runtime.GOOS == "darwin" {
		return int64(usage.Maxrss)
	}
	return int64(usage.Maxrss) << 10
}
