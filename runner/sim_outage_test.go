package runner_test

import (
	"errors"
	"slices"
	"syscall"
	"time"

	"cogpass/jobs"
	"cogpass/runner"
)

const (
	outageRow  = 20          // requests of a lane in a row that nothing came of: an outage
	firstProbe = time.Second // until the first probe of an outage; doubled with each, up to the longest wait
)

// bill is what a life's requests are charged for, and what an outage does to
// that. The lanes hold for themselves; no one is charged while one of them does.
type bill struct {
	lanes map[jobs.Category]*laneBill
	spent map[charged]int
	last  map[charged]error // what came of the last request
	moot  map[charged]bool  // taken back by another lane's outage, when it may have been given up before
	scant bool              // the host has lacked something: how much that explains is left open
}

// charged is a step of somebody's task.
type charged struct {
	who  *person
	step runner.Step
}

type laneBill struct {
	row     int       // requests that nothing came of
	since   time.Time // the first of them left
	open    []charged // charged in the row, if that does not become an outage
	held    time.Time // since when it is an outage; zero: it is none
	probes  int
	probing bool
	free    time.Time // when the next probe may leave
	over    bool      // it has waited for as long as it may
}

func newBill() bill {
	return bill{lanes: map[jobs.Category]*laneBill{}, spent: map[charged]int{}, last: map[charged]error{}, moot: map[charged]bool{}}
}

func (b *bill) lane(of jobs.Category) *laneBill {
	if b.lanes[of] == nil {
		b.lanes[of] = &laneBill{}
	}
	return b.lanes[of]
}

func (b *bill) anyHeld() bool {
	for _, l := range b.lanes {
		if !l.held.IsZero() {
			return true
		}
	}
	return false
}

// holds judges a request that leaves: in an outage one at a time may, and not
// too soon after the last. It reports whether it is such a probe.
func (p *process) holds(lane jobs.Category) (probe bool) {
	l, now := p.lane(lane), time.Now()
	if l.held.IsZero() || l.held.Equal(now) || p.scant { // at the same instant, who is first is left open
		return false
	}
	switch {
	case l.over:
		p.breach(p.program, "a request leaves %v after an outage has begun, and %v are allowed", now.Sub(l.since), p.outage)
	case l.probing:
		p.breach(p.program, "two requests at a time in an outage")
	case now.Before(l.free) && now.Sub(l.since) < p.outage:
		p.breach(p.program, "a request leaves %v too soon in an outage", l.free.Sub(now))
	}
	l.probing = true
	return true
}

// bills takes in what came of a request. Where who is nil, nobody is charged.
func (p *process) bills(who *person, lane jobs.Category, r *request, err error) {
	var fault *runner.Error
	missed := err != nil && !errors.As(err, &fault)
	free := who == nil
	if fault != nil {
		missed = fault.Class == runner.InDoubt || fault.Class == runner.Transient || fault.Class == runner.Host
		free = free || fault.Class == runner.Throttled || fault.Class == runner.Host ||
			r.Generated && (fault.Class == runner.PasswordFault || fault.Class == runner.HistoryFault) // another one is made
		p.scant = p.scant || errors.Is(fault.Err, syscall.EMFILE)
	}
	l, step := p.lane(lane), charged{who, r.Step}
	if r.probe {
		l.probing = false
	}
	if who != nil {
		p.last[step] = err
	}
	if !missed {
		p.served(lane)
		if !free {
			p.spent[step]++
		}
		return
	}
	if !p.stopped.IsZero() && r.Step != runner.Conclude { // it is over anyway
		return
	}
	if l.row++; l.row == 1 {
		l.since = r.sent
	}
	if !free && !p.anyHeld() {
		l.open = append(l.open, step)
	}
	now := time.Now()
	switch {
	case l.held.IsZero() && l.row >= outageRow:
		l.held, l.probes, l.free = now, 0, now.Add(firstProbe)
		for _, other := range p.lanes {
			for _, step := range other.open {
				p.moot[step] = p.moot[step] || other != l
			}
			other.open = nil
		}
	case r.probe:
		l.probes++
		l.free = now.Add(min(firstProbe<<min(l.probes, 10), p.maxDelay))
		l.over = now.Sub(l.since) >= p.outage
	}
}

// settled counts what a step is charged for that has ended.
func (b *bill) settled(step charged) {
	for _, l := range b.lanes {
		l.open = slices.DeleteFunc(l.open, func(c charged) bool {
			if c == step {
				b.spent[step]++
			}
			return c == step
		})
	}
}

// served notes that the service has done something.
func (p *process) served(lane jobs.Category) {
	l := p.lane(lane)
	for _, step := range l.open {
		p.spent[step]++
	}
	if !l.held.IsZero() {
		for _, other := range p.lanes { // as likely as not, it was the same outage
			other.free = time.Time{}
		}
	}
	*l = laneBill{}
}

// judgeAttempts: no task has more than it may, nor does one fail for them
// that has fewer. Throttled ones do not count, nor does what went wrong in an
// outage, or for want of something on this machine.
func (p *process) judgeAttempts() {
	if p.scant {
		return
	}
	for _, l := range p.lanes {
		for _, step := range l.open {
			p.spent[step]++
		}
	}
	for _, who := range p.people {
		for step := range runner.Recheck {
			n, last := p.spent[charged{who, step}], p.last[charged{who, step}]
			if n > p.attempts {
				p.breach(who, "%d attempts at step %d in one life, and %d are allowed", n, step, p.attempts)
			}
			if n < p.attempts && p.failed(who, step) && !p.moot[charged{who, step}] && !verdict(last) {
				p.breach(who, "step %d has failed after %d attempts that count, and %d are allowed", step, n, p.attempts)
			}
		}
	}
}

// verdict reports whether an answer says that a task cannot be done.
func verdict(err error) bool {
	var fault *runner.Error
	if !errors.As(err, &fault) {
		return false
	}
	switch fault.Class {
	case runner.InDoubt, runner.Transient, runner.Host, runner.Unreadable, runner.Undelivered, runner.Throttled:
		return false
	}
	return true
}
