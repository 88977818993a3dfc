package engine

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"math"

	"cogpass/cmd/bulk"
	"cogpass/cmd/cogpass-temporal/depot"
	"cogpass/jobs"
	"cogpass/runner"
	"cogpass/runner/runfile"
	"cogpass/runner/sealed"
)

// BatchSize is how many tasks a batch has.
const BatchSize = 100

// Refuse says what of a plan is not carried out on Temporal, or nil. cognitoMail is
// that its pool sends with Cognito's own e-mail, and mails how many it sends.
func Refuse(info *runfile.Info, cognitoMail bool, mails int64) error {
	switch h := &info.Handoff; {
	case h.Command != nil:
		return errors.New("handoff: {command: ...} needs the program on every worker: use age or secretsManager")
	case h.Age != nil && h.Age.PassphraseEnv != "":
		return errors.New("a passphrase is not given to workers: seal to age recipients")
	case info.Check != nil && info.Check.ClientSecret.Kind != jobs.NoPassword:
		return errors.New("a check with a client secret is not carried out on Temporal yet")
	case info.Canary > 0:
		return errors.New("limits.canary is not kept on Temporal yet: run the first users with `cogpass run`")
	case info.Messages > 0, cognitoMail && mails > 0:
		return errors.New("a day's messages are not counted on Temporal yet: use `cogpass run`, or a pool that sends through Amazon SES, without limits.messages")
	case !info.LastDoneBefore.IsZero():
		return errors.New("where.lastDoneBefore asks the ledger, which workers do not keep yet")
	}
	return nil
}

// Stow puts a prepared run into a depot, and returns what its workflow is to be
// started with. The passwords that the job gives are sealed to the workers.
func Stow(ctx context.Context, d *depot.Depot, p *bulk.Prepared, workers *sealed.Recipients) (Run, error) {
	info := &p.Info
	rate := info.AskedRate
	if math.IsInf(rate, 1) {
		rate = 0
	}
	var id [6]byte
	_, _ = rand.Read(id[:]) // never fails
	run := Run{
		ID: info.Name + "-" + hex.EncodeToString(id[:]), Name: info.Name, Plan: info.PlanDigest, Pool: info.UserPoolID, Endpoint: p.Endpoint,
		Lane: LaneID(cmp.Or(p.Account, "unknown"), info.Region, jobs.UserAccountRecovery, portOf(p.Endpoint)), Tasks: info.Tasks, Batch: BatchSize, Rate: rate, Concurrency: info.Concurrency, MaxFailures: info.MaxFailures,
	}
	to := d.Run(run.ID)
	var batch []runner.Handover
	number := int64(-1)
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		if workers == nil {
			return errors.New("the job gives passwords, and there is no key of the workers to seal them to")
		}
		text, err := workers.Seal(batch...)
		if err != nil {
			return err
		}
		batch = batch[:0]
		return to.Put(ctx, passwordsKey(number), text)
	}
	for h, err := range p.Given() {
		if err != nil {
			return Run{}, err
		}
		if of := (h.Seq - 1) / BatchSize; of != number {
			if err := flush(); err != nil {
				return Run{}, err
			}
			number = of
		}
		batch = append(batch, h)
	}
	if err := flush(); err != nil {
		return Run{}, err
	}
	if err := to.PutFile(ctx, planKey, p.RunFile); err != nil {
		return Run{}, err
	}
	return run, to.Put(ctx, workflowKey, []byte(run.WorkflowID()))
}

// workflowKey is where the ID of a run's workflow is.
const workflowKey = "workflow"

// WorkflowOf returns the ID of the workflow that carries a run out.
func WorkflowOf(ctx context.Context, d *depot.Depot, id string) (string, error) {
	text, err := d.Run(id).Get(ctx, workflowKey)
	return string(text), err
}
