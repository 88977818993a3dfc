// Package engine carries runs out on Temporal: a workflow goes through the
// batches of a plan, and activities carry them out with runner.Run, each with a
// Journal whose claims are heartbeats.
//
// Invariants: nothing is sent whose intent the server has not taken from this very
// attempt; what an attempt leaves in doubt the next one settles as any run does;
// the history holds references and counts, no username and no password.
package engine

import (
	"cmp"
	"errors"
	"net"
	"net/url"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"cogpass/jobs"
	"cogpass/runner"
)

// Run is what a run is asked for. It goes into the history.
type Run struct {
	ID          string  `json:"id"`   // in the depot
	Name        string  `json:"name"` // of the job
	Plan        string  `json:"plan"` // its digest
	Pool        string  `json:"pool"`
	Endpoint    string  `json:"endpoint,omitempty"` // empty: AWS
	Tasks       int64   `json:"tasks"`
	Batch       int64   `json:"batch"`       // tasks of each
	Rate        float64 `json:"rate"`        // of all of them; 0: as fast as answers come
	Concurrency int     `json:"concurrency"` // requests in flight at most, of all of them

	Lane string `json:"lane,omitempty"` // the workflow that owns the quota; empty: the run has it to itself

	MaxFailures jobs.MaxFailures `json:"maxFailures,omitzero"`

	Going Going `json:"going,omitzero"` // from one execution to the next
}

// Going is how far a run is.
type Going struct {
	Began     time.Time  `json:"began,omitzero"`
	Next      int64      `json:"next,omitempty"` // batch that was not begun
	Left      []leftover `json:"left,omitempty"` // batches that were, and are to go on
	Paused    bool       `json:"paused,omitempty"`
	Counts    [5]int64   `json:"counts,omitzero"` // tasks by runner.Outcome; those that are pending are what remains
	Beside    int64      `json:"beside,omitempty"`
	Requests  int64      `json:"requests,omitempty"`
	Throttled int64      `json:"throttled,omitempty"`
	State     string     `json:"state,omitempty"` // once it is to end
	Stop      *Stop      `json:"stop,omitempty"`

	Joined bool  `json:"joined,omitempty"` // the lane knows of the run
	Share  Share `json:"share,omitzero"`   // what the lane has given
}

type leftover struct {
	Batch   int64   `json:"n"`
	Try     int     `json:"try"`
	After   string  `json:"after,omitempty"`
	Counted Batched `json:"counted,omitzero"` // by the tries before
}

// The states in which a run ends.
const (
	Done        = "done"        // every task has an outcome
	Stopped     = "stopped"     // by a limit or a fatal error
	Interrupted = "interrupted" // by its user
)

// OrderSignal is the signal that a run takes, with an Order; StatusQuery is the query,
// which is answered with a Status.
const (
	OrderSignal = "order"
	StatusQuery = "status"
)

// An Order is what somebody asks of a run that is going on. It names the run, for the
// workflow of a pool may be another's by now.
type Order struct {
	Run  string  `json:"run"`
	Do   Command `json:"do"`
	Rate float64 `json:"rate,omitempty"` // with SetRate: requests a second; 0 is as fast as answers come
}

// Command is what an Order asks for.
type Command string

// The commands.
const (
	SetRate Command = "rate"
	Pause   Command = "pause" // what is in flight is finished
	Resume  Command = "resume"
	Cancel  Command = "cancel" // for good; what is in flight is finished
)

// ChainLength is how many batches one execution begins before the next takes over.
// Each is six events, and some more for what is signalled and retried; the limit that Temporal
// advises to stay below is 10,000.
const ChainLength = 1200

// Queue is the task queue of workers.
const Queue = "cogpass"

// batchTime is far longer than a batch takes that is not paused, and no limit on it:
// the next attempt goes on.
const batchTime = 24 * time.Hour

// WorkflowID is the ID of the run of a pool: there is one at a time. A pool of a
// stand-in on loopback is another than AWS's of the same ID, and its port tells.
func (r *Run) WorkflowID() string {
	if port := portOf(r.Endpoint); port != "" {
		return "run/" + r.Pool + ":" + port
	}
	return "run/" + r.Pool
}

// portOf is the port of an endpoint on loopback, or empty.
func portOf(endpoint string) string {
	at, err := url.Parse(endpoint)
	if err != nil {
		return ""
	}
	if ip := net.ParseIP(at.Hostname()); at.Hostname() == "localhost" || ip != nil && ip.IsLoopback() {
		return at.Port()
	}
	return ""
}

// RunWorkflow carries a run out, and returns how it has ended.
func RunWorkflow(ctx workflow.Context, run Run) (Going, error) {
	r := &running{Run: run, work: workflow.Context(nil)}
	if r.Going.Began.IsZero() {
		r.Going.Began = workflow.Now(ctx).UTC()
		r.Going.Counts[runner.Pending] = run.Tasks
	}
	if err := workflow.SetQueryHandler(ctx, StatusQuery, r.status); err != nil {
		return Going{}, err
	}
	// What was begun is brought to an end where the run is cancelled.
	work, _ := workflow.NewDisconnectedContext(ctx)
	r.work = workflow.WithActivityOptions(work, workflow.ActivityOptions{
		TaskQueue: Queue, StartToCloseTimeout: batchTime, HeartbeatTimeout: beatTimeout, WaitForCancellation: true,
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 30 * time.Second},
	})
	for {
		if err := r.share(); err != nil {
			return Going{}, err
		}
		r.fill(ctx)
		if len(r.flying) == 0 && r.over() {
			break
		}
		r.await(ctx)
	}
	if r.Going.State == "" && !r.finished() {
		r.drain(ctx)
	}
	if r.Going.State == "" && !r.finished() {
		return Going{}, workflow.NewContinueAsNewError(ctx, RunWorkflow, r.Run)
	}
	if r.Going.State == "" {
		r.Going.State = Done
	}
	if err := r.share(); err != nil { // it leaves the lane
		return Going{}, err
	}
	end := Ended{Going: r.Going, Ended: workflow.Now(ctx).UTC()}
	var w *Workers
	err := workflow.ExecuteActivity(r.work, w.EndRun, r.ID, end).Get(r.work, nil)
	return r.Going, err
}

// running is a run in one execution of its workflow.
type running struct {
	Run
	work      workflow.Context
	flying    []*flight
	begun     int  // batches in this execution
	cancelled bool // that the run was is known
	asking    bool // the lane is to hear of another rate
	slowing   bool // and of throttling
	owing     bool // the lane waits to hear that the run keeps to its share
}

// A flight is a batch that is being carried out.
type flight struct {
	leftover
	share  float64 // of the lane, with all that was begun at the time
	ended  workflow.Future
	cancel workflow.CancelFunc
}

// size is how many tasks a batch has.
func (r *running) size(batch int64) int64 { return min((batch+1)*r.Batch, r.Tasks) - batch*r.Batch }

// slots is how many batches are carried out at a time: so many that each lasts some
// ten seconds, that the end of one does not make the rate falter.
func (r *running) slots() int {
	slots := 4
	if rate := r.rate(); rate > 0 {
		slots = max(2, min(8, int(rate)/10))
	}
	return int(min(int64(slots), r.batches()))
}

func (r *running) batches() int64 { return (r.Tasks + r.Batch - 1) / r.Batch }

// finished reports whether there is no batch that is not done.
func (r *running) finished() bool {
	return r.Going.Next == r.batches() && len(r.Going.Left) == 0 && len(r.flying) == 0
}

// over reports whether this execution begins no more batches.
func (r *running) over() bool { return r.Going.State != "" || r.full() || r.finished() }

func (r *running) full() bool { return r.begun >= ChainLength }

// fill begins batches for which there is a slot.
func (r *running) fill(ctx workflow.Context) {
	if workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
		r.begun = max(r.begun, ChainLength)
	}
	for !r.over() && !r.Going.Paused && !r.shareless() && len(r.flying) < r.slots() {
		next := leftover{Batch: r.Going.Next, Try: 1}
		next.Counted.Counts[runner.Pending] = r.size(next.Batch)
		if len(r.Going.Left) > 0 {
			next, r.Going.Left = r.Going.Left[0], r.Going.Left[1:]
		} else if r.Going.Next < r.batches() {
			r.Going.Next++
		} else {
			return
		}
		r.begin(next)
	}
}

func (r *running) begin(next leftover) {
	ctx, cancel := workflow.WithCancel(r.work)
	slots := r.slots()
	b := Batch{
		Run: r.ID, Plan: r.Plan, Endpoint: r.Endpoint, Number: next.Batch, Try: next.Try, After: next.After,
		First: next.Batch*r.Batch + 1, Last: next.Batch*r.Batch + r.size(next.Batch),
		Rate: r.rate() / float64(slots), Share: r.part() / float64(slots), Concurrency: max(1, r.Concurrency/slots),
	}
	var w *Workers
	r.flying = append(r.flying, &flight{next, r.part(), workflow.ExecuteActivity(ctx, w.RunBatch, b), cancel})
	r.begun++
}

// await waits until something has happened, and deals with it.
func (r *running) await(ctx workflow.Context) {
	s := workflow.NewSelector(ctx)
	for _, f := range r.flying {
		s.AddFuture(f.ended, func(workflow.Future) { r.ended(f) })
	}
	if !r.cancelled {
		s.AddReceive(ctx.Done(), func(workflow.ReceiveChannel, bool) {
			r.cancelled = true
			r.stop(Interrupted, nil)
		})
	}
	s.AddReceive(workflow.GetSignalChannel(ctx, ShareSignal), func(c workflow.ReceiveChannel, _ bool) {
		var given Share
		c.Receive(ctx, &given)
		if r.given(given) {
			r.callBack()
		}
	})
	s.AddReceive(workflow.GetSignalChannel(ctx, OrderSignal), func(c workflow.ReceiveChannel, _ bool) {
		var o Order
		c.Receive(ctx, &o)
		if r.take(o) {
			r.callBack()
		}
	})
	s.Select(ctx)
}

// drain takes the orders that the next execution would not see.
func (r *running) drain(ctx workflow.Context) {
	var o Order
	for c := workflow.GetSignalChannel(ctx, OrderSignal); c.ReceiveAsync(&o); o = (Order{}) {
		r.take(o)
	}
	var given Share
	for c := workflow.GetSignalChannel(ctx, ShareSignal); c.ReceiveAsync(&given); given = (Share{}) {
		r.given(given)
	}
}

// take carries an order out, and reports whether what is under way is to be called
// back: what is in flight is finished then, and the rest of each batch begun again as is
// asked for now, if at all.
func (r *running) take(o Order) (changed bool) {
	g := &r.Going
	switch {
	case o.Run != r.ID || g.State != "":
	case o.Do == Pause:
		changed, g.Paused = !g.Paused, true
	case o.Do == Resume:
		g.Paused = false
	case o.Do == SetRate && o.Rate >= 0:
		changed, r.Rate = o.Rate != r.Rate, o.Rate
		r.asking = r.asking || changed
	case o.Do == Cancel:
		changed, g.State = true, Interrupted
	}
	return changed
}

func (r *running) stop(state string, why *Stop) {
	if r.Going.State == "" {
		r.Going.State, r.Going.Stop = state, why
		r.callBack()
	}
}

func (r *running) callBack() {
	for _, f := range r.flying {
		f.cancel()
	}
}

// ended deals with a batch that is not under way any more.
func (r *running) ended(f *flight) {
	r.flying = slices.DeleteFunc(r.flying, func(other *flight) bool { return other == f })
	f.cancel()
	var b Batched
	err := f.ended.Get(r.work, &b)
	switch {
	case temporal.IsCanceledError(err): // before a worker took it
		r.leave(f.leftover)
		return
	case err != nil:
		r.leave(f.leftover)
		var said *temporal.ApplicationError
		why := &Stop{Class: "error"}
		if errors.As(err, &said) {
			why.Class = said.Type()
		}
		r.stop(Stopped, why)
		return
	}
	g := &r.Going
	for o := range g.Counts {
		g.Counts[o] += b.Counts[o] - f.Counted.Counts[o]
	}
	g.Beside += b.Beside - f.Counted.Beside
	g.Requests, g.Throttled = g.Requests+b.Requests, g.Throttled+b.Throttled
	r.slowing = r.slowing || b.Throttled*quietShare > b.Requests
	if b.Counts[runner.Pending] > 0 {
		r.leave(leftover{f.Batch, f.Try + 1, b.Object, Batched{Counts: b.Counts, Beside: b.Beside}})
	}
	if b.Stop != nil {
		r.stop(Stopped, b.Stop)
	}
	bad := g.Counts[runner.Failed] + g.Counts[runner.Unknown]
	if r.MaxFailures.Exceeded(bad, bad+g.Counts[runner.OK]) {
		r.stop(Stopped, &Stop{Class: "maxFailures"})
	}
}

// leave keeps a batch that is to go on, in order.
func (r *running) leave(l leftover) {
	r.Going.Left = append(r.Going.Left, l)
	slices.SortFunc(r.Going.Left, func(a, b leftover) int { return cmp.Compare(a.Batch, b.Batch) })
}

// Status is how a run is going, as of the batches that have ended.
type Status struct {
	Run
	Flying int `json:"flying"` // batches under way
}

func (r *running) status() (Status, error) { return Status{r.Run, len(r.flying)}, nil }
