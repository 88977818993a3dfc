//go:build unix

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"cogpass/runner"
	"cogpass/runner/runfile"
	"cogpass/runner/sandbox"
)

// TestFullDisk lets the run file grow so far and no further. The run stops, and
// what was sent by then is recorded; with room again it goes on.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	users, room := 500, int64(75_000)
	if long() {
		users, room = 2000, 300_000
	}
	s := newCrashSite(t, users, "reset", sandbox.Faults{})
	s.run(10) // leaves its plan
	info, err := os.Stat(s.runFile())
	if err != nil {
		t.Fatal(err)
	}
	cmd := s.command()
	limit := fmt.Sprintf(`ulimit -f %d; exec "$0" "$@"`, (info.Size()+room)/512)
	cmd.Args = append([]string{"sh", "-c", limit}, cmd.Args...)
	if cmd.Path, err = exec.LookPath("sh"); err != nil {
		t.Skip("needs a shell to limit the size of files with")
	}
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != exitFatal {
		t.Errorf("got %v, want exit code %d\n%s", err, exitFatal, out)
	}
	if text := string(out); strings.Count(text, "recording: ") != 1 || !strings.Contains(text, "\nhint: ") {
		t.Errorf("got %q, want that it cannot be recorded, once, and a hint", text)
	}
	s.mustHaveRecorded()
	s.run(0)
	s.mustBeDone("reset")
}

// mustHaveRecorded fails unless the run file knows of each request that came.
func (s *crashSite) mustHaveRecorded() {
	s.t.Helper()
	file, err := runfile.OpenReadOnly(s.runFile(), runfile.OpenOptions{Place: s.dir})
	if err != nil {
		s.t.Fatal(err)
	}
	defer file.Close()
	known := map[string]int{}
	for r, err := range file.Results() {
		if err != nil {
			s.t.Fatal(err)
		}
		known[r.Username] = r.Attempts
	}
	sent, ok := 0, 0
	for i := range s.users {
		name := crashUser(i)
		n := s.server.Counts(crashPool, name).Requests
		if sent += n; n > known[name] {
			s.t.Errorf("%s: %d requests were sent, and %d recorded", name, n, known[name])
		}
	}
	count, err := file.Count()
	if err != nil {
		s.t.Fatal(err)
	}
	ok = int(count.ByOutcome[runner.OK])
	if sent == 0 || ok == s.users {
		s.t.Fatalf("%d requests were sent, and %d users are ok: the disk was not full in the middle", sent, ok)
	}
}
