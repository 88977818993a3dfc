package jobs_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cogpass/jobs"
)

var update = flag.Bool("update", false, "write what the tests got as what they want")

// environment is what {env: NAME} finds in the tests.
func environment(name string) (string, bool) {
	text, ok := map[string]string{"PW": "Pa55word!", "EMPTY": "", "SPACED": "hunter2 "}[name]
	return text, ok
}

// checkReport stands for the check of whoever writes reports.
func checkReport(path string) error {
	if filepath.Ext(path) == ".pdf" {
		return errors.New("no report is a PDF")
	}
	return nil
}

// faultsOf reads a job to its end and returns what is wrong with it, with
// base names for paths.
func faultsOf(t *testing.T, path string, opt jobs.Options) string {
	t.Helper()
	job, err := jobs.Open(path, opt)
	if err == nil {
		for task, fault := range job.Tasks(t.Context()).All() {
			if err != nil {
				t.Errorf("got %v after the faults", task)
			}
			err = fault
		}
	}
	if err == nil {
		return ""
	}
	checkFaults(t, err)
	return strings.ReplaceAll(err.Error(), filepath.Dir(path)+string(filepath.Separator), "") + "\n"
}

// checkFaults applies what must be true of all faults.
func checkFaults(t *testing.T, err error) {
	t.Helper()
	faults, ok := err.(*jobs.Faults)
	if !ok {
		t.Fatalf("got a %T, want *jobs.Faults", err)
	}
	if strings.Contains(err.Error(), "hunter") {
		t.Errorf("a password is shown: %v", err)
	}
	for _, f := range faults.List {
		if f.File == "" || f.Message == "" {
			t.Errorf("got %#v, want a place and a message", f)
		}
		for _, r := range f.String() + f.Hint {
			if r < ' ' || r == 0x7f || r == 0x202e {
				t.Errorf("%q goes to the terminal as it is", f)
			}
		}
	}
}

// TestFaults reads the cases of testdata: each is the files of a job, and the
// faults it must have.
func TestFaults(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("got %v, %v", archives, err)
	}
	for _, path := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) { testArchive(t, path) })
	}
}

func testArchive(t *testing.T, path string) {
	files := readArchive(t, path)
	dir := t.TempDir()
	for i := range files {
		file := &files[i]
		name, base := filepath.Split(filepath.FromSlash(file.name))
		if base != "want" {
			write(t, filepath.Join(dir, name, base), file.text)
			continue
		}
		t.Run(filepath.Clean(name), func(t *testing.T) {
			got := faultsOf(t, filepath.Join(dir, name, "job.yaml"), jobs.Options{LookupEnv: environment, Stdin: strings.NewReader("username\n"), CheckReport: checkReport})
			switch {
			case got == "":
				t.Error("got no faults")
			case *update:
				file.text = got
			case got != file.text:
				t.Errorf("got\n%s\nwant\n%s", got, file.text)
			}
		})
	}
	if *update {
		write(t, path, formatArchive(files))
	}
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
