package bulk

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"cogpass/jobs"
	"cogpass/report"
	"cogpass/runner"
	"cogpass/runner/cognito"
)

// A lister asks for users before anything is sent, with the lane of UserList to
// itself. It changes nothing.
type lister struct {
	plan     *Plan
	t        *target
	dir      *cognito.Directory
	lane     *rate.Limiter
	progress Progress
	shown    bool
	requests atomic.Int64
}

// alone is the share of a quota that is used while nothing else runs.
const alone = 0.9

// newLister returns a lister that asks so often a second, unless the job says
// otherwise.
func (p *Plan) newLister(t *target, perSecond float64) *lister {
	if asked := p.Info.Rates[jobs.UserList]; asked > 0 {
		perSecond = asked
	}
	return &lister{
		plan: p, t: t, dir: t.client.Directory(t.pool), lane: rate.NewLimiter(rate.Limit(perSecond), 1),
		progress: Progress{Listing: true, Tasks: int64(t.pool.Users), Began: time.Now()},
	}
}

func (l *lister) end() {
	if l.shown {
		l.progress.Over = true
		l.plan.opt.Screen.Show(l.progress)
	}
}

// errAgain is that a listing cannot go on from where it is.
var errAgain = errors.New("the listing has to begin anew")

// restarts is how often a listing begins anew at most.
const restarts = 5

// each calls do for each user of a listing. Where that begins anew, or the pool
// changes meanwhile, some are given twice.
func (l *lister) each(ctx context.Context, query cognito.Query, do func(*jobs.User) error) error {
	for again := 0; ; again++ {
		err := l.once(ctx, query, do)
		if !errors.Is(err, errAgain) {
			return err
		}
		if again == restarts {
			return fmt.Errorf("its page tokens expired %d times: %w", restarts, err)
		}
		l.plan.opt.notice("listing the pool's users: the page token has expired, so the listing begins anew")
	}
}

func (l *lister) once(ctx context.Context, query cognito.Query, do func(*jobs.User) error) error {
	l.progress.Done, l.progress.Tasks = 0, int64(l.t.pool.Users)
	first := ""
	for token := ""; ; {
		var page cognito.Page
		err := l.ask(ctx, func(ctx context.Context) (a runner.Answer, err error) {
			page, err = l.dir.Page(ctx, query, token)
			return page.Answer, err
		})
		if err != nil {
			if token != "" && cognito.TokenExpired(err) {
				return errors.Join(errAgain, err)
			}
			return err
		}
		switch {
		case len(page.Users) == 0:
		case first == "":
			first = page.Users[0].Username
		case page.Users[0].Username == first:
			return fail(Unreachable, "the listing goes round in a circle: a later page begins as the first one does")
		}
		for i := range page.Users {
			if err := do(&page.Users[i]); err != nil {
				return err
			}
		}
		l.progress.Done += int64(len(page.Users))
		l.progress.Tasks = max(l.progress.Tasks, l.progress.Done)
		if page.Next == "" { // of a group or a filter fewer are listed than the pool has
			l.progress.Tasks = l.progress.Done
		}
		l.progress.Sending.Sent, l.shown = l.progress.Done, true
		l.plan.opt.Screen.Show(l.progress)
		if page.Next == "" {
			return nil
		}
		token = page.Next
	}
}

// look returns the user of a name, or nil where there is none. The pool's search
// tells upper from lower case even where its names do not.
func (l *lister) look(ctx context.Context, name string) (u *jobs.User, err error) {
	names := []string{name}
	if lower := strings.ToLower(name); lower != name && !l.t.pool.Facts.CaseSensitive {
		names = append(names, lower)
	}
	for _, name := range names {
		err = l.ask(ctx, func(ctx context.Context) (a runner.Answer, err error) {
			u, a, err = l.dir.Find(ctx, name)
			return a, err
		})
		if u != nil || err != nil {
			break
		}
	}
	return u, err
}

// ask asks a question until it is answered, retry.attempts times at most.
// Throttled ones do not count, but for retry.outage of nothing else.
func (l *lister) ask(ctx context.Context, question func(context.Context) (runner.Answer, error)) error {
	info := &l.plan.Info
	tries, throttled := 0, time.Time{}
	for waits := 0; ; waits++ {
		if err := l.lane.Wait(ctx); err != nil {
			return causeOf(ctx, err)
		}
		asking, cancel := context.WithTimeout(ctx, info.Timeout)
		sent := time.Now()
		l.requests.Add(1)
		answer, err := question(asking)
		cancel()
		l.t.clock.Observe(answer.Date, sent, time.Now())
		var fault *runner.Error
		if err == nil || ctx.Err() != nil || !errors.As(err, &fault) || !passes(fault.Class) {
			return causeOf(ctx, err)
		}
		switch {
		case fault.Class != runner.Throttled:
			tries, throttled = tries+1, time.Time{}
		case throttled.IsZero():
			throttled = sent
		}
		if tries >= info.Attempts || !throttled.IsZero() && time.Since(throttled) >= info.Outage {
			return err
		}
		if waits == 0 {
			l.plan.opt.notice("asking for users: %s; asked again", report.Visible(err.Error()))
		}
		select {
		case <-time.After(min(time.Second<<min(waits, 10), maxPause, info.MaxDelay)):
		case <-ctx.Done():
		}
	}
}

// causeOf returns the reason for which ctx is done, where it is, and else err.
func causeOf(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
