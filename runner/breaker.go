package runner

import (
	"errors"
	"fmt"
	"syscall"
	"time"
)

const (
	outageRow  = 20          // requests of a lane in a row, over all tasks, that nothing came of: that is an outage
	firstProbe = time.Second // until the first probe of an outage; doubled with each, up to Options.MaxDelay
)

// ErrOutage is in the error of a Stopped that waited for Options.Outage.
var ErrOutage = errors.New("an outage")

// A breaker tells an outage from what is wrong with single tasks, by the
// answers of a lane. In an outage it holds the lane, but for one probe at a
// time, and charges nobody.
type breaker struct {
	row    int       // requests in a row that nothing came of
	since  time.Time // when the first of them was sent
	held   bool
	heldAt time.Time

	probes  int
	probeAt time.Time

	charges []charge // made in the row; taken back if it becomes an outage
	usedUp  []*work  // tasks whose attempts are used up, if it does not
}

// charge is an attempt that was counted against its task.
type charge struct {
	w     *work
	doing Step
	count *int
}

// missed notes that nothing came of a request.
func (e *engine) missed(a answer, fault *Error) {
	w, l := a.w, a.w.lane
	if e.stopping && w.step != Conclude || fault.Class == Host && e.fit(a, fault) {
		return
	}
	if l.row++; l.row == 1 {
		l.since = a.sent
	}
	if fault.Class != Host && e.heldLanes == 0 {
		count := w.charged()
		*count++
		l.charges = append(l.charges, charge{w, w.doing, count})
	}
	switch {
	case !l.held && l.row >= outageRow:
		e.hold(l, a.got, fault)
	case l.held && !a.sent.Before(l.heldAt):
		e.probed(a, fault)
	}
}

// hold begins an outage. What was charged in the rows so far, of this lane
// and the others, is taken back.
func (e *engine) hold(l *lane, now time.Time, fault *Error) {
	l.held, l.heldAt, l.probes = true, now, 0
	e.heldLanes++
	e.nextProbe(l, now)
	for _, l := range e.lanes {
		for _, c := range l.charges {
			if c.w.doing == c.doing { // it has not ended
				*c.count--
				c.w.reprieve()
			}
		}
		usedUp := l.usedUp
		l.charges, l.usedUp = nil, nil
		for _, w := range usedUp {
			e.wait(w, w.step, now.Add(e.backoff(*w.charged())))
		}
	}
	if e.heldLanes == 1 {
		e.opt.Notice(Notice{Kind: OutageBegins, Err: fault, Left: max(0, e.opt.Outage-now.Sub(l.since))})
	}
}

// probed goes on after a probe that nothing came of.
func (e *engine) probed(a answer, fault *Error) {
	l := a.w.lane
	if d := a.got.Sub(l.since); d >= e.opt.Outage {
		e.stopFor(fault.Class, a.w, fmt.Errorf("%w of %s: %w", ErrOutage, d.Round(time.Second), fault))
		return
	}
	e.nextProbe(l, a.got)
}

// nextProbe sets the time of a lane's next probe. The last is made when the
// run would stop.
func (e *engine) nextProbe(l *lane, now time.Time) {
	wait := min(firstProbe<<min(l.probes, 10), e.opt.MaxDelay)
	l.probes++
	l.probeAt = earlier(now.Add(wait), l.since.Add(e.opt.Outage))
}

// served notes that the service does what it is there for: the lane's row is
// over, and what was charged in it stays so.
func (e *engine) served(l *lane, now time.Time) {
	if l.row == 0 {
		return
	}
	usedUp := l.usedUp
	l.row, l.charges, l.usedUp = 0, nil, nil
	if l.held {
		l.held = false
		e.heldLanes--
		for _, other := range e.lanes { // as likely as not, it was the same outage
			other.probeAt = now
		}
		if e.heldLanes == 0 {
			e.opt.Notice(Notice{Kind: OutageEnds})
		}
	}
	for _, w := range usedUp {
		e.giveUp(w, now)
	}
}

// usedUp goes on with a task that may have used its attempts at a step up, and
// reports whether it has. It ends when it is sure that this was no outage.
func (e *engine) usedUp(w *work, now time.Time) bool {
	if *w.charged() < e.opt.Attempts {
		return false
	}
	if w.lane.row == 0 {
		e.giveUp(w, now)
		return true
	}
	if e.kinds[w.step].intent {
		e.release(w)
	}
	w.lane.usedUp = append(w.lane.usedUp, w)
	return true
}

// giveUp ends a task whose attempts at a step are used up.
func (e *engine) giveUp(w *work, now time.Time) {
	switch w.step {
	case Look:
		e.unknown(w, fmt.Sprintf("no answer came, nor to %d attempts to look: %s", w.looks, w.fault))
		return
	case Probe:
		e.unknown(w, fmt.Sprintf("no answer came, nor to %d attempts to sign in with the password: %s", w.looks, w.fault))
		return
	case Fetch:
		w.fetched, w.looks = true, 0 // as good as not there
		e.wait(w, w.doing, now)
		return
	case Recheck:
		e.unchecked(w, fmt.Sprintf("gave up after %d attempts: %s", w.tries, w.fault))
		return
	}
	w.givenUp = true
	e.lose(w, now, fmt.Sprintf("gave up after %d attempts: %s", w.attempts, w.fault))
}

// reprieve takes back that a task in doubt was given up, where that proves to have
// been an outage before a look has settled it.
func (w *work) reprieve() {
	if w.givenUp {
		w.givenUp, w.verdict = false, ""
	}
}

// giveUpAll ends the tasks whose attempts are used up, as no answer will come
// any more to tell whether that was an outage. It reports whether there were
// any.
func (e *engine) giveUpAll(now time.Time) bool {
	some := false
	for _, l := range e.lanes {
		some = some || len(l.usedUp) > 0
		usedUp := l.usedUp
		l.usedUp = nil
		for _, w := range usedUp {
			e.giveUp(w, now)
		}
	}
	return some
}

// fit lowers the requests in flight where the host cannot have so many: by
// half, once for those that were on their way together. It reports whether
// that explains the fault.
func (e *engine) fit(a answer, fault *Error) bool {
	scarce := false
	for _, errno := range []syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, syscall.ENOBUFS} {
		scarce = scarce || errors.Is(fault.Err, errno)
	}
	if !scarce || !a.sent.After(e.fittedAt) {
		return scarce
	}
	most := max(1, min(e.most, e.inFlight+1)/2)
	if most == e.most {
		return false
	}
	e.most, e.fittedAt = most, a.got
	e.opt.Notice(Notice{Kind: FewerInFlight, Err: fault, InFlight: most})
	return true
}
