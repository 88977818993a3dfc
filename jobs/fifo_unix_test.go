//go:build unix

package jobs_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"cogpass/jobs"
)

// TestFIFO holds that what may never answer is refused at once, with a way to
// do it: as a job, a list and a password file.
func TestFIFO(t *testing.T) {
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	const want = "not a regular file\n    hint: write it to a file first"
	if got := faultsOf(t, fifo, jobs.Options{}); !strings.Contains(got, want) {
		t.Errorf("as a job: got %s", got)
	}
	for _, text := range []string{
		"action: reset\nusers: [{csv: fifo}]\n",
		"action: reset\nusers: [ana]\nexclude: [{jsonl: fifo}]\n",
		"action: set-permanent\nusers: [ana]\npassword: {file: fifo}\n",
		"action: reset\nusers: [{csv: /dev/zero}]\n",
	} {
		path := filepath.Join(dir, "job.yaml")
		write(t, path, head+text)
		if got := faultsOf(t, path, jobs.Options{}); !strings.Contains(got, want) {
			t.Errorf("%s: got %s", text, got)
		}
	}
}

// TestStandardInputByName holds that /dev/stdin is read where it is a file.
func TestStandardInputByName(t *testing.T) {
	path := filepath.Join(t.TempDir(), "list")
	write(t, path, "username\nana\n")
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	name := filepath.Join("/dev/fd", strconv.Itoa(int(f.Fd())))
	if _, err := os.Stat(name); err != nil {
		t.Skip("there is no /dev/fd")
	}
	_, tasks := mustTasks(t, jobIn(t, head+"action: reset\nusers: [{csv: "+name+"}]\n"), jobs.Options{})
	if len(tasks) != 1 {
		t.Errorf("got %d tasks", len(tasks))
	}
}
