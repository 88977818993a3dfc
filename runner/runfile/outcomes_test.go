package runfile

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"testing"
	"time"

	"cogpass/runner"
)

func TestOutcomes(t *testing.T) {
	f := openFile(t, makeFile(t, 2500))
	ctx := context.Background()
	seqs := map[int64]runner.Outcome{1: runner.OK, 2: runner.Failed, 3: runner.Unknown, 1000: runner.OK, 1001: runner.OK, 2500: runner.Failed, 50: runner.Skipped}
	want := map[int64]runner.Result{}
	for seq, outcome := range seqs {
		if err := f.Begin(ctx, []runner.Intent{intentOf(seq)}); err != nil {
			t.Fatal(err)
		}
		want[seq] = resultOf(seq, outcome)
		if err := f.Record(want[seq]); err != nil {
			t.Fatal(err)
		}
	}
	// One is in doubt, one was answered and waits to be tried again.
	answered := intentOf(8)
	answered.Throttled = 1
	if err := errors.Join(f.Begin(ctx, []runner.Intent{intentOf(7), intentOf(8)}), f.End(ctx, answered), f.Flush()); err != nil {
		t.Fatal(err)
	}
	for i, got := range results(t, f) {
		seq := int64(i + 1)
		wanted, ended := want[seq]
		if !ended {
			task := exampleTask(seq)
			wanted = runner.Result{Seq: seq, Username: task.Username, Action: task.Action, Source: fmt.Sprintf("new-hires.csv:%d", seq+1)}
		}
		if seq == 7 || seq == 8 {
			wanted.Attempts, wanted.Throttled, wanted.StartedAt = 1, int(seq-7), start
		}
		if !reflect.DeepEqual(got, wanted) {
			t.Errorf("got %+v, want %+v", got, wanted)
		}
	}
	c, err := f.Count()
	if err != nil {
		t.Fatal(err)
	}
	byOutcome := map[runner.Outcome]int64{runner.Pending: 2493, runner.OK: 3, runner.Failed: 2, runner.Unknown: 1, runner.Skipped: 1}
	if !maps.Equal(c.ByOutcome, byOutcome) || c.Tasks != 2500 || c.InDoubt != 1 || c.Requests != 16 || c.Throttled != 8 {
		t.Errorf("got %+v", c)
	}
	rows := pending(t, f, false, false)
	if len(rows) != 2493 || rows[0].Seq != 4 {
		t.Fatalf("got %d rows from %d on, want 2493 from 4 on", len(rows), rows[0].Seq)
	}
	if doubt := intentOf(7); !reflect.DeepEqual(rows[3].Doubt, &doubt) || rows[3].Attempts != 1 {
		t.Errorf("got %+v, want it in doubt", rows[3])
	}
	if rows[4].Doubt != nil || rows[4].Attempts != 1 || rows[4].Throttled != 1 || !rows[4].StartedAt.Equal(start) {
		t.Errorf("got %+v, want it to be tried again", rows[4])
	}
}

func TestRetryTakesOutcomesBack(t *testing.T) {
	path := makeFile(t, 3000)
	f := openFile(t, path)
	ctx := context.Background()
	for seq := int64(1); seq <= 3000; seq++ {
		outcome := runner.OK
		switch seq {
		case 1500, 1501:
			outcome = runner.Failed
		case 2999:
			outcome = runner.Unknown
		}
		if err := f.Record(resultOf(seq, outcome)); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Flush(); err != nil {
		t.Fatal(err)
	}
	if rows := pending(t, f, false, false); len(rows) != 0 {
		t.Errorf("got %d rows, want none", len(rows))
	}
	rows := pending(t, f, true, true)
	if len(rows) != 3 || rows[0].Seq != 1500 || rows[0].Outcome != runner.Failed || rows[0].Attempts != 2 || rows[2].Seq != 2999 {
		t.Fatalf("got %+v, want tasks 1500, 1501 and 2999", rows)
	}
	again := intentOf(1500)
	again.Attempts = 3
	if err := errors.Join(f.Begin(ctx, []runner.Intent{again}), f.Record(resultOf(2999, runner.OK)), f.Close()); err != nil {
		t.Fatal(err)
	}
	f = openFile(t, path)
	rows = pending(t, f, false, false)
	if len(rows) != 1 || rows[0].Doubt == nil || rows[0].Doubt.Attempts != 3 {
		t.Errorf("got %+v, want task 1500 in doubt", rows)
	}
	c, err := f.Count()
	if err != nil {
		t.Fatal(err)
	}
	want := map[runner.Outcome]int64{runner.Pending: 1, runner.OK: 2998, runner.Failed: 1, runner.Unknown: 0}
	if !maps.Equal(c.ByOutcome, want) || c.Requests != 2*2999+3 {
		t.Errorf("got %+v, want %v", c, want)
	}
}

func TestTaskHasOneOutcome(t *testing.T) {
	f := openFile(t, makeFile(t, 10))
	if err := errors.Join(f.Record(resultOf(1, runner.OK)), f.Flush()); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Record(resultOf(1, runner.Failed)), f.Flush()); err == nil {
		t.Fatal("a second outcome is taken")
	}
	<-f.Failed()
	if f.Err() == nil || f.Begin(context.Background(), nil) == nil || f.Record(resultOf(2, runner.OK)) == nil {
		t.Error("the file goes on after a failure")
	}
}

func TestRecordBecomesDurableByItself(t *testing.T) {
	path := makeFile(t, 10)
	f := openFile(t, path)
	if err := f.Record(resultOf(3, runner.OK)); err != nil {
		t.Fatal(err)
	}
	other := openReadOnly(t, path)
	deadline := time.Now().Add(10 * time.Second)
	for {
		c, err := other.Count()
		if err != nil {
			t.Fatal(err)
		}
		if c.ByOutcome[runner.OK] == 1 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the outcome is not there after 10 s")
		}
	}
}
