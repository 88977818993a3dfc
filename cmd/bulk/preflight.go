package bulk

import (
	"context"
	"time"

	"cogpass/jobs"
	"cogpass/report"
	"cogpass/runner"
)

// preflight finds what the pool would refuse to everyone, and what a job must
// not do, before anything is sent. What is odd, it warns of.
func (p *Plan) preflight(ctx context.Context, t *target) error {
	if err := p.identify(ctx, t); err != nil {
		return err
	}
	if err := p.sameAccount(t); err != nil {
		return err
	}
	if err := p.rightAccount(t); err != nil {
		return err
	}
	if !t.known {
		return nil
	}
	pool := &t.pool
	resets := p.Tally.Actions[jobs.Reset]
	if resets > 0 && !pool.Facts.RecoveryEmail && !pool.Facts.RecoveryPhone {
		return fail(NoRecovery, "in this pool only administrators recover accounts, so Cognito refuses each of %s", plural(resets, "reset"))
	}
	if resets > 0 && !pool.Facts.RecoveryEmail && !pool.SMS {
		p.opt.warn("codes can go by SMS only, and the pool has no settings for SMS: each reset may fail")
	}
	if n := p.Tally.Invites[jobs.InviteBySMS]; n > 0 && !pool.SMS {
		p.opt.warn("%s would go by SMS, and the pool has no settings for SMS", plural(n, "invitation"))
	}
	return p.messagesFit(t)
}

// messagesFit refuses a plan that sends more e-mails than a day has room for,
// unless the job says that they may be spread.
func (p *Plan) messagesFit(t *target) error {
	mails, aDay := p.Tally.Mails(&t.pool), int64(p.messagesADay(&t.pool))
	if aDay == 0 || mails == 0 {
		return nil
	}
	if p.Info.Messages > CognitoMail && t.pool.CognitoMail {
		p.opt.warn("this pool sends with Cognito's own e-mail, %d messages a day for the account: messages: %d/day asks for more", CognitoMail, p.Info.Messages)
	}
	days, what := (mails+aDay-1)/aDay, "message"
	if mails == p.Tally.messages[jobs.Reset] {
		what = "reset"
	}
	if mails > aDay && p.Info.Messages == 0 {
		return fail(TooManyMessages, "%s at %d a day: %d days; this pool sends with Cognito's own e-mail, %[2]d messages a day for the account",
			plural(mails, what), aDay, days)
	}
	if t.pool.CognitoMail && mails >= CognitoMail/2 {
		p.opt.warn("these %s come out of %d a day, of which the users' own requests for codes need some", plural(mails, "message"), CognitoMail)
	}
	return nil
}

const (
	identityTime  = 3 * time.Second
	identityTries = 3
)

// identify finds out who this is, and in which account, where AWS may be asked:
// not in the sandbox, nor where only Cognito's endpoint was given.
func (p *Plan) identify(ctx context.Context, t *target) error {
	t.account = t.pool.Account
	if p.opt.Sandbox || !t.client.AsksSTS() {
		return nil
	}
	for try := 1; ; try++ {
		err := p.waitFor(ctx, "AWS's answer about who this is", identityTime, func(ctx context.Context) error {
			arn, account, err := t.client.Identity(ctx)
			if err == nil {
				t.actor = arn
				if t.account == "" {
					t.account = account
				}
			}
			return err
		})
		if err == nil || ctx.Err() != nil {
			return err
		}
		if try == identityTries {
			p.opt.warn("it is not known as whom this runs: %s", report.Visible(err.Error()))
			return nil
		}
	}
}

// rightAccount holds the job's account against the pool's.
func (p *Plan) rightAccount(t *target) error {
	switch want := p.Info.WantAccount; {
	case want == "" || want == t.account:
		return nil
	case t.account == "":
		return fail(NoGuard, "the job is for the account %s, and there is no telling in which account the pool is", want)
	default:
		return fail(Refused, "the job is for the account %s, and the pool is in %s", want, report.Visible(t.account))
	}
}

// plural writes a number of things.
func plural(n int64, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return report.Number(n) + " " + word + "s"
}

// approved refuses a plan that is another than the one approved.
func (p *Plan) approved() error {
	switch want := p.opt.Approve; {
	case want == "":
	case p.file == nil:
		return fail(Refused, "what is approved is a plan, and this is a job: freeze it, and have that approved")
	case want != p.Info.PlanDigest:
		return fail(Refused, "this plan has the digest %s, and %s was approved", p.Info.PlanDigest, report.Visible(want))
	}
	return nil
}

// recheck decides about a task whose user was looked at just before its action:
// a runner.Options.Recheck.
func (p *Plan) recheck(facts jobs.PoolFacts) func(runner.Task, runner.Sight) (skip, fail string) {
	where := p.Info.Where
	return func(t runner.Task, s runner.Sight) (skip, fail string) {
		if !s.Found {
			return "", "the pool has no such user any more"
		}
		if s.User == nil {
			return "", "looking at the user again did not show enough"
		}
		if why := where.Unmet(s.User); why != "" {
			return why, ""
		}
		return "", jobs.Impossible(t.Action, t.Enable, s.User, facts)
	}
}
