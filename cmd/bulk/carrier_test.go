package bulk_test

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"cogpass/cmd/bulk"
	"cogpass/jobs"
	"cogpass/runner"
	"cogpass/runner/sandbox"
)

// noted is a journal that only counts.
type noted struct{ intents int }

func (n *noted) Begin(_ context.Context, attempts []runner.Intent) error {
	n.intents += len(attempts)
	return nil
}
func (*noted) End(context.Context, runner.Intent) error              { return nil }
func (*noted) Ended(context.Context, int64, runner.StepResult) error { return nil }

func prepared(t *testing.T, s *sandbox.Server, job string, take func(context.Context, *bulk.Prepared, bulk.Options) error) error {
	t.Helper()
	opt := serve(t, s)
	opt.RunFile = filepath.Join(opt.StateDir, "plan.run")
	return bulk.Prepare(t.Context(), jobFile(t, job), opt, func(ctx context.Context, p *bulk.Prepared) error { return take(ctx, p, opt) })
}

// A plan that was prepared is carried out in parts, by whoever has its run file
// and its given passwords, and nothing of it is sent before.
func TestPreparedPlanIsCarriedOutInParts(t *testing.T) {
	s := sandbox.New(sandbox.Config{})
	s.AddPool(sandbox.Pool{ID: surveyed, EmailSendingAccount: "DEVELOPER"})
	for _, name := range []string{"ana", "bo", "chidi", "dana"} {
		s.AddUser(surveyed, sandbox.User{Username: name, Enabled: true, Attributes: map[string]string{"email": name + "@example.com", "email_verified": "true"}})
	}
	const job = "action: reset\nusers: [ana, {username: bo, action: set-permanent, password: 'Given-1-Given'}, chidi, dana]\n"
	err := prepared(t, s, job, func(ctx context.Context, p *bulk.Prepared, opt bulk.Options) error {
		if got := s.Counts(surveyed, "ana").Resets; got != 0 {
			t.Errorf("got %d resets before there was a carrier", got)
		}
		given := map[int64]runner.Handover{}
		for h, err := range p.Given() {
			if err != nil {
				return err
			}
			given[h.Seq] = h
		}
		if len(given) != 1 || given[2].Username != "bo" || given[2].Password.Reveal() != "Given-1-Given" {
			t.Errorf("got the given passwords of %d tasks, or others", len(given))
		}
		c, err := bulk.OpenCarrier(ctx, p.RunFile, opt)
		if err != nil {
			return err
		}
		defer c.Close()
		journal, ended := new(noted), 0
		part := bulk.Part{
			First: 2, Last: 3, Rate: math.Inf(1), Share: 1, Concurrency: 4, Journal: journal,
			Password: func(task runner.Task) (jobs.Secret, error) { return given[task.Seq].Password, nil },
			Emit:     func(runner.Result) error { ended++; return nil },
		}
		if err := c.Carry(ctx, part); err != nil {
			return err
		}
		if ended != 2 || journal.intents != 2 || s.Counts(surveyed, "chidi").Resets != 1 || s.Counts(surveyed, "ana").Resets+s.Counts(surveyed, "dana").Resets != 0 {
			t.Errorf("got %d results of %d attempts, or those of others; want the 2 of the part", ended, journal.intents)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Where nothing may be sent any more, nothing is, and the part stops with the reason.
func TestPartStopsWhereNothingMayBeSent(t *testing.T) {
	s := sandbox.New(sandbox.Config{})
	s.AddPool(sandbox.Pool{ID: surveyed, EmailSendingAccount: "DEVELOPER"})
	s.AddUser(surveyed, sandbox.User{Username: "ana", Enabled: true, Attributes: map[string]string{"email": "ana@example.com", "email_verified": "true"}})
	gone := errors.New("somebody else has it")
	err := prepared(t, s, "action: reset\nusers: [ana]\n", func(ctx context.Context, p *bulk.Prepared, opt bulk.Options) error {
		c, err := bulk.OpenCarrier(ctx, p.RunFile, opt)
		if err != nil {
			return err
		}
		defer c.Close()
		return c.Carry(ctx, bulk.Part{First: 1, Last: 1, Rate: 10, Share: 1, Concurrency: 1, Journal: new(noted), May: func() error { return gone },
			Emit: func(runner.Result) error { t.Error("got a result"); return nil }})
	})
	if !errors.Is(err, gone) || s.Counts(surveyed, "ana").Resets != 0 {
		t.Errorf("got %v and %d resets, want that nothing was sent", err, s.Counts(surveyed, "ana").Resets)
	}
}

// Who else carries it out cannot reach this process's sandbox, nor go on with a run
// of which only its own file knows what was sent.
func TestPrepareRefuses(t *testing.T) {
	s := sandbox.New(sandbox.Config{})
	s.AddPool(sandbox.Pool{ID: surveyed, EmailSendingAccount: "DEVELOPER"})
	s.AddUser(surveyed, sandbox.User{Username: "ana", Enabled: true, Attributes: map[string]string{"email": "ana@example.com", "email_verified": "true"}})
	opt := serve(t, s)
	take := func(context.Context, *bulk.Prepared) error { t.Error("it was handed over"); return nil }
	job := jobFile(t, "action: reset\nusers: [ana]\n")
	ended, err := bulk.Run(t.Context(), job, opt)
	if err != nil {
		t.Fatal(err)
	}
	var refused *bulk.Error
	if err := bulk.Prepare(t.Context(), ended.RunFile, opt, take); !errors.As(err, &refused) || refused.Kind != bulk.Refused {
		t.Errorf("a run that has begun: got %v", err)
	}
	opt.EndpointURL, opt.Sandbox = "", true
	if err := bulk.Prepare(t.Context(), job, opt, take); !errors.As(err, &refused) || refused.Kind != bulk.Refused {
		t.Errorf("the sandbox: got %v", err)
	}
	if left, err := os.ReadDir(filepath.Dir(job)); err != nil || len(left) != 1 {
		t.Errorf("got %d files beside the job, %v", len(left), err)
	}
}

// Whatever is carried out, here or elsewhere, is confirmed first: else nothing is sent,
// and no run file is left.
func TestWhatIsRefusedIsNotBegun(t *testing.T) {
	s := sandbox.New(sandbox.Config{})
	s.AddPool(sandbox.Pool{ID: surveyed, EmailSendingAccount: "DEVELOPER"})
	s.AddUser(surveyed, sandbox.User{Username: "ana", Enabled: true, Attributes: map[string]string{"email": "ana@example.com", "email_verified": "true"}})
	opt, job, no := serve(t, s), jobFile(t, "action: reset\nusers: [ana]\n"), errors.New("no")
	opt.Yes, opt.Confirm = false, func(context.Context, bulk.Question) error { return no }
	for name, begin := range map[string]func() error{
		"Run": func() error { _, err := bulk.Run(t.Context(), job, opt); return err },
		"Prepare": func() error {
			return bulk.Prepare(t.Context(), job, opt, func(context.Context, *bulk.Prepared) error { t.Error("it was handed over"); return nil })
		},
		"RunAll": func() error {
			_, err := bulk.RunAll(t.Context(), []bulk.One{{Path: job, Options: opt}, {Path: jobFile(t, "action: reset\nusers: [ana]\n"), Options: opt}},
				bulk.All{Confirm: func(_ context.Context, q []bulk.Question) error {
					if len(q) != 2 {
						t.Errorf("got %d questions", len(q))
					}
					return no
				}})
			return err
		},
	} {
		if err := begin(); !errors.Is(err, no) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	runs, err := bulk.RunFiles(opt.StateDir)
	if err != nil || len(runs) > 0 || s.Counts(surveyed, "ana").Resets > 0 {
		t.Errorf("got the run files %q, %v, and %d resets", runs, err, s.Counts(surveyed, "ana").Resets)
	}
}

// A run that has waited for another one of its pool does nobody again whom that has done
// since the plans were made.
func TestRunAllSeesWhatTheFirstHasDone(t *testing.T) {
	s := sandbox.New(sandbox.Config{})
	s.AddPool(sandbox.Pool{ID: surveyed, EmailSendingAccount: "DEVELOPER"})
	for _, name := range []string{"ana", "bo"} {
		s.AddUser(surveyed, sandbox.User{Username: name, Enabled: true, Attributes: map[string]string{"email": name + "@example.com", "email_verified": "true"}})
	}
	opt, now := serve(t, s), time.Now()
	opt.FirstRun, opt.Now = true, func() time.Time { return now } // both have one name
	outcomes, err := bulk.RunAll(t.Context(), []bulk.One{
		{Path: jobFile(t, "action: reset\nusers: [ana]\n"), Options: opt},
		{Path: jobFile(t, "action: reset\nusers: [ana, bo]\nwhere: {lastDoneBefore: 30d}\n"), Options: opt},
	}, bulk.All{})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range outcomes {
		if o.Err != nil {
			t.Error(o.Err)
		}
	}
	if a, b := s.Counts(surveyed, "ana").Resets, s.Counts(surveyed, "bo").Resets; a != 1 || b != 1 {
		t.Errorf("got %d and %d resets, want one each", a, b)
	}
}
