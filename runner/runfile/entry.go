package runfile

import (
	"fmt"
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
	extras   extras
	steps    []runner.StepResult // that have ended, in their order; the action's only while the task goes on
	intent   *runner.Intent      // the last attempt of the last step that was begun, where that has not ended
	made     []runner.Made       // passwords that were generated for it
	answered bool                // so that intent is not in doubt
	fault    error               // what happened to the task does not match its sum
	sum      int64               // of the outcome

	ids struct{ metadata, ref, file, code, reason, status, skip, fail, creation int64 } // of texts
}

const selectTasks = `SELECT seq, username, action, skip, metadata, password, ref, mark, source, file, line, col, fail, steps, creation
	FROM task WHERE seq > ? AND seq <= ?`

func taskEntry(f fields) (e entry) {
	e.task = jobs.Task{
		Seq:      f.int(0),
		Username: f.text(1),
		Action:   jobs.Action(f.int(2)),
		Password: jobs.PasswordRef{Kind: jobs.PasswordKind(f.int(5)), Mark: uint32(f.int(7))},
		Source:   int(f.int(8)),
		Place:    jobs.Place{Line: int(f.int(10)), Column: int(f.int(11))},
	}
	e.ids.metadata, e.ids.ref, e.ids.file = f.int(4), f.int(6), f.int(9)
	e.ids.skip, e.ids.fail, e.extras.steps, e.ids.creation = f.int(3), f.int(12), f.int(13), f.int(14)
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
	case !known(i.Step):
		err = fmt.Errorf("%w: there is an attempt of a step that this version does not know, of task %d", ErrNewer, i.Seq)
	}
	return i, answered, b, err
}

// takeAttempt comes after takeOutcome. It uses b for its memory.
func (e *entry) takeAttempt(f fields, b []byte) []byte {
	intent, answered, b, err := intentOfRow(f, b)
	if err != nil {
		e.fault = err
		return b
	}
	if intent.Step == runner.Act {
		e.madeSoFar(intent.Attempts, intent.Throttled, intent.StartedAt)
	}
	if e.intent == nil || rank(intent.Step) > rank(e.intent.Step) {
		e.intent, e.answered = intent, answered
	}
	return b
}

// madeSoFar is what is known of the action of a task that goes on.
func (e *entry) madeSoFar(attempts, throttled int, startedAt time.Time) {
	if e.result.Outcome == runner.Pending {
		e.result.Attempts, e.result.Throttled, e.result.StartedAt = attempts, throttled, startedAt
	}
}
