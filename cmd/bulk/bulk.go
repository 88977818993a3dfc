// Package bulk carries a job out, from its file to its reports, for any
// screen. Begin with Run, which takes a job, or the run file of a run that was
// stopped, and does all that `cogpass run` does but talk to a person. Validate,
// DryRun and Freeze look at a job and send nothing; Read and List show what
// run files hold, also while their runs go on.
//
// Invariants: nothing is sent before the whole job was checked, its pool
// locked, the run confirmed and its plan on disk; nothing is sent that cannot
// be recorded. The package reads no flags, no environment and no terminal, and
// never ends the process: what it needs of them is in Options. (The AWS SDK
// finds its own settings.)
package bulk

import (
	"context"
	"io"
	"time"

	"cogpass/jobs"
	"cogpass/report"
	"cogpass/runner/runfile"
)

// Options of a run. The zero value asks for nothing beside the job, but a run
// needs a place for its run file, StateDir or RunFile, and somebody who
// decides, Yes or Confirm.
type Options struct {
	StateDir  string                      // folder of run files and locks; made where it is missing
	LookupEnv func(string) (string, bool) // for passwords that are {env: NAME}; nil: there are none
	Stdin     io.Reader                   // for a source "-"; nil: there is none
	Version   string                      // of the program, for the run file and its reports
	Now       func() time.Time            // for when the plan was made, and the day's messages; nil: time.Now
	// Sleep waits until a time, or for ctx's end, whose cause it returns then. nil: it does so by time.Now.
	Sleep func(ctx context.Context, until time.Time) error

	// What beats the job. A run file's plan is frozen: with one, UserPoolID,
	// Region and RunFile are refused.
	UserPoolID  string
	Region      string // must be the pool's
	Profile     string // of the AWS config files
	EndpointURL string // where to send requests, in place of AWS
	Rate        jobs.Rate
	Concurrency int
	Report      []string // paths, relative to the current folder; nil: the job's own
	Protect     string   // a list of users that no job acts on, see jobs.ParseProtect; empty: none
	RunFile     string   // where to make the run file; empty: a new name in StateDir

	LookFirst    bool // with a run file that is not whole: look at each pending user before anything is sent
	RetryFailed  bool // with a run file: do those that failed again
	RetryUnknown bool // with a run file: do those that are unknown again; a user may get a second code
	Sandbox      bool // act on a stand-in of Cognito that holds the job's users; nobody is asked

	Approve        string   // refuse any plan but the one with this digest
	AllowProtected []string // names of users that may be acted on though they are protected
	SandboxPool    string   // with Sandbox: a file of pools and users, as the sandbox takes; empty: invented ones
	Wait           bool     // where the day's messages are used up, wait for the next day

	FirstRun    bool                                  // where there is no ledger yet, make it from the run files; a job that asks it is refused otherwise
	Yes         bool                                  // nobody is asked
	Confirm     func(context.Context, Question) error // asks; its error ends the run before anything is sent
	ExpectUsers *int64                                // refuse any other number of users; nil: any will do

	Screen Screen // nil: nobody looks
	Beside []File // that are written while the run goes on, and are to be none of its own

	together *together     // what it has in common with runs of this process; nil: there are none
	row      *jobs.PoolRow // of a list of pools; nil: there is none
}

// File is a file, and what it is to be called.
type File struct{ What, Path string }

// Ended is how a run ended.
type Ended struct {
	RunFile string
	Info    runfile.Info
	Counts  runfile.Counts
	Figures Figures
	Reports []string // the paths of those that were written
}

// SomeFailed reports whether tasks have failed or are unknown, or steps beside
// their action.
func (e *Ended) SomeFailed() bool {
	return e.Counts.ByOutcome[failed]+e.Counts.ByOutcome[unknown]+e.Counts.Beside > 0
}

// Run carries out a job, or goes on with the run of a run file; which of the
// two path names is told by the file's content. Once ctx is done it starts no
// more requests and gives those in flight half a minute; the run can go on
// later.
//
// Ended is nil where the run did not begin. The error is nil where every task
// has ended, well or not, and the reports are written. Otherwise it is ctx's
// cause, a *runner.Stopped, an *Error, or one of jobs, runfile or cognito, of
// which some are types of their own; also that of Options.Confirm.
func Run(ctx context.Context, path string, opt Options) (*Ended, error) {
	opt = opt.withDefaults()
	r, err := opt.check(ctx, path)
	if err != nil {
		return nil, err
	}
	defer r.close()
	if err := r.confirm(ctx); err != nil {
		return nil, err
	}
	if err := r.commit(); err != nil {
		return nil, err
	}
	return r.carryOut(ctx)
}

// checked is a run of which all is checked that can be before somebody confirms it.
type checked struct {
	*Plan
	target *target // nil where nothing is left to do
	leave  func()  // gives up what was taken
}

// check plans a run, takes its pool and holds every guard against it. Nothing of it
// stays where it is closed and was not committed.
func (o *Options) check(ctx context.Context, path string) (_ *checked, err error) {
	p, err := o.open(ctx, path, toRun)
	if err != nil {
		return nil, err
	}
	r := &checked{Plan: p, leave: func() {}}
	defer func() {
		if err != nil {
			r.close()
		}
	}()
	for _, w := range p.Warnings {
		o.warn("%s", w.Advice())
	}
	if err := o.expected(p.Tally.Users()); err != nil {
		return nil, err
	}
	if err := p.approved(); err != nil {
		return nil, err
	}
	if p.file == nil || p.Tally.Tasks > 0 || p.Info.State != runfile.Done || o.Report != nil {
		if err := p.checkReports(ctx); err != nil {
			return nil, err
		}
	}
	if err := p.checkBeside(); err != nil {
		return nil, err
	}
	if p.file != nil && p.Tally.Tasks == 0 {
		return r, nil
	}
	r.target, r.leave, err = p.check(ctx)
	if err != nil {
		r.leave = func() {}
		return nil, err
	}
	return r, nil
}

// confirm asks, where somebody is to be asked.
func (r *checked) confirm(ctx context.Context) error {
	if r.target == nil {
		return nil
	}
	return r.Plan.confirm(ctx, r.target)
}

func (r *checked) carryOut(ctx context.Context) (*Ended, error) {
	if r.target == nil {
		return r.nothingLeft()
	}
	return r.Plan.carryOut(ctx, r.target)
}

func (r *checked) close() {
	r.leave()
	_ = r.Close() // all that counts of it is durable
}

// ready does what comes before the first request: it asks the pool, has the run
// confirmed and puts its plan on disk. leave gives up the pool's lock.
func (p *Plan) ready(ctx context.Context) (t *target, leave func(), err error) {
	if t, leave, err = p.check(ctx); err != nil {
		return nil, nil, err
	}
	if err = p.confirm(ctx, t); err == nil {
		err = p.commit()
	}
	if err != nil {
		leave()
		return nil, nil, err
	}
	return t, leave, nil
}

// check takes the pool, and holds every guard against the plan. leave gives up what was
// taken.
func (p *Plan) check(ctx context.Context) (t *target, leave func(), err error) {
	if err := p.opt.mustNotAsk(); err != nil {
		return nil, nil, err
	}
	if err := p.openPasswords(ctx); err != nil {
		return nil, nil, err
	}
	return p.reach(ctx)
}

// confirm asks, where somebody is to be asked.
func (p *Plan) confirm(ctx context.Context, t *target) error {
	if p.opt.Yes || p.opt.Sandbox {
		return nil
	}
	return p.opt.Confirm(ctx, p.question(t))
}

func (p *Plan) question(t *target) Question {
	return Question{Plan: p, Info: &p.Info, Pool: t.pool, Account: t.account, Tally: &p.Tally, Rate: p.Rate()}
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	if o.Screen == nil {
		o.Screen = noScreen{}
	}
	return o
}

// mustNotAsk refuses, before any work, a run that would have to ask where
// nobody can answer.
func (o *Options) mustNotAsk() error {
	if !o.Yes && !o.Sandbox && o.Confirm == nil {
		return fail(NobodyToAsk, "there is nobody to ask")
	}
	return nil
}

func (o *Options) expected(users int64) error {
	if o.ExpectUsers != nil && *o.ExpectUsers != users {
		return fail(Refused, "%d users are expected, and there are %d", *o.ExpectUsers, users)
	}
	return nil
}

func (o *Options) jobOptions() jobs.Options {
	return o.ofRow(jobs.Options{
		Stdin: o.Stdin, LookupEnv: o.LookupEnv, UserPoolID: o.UserPoolID, Region: o.Region, CheckReport: report.CheckPath, CheckRecipient: checkRecipient, Now: o.Now,
	})
}

// sleep waits until a time.
func sleep(ctx context.Context, until time.Time) error {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
