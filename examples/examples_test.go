// Package examples holds a job file for each story that cogpass is made for.
package examples

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"cogpass/jobs"
)

// Each example is right as it stands, without a warning, and does what its
// comments say.
func TestExamples(t *testing.T) {
	want := map[string]string{
		"onboarding.yaml":     "map[set-permanent:1 set-temporary:11 skipped:1]",
		"rotation.yaml":       "map[set-permanent:3]",
		"incident-reset.yaml": "map[]",
	}
	files, err := filepath.Glob("*.yaml")
	if err != nil || len(files) != len(want) {
		t.Fatalf("got examples %v, %v, want %d", files, err, len(want))
	}
	for _, file := range files {
		if got := countTasks(t, file); got != want[file] {
			t.Errorf("%s: got %s, want %s", file, got, want[file])
		}
	}
}

func countTasks(t *testing.T, file string) string {
	t.Helper()
	job, err := jobs.Open(file, jobs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	tasks := job.Tasks(t.Context())
	for task, err := range tasks.All() {
		if err != nil {
			t.Fatal(err)
		}
		if task.Skip != "" {
			counts["skipped"]++
		} else {
			counts[task.Action.String()]++
		}
		// A password that cannot be read would only be found out in a run.
		if task.Action.Sets() && !slices.Contains([]jobs.PasswordKind{jobs.FilePassword, jobs.RowPassword, jobs.GeneratedPassword}, task.Password.Kind) {
			t.Errorf("%s: got a password of kind %d, want it outside the job file", task.Place, task.Password.Kind)
		}
	}
	if warnings := tasks.Warnings(); len(warnings) > 0 {
		t.Errorf("%s: got warnings %v", file, warnings)
	}
	return fmt.Sprint(counts)
}
