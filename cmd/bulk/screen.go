package bulk

import (
	"time"

	"cogpass/jobs"
	"cogpass/runner"
	"cogpass/runner/runfile"
)

// A Screen shows a run to a person, or to a log.
type Screen interface {
	// Say tells something. It may be called from any goroutine, also while
	// Show runs.
	Say(m Message)

	// Show is told how far the run is: before its first request, after each
	// answer and each task that has ended, and, with Over set, when nothing
	// more is sent. It is called from the goroutine that called Run, which
	// waits for it.
	Show(p Progress)
}

// Progress is how far a run is. It is a value: a Screen may keep it.
type Progress struct {
	Tasks   int64     // in the plan
	Before  int64     // of these, how many had ended before this run began
	Done    int64     // of these, how many have ended by now
	Failed  int64     // how many of them are failed or unknown
	Began   time.Time // when this run did
	Sending runner.Stats
	Recent  float64       // requests a second of late, in the Lane
	Slowest jobs.Category // whose lane decides how long the rest takes; empty where there is no telling
	Last    *Failure      // the last task that failed, or is unknown; nil: none has in this run
	Listing bool          // not tasks but users are counted: those of the pool, before there is a plan
	Over    bool          // nothing more is sent

	left time.Duration // for the rest, as of the last answer
}

// Failure is a task that has failed, or is unknown. Its texts are as they came,
// and not safe to print.
type Failure struct {
	Seq                     int64
	Username, Action        string
	Outcome                 runner.Outcome
	Code, Reason, RequestID string
}

// Lane is the lane whose pace is that of the run: the Slowest, or where there is no
// telling, that of the rate that can be asked for.
func (p *Progress) Lane() jobs.Category {
	if p.Slowest != "" {
		return p.Slowest
	}
	return jobs.UserAccountRecovery
}

// Rate is the actual rate of this run so far, in requests a second.
func (p Progress) Rate() float64 {
	if seconds := time.Since(p.Began).Seconds(); seconds > 0 {
		return float64(p.Sending.Sent) / seconds
	}
	return 0
}

// Left is how long the rest will take in the lane that is slowest, at its pace of
// late or the rate that it is held to, whichever is less; where lanes do not tell,
// at the pace of the tasks so far. It is false where there is no telling yet.
func (p Progress) Left() (time.Duration, bool) {
	since := time.Since(p.Began).Seconds()
	switch {
	case p.Done >= p.Tasks:
		return 0, true
	case p.left > 0:
		return p.left, true
	case p.Done == p.Before || since <= 0:
		return 0, false
	}
	return Duration(p.Tasks-p.Done, jobs.Rate(float64(p.Done-p.Before)/since)), true
}

// Duration is the time that n requests take at a rate, a century at most.
func Duration(n int64, rate jobs.Rate) time.Duration {
	const century = 100 * 365 * 24 * time.Hour
	return time.Duration(min(float64(n)/float64(rate)*float64(time.Second), float64(century)))
}

const (
	pending = runner.Pending
	failed  = runner.Failed
	unknown = runner.Unknown
	skipped = runner.Skipped
)

// begun is the progress of a run that goes on from what was counted.
func (o *Options) begun(before runfile.Counts, rate jobs.Rate) Progress {
	p := Progress{
		Tasks: before.Tasks, Done: before.Tasks - before.ByOutcome[pending], Began: time.Now(),
		Sending: runner.Stats{Asked: float64(rate), Rate: float64(rate)},
	}
	for outcome, again := range map[runner.Outcome]bool{failed: o.RetryFailed, unknown: o.RetryUnknown} {
		if again {
			p.Done -= before.ByOutcome[outcome]
		} else {
			p.Failed += before.ByOutcome[outcome]
		}
	}
	if o.RetryFailed || o.RetryUnknown {
		p.Done -= before.Beside // whose action has ended, and a step beside it is done again
	}
	p.Before = p.Done
	return p
}

func (p *Progress) add(r *runner.Result) {
	p.Done++
	if r.Outcome == failed || r.Outcome == unknown {
		p.Failed++
		p.Last = &Failure{r.Seq, r.Username, r.Action.String(), r.Outcome, r.Code, r.Reason, r.RequestID}
	}
}

type noScreen struct{}

func (noScreen) Say(Message)   {}
func (noScreen) Show(Progress) {}
