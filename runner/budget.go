package runner

import "time"

// messages reports whether a step sends an e-mail. Enabling counts as such
// where the action after it does: no user is to be left enabled for a day for
// want of a message.
func (e *engine) messages(w *work) (step Step, ok bool) {
	step = w.doing
	if step == Enable {
		step = Act
	}
	m := e.kinds[step].message
	return step, m != nil && m(w)
}

// spend asks for the message that a step sends, if it sends one and has not
// asked yet. A task that is refused is put aside until a message is given back.
func (e *engine) spend(w *work) bool {
	step, ok := e.messages(w)
	if e.opt.Budget == nil || w.spent || !ok {
		return true
	}
	t := w.task
	t.Step = step
	if err := e.opt.Budget(t); err != nil {
		e.overspent, e.unpaid = err, append(e.unpaid, w)
		return false
	}
	w.spent = true
	return true
}

// unspend gives back what a step was counted for that surely has sent nothing.
// Those who were refused ask again.
func (e *engine) unspend(w *work) {
	if !w.spent {
		return
	}
	w.spent = false
	if e.opt.Unspent != nil {
		t := w.task
		t.Step, _ = e.messages(w)
		e.opt.Unspent(t)
	}
	if e.stopping {
		return
	}
	unpaid := e.unpaid
	e.overspent, e.unpaid = nil, nil
	for _, w := range unpaid {
		e.wait(w, w.step, time.Now())
	}
}

// spentFor settles what a step was counted for that has ended.
func (e *engine) spentFor(w *work, o Outcome) {
	if _, ok := e.messages(w); !ok || o == OK && w.doing == Enable {
		return // it is that of a step after this one
	}
	if o == Failed || w.doing == Enable {
		e.unspend(w)
	}
	w.spent = false
}
