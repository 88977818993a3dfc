package runfile

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"cogpass/jobs"
	"cogpass/runner"
)

// richTask is the task of that number, with much beside its action.
func richTask(seq int64) jobs.Task {
	t := exampleTask(seq)
	t.Skip = ""
	switch seq % 8 {
	case 1:
		t.Create = &jobs.Creation{Invite: jobs.Invite(seq % 3)}
		if seq%16 == 1 {
			t.Create.Attributes = map[string]string{"email": t.Username, "custom:team": "a"}
		}
	case 2:
		t.Enable, t.SignOut = true, jobs.SignOutAlways
	case 3:
		t.Recheck, t.SignOut = true, jobs.SignOutIfOK
	case 4:
		t.Skip = "is EXTERNAL_PROVIDER"
	case 5:
		t.Fail, t.SignOut = "has no verified address", jobs.SignOutAlways
	case 6:
		return t
	}
	if seq%8 > 1 {
		t.Before = &jobs.User{
			Username: t.Username, Sub: fmt.Sprintf("0f8fad5b-d9cb-469f-a165-%012x", seq), Status: runner.Confirmed, Enabled: seq%3 == 0,
			VerifiedEmail: seq%2 == 0, VerifiedPhone: seq%5 == 0, Created: start, Modified: start.Add(time.Duration(seq) * time.Second),
		}
		if seq%9 == 0 {
			t.Before.Username, t.Before.Sub, t.Before.Modified = fmt.Sprint("other-", seq), "not-a-uuid", time.Time{}
		}
	}
	return t
}

// makeRich plans n rich tasks.
func makeRich(t testing.TB, n int64) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rich.run")
	d, err := Create(path, examplePlan())
	if err != nil {
		t.Fatal(err)
	}
	for seq := int64(1); seq <= n; seq++ {
		if err := d.Add(richTask(seq)); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Commit(exampleSources); err != nil {
		t.Fatal(err)
	}
	return path
}

func stepOf(step runner.Step, o runner.Outcome) runner.StepResult {
	s := runner.StepResult{
		Step: step, Outcome: o, Attempts: 3, Throttled: 1, RequestID: "6b8d5b9e-7c2f-4a55-9d5e-00000000000a",
		StartedAt: start, FinishedAt: start.Add(70 * time.Millisecond), Latency: 6 * time.Millisecond,
	}
	if o != runner.OK {
		s.Code, s.Reason, s.RequestID = "InternalErrorException", "it went wrong", "req"
	}
	return s
}

func intentFor(seq int64, step runner.Step) runner.Intent {
	i := intentOf(seq)
	i.Step = step
	return i
}

func richResult(seq int64, o runner.Outcome, beside ...runner.StepResult) runner.Result {
	r := resultOf(seq, o)
	r.Beside = beside
	if b := richTask(seq).Before; b != nil && r.Sub == "" {
		r.Sub, r.StatusBefore = b.Sub, b.Status
	}
	return r
}

func mustDo(t testing.TB, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// TestRichPlanComesBackAsItWasAdded: with the steps, reasons and sights of its
// tasks, and the counts of them.
func TestRichPlanComesBackAsItWasAdded(t *testing.T) {
	const n = 2345
	f := openFile(t, makeRich(t, n))
	rows := pending(t, f, false, false)
	if len(rows) != n {
		t.Fatalf("got %d tasks, want %d", len(rows), n)
	}
	want := Plan{Counts: map[jobs.Action]int64{}}
	for i, row := range rows {
		task := richTask(int64(i + 1))
		if want := (Row{Task: task}); !reflect.DeepEqual(row, want) {
			t.Fatalf("got %+v, want %+v", row, want)
		}
		want.count(&task)
	}
	info, err := f.Info()
	if err != nil {
		t.Fatal(err)
	}
	if info.Skipped != want.Skipped || info.Invites != want.Invites || !maps.Equal(info.Skips, want.Skips) || !maps.Equal(info.Counts, want.Counts) ||
		!maps.Equal(info.Impossible, want.Impossible) || !maps.Equal(info.Steps, want.Steps) || len(info.Steps) != 4 || info.Skipped == 0 || info.Invites == 0 {
		t.Errorf("got %+v, want %+v", info.Plan, want)
	}
	for i, r := range results(t, f) {
		if b := richTask(int64(i + 1)).Before; b != nil && (r.Sub != b.Sub || r.StatusBefore != b.Status) {
			t.Fatalf("got %+v, want what was seen of the user, %+v", r, b)
		}
	}
}

// TestDigestCoversSteps: and not when a user was seen, nor as what.
func TestDigestCoversSteps(t *testing.T) {
	digest := func(task jobs.Task) string {
		path := filepath.Join(t.TempDir(), "a.run")
		d, err := Create(path, examplePlan())
		mustDo(t, err)
		mustDo(t, d.Add(task), d.Commit(nil))
		info, err := openReadOnly(t, path).Info()
		mustDo(t, err)
		return info.PlanDigest
	}
	task := func(change func(*jobs.Task)) jobs.Task {
		t := exampleTask(1)
		change(&t)
		return t
	}
	seen := map[string]int{}
	changes := []func(*jobs.Task){
		func(*jobs.Task) {}, func(t *jobs.Task) { t.Skip = "a" }, func(t *jobs.Task) { t.Fail = "a" }, func(t *jobs.Task) { t.Enable = true },
		func(t *jobs.Task) { t.Recheck = true }, func(t *jobs.Task) { t.SignOut = jobs.SignOutIfOK }, func(t *jobs.Task) { t.SignOut = jobs.SignOutAlways },
		func(t *jobs.Task) { t.Create = &jobs.Creation{} }, func(t *jobs.Task) { t.Create = &jobs.Creation{Invite: jobs.InviteBySMS} },
		func(t *jobs.Task) { t.Create = &jobs.Creation{Attributes: map[string]string{"email": "a"}} },
	}
	for i, change := range changes {
		d := digest(task(change))
		if before, again := seen[d]; again {
			t.Errorf("changes %d and %d have one digest", before, i)
		}
		seen[d] = i
	}
	looked := digest(task(func(t *jobs.Task) { t.Before = &jobs.User{Username: "x", Status: runner.Confirmed, Modified: start} }))
	if seen[looked] != 0 || len(seen) != len(changes) {
		t.Error("the digest is of when a user was seen, too")
	}
}

// TestStepsOfAPendingTask: each that has ended is given back, in the order of
// the steps, and nothing of it is in doubt.
func TestStepsOfAPendingTask(t *testing.T) {
	path := makeRich(t, 2000)
	f := openFile(t, path)
	ctx := context.Background()
	created, enabled, acted := stepOf(runner.Create, runner.OK), stepOf(runner.Enable, runner.Skipped), stepOf(runner.Act, runner.Failed)
	mustDo(t, f.Begin(ctx, []runner.Intent{intentFor(1, runner.Create), intentFor(2, runner.Enable), intentFor(1001, runner.Create)}),
		f.Ended(ctx, 2, acted), f.Ended(ctx, 1, created), f.Ended(ctx, 2, stepOf(runner.Enable, runner.Failed)), f.Ended(ctx, 2, enabled),
		f.Begin(ctx, []runner.Intent{intentFor(1, runner.Act), intentFor(2, runner.SignOut)}), f.Close())
	f = openFile(t, path)
	rows := pending(t, f, false, false)
	if got := rows[0].Done; !reflect.DeepEqual(got, []runner.StepResult{created}) || !reflect.DeepEqual(*rows[0].Doubt, intentOf(1)) || rows[0].Attempts != 1 {
		t.Errorf("got %+v, want it created, and its action in doubt", rows[0])
	}
	if got := rows[1].Done; !reflect.DeepEqual(got, []runner.StepResult{enabled, acted}) || !reflect.DeepEqual(*rows[1].Doubt, intentFor(2, runner.SignOut)) || rows[1].Attempts != 3 {
		t.Errorf("got %+v, want it enabled and acted on, and its sign-out in doubt", rows[1])
	}
	if got := rows[1000]; got.Done != nil || !reflect.DeepEqual(*got.Doubt, intentFor(1001, runner.Create)) || got.Attempts != 0 {
		t.Errorf("got %+v, want its creation in doubt", got)
	}
	c, err := f.Count()
	mustDo(t, err)
	if c.InDoubt != 3 || c.Requests != 3+9 || c.Steps[runner.Enable][runner.Skipped] != 1 || c.Steps[runner.Enable][runner.Failed] != 0 ||
		c.Steps[runner.Create][runner.OK] != 1 || c.ByOutcome[runner.Pending] != 2000 || c.Beside != 0 {
		t.Errorf("got %+v", c)
	}
	if r := results(t, f)[1]; r.Outcome != runner.Pending || r.Attempts != 3 || !reflect.DeepEqual(r.Beside, []runner.StepResult{enabled}) {
		t.Errorf("got %+v, want it pending and enabled", r)
	}
	// The end: the action's row goes, those beside it stay.
	out := stepOf(runner.SignOut, runner.Unknown)
	ended := richResult(2, runner.OK, enabled, out)
	mustDo(t, f.Record(richResult(2, runner.OK, out)), f.Flush())
	if r := results(t, f)[1]; !reflect.DeepEqual(r, ended) {
		t.Errorf("got %+v, want %+v", r, ended)
	}
	c, err = f.Count()
	mustDo(t, err)
	if c.Beside != 1 || c.InDoubt != 2 || c.Steps[runner.Act] != nil {
		t.Errorf("got %+v, want one task with a step that is unknown", c)
	}
	if got := query(t, path, "SELECT outcome, created, sign_out, attempts FROM result WHERE seq IN (1, 2) ORDER BY seq"); got != "pending|ok|<nil>|1\nok|<nil>|unknown|2\n" {
		t.Errorf("the view shows %q", got)
	}
}

// TestRetryOfSteps takes up what failed, and what hangs on it, alone.
func TestRetryOfSteps(t *testing.T) {
	const ok, failed, unknown, skipped = runner.OK, runner.Failed, runner.Unknown, runner.Skipped
	const create, enable, act, signOut, recheck = runner.Create, runner.Enable, runner.Act, runner.SignOut, runner.Recheck
	type steps map[runner.Step]runner.Outcome
	tests := []struct {
		outcome runner.Outcome
		beside  steps
		failed  []runner.Step // done where what failed is retried; nil: not taken up
		unknown []runner.Step
	}{
		{outcome: ok, beside: steps{signOut: ok}},
		{outcome: ok, beside: steps{create: ok, signOut: failed}, failed: []runner.Step{create, act}},
		{outcome: ok, beside: steps{signOut: unknown}, unknown: []runner.Step{act}},
		{outcome: skipped, beside: steps{recheck: ok, signOut: failed}, failed: []runner.Step{recheck, act}},
		{outcome: failed, beside: steps{create: ok, enable: ok, signOut: ok}, failed: []runner.Step{create, enable}},
		{outcome: failed, beside: steps{create: failed}, failed: []runner.Step{}},
		{outcome: failed, beside: steps{create: unknown}, failed: []runner.Step{create}, unknown: []runner.Step{}},
		{outcome: failed, beside: steps{signOut: unknown}, failed: []runner.Step{}, unknown: []runner.Step{act}},
		{outcome: unknown, beside: steps{create: ok, signOut: failed}, failed: []runner.Step{create, act}, unknown: []runner.Step{create}},
	}
	recorded := func() *File {
		f := openFile(t, makeRich(t, int64(len(tests))))
		for i, test := range tests {
			var beside []runner.StepResult
			for _, s := range stepOrder {
				if o := test.beside[s]; o != 0 {
					beside = append(beside, stepOf(s, o))
				}
			}
			mustDo(t, f.Record(richResult(int64(i+1), test.outcome, beside...)))
		}
		mustDo(t, f.Flush())
		return f
	}
	for _, retry := range []retry{{failed: true}, {unknown: true}} {
		f := recorded()
		got := map[int64]Row{}
		for _, row := range pending(t, f, retry.failed, retry.unknown) {
			got[row.Seq] = row
		}
		var again []runner.Intent
		for i, test := range tests {
			seq, want := int64(i+1), test.failed
			if retry.unknown {
				want = test.unknown
			}
			row, taken := got[seq]
			if taken != (want != nil) || !slices.Equal(stepsOf(row.Done), want) || taken && row.Outcome != test.outcome {
				t.Errorf("%+v: task %d: got %v, %+v, want %v done", retry, seq, taken, row, want)
			}
			if taken {
				again = append(again, intentFor(seq, signOut))
			}
		}
		mustDo(t, f.Begin(context.Background(), again))
		now := map[int64]Row{}
		for _, row := range pending(t, f, false, false) {
			now[row.Seq] = row
		}
		for seq, row := range got { // what a run that goes on is told, is what the retry was
			if r := now[seq]; !slices.Equal(stepsOf(r.Done), stepsOf(row.Done)) || r.Doubt == nil || r.Outcome != runner.Pending ||
				len(row.Done) > 0 && !reflect.DeepEqual(r.Done, row.Done) {
				t.Errorf("%+v: task %d: got %+v, want %+v and in doubt", retry, seq, r, row)
			}
		}
		if len(now) != len(got) {
			t.Errorf("%+v: %d tasks are pending, want %d", retry, len(now), len(got))
		}
		consistent(t, f)
	}
}

func stepsOf(done []runner.StepResult) []runner.Step {
	var steps []runner.Step
	for _, d := range done {
		steps = append(steps, d.Step)
	}
	return steps
}

// consistent compares the counts that are kept with what the rows add up to.
func consistent(t testing.TB, f *File) {
	t.Helper()
	c, err := f.Count()
	mustDo(t, err)
	want := Counts{Steps: map[runner.Step]map[runner.Outcome]int64{}, ByOutcome: map[runner.Outcome]int64{}}
	for _, r := range results(t, f) {
		want.ByOutcome[r.Outcome]++
		fails := false
		for _, s := range r.Beside {
			if want.Steps[s.Step] == nil {
				want.Steps[s.Step] = map[runner.Outcome]int64{}
			}
			want.Steps[s.Step][s.Outcome]++
			fails = fails || s.Outcome == runner.Failed || s.Outcome == runner.Unknown
		}
		if fails && (r.Outcome == runner.OK || r.Outcome == runner.Skipped) {
			want.Beside++
		}
	}
	for _, of := range []map[runner.Step]map[runner.Outcome]int64{c.Steps, want.Steps} {
		for step := range of {
			for o := runner.Pending; o <= runner.Unknown; o++ {
				if c.Steps[step][o] != want.Steps[step][o] {
					t.Errorf("it counts %d steps %d that are %v, want %d", c.Steps[step][o], step, o, want.Steps[step][o])
				}
			}
		}
	}
	for o := runner.Pending; o <= runner.Unknown; o++ {
		if c.ByOutcome[o] != want.ByOutcome[o] {
			t.Errorf("it counts %d that are %v, want %d", c.ByOutcome[o], o, want.ByOutcome[o])
		}
	}
	if c.Beside != want.Beside {
		t.Errorf("it counts %d with a step that failed, want %d", c.Beside, want.Beside)
	}
	mustDo(t, checkCounts(f.w.session.conn))
}
