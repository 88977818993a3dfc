package runner

import (
	"slices"
	"time"

	"cogpass/jobs"
)

// Made is a password that was generated for a task, as far as it can be named.
type Made struct {
	Version string // a UUID; empty stands for any others that nobody knows of any more
	State   MadeState
}

// MadeState says what has become of a generated password.
type MadeState uint8

// The states. Their numbers stand in run files.
const (
	NotSet MadeState = iota // surely not the user's: no request has carried it, or each was refused
	Tried                   // a request has carried it that may have been carried out
	Set                     // the user's
)

// maxRemade is how many times a password that was refused is made anew.
const maxRemade = 2

// setVersion returns the version of the password that is the user's, or "".
func (t *Task) setVersion() string {
	for _, m := range t.Made {
		if m.State == Set {
			return m.Version
		}
	}
	return ""
}

// kept returns the version that a store is asked for, or "": the user's, or one
// that may be. One that was only prepared is not sent any more: by now another run may
// have handed over a later one.
func (t *Task) kept() (version string) {
	best := Tried
	for _, m := range t.Made {
		if m.Version != "" && m.State >= best {
			version, best = m.Version, m.State
		}
	}
	return version
}

// mark takes down what has become of a password. Where it is the user's, no
// other is.
func (w *work) mark(version string, state MadeState) {
	made := slices.Clone(w.task.Made) // a worker or the journal may have the old one still
	for i := range made {
		switch m := &made[i]; {
		case m.Version == version:
			m.State = state
		case state == Set:
			m.State = NotSet
		}
	}
	w.task.Made = made
	if state == Set && version != w.task.Version { // the one at hand is not to be taken for it
		w.task.Version, w.task.Password, w.fetched = "", jobs.Secret{}, false
	}
}

// tried returns how many passwords may be the user's, as far as is known.
func (w *work) tried() (n int) {
	for _, m := range w.task.Made {
		if m.State == Tried {
			n++
		}
	}
	return n
}

// others reports whether the request of the step that is being done sets another
// password than one that may be the user's.
func (w *work) others() bool {
	return w.sets() && slices.ContainsFunc(w.task.Made, func(m Made) bool { return m.State == Tried && m.Version != w.task.Version })
}

// hasTried reports whether a password may be the user's.
func (w *work) hasTried(version string) bool {
	return version != "" && slices.Contains(w.task.Made, Made{version, Tried})
}

// was settles which generated password an attempt in doubt has set, now that it
// is known to have been carried out. It reports false where that is not known.
func (w *work) was() bool {
	if !w.task.Generated {
		return true
	}
	if w.tried() != 1 {
		return false
	}
	for _, m := range w.task.Made {
		if m.State == Tried && m.Version != "" {
			w.mark(m.Version, Set)
			return true
		}
	}
	return false
}

// untry notes that a look has shown that no attempt in doubt was carried out.
// Passwords that are older than that, or may be, it does not concern.
func (w *work) untry() {
	if !w.sets() || w.elder || w.tried() != 1 {
		return
	}
	for _, m := range w.task.Made {
		if m.State == Tried && m.Version != "" {
			w.mark(m.Version, NotSet)
		}
	}
}

// carrying reports whether the request of the step that is being done has the
// password in it.
func (w *work) carrying() bool {
	switch w.doing {
	case Act:
		return w.spec.Password
	case Create:
		return w.carries()
	}
	return w.doing == Prepare || w.doing == Check
}

// sets reports whether it also sets it.
func (w *work) sets() bool { return w.carrying() && (w.doing == Act || w.doing == Create) }

// supply has the password at hand that a step's request carries. It reports
// false where the task has to wait for that, or has ended for want of it.
func (e *engine) supply(w *work, now time.Time) bool {
	if !w.task.Generated || !w.carrying() {
		return true
	}
	none := w.task.Version == ""
	if none && e.fetcher != nil && !w.fetched && w.task.kept() != "" {
		e.wait(w, Fetch, now)
		return false
	}
	if none && w.doing == Check {
		e.end(w, Unknown, "not checked, for the password cannot be read any more")
		return false
	}
	if w.others() {
		// What is under way must not arrive after another password.
		if left := e.late(w, now); left > 0 {
			e.wait(w, w.doing, now.Add(left))
			return false
		}
	}
	if !none {
		return true
	}
	version, password, err := e.opt.Generate(w.task)
	if err != nil {
		e.fail(err)
		e.stranded = append(e.stranded, w)
		return false
	}
	w.task.Version, w.task.Password = version, password
	w.task.Made = append(slices.Clip(w.task.Made), Made{Version: version})
	w.beside = slices.DeleteFunc(w.beside, func(r StepResult) bool { return r.Step == Prepare }) // that was another's
	if w.doing == Prepare {
		w.doubt, w.doubtSent = nil, time.Time{} // that was another's too
	}
	if !w.handoff || w.doing == Prepare {
		return true
	}
	p := w.progress
	w.suspended = &p
	e.proceed(w, now)
	return false
}

// late returns for how much longer an attempt may be under way that has left a
// step in doubt. One of an earlier run was sent before this one began; how long
// after its intent, nobody knows.
func (e *engine) late(w *work, now time.Time) time.Duration {
	last := w.lostLast
	if last.IsZero() {
		last = e.began
	}
	return LateFor - now.Sub(last)
}

// refused goes on with a task whose password was refused: a generated one is
// made anew, twice at most.
func (e *engine) refused(w *work, now time.Time, fault *Error) {
	if !w.task.Generated || !w.sets() {
		e.end(w, Failed, fault.Message)
		return
	}
	if fault.Class != HistoryFault || !w.hasTried(w.task.Version) { // or an earlier attempt has put it there
		w.mark(w.task.Version, NotSet)
	}
	if w.tried() == 0 { // what is in doubt had the same password, and was refused too
		w.doubt, w.doubtSent = nil, time.Time{}
	}
	if w.remade >= maxRemade {
		e.lose(w, now, fault.Message)
		return
	}
	w.remade++
	w.task.Version, w.task.Password, w.fetched = "", jobs.Secret{}, true
	e.release(w)
	e.wait(w, w.doing, now)
}

// anew has another password set where it is not known which of several is the
// user's, and nobody can have chosen one since.
func (e *engine) anew(w *work, now time.Time) {
	w.elder = true
	w.doubt, w.doubtSent, w.unchanged = nil, time.Time{}, 0
	w.step, w.lane = w.doing, e.lane(w.doing, w.spec)
	w.tries++
	if !e.usedUp(w, now) {
		e.wait(w, w.doing, now)
	}
}
