package runner_test

import (
	"context"
	"errors"
	"iter"
	"maps"
	"slices"
	"sync"
	"time"

	"cogpass/runner"
)

// A shelf keeps what is on disk, from one life of the program to the next.
type shelf interface {
	open(life) (notebook, error)
	results() ([]runner.Result, error)
	restore() // an older copy is put in its place, and known to be one
	made(seq int64) []runner.Made
	kill() error // what is not on disk at this instant never will be; the notebook is still to be closed
}

// A notebook is a shelf in the hands of one life.
type notebook interface {
	runner.Journal
	Record(runner.Result) error
	pending(retryFailed, retryUnknown bool) iter.Seq2[runner.Task, error]
	Close() error
}

// row is what a journal has of a task.
type row struct {
	result              runner.Result
	attempts, throttled int
	startedAt           time.Time
	intents             map[runner.Step]runner.Intent // that were not answered; not changed, for copies share it
	done                []runner.StepResult           // that have ended, of a task that has not
	made                []runner.Made                 // passwords
}

// memory is a journal that forgets what was not synced.
type memory struct {
	people []*person
	dice   dice
	began  time.Time

	mu       sync.Mutex
	rows     []row   // what is on disk
	copies   [][]row // as lives have found it
	restored bool    // they are an older copy's
	lies     bool    // an older copy is not known to be one
	life     *memoryLife
}

func newMemory(people []*person, d dice) *memory {
	m := &memory{people: people, dice: d, began: time.Now()}
	for _, p := range people {
		m.rows = append(m.rows, row{result: runner.Result{Seq: p.seq, Username: p.name, Action: p.action}})
	}
	return m
}

func (m *memory) open(l life) (notebook, error) {
	m.copies = append(m.copies, slices.Clone(m.rows))
	m.life = &memoryLife{memory: m, life: l}
	return m.life, nil
}

func (m *memory) results() (all []runner.Result, _ error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.rows {
		all = append(all, r.result)
	}
	return all, nil
}

func (m *memory) kill() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.life.dead, m.life.unsynced = true, nil
	return nil
}

// restore has each task in doubt since the run began, that is not known to be
// sent again after that.
func (m *memory) restore() {
	if len(m.copies) == 0 {
		return
	}
	m.rows = slices.Clone(one(m.dice, m.copies...))
	m.restored = !m.lies
	for n := range m.rows {
		if r := &m.rows[n]; !m.lies {
			step := runner.Act
			for _, done := range r.done {
				if done.Step == runner.Act {
					step = runner.SignOut
				}
			}
			r.intents = map[runner.Step]runner.Intent{step: {Seq: r.result.Seq, Step: step, Attempts: r.attempts, Throttled: r.throttled, StartedAt: r.startedAt,
				Began: m.began, Slack: 5 * time.Minute}}
		}
	}
}

// memoryLife is a memory in the hands of one life.
type memoryLife struct {
	*memory
	life     life
	dead     bool
	unsynced []func()
	flushing bool
}

// add takes down what is to be synced with the next Begin, or in a while.
func (m *memoryLife) add(do func(*row), seq int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead {
		return errDead
	}
	m.unsynced = append(m.unsynced, func() { do(&m.rows[seq-1]) })
	if m.life.flush > 0 && !m.flushing {
		m.flushing = true
		time.AfterFunc(m.life.flush, func() { _ = m.Close() })
	}
	return nil
}

// Close syncs what is not synced yet, unless the process is dead.
func (m *memoryLife) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead {
		return errDead
	}
	for _, do := range m.unsynced {
		do()
	}
	m.unsynced, m.flushing = nil, false
	return nil
}

// Begin is durable when it returns nil, and perhaps where it does not.
func (m *memoryLife) Begin(ctx context.Context, attempts []runner.Intent) error {
	m.mu.Lock()
	before, after := m.dice.upTo(m.life.slowDisk), m.dice.upTo(m.life.slowDisk)
	if m.dice.chance(m.life.stalls) {
		before = m.dice.some(20, 70, 200)
	}
	m.mu.Unlock()
	select {
	case <-time.After(before):
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := m.Close(); err != nil {
		return err
	}
	m.mu.Lock()
	for _, i := range attempts {
		r := &m.rows[i.Seq-1]
		m.takesUp(r)
		r.intends(i)
		r.tried(i)
		r.takesDown(i)
	}
	m.mu.Unlock()
	time.Sleep(after)
	return nil
}

func (m *memoryLife) End(_ context.Context, i runner.Intent) error {
	return m.add(func(r *row) {
		r.answered(i.Step)
		r.tried(i)
		r.knownOf(i)
	}, i.Seq)
}

// stepsInOrder are those of which an attempt may be in doubt.
var stepsInOrder = []runner.Step{runner.Prepare, runner.Create, runner.Enable, runner.Act, runner.Conclude, runner.SignOut, runner.Check}

// inDoubt returns the attempt of the last step that was begun, or nil.
func (r *row) inDoubt() *runner.Intent {
	for _, step := range slices.Backward(stepsInOrder) {
		if i, ok := r.intents[step]; ok {
			return &i
		}
	}
	return nil
}

func (r *row) intends(i runner.Intent) {
	r.answered(i.Step)
	if r.intents == nil {
		r.intents = map[runner.Step]runner.Intent{}
	}
	r.intents[i.Step] = i
}

// answered has a row know that no attempt at a step is in doubt.
func (r *row) answered(step runner.Step) {
	r.intents = maps.Clone(r.intents)
	delete(r.intents, step)
}

// takesUp has a task be pending that has ended before.
func (m *memoryLife) takesUp(r *row) {
	if r.result.Outcome != runner.Pending {
		r.done, _ = left(r.result, m.life.retryFailed, m.life.retryUnknown)
		r.result.Outcome = runner.Pending
	}
}

// tried takes down the action's attempts.
func (r *row) tried(i runner.Intent) {
	if i.Step == runner.Act {
		r.attempts, r.throttled, r.startedAt = i.Attempts, i.Throttled, i.StartedAt
	}
}

func (m *memoryLife) Ended(_ context.Context, seq int64, ended runner.StepResult) error {
	return m.add(func(r *row) {
		m.takesUp(r)
		r.done = slices.DeleteFunc(slices.Clone(r.done), func(old runner.StepResult) bool { return old.Step == ended.Step })
		r.done = append(r.done, ended)
		r.answered(ended.Step)
		if ended.Step == runner.Act {
			r.settles(ended.Outcome, ended.Version, false)
		}
	}, seq)
}

func (m *memoryLife) Record(res runner.Result) error {
	return m.add(func(r *row) {
		r.result, r.intents, r.done = res, nil, nil
		r.settles(res.Outcome, res.Version, toldAll(res))
		r.attempts, r.throttled, r.startedAt = res.Attempts, res.Throttled, res.StartedAt
	}, res.Seq)
}

func (m *memoryLife) pending(retryFailed, retryUnknown bool) iter.Seq2[runner.Task, error] {
	return func(yield func(runner.Task, error) bool) {
		for i := range m.rows {
			m.mu.Lock()
			r := m.rows[i]
			m.mu.Unlock()
			done, again := left(r.result, retryFailed, retryUnknown)
			if !again {
				continue
			}
			if r.result.Outcome == runner.Pending {
				done = r.done
			}
			t := m.people[i].asked
			t.Seq, t.Username, t.Action, t.Done = r.result.Seq, r.result.Username, r.result.Action, slices.Clone(done)
			t.Made = r.made
			if m.restored && t.Generated && len(r.intents) > 0 {
				t.Made = append(slices.Clone(r.made), runner.Made{State: runner.Tried})
			}
			t.Attempts, t.Throttled, t.StartedAt = r.attempts, r.throttled, r.startedAt
			t.Doubt = r.inDoubt()
			if !yield(t, nil) {
				return
			}
		}
	}
}

// left reports whether a life takes a task up that has this result, and returns
// the steps that it does not do again. A sign-out is done again after an action.
func left(res runner.Result, failed, unknown bool) (done []runner.StepResult, again bool) {
	act := taken(res.Outcome, failed, unknown)
	for _, b := range res.Beside { // a step before an action that was not sent takes that along
		act = act || b.Step == runner.Prepare && taken(b.Outcome, failed, unknown) && res.Outcome == runner.Failed
	}
	again = act
	if !act {
		done = append(done, runner.StepResult{Step: runner.Act, Outcome: res.Outcome, Attempts: res.Attempts, Throttled: res.Throttled, Code: res.Code,
			Reason: res.Reason, RequestID: res.RequestID, StartedAt: res.StartedAt, FinishedAt: res.FinishedAt, Latency: res.Latency})
	}
	for _, b := range res.Beside {
		switch {
		case taken(b.Outcome, failed, unknown):
			again = true
		case !act || b.Step == runner.Create || b.Step == runner.Enable || b.Step == runner.Recheck:
			done = append(done, b)
		}
	}
	return done, again
}

// taken reports whether a life takes up a task that has this outcome.
func taken(o runner.Outcome, failed, unknown bool) bool {
	return o == runner.Pending || failed && o == runner.Failed || unknown && o == runner.Unknown
}

var errDead, errFull = errors.New("this process is dead"), errors.New("the disk is full")
