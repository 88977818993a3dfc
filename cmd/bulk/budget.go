package bulk

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"cogpass/jobs"
	"cogpass/report"
	"cogpass/runner"
	"cogpass/runner/cognito"
	"cogpass/runner/runfile"
)

// CognitoMail is how many e-mails a day Cognito's own sender sends for an
// account. Source: the developer guide, "Quotas in Amazon Cognito".
const CognitoMail = 50

// A budget bounds the e-mails of a day. Its methods are called from one
// goroutine.
type budget struct {
	ledger  *runfile.Ledger
	limit   int
	now     func() time.Time
	onlySMS bool                // codes go by SMS
	taken   map[int64]time.Time // by task: counted, and not known to have been sent yet
}

// messagesADay returns how many e-mails may be sent a day; 0 is any number.
func (p *Plan) messagesADay(pool *cognito.Pool) int {
	asked := p.Info.Messages
	if pool.CognitoMail && (asked == 0 || asked > CognitoMail) {
		return CognitoMail
	}
	return asked
}

// openBudget opens the count of the day's messages, or returns nil where
// nothing bounds them.
func (p *Plan) openBudget(t *target) (*budget, error) {
	limit := p.messagesADay(&t.pool)
	if limit == 0 || p.Tally.Mails(&t.pool) == 0 {
		return nil, nil
	}
	dir := filepath.Join(p.opt.StateDir, "messages")
	switch {
	case p.opt.Sandbox: // its account has sent nothing yet
		var err error
		if dir, err = os.MkdirTemp("", "cogpass-sandbox-"); err != nil {
			return nil, &Error{Kind: NoLedger, RunFile: p.path, Err: err}
		}
		p.ledgerDir = dir
	case p.opt.StateDir == "":
		return nil, fail(NoStateDir, "there is no folder for the count of the day's messages")
	}
	account := t.account
	if account == "" {
		account = p.Info.UserPoolID
	}
	ledger, err := runfile.OpenLedger(dir, account, p.Info.Region, p.opt.Now)
	if err != nil {
		return nil, &Error{Kind: NoLedger, RunFile: p.path, Err: err}
	}
	return &budget{ledger: ledger, limit: limit, now: p.opt.Now, onlySMS: onlySMS(&t.pool), taken: map[int64]time.Time{}}, nil
}

// take counts a message that is about to be sent: a runner.Options.Budget.
func (b *budget) take(t runner.Task) error {
	if t.Step == runner.Act && t.Action == jobs.Reset && b.onlySMS || t.Step == runner.Create && t.Create.Invite != jobs.InviteByEmail {
		return nil // no e-mail
	}
	at := b.now()
	ok, err := b.ledger.Take(b.limit)
	switch {
	case err != nil:
		return err
	case !ok:
		return &Reached{Limit: "messages", Err: fmt.Errorf("%d messages were sent today, and no more may be", b.limit), Again: b.ledger.Resets()}
	}
	b.taken[t.Seq] = at
	return nil
}

// unspent takes back what was counted for a message that was surely not sent: a
// runner.Options.Unspent. Where it cannot, one less is sent.
func (b *budget) unspent(t runner.Task) {
	if at, counted := b.taken[t.Seq]; counted {
		delete(b.taken, t.Seq)
		_ = b.ledger.GiveBack(at)
	}
}

// ended lets go of a task whose message was sent, or is counted as such.
func (b *budget) ended(seq int64) { delete(b.taken, seq) }

// wait waits for the next day of messages, where the run is to, and returns nil
// then; else what the run is stopped by.
func (p *Plan) wait(ctx context.Context, stopped error, b *budget) error {
	var reached *Reached
	byCognito := (*runner.Stopped)(nil)
	outOfMail := errors.As(stopped, &reached) && reached.Limit == "messages" ||
		errors.As(stopped, &byCognito) && byCognito.Class == runner.Budget
	if !p.opt.Wait || !outOfMail || b == nil {
		return stopped
	}
	until := b.ledger.Resets()
	p.opt.notice("%s; waiting until %s", report.Visible(stopped.Error()), until.Format(time.RFC3339))
	return p.opt.Sleep(ctx, until)
}
