package runfile

import (
	"time"

	"cogpass/jobs"
	"cogpass/runner"
)

// entry is a task and all that is known of it.
type entry struct {
	task     jobs.Task
	metadata string // ClientMetadata, encoded
	result   runner.Result
	intent   *runner.Intent // the task's last attempt, where it has not ended
	answered bool           // so that intent is not in doubt
	fault    error          // what happened to the task does not match its sum

	file, json, password, code, reason, status int64 // numbers of what is shared
	sum                                        int64 // of the outcome
}

func taskEntry(f fields) entry {
	return entry{
		task: jobs.Task{
			Seq:      f.int(0),
			Username: f.text(1),
			Action:   jobs.Action(f.int(2)),
			Excluded: f.int(5) != 0,
			Source:   int(f.int(6)),
			Password: jobs.PasswordRef{Mark: uint32(f.int(7))},
			Place:    jobs.Place{Line: int(f.int(9)), Column: int(f.int(10))},
		},
		password: f.int(3), json: f.int(4), file: f.int(8),
	}
}

func (e *entry) takeOutcome(f fields) {
	finished := fromMillis(f.int(7))
	e.result = runner.Result{
		Outcome:    runner.Outcome(f.int(1)),
		Attempts:   int(f.int(2)),
		Throttled:  int(f.int(3)),
		RequestID:  f.uuid(6),
		FinishedAt: finished,
		Latency:    time.Duration(f.int(9)) * time.Microsecond,
		Sub:        f.uuid(11),
	}
	if f[8] != nil {
		e.result.StartedAt = finished.Add(-time.Duration(f.int(8)) * time.Millisecond)
	}
	e.code, e.reason, e.status = f.int(4), f.int(5), f.int(10)
	e.sum = f.int(12)
}

// takeAttempt comes after takeOutcome. It uses b for its memory.
func (e *entry) takeAttempt(f fields, b []byte) []byte {
	e.intent = &runner.Intent{
		Seq:       f.int(0),
		Attempts:  int(f.int(1)),
		Throttled: int(f.int(2)),
		StartedAt: fromNanos(f.int(3)),
		Began:     fromNanos(f.int(4)),
		Slack:     time.Duration(f.int(5)),
	}
	e.answered = f.int(6) != 0
	check, b := sumIntent(b, *e.intent, e.answered)
	if check != f.int(7) {
		e.fault = damaged("the attempt of task %d does not match its sum", e.task.Seq)
	}
	if e.result.Outcome == runner.Pending {
		e.result.Attempts, e.result.Throttled, e.result.StartedAt = e.intent.Attempts, e.intent.Throttled, e.intent.StartedAt
	}
	return b
}
