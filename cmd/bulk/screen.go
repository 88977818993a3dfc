package bulk

import (
	"fmt"
	"math"
	"time"

	"cogpass/jobs"
	"cogpass/runner"
	"cogpass/runner/runfile"
)

// A Screen shows a run to a person, or to a log.
type Screen interface {
	// Say tells something in one line, which is safe to print. It may be
	// called from any goroutine, also while Show runs.
	Say(l Level, text string)

	// Show is told how far the run is: before its first request, after each
	// answer and each task that has ended, and, with Over set, when nothing
	// more is sent. It is called from the goroutine that called Run, which
	// waits for it.
	Show(p Progress)
}

// Level says how much a line matters.
type Level uint8

// The levels.
const (
	Detail  Level = iota // how it goes; the result has it too
	Notice               // something has changed that its user may want to act on
	Warning              // something is not as its user may believe
)

// Progress is how far a run is. It is a value: a Screen may keep it.
type Progress struct {
	Tasks   int64     // in the plan
	Before  int64     // of these, how many had ended before this run began
	Done    int64     // of these, how many have ended by now
	Failed  int64     // how many of them are failed or unknown
	Began   time.Time // when this run did
	Sending runner.Stats
	Listing bool // not tasks but users are counted: those of the pool, before there is a plan
	Over    bool // nothing more is sent
}

// Rate is the actual rate of this run so far, in requests a second.
func (p Progress) Rate() float64 {
	if seconds := time.Since(p.Began).Seconds(); seconds > 0 {
		return float64(p.Sending.Sent) / seconds
	}
	return 0
}

// Left is how long the rest will take, at the pace of the tasks so far, for a
// task may be several requests, or at the rate that the run is held to, whichever
// is slower. It is false where there is no telling yet.
func (p Progress) Left() (time.Duration, bool) {
	rate := p.Rate()
	switch {
	case p.Done >= p.Tasks:
		return 0, true
	case rate == 0 || p.Done == p.Before:
		return 0, false
	}
	rate = min(rate, float64(p.Done-p.Before)/time.Since(p.Began).Seconds())
	if held := p.Sending.Rate; held > 0 && !math.IsInf(held, 1) {
		rate = math.Min(rate, held)
	}
	return Duration(p.Tasks-p.Done, jobs.Rate(rate)), true
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

func (p *Progress) add(r runner.Result) {
	p.Done++
	if r.Outcome == failed || r.Outcome == unknown {
		p.Failed++
	}
}

type noScreen struct{}

func (noScreen) Say(Level, string) {}
func (noScreen) Show(Progress)     {}

func (o *Options) detail(format string, args ...any) {
	o.Screen.Say(Detail, fmt.Sprintf(format, args...))
}

func (o *Options) notice(format string, args ...any) {
	o.Screen.Say(Notice, fmt.Sprintf(format, args...))
}

func (o *Options) warn(format string, args ...any) {
	o.Screen.Say(Warning, fmt.Sprintf(format, args...))
}
