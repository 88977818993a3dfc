package runner_test

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"cogpass/jobs"
	"cogpass/runner"
)

// keeping says who has the generated passwords of a world.
type keeping int

const (
	given    keeping = iota // none is generated
	sealed                  // the journal, which cannot be read by a run
	readable                // a store, which can be
	opaque                  // a store that cannot
)

// steps is how many steps there are.
const steps = runner.Fetch + 1

// drawPasswords decides who has the passwords of a world.
func (w *world) drawPasswords(d dice) {
	w.keeping = one(d, given, sealed, readable, opaque)
	w.store = map[string]*kept{}
}

// drawPassword decides where a task's password comes from, and whether it is
// tried.
func (p *person) drawPassword(d dice, k keeping) {
	if !p.action.Sets() {
		return
	}
	p.asked.Generated = k != given && d.chance(0.85)
	p.asked.Check = d.chance(0.3)
	p.weak = p.weak || p.asked.Generated && d.chance(0.2)
}

// kept is what a store has of a user's passwords. The history of who reads it
// is of no matter: current is what they get.
type kept struct {
	versions         map[string]string
	made             []string // versions, as they came in
	current, pending string
}

// surpassed reports whether readers have got a later password than that of a
// version, which is not under way any more.
func (k *kept) surpassed(version string) bool {
	return version != k.current && version != k.pending && slices.Index(k.made, version) < slices.Index(k.made, k.current)
}

var errSurpassed = &runner.Error{Class: runner.UserFault, Message: "it has a later password"}

// madePassword is the generated password of a version.
func madePassword(version string) string { return "made, of version " + version }

// generate is runner.Options.Generate.
func (p *process) generate(t runner.Task) (string, jobs.Secret, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	who := p.byName[t.Username]
	who.generated++
	version := fmt.Sprintf("%08d-0000-4000-8000-%012d", who.seq, who.generated)
	p.note(who, "password %s is made", version)
	return version, jobs.NewSecret(madePassword(version)), nil
}

// refuses reports whether the pool does not take a password.
func (p *person) refuses(r *request) bool {
	return p.weak && (!r.Generated || !strings.HasSuffix(r.Version, "0") && !strings.HasSuffix(r.Version, "3"))
}

// tells has a store be told something, if the request comes through.
func (p *process) tells(ctx context.Context, h runner.Handover, step runner.Step, do func(*person, *kept) *runner.Error) (runner.Answer, error) {
	if p.isDead() {
		return runner.Answer{}, errDead
	}
	who := p.byName[h.Username]
	act := func() (runner.Sight, *runner.Error) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.store[who.name] == nil {
			p.store[who.name] = &kept{versions: map[string]string{}}
		}
		return runner.Sight{}, do(who, p.store[who.name])
	}
	p.mu.Lock()
	more := !p.begun[h.Seq] // the step's first request has come through
	p.mu.Unlock()
	if more && step == runner.Conclude {
		if _, fault := act(); fault != nil {
			return runner.Answer{}, fault
		}
		return runner.Answer{}, nil
	}
	r := p.departs(who, runner.Task{Seq: h.Seq, Username: h.Username, Step: step, Version: h.Version, Password: h.Password, Generated: true, Action: who.action})
	got := p.wait(ctx, r, act)
	p.answered(who, r, got)
	return got.sight.Answer, got.err
}

// Prepare implements runner.Handoff.
func (p *process) Prepare(ctx context.Context, h runner.Handover) (runner.Answer, error) {
	return p.tells(ctx, h, runner.Prepare, func(who *person, k *kept) *runner.Error {
		p.note(who, "%s is prepared", h.Version)
		if had, ok := k.versions[h.Version]; ok && had != h.Password.Reveal() {
			p.breach(who, "two passwords of one version")
		}
		if !slices.Contains(k.made, h.Version) {
			k.made = append(k.made, h.Version)
		}
		k.versions[h.Version], k.pending = h.Password.Reveal(), h.Version
		return nil
	})
}

// Confirm implements runner.Handoff.
func (p *process) Confirm(ctx context.Context, h runner.Handover) (runner.Answer, error) {
	return p.tells(ctx, h, runner.Conclude, func(who *person, k *kept) *runner.Error {
		p.note(who, "%s is confirmed", h.Version)
		if _, ok := k.versions[h.Version]; !ok {
			p.breach(who, "%s is confirmed, and was not prepared", h.Version)
		}
		if p.keeping == readable && k.surpassed(h.Version) {
			if who.password == madePassword(h.Version) {
				p.breach(who, "%s is set, and its reader has a later one", h.Version)
			}
			return errSurpassed
		}
		k.current = h.Version
		return nil
	})
}

// Abandon implements runner.Handoff.
func (p *process) Abandon(ctx context.Context, h runner.Handover) (runner.Answer, error) {
	return p.tells(ctx, h, runner.Conclude, func(who *person, k *kept) *runner.Error {
		p.note(who, "%s is abandoned", h.Version)
		if who.password == madePassword(h.Version) && !who.gone {
			p.breach(who, "%s is abandoned, and is the user's", h.Version)
		}
		delete(k.versions, h.Version)
		return nil
	})
}

// reading is a process whose store can be read.
type reading struct{ *process }

// Fetch implements runner.Fetcher.
func (p reading) Fetch(ctx context.Context, h runner.Handover) (jobs.Secret, runner.Answer, error) {
	if p.isDead() {
		return jobs.Secret{}, runner.Answer{}, errDead
	}
	who := p.byName[h.Username]
	r := p.drawFetch(who)
	var found jobs.Secret
	got := p.wait(ctx, r, func() (runner.Sight, *runner.Error) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if k := p.store[who.name]; k != nil && (p.stale || !k.surpassed(h.Version)) {
			if text, ok := k.versions[h.Version]; ok {
				found = jobs.NewSecret(text)
			}
		}
		return runner.Sight{}, nil
	})
	p.mu.Lock()
	defer p.mu.Unlock()
	p.inFlight--
	p.bills(nil, "Handoff", r, got.err)
	p.note(who, "%s is asked for: found %t, %v", h.Version, !found.IsZero(), got.err)
	if got.err != nil {
		return jobs.Secret{}, got.sight.Answer, got.err
	}
	return found, got.sight.Answer, nil
}

func (p *process) drawFetch(who *person) *request {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := &request{Task: runner.Task{Username: who.name, Step: runner.Fetch}, n: who.looks + 1}
	who.looks++
	p.draw(who, r, p.looks, p.lookTrouble, &who.lookTroubles)
	r.trouble.blur = nil
	p.leaves(r, "Handoff")
	return r
}

// probes reports whether a sign-in is on behalf of an action in doubt, of which
// no journal need know.
func (p *process) probes(t runner.Task) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return t.Step == runner.Check && (!p.begun[t.Seq] || p.begunStep[t.Seq] != runner.Check)
}

// tries signs in with a password that is in doubt.
func (p *process) tries(ctx context.Context, who *person, t runner.Task) (runner.Answer, error) {
	p.mu.Lock()
	if !who.doubtful[runner.Act] {
		p.breach(who, "a password is tried, and nothing is in doubt")
	}
	p.handsOver(who, &t)
	r := &request{Task: t, n: who.looks + 1}
	who.looks++
	p.draw(who, r, p.looks, p.lookTrouble, &who.lookTroubles)
	r.trouble.blur = nil
	p.leaves(r, jobs.UserAuthentication)
	p.mu.Unlock()
	got := p.wait(ctx, r, func() (runner.Sight, *runner.Error) {
		p.mu.Lock()
		defer p.mu.Unlock()
		return runner.Sight{}, p.triesIn(who, r)
	})
	p.mu.Lock()
	defer p.mu.Unlock()
	p.inFlight--
	p.bills(nil, jobs.UserAuthentication, r, got.err)
	p.note(who, "its password is tried: %v", got.err)
	return got.sight.Answer, got.err
}

// handsOver judges a request that sets a password, or tries one, as it leaves.
func (p *process) handsOver(who *person, t *runner.Task) {
	sets := t.Step == runner.Act || t.Step == runner.Create && t.Action == jobs.SetTemporary
	if !t.Generated || !sets && t.Step != runner.Prepare && t.Step != runner.Check {
		return
	}
	switch k := p.store[who.name]; {
	case t.Version == "" || t.Password.Reveal() != madePassword(t.Version):
		p.breach(who, "a request without the password that was made for it")
	case t.Step != runner.Check && !p.knows[t.Version]:
		p.breach(who, "a password is sent that is not in the journal")
	case p.keeping > sealed && t.Step != runner.Prepare && (k == nil || k.versions[t.Version] == ""):
		p.breach(who, "a password is sent that was not handed over")
	}
}

// handedOver judges what readers get, when all is over.
func (w *world) handedOver(p *person, res runner.Result) {
	if !p.asked.Generated || p.deleted || w.restored && res.Outcome == runner.Unknown || !p.chose.Before(p.last) {
		return
	}
	found := w.shelf.made(p.seq)
	switch res.Outcome {
	case runner.OK:
		told := w.keeping == sealed || slices.ContainsFunc(res.Beside, func(r runner.StepResult) bool { return r.Step == runner.Conclude && r.Outcome == runner.OK })
		reads := res.Version
		if w.keeping == sealed {
			if reads = ""; len(found) == 1 {
				reads = found[0].Version
			}
		} else if k := w.store[p.name]; k != nil && told {
			reads = k.current
		}
		if told && p.password != madePassword(reads) {
			w.breach(p, "it is ok, its reader has %q of %+v, and the password is %q", reads, found, p.password)
		}
	case runner.Unknown:
		ours := func(m runner.Made) bool { return m.State == runner.Tried && madePassword(m.Version) == p.password }
		if strings.HasPrefix(p.password, "made, ") && !slices.ContainsFunc(found, ours) {
			w.breach(p, "it is unknown, and what may be the password is dropped: %+v, and it is %q", found, p.password)
		}
	}
}

// triedIn reports whether a sign-in with a request's password succeeds.
func (w *world) triesIn(p *person, r *request) *runner.Error {
	w.note(p, "request %d signs in", r.n)
	if p.gone || !p.enabled || r.Password.Reveal() != p.password {
		return &runner.Error{Class: runner.UserFault, Code: "NotAuthorizedException", Message: "Incorrect username or password."}
	}
	return nil
}

// takesDown has a row know the password of an attempt that is about to be sent.
func (r *row) takesDown(i runner.Intent) {
	if i.Version == "" || i.Step == runner.Check {
		return
	}
	m := runner.Made{Version: i.Version}
	if i.Step != runner.Prepare {
		m.State = runner.Tried
	}
	made := slices.Clone(r.made)
	if n := slices.IndexFunc(made, func(old runner.Made) bool { return old.Version == i.Version }); n < 0 {
		made = append(made, m)
	} else if m.State == runner.Tried {
		made[n] = m
	}
	r.made = made
}

// knownOf has a row know what an answered attempt tells of passwords.
func (r *row) knownOf(i runner.Intent) {
	r.made = slices.Clone(r.made)
	for _, m := range i.Made {
		for n := range r.made {
			if r.made[n].Version == m.Version {
				r.made[n] = m
			}
		}
	}
}

// settles has a row know which password it was.
func (r *row) settles(o runner.Outcome, version string, over bool) {
	if o != runner.Failed && (o != runner.OK || version == "") {
		return
	}
	var made []runner.Made
	for _, m := range r.made {
		m.State = runner.NotSet
		if o == runner.OK && m.Version == version {
			m.State = runner.Set
		}
		if !over || m.State == runner.Set {
			made = append(made, m)
		}
	}
	r.made = made
}

func toldAll(res runner.Result) bool {
	return !slices.ContainsFunc(res.Beside, func(r runner.StepResult) bool { return r.Step == runner.Conclude && r.Outcome != runner.OK })
}

func (m *memory) made(seq int64) []runner.Made {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.rows[seq-1].made
}

// forgetful fetches what was never prepared.
type forgetful struct{ reading }

func (f forgetful) Fetch(ctx context.Context, h runner.Handover) (jobs.Secret, runner.Answer, error) {
	s, a, err := f.reading.Fetch(ctx, h)
	if !s.IsZero() {
		s = jobs.NewSecret("another")
	}
	return s, a, err
}

// hasty abandons what it has just prepared.
type hasty struct{ runner.Handoff }

func (q hasty) Prepare(ctx context.Context, h runner.Handover) (runner.Answer, error) {
	a, err := q.Handoff.Prepare(ctx, h)
	if err == nil {
		_, err = q.Handoff.Abandon(ctx, h)
	}
	return a, err
}
