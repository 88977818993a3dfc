package runfile

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"cogpass/runner"
)

// TestLookFirst takes up a file that has lost commits: each pending task is in
// doubt since the run began, until it is begun anew, also in the next run of
// the file; and the file that it was copied from is an older one now.
func TestLookFirst(t *testing.T) {
	path := makeFile(t, 400)
	f := openFile(t, path)
	if err := f.SetState(Running, ""); err != nil {
		t.Fatal(err)
	}
	info, err := f.Info()
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Record(resultOf(1, runner.Failed)), f.Begin(t.Context(), []runner.Intent{intentOf(2)}), f.Close()); err != nil {
		t.Fatal(err)
	}
	older := copyFiles(t, path, "")
	f = openFile(t, path)
	record(t, f, 10)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	mustBeRefused(t, older, options, "an older copy")
	look := OpenOptions{Place: options.Place, LookFirst: true}
	f, err = Open(older, look)
	if err != nil {
		t.Fatal(err)
	}
	check := func(f *File, begun map[int64]bool, first int64) {
		t.Helper()
		rows := pending(t, f, true, false)
		if len(rows) == 0 || rows[0].Seq != first {
			t.Fatalf("got %+v, want tasks from %d on", rows, first)
		}
		for _, row := range rows {
			switch {
			case row.Skip != "":
				if row.Doubt != nil {
					t.Errorf("task %d is skipped and in doubt", row.Seq)
				}
			case row.Doubt == nil:
				t.Errorf("task %d is not in doubt", row.Seq)
			case begun[row.Seq]:
				if want := intentOf(row.Seq); !reflect.DeepEqual(*row.Doubt, want) {
					t.Errorf("got %+v, want %+v", *row.Doubt, want)
				}
			case !row.Doubt.Began.Equal(info.StartedAt) || row.Doubt.Slack != 5*time.Minute || row.Doubt.Attempts == 0:
				t.Errorf("task %d: got %+v, want it in doubt since %v", row.Seq, *row.Doubt, info.StartedAt)
			}
		}
	}
	check(f, nil, 1)
	// Some have been looked at: 3 is done, 4 and 1 are sent again.
	err = errors.Join(f.Record(resultOf(3, runner.OK)), f.Begin(t.Context(), []runner.Intent{intentOf(4), intentOf(1)}), f.Close())
	if err != nil {
		t.Fatal(err)
	}
	f = openFile(t, older)
	check(f, map[int64]bool{4: true, 1: true}, 1)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	mustBeRefused(t, path, options, "an older copy")
}

// TestLookFirstFromNothing: a run file of which all but the plan is gone is in
// doubt since the plan was made.
func TestLookFirstFromNothing(t *testing.T) {
	path, _ := killed(t)
	alone := copyFiles(t, path, "")
	f, err := Open(alone, OpenOptions{Place: options.Place, LookFirst: true})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, row := range pending(t, f, false, false) {
		if row.Skip == "" && (row.Doubt == nil || !row.Doubt.Began.Equal(start)) {
			t.Fatalf("got %+v, want it in doubt since %v", row.Doubt, start)
		}
	}
}
