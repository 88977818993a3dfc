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
	ref      string // of the password, see refOf
	result   runner.Result
	intent   *runner.Intent // the last attempt of the task's action, where it has not ended
	answered bool           // so that intent is not in doubt
	fault    error          // what happened to the task does not match its sum
	sum      int64          // of the outcome

	ids struct{ metadata, ref, file, code, reason, status int64 } // of texts
}

const selectTasks = `SELECT seq, username, action, excluded, metadata, password, ref, mark, source, file, line, col
	FROM task WHERE seq > ? AND seq <= ?`

func taskEntry(f fields) (e entry) {
	e.task = jobs.Task{
		Seq:      f.int(0),
		Username: f.text(1),
		Action:   jobs.Action(f.int(2)),
		Excluded: f.int(3) != 0,
		Password: jobs.PasswordRef{Kind: jobs.PasswordKind(f.int(5)), Mark: uint32(f.int(7))},
		Source:   int(f.int(8)),
		Place:    jobs.Place{Line: int(f.int(10)), Column: int(f.int(11))},
	}
	e.ids.metadata, e.ids.ref, e.ids.file = f.int(4), f.int(6), f.int(9)
	return e
}

const selectOutcomes = `SELECT seq, outcome, attempts, throttled, code, reason, request_id, finished_at, duration_ms, latency_us,
	status_before, sub, sum FROM outcome WHERE seq > ? AND seq <= ?`

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
	e.ids.code, e.ids.reason, e.ids.status = f.int(4), f.int(5), f.int(10)
	e.sum = f.int(12)
}

const selectAttempts = `SELECT seq, step, attempts, throttled, started_at, began_at, slack, answered, sum FROM attempt`

// intentOfRow reads a row of attempt, which must match its sum. It uses b for
// its memory.
func intentOfRow(f fields, b []byte) (i *runner.Intent, answered bool, _ []byte, err error) {
	i = &runner.Intent{
		Seq:       f.int(0),
		Step:      runner.Step(f.int(1)),
		Attempts:  int(f.int(2)),
		Throttled: int(f.int(3)),
		StartedAt: fromNanos(f.int(4)),
		Began:     fromNanos(f.int(5)),
		Slack:     time.Duration(f.int(6)),
	}
	answered = f.int(7) != 0
	check, b := sumIntent(b, i, answered)
	switch {
	case check != f.int(8):
		err = damaged("the attempt of task %d does not match its sum", i.Seq)
	case i.Step != runner.Act:
		err = damaged("there is an attempt of a step that this version does not know, of task %d", i.Seq)
	}
	return i, answered, b, err
}

// takeAttempt comes after takeOutcome. It uses b for its memory.
func (e *entry) takeAttempt(f fields, b []byte) []byte {
	e.intent, e.answered, b, e.fault = intentOfRow(f, b)
	if e.result.Outcome == runner.Pending {
		e.result.Attempts, e.result.Throttled, e.result.StartedAt = e.intent.Attempts, e.intent.Throttled, e.intent.StartedAt
	}
	return b
}

// inDoubtSince is what a task may have gone through that a file has lost: an
// attempt at any time since its run began. How far this machine's clock may
// have been off is bounded by the service, which takes no signature that is
// more than five minutes old.
func (e *entry) inDoubtSince(began time.Time) *runner.Intent {
	return &runner.Intent{
		Seq: e.task.Seq, Attempts: max(e.result.Attempts, 1), Throttled: e.result.Throttled,
		StartedAt: began, Began: began, Slack: clockSlack,
	}
}

const clockSlack = 5 * time.Minute
