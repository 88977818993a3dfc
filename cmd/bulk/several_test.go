package bulk

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"cogpass/jobs"
	"cogpass/runner"
)

// ones writes jobs, each on a pool, and returns them as runs in the sandbox.
func ones(t *testing.T, pools ...string) (runs []One, dir string) {
	t.Helper()
	dir = t.TempDir()
	for i, pool := range pools {
		path := filepath.Join(dir, string(rune('a'+i))+".yaml")
		text := "version: 1\nname: job-" + string(rune('a'+i)) + "\nuserPoolId: us-west-2_" + pool + "\naction: reset\nusers: [ana, bo]\nlimits: {rate: max}\n"
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		runs = append(runs, One{Path: path, Options: Options{StateDir: dir, Sandbox: true}})
	}
	return runs, dir
}

func runFiles(t *testing.T, dir string) int {
	t.Helper()
	paths, err := RunFiles(dir)
	if err != nil {
		t.Fatal(err)
	}
	return len(paths)
}

// Several runs end each by itself, and are shown before they begin.
func TestRunAll(t *testing.T) {
	runs, dir := ones(t, "aaaaaaaaa", "bbbbbbbbb", "aaaaaaaaa")
	planned := 0
	outcomes, err := RunAll(t.Context(), runs, All{Planned: func(plans []Question) { planned = len(plans) }})
	if err != nil || planned != 3 || runFiles(t, dir) != 3 {
		t.Fatalf("got %v, %d planned, %d run files", err, planned, runFiles(t, dir))
	}
	for i, o := range outcomes {
		if o.Err != nil || o.Ended.Counts.ByOutcome[runner.OK] != 2 || o.Name != "job-"+string(rune('a'+i)) {
			t.Errorf("%d: got %+v", i, o)
		}
	}
}

// A refusal, by whomever, and none begins: no run file is left.
func TestRunAllBeginsNone(t *testing.T) {
	no, users := errors.New("no"), int64(5)
	for name, c := range map[string]struct {
		change func([]One)
		all    All
		ctx    func(context.Context) context.Context
	}{
		"a job is not there":     {change: func(runs []One) { runs[1].Path += ".not" }},
		"another number":         {all: All{ExpectUsers: &users}},
		"a guard of one of them": {change: func(runs []One) { runs[1].UserPoolID = "eu-west-1_zzzzzzzzz"; runs[1].Region = "us-west-2" }},
		"interrupted": {ctx: func(ctx context.Context) context.Context {
			ctx, cancel := context.WithCancelCause(ctx)
			cancel(no)
			return ctx
		}},
	} {
		t.Run(name, func(t *testing.T) {
			runs, dir := ones(t, "aaaaaaaaa", "bbbbbbbbb")
			ctx := t.Context()
			if c.ctx != nil {
				ctx = c.ctx(ctx)
			}
			if c.change != nil {
				c.change(runs)
			}
			outcomes, err := RunAll(ctx, runs, c.all)
			if err == nil || outcomes != nil || runFiles(t, dir) != 0 {
				t.Errorf("got %v, %v, %d run files", outcomes, err, runFiles(t, dir))
			}
		})
	}
}

// Where a run file cannot be put in place, those before it are taken back, and what is in
// the way is left alone.
func TestRunAllTakesBack(t *testing.T) {
	runs, dir := ones(t, "aaaaaaaaa", "bbbbbbbbb")
	inTheWay := ""
	outcomes, err := RunAll(t.Context(), runs, All{Planned: func(plans []Question) {
		inTheWay = plans[1].Plan.path
		if err := os.WriteFile(inTheWay, []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
	}})
	left, _ := filepath.Glob(filepath.Join(dir, "*.run*"))
	text, _ := os.ReadFile(inTheWay)
	if err == nil || outcomes != nil || len(left) != 1 || string(text) != "mine" {
		t.Errorf("got %v, %v, and %q are left", outcomes, err, left)
	}
}

// The files that the system allows are divided among the runs.
func TestFitTogether(t *testing.T) {
	g := &together{runs: 2, asked: 150}
	for range 2 {
		kept, inFlight := g.fit(75, 1)
		if len(kept) != reportFiles || inFlight != 75 {
			t.Errorf("got %d kept and %d in flight", len(kept), inFlight)
		}
		kept.release()
	}
	g = &together{runs: 2, asked: 1 << 22} // more than there are
	_, first := g.fit(1<<21, 1)
	_, again := g.fit(1<<21, 1)
	if first < 1 || first != again || first > 1<<20 {
		t.Errorf("got %d and %d in flight", first, again)
	}
	g.close()
}

// lost is a lane that cannot be had.
type lost struct{}

func (lost) Change(time.Time, func(*runner.Common, *runner.Sharer)) error {
	return errors.New("read-only file system")
}

// What keeps a run from sharing is told once.
func TestLanesAreLost(t *testing.T) {
	said := &saying{}
	opt := Options{Screen: said}
	l := &lanes{plan: &Plan{opt: &opt}, account: "111122223333", told: map[string]string{},
		opened: map[jobs.Category]sharedLane{jobs.UserUpdate: {Quota: lost{}}}}
	for range 9 {
		l.look(time.Now())
	}
	if len(said.texts) != 1 {
		t.Errorf("got %q", said.texts)
	}
}

type saying struct {
	noScreen
	texts []string
}

func (s *saying) Say(m Message) { s.texts = append(s.texts, m.Text) }
