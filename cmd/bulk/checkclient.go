package bulk

import (
	"context"
	"errors"

	"cogpass/jobs"
	"cogpass/runner"
)

// tryCheck finds out whether the app client of the job's check lets anybody sign
// in so, before anybody has a password that cannot be tried. It signs in as a
// user whom no pool has: that is refused for the user, or for the client. What
// else may come of it, the checks themselves will tell.
func (p *Plan) tryCheck(ctx context.Context, t *target) error {
	if p.Info.Check == nil {
		return nil
	}
	nobody := runner.Task{Step: runner.Check, Username: "cogpass-nobody-" + newVersion(), Password: jobs.NewSecret(newVersion() + "-Aa1!")}
	err := p.waitFor(ctx, "Cognito's answer about the app client of the check", p.Info.Timeout, func(ctx context.Context) error {
		_, err := t.client.Directory(t.pool).WithCheck(t.check).Do(ctx, nobody)
		return err
	})
	var fault *runner.Error
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &fault) && fault.Class == runner.Fatal:
		return fail(NoCheck, "new passwords could not be checked: %w", err)
	}
	return nil
}
