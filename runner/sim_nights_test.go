package runner_test

import (
	"flag"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"cogpass/jobs"
	"cogpass/runner"
)

// A world of nights has two runs of the same users, on the same pool and store:
// the second begins after the first was left, done or not, and each may be
// carried on after the other. One run at a time has the pool. To each, what the
// other does is what another administrator would do; that is how the rules of one
// run judge it. What is asked at the end is whether readers have what the pool
// has.
//
// These limits are the world's, beside those of the others: a run begins when
// nothing is under way any more of the one before; both are of one machine, whose
// clock is not set meanwhile; the server's is known; and each run knows of the other
// what that has recorded as done, as the ledger tells. Without a ledger, only a
// store that knows which password is later keeps a set-permanent from crossing.
type nights struct {
	of    []*night
	at    int // whose turn it is
	order []int
	blind bool // there is no ledger
	stale bool // the store gives out what a later password has surpassed
}

// night is a run, while another has the pool.
type night struct {
	shelf *memory
	lives []life
	tasks map[*person]runTask
	until time.Duration // the next run
	whole bool          // it is carried to its end before the other
}

// orders are those in which nights have their turns. A carried-on night whose
// set-temporary is in doubt takes for its own what a later night has done that was
// left in doubt too: so the later one goes first.
var orders = [][]int{{0, 1, 1, 0}, {0, 1, 0, 1}}

// runTask is all that is known of a task of one run.
type runTask struct {
	task
	handed, overtaken bool
}

var oneNights = flag.Uint64("nights", 0, "simulate the two nights of this seed only, and print their history")

// TestSimulationOfNights plays two nights of many seeds, or those of one.
func TestSimulationOfNights(t *testing.T) {
	play := func(t *testing.T, seed uint64) *world { return simulateNights(t, seed, nil) }
	if *oneNights != 0 {
		w := play(t, *oneNights)
		t.Log(w.history(nil))
		w.report(t)
		return
	}
	var failed atomic.Int32
	each(t, *manySeeds, func(t *testing.T, seed uint64) bool {
		w := play(t, seed)
		w.report(t)
		return len(w.wrong) == 0 || failed.Add(1) < enough
	})
}

// TestSimulationOfNightsFindsBrokenRules breaks what keeps nights apart: each is
// found within a few thousand seeds.
func TestSimulationOfNightsFindsBrokenRules(t *testing.T) {
	for _, m := range []mutation{
		{name: "no run asks what another has done", world: func(w *world) { w.blind = w.keeping != readable }},
		{name: "an old password is set again", world: func(w *world) { w.stale = w.blind }},
	} {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			for seed := uint64(1); seed <= 4000; seed++ {
				if w := simulateNights(t, seed, &m); len(w.wrong) > 0 {
					t.Logf("found by seed %d: %s", seed, w.wrong[0].text)
					return
				}
			}
			t.Error("not found")
		})
	}
}

func simulateNights(t *testing.T, seed uint64, broken *mutation) (w *world) {
	synctest.Test(t, func(t *testing.T) {
		w = newNights(seed, broken)
		w.playNights()
	})
	return w
}

// newNights draws a world of nights.
func newNights(seed uint64, broken *mutation) *world {
	w := newWorld(seed, nil)
	d := newDice(seed, 5)
	w.noDate, w.wrongDate, w.steps, w.budget = false, 0, 0, 0
	w.keeping = one(d, sealed, readable, readable, opaque)
	for _, p := range w.people {
		p.asked, p.gone, p.plans = runner.Task{}, false, nil
		if !p.action.Sets() {
			p.action = one(d, jobs.SetTemporary, jobs.SetPermanent, jobs.SetPermanent)
		}
		p.asked.Generated, p.asked.Check = d.chance(0.9), d.chance(0.3)
		p.led = time.Time{}
		if p.status == deeds[p.action].leaves {
			p.led = p.touched
		}
		p.shown = []state{p.state}
	}
	for n := range 2 {
		night := &night{shelf: newMemory(w.people, newDice(seed, uint64(6+n))), lives: w.lives, until: maxTardy + time.Second + d.some(1, 1, 3, 30, 7200),
			tasks: map[*person]runTask{}, whole: d.chance(0.6)}
		if n == 1 {
			night.lives = nil
			for i := range d.IntN(3) {
				night.lives = append(night.lives, drawLife(d, i+1, w.skew))
			}
		}
		for i := range night.lives {
			night.lives[i].restored, night.lives[i].offline, night.lives[i].off = false, false, 0
		}
		w.of = append(w.of, night)
	}
	w.of[0].whole = d.chance(0.3)
	w.order = one(d, orders...)
	w.blind = w.keeping == readable && d.chance(0.4)
	w.lives = nil
	w.shelf = w.of[0].shelf
	if broken != nil {
		broken.world(w)
	}
	return w
}

// playNights plays both nights to their ends.
func (w *world) playNights() {
	for _, p := range w.people {
		p.begin(w)
	}
	for turn, n := range w.order {
		if n != w.at {
			w.turn(n)
		}
		night := w.of[w.at]
		for _, l := range night.lives {
			w.live(l)
		}
		night.lives = nil
		if turn >= 2 || night.whole {
			w.finish()
		}
		time.Sleep(night.until)
	}
	time.Sleep(3 * time.Hour)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.people {
		w.afterNights(p)
	}
	w.over = true
}

// turn gives the pool to another run, for which what this one has done is as if
// others had.
func (w *world) turn(to int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	from := w.of[w.at]
	w.at = to
	w.shelf = w.of[to].shelf
	w.note(w.program, "it is the turn of night %d", to+1)
	for _, p := range w.people {
		if had := from.tasks[p]; p.last.After(had.last) {
			p.touched = p.last
			if p.password != "" && p.last.After(p.chose) {
				p.chose = p.last
			}
			if p.status == deeds[p.action].leaves {
				p.led = p.last
			}
		}
		if row := &from.shelf.rows[p.seq-1]; row.result.Outcome == runner.Pending && (len(row.intents) > 0 || len(row.done) > 1) {
			p.unsettled = p.action == jobs.SetTemporary
		}
		from.tasks[p] = runTask{p.task, p.handed, p.overtaken}
		next, known := w.of[to].tasks[p]
		if !known {
			next.era = 1000
		}
		next.sent = p.sent
		p.task, p.handed, p.overtaken = next.task, next.handed, next.overtaken
	}
}

// overtakes has a task know what the other night has recorded as done.
func (p *process) overtakes(t *runner.Task) {
	if p.world.of == nil || p.blind {
		return
	}
	other := p.world.of[1-p.at]
	all, _ := other.shelf.results()
	res := all[t.Seq-1]
	if res.Outcome != runner.OK || !toldAll(res) {
		return
	}
	had := t.Doubt
	t.Overtaken(p.life.toHere(res.FinishedAt.Truncate(time.Second)), p.clock, "another run has set the password since")
	p.mu.Lock()
	defer p.mu.Unlock()
	who := p.byName[t.Username]
	if t.Skip != "" {
		who.overtaken = true
		p.note(who, "is overtaken: %+v", had)
	}
	for _, r := range t.Done {
		p.course[t.Seq].done[r.Step] = true
	}
}

// afterNights judges what the reader has of a user who was set last by a run that
// knows of it.
func (w *world) afterNights(p *person) {
	var last runner.Result
	night := 0
	for n, of := range w.of {
		all, _ := of.shelf.results()
		res := all[p.seq-1]
		if res.Outcome == runner.Pending {
			w.breach(p, "night %d: it is pending at the end", n+1)
		}
		if (res.Outcome == runner.Unknown || !toldAll(res)) && p.action == jobs.SetTemporary {
			return // for all that a look shows, the other's may be this one's
		}
		if res.Outcome != runner.Skipped && res.FinishedAt.After(last.FinishedAt) {
			last, night = res, n
		}
	}
	if !p.asked.Generated || last.Outcome != runner.OK || !toldAll(last) || p.own.After(p.lastSet) || p.unsettled && w.order[2] == 0 || w.blind && p.action == jobs.SetTemporary {
		return
	}
	reads := last.Version
	if w.keeping != sealed && w.store[p.name] != nil {
		reads = w.store[p.name].current
	}
	if p.password != madePassword(reads) {
		w.breach(p, "night %d is the last, and is ok: the reader has %s, and the password is %q", night+1, reads, p.password)
	}
}
