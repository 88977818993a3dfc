package bulk

import (
	"context"
	"errors"
	"iter"
	"os"

	"cogpass/jobs"
	"cogpass/runner"
	"cogpass/runner/cognito"
	"cogpass/runner/runfile"
)

// Plan is what is to be done: all of a job, or what is left of a run.
type Plan struct {
	Info     runfile.Info
	Tally    Tally
	Warnings []jobs.Fault
	Unasked  *jobs.Needs // what only the pool knows is not decided: users of pool sources are not counted

	opt     *Options
	path    string         // of the run file; of the job where there is none
	draft   *runfile.Draft // of a job that is to be run or frozen, until it is committed
	file    *runfile.File  // of a run file, or once the draft is committed
	tasks   func(context.Context) iter.Seq2[jobs.Task, error]
	sources []jobs.Source // of a job: once all its tasks were read

	past        *past      // where the job asks who was done before
	others      *others    // where this run is not the first of its file
	chronicle   *chronicle // of what is done, while there is a ledger
	survey      *survey    // of the pool, where the job needed one
	reached     target     // as far as it was needed so far
	placed      bool       // the run file was put in place
	waited      bool       // for another run of the pool, since it was made
	invent      bool       // the sandbox is to have invented users
	stopSandbox func()     // where one was started
	ledgerDir   string     // of the sandbox's count of messages; removed with the plan

	passwordOptions func() jobs.Options // the same
	passwords       *jobs.Passwords     // once they were opened
}

// Validate reads a job and every source it names, to the last line, offline.
// Its error has every fault that was found. The caller closes the plan.
func Validate(ctx context.Context, jobPath string, opt Options) (*Plan, error) {
	opt = opt.withDefaults()
	job, err := opt.openJob(jobPath)
	if err != nil {
		return nil, err
	}
	p, err := opt.lookAtJob(ctx, job, true)
	if err != nil {
		return nil, err
	}
	if err := p.checkGiven(ctx); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// checkGiven holds the passwords that a job gives against the policy that it says
// the pool has. What the pool says is asked when the plan is run.
func (p *Plan) checkGiven(ctx context.Context) error {
	if p.Info.PasswordPolicy == nil || p.Tally.Passwords() == 0 {
		return nil
	}
	if err := p.openPasswords(ctx); err != nil {
		return err
	}
	return p.Info.PasswordPolicy.CheckAll(p.tasks(ctx), p.passwords)
}

// DryRun is Validate for a job, or what is left to do where path names a run
// file. Tasks then yields what would be sent.
func DryRun(ctx context.Context, path string, opt Options) (*Plan, error) {
	opt = opt.withDefaults()
	p, err := opt.open(ctx, path, toLook)
	if err != nil {
		return nil, err
	}
	err = opt.expected(p.Tally.Users())
	if err == nil {
		err = p.openPasswords(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// Freeze makes the run file of a job, for Run to carry out later. Its Info has
// the digest of the plan.
func Freeze(ctx context.Context, jobPath, runPath string, opt Options) (*Plan, error) {
	opt = opt.withDefaults()
	job, err := opt.openJob(jobPath)
	if err != nil {
		return nil, err
	}
	p, err := opt.freeze(ctx, job, runPath)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	if err := p.checkReports(ctx); err != nil {
		return nil, err
	}
	if err := p.checkGiven(ctx); err != nil {
		return nil, err
	}
	if p.reached.clock != nil { // the pool was asked
		if err := p.preflight(ctx, &p.reached); err != nil {
			return nil, err
		}
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err := p.draft.Commit(p.sources); err != nil {
		return nil, err
	}
	file, err := runfile.OpenReadOnly(runPath, runfile.OpenOptions{})
	if err != nil {
		return nil, err
	}
	defer file.Close()
	p.Info, err = file.Info()
	return p, err
}

// Close closes what the plan was read from. A run file that was not put in
// place is removed.
func (p *Plan) Close() error {
	var err error
	if p.stopSandbox != nil {
		p.stopSandbox()
	}
	if p.ledgerDir != "" {
		err = os.RemoveAll(p.ledgerDir)
	}
	err = errors.Join(err, p.past.close(), p.others.close())
	if p.survey != nil {
		err = errors.Join(err, p.survey.close())
	}
	if p.draft != nil {
		err = errors.Join(err, p.draft.Discard())
	}
	if p.passwords != nil {
		err = errors.Join(err, p.passwords.Close())
	}
	if p.file != nil {
		err = errors.Join(err, p.file.Close())
	}
	return err
}

// Pool is what the pool says of itself; Facts.Known is false where it was not
// asked, or did not tell.
func (p *Plan) Pool() cognito.Pool { return p.reached.pool }

// Lookups is how many requests were made to learn of users, before there was
// anything to do.
func (p *Plan) Lookups() int64 {
	if p.survey == nil {
		return 0
	}
	return p.survey.looked
}

// Overlaps is how many users of pool sources the job names too, who are the named
// entry's; and how many more than one pool source has, who are the first one's.
func (p *Plan) Overlaps() (named, again int64) {
	if p.survey == nil {
		return 0, 0
	}
	return p.survey.both, p.survey.again
}

// Listed reports whether the pool's users were listed, rather than looked at one
// by one.
func (p *Plan) Listed() bool { return p.survey != nil && p.survey.swept }

// Rate is the one to begin with.
func (p *Plan) Rate() jobs.Rate {
	if p.opt.Rate != 0 {
		return p.opt.Rate
	}
	return jobs.Rate(p.Info.AskedRate)
}

// Tasks are those to be done, as a dry run shows them: with the column of their
// source, and with their passwords only where those are asked for.
func (p *Plan) Tasks(ctx context.Context, passwords bool) iter.Seq2[runner.Task, error] {
	return func(yield func(runner.Task, error) bool) {
		for t, err := range p.tasks(ctx) {
			task := taskOf(t)
			task.Source = t.Place.String()
			if err == nil && passwords && t.Action.Sets() && t.Skip == "" {
				task.Password, err = p.passwords.Get(t)
			}
			if !yield(task, err) || err != nil {
				return
			}
		}
	}
}
