package bulk

import (
	"context"
	"errors"
	"iter"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sync/errgroup"

	"cogpass/jobs"
	"cogpass/runner"
	"cogpass/runner/cognito"
	"cogpass/runner/runfile"
)

// A survey is what planning finds out about the users of the pool, where a job
// needs it: who is in it, and in which state. It lies in a file beside the
// draft, so that memory does not follow the size of the pool.
type survey struct {
	plan   *Plan
	t      *target
	tasks  *jobs.Tasks
	needs  jobs.Needs
	census *runfile.Census
	twice  map[int64]int64 // tasks that are about the user of an earlier one
	named  int64           // tasks of users that the job names
	both   int64           // users of pool sources whom the job names, too
	again  int64           // users of more than one pool source
	looked int64           // requests that it took
	swept  bool            // all users were listed, rather than each looked at
}

// newSurvey asks the pool all that a job needs. Its tasks were read once.
func (p *Plan) newSurvey(ctx context.Context, tasks *jobs.Tasks) (*survey, error) {
	needs := tasks.Needs()
	p.invent = len(needs.Sources) > 0
	t, err := p.connect(ctx)
	if err != nil {
		return nil, err
	}
	s := &survey{plan: p, t: t, tasks: tasks, needs: needs, twice: map[int64]int64{}}
	if tasks.Naming = jobs.NamesFolded; t.pool.Facts.CaseSensitive {
		tasks.Naming = jobs.NamesExact
	}
	beside := p.path
	if p.draft == nil { // nothing is written beside a job that is only looked at
		beside = filepath.Join(os.TempDir(), "cogpass.run")
	}
	if s.census, err = runfile.NewCensus(beside); err != nil {
		return nil, err
	}
	if err := s.fill(ctx); err != nil {
		return nil, errors.Join(err, s.census.Close())
	}
	return s, nil
}

func (s *survey) fill(ctx context.Context) error {
	for task, err := range s.tasks.All() {
		if err != nil {
			return err
		}
		if err := s.census.Name(s.tasks.Key(task.Username), task.Seq); err != nil {
			return err
		}
		s.named++
	}
	if !s.needs.Any() { // names that are alike had to be read again
		return nil
	}
	pages := int64(s.t.pool.Users/cognito.PageSize + 1)
	all := s.needs.LookUp && s.named > pages
	l := s.plan.newLister(s.t, alone*jobs.UserList.Quota())
	defer l.end()
	for _, sweep := range s.needs.Sweeps(all) {
		all = all || sweep.Group == "" && sweep.Filter == ""
		if err := s.sweep(ctx, l, sweep); err != nil {
			return unlisted(ctx, sweep, err)
		}
	}
	if s.needs.LookUp && !all {
		if err := s.lookUpEach(ctx, l); err != nil {
			return unanswered(ctx, "looking users up", err)
		}
	}
	s.looked, s.swept = l.requests.Load(), all || len(s.needs.Sources) > 0
	var err error
	if s.both, s.again, err = s.census.Overlaps(); err != nil {
		return err
	}
	return s.clashes()
}

// unanswered is the error of a question whose answer decides whom the plan acts
// on: without it there is none.
func unanswered(ctx context.Context, what string, err error) error {
	var fault *runner.Error
	if ctx.Err() != nil || !errors.As(err, &fault) {
		return err
	}
	return fail(Unreachable, "%s: %w", what, err)
}

// unlisted is unanswered for a listing, and names a group that is not there.
func unlisted(ctx context.Context, sweep jobs.Sweep, err error) error {
	var fault *runner.Error
	if sweep.Group != "" && errors.As(err, &fault) && fault.Code == "ResourceNotFoundException" {
		return jobs.Fault{Place: sweep.Sources[0].Place, Message: "the pool has no group of this name", Hint: "is it written as the pool has it? upper and lower case count"}
	}
	return unanswered(ctx, "listing the pool's users", err)
}

// sweep lists users, for the sources that take some of them and for the names
// of the job.
func (s *survey) sweep(ctx context.Context, l *lister, sweep jobs.Sweep) error {
	return l.each(ctx, cognito.Query{Group: sweep.Group, Filter: sweep.Filter}, func(u *jobs.User) error {
		keys, sources := s.keys(u), 0
		for i := range sweep.Sources {
			of := &sweep.Sources[i]
			switch {
			case !of.Query.Matches(u):
			case of.Guard:
				s.tasks.Guard(of.Index, u)
			default:
				sources++
				if err := s.census.Add(u, keys, of.Index); err != nil {
					return err
				}
			}
		}
		if sources > 0 {
			return nil
		}
		return s.census.Add(u, keys, runfile.NoSource)
	})
}

func (s *survey) keys(u *jobs.User) []string {
	keys := make([]string, 0, len(u.Names))
	for _, name := range u.Names {
		keys = append(keys, s.tasks.Key(name))
	}
	return keys
}

// lookers is how many looks are made at a time: enough for the lane's pace.
const lookers = 16

// lookUpEach looks at each user that the job names.
func (s *survey) lookUpEach(ctx context.Context, l *lister) error {
	var mu sync.Mutex // guards the census
	names := make(chan string)
	group, ctx := errgroup.WithContext(ctx)
	for range lookers {
		group.Go(func() error {
			for name := range names {
				u, err := l.look(ctx, name)
				if err != nil {
					return err
				}
				if u == nil {
					continue
				}
				mu.Lock()
				err = s.census.Add(u, append(s.keys(u), s.tasks.Key(name)), runfile.NoSource)
				mu.Unlock()
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	group.Go(func() error {
		defer close(names)
		for task, err := range s.tasks.All() {
			if err != nil {
				return err
			}
			if task.Skip != "" {
				continue
			}
			select {
			case names <- task.Username:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		return nil
	})
	return group.Wait()
}

// clashes finds tasks that are about one user, by two of the user's names.
func (s *survey) clashes() error {
	for pair, err := range s.census.Clashes() {
		if err != nil {
			return err
		}
		s.twice[pair[1]] = pair[0]
	}
	return nil
}

// planned yields the tasks of the job, each with what was decided about it:
// those of users that it names, and then those that its pool sources find.
func (s *survey) planned(ctx context.Context) iter.Seq2[jobs.Task, error] {
	return func(yield func(jobs.Task, error) bool) {
		faults := &jobs.Faults{}
		places := map[int64]jobs.Place{} // of the first of two that are one user
		for _, first := range s.twice {
			places[first] = jobs.Place{}
		}
		judge := func(task jobs.Task, u *jobs.User) bool {
			if err := s.plan.lastDone(ctx, &task, u); err != nil {
				yield(task, err)
				return false
			}
			s.tasks.Judge(&task, u, s.t.pool.Facts)
			return yield(task, nil)
		}
		for task, err := range s.tasks.All() {
			if err != nil {
				yield(task, err)
				return
			}
			if _, asked := places[task.Seq]; asked {
				places[task.Seq] = task.Place
			}
			if first, again := s.twice[task.Seq]; again {
				faults.Add(task.SamePerson(places[first]))
			}
			if faults.Len() > 0 { // nothing comes of this plan, but the rest of its faults
				continue
			}
			if !s.needs.LookUp {
				if err := s.plan.lastDone(ctx, &task, nil); err != nil {
					yield(task, err)
					return
				}
				if s.needs.LastDone {
					s.tasks.JudgeUnseen(&task)
				}
				if !yield(task, nil) {
					return
				}
				continue
			}
			u, err := s.census.Of(task.Seq)
			if err != nil {
				yield(task, err)
				return
			}
			if !judge(task, u) {
				return
			}
		}
		if err := faults.OrNil(); err != nil {
			yield(jobs.Task{}, err)
			return
		}
		for found, err := range s.census.Unclaimed() {
			if err == nil && ctx.Err() != nil {
				err = context.Cause(ctx)
			}
			if err != nil {
				yield(jobs.Task{}, err)
				return
			}
			if !judge(s.tasks.OfPool(found.Source, &found.User), &found.User) {
				return
			}
		}
		if err := s.tasks.End(); err != nil {
			yield(jobs.Task{}, err)
		}
	}
}

func (s *survey) close() error { return s.census.Close() }
