package report_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"cogpass/jobs"
	"cogpass/report"
	"cogpass/runner"
)

// TestReportAsList reads the users of a CSV report back, as a list of a job:
// those that a spreadsheet would take for formulas are the same users still.
func TestReportAsList(t *testing.T) {
	names := []string{"+15551234567", "ana", "'quoted", "''+1", "=1+1", "-a", "@x", "=", "a,b", `say"hi"`, "'+1", "ünï", "＋1"}
	results := func(yield func(runner.Result, error) bool) {
		for i, name := range names {
			if !yield(runner.Result{Seq: int64(i + 1), Username: name, Action: jobs.Reset, Outcome: runner.OK, Source: "=x.csv:1"}, nil) {
				return
			}
		}
	}
	var text bytes.Buffer
	if err := report.Write(&text, report.CSV, report.Run{}, results); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	job := "version: 1\nuserPoolId: us-west-2_aaaaaaaaa\naction: reset\nusers: [{csv: report.csv, columns: {username: username}}]\n"
	for name, text := range map[string]string{"report.csv": text.String(), "job.yaml": job} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	opened, err := jobs.Open(filepath.Join(dir, "job.yaml"), jobs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	tasks := opened.Tasks(t.Context())
	seen := 0
	for task, err := range tasks.All() {
		if err != nil {
			t.Fatal(err)
		}
		if want := names[seen]; task.Username != want {
			t.Errorf("got %q, want %q", task.Username, want)
		}
		seen++
	}
	if seen != len(names) || len(tasks.Warnings()) > 0 {
		t.Errorf("got %d users, %v, want %d", seen, tasks.Warnings(), len(names))
	}
}
