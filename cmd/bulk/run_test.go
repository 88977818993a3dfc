package bulk

import (
	"os"
	"path/filepath"
	"testing"

	"cogpass/runner/runfile"
)

// rehearse carries a job out in the sandbox and returns how it ended.
func rehearse(t *testing.T, job string) *Ended {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "job.yaml")
	if err := os.WriteFile(path, []byte("version: 1\nname: rehearsal\nuserPoolId: us-west-2_aaaaaaaaa\n"+job), 0o600); err != nil {
		t.Fatal(err)
	}
	ended, err := Run(t.Context(), path, Options{StateDir: dir, Sandbox: true})
	if err != nil {
		t.Fatal(err)
	}
	return ended
}

// What the samples of a run say adds up to all of it.
func TestRunIsSampled(t *testing.T) {
	ended := rehearse(t, "action: reset\nusers: [ana, bo, chidi]\nexclude: [bo]\nlimits: {rate: max}\n")
	file, err := runfile.OpenReadOnly(ended.RunFile, runfile.OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	samples, err := file.Samples()
	if err != nil {
		t.Fatal(err)
	}
	var requests, ok, skipped int64
	for _, s := range samples {
		requests, ok, skipped = requests+s.Requests, ok+s.OK, skipped+s.Skipped
		if s.Span <= 0 || s.Requests > 0 && s.Max <= 0 {
			t.Errorf("got a sample %+v without a span or a latency", s)
		}
	}
	if requests != 2 || ok != 2 || skipped != 1 {
		t.Errorf("got %d requests, %d ok and %d skipped in %d samples, want 2, 2 and 1", requests, ok, skipped, len(samples))
	}
}
