package runfile

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"cogpass/jobs"
	"cogpass/runner"
)

// threeSteps are those of each task of carryOutSteps.
var threeSteps = [...]runner.Step{runner.Enable, runner.Act, runner.SignOut}

// carryOutSteps takes the pending tasks of a file through three steps each, in
// groups of 8, and prints what it sends. What is in doubt it takes for done.
func carryOutSteps(f *File) error {
	var group []Row
	for row, err := range f.Pending(false, false) {
		if err != nil {
			return err
		}
		if group = append(group, row); len(group) == 8 {
			if err := carryOutGroup(f, group); err != nil {
				return err
			}
			group = group[:0]
		}
	}
	return carryOutGroup(f, group)
}

func carryOutGroup(f *File, group []Row) error {
	ctx := context.Background()
	beside := map[int64][]runner.StepResult{}
	for _, step := range threeSteps {
		var intents []runner.Intent
		var sent strings.Builder
		for _, row := range group {
			switch at := slices.IndexFunc(row.Done, func(d runner.StepResult) bool { return d.Step == step }); {
			case at >= 0:
			case row.Doubt != nil && row.Doubt.Step == step:
			case row.Doubt != nil && rank(row.Doubt.Step) > rank(step):
				return fmt.Errorf("task %d: step %d is in doubt, and step %d has not ended", row.Seq, row.Doubt.Step, step)
			default:
				intents = append(intents, intentFor(row.Seq, step))
				fmt.Fprintf(&sent, "sent %d %d\n", row.Seq, step)
			}
		}
		if err := f.Begin(ctx, intents); err != nil {
			return err
		}
		fmt.Print(sent.String())
		for _, row := range group {
			s := stepOf(step, runner.OK)
			if step != runner.Act {
				beside[row.Seq] = append(beside[row.Seq], s)
			}
			var err error
			if step == runner.SignOut {
				err = f.Record(richResult(row.Seq, runner.OK, beside[row.Seq]...))
			} else {
				err = f.Ended(ctx, row.Seq, s)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// TestKilledBetweenSteps kills another process again and again while it carries
// out tasks of several steps: no step is sent twice, and in the end all are done.
func TestKilledBetweenSteps(t *testing.T) {
	t.Parallel()
	n, lives := int64(300), 3
	if long() {
		n, lives = 2000, 12
	}
	path := makeRich(t, n)
	random := rand.New(rand.NewPCG(9, 10))
	sent := map[string]bool{}
	for life := 0; ; life++ {
		cmd, out := child(t, "steps", path)
		lines := 1 + random.IntN(int(n)/3)
		if life == lives {
			lines = math.MaxInt
		}
		done := false
		for i := 0; out.Scan(); i++ {
			if i == lines {
				cmd.Process.Kill()
			}
			line := out.Text()
			var seq, step int64
			if done = line == "done"; done {
				break
			}
			if k, _ := fmt.Sscanf(line, "sent %d %d", &seq, &step); k != 2 {
				if i > lines { // cut off as it died
					continue
				}
				t.Fatalf("the other process says %q", line)
			}
			if sent[line] {
				t.Fatalf("it has sent again: %s", line)
			}
			sent[line] = true
		}
		cmd.Wait()
		if done {
			break
		}
		if life > 12 {
			t.Fatal("the other process ended by itself")
		}
	}
	f := openFile(t, path)
	for _, r := range results(t, f) {
		if r.Outcome != runner.OK || len(r.Beside) != 2 {
			t.Fatalf("got %+v, want it done with two steps beside", r)
		}
	}
	consistent(t, f)
}

// halfRich returns the path of a closed run file of n rich tasks, of which half
// have outcomes, and others steps that have ended.
func halfRich(t testing.TB, n int64) string {
	t.Helper()
	path := makeRich(t, n)
	f := openFile(t, path)
	ctx := context.Background()
	for seq := int64(1); seq <= n; seq++ {
		switch {
		case seq <= n/2 && seq%7 == 0:
			mustDo(t, f.Record(richResult(seq, runner.OK, stepOf(runner.Create, runner.OK), stepOf(runner.SignOut, runner.Failed))))
		case seq <= n/2:
			mustDo(t, f.Record(richResult(seq, runner.OK, stepOf(runner.SignOut, runner.OK))))
		case seq%3 == 0:
			mustDo(t, f.Ended(ctx, seq, stepOf(runner.Enable, runner.OK)), f.Ended(ctx, seq, stepOf(runner.Act, runner.OK)))
		}
	}
	mustDo(t, f.Begin(ctx, []runner.Intent{intentFor(n, runner.SignOut)}), f.Approve("ana", "sha256:00", start), f.Close())
	return path
}

// TestChangedValueIsNoticed changes each column of the rows that steps, sights
// and approvals have.
func TestChangedValueIsNoticed(t *testing.T) {
	path := halfRich(t, 100)
	turn := 0
	for _, row := range []struct{ table, where string }{
		{"task", "seq = 49"}, {"task", "seq = 53"}, {"sight", "seq = 90"}, {"sight", "seq = 52"},
		{"step", "seq = 49 AND step = 4"}, {"step", "seq = 99 AND step = 0"}, {"attempt", "seq = 100"}, {"approval", "id = 1"},
	} {
		turn++
		for column := range strings.Lines(query(t, path, "SELECT name FROM pragma_table_info('"+row.table+"')")) {
			column = strings.TrimSpace(column)
			if row.table == "approval" && column == "id" {
				continue // says nothing
			}
			if turn++; !long() && turn%3 > 0 {
				continue
			}
			changed := copyFiles(t, path, "")
			f, err := Open(changed, OpenOptions{Place: t.TempDir()})
			mustDo(t, err)
			mustDo(t, f.update(func(s *session) error {
				return s.exec(fmt.Sprintf(`UPDATE %s SET %[2]s = CASE typeof(%[2]s) WHEN 'integer' THEN CASE WHEN %[2]s IN (0, 1) THEN 1 - %[2]s ELSE %[2]s + 1001 END WHEN 'null' THEN 1
					WHEN 'blob' THEN x'00112233445566778899aabbccddeeff' ELSE %[2]s || 'x' END WHERE %[3]s`, row.table, column, row.where))
			}))
			_, failed := f.Info()
			if err := checkCounts(f.w.session.conn); err != nil { // which Open does
				failed = errors.Join(failed, wrap(changed, "opening it", err))
			}
			for _, err := range f.Results() {
				failed = errors.Join(failed, err)
			}
			var known *Error
			if !errors.As(failed, &known) {
				t.Errorf("%s.%s of %s: got %v, want an *Error", row.table, column, row.where, failed)
			}
			mustDo(t, f.Close())
		}
	}
}

// TestLostStepIsNotPending loses the record of a step that was done: it must not
// be sent again.
func TestLostStepIsNotPending(t *testing.T) {
	f := openFile(t, halfRich(t, 100))
	mustDo(t, f.update(func(s *session) error { return s.exec("DELETE FROM step WHERE seq = 99 AND step = 0") }))
	for row, err := range f.Pending(false, false) {
		if !errors.Is(err, ErrDamaged) {
			t.Fatalf("got task %d and %v, want ErrDamaged", row.Seq, err)
		}
	}
}

// TestLookFirstWithSteps: in doubt is the first step of which a repetition could
// do harm, that has neither ended nor been begun since.
func TestLookFirstWithSteps(t *testing.T) {
	path := makeRich(t, 20)
	f := openFile(t, path)
	ctx := context.Background()
	mustDo(t, f.SetState(Running, ""),
		f.Begin(ctx, []runner.Intent{intentFor(2, runner.Enable), intentFor(9, runner.Create), intentFor(10, runner.SignOut)}),
		f.Ended(ctx, 17, stepOf(runner.Create, runner.OK)), f.Ended(ctx, 10, stepOf(runner.Act, runner.OK)),
		f.Ended(ctx, 18, stepOf(runner.Act, runner.OK)), f.Record(richResult(3, runner.OK, stepOf(runner.SignOut, runner.Failed))), f.Close())
	older := copyFiles(t, path, "")
	f = openFile(t, path)
	mustDo(t, f.Record(resultOf(1, runner.OK)), f.Close())
	look := OpenOptions{Place: options.Place, LookFirst: true}
	f, err := Open(older, look)
	mustDo(t, err)
	const none = runner.Look
	check := func(want map[int64]runner.Step) {
		t.Helper()
		seen := 0
		for _, row := range pending(t, f, true, false) {
			step, given := want[row.Seq]
			if !given {
				continue
			}
			seen++
			if (row.Doubt == nil) != (step == none) || row.Doubt != nil && (row.Doubt.Step != step || row.Doubt.Began.After(start.AddDate(9, 0, 0)) || row.Doubt.Attempts == 0) {
				t.Errorf("task %d: got %+v, want step %d in doubt", row.Seq, row.Doubt, step)
			}
		}
		if seen != len(want) {
			t.Errorf("got %d tasks, want %d", seen, len(want))
		}
	}
	check(map[int64]runner.Step{
		1: runner.Create, 2: runner.Act, 3: none, 4: none, 5: none, 6: runner.Act, 9: runner.Create, 10: runner.SignOut, 17: runner.Act, 18: none,
	})
	// What is found out then, a run that goes on does not look at again.
	created := stepOf(runner.Create, runner.OK)
	created.FinishedAt = time.Now().Add(time.Second)
	mustDo(t, f.Ended(ctx, 1, created), f.Begin(ctx, []runner.Intent{intentFor(2, runner.Enable)}), f.Close())
	f = openFile(t, older)
	check(map[int64]runner.Step{1: none, 2: runner.Enable, 6: runner.Act, 9: runner.Create, 17: runner.Act})
}

func TestApprovals(t *testing.T) {
	f := openFile(t, makeFile(t, 1))
	want := []Approval{{"ana", "sha256:00", start}, {"kim", "sha256:11", start.Add(time.Hour)}}
	for _, a := range want {
		mustDo(t, f.Approve(a.Who, a.Digest, a.At.Add(time.Microsecond)))
	}
	info, err := f.Info()
	if err != nil || !reflect.DeepEqual(info.Approvals, want) {
		t.Errorf("got %+v, %v, want %+v", info.Approvals, err, want)
	}
}

// TestGuardsComeBack: what a run needs to go on with its job's guards.
func TestGuardsComeBack(t *testing.T) {
	enabled := true
	plan := examplePlan()
	plan.Rates = map[jobs.Category]float64{jobs.UserUpdate: 20, jobs.UserList: math.Inf(1)}
	plan.Canary, plan.Messages, plan.WantAccount = 20, 50, "111122223333"
	plan.MaxFailures = jobs.MaxFailures{Given: true, Share: 5}
	plan.Where = jobs.Conditions{Status: []jobs.Status{jobs.Confirmed}, Enabled: &enabled, CreatedBefore: start}
	path := filepath.Join(t.TempDir(), "a.run")
	d, err := Create(path, plan)
	mustDo(t, err)
	mustDo(t, d.Commit(nil))
	info, err := openReadOnly(t, path).Info()
	mustDo(t, err)
	got := info.Plan
	got.RunID, got.PlanDigest, got.Counts = "", "", nil
	if !reflect.DeepEqual(got, plan) {
		t.Errorf("got %+v, want %+v", got, plan)
	}
}
