package runfile

import (
	"context"
	"errors"
	"os"
	"testing"

	"cogpass/runner"
)

// TestDiskFaults lets a file fail in mid-run: what was durable before stays,
// nothing is said to be durable that is not, and no call succeeds after it.
func TestDiskFaults(t *testing.T) {
	tests := []struct {
		name string
		set  func(f *faults, on bool)
		want error
	}{
		{"a sync fails", func(f *faults, on bool) { f.failSync.Store(on) }, ErrIO},
		{"no space is left", func(f *faults, on bool) { f.full.Store(on) }, ErrFull},
		{"a write is short", func(f *faults, on bool) { f.shorts.Store(on) }, ErrIO},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := makeFile(t, 100)
			fault := failingFiles(t, path)
			f := openFile(t, path)
			ctx := context.Background()
			before := fault.syncs.Load()
			if err := errors.Join(f.Begin(ctx, []runner.Intent{intentOf(1), intentOf(2)}), f.Record(resultOf(1, runner.OK)), f.Flush()); err != nil {
				t.Fatal(err)
			}
			if fault.syncs.Load()-before < 2 {
				t.Errorf("got %d syncs, want one a commit", fault.syncs.Load()-before)
			}
			test.set(fault, true)
			err := f.Begin(ctx, []runner.Intent{intentOf(3)})
			var known *Error
			if !errors.Is(err, test.want) || !errors.As(err, &known) || known.Hint == "" || known.Path != path {
				t.Errorf("got %v, want %v with a hint", err, test.want)
			}
			<-f.Failed()
			test.set(fault, false)
			if f.Begin(ctx, []runner.Intent{intentOf(4)}) == nil || f.Record(resultOf(2, runner.OK)) == nil || f.End(ctx, intentOf(2)) == nil ||
				f.Flush() == nil || f.SetState(Done, "") == nil || f.Err() == nil {
				t.Error("the file goes on after a failed commit")
			}
			if f.Close() == nil {
				t.Error("closing it hides the failure")
			}
			again := openFile(t, path)
			rows := pending(t, again, false, false)
			if len(rows) != 99 || rows[0].Seq != 2 || rows[0].Doubt == nil {
				t.Errorf("got %d tasks from %+v on, want 99, the first in doubt", len(rows), rows[0])
			}
			if err := again.Begin(ctx, []runner.Intent{intentOf(3)}); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestFaultIsToldWithoutBegin records an outcome that cannot be made durable,
// and waits for Failed as a run that has nothing to send does.
func TestFaultIsToldWithoutBegin(t *testing.T) {
	path := makeFile(t, 10)
	fault := failingFiles(t, path)
	f := openFile(t, path)
	fault.failSync.Store(true)
	if err := f.Record(resultOf(1, runner.OK)); err != nil {
		t.Fatal(err)
	}
	<-f.Failed()
	if !errors.Is(f.Err(), ErrIO) {
		t.Errorf("got %v, want ErrIO", f.Err())
	}
}

func TestPlanOnFullDiskLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	fault := failingFiles(t, dir)
	d, err := Create(dir+"/a.run", examplePlan())
	if err != nil {
		t.Fatal(err)
	}
	fault.full.Store(true)
	for seq := int64(1); seq <= 5000 && err == nil; seq++ {
		err = d.Add(exampleTask(seq))
	}
	if err == nil {
		err = d.Commit(nil)
	}
	if !errors.Is(err, ErrFull) {
		t.Errorf("got %v, want ErrFull", err)
	}
	if err := d.Discard(); err != nil {
		t.Error(err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("got %v, want an empty folder", left)
	}
}
