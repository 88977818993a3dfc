package runfile

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"cogpass/runner"
)

// ended makes the file of a run that has ended so, of which each task that is not
// skipped has that outcome.
func ended(t *testing.T, state State, outcome runner.Outcome) string {
	t.Helper()
	path := makeFile(t, 3)
	f := openFile(t, path)
	mustDo(t, f.SetState(Running, ""))
	if outcome != runner.Pending {
		for _, row := range pending(t, f, false, false) {
			mustDo(t, f.Begin(t.Context(), []runner.Intent{intentOf(row.Seq)}), f.Record(resultOf(row.Seq, outcome)))
		}
		mustDo(t, f.Flush())
	}
	mustDo(t, f.SetState(state, ""), f.Close())
	return path
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func TestRemove(t *testing.T) {
	done := ended(t, Done, runner.OK)
	for _, ext := range []string{"-shm", ".lock"} { // as a crash may leave them
		mustDo(t, os.WriteFile(done+ext, nil, 0o600))
	}
	old := filepath.Join(t.TempDir(), "old.run")
	text, err := os.ReadFile(done)
	mustDo(t, err, os.WriteFile(old, text, 0o600))
	mustDo(t, Remove(done, options))
	left, err := filepath.Glob(done + "*")
	if err != nil || len(left) > 0 {
		t.Errorf("left: %q, %v", left, err)
	}
	for _, tt := range []struct {
		name string
		path string
		want error
	}{
		{"planned", makeFile(t, 3), ErrKept},
		{"stopped", ended(t, Stopped, runner.OK), ErrKept},
		{"running, and nobody has it", ended(t, Running, runner.OK), ErrKept},
		{"done, and some are pending", ended(t, Done, runner.Pending), ErrKept},
		{"gone", done, os.ErrNotExist},
		{"a folder", t.TempDir(), ErrNotRunFile},
	} {
		if err := Remove(tt.path, options); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, err, tt.want)
		}
		if tt.want == ErrKept && !exists(tt.path) {
			t.Errorf("%s: it was removed", tt.name)
		}
	}

	link := filepath.Join(t.TempDir(), "link.run")
	mustDo(t, os.Symlink(old, link))
	if err := Remove(link, options); !errors.Is(err, ErrNotRunFile) || !exists(link) || !exists(old) {
		t.Errorf("a link: got %v", err)
	}
	f := openFile(t, old)
	if err := Remove(old, options); !errors.As(err, new(*HeldError)) || !exists(old) {
		t.Errorf("held: got %v", err)
	}
	mustDo(t, f.Close())
	mustDo(t, Remove(old, options))
}

// What was pruned leaves the machine's mark, by which an older copy is still
// refused.
func TestRemoveForgetsNoMark(t *testing.T) {
	path := makeFile(t, 3)
	plan, err := os.ReadFile(path)
	mustDo(t, err)
	f := openFile(t, path)
	mustDo(t, f.SetState(Running, ""))
	for _, row := range pending(t, f, false, false) {
		mustDo(t, f.Begin(t.Context(), []runner.Intent{intentOf(row.Seq)}), f.Record(resultOf(row.Seq, runner.OK)))
	}
	mustDo(t, f.Flush(), f.SetState(Done, ""), f.Close(), Remove(path, options))
	mustDo(t, os.WriteFile(path, plan, 0o600))
	if _, err := Open(path, options); !errors.Is(err, ErrNotWhole) {
		t.Errorf("the plan, put back: got %v, want that it is not whole", err)
	}
}

// A glance tells what a reading does.
func TestGlance(t *testing.T) {
	for name, path := range map[string]string{
		"planned": makeFile(t, 60), "done": ended(t, Done, runner.Failed), "running": ended(t, Running, runner.OK),
	} {
		info, counts, err := Glance(path)
		mustDo(t, err)
		f := openReadOnly(t, path)
		wantInfo, err := f.Info()
		mustDo(t, err)
		wantCounts, err := f.Count()
		mustDo(t, err)
		if !reflect.DeepEqual(info, wantInfo) || !reflect.DeepEqual(counts, wantCounts) {
			t.Errorf("%s: got %+v, %+v, want %+v, %+v", name, info, counts, wantInfo, wantCounts)
		}
	}
	path := makeFile(t, 3)
	f := openFile(t, path)
	mustDo(t, f.SetState(Running, "")) // in the -wal
	if info, _, err := Glance(path); err != nil || info.State != Running {
		t.Errorf("while it runs: got %v, %v", info.State, err)
	}
	mustDo(t, os.WriteFile(path+"x", []byte("nonsense"), 0o600))
	if _, _, err := Glance(path + "x"); !errors.Is(err, ErrNotRunFile) {
		t.Errorf("nonsense: got %v", err)
	}
	if _, _, err := Glance(t.TempDir()); !errors.Is(err, ErrNotRunFile) {
		t.Errorf("a folder: got %v", err)
	}
	if _, _, err := Glance(path + "y"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("nothing: got %v", err)
	}
}
