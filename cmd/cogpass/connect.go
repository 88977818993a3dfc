package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"cogpass/runner"
	"cogpass/runner/cognito"
	"cogpass/runner/runfile"
)

// A target is the pool that a run acts on, as far as it could be asked about.
type target struct {
	client *cognito.Client
	pool   cognito.Pool
	clock  *runner.Clock
	actor  string
}

// describeTries is how often a pool is asked about before a run is given up.
const describeTries = 3

// connect finds out, before anything is changed, whether the pool is there and
// the credentials are good. Without the permission to ask for the pool it goes
// on without its name.
func connect(ctx context.Context, sys *system, info *runfile.Info, cfg cognito.Config) (*target, error) {
	client, err := cognito.Open(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if err := client.Check(ctx); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, err
	}
	t := &target{client: client, clock: new(runner.Clock), actor: client.Actor(ctx)}
	for try := 1; ; try++ {
		sent := time.Now()
		pool, answer, err := client.Describe(ctx, info.UserPoolID)
		t.clock.Observe(answer.Date, sent, time.Now())
		t.pool = pool
		var fault *runner.Error
		switch {
		case err == nil:
			return t, nil
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case errors.As(err, &fault) && strings.HasPrefix(fault.Code, "AccessDenied"):
			sys.say("warning: the pool's name and settings are not known: %s", fault.Message)
			return t, nil
		case errors.As(err, &fault) && passes(fault.Class) && try < describeTries:
			select {
			case <-time.After(time.Duration(try) * time.Second):
			case <-ctx.Done():
			}
		default:
			return nil, withHint(exitFatal, connectHint(fault), "asking for the user pool %s: %w", info.UserPoolID, err)
		}
	}
}

// passes reports whether an error of that class may be over in a moment.
// Asking changes nothing, so one without an answer is asked again.
func passes(c runner.Class) bool {
	return c == runner.Throttled || c == runner.Transient || c == runner.InDoubt
}

func connectHint(fault *runner.Error) string {
	if fault != nil && fault.Code == "" {
		return "check the network, the Region and --endpoint-url"
	}
	if fault != nil {
		return fatalHint(fault.Code)
	}
	return ""
}
