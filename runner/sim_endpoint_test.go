package runner_test

import (
	"errors"
	"fmt"
	"syscall"
	"time"

	"cogpass/jobs"
	"cogpass/runner"
)

// A trouble is what goes wrong with a request. The zero value is none.
type trouble struct {
	name   string
	unsent bool          // it never leaves this machine
	done   bool          // it is carried out
	late   bool          // when nobody waits any more
	silent bool          // no answer comes
	lost   bool          // the connection is, instead of an answer
	tardy  bool          // it is carried out long after the connection is lost: a trigger takes its time
	fault  *runner.Error // the answer
	blur   func(*runner.Sight)
}

func (t trouble) String() string {
	if t.name == "" {
		return "no trouble"
	}
	return t.name
}

var (
	throttled  = &runner.Error{Class: runner.Throttled, Code: "TooManyRequestsException", Message: "Rate exceeded"}
	broken     = &runner.Error{Class: runner.InDoubt, Code: "InternalErrorException", Message: "500"}
	gateway    = &runner.Error{Class: runner.InDoubt, Message: "HTTP 502"}
	unreadable = &runner.Error{Class: runner.Unreadable, Message: "the answer cannot be read"}
	refused    = &runner.Error{Class: runner.Transient, Message: "connection refused"}
	noRoute    = &runner.Error{Class: runner.Host, Message: "no route to host", Err: syscall.EHOSTUNREACH}
	noFiles    = &runner.Error{Class: runner.Host, Message: "too many open files", Err: syscall.EMFILE}
	lookBroken = &runner.Error{Class: runner.Transient, Message: "500"} // a look may always be repeated
)

// troubles are those of requests that change something.
var troubles = []trouble{
	{name: "throttled", fault: throttled},
	{name: "connection refused", unsent: true, fault: refused},
	{name: "no route", unsent: true, fault: noRoute},
	{name: "too many open files", unsent: true, fault: noFiles},
	{name: "lost before", lost: true},
	{name: "lost after", lost: true, done: true},
	{name: "lost, and carried out much later", lost: true, done: true, tardy: true},
	{name: "500, not carried out", fault: broken},
	{name: "500, carried out", fault: broken, done: true},
	{name: "502 of a gateway, not carried out", fault: gateway},
	{name: "502 of a gateway, carried out", fault: gateway, done: true},
	{name: "cut off", fault: unreadable, done: true},
	{name: "silent, not carried out", silent: true},
	{name: "silent, carried out", silent: true, done: true},
	{name: "carried out late", silent: true, done: true, late: true},
	{name: "a trigger refuses", fault: &runner.Error{Class: runner.UserFault, Code: "UserLambdaValidationException", Message: "no"}},
	{name: "a trigger fails", fault: &runner.Error{Class: runner.LambdaFault, Code: "UnexpectedLambdaException", Message: "it failed"}},
	{name: "a limit of the user", fault: &runner.Error{Class: runner.UserLimit, Code: "LimitExceededException", Message: "Attempt limit exceeded"}},
	{name: "no more messages today", fault: &runner.Error{Class: runner.Budget, Code: "LimitExceededException", Message: "daily email limit"}},
	{name: "made, and no message came", done: true, fault: &runner.Error{Class: runner.Undelivered, Code: "CodeDeliveryFailureException", Message: "not delivered"}},
	{name: "the token has expired", fault: &runner.Error{Class: runner.Fatal, Code: "ExpiredTokenException", Message: "expired"}},
}

var timeless = trouble{name: "without a time", blur: func(s *runner.Sight) { s.Modified = time.Time{} }}

// lookTroubles are those of looks.
var lookTroubles = []trouble{
	{name: "throttled", fault: throttled},
	{name: "connection refused", unsent: true, fault: refused},
	{name: "no route", unsent: true, fault: noRoute},
	{name: "lost", lost: true},
	{name: "500", fault: lookBroken},
	{name: "cut off", fault: unreadable},
	{name: "silent", silent: true},
	{name: "not allowed", fault: &runner.Error{Class: runner.UserFault, Code: "AccessDeniedException", Message: "not allowed to list users"}},
	{name: "another user", blur: func(s *runner.Sight) {
		s.Username, s.Sub, s.Alias, s.Modified = "somebody-else", "", "", s.Modified.Add(-24*time.Hour)
	}},
	{name: "nobody", blur: func(s *runner.Sight) { *s = runner.Sight{} }},
	timeless,
	{name: "at 1970", blur: func(s *runner.Sight) { s.Modified = time.Unix(0, 0) }},
}

// blackouts are what goes wrong with all requests for a while.
var blackouts = []trouble{
	{name: "blackout: refused", unsent: true, fault: refused},
	{name: "blackout: no route", unsent: true, fault: noRoute},
	{name: "blackout: 500", fault: broken},
	{name: "blackout: 500 for what is carried out", fault: broken, done: true},
	{name: "blackout: silence", silent: true},
	{name: "blackout: throttled", fault: throttled},
}

// request is one that leaves.
type request struct {
	runner.Task
	n                        int  // of the user's, from 1
	era                      int  // the task's
	probe                    bool // of an outage
	sent                     time.Time
	trouble                  trouble
	there, work, back, after time.Duration
	lag                      time.Duration // of a look
	tardy                    time.Duration // how much later it is carried out than its connection is lost
	date                     func() time.Time
}

// draw decides what becomes of a request that leaves now.
func (w *world) draw(p *person, r *request, all []trouble, often float64, left *int) {
	d := p.requests
	r.sent = time.Now()
	r.there, r.work, r.back = d.upTo(w.latency), d.upTo(w.latency), d.upTo(w.latency)
	if d.chance(0.05) {
		r.work += d.upTo(w.timeout)
	}
	r.after, r.lag = d.upTo(maxAfter), d.upTo(w.lag)
	slow := r.Step == runner.Act && (r.Action.Spec().Doubt == jobs.LookFirst || r.Generated) // of any other, twice is as good as once
	if r.tardy = d.upTo(maxTardy); slow && d.chance(0.2) {
		r.after = r.tardy
	}
	if wrong := d.between(10*time.Minute, 2*time.Hour); d.chance(w.wrongDate) {
		if d.chance(0.5) {
			wrong = -wrong
		}
		r.date = func() time.Time { return w.server().Add(wrong) }
	} else {
		r.date = w.server
	}
	since := r.sent.Sub(w.born)
	for _, o := range w.blackouts {
		if o.from <= since && since < o.to {
			r.trouble = o.trouble
			return
		}
	}
	if *left > 0 && len(all) > 0 && d.chance(often) {
		*left--
		r.trouble = one(d, all...)
	}
	if r.trouble.tardy && !slow {
		r.trouble.tardy = false
	}
	if f := r.trouble.fault; f != nil && f.Class == runner.Undelivered && (r.Step != runner.Create || r.Create.Invite == jobs.NoInvite) {
		r.trouble = trouble{}
	}
	if f := r.trouble.fault; f != nil && (f.Class == runner.Budget || f.Class == runner.Fatal) {
		if p.stops++; p.stops > 1 { // or it would take too many lives
			r.trouble = trouble{}
		}
	}
}

// reply is what comes back of a request.
type reply struct {
	sight runner.Sight
	err   error
}

var errLost = errors.New("EOF")

// serve is what becomes of a request, and calls do where it is carried out. It
// goes on when nobody waits any more, which gone tells.
func (w *world) serve(r *request, gone <-chan struct{}, do func() (runner.Sight, *runner.Error)) reply {
	t := r.trouble
	if t.unsent {
		time.Sleep(r.there / 10)
		return reply{err: t.fault}
	}
	if t.tardy {
		go func() {
			time.Sleep(r.there + r.tardy)
			do()
		}()
		time.Sleep(r.there)
		return reply{err: errLost}
	}
	work := time.After(r.there + r.work)
	if t.late {
		work = nil
	}
	select {
	case <-work:
	case <-gone: // what is on its way is soon at its end, or when the trigger is
		if r.after > maxAfter {
			r.after = max(maxAfter/2, min(r.after, maxTardy-time.Since(r.sent)))
		}
		time.Sleep(r.after)
	}
	var sight runner.Sight
	fault := t.fault
	switch {
	case t.fault == nil && w.tooMany():
		fault = throttled
	case t.done || t.fault == nil && !t.lost && !t.silent:
		var refusal *runner.Error
		if sight, refusal = do(); fault == nil || refusal != nil && (fault.Class == runner.Unreadable || fault.Class == runner.Undelivered) {
			fault = refusal
		}
	}
	time.Sleep(r.back)
	if t.silent {
		<-gone
	}
	if t.lost || t.silent {
		return reply{err: errLost}
	}
	var answer runner.Answer
	if !w.noDate {
		answer.Date = r.date().Truncate(time.Second)
	}
	answer.RequestID = fmt.Sprintf("%s-%d", r.Username, r.n)
	if fault != nil {
		fault := *fault
		fault.Answer = answer
		return reply{err: &fault}
	}
	sight.Answer = answer
	return reply{sight: sight}
}

// tooMany reports whether the server has had more than its quota this second.
func (w *world) tooMany() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.quota == 0 {
		return false
	}
	now, n := time.Now(), 0
	for i := len(w.taken) - 1; i >= 0 && now.Sub(w.taken[i]) < time.Second; i-- {
		n++
	}
	if n >= w.quota {
		return true
	}
	w.taken = append(w.taken, now)
	return false
}
