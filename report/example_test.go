package report_test

import (
	"fmt"
	"log"
	"os"
	"time"

	"cogpass/jobs"
	"cogpass/report"
	"cogpass/runner"
)

// results are of a run of two tasks, in their order.
func results(yield func(runner.Result, error) bool) {
	at := time.Date(2026, 1, 14, 9, 3, 12, 0, time.UTC)
	_ = yield(runner.Result{
		Seq: 1, Username: "ana", Action: jobs.Reset, Outcome: runner.OK, Attempts: 1, RequestID: "1f0e",
		StartedAt: at, FinishedAt: at.Add(80 * time.Millisecond), Latency: 80 * time.Millisecond, Source: "job.yaml:5",
	}, nil) && yield(runner.Result{
		Seq: 2, Username: "+15551234567", Action: jobs.Reset, Outcome: runner.Failed, Attempts: 1, Code: "UserNotFoundException",
		Reason: "User does not exist.", StartedAt: at, FinishedAt: at.Add(90 * time.Millisecond), Source: "job.yaml:6",
	}, nil)
}

// A report is a view of results, which come from a run file or from anywhere.
func ExampleWrite() {
	run := report.Run{Name: "inc-42", UserPoolID: "us-west-2_aaaaaaaaa", Tasks: 2, AskedRate: 10, State: "done"}
	if err := report.Write(os.Stdout, report.CSV, run, results); err != nil {
		log.Fatal(err)
	}
	// Output:
	// seq,username,sub,action,outcome,attempts,throttled,code,reason,request_id,started_at,finished_at,duration_ms,status_before,created,sign_out,check,handoff,expires_at,source
	// 1,ana,,reset,ok,1,0,,,1f0e,2026-01-14T09:03:12.000Z,2026-01-14T09:03:12.080Z,80,,,,,,,job.yaml:5
	// 2,'+15551234567,,reset,failed,1,0,UserNotFoundException,User does not exist.,,2026-01-14T09:03:12.000Z,2026-01-14T09:03:12.090Z,90,,,,,,,job.yaml:6
}

// The figures of a run can be had without a report.
func ExampleSummarize() {
	s, err := report.Summarize(results)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(s.Tasks, "tasks,", s.Outcomes[runner.Failed], "failed,", s.Codes)
	// Output:
	// 2 tasks, 1 failed, map[UserNotFoundException:1]
}
