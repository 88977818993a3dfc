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
		"tenants.yaml":        "map[set-permanent:1]",
	}
	files, err := filepath.Glob("*.yaml")
	if err != nil || len(files) != len(want) {
		t.Fatalf("got examples %v, %v, want %d", files, err, len(want))
	}
	for _, file := range files {
		for _, opt := range poolsOf(t, file) {
			if got := countTasks(t, file, opt); got != want[file] {
				t.Errorf("%s: got %s, want %s", file, got, want[file])
			}
		}
	}
}

// poolsOf returns what a job is opened with for each pool of its list; where there is
// none, once.
func poolsOf(t *testing.T, file string) []jobs.Options {
	if file != "tenants.yaml" {
		return []jobs.Options{{}}
	}
	rows, err := jobs.ReadPoolList("tenants.csv")
	if err != nil {
		t.Fatal(err)
	}
	var all []jobs.Options
	for _, row := range rows {
		all = append(all, jobs.Options{UserPoolID: row.UserPoolID, RoleARN: row.RoleARN})
	}
	return all
}

func countTasks(t *testing.T, file string, opt jobs.Options) string {
	t.Helper()
	job, err := jobs.Open(file, opt)
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
