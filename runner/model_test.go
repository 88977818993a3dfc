package runner_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"cogpass/jobs"
	"cogpass/runner"
	"cogpass/runner/runfile"
)

// scenario is what may happen to a run. What is zero is the harmless case, so
// that rapid shrinks to what matters.
type scenario struct {
	users   []user
	lives   []life        // of the program; then it runs to its end
	lag     time.Duration // of what ListUsers shows
	skew    time.Duration // by which the server's clock is ahead
	latency time.Duration
}

type user struct {
	action    jobs.Action
	status    runner.Status
	fates     fates         // of the requests for the user
	lookFates fates         // of the looks
	acts      time.Duration // how long after a change the user chooses a password; zero is never
}

type life struct {
	end          ending
	after        time.Duration // until that, or until it is paused
	paused       time.Duration
	pause        time.Duration // then
	retryFailed  bool
	retryUnknown bool
	offline      bool // no answer has told the server's clock before it starts
}

type ending string

const (
	runsOut     ending = "runs out"
	interrupted ending = "interrupted"
	killed      ending = "killed"
	killedBegun ending = "killed as an intent is durable"
	diskFull    ending = "cannot write any more"
)

type fate string

const (
	fine       fate = "ok"
	throttle   fate = "throttle"
	broken     fate = "500"
	brokenLate fate = "carried out, and 500"
	lostAfter  fate = "lost after"
	lostBefore fate = "lost before"
	silent     fate = "carried out, and no answer for an hour"
	refused    fate = "refused"
	noBudget   fate = "no budget"
)

type fates []fate

// at is the nth; after the last, all is well.
func (f fates) at(n int) fate {
	if n < len(f) {
		return f[n]
	}
	return fine
}

func drawScenario(t *rapid.T) scenario {
	seconds := func(name string, of ...float64) time.Duration {
		return time.Duration(rapid.SampledFrom(of).Draw(t, name) * float64(time.Second))
	}
	s := scenario{
		lag: seconds("lag", 0, 1, 3), skew: seconds("skew", 0, 0.7, -0.7, 100, -100, 240, -240), latency: seconds("latency", 0.05, 0.8),
	}
	for i := range rapid.IntRange(1, 3).Draw(t, "users") {
		name := username(i) + " "
		s.users = append(s.users, user{
			action: rapid.SampledFrom([]jobs.Action{jobs.Reset, jobs.SetTemporary, jobs.SetPermanent}).Draw(t, name+"action"),
			status: rapid.SampledFrom([]runner.Status{runner.Confirmed, runner.ResetRequired}).Draw(t, name+"status"),
			fates: rapid.SliceOfN(rapid.SampledFrom(fates{fine, lostAfter, lostBefore, throttle, broken, brokenLate, silent, refused, noBudget}), 0, 5).
				Draw(t, name+"requests"),
			lookFates: rapid.SliceOfN(rapid.SampledFrom(fates{fine, throttle, broken}), 0, 3).Draw(t, name+"looks"),
			acts:      seconds(name+"acts after", 0, 0.3, 4, 30, 70, 1000),
		})
	}
	for i := range rapid.IntRange(0, 4).Draw(t, "lives") {
		name := fmt.Sprintf("life %d ", i+1)
		s.lives = append(s.lives, life{
			end:          rapid.SampledFrom([]ending{runsOut, killed, killedBegun, interrupted, diskFull}).Draw(t, name+"end"),
			after:        seconds(name+"after", 0.03, 0.01, 0.3, 1.1, 2, 7, 12, 30),
			paused:       seconds(name+"paused", 0, 0, 30, 600),
			pause:        seconds(name+"pause", 0, 0.3, 10, 50, 58.5, 70, 7200),
			retryFailed:  rapid.Bool().Draw(t, name+"retry failed"),
			retryUnknown: rapid.Bool().Draw(t, name+"retry unknown"),
			offline:      rapid.Bool().Draw(t, name+"offline"),
		})
	}
	return s
}

// TestModel carries out plans with the engine and a run file while everything
// that can go wrong does, and holds them to what users and their administrator
// were promised.
func TestModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := drawScenario(rt)
		dir, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			rt.Fatal(err)
		}
		var wrong []string
		synctest.Test(t, func(*testing.T) { wrong = play(s, dir) })
		if len(wrong) > 0 {
			rt.Fatalf("%+v\n%s", s, strings.Join(wrong, "\n"))
		}
	})
}

// play returns what went wrong.
func play(s scenario, dir string) []string {
	w := newWorld(s)
	r := &running{world: w, dir: dir}
	err := r.plan()
	for _, l := range s.lives {
		if err == nil {
			_, err = r.live(l)
		}
		time.Sleep(l.pause)
	}
	for stopped := true; stopped && err == nil; {
		stopped, err = r.live(life{})
	}
	if err == nil {
		err = r.end()
	}
	time.Sleep(2 * time.Hour) // for all that the server and the users are still at
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		w.breach("%v", err)
	}
	return w.wrong
}

// running is the run file of a run, over the lives of the program. Each kill
// leaves a file of the next generation: the bytes that were written by then.
type running struct {
	*world
	dir        string
	generation int
	known      []runner.Result // as the life before began
	taken      map[int64]bool  // which it took up again
}

func (r *running) path() string { return filepath.Join(r.dir, fmt.Sprintf("%d.run", r.generation)) }

// options give each generation a machine of its own, for all begin at the same
// plan.
func (r *running) options() runfile.OpenOptions {
	return runfile.OpenOptions{Place: filepath.Join(r.dir, fmt.Sprintf("%d.place", r.generation))}
}

func (r *running) plan() error {
	draft, err := runfile.Create(r.path(), runfile.Plan{Name: "model", UserPoolID: "us-west-2_aaaaaaaaa", CreatedAt: time.Now(), Attempts: 3})
	if err != nil {
		return err
	}
	for i, u := range r.users {
		if err := draft.Add(jobs.Task{Seq: int64(i + 1), Username: username(i), Action: u.action}); err != nil {
			return err
		}
	}
	return draft.Commit(nil)
}

// read reads the outcomes. None has changed since the life before, unless that
// took it up again.
func (r *running) read(file *runfile.File) error {
	var all []runner.Result
	for res, err := range file.Results() {
		if err != nil {
			return err
		}
		all = append(all, res)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, was := range r.known {
		if was.Outcome != runner.Pending && !r.taken[was.Seq] && all[i] != was {
			r.breach("an outcome changed from %+v to %+v", was, all[i])
		}
	}
	r.known = all
	return nil
}

// end is the look at a run that is done.
func (r *running) end() error {
	file, err := runfile.OpenReadOnly(r.path(), r.options())
	if err != nil {
		return err
	}
	defer file.Close()
	if err := r.read(file); err != nil {
		return err
	}
	for _, res := range r.known {
		if res.Outcome == runner.Pending {
			return fmt.Errorf("%s is pending at the end", res.Username)
		}
	}
	return nil
}

// live is one life of the program. It tells whether an answer stopped the run.
func (r *running) live(l life) (bool, error) {
	file, err := runfile.Open(r.path(), r.options())
	if err != nil {
		return false, err
	}
	if err := r.read(file); err != nil {
		return false, errors.Join(err, file.Close())
	}
	r.takeUp(l)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	p := &process{world: r.world, journal: file, dead: make(chan struct{}), begun: map[int64]bool{}, onBegin: func() {}}
	tooLate := r.ends(l, p, cancel)
	clock := new(runner.Clock)
	if !l.offline {
		clock.Observe(r.reply().Date, time.Now(), time.Now())
	}
	err = runner.Run(ctx, p, r.tasks(file, l), runner.Options{
		Rate: 100, Concurrency: 4, Attempts: 3, MaxDelay: 10 * time.Second, Timeout: 2 * time.Second, Journal: p, Clock: clock, Rates: l.rates(ctx),
	}, func(res runner.Result) error {
		if err := p.cannotWrite(); err != nil {
			return err
		}
		r.ended(res)
		p.record(res.Username)
		return file.Record(res)
	})
	copied := tooLate() // a copy made while it is closed would not be one of an instant
	var stopped *runner.Stopped
	if errors.As(err, &stopped) || errors.Is(err, context.Canceled) || errors.Is(err, p.cannotWrite()) {
		err = nil
	}
	if err = errors.Join(err, file.Close(), copied); err != nil {
		return false, err
	}
	switch p.cannotWrite() {
	case nil:
		p.durable(p.known)
	case errDead:
		r.generation++
	}
	return stopped != nil, nil
}

// ends has a life end as it is meant to, until it is too late for that.
func (r *running) ends(l life, p *process, stop func()) (tooLate func() error) {
	var once sync.Once
	var copied error
	kill := func() {
		once.Do(func() {
			copied = r.copyTo(r.path(), filepath.Join(r.dir, fmt.Sprintf("%d.run", r.generation+1)))
			close(p.dead)
			stop()
		})
	}
	in := func(do func()) *time.Timer { return time.AfterFunc(l.after, do) }
	var timer *time.Timer
	switch l.end {
	case killed:
		timer = in(kill)
	case killedBegun:
		p.onBegin = kill
	case interrupted:
		timer = in(stop)
	case diskFull:
		timer = in(func() { p.full.Store(true) })
	}
	return func() error {
		if timer != nil {
			timer.Stop()
		}
		once.Do(func() {}) // waits for a kill that has begun
		return copied
	}
}

// rates pause the run for a while.
func (l life) rates(ctx context.Context) <-chan float64 {
	if l.paused == 0 {
		return nil
	}
	rates := make(chan float64)
	go func() {
		time.Sleep(l.after)
		for _, rate := range []float64{0, 100} {
			select {
			case rates <- rate:
			case <-ctx.Done():
				return
			}
			time.Sleep(l.paused)
		}
	}()
	return rates
}

// takeUp notes which tasks a life takes up again.
func (r *running) takeUp(l life) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.taken = map[int64]bool{}
	for _, res := range r.known {
		if l.retryFailed && res.Outcome == runner.Failed || l.retryUnknown && res.Outcome == runner.Unknown {
			r.taken[res.Seq] = true
			r.people[res.Username].takeUp()
		}
	}
}

func (r *running) tasks(file *runfile.File, l life) iter.Seq2[runner.Task, error] {
	return func(yield func(runner.Task, error) bool) {
		for row, err := range file.Pending(l.retryFailed, l.retryUnknown) {
			t := runner.Task{
				Seq: row.Seq, Username: row.Username, Action: row.Action, Password: jobs.NewSecret("x"),
				Attempts: row.Attempts, Throttled: row.Throttled, StartedAt: row.StartedAt, Doubt: row.Doubt,
			}
			if !yield(t, err) || err != nil {
				return
			}
		}
	}
}

// ended holds an outcome to what happened.
func (r *running) ended(res runner.Result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.people[res.Username]
	if res.Outcome == runner.OK && p.changes == 0 {
		r.breach("%s is ok, and nothing happened", p.name)
	}
	if res.Outcome == runner.Failed && p.changes > 0 && !p.retried {
		r.breach("%s failed (%s), and it happened", p.name, res.Reason)
	}
}

// copyTo copies a run file with what belongs to it, as a disk holds it at this
// moment; the lock first, whose count is not to be ahead.
func (r *running) copyTo(from, to string) error {
	for _, ext := range []string{".lock", "", "-wal"} {
		b, err := os.ReadFile(from + ext)
		if errors.Is(err, fs.ErrNotExist) && ext == "-wal" {
			continue // nothing was written yet
		}
		if err != nil {
			return err
		}
		if err := os.WriteFile(to+ext, b, 0o600); err != nil {
			return err
		}
	}
	return nil
}
