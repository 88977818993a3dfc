//go:build unix

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"cogpass/runner/sandbox"
)

// TestNothingIsDumped ends the program in the middle of a run with passwords, in
// ways that dump memory or goroutines: none leaves a core, or a password.
func TestNothingIsDumped(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		signal syscall.Signal
		dumped string // in what is printed
	}{
		{syscall.SIGQUIT, "ended at once by SIGQUIT"},
		{syscall.SIGABRT, "goroutine "}, // as a fault of the runtime ends it
	} {
		t.Run(tt.signal.String(), func(t *testing.T) {
			t.Parallel()
			s := newCrashSite(t, 200, "set-permanent", sandbox.Faults{})
			run := s.command()
			cmd := exec.Command("sh", append([]string{"-c", `ulimit -c "$(ulimit -Hc)"; exec "$@"`, "sh"}, run.Args...)...)
			cmd.Env, cmd.Dir = append(run.Env, "GOTRACEBACK=crash"), s.dir
			var out bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &out
			reached := s.requests.after(20)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			<-reached
			if limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", cmd.Process.Pid)); err == nil && !hasNoCoreLimit(string(limits)) {
				t.Errorf("got limits\n%s", limits)
			}
			if err := cmd.Process.Signal(tt.signal); err != nil {
				t.Error(err)
			}
			var ended *exec.ExitError
			if err := cmd.Wait(); !errors.As(err, &ended) || ended.Sys().(syscall.WaitStatus).CoreDump() {
				t.Errorf("got %v, want an end without a core", err)
			}
			if !strings.Contains(out.String(), tt.dumped) {
				t.Errorf("got %q, want %q in it", &out, tt.dumped)
			}
			s.mustHoldNoPassword(out.Bytes())
		})
	}
}

func hasNoCoreLimit(limits string) bool {
	for line := range strings.Lines(limits) {
		if rest, ok := strings.CutPrefix(line, "Max core file size"); ok {
			fields := strings.Fields(rest)
			return len(fields) > 1 && fields[0] == "0" && fields[1] == "0"
		}
	}
	return false
}
