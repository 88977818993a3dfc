package runner

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"cogpass/jobs"
)

// A failing journal stops the run before anything is sent that it does not have.
func TestJournalFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		full := errors.New("disk full")
		p, tasks := newPool(100)
		j := &journal{fail: map[int64]error{20: full}}
		got, err := run(t, t.Context(), p, tasks, Options{Journal: j})
		if !errors.Is(err, full) {
			t.Fatalf("got %v, want %v", err, full)
		}
		wantAll(t, got, 19, OK)
		if len(p.sent) != 19 {
			t.Errorf("%d requests were sent, want 19", len(p.sent))
		}
	})
}

// journal is a Journal in memory that takes a time to sync.
type journal struct {
	sync time.Duration
	mu   sync.Mutex // for a Begin goes on while the engine is told of answers
	fail map[int64]error
	open map[int64]Intent
	most int

	ended func(int64, StepResult)
}

func (j *journal) Begin(_ context.Context, intents []Intent) error {
	time.Sleep(j.sync)
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.open == nil {
		j.open = map[int64]Intent{}
	}
	for _, i := range intents {
		if err := j.fail[i.Seq]; err != nil {
			return err
		}
		j.open[i.Seq] = i
	}
	j.most = max(j.most, len(intents))
	return nil
}

func (j *journal) End(_ context.Context, i Intent) error {
	if i.Seq == 0 {
		return errors.New("an intent of no task has ended")
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	delete(j.open, i.Seq)
	return nil
}

func (j *journal) Ended(_ context.Context, seq int64, r StepResult) error {
	if j.ended != nil {
		j.ended(seq, r)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	delete(j.open, seq)
	return nil
}

// doubts returns the intents that have no result.
func (j *journal) doubts(results map[string]Result) map[int64]Intent {
	d := j.open
	for _, r := range results {
		delete(d, r.Seq)
	}
	return d
}

// An attempt that surely changed nothing is taken back from the journal, but not where an
// earlier one may have: a run that goes on has to know of that.
func TestTakenBack(t *testing.T) {
	set := Task{Action: jobs.SetTemporary, Password: jobs.NewSecret("x")}
	tried, create := set, set
	tried.Generated, tried.Made = true, []Made{{"old 1", Tried}}
	create.Create = &jobs.Creation{}
	made := create
	made.Doubt = &Intent{Seq: 1, Step: Create, Attempts: 1}
	for name, tt := range map[string]struct {
		task Task
		left int
	}{"a set": {set, 0}, "a set after another password was tried": {tried, 1}, "a creation": {create, 0}, "a creation after one that no look showed": {made, 1}} {
		synctest.Test(t, func(t *testing.T) {
			p, _ := newPool(1)
			p.users["u00001"].missing = tt.task.Create != nil
			p.script["u00001"] = []string{"throttle", "budget"}
			p.script["u00001/2"] = p.script["u00001"]
			tt.task.Seq, tt.task.Username = 1, "u00001"
			if tt.task.Doubt != nil {
				tt.task.Doubt.Began = time.Now()
			}
			j := &journal{}
			got, err := run(t, t.Context(), p, seq([]Task{tt.task}), Options{Journal: j, Generate: func(Task) (string, jobs.Secret, error) { return "new 1", jobs.NewSecret("new 1"), nil }})
			var stop *Stopped
			if !errors.As(err, &stop) || stop.Class != Budget || len(p.sent) != 2 {
				t.Fatalf("%s: got %v after %d requests", name, err, len(p.sent))
			}
			d := j.doubts(got)
			if len(d) != tt.left {
				t.Errorf("%s: the journal has %d attempts, want %d", name, len(d), tt.left)
			}
			if first := tt.task.Doubt; first != nil && !d[1].Began.Equal(first.Began) {
				t.Errorf("%s: it began at %v, want %v, as the first", name, d[1].Began, first.Began)
			}
		})
	}
}

// hanging is a journal that comes to a halt, until its context ends.
type hanging struct {
	journal
	begins, ends bool
}

func (h *hanging) Begin(ctx context.Context, intents []Intent) error {
	if h.begins {
		<-ctx.Done()
		return ctx.Err()
	}
	return h.journal.Begin(ctx, intents)
}

func (h *hanging) End(ctx context.Context, i Intent) error {
	if h.ends {
		<-ctx.Done()
		return ctx.Err()
	}
	return h.journal.End(ctx, i)
}

// A journal that hangs is cut off when the grace is over, and nothing is sent
// that it has not taken.
func TestJournalHangs(t *testing.T) {
	for name, j := range map[string]*hanging{"begin": {begins: true}, "end": {ends: true}} {
		synctest.Test(t, func(t *testing.T) {
			p, tasks := newPool(3)
			p.script["u00001"] = []string{"throttle"}
			start := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			got, err := run(t, ctx, p, tasks, Options{Journal: j, Grace: 10 * time.Second})
			if took := time.Since(start); took < 70*time.Second || took > 71*time.Second {
				t.Errorf("%s: the run ended after %s, want a minute and its grace", name, took)
			}
			want := 0
			if j.ends { // the first answer, which nothing went on after
				want = 1
				if err == nil {
					t.Errorf("%s: the run ended well", name)
				}
			} else if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: got %v", name, err)
			}
			if len(p.sent) != want || len(got) != 0 {
				t.Errorf("%s: %d requests were sent, and %d tasks ended, want %d and none", name, len(p.sent), len(got), want)
			}
		})
	}
}

// broken is a journal with a fault of its own.
type broken struct{ journal }

func (*broken) Begin(context.Context, []Intent) error { panic("Secret-Passw0rd-1") }

// A journal that panics stops the run, and nothing is sent.
func TestJournalPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, tasks := newPool(3)
		got, err := run(t, t.Context(), p, tasks, Options{Journal: &broken{}})
		if err == nil || strings.Contains(err.Error(), "Secret") || len(got) > 0 || len(p.sent) > 0 {
			t.Errorf("got %v, %v and %d requests", got, err, len(p.sent))
		}
	})
}
