package jobs_test

import (
	"path/filepath"
	"strings"
	"testing"

	"cogpass/jobs"
)

// TestUnusableFiles holds what a text archive cannot.
func TestUnusableFiles(t *testing.T) {
	huge := strings.Repeat("x", 9<<20)
	csv := head + "action: reset\nusers: [{csv: users}]\n"
	jsonl := head + "action: reset\nusers: [{jsonl: users}]\n"
	tests := []struct {
		name, job, users string
		want             string // the first line
	}{
		{"binary", "\x7fELF\x02\x01\x00\x00", "", "job.yaml:1:1: the control character U+007F"},
		{"NUL", head + "users: [a\x00b]\n", "", "job.yaml:3:10: a NUL: this is no text"},
		{"UTF-16", "\xff\xfev\x00e\x00", "", "job.yaml:1:1: this is UTF-16, not UTF-8"},
		{"an escape", head + "users: [ana]\n# \x1b[31m\n", "", "job.yaml:4:3: the control character U+001B"},
		{"a control character beyond ASCII", head + "users: [ü\u0081]\n", "", "job.yaml:3:10: the control character U+0081"},
		{"invalid UTF-8", head + "users: [ünï, k\xffm]\n", "", "job.yaml:3:15: this is not UTF-8 text"},
		{"empty", "", "", "job.yaml: the job file is empty"},
		{"white space", " \n\n", "", "job.yaml: the job file is empty"},
		{"line of 9 MiB", huge, "", "job.yaml: a job file of more than 8 MiB"},
		{"CSV: line of 9 MiB", csv, "username\nana\n" + huge, "users:3:1: row of more than 1 MiB"},
		{"CSV: header of 9 MiB", csv, huge, "users:1:1: row of more than 1 MiB"},
		{"CSV: quote that does not end", csv, "username\n\"ana\n" + strings.Repeat("kim\n", 1<<20), "users:2:1: "},
		{"CSV: invalid UTF-8", csv, "username\nünï\nk\xffm\n", "users:3:1: username is not valid UTF-8"},
		{"CSV: binary", csv, "\x7fELF\x02\x01\x00\x00", "users:1:1: the control character U+007F"},
		{"CSV: NUL", csv, "username\na\x00b\n", "users:2:2: a NUL: this is no text"},
		{"JSONL: line of 9 MiB", jsonl, "\"ana\"\n" + huge, "users:2:1: row of more than 1 MiB"},
		{"JSONL: invalid UTF-8", jsonl, "\"ana\"\n\"ü\xffx\"\n", "users:2:3: this is not UTF-8 text"},
		{"JSONL: binary", jsonl, "\x7fELF\x02\x01\x00\x00", "users:1:1: the control character U+007F"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := jobIn(t, test.job, archiveFile{"users", test.users})
			got, _, _ := strings.Cut(faultsOf(t, path, jobs.Options{}), "\n")
			if !strings.HasPrefix(got, test.want) {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestNoFile(t *testing.T) {
	dir := t.TempDir()
	if got, want := faultsOf(t, filepath.Join(dir, "job.yaml"), jobs.Options{}), "job.yaml: cannot read the job: no such file or directory\n"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := faultsOf(t, dir, jobs.Options{}), "cannot read the job: a folder, not a file\n"; !strings.HasSuffix(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestLongRowThatFits(t *testing.T) {
	long := strings.Repeat("v", 131_072)
	for kind, text := range map[string]string{
		"csv":   "username,clientMetadata.k\nana," + long + "\n",
		"jsonl": `{"username": "ana", "clientMetadata": {"k": "` + long + `"}}`,
	} {
		path := jobIn(t, head+"action: reset\nusers: [{"+kind+": users}]\n", archiveFile{"users", text})
		if _, tasks := mustTasks(t, path, jobs.Options{}); len(tasks) != 1 || tasks[0].ClientMetadata["k"] != long {
			t.Errorf("%s: got %d tasks", kind, len(tasks))
		}
		write(t, filepath.Join(filepath.Dir(path), "users"), strings.Replace(text, "vvv", "vvvv", 1))
		if got := faultsOf(t, path, jobs.Options{}); !strings.Contains(got, "131073 characters") {
			t.Errorf("%s: got %s", kind, got)
		}
	}
}
