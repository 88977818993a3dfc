package runner

import (
	"math"
	"time"

	"cogpass/jobs"
)

// A lane holds the requests of one quota category, and paces them: by itself,
// or with all that share its Quota.
type lane struct {
	category jobs.Category

	due   []*work // whose time has come, and which the journal is to have first
	begun int     // of those, how many it is about to have
	ready []*work // may be sent as their slots come

	inFlight int
	breaker

	pace pacer

	sent, throttled, steps int64 // as LaneStats has them

	throttledSince time.Time // the first of the throttled requests since the last other answer
}

// lane returns that of a step of a task with an action.
func (e *engine) lane(step Step, action *jobs.ActionSpec) *lane {
	return e.laneOf(e.kinds[step].category(action))
}

// laneOf returns the lane of a quota category.
func (e *engine) laneOf(category jobs.Category) *lane {
	for _, l := range e.lanes {
		if l.category == category {
			return l
		}
	}
	perSecond := category.Quota() / 2
	if r := e.opt.Lanes[category]; r > 0 {
		perSecond = r
	}
	if category == jobs.UserAccountRecovery {
		perSecond = e.opt.Rate
	}
	if perSecond == 0 { // it has no quota
		perSecond = math.Inf(1)
	}
	l := &lane{category: category, pace: pacer{asked: perSecond}}
	if e.opt.Quota != nil {
		l.pace.quota = e.opt.Quota(category)
	}
	e.lanes = append(e.lanes, l)
	return l
}

// never is a slot that does not come.
var never = time.Unix(1<<40, 0)
