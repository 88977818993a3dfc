package report

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"cogpass/runner"
)

func TestWriteFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out", "report.json")
	for _, results := range []Results{sequence(sampleResults()), sequence(sampleResults()[:1])} {
		if err := WriteFile(path, JSON, sampleRun(), results); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if want := render(t, JSON, sampleRun(), results); !bytes.Equal(got, want) {
			t.Errorf("got %d bytes, want %d", len(got), len(want))
		}
		checkFolder(t, filepath.Dir(path), "report.json")
	}
	if info, _ := os.Stat(path); runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("got mode %v, want 0600", info.Mode())
	}
}

func checkFolder(t *testing.T, folder string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("got files %q, want %q", got, want)
	}
}

// A report that fails half way leaves the one from before, and nothing else.
func TestWriteFileKeepsOldReport(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "report.csv")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("run file: disk I/O error")
	err := WriteFile(path, CSV, Run{}, func(yield func(runner.Result, error) bool) {
		for r := range generated(10_000) {
			if !yield(r, nil) {
				return
			}
		}
		yield(runner.Result{}, broken)
	})
	if !errors.Is(err, broken) {
		t.Errorf("got error %v, want %v", err, broken)
	}
	if got, _ := os.ReadFile(path); string(got) != "old" {
		t.Errorf("got %d bytes in place of the old report", len(got))
	}
	checkFolder(t, folder, "report.csv")
}

func TestWriteFileFollowsLink(t *testing.T) {
	folder := t.TempDir()
	target, link := filepath.Join(folder, "target.csv"), filepath.Join(folder, "link.csv")
	if err := os.WriteFile(target, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, link); err != nil {
		t.Skipf("no links here: %v", err)
	}
	if err := WriteFile(link, CSV, Run{}, sequence(sampleResults())); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v, %v", info, err)
	}
	if info, err := os.Stat(target); err != nil || info.Size() == 0 {
		t.Errorf("the target is empty: %v, %v", info, err)
	}
}

func TestWriteFileErrors(t *testing.T) {
	folder := t.TempDir()
	plain := filepath.Join(folder, "plain")
	if err := os.WriteFile(plain, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, path, want string }{
		{"a folder", folder, "is a directory"},
		{"below a file", filepath.Join(plain, "report.csv"), "not a directory"},
	}
	if runtime.GOOS == "linux" {
		tests = append(tests, struct{ name, path, want string }{"a full disk", "/dev/full", "no space left on device"})
		if os.Getuid() != 0 {
			closed := filepath.Join(folder, "closed")
			if err := os.Mkdir(closed, 0o500); err != nil {
				t.Fatal(err)
			}
			tests = append(tests, struct{ name, path, want string }{"a closed folder", filepath.Join(closed, "report.csv"), "permission denied"})
		}
	}
	for _, tt := range tests {
		err := WriteFile(tt.path, CSV, Run{}, sequence(sampleResults()))
		if got := errorText(err); !strings.HasPrefix(got, "writing report: ") || !strings.Contains(got, tt.want) {
			t.Errorf("%s: got error %q, want one with %q", tt.name, got, tt.want)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(folder, ".*")); left != nil {
		t.Errorf("left behind: %q", left)
	}
}

func TestExpandPath(t *testing.T) {
	at := time.Date(2026, 3, 1, 14, 0, 2, 0, time.FixedZone("far", 5*3600))
	tests := []struct{ path, want, wantErr string }{
		{"out/report.json", "out/report.json", ""},
		{"out/{name}-{time}.csv", "out/rotation-20260301T090002Z.csv", ""},
		{"{name}/{name}.csv", "rotation/rotation.csv", ""},
		{"{pool}/{name}.csv", "us-west-2_aaaaaaaaa/rotation.csv", ""},
		{"a{b.csv", "a{b.csv", ""},
		{"{Name}.csv", "", "the name of a report holds {…} that is none of {name}, {pool} and {time}"},
	}
	for _, tt := range tests {
		got, err := ExpandPath(tt.path, "rotation", "us-west-2_aaaaaaaaa", at)
		if got != tt.want || errorText(err) != tt.wantErr {
			t.Errorf("%s: got %q, %v, want %q, %q", tt.path, got, err, tt.want, tt.wantErr)
		}
	}
}

// What a process has left that was killed while it wrote a report is removed
// by the next one; what another is writing, and what is no report's, is not.
func TestDeadTempsAreRemoved(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "r.csv")
	for _, name := range []string{".r.csv.123.tmp", ".r.csv.notes.tmp", ".other.csv.123.tmp"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	writing, err := createTemp(path)
	if err != nil {
		t.Fatal(err)
	}
	defer writing.Close()
	if err := WriteFile(path, CSV, Run{}, func(func(runner.Result, error) bool) {}); err != nil {
		t.Fatal(err)
	}
	var got []string
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		got = append(got, e.Name())
	}
	want := []string{".other.csv.123.tmp", ".r.csv.notes.tmp", filepath.Base(writing.Name()), "r.csv"}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
