package runner

import (
	"time"

	"cogpass/jobs"
)

// work is a task on its way to its outcome.
type work struct {
	task Task
	spec *jobs.ActionSpec // of the task's action
	lane *lane            // of the step whose turn it is
	due  time.Time        // when it is its turn again

	delayed bool         // it had to wait for that
	acted   *StepResult  // how the action ended, where another step follows; nil while it has not
	beside  []StepResult // how the steps beside it ended
	sub     string
	checked bool // it is not to be looked at before its first request, or has been
	spent   bool // Options.Budget has counted a message for the step, or for the action after it
	step    Step // whose turn it is: that which is being done, or a look on its behalf

	handoff   bool      // its password is handed over outside of the journal
	probed    bool      // the password in doubt was tried
	fetched   bool      // the store is not asked for its password any more
	elder     bool      // a password may be the user's whose attempts the doubt is not about
	remade    uint8     // times its password was made anew
	suspended *progress // of a step that waits for another password to be prepared

	progress
}

// progress is how far the step is that is being done. Looks on its behalf are
// part of it.
type progress struct {
	doing     Step
	already   bool  // the first look that showed that nothing was done showed the state that the action leads to
	lambda    bool  // a trigger has failed once
	hung      bool  // a program has not ended once
	unchanged uint8 // looks in a row that showed that nothing was done
	attempts  int   // made, throttled ones among them
	throttled int
	tries     int    // charged against Options.Attempts
	looks     int    // the same of the looks
	delays    int    // backoffs in a row
	fault     string // what the last request failed for

	startedAt time.Time // of the first attempt
	intent    Intent    // of the last attempt, as the journal has it
	// doubt is the earliest attempt that may have been carried out, and nil
	// where nothing is in doubt. Later attempts of a set do not replace it:
	// since then the user may have chosen a password.
	doubt     *Intent
	doubtSent time.Time // when it was sent, by this clock; zero if in an earlier run
	lostLast  time.Time // when the last such attempt was sent; zero if none was in this run
	// verdict is how the step fails if looking shows that nothing in doubt
	// was carried out.
	verdict string
	givenUp bool    // the verdict is that it has used up its attempts
	making  *making // of a Create; nil of any other

	code      string
	requestID string
	latency   time.Duration
}

// newWork returns the work that is left of a task. Which step is first says
// work.next.
func newWork(t Task, spec *jobs.ActionSpec) *work {
	w := &work{task: t, spec: spec, checked: t.Doubt != nil || len(t.Done) > 0}
	w.elder = t.Doubt == nil && w.tried() > 0
	for _, r := range t.Done {
		if r.Step == Act {
			w.acted = &r
		} else {
			w.beside = append(w.beside, r)
		}
	}
	switch {
	case w.acted != nil:
	case t.Skip != "":
		w.decide(Skipped, t.Skip)
	case t.Fail != "":
		w.decide(Failed, t.Fail)
	}
	return w
}

// decide ends a task's action, which is not sent.
func (w *work) decide(o Outcome, reason string) {
	w.acted = &StepResult{Step: Act, Outcome: o, Reason: reason, FinishedAt: time.Now()}
}

// begin has a step be done from now on.
func (w *work) begin(step Step) {
	w.step = step
	if s := w.suspended; s != nil && s.doing == step {
		w.progress, w.suspended = *s, nil
		return
	}
	w.progress = progress{doing: step, intent: Intent{Seq: w.task.Seq, Step: step}}
	switch step {
	case Create:
		w.making = new(making)
	case Act:
		w.attempts, w.throttled, w.startedAt = w.task.Attempts, w.task.Throttled, w.task.StartedAt
	}
	if d := w.task.Doubt; d != nil && d.Step == step {
		w.intent, w.doubt = *d, d
		if step != Act {
			w.attempts, w.throttled, w.startedAt = d.Attempts, d.Throttled, d.StartedAt
		}
	}
}

// ended reports whether a step beside the action has.
func (w *work) ended(step Step) bool {
	for i := range w.beside {
		if w.beside[i].Step == step {
			return true
		}
	}
	return false
}

// charged returns what the request whose turn it is counts towards.
func (w *work) charged() *int {
	if w.step == Look || w.step == Fetch || w.step == Probe {
		return &w.looks
	}
	return &w.tries
}

// intend returns what the journal is to know of the attempt that begins now.
// While an earlier one is in doubt, or may have set a password, that one's time counts.
func (w *work) intend(now time.Time, c *Clock) Intent {
	i := Intent{Seq: w.task.Seq, Step: w.step, Attempts: w.attempts + 1, Throttled: w.throttled, StartedAt: w.startedAt}
	if i.StartedAt.IsZero() {
		i.StartedAt = now
	}
	switch {
	case w.doubt != nil:
		i.Began, i.Slack = w.doubt.Began, w.doubt.Slack
	case w.making != nil && w.making.earlier != nil:
		i.Began, i.Slack = w.making.earlier.Began, w.making.earlier.Slack
	case w.elder && w.sets(): // the first attempt, by a clock that may be another's
		i.Began, i.Slack = new(Clock).Server(i.StartedAt)
	default:
		i.Began, i.Slack = c.Server(now)
	}
	if w.task.Generated && w.carrying() {
		i.Version, i.Password, i.Username, i.Made = w.task.Version, w.task.Password, w.task.Username, w.task.Made
	}
	w.intent = i
	return i
}

// stepResult returns how the step that is being done ended, had it at now.
func (w *work) stepResult(o Outcome, reason string, now time.Time) StepResult {
	r := StepResult{
		Step: w.doing, Outcome: o, Attempts: w.attempts, Throttled: w.throttled, Code: w.code, Reason: reason,
		RequestID: w.requestID, StartedAt: w.startedAt, FinishedAt: now, Latency: w.latency,
	}
	if w.doing == Act && o == OK {
		r.Version = w.task.setVersion()
	}
	return r
}

// result returns the result of a task whose action ended as r.
func (w *work) result(r StepResult) Result {
	res := Result{
		Seq: w.task.Seq, Username: w.task.Username, Sub: w.sub, Action: w.task.Action, Outcome: r.Outcome,
		Attempts: r.Attempts, Throttled: r.Throttled, Code: r.Code, Reason: r.Reason,
		RequestID: r.RequestID, StartedAt: r.StartedAt, FinishedAt: r.FinishedAt, Latency: r.Latency,
		Source: w.task.Source, Beside: w.beside,
	}
	if r.Outcome == OK {
		res.Version = w.task.setVersion()
	}
	if b := w.task.Before; b != nil {
		if res.StatusBefore = b.Status; res.Sub == "" {
			res.Sub = b.Sub
		}
	}
	return res
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
