package bulk

import (
	"context"
	"crypto/sha256"
	"slices"
	"time"

	"cogpass/jobs"
	"cogpass/report"
	"cogpass/runner"
	"cogpass/runner/cognito"
	"cogpass/runner/runfile"
)

// sweeps are how often all users are looked at: as often as one in doubt.
const sweeps = 2

// sweep looks at everyone in the pool, twice, where Options.LookFirst asks for
// a look at so many that this takes fewer requests than a look at each. Whom
// both sweeps show untouched is in doubt no more; the others are looked at one
// by one. Where sweeping fails, so is everyone.
func (p *Plan) sweep(ctx context.Context, t *target) error {
	if !p.opt.LookFirst {
		return nil
	}
	pages := t.pool.Users/cognito.PageSize + 1
	doubted := 0
	for row, err := range p.file.Pending(false, false) {
		if err != nil {
			return err
		}
		if row.Doubt != nil {
			doubted++
		}
	}
	if t.pool.Users == 0 || pages >= doubted {
		return nil
	}
	p.opt.notice("looking at all users of the pool, twice: about %s requests, where a look at each pending user would take %s",
		report.Number(int64(sweeps*pages)), report.Number(int64(sweeps*doubted)))
	seen := sightings{seen: make(map[nameKey]seenAt, doubted)}
	for row, err := range p.file.Pending(false, false) {
		if err != nil {
			return err
		}
		if row.Doubt != nil {
			seen.ask(&row)
		}
	}
	l := p.newLister(t, jobs.UserList.Quota()/2)
	defer l.end()
	for seen.sweep = 1; seen.sweep <= sweeps; seen.sweep++ {
		began := time.Now()
		err := l.each(ctx, cognito.Query{}, func(u *jobs.User) error { // who is given twice is looked at
			seen.note(u)
			return nil
		})
		if err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			p.opt.warn("the pool's users could not be listed, so each is looked at: %s", report.Visible(err.Error()))
			return nil
		}
		if seen.sweep < sweeps {
			select {
			case <-time.After(time.Until(began.Add(runner.LateFor))):
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
	}
	return p.clear(ctx, &seen)
}

// clear takes those out of doubt whom each sweep has shown untouched.
func (p *Plan) clear(ctx context.Context, seen *sightings) error {
	for row, err := range p.file.Pending(false, false) {
		if err != nil {
			return err
		}
		if row.Doubt == nil || seen.seen[keyOf(row.Username)].untouched != sweeps {
			continue
		}
		answered := runner.Intent{Seq: row.Seq, Step: row.Doubt.Step, Attempts: row.Attempts, Throttled: row.Throttled,
			StartedAt: row.StartedAt, Began: row.Doubt.Began, Slack: row.Doubt.Slack}
		if err := p.file.End(ctx, answered); err != nil {
			return p.unrecorded(err)
		}
	}
	if err := p.file.Flush(); err != nil {
		return p.unrecorded(err)
	}
	return nil
}

// nameKey stands for a name, in less memory; two names never share one.
type nameKey [16]byte

func keyOf(name string) nameKey {
	sum := sha256.Sum256([]byte(name))
	return nameKey(sum[:16])
}

// sightings are what sweeps have shown of the users in doubt.
type sightings struct {
	sweep   int8
	attempt runner.Intent // the earliest in doubt: what happened since may be its doing
	seen    map[nameKey]seenAt
}

type seenAt struct {
	action    jobs.Action
	last      int8 // the sweep that showed the user last
	untouched int8 // sweeps that showed the user, and that nothing has happened; -1 where one has shown anything else
}

// ask has sweeps look out for a user in doubt.
func (s *sightings) ask(row *runfile.Row) {
	if s.attempt.Began.IsZero() || row.Doubt.Began.Before(s.attempt.Began) {
		s.attempt.Began = row.Doubt.Began
	}
	s.attempt.Slack = max(s.attempt.Slack, row.Doubt.Slack)
	s.seen[keyOf(row.Username)] = seenAt{action: row.Action}
}

// note takes in a user. One whom a sweep shows twice, or whose name another
// has too, is not told apart, and stays in doubt.
func (s *sightings) note(u *jobs.User) {
	sight := runner.Sight{Found: true, Status: u.Status, Modified: u.Modified}
	for i, name := range u.Names {
		key := keyOf(name)
		at, asked := s.seen[key]
		if !asked || slices.Contains(u.Names[:i], name) {
			continue
		}
		if at.untouched < 0 || at.last == s.sweep || !sight.Untouched(&s.attempt, at.action.Spec()) {
			at.untouched = -1
		} else {
			at.untouched++
		}
		at.last = s.sweep
		s.seen[key] = at
	}
}
