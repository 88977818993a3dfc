package jobs_test

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"cogpass/jobs"
)

// A file that holds passwords of tasks and that others may read is warned of,
// and no other file.
func TestPasswordsThatOthersMayRead(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such mode")
	}
	const head = "version: 1\nname: x\nuserPoolId: us-west-2_a\naction: set-permanent\n"
	const list, named = "username,password\nana,Secret-Pw-1\n", "username\nana\n"
	for _, tt := range []struct {
		name, job, csv   string
		jobMode, csvMode os.FileMode
		want             []string // files
	}{
		{"list, own", "users: [{csv: users.csv}]", list, 0o644, 0o600, nil},
		{"list, others", "users: [{csv: users.csv}]", list, 0o600, 0o644, []string{"users.csv"}},
		{"list, group", "users: [{csv: users.csv}]", list, 0o600, 0o640, []string{"users.csv"}},
		{"names only", "action: reset\nusers: [{csv: users.csv}]", named, 0o644, 0o644, nil},
		{"job, own", "password: Secret-Pw-2\nusers: [ana]", "", 0o600, 0, nil},
		{"job, others", "password: Secret-Pw-2\nusers: [ana]", "", 0o604, 0, []string{"job.yaml"}},
		{"both", "password: Secret-Pw-2\nusers: [kim, {csv: users.csv}]", list, 0o644, 0o666, []string{"job.yaml", "users.csv"}},
		{"from elsewhere", "password: {env: PW}\nusers: [ana]", "", 0o644, 0, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			job := filepath.Join(dir, "job.yaml")
			text := head + tt.job + "\n"
			if strings.HasPrefix(tt.job, "action:") {
				text = strings.Replace(text, "action: set-permanent\n", "", 1)
			}
			for path, file := range map[string]struct {
				text string
				mode os.FileMode
			}{job: {text, tt.jobMode}, filepath.Join(dir, "users.csv"): {tt.csv, tt.csvMode}} {
				if err := os.WriteFile(path, []byte(file.text), 0o600); err != nil {
					t.Fatal(err)
				}
				if err := os.Chmod(path, file.mode); err != nil { // whatever the umask
					t.Fatal(err)
				}
			}
			j, err := jobs.Open(job, jobs.Options{LookupEnv: func(string) (string, bool) { return "Secret-Pw-3", true }})
			if err != nil {
				t.Fatal(err)
			}
			tasks := j.Tasks(t.Context())
			for _, err := range tasks.All() {
				if err != nil {
					t.Fatal(err)
				}
			}
			var got []string
			for _, w := range tasks.Warnings() {
				if strings.Contains(w.Message, "others than its owner may read") {
					got = append(got, filepath.Base(w.File))
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got warnings of %q, want %q", got, tt.want)
			}
		})
	}
}
