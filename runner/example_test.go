package runner_test

import (
	"context"
	"fmt"
	"math"

	"cogpass/jobs"
	"cogpass/runner"
)

// printer is a Directory of one's own.
type printer struct{}

func (printer) Do(_ context.Context, t runner.Task) (runner.Answer, error) {
	if t.Username == "ana" {
		return runner.Answer{}, &runner.Error{Class: runner.UserFault, Code: "UserNotFoundException", Message: "no such user"}
	}
	return runner.Answer{RequestID: "1"}, nil
}

// A program runs tasks on its own Directory, without a job and a run file.
func ExampleRun() {
	tasks := func(yield func(runner.Task, error) bool) {
		for i, name := range []string{"ana", "bo"} {
			if !yield(runner.Task{Seq: int64(i + 1), Username: name, Action: jobs.Reset}, nil) {
				return
			}
		}
	}
	opt := runner.Options{Rate: math.Inf(1), Concurrency: 1}
	err := runner.Run(context.Background(), printer{}, tasks, opt, func(r runner.Result) error {
		fmt.Println(r.Username, "is", r.Outcome)
		return nil
	})
	fmt.Println(err)
	// Output:
	// ana is failed
	// bo is ok
	// <nil>
}
