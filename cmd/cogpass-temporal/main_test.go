package main

import (
	"bytes"
	"strings"
	"testing"
)

// What cannot be is refused with its exit code, before anything is asked.
func TestCommandLines(t *testing.T) {
	store := "file://" + t.TempDir()
	for _, c := range []struct {
		line string
		code int
		says string
	}{
		{"schedule", 2, "there is no command schedule"},
		{"submit", 2, "want a job or a run file"},
		{"submit job.yaml", 2, "which bucket?"},
		{"submit job.yaml --store http://x", 3, "want a bucket such as s3://NAME"},
		{"submit job.yaml --worker-key AGE-SECRET --store " + store, 2, "--worker-key"},
		{"submit job.yaml --rate 5 --store " + store, 2, "--rate"},
		{"worker --batches 0 --store " + store, 2, "want a number from 1"},
		{"status gone --store " + store, 3, "is not in the bucket"},
		{"rate gone 5 --store " + store, 2, "is not a rate"},
		{"collect gone --store " + store, 2, "--out says"},
		{"report gone --format x --store " + store, 2, "x"},
		{"pause --no-such-flag", 2, "no-such-flag"},
	} {
		var out, said bytes.Buffer
		sys := &system{In: strings.NewReader(""), Out: &out, Err: &said, LookupEnv: func(string) (string, bool) { return "", false }}
		cmd := newRoot(sys)
		cmd.SetArgs(strings.Fields(c.line))
		cmd.SetOut(&out)
		if got := sys.exit(cmd.ExecuteContext(t.Context())); got != c.code || !strings.Contains(said.String(), c.says) {
			t.Errorf("%s: got exit code %d and %s, want %d and %s", c.line, got, said.String(), c.code, c.says)
		}
		if strings.Contains(said.String(), "AGE-SECRET") {
			t.Errorf("%s: it shows the key", c.line)
		}
	}
}
