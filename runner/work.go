package runner

import (
	"time"

	"cogpass/jobs"
)

// work is a task on its way to its outcome.
type work struct {
	task      Task
	spec      *jobs.ActionSpec // of the task's action
	step      Step             // that it is at
	lane      *lane            // of that step
	due       time.Time        // when it is its turn again
	attempts  int              // made, throttled ones among them
	throttled int
	tries     [Look + 1]int // at each step, charged against Options.Attempts
	delays    int           // backoffs in a row
	unchanged int           // looks in a row that showed that nothing was modified
	already   bool          // the first of these showed the state that the action leads to
	lambda    bool          // a trigger has failed once
	fault     string        // what the last request failed for

	startedAt time.Time // of the first attempt
	intent    Intent    // of the last attempt, as the journal has it
	// doubt is the earliest attempt that may have been carried out, and nil
	// where nothing is in doubt. Later attempts of a set do not replace it:
	// since then the user may have chosen a password.
	doubt     *Intent
	doubtSent time.Time // when it was sent, by this clock; zero if in an earlier run
	// verdict is how the task fails if looking shows that nothing in doubt
	// was carried out.
	verdict string

	code      string
	requestID string
	sub       string
	latency   time.Duration
}

func newWork(t Task, spec *jobs.ActionSpec) *work {
	w := &work{
		task: t, spec: spec, attempts: t.Attempts, throttled: t.Throttled, startedAt: t.StartedAt,
		intent: Intent{Seq: t.Seq}, doubt: t.Doubt,
	}
	if t.Doubt != nil {
		w.intent = *t.Doubt
	}
	return w
}

// intend returns what the journal is to know of the attempt that begins now.
// While an earlier one is in doubt, that one's time counts.
func (w *work) intend(now time.Time, c *Clock) Intent {
	i := Intent{Seq: w.task.Seq, Step: w.step, Attempts: w.attempts + 1, Throttled: w.throttled, StartedAt: w.startedAt}
	if i.StartedAt.IsZero() {
		i.StartedAt = now
	}
	i.Began, i.Slack = c.Server(now)
	if w.doubt != nil {
		i.Began, i.Slack = w.doubt.Began, w.doubt.Slack
	}
	w.intent = i
	return i
}

// result returns the task's result, had it ended at now.
func (w *work) result(o Outcome, reason string, now time.Time) Result {
	return Result{
		Seq: w.task.Seq, Username: w.task.Username, Sub: w.sub, Action: w.task.Action, Outcome: o,
		Attempts: w.attempts, Throttled: w.throttled, Code: w.code, Reason: reason,
		RequestID: w.requestID, StartedAt: w.startedAt, FinishedAt: now, Latency: w.latency,
		Source: w.task.Source,
	}
}

// waitHeap orders tasks by when they are due, and then as the plan does.
type waitHeap []*work

func (h waitHeap) Len() int { return len(h) }
func (h waitHeap) Less(i, j int) bool {
	if h[i].due.Equal(h[j].due) {
		return h[i].task.Seq < h[j].task.Seq
	}
	return h[i].due.Before(h[j].due)
}
func (h waitHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *waitHeap) Push(x any)   { *h = append(*h, x.(*work)) }
func (h *waitHeap) Pop() any {
	old := *h
	w := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return w
}
