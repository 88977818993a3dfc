package bulk

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"cogpass/jobs"
	"cogpass/report"
	"cogpass/runner"
	"cogpass/runner/runfile"
)

// lanes are what a run shares with the other runs of its account and Region: of this
// process, and of this machine's others. A nil value shares nothing.
type lanes struct {
	plan    *Plan
	account string
	open    func(jobs.Category) sharedLane

	mu     sync.Mutex
	opened map[jobs.Category]sharedLane

	told    map[string]string // the others, by ID: what they are called
	missing int               // looks in a row at which the lanes could not be had
}

// A sharedLane is a lane that is shared, until it is closed.
type sharedLane struct {
	runner.Quota
	close func() error
}

// openLanes has a run share the lanes of its account, where that is known. In the
// sandbox the runs of this process share them.
func (p *Plan) openLanes(t *target) *lanes {
	if t.account == "" || p.opt.Sandbox && p.opt.together == nil {
		return nil
	}
	l := &lanes{plan: p, account: t.account, opened: map[jobs.Category]sharedLane{}, told: map[string]string{}}
	me := realPath(p.path)
	if p.opt.Sandbox {
		l.open = func(c jobs.Category) sharedLane {
			quota, leave := p.opt.together.lane(t.account, p.Info.Region, c).For(me)
			return sharedLane{quota, func() error { leave(); return nil }}
		}
		return l
	}
	place, _, err := runfile.UserPlace(p.fallbackPlace())
	if err != nil { // the pool's lock has found one
		return nil
	}
	of := runfile.Account{ID: t.account, Region: p.Info.Region, Endpoint: t.client.Endpoint()}
	name := strings.TrimSuffix(filepath.Base(me), ".run")
	l.open = func(c jobs.Category) sharedLane {
		lane := runfile.OpenLane(place, of, c, me, name)
		return sharedLane{lane, lane.Close}
	}
	return l
}

// quota is a runner.Options.Quota.
func (l *lanes) quota(c jobs.Category) runner.Quota {
	if l == nil || c.Quota() == 0 {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, is := l.opened[c]; !is {
		l.opened[c] = l.open(c)
	}
	return l.opened[c]
}

// lanesEvery is how often a run shows the others that it is there, and looks for them.
const lanesEvery = time.Second

// watch does so until ctx is done, and says who comes and goes.
func (l *lanes) watch(ctx context.Context) {
	if l == nil {
		return
	}
	for wait := lanesEvery / 5; ; wait = lanesEvery {
		select {
		case <-time.After(wait):
			l.look(time.Now())
		case <-ctx.Done():
			return
		}
	}
}

func (l *lanes) look(now time.Time) {
	l.mu.Lock()
	opened := maps.Clone(l.opened)
	l.mu.Unlock()
	here := map[string]bool{}
	var faults error
	for _, c := range slices.Sorted(maps.Keys(opened)) {
		faults = errors.Join(faults, opened[c].Change(now, func(common *runner.Common, me *runner.Sharer) {
			for _, s := range common.Sharers {
				if s.ID == me.ID || l.plan.opt.together.has(s.ID) || s.Asked == 0 && !s.Max || me.Asked == 0 && !me.Max {
					continue
				}
				here[s.ID] = true
				l.meet(c, common.Least(), s)
			}
		}))
	}
	if faults != nil {
		if l.missing++; l.missing == 3 {
			l.plan.opt.warn("it is not known what other runs send to account %s, so each goes by its own rate: %s",
				report.Visible(l.account), report.Visible(faults.Error()))
		}
		return
	}
	l.missing = 0
	for id, name := range l.told {
		if !here[id] {
			delete(l.told, id)
			l.plan.opt.event(Notice, LaneLeft, "no longer shares with "+report.Visible(name), "with", name)
		}
	}
}

// meet tells of another run when it is first seen.
func (l *lanes) meet(c jobs.Category, least float64, s *runner.Sharer) {
	if _, known := l.told[s.ID]; known {
		return
	}
	l.told[s.ID] = s.Name
	rate, lane := jobs.Rate(least).String(), ""
	if c != jobs.UserAccountRecovery {
		lane = " " + string(c)
	}
	text := fmt.Sprintf("shares %s%s of account %s in %s with %s, process %d",
		rate, lane, report.Visible(l.account), l.plan.Info.Region, report.Visible(s.Name), s.PID)
	l.plan.opt.event(Notice, LaneShared, text, "with", s.Name, "process", s.PID, "rate", rate, "category", string(c),
		"account", l.account, "region", l.plan.Info.Region)
}

func (l *lanes) close() {
	if l == nil {
		return
	}
	for _, lane := range l.opened {
		_ = lane.close() // the others see that this run has ended
	}
}
