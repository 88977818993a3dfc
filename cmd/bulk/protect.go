package bulk

import (
	"context"
	"errors"
	"io/fs"

	"cogpass/jobs"
	"cogpass/report"
	"cogpass/runner/cognito"
)

// protect reads the list of users that no job acts on, or returns nil where
// there is none.
func (o *Options) protect() (*jobs.Protect, error) {
	if o.Protect == "" {
		return nil, nil
	}
	list, err := jobs.ParseProtect(o.Protect)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fail(NoGuard, "the list of protected users, %s, is not there", o.Protect)
	}
	return list, err
}

// protected holds a plan that was made before against the list as it is now: its
// users may be protected since, or it was made where there was no list. The tasks
// of a job were held against it as they were planned.
func (p *Plan) protected(ctx context.Context) error {
	if p.file == nil {
		return nil
	}
	list, err := p.opt.protect()
	if list == nil || err != nil {
		return err
	}
	guards := list.Guards(ctx, p.opt.AllowProtected)
	for _, err := range guards.All() {
		if err != nil {
			return err
		}
	}
	if err := p.askGuards(ctx, guards); err != nil {
		return err
	}
	found, first := int64(0), ""
	for task, err := range p.tasks(ctx) {
		if err != nil {
			return err
		}
		names := []string{task.Username}
		if task.Before != nil {
			names = append(names, task.Before.Username, task.Before.Sub)
		}
		if task.Skip != "" || !guards.Protects(names...) {
			continue
		}
		if found++; found == 1 {
			first = task.Username
		}
	}
	if found > 0 {
		return fail(Protected, "%s of this plan %s protected from all jobs, the first of them %s", plural(found, "user"), isOrAre(found), report.Visible(first))
	}
	return nil
}

// askGuards asks the pool for the users of the groups and filters of a list.
func (p *Plan) askGuards(ctx context.Context, guards *jobs.Tasks) error {
	needs := guards.Needs()
	if !needs.Any() {
		return nil
	}
	t, err := p.connect(ctx)
	if err != nil {
		return err
	}
	l := p.newLister(t, alone*jobs.UserList.Quota())
	defer l.end()
	for _, sweep := range needs.Sweeps(false) {
		err := l.each(ctx, cognito.Query{Group: sweep.Group, Filter: sweep.Filter}, func(u *jobs.User) error {
			for _, of := range sweep.Sources {
				if of.Query.Matches(u) {
					guards.Guard(of.Index, u)
				}
			}
			return nil
		})
		if err != nil {
			return unlisted(ctx, sweep, err)
		}
	}
	return nil
}

func isOrAre(n int64) string {
	if n == 1 {
		return "is"
	}
	return "are"
}
