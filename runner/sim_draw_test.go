package runner_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"cogpass/jobs"
)

// Limits of what the world does; see the package's comment.
const (
	maxLag   = 3 * time.Second
	maxAfter = 1500 * time.Millisecond
	maxTardy = 15 * time.Second // a trigger's three tries
)

// nature is how a world is, from its beginning to its end.
type nature struct {
	rate        float64
	concurrency int
	attempts    int
	timeout     time.Duration
	maxDelay    time.Duration
	outage      time.Duration // that is waited for
	grace       time.Duration

	latency time.Duration // of a request, about
	lag     time.Duration // of what ListUsers shows, at most
	skew    time.Duration // by which the server's clock is ahead
	quota   int           // requests a second that the server takes; 0: any number

	seconds   bool    // times of users are whole seconds
	timeless  float64 // how often a look shows no time
	wrongDate float64 // how often an answer's Date is wrong by much
	noDate    bool    // no answer has one
	remembers bool    // the pool refuses a password that was used before
	untouched bool    // a reset does not count as a modification of its user

	steps  float64 // how likely a task has steps beside its action
	budget int     // messages for a life that is undisturbed; 0: any number

	trouble     float64 // how often something goes wrong with a request
	troubles    []trouble
	lookTrouble float64
	looks       []trouble
	blackouts   []blackout
}

// A blackout is a while in which the whole service is not to be had.
type blackout struct {
	from, to time.Duration
	trouble  trouble
}

// life is how one life of the program goes.
type life struct {
	n            int
	end          ending
	after        time.Duration // until that
	off          time.Duration // by which this machine's clock is ahead
	offline      bool          // no answer has told the server's clock before it starts
	retryFailed  bool
	retryUnknown bool
	restored     bool          // what is on disk is an older copy, and known to be
	flush        time.Duration // until what is in the journal's memory is synced anyway; 0: never
	slowDisk     time.Duration // for a sync, at most
	stalls       float64       // how often one takes minutes
	steps        []steering
	pause        time.Duration // after its end
}

// steering is a rate that is asked for while a run goes on; 0 pauses it.
type steering struct {
	after time.Duration // the one before
	rate  float64
}

type ending string

const (
	runsOut     ending = "runs out"
	interrupted ending = "interrupted"
	impatient   ending = "interrupted twice"
	killed      ending = "killed"
	killedBegun ending = "killed as an intent is durable"
	diskFull    ending = "cannot write any more"
)

// dice are a stream of random numbers.
type dice struct{ *rand.Rand }

func newDice(seed, stream uint64) dice { return dice{rand.New(rand.NewPCG(seed, stream))} }

func (d dice) chance(p float64) bool { return d.Float64() < p }

// upTo is a time of its own: no two are the same.
func (d dice) upTo(most time.Duration) time.Duration {
	return 1 + time.Duration(d.Float64()*float64(most))
}

func (d dice) between(least, most time.Duration) time.Duration {
	return least + d.upTo(most-least)
}

// some is about one of several times.
func (d dice) some(of ...float64) time.Duration {
	return d.between(0, time.Duration(1.2*one(d, of...)*float64(time.Second)))
}

func one[T any](d dice, of ...T) T { return of[d.IntN(len(of))] }

// swarm is a part of a table, so that each world has troubles of its own kind.
func (d dice) swarm(all []trouble) []trouble {
	share := one(d, 0.2, 0.5, 1)
	return slices.DeleteFunc(slices.Clone(all), func(trouble) bool { return !d.chance(share) })
}

func drawNature(d dice) nature {
	n := nature{
		rate: one(d, 3, 20, 100, 100, math.Inf(1)), concurrency: one(d, 1, 4, 4, 64), attempts: one(d, 2, 3, 8),
		timeout:  time.Duration(one(d, 2, 5, 30))*time.Second + 123_457, // lest one ends at the very instant of a slot
		maxDelay: time.Duration(one(d, 5, 30)) * time.Second, outage: time.Duration(one(d, 1, 5)) * time.Minute, grace: time.Duration(one(d, 3, 30)) * time.Second,
		latency: d.some(0.01, 0.05, 0.8), lag: d.upTo(one(d, 1, maxLag/2, maxLag)),
		skew:    time.Duration(one(d, 0, 0, 0.7, -0.7, 100, -100, 240, -240) * float64(time.Second)),
		seconds: d.chance(0.3), remembers: d.chance(0.3), untouched: d.chance(0.1), noDate: d.chance(0.1),
		trouble: one(d, 0, 0.1, 0.3, 0.7), lookTrouble: one(d, 0, 0, 0.1, 0.5),
		timeless: one(d, 0, 0, 0, 0, 0, 0.2, 1), wrongDate: one(d, 0, 0, 0, 0.1, 1),
	}
	if d.chance(0.1) {
		n.quota = max(2, int(min(n.rate, 100)*one(d, 0.3, 0.7)))
	}
	n.troubles, n.looks = d.swarm(troubles), d.swarm(lookTroubles)
	for range one(d, 0, 0, 0, 1, 2) {
		from := d.some(1, 10, 60)
		n.blackouts = append(n.blackouts, blackout{from, from + d.some(1, 20, 120, 600), one(d, blackouts...)})
	}
	return n
}

func drawLife(d dice, n int, skew time.Duration) life {
	l := life{
		n: n, end: one(d, runsOut, killed, killed, killed, killedBegun, interrupted, impatient, diskFull),
		after:   d.some(0.01, 0.05, 0.3, 1, 2, 7, 12, 30),
		offline: d.chance(0.3), retryFailed: d.chance(0.2), retryUnknown: d.chance(0.15),
		flush: one(d, 0, 10*time.Millisecond, time.Second), slowDisk: one(d, 0, 5*time.Millisecond, 300*time.Millisecond),
		restored: d.chance(0.05), stalls: one(d, 0, 0, 0, 0.2),
		pause: d.some(0.1, 1, 10, 50, 58, 70, 7200),
	}
	if d.chance(0.3) { // further off, the server would not take our signature
		l.off = max(skew-290*time.Second, min(skew+290*time.Second, time.Duration(one(d, 1, 60, 250, -60, -250))*time.Second))
	}
	if skew.Abs() > 290*time.Second {
		panic("the server's clock is too far off")
	}
	for range one(d, 0, 0, 1, 2) {
		l.steps = append(l.steps, steering{d.some(0.1, 3, 30, 100), one(d, 0, 0, 1.0, 5, 100)})
	}
	return l
}

// lastLife is undisturbed by anything but the service.
func lastLife(n int) life { return life{n: n, end: runsOut, pause: time.Second + 1} }

func drawPerson(d dice, seed uint64, i int, now time.Time) *person {
	stream := uint64(i+1) * 10
	p := &person{
		name: fmt.Sprintf("user-%d", i+1), seq: int64(i + 1),
		requests: newDice(seed, stream), ways: newDice(seed, stream+1),
		action: one(d, jobs.Reset, jobs.Reset, jobs.SetTemporary, jobs.SetPermanent),
		state: state{
			status: one(d, jobs.Confirmed, jobs.Confirmed, jobs.Confirmed, jobs.ResetRequired, jobs.ForceChangePassword,
				jobs.Unconfirmed, jobs.ExternalProvider),
			modified: now.Add(-d.some(2, 60, 1000, 100_000, 10_000_000)), enabled: !d.chance(0.05), verified: !d.chance(0.05),
			weak: d.chance(0.05),
		},
		troubles: one(d, 0, 2, 5, 10), lookTroubles: one(d, 0, 2, 5),
		eager: one(d, 0, 0.5, 1), patience: d.some(0.3, 4, 30, 70, 1000),
		password: fmt.Sprintf("of user-%d for ever", i+1),
	}
	if d.chance(0.3) {
		p.alias = p.name
		p.id = fmt.Sprintf("id-%d", i+1)
	}
	p.shown = []state{p.state}
	for range one(d, 0, 0, 0, 1, 2) {
		p.plans = append(p.plans, plan{d.some(0.5, 10, 60, 600), d.IntN(len(whims) - 1)})
	}
	return p
}
