package runfile

import (
	"context"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"cogpass/runner"
)

// TestStepsAgainstAModel does what an engine may, in a random order, with kills
// and retries between, and compares the file with a model of it.
func TestStepsAgainstAModel(t *testing.T) {
	const n = 40
	seeds := uint64(3)
	if long() {
		seeds = 30
	}
	for seed := range seeds {
		random := rand.New(rand.NewPCG(seed, 0))
		path := makeRich(t, n)
		f := openFile(t, path)
		ctx := context.Background()
		model := map[int64]*runner.Result{}
		acted := map[int64]*runner.StepResult{}
		doubt := map[int64]runner.Step{}
		for seq := int64(1); seq <= n; seq++ {
			model[seq] = &runner.Result{}
		}
		outcome := func() runner.Outcome { return runner.Outcome(1 + random.IntN(4)) }
		for range 150 {
			seq := 1 + random.Int64N(n)
			m := model[seq]
			step := stepOrder[random.IntN(len(stepOrder))]
			_, open := doubt[seq]
			switch {
			case random.IntN(25) == 0: // a kill, or a clean end; Close makes durable what a kill may lose
				mustDo(t, f.Close())
				f = openFile(t, path)
			case m.Outcome != runner.Pending:
			case random.IntN(4) == 0:
				r := richResult(seq, outcome(), stepOf(runner.SignOut, outcome()))
				mustDo(t, f.Record(r))
				m.Outcome, m.Beside = r.Outcome, put(m.Beside, r.Beside[0])
				delete(doubt, seq)
				delete(acted, seq)
			case open || step == runner.Recheck:
				if open {
					step = doubt[seq]
				}
				s := stepOf(step, outcome())
				mustDo(t, f.Ended(ctx, seq, s))
				if delete(doubt, seq); step == runner.Act {
					acted[seq] = &s
				} else {
					m.Beside = put(m.Beside, s)
				}
			case step != runner.Act || acted[seq] == nil:
				mustDo(t, f.Begin(ctx, []runner.Intent{intentFor(seq, step)}))
				doubt[seq] = step
			}
		}
		mustDo(t, f.Flush())
		for _, row := range pending(t, f, false, false) {
			want := slices.Clone(model[row.Seq].Beside)
			if a := acted[row.Seq]; a != nil {
				want = put(want, *a)
			}
			step, open := doubt[row.Seq]
			if !reflect.DeepEqual(row.Done, want) || open != (row.Doubt != nil) || open && row.Doubt.Step != step || model[row.Seq].Outcome != 0 {
				t.Fatalf("seed %d: got %+v, want %+v done and %v in doubt", seed, row, want, step)
			}
		}
		for i, r := range results(t, f) {
			if m := model[int64(i+1)]; r.Outcome != m.Outcome || !reflect.DeepEqual(r.Beside, m.Beside) {
				t.Fatalf("seed %d: got %+v, want %+v", seed, r, m)
			}
		}
		consistent(t, f)
		mustDo(t, f.Close())
	}
}

// put adds a step to a list in order, in place of how it ended before.
func put(list []runner.StepResult, s runner.StepResult) []runner.StepResult {
	list = slices.DeleteFunc(slices.Clone(list), func(have runner.StepResult) bool { return have.Step == s.Step })
	list = append(list, s)
	slices.SortFunc(list, func(a, b runner.StepResult) int { return rank(a.Step) - rank(b.Step) })
	return list
}
