package runner

import "time"

// spend asks for the message that a step's attempt sends, if it sends one. A
// task that is refused is put aside until a message is given back.
func (e *engine) spend(w *work) bool {
	message := e.kinds[w.doing].message
	if e.opt.Budget == nil || w.spent || message == nil || !message(w) {
		return true
	}
	t := w.task
	t.Step = w.doing
	if err := e.opt.Budget(t); err != nil {
		e.overspent, e.unpaid = err, append(e.unpaid, w)
		return false
	}
	w.spent = true
	return true
}

// unspend gives back what the last attempt was counted for, which was surely
// not carried out. Those who were refused ask again.
func (e *engine) unspend(w *work) {
	if !w.spent {
		return
	}
	w.spent = false
	if e.opt.Unspent != nil {
		t := w.task
		t.Step = w.doing
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
