package runner

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"cogpass/jobs"
)

// Options of Run. The zero value works; a field that is zero has the default
// that its comment names.
type Options struct {
	Rate        float64                   // requests a second of UserAccountRecovery, at most; 10; +Inf is as fast as answers come
	Lanes       map[jobs.Category]float64 // the same of the other categories; half of their quota each
	Concurrency int                       // requests in flight at most; 64
	Attempts    int                       // of a step; throttled ones do not count; 8
	MaxDelay    time.Duration             // longest wait before an attempt; 30 s
	Timeout     time.Duration             // of a request; 30 s
	Outage      time.Duration             // how long an outage is waited for; 5 min
	Grace       time.Duration             // how long requests in flight, and the journal, may go on once the run is to stop; 30 s
	Journal     Journal                   // nil: a crash loses track of what was in flight
	Clock       *Clock                    // what is known of the server's clock; nil: nothing yet
	Rates       <-chan float64            // each value is the Rate from then on, one that is there already from the start; 0 pauses the run
	Observe     func(Stats)               // called from Run's goroutine after each answer, and when Rates has changed something
	Notice      func(Notice)              // called from Run's goroutine when something keeps the run from going on as asked

	// Recheck decides about a task with Recheck by what a look just before its
	// first request showed: skip ends it as Skipped, fail as Failed, each for
	// that reason. The Sight is not Found where there is no such user. It is
	// called from Run's goroutine; a task with Recheck stops a run without it.
	Recheck func(t Task, s Sight) (skip, fail string)

	// Budget is asked before a step, which t.Step is, is first attempted that
	// sends an e-mail, and before the user is enabled for it. Where it returns
	// nil it has counted one, for all attempts; where it does not, no new task
	// is begun, what has been is finished, and the run ends with a Stopped of
	// class Budget that wraps its error. Unspent takes back what a step was
	// counted for that surely has sent nothing; then a task that was refused
	// is asked for again. Both are called from Run's goroutine; nil is no limit.
	Budget  func(t Task) error
	Unspent func(t Task)

	// Quota returns what the lane of a category shares with other runs, or nil
	// where it is this run's alone, as all are without it. Stats and pace then go by the
	// least rate that any sharer asks for. It is called from Run's goroutine,
	// once for a category.
	Quota func(jobs.Category) Quota

	// Generate makes the password of a task that is Generated, and another
	// one where that was refused or can no longer be read. version is a new UUID.
	// It is called from Run's goroutine, and its error stops the run. Handoff is
	// where these passwords are handed over; nil: the Journal seals them.
	// HandoffLane is the category whose lane that takes; "Handoff".
	Generate       func(t Task) (version string, password jobs.Secret, err error)
	Handoff        Handoff
	HandoffLane    jobs.Category
	HandoffTimeout time.Duration // of each of its calls; Timeout

	random func() float64 // for backoffs, in [0, 1): a simulation's; nil: rand.Float64
}

// Stats is how a run is going. All counts are since its start, so that who
// keeps one a second has the second's as the difference to the one before.
type Stats struct {
	Sent      int64              // requests answered, or given up, looks among them
	Throttled int64              // of these, how many were throttled
	Retried   int64              // attempts beyond a step's first
	Ended     [Unknown + 1]int64 // tasks that ended, by Outcome
	InFlight  int                // requests
	Waiting   int                // tasks that wait for their next request
	Delayed   int                // of these, how many wait out a delay before they are tried, or looked at, again
	Asked     float64            // requests a second of UserAccountRecovery, as Options.Rate or Rates asks; 0 is paused
	Rate      float64            // what throttling leaves of that now
	HeldSince time.Time          // when the outage began that the run waits for; zero where there is none
	Latency   time.Duration      // how long the last answer took; zero where the call is for no answer
	Lanes     []LaneStats        // of each lane that there was a use for so far; a new slice each time
}

// LaneStats is how a lane is going: the requests of one quota category.
type LaneStats struct {
	Category  jobs.Category
	Sent      int64   // requests answered, or given up
	Throttled int64   // of these, how many were throttled
	Steps     int64   // steps that have ended, for which as a rule one request is needed each
	Asked     float64 // requests a second at most, as asked; +Inf is no limit
	Rate      float64 // what throttling leaves of that now
	Held      bool    // an outage is waited for
	Sharers   int     // runs that send in the lane of late, this one among them; 0 where it is no other's
}

// ErrThrottled is the cause of a Stopped whose requests were all throttled
// for five minutes.
var ErrThrottled = errors.New("nothing but throttling for 5 minutes")

// Stopped is the error of a run that an answer stopped. Its tasks that have
// not ended may be run again.
type Stopped struct {
	Class Class  // Budget, Fatal, Hung, LambdaFault, Throttled or UserLimit; of an outage what it was last: InDoubt, Transient or Host
	Task  string // username of the task that showed it
	Err   error
}

func (s *Stopped) Error() string { return s.Err.Error() }
func (s *Stopped) Unwrap() error { return s.Err }

// Run carries out tasks until the sequence ends, ctx is done, an answer stops
// the run, or emit or the journal fails. It calls emit once for each task that
// has ended, in the order in which they end, from the calling goroutine.
//
// Once it is to stop, it changes no user more and gives requests in flight
// Options.Grace to be answered, but for looks, which it cuts off; while that lasts,
// stores are told of passwords whose actions have ended. A task that was started and has not ended is
// not emitted: it is pending, and in doubt if the journal says so; without
// a journal, a task in doubt is emitted as Unknown.
//
// The error is nil where every task has ended, ctx's cause where that stopped
// it, a *Stopped where an answer did, and otherwise that of the sequence, emit
// or the journal. A task whose action is not known stops the run too, before
// it is sent.
func Run(ctx context.Context, dir Directory, tasks iter.Seq2[Task, error], opt Options, emit func(Result) error) error {
	opt = opt.withDefaults()
	next, stop := iter.Pull2(tasks)
	defer stop()
	reqCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	lookCtx, cut := context.WithCancel(reqCtx)
	defer cut()

	e := &engine{
		began: time.Now(),
		opt:   opt, dir: dir, next: next, emit: emit,
		kinds:    kinds(opt.HandoffLane),
		specs:    make([]*jobs.ActionSpec, len(jobs.Actions())+1),
		requests: make(chan *work, opt.Concurrency),
		answers:  make(chan answer, opt.Concurrency),
		begun:    make(chan begun, 1),
		journal:  make(chan []Intent, 1),
		most:     opt.Concurrency,
		lead:     minLead,
		reqCtx:   reqCtx,
		lookCtx:  lookCtx,
		// By a timer: the loop may hang in the journal, which this frees.
		stopGrace: sync.OnceFunc(func() { cut(); time.AfterFunc(opt.Grace, cancel) }),
	}
	defer context.AfterFunc(ctx, e.stopGrace)()
	e.looker, _ = dir.(Looker)
	e.fetcher, _ = opt.Handoff.(Fetcher)
	for _, a := range jobs.Actions() {
		spec := a.Spec()
		e.specs[a] = &spec
	}
	e.lane(Look, nil) // the first to be served: what is in doubt is settled before more is sent
	e.recovery = e.laneOf(jobs.UserAccountRecovery)

	var workers errgroup.Group
	for range opt.Concurrency {
		workers.Go(func() error {
			for w := range e.requests {
				e.answers <- e.carry(ctx, w)
			}
			return nil
		})
	}
	workers.Go(func() error { e.keep(); return nil })
	e.loop(ctx)
	close(e.requests)
	close(e.journal)
	_ = workers.Wait() // the workers return no error
	return e.err
}

func (o Options) withDefaults() Options {
	def(&o.Rate, 10)
	def(&o.Concurrency, 64)
	def(&o.Attempts, 8)
	def(&o.MaxDelay, 30*time.Second)
	def(&o.Timeout, 30*time.Second)
	def(&o.Outage, 5*time.Minute)
	def(&o.Grace, 30*time.Second)
	def(&o.HandoffLane, "Handoff")
	def(&o.HandoffTimeout, o.Timeout)
	if o.Clock == nil {
		o.Clock = new(Clock)
	}
	if o.random == nil {
		o.random = rand.Float64
	}
	if o.Observe == nil {
		o.Observe = func(Stats) {}
	}
	if o.Notice == nil {
		o.Notice = func(Notice) {}
	}
	return o
}

func def[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

// An answer is what came of a request.
type answer struct {
	w         *work
	unsent    bool // the run was stopped before it left, or it changes nothing and was not waited for
	sent, got time.Time
	sight     Sight // its Answer alone where it was no look
	err       error
}

// carry makes the request of a task's step. At the instant the run is stopped
// a request may still be handed over: it is not sent.
func (e *engine) carry(ctx context.Context, w *work) answer {
	a := answer{w: w, sent: time.Now()}
	if ctx.Err() != nil && w.step != Conclude {
		a.unsent = true
		return a
	}
	step, parent := &e.kinds[w.step], e.reqCtx
	if !step.intent {
		parent = e.lookCtx
	}
	timeout := e.opt.Timeout
	if w.step == Prepare || w.step == Conclude || w.step == Fetch {
		timeout = e.opt.HandoffTimeout
	}
	c, cancel := context.WithTimeout(parent, timeout)
	defer cancel()
	a.sight, a.err = step.send(e, c, w.task)
	a.got = time.Now()
	a.unsent = a.err != nil && !step.intent && parent.Err() != nil
	return a
}

const firstDelay = 200 * time.Millisecond // bound of the first backoff

// backoff returns the wait before another attempt: full jitter over a bound
// that doubles with each.
func (e *engine) backoff(tries int) time.Duration {
	bound := math.Min(float64(e.opt.MaxDelay), float64(firstDelay)*math.Pow(2, float64(tries-1)))
	return time.Duration(e.opt.random() * bound)
}

// fail stops the run, for the first reason that arises.
func (e *engine) fail(err error) {
	if e.err == nil && err != nil {
		e.err = err
	}
	if !e.stopping {
		e.stopping, e.stoppedAt = true, time.Now()
	}
	e.stopGrace()
}

// stopFor stops the run for an answer.
func (e *engine) stopFor(class Class, w *work, err error) {
	e.fail(&Stopped{class, w.task.Username, err})
}

// journalFailed stops the run because what it does cannot be recorded.
func (e *engine) journalFailed(err error) {
	e.unrecorded = true
	e.fail(fmt.Errorf("recording what is about to be sent: %w", err))
}
