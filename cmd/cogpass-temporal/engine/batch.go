package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"cogpass/cmd/bulk"
	"cogpass/cmd/cogpass-temporal/depot"
	"cogpass/jobs"
	"cogpass/runner"
	"cogpass/runner/runfile"
	"cogpass/runner/sealed"
)

// Batch is what an attempt at a batch is asked for. It goes into the engine's
// history, and so names no user.
type Batch struct {
	Run         string  `json:"run"`  // in the depot
	Plan        string  `json:"plan"` // its digest
	Endpoint    string  `json:"endpoint,omitempty"`
	Number      int64   `json:"n"`
	First       int64   `json:"first"`
	Last        int64   `json:"last"`
	Try         int     `json:"try"`             // from 1: how often it was begun, and ended before its tasks had
	After       string  `json:"after,omitempty"` // the object with what the try before has left
	Rate        float64 `json:"rate"`            // 0: as fast as answers come
	Share       float64 `json:"share"`           // of the plan's other rates
	Concurrency int     `json:"concurrency"`
}

// Batched is what has come of it.
type Batched struct {
	Object    string   `json:"o,omitempty"` // where its results are
	Counts    [5]int64 `json:"n"`           // its tasks by runner.Outcome
	Beside    int64    `json:"b,omitempty"` // of these, ok or skipped with a step beside that is neither
	Requests  int64    `json:"r,omitempty"`
	Throttled int64    `json:"t,omitempty"`
	Stop      *Stop    `json:"s,omitempty"` // why the run is to stop; nil: it is not
}

// Stop is why a run was stopped. The full text, which may name a user, is with the
// batch's results.
type Stop struct {
	Class string `json:"class"`
	Code  string `json:"code,omitempty"` // AWS's, where there is one
}

// done is the object that a batch leaves.
type done struct {
	Format  int              `json:"format"`
	First   int64            `json:"first"`
	Last    int64            `json:"last"`
	Batched Batched          `json:"batched"`
	Reason  string           `json:"reason,omitempty"` // of Batched.Stop
	Tasks   []entry          `json:"tasks"`
	Samples []runfile.Sample `json:"samples,omitempty"`
}

const doneFormat = 1

func beginsKey(b *Batch, attempt int32) string { return "begun/" + attemptKey(b, attempt) }
func doneKey(b *Batch, attempt int32) string   { return "done/" + attemptKey(b, attempt) }

// attemptKey orders by name as attempts follow each other.
func attemptKey(b *Batch, attempt int32) string {
	return fmt.Sprintf("%s%06d", tryKey(b), attempt)
}

func tryKey(b *Batch) string { return fmt.Sprintf("%s/%04d-", batchKey(b.Number), b.Try) }

func batchKey(number int64) string { return fmt.Sprintf("%08d", number) }

// Claimer records with the server what an attempt is about to do. Its error wraps
// errRefused where the attempt is not the server's any more; cancelled says that it is to
// come to an end.
type Claimer interface {
	Claim(ctx context.Context, token []byte, details []byte) (cancelled bool, err error)
}

// Workers are the activities. Their zero value does not work: all fields but
// Identity are needed.
type Workers struct {
	Depot    *depot.Depot
	Dir      string             // for plans, while they are worked on
	Options  bulk.Options       // Profile, EndpointURL, Version and Screen
	Identity *sealed.Identities // opens the passwords that jobs give; nil: there is none
	Claimer  Claimer
	Server   client.Client // for what runs say to lanes; nil: there are none

	shelf shelf
}

var (
	errCancelled = errors.New("the run asks for it")
	errDraining  = errors.New("this worker is to end")
)

// RunBatch carries a batch out, or the rest of one. Its results are in the depot when it
// returns; an attempt that does not come to that leaves what it has claimed to the next.
func (w *Workers) RunBatch(ctx context.Context, b Batch) (Batched, error) {
	info := activity.GetInfo(ctx)
	run := w.Depot.Run(b.Run)
	// By an attempt whose worker died before it could say so, or before the workflow was reset.
	earlier, err := run.Last(ctx, "done/"+tryKey(&b))
	if err != nil {
		return Batched{}, err
	}
	if earlier != "" {
		d, err := readDone(ctx, run, earlier)
		return d.Batched, err
	}
	plan, err := w.shelf.take(ctx, w, &b)
	if err != nil {
		return Batched{}, err
	}
	defer w.shelf.giveBack(plan)
	j, err := w.journal(ctx, run, plan, &b)
	if err != nil {
		return Batched{}, err
	}
	given, err := w.given(ctx, run, &b)
	if err != nil {
		return Batched{}, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	j.claim = func(ctx context.Context, details []byte) error {
		cancelled, err := w.Claimer.Claim(ctx, info.TaskToken, details)
		if cancelled {
			cancel(errCancelled)
		}
		return err
	}
	if err := j.renew(ctx); err != nil {
		return Batched{}, err
	}
	if err := run.Put(ctx, beginsKey(&b, info.Attempt), nil); err != nil { // after the first claim: see journal
		return Batched{}, err
	}
	left := &done{Format: doneFormat, First: b.First, Last: b.Last}
	if err := w.carry(ctx, cancel, plan, &b, j, given, left); err != nil {
		return Batched{}, err
	}
	left.Tasks = j.all(false)
	left.count()
	left.Batched.Object = doneKey(&b, info.Attempt)
	text, err := json.Marshal(left)
	if err != nil {
		return Batched{}, err
	}
	ending := context.WithoutCancel(ctx) // of a run that was cancelled too
	if err := j.renew(ending); err != nil {
		return Batched{}, err
	}
	return left.Batched, run.Put(ending, left.Batched.Object, text)
}

// carry carries the tasks out. Its error is that this attempt has no say any more.
func (w *Workers) carry(ctx context.Context, cancel context.CancelCauseFunc, plan *plan, b *Batch, j *journal, given passwords, left *done) error {
	var beating sync.WaitGroup
	defer beating.Wait()
	beats, ended := context.WithCancel(context.WithoutCancel(ctx))
	defer ended()
	lost := make(chan error, 1)
	beating.Go(func() {
		if err := j.beat(beats); err != nil {
			lost <- err
			cancel(err)
		}
	})
	stopping := activity.GetWorkerStopChannel(ctx)
	beating.Go(func() {
		select {
		case <-stopping:
			cancel(errDraining)
		case <-beats.Done():
		}
	})
	var last runner.Stats
	part := bulk.Part{
		First: b.First, Last: b.Last, Rate: rateOf(b.Rate), Share: b.Share, Concurrency: b.Concurrency,
		Journal: j, Recall: j.recall, May: j.may, Emit: j.record, Password: given,
		Observe: func(s runner.Stats) { last = s },
		Sample:  func(s runfile.Sample) error { left.Samples = append(left.Samples, finite(s)); return nil },
	}
	err := plan.carrier.Carry(ctx, part)
	left.Batched.Requests, left.Batched.Throttled = last.Sent, last.Throttled
	select {
	case lost := <-lost:
		return lost
	default:
	}
	var stopped *runner.Stopped
	switch {
	case err == nil, errors.Is(err, errCancelled), errors.Is(err, errDraining):
	case errors.Is(err, errRefused), errors.Is(err, errLapsed):
		return err
	case errors.As(err, &stopped):
		left.Batched.Stop, left.Reason = stopOf(stopped), stopped.Error()
	case ctx.Err() != nil:
		return err
	default:
		left.Batched.Stop, left.Reason = &Stop{Class: "error"}, err.Error()
	}
	return nil
}

// beat says again and again that this attempt lives, until ctx is done.
func (j *journal) beat(ctx context.Context) error {
	tick := time.NewTicker(beatEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := j.renew(ctx); err != nil && ctx.Err() == nil {
				return err
			}
		}
	}
}

// journal is what was recorded of a batch before: in an earlier attempt, whose
// last claim the server has, or in an earlier try, which has left it in the depot.
func (w *Workers) journal(ctx context.Context, run *depot.Run, plan *plan, b *Batch) (*journal, error) {
	j := newJournal()
	j.heard = time.Now()
	seals, err := plan.seals()
	if err != nil {
		return nil, err
	}
	attempt, number := activity.GetInfo(ctx).Attempt, 0
	var numbering sync.Mutex
	j.seal = seals
	j.put = func(ctx context.Context, text []byte) (string, error) {
		numbering.Lock()
		number++
		key := "seals/" + attemptKey(b, attempt) + "-" + strconv.Itoa(number)
		numbering.Unlock()
		return key, run.Put(ctx, key, text)
	}
	if activity.HasHeartbeatDetails(ctx) {
		var packed []byte
		if err := activity.GetHeartbeatDetails(ctx, &packed); err != nil {
			return nil, err
		}
		entries, err := decode(packed)
		j.restore(entries)
		return j, err
	}
	// One that has sent anything has claimed before, and the server keeps claims, unless
	// somebody has reset the activity or the workflow.
	begun, err := run.Last(ctx, "begun/"+tryKey(b))
	switch {
	case err != nil:
		return nil, err
	case begun != "":
		return nil, fatal("what an attempt before has claimed is gone")
	case b.After == "":
		return j, nil
	}
	before, err := readDone(ctx, run, b.After)
	j.restore(before.Tasks)
	return j, err
}

// passwords are those that the job gives for the tasks of a batch.
type passwords func(runner.Task) (jobs.Secret, error)

// given opens the passwords that the job gives for the tasks of a batch.
func (w *Workers) given(ctx context.Context, run *depot.Run, b *Batch) (passwords, error) {
	text, err := run.Get(ctx, passwordsKey(b.Number))
	if errors.Is(err, depot.ErrMissing) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if w.Identity == nil {
		return nil, fatal("this worker has no identity that opens the passwords that the job gives")
	}
	opened, err := w.Identity.Open(text)
	if err != nil {
		return nil, fatal("the passwords that the job gives: %v", err)
	}
	return func(t runner.Task) (jobs.Secret, error) {
		return opened.Of(runner.Handover{Seq: t.Seq, Username: t.Username})
	}, nil
}

func passwordsKey(number int64) string { return "passwords/" + batchKey(number) }

func readDone(ctx context.Context, run *depot.Run, key string) (d done, err error) {
	text, err := run.Get(ctx, key)
	if err != nil {
		return d, err
	}
	if err := json.Unmarshal(text, &d); err != nil {
		return d, fatal("%s in the bucket cannot be read: %v", key, err)
	}
	if d.Format != doneFormat {
		return d, fatal("%s in the bucket has the format %d, which this program does not know", key, d.Format)
	}
	return d, nil
}

// count counts the tasks by how they have ended.
func (d *done) count() {
	d.Batched.Counts[runner.Pending] = d.Last - d.First + 1
	for i := range d.Tasks {
		o := d.Tasks[i].Result
		if o == nil {
			continue
		}
		d.Batched.Counts[runner.Pending]--
		d.Batched.Counts[o.Outcome]++
		if o.Outcome == runner.OK || o.Outcome == runner.Skipped {
			for n := range o.Beside {
				if b := o.Beside[n].Outcome; b == runner.Failed || b == runner.Unknown {
					d.Batched.Beside++
					break
				}
			}
		}
	}
}

// stopOf says what stopped a run, in words that name nobody.
func stopOf(s *runner.Stopped) *Stop {
	stop := &Stop{Class: classNames[s.Class]}
	var fault *runner.Error
	if errors.As(s.Err, &fault) {
		stop.Code = fault.Code
	}
	return stop
}

var classNames = map[runner.Class]string{
	runner.Budget: "budget", runner.Fatal: "fatal", runner.Hung: "hung", runner.LambdaFault: "lambda",
	runner.Throttled: "throttled", runner.UserLimit: "limit of users", runner.InDoubt: "outage", runner.Transient: "outage", runner.Host: "host",
}

// finite is a sample that JSON can hold: what has no limit is -1 in it.
func finite(s runfile.Sample) runfile.Sample {
	for _, rate := range []*float64{&s.Asked, &s.Rate} {
		if math.IsInf(*rate, 1) {
			*rate = -1
		}
	}
	return s
}

// unlimited is the inverse of finite.
func unlimited(s runfile.Sample) runfile.Sample {
	for _, rate := range []*float64{&s.Asked, &s.Rate} {
		if *rate < 0 {
			*rate = math.Inf(1)
		}
	}
	return s
}

// rateOf is a rate as runner knows it; 0, which JSON has for +Inf, is none.
func rateOf(rate float64) float64 {
	if rate == 0 {
		return math.Inf(1)
	}
	return rate
}

// fatal is an error that another attempt would only repeat.
func fatal(format string, args ...any) error {
	return temporal.NewNonRetryableApplicationError(fmt.Sprintf(format, args...), fatalType, nil)
}

const fatalType = "fatal"
