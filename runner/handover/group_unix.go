//go:build unix

package handover

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// ownGroup starts a program in a process group of its own, which is killed as a
// whole, and which a terminal's interrupt does not reach: the run decides when
// its hand-offs end.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error {
		err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		if errors.Is(err, syscall.ESRCH) {
			return os.ErrProcessDone
		}
		return err
	}
}
