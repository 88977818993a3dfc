package runner_test

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"

	"cogpass/jobs"
	"cogpass/runner"
)

// task is what one who sees everything knows of a task, since somebody last
// agreed to its being done a second time.
type task struct {
	sent     int       // requests, in all
	begun    time.Time // when its first attempt was, or may have been
	first    *request  // that was carried out
	codes    int
	doubtful [steps]bool // by step: a request may have been carried out, and nobody knows
	dim      string      // why looks may not tell; empty if they must

	era   int       // how often somebody has agreed
	again bool      // somebody has asked for it once more, after it failed or was unknown
	last  time.Time // when it was carried out, also before somebody agreed; zero is never
	beside
}

// longAgo is how far apart two times are that no clock can take for each other:
// twice what a clock may be off that the server takes a signature of.
const longAgo = 10 * time.Minute

// breach is a promise that was broken.
type breach struct {
	who  *person
	text string
}

// event is what has happened to somebody.
type event struct {
	at   time.Time
	text string
	args []any
}

func (w *world) note(p *person, text string, args ...any) {
	p.log = append(p.log, event{time.Now(), text, args})
}

func (w *world) breach(p *person, text string, args ...any) {
	w.note(p, "WRONG: "+text, args...)
	w.wrong = append(w.wrong, breach{p, fmt.Sprintf("%s at %.3f s: %s", p.name, time.Since(w.born).Seconds(), fmt.Sprintf(text, args...))})
}

// history is all that has happened to a user, or to all.
func (w *world) history(of *person) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s", w.describe())
	for _, p := range append([]*person{w.program}, w.people...) {
		if of != nil && p != of && p != w.program {
			continue
		}
		fmt.Fprintf(&b, "%s\n", p.name)
		if p != w.program {
			fmt.Fprintf(&b, "    %s; %s, enabled %t, verified %t, gone %t; %s\n", p.action, p.shown[0].status, p.shown[0].enabled, p.shown[0].verified, p.shown[0].gone, p.describeSteps())
		}
		for _, e := range p.log {
			fmt.Fprintf(&b, "%14.6f  %s\n", e.at.Sub(w.born).Seconds(), fmt.Sprintf(e.text, e.args...))
		}
	}
	return b.String()
}

// takesUp begins anew with a task, because somebody wants it to be tried again.
// Who asks for what is unknown answers for a second code and an overwritten
// password; who asks for what failed does not, for that was not carried out.
func (w *world) takesUp(p *person, was runner.Outcome, act bool, done []runner.StepResult) {
	p.beside.again(&p.doubtful, done)
	w.note(p, "is taken up again: %v, its action %t", was, act)
	if !act { // only a step beside it
		return
	}
	t := task{sent: p.sent, last: p.last, era: p.era, beside: p.beside, doubtful: p.doubtful, again: true}
	t.doubtful[runner.Act] = false
	if was == runner.Failed {
		t.first, t.codes = p.first, p.codes
	} else {
		t.era++
		t.dim = "an earlier request may have shown, or may show yet"
	}
	p.task = t
}

// carriedOut judges a request as it is carried out.
func (w *world) carriedOut(p *person, r *request) {
	p.last = time.Now()
	p.lastSet = p.last
	if r.era != p.era { // one too many, but by then somebody had agreed to it
		return
	}
	d := deeds[r.Action]
	if d.code {
		if p.codes++; p.codes > 1 {
			w.breach(p, "a second code")
		}
	} else if d.soon > 0 && p.first != nil && !p.remade() && p.chose.After(p.first.sent) && r.sent.Sub(p.first.sent) > d.soon &&
		!(p.asked.Generated && (p.status == jobs.ForceChangePassword || p.chose.After(p.seen))) {
		w.breach(p, "a password is overwritten that was chosen since, %v after the first request", r.sent.Sub(p.first.sent))
	}
	if d.soon > 0 && r.Step == runner.Act && !p.again && !p.doubtful[runner.Act] && p.doubtful[runner.Create] && !p.made.IsZero() && p.chose.After(p.made) && p.seen.After(p.chose) &&
		p.first == nil && p.asOf(p.seen).status == jobs.Confirmed {
		w.breach(p, "a password is overwritten that was chosen since the user was made, and a look has shown that")
	}
	if p.first == nil {
		p.first = r
	}
}

// ended judges an outcome as it is recorded.
func (w *world) ended(p *person, res runner.Result) {
	w.note(p, "is %v: %s", res.Outcome, res.Reason)
	d := deeds[p.action]
	mayBeTaken := func(at time.Time) bool { return !at.Before(p.begun.Add(-longAgo)) }
	p.handed = p.handed || res.Outcome == runner.OK
	switch res.Outcome {
	case runner.OK:
		if d.want != nil && p.doubtful[runner.Act] && p.was(d.want) {
			break
		}
		if led := d.proof && (p.doubtful[runner.Act] || p.doubtful[runner.Create]) && (mayBeTaken(p.led) || p.asked.Enable && p.led.After(w.born)); p.last.IsZero() && !led && (w.of == nil || p.asked.Generated) { // the other night's had the job's password too
			w.breach(p, "it is ok, and was never carried out")
		}
	case runner.Failed:
		if p.first != nil && !p.remade() && !(d.want != nil && p.touched.After(p.first.sent)) {
			w.breach(p, "it failed (%s), and was carried out", res.Reason)
		}
	case runner.Unknown:
		switch {
		case strings.Contains(res.Reason, "no other password could be handed over"), mayBeSet(res.Reason):
		case slices.ContainsFunc(res.Beside, func(r runner.StepResult) bool { return r.Step == runner.Create && mayBeSet(r.Reason) }):
		case !p.doubtful[runner.Act] && !p.doubtful[runner.Create] && !p.doubtful[runner.Enable]:
			w.breach(p, "it is unknown (%s), and all was answered", res.Reason)
		case p.dim != "", p.gone, p.deleted, mayBeTaken(p.enabledBy), p.wasThere(d.leaves), mayBeTaken(p.made), d.code && w.untouched, d.leaves == "" && d.want == nil, mayBeTaken(p.touched), p.asOf(p.begun).status == d.leaves, p.first != nil && !d.proof:
		default:
			w.breach(p, "it is unknown (%s), and looks could tell", res.Reason)
		}
	default:
		if res.Outcome != runner.Skipped || p.asked.Skip == "" && !p.asked.Recheck && !p.overtaken {
			w.breach(p, "it ended as %v", res.Outcome)
		}
	}
}

// was reports whether a user was so since the task was begun.
func (p *person) was(so func(state) bool) bool {
	since := p.begun.Add(-maxLag)
	return so(p.asOf(since)) || slices.ContainsFunc(p.shown, func(s state) bool { return s.at.After(since) && so(s) })
}

// atTheEnd judges what was recorded, when all is over.
func (w *world) atTheEnd(all []runner.Result) {
	for i, res := range all {
		p := w.people[i]
		w.handedOver(p, res)
		switch {
		case res.Outcome == runner.Pending:
			w.breach(p, "it is pending at the end")
		case res.Outcome == runner.Failed && p.first != nil && !p.remade() && !w.restored && deeds[p.action].want == nil: // or the copy knows of no later retry
			w.breach(p, "it failed, and was carried out after that")
		case res.Outcome == runner.OK && p.action.Sets() && !p.asked.Generated && p.password != jobPassword(p.name) && !p.deleted && p.chose.Before(p.last):
			w.breach(p, "it is ok, and the password is not the job's")
		case res.Outcome == runner.OK && p.touched.Before(p.last) && deeds[p.action].leaves != "" && p.status != deeds[p.action].leaves:
			w.breach(p, "it is ok, and the user is %s", p.status)
		}
	}
}

// unchanged judges what the journal holds: as the life before left it.
func (w *world) unchanged(was, is []runner.Result) {
	for i, before := range was {
		if before.Outcome != runner.Pending && !w.taking[before.Seq] && !reflect.DeepEqual(is[i], before) {
			w.breach(w.people[i], "its outcome has changed from %+v to %+v", before, is[i])
		}
	}
}

// kept judges what the journal holds after a life that was not killed: all of it.
func (p *process) kept(is []runner.Result) {
	for _, res := range is {
		if o, ok := p.emitted[res.Seq]; ok && o != res.Outcome {
			p.breach(p.people[res.Seq-1], "it was %v, and the journal has %v", o, res.Outcome)
		}
	}
}

// judgePace: no window of a second holds more requests than the rate and one.
func (p *process) judgePace() {
	for category, times := range p.left {
		if category == "Handoff" { // as fast as it will
			continue
		}
		slices.SortFunc(times, time.Time.Compare)
		for from, to := 0, 0; to < len(times); to++ {
			for times[to].Sub(times[from]) >= time.Second-time.Microsecond { // rates are rounded
				from++
			}
			most := category.Quota() / 2
			if category == jobs.UserAccountRecovery {
				most = p.rateBetween(times[from], times[to])
			}
			if n := to - from + 1; float64(n) > math.Ceil(most)+1 { // between two, the one before may be late
				var at []string
				for _, t := range times[max(0, from-3) : to+1] {
					at = append(at, fmt.Sprintf("%.6f", t.Sub(p.world.born).Seconds()))
				}
				p.breach(p.program, "%d requests of %s in a second, at a rate of %v: %s", n, category, most, at)
				break
			}
		}
	}
}

// asked is a rate that was asked for, from a time on.
type asked struct {
	from, to time.Time
	rate     float64
}

func (p *process) rateBetween(from, to time.Time) float64 {
	most := 0.0
	for _, r := range p.rates {
		if !r.from.After(to) && (r.to.IsZero() || !r.to.Before(from)) {
			most = math.Max(most, r.rate)
		}
	}
	return most
}

// mayBeSet reports whether a step counts as unknown, and not as failed, for a password
// that nobody can rule out.
func mayBeSet(reason string) bool {
	return strings.Contains(reason, "a password of an earlier attempt may have been set")
}
