package bulk

import (
	"context"
	"iter"

	"cogpass/jobs"
	"cogpass/runner"
	"cogpass/runner/cognito"
	"cogpass/runner/runfile"
)

// Prepared is a run that was planned, checked and confirmed, for somebody else
// to carry out.
type Prepared struct {
	RunFile  string // whole, and closed; it says that the run has not begun
	Info     runfile.Info
	Pool     cognito.Pool // its name and settings are empty where they could not be asked for
	Account  string       // the AWS account's number; empty where it is not known
	Endpoint string       // where requests are to go, in place of AWS; empty: to AWS

	plan *Plan
}

// Given are the passwords that the job gives, in order of Seq, each with its
// Username. Its first error is its last pair. It may be read while Prepare's
// take runs.
func (p *Prepared) Given() iter.Seq2[runner.Handover, error] {
	return func(yield func(runner.Handover, error) bool) {
		file, err := runfile.OpenReadOnly(p.RunFile, p.plan.opt.opening())
		if err != nil {
			yield(runner.Handover{}, err)
			return
		}
		defer file.Close()
		for row, err := range file.Pending(false, false) {
			h := runner.Handover{Seq: row.Seq, Username: row.Username}
			if err == nil {
				if row.Skip != "" || row.Fail != "" || !row.Action.Sets() || row.Password.Kind == jobs.GeneratedPassword {
					continue
				}
				h.Password, err = p.plan.passwords.Get(row.Task)
			}
			if !yield(h, err) || err != nil {
				return
			}
		}
	}
}

// Prepare does all that Run does before its first request: it plans the job, or
// opens a plan that was frozen, holds the guards against it and has it
// confirmed. Then it calls take, which hands the run over to who carries it out,
// and holds the lock of the pool meanwhile. The sandbox is this process's own,
// and nobody else's to act on. A run that has begun already is refused.
//
// Its error is as that of Run, or take's.
func Prepare(ctx context.Context, path string, opt Options, take func(context.Context, *Prepared) error) error {
	opt = opt.withDefaults()
	if opt.Sandbox {
		return fail(Refused, "the built-in sandbox ends with this program: serve one with `cogpass sandbox`, and give its --endpoint-url")
	}
	p, err := opt.open(ctx, path, toRun)
	if err != nil {
		return err
	}
	defer p.Close()
	if p.file != nil && p.Info.State != runfile.Planned {
		return fail(Refused, "this run has begun already: `cogpass run` goes on with it")
	}
	for _, w := range p.Warnings {
		opt.warn("%s", w.Advice())
	}
	if err := opt.expected(p.Tally.Users()); err != nil {
		return err
	}
	if err := p.approved(); err != nil {
		return err
	}
	t, leave, err := p.ready(ctx)
	if err != nil {
		return err
	}
	defer leave()
	if err := p.file.SetIdentity(t.pool.Name, t.account, t.actor, t.pool.TemporaryDays); err != nil {
		return err
	}
	if opt.Approve != "" {
		if err := p.file.Approve(t.actor, opt.Approve, opt.Now()); err != nil {
			return err
		}
	}
	if err := p.file.SetEndpoint(t.client.Endpoint()); err != nil {
		return err
	}
	ready := &Prepared{RunFile: p.path, Pool: t.pool, Account: t.account, Endpoint: t.client.Endpoint(), plan: p}
	if ready.Info, err = p.file.Info(); err != nil {
		return err
	}
	if err := p.file.Close(); err != nil {
		return err
	}
	return take(ctx, ready)
}
