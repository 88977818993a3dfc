package runner

import (
	"context"
	"iter"
	"math"
	"testing"

	"cogpass/jobs"
)

// instant is a Directory that costs nothing, and none its journal.
type instant struct{}

func (instant) Do(context.Context, Task) (Answer, error) { return Answer{}, nil }

func (instant) Begin(context.Context, []Intent) error          { return nil }
func (instant) End(context.Context, Intent) error              { return nil }
func (instant) Ended(context.Context, int64, StepResult) error { return nil }

// BenchmarkRun is what the engine itself costs a task.
func BenchmarkRun(b *testing.B) {
	for name, journal := range map[string]Journal{"alone": nil, "journal": instant{}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			tasks := iter.Seq2[Task, error](func(yield func(Task, error) bool) {
				for i := range b.N {
					if !yield(Task{Seq: int64(i + 1), Username: "u", Action: jobs.Reset}, nil) {
						return
					}
				}
			})
			opt := Options{Rate: math.Inf(1), Journal: journal}
			if err := Run(b.Context(), instant{}, tasks, opt, func(Result) error { return nil }); err != nil {
				b.Fatal(err)
			}
		})
	}
}
