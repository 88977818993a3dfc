package bulk

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"cogpass/jobs"
	"cogpass/report"
	"cogpass/runner"
	"cogpass/runner/cognito"
	"cogpass/runner/runfile"
)

// A target is the pool that a run acts on, as far as it could be asked about.
type target struct {
	client  *cognito.Client
	pool    cognito.Pool
	known   bool   // it could be asked about
	account string // the AWS account's number, where that could be found out
	clock   *runner.Clock
	actor   string
	check   cognito.Check // how new passwords are tried
	work    *workshop     // makes passwords, and hands them over
}

// Question is what Options.Confirm has to answer.
type Question struct {
	Plan    *Plan
	Info    *runfile.Info
	Account string       // the AWS account's number; empty where it is not known
	Pool    cognito.Pool // its name, account and settings are empty where they could not be asked for
	Tally   *Tally
	Rate    jobs.Rate
}

// PoolName is what the pool is called: its ID where its name is not known.
func (q Question) PoolName() string {
	if q.Pool.Name == "" {
		return q.Info.UserPoolID
	}
	return q.Pool.Name
}

// reach takes the lock of the pool, connects to it, and checks the passwords of a
// new run against its policy. leave gives up what was taken.
func (p *Plan) reach(ctx context.Context) (t *target, leave func(), err error) {
	o, info := p.opt, &p.Info
	client, err := p.client(ctx)
	if err != nil {
		return nil, nil, err
	}
	leave = func() {}
	if !o.Sandbox { // whose pool is the run's own, and needs no lock
		unlock, held := p.takePool(client.Endpoint())
		if held != nil {
			return nil, nil, held
		}
		leave = unlock
		defer func() {
			if err != nil {
				unlock()
			}
		}()
		if err = p.overtaken(ctx); err != nil {
			return nil, nil, err
		}
	}
	if t, err = p.connect(ctx); err != nil {
		return nil, nil, err
	}
	if err = p.protected(ctx); err != nil {
		return nil, nil, err
	}
	if err = p.preflight(ctx, t); err != nil {
		return nil, nil, err
	}
	if info.State == runfile.Planned && p.Tally.Passwords() > 0 {
		if err = t.pool.Policy.CheckAll(p.tasks(ctx), p.passwords); err != nil {
			return nil, nil, err
		}
	}
	if t.work, err = p.openWorkshop(ctx, t); err != nil {
		return nil, nil, err
	}
	if t.check, err = p.checking(); err != nil {
		return nil, nil, err
	}
	if err = p.tryCheck(ctx, t); err != nil {
		return nil, nil, err
	}
	return t, leave, nil
}

// client returns how to reach the pool, or the sandbox, which is started for
// it. Nothing is asked yet.
func (p *Plan) client(ctx context.Context) (*cognito.Client, error) {
	if p.reached.client != nil {
		return p.reached.client, nil
	}
	as := p.Credentials()
	if as.Role.ARN != "" && as.Role.SessionName == "" {
		as.Role.SessionName = sessionName(p.Info.Name)
	}
	cfg := cognito.Config{
		Region: p.Info.Region, Profile: as.Profile, Role: as.Role, EndpointURL: p.opt.EndpointURL,
		Conns: max(p.opt.Concurrency, p.Info.Concurrency, 64),
	}
	if p.opt.Sandbox {
		stop, err := p.startSandbox(ctx, &cfg)
		if err != nil {
			return nil, err
		}
		p.stopSandbox = stop
	}
	client, err := cognito.Open(ctx, cfg)
	p.reached.client = client
	return client, err
}

const (
	credentialTime = time.Minute     // for credentials, which a program or a sign-in may have to fetch
	maxPause       = 5 * time.Second // between two times that the pool is asked about: somebody waits for it
	quietTime      = 2 * time.Second // after which it is said what is waited for
)

// waitFor asks a question before the run, which has so much time.
func (p *Plan) waitFor(ctx context.Context, what string, limit time.Duration, ask func(context.Context) error) error {
	asking, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("no answer within %s", limit))
	defer cancel()
	said := make(chan struct{})
	saying := time.AfterFunc(quietTime, func() {
		defer close(said)
		p.opt.notice("waiting for %s, %s at most", what, limit)
	})
	err := ask(asking)
	if !saying.Stop() {
		<-said // nothing is said once a run is over
	}
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// connect finds out, once and before anything is changed, whether the pool is there and
// the credentials are good. Without the permission to ask for the pool it goes
// on without its name.
func (p *Plan) connect(ctx context.Context) (*target, error) {
	t := &p.reached
	if t.clock != nil {
		return t, nil
	}
	client, err := p.client(ctx)
	if err != nil {
		return nil, err
	}
	if err := p.waitFor(ctx, "the AWS credentials", credentialTime, client.Check); err != nil {
		return nil, err
	}
	t.clock, t.actor = new(runner.Clock), client.Actor(ctx)
	for try := 1; ; try++ {
		err := p.waitFor(ctx, "Cognito's answer about the user pool "+p.Info.UserPoolID, p.Info.Timeout, func(ctx context.Context) error {
			sent := time.Now()
			pool, answer, err := client.Describe(ctx, p.Info.UserPoolID)
			t.clock.Observe(answer.Date, sent, time.Now())
			t.pool = pool
			return err
		})
		var fault *runner.Error
		switch {
		case err == nil:
			t.known = true
			return t, nil
		case ctx.Err() != nil:
			return nil, err
		case errors.As(err, &fault) && strings.HasPrefix(fault.Code, "AccessDenied"):
			p.opt.warn("the pool's name and settings are not known: %s", report.Visible(fault.Error()))
			return t, nil
		case !errors.As(err, &fault) || !passes(fault.Class) || try >= p.Info.Attempts:
			return nil, fail(Unreachable, "asking for the user pool %s: %w", p.Info.UserPoolID, err)
		}
		wait := min(time.Second<<min(try-1, 10), maxPause, p.Info.MaxDelay)
		p.opt.notice("asking for the user pool: %s; attempt %d of %d follows", report.Visible(err.Error()), try+1, p.Info.Attempts)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
		}
	}
}

// passes reports whether an error of that class may be over in a moment.
// Asking changes nothing, so one without an answer is asked again.
func passes(c runner.Class) bool {
	switch c {
	case runner.Throttled, runner.Transient, runner.Host, runner.InDoubt, runner.Unreadable:
		return true
	}
	return false
}

// sandboxAccount marks a run whose pool was the sandbox's, so that it does not
// go on against AWS.
const sandboxAccount = "sandbox"

// BegunInSandbox reports whether a run was begun in the sandbox.
func BegunInSandbox(info *runfile.Info) bool { return info.Account == sandboxAccount }
