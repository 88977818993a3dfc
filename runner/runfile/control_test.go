package runfile

import (
	"math"
	"testing"
	"time"
)

func TestControl(t *testing.T) {
	path := makeFile(t, 1)
	f := openFile(t, path)
	if c, err := f.Control(); err != nil || c != (Control{}) {
		t.Errorf("got %+v, %v, want nothing asked for", c, err)
	}
	for _, want := range []Control{{Rate: 5}, {Rate: 5, Paused: true}, {Rate: math.Inf(1)}, {Rate: 0.25}} {
		err := ChangeControl(path, func(c *Control) { c.Rate, c.Paused = want.Rate, want.Paused })
		if err != nil {
			t.Fatal(err)
		}
		got, err := f.Control()
		if err != nil || got.Rate != want.Rate || got.Paused != want.Paused || time.Since(got.ChangedAt).Abs() > time.Hour {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
	}
	for _, rate := range []float64{-1, math.NaN()} {
		if ChangeControl(path, func(c *Control) { c.Rate = rate }) == nil {
			t.Errorf("rate %v is taken", rate)
		}
	}
}

func TestState(t *testing.T) {
	path := makeFile(t, 1)
	f := openFile(t, path)
	info := func() Info {
		t.Helper()
		info, err := f.Info()
		if err != nil {
			t.Fatal(err)
		}
		return info
	}
	if i := info(); i.State != Planned || !i.StartedAt.IsZero() || !i.FinishedAt.IsZero() {
		t.Errorf("got %+v, want it planned", i)
	}
	if err := f.SetState(Running, ""); err != nil {
		t.Fatal(err)
	}
	started := info().StartedAt
	if i := info(); i.State != Running || started.IsZero() || !i.FinishedAt.IsZero() {
		t.Errorf("got %+v, want it running", i)
	}
	if err := f.SetIdentity("staff", "123456789012", "arn:aws:iam::123456789012:user/ana", 7); err != nil {
		t.Fatal(err)
	}
	if err := f.SetState(Stopped, "the daily e-mail limit is reached"); err != nil {
		t.Fatal(err)
	}
	i := info()
	if i.State != Stopped || i.Reason == "" || i.FinishedAt.Before(started) || i.PoolName != "staff" || i.Account == "" || i.Actor == "" {
		t.Errorf("got %+v, want it stopped", i)
	}
	if err := f.SetState(Running, ""); err != nil {
		t.Fatal(err)
	}
	if i := info(); i.StartedAt != started || !i.FinishedAt.IsZero() || i.Reason != "" {
		t.Errorf("got %+v, want it running since %v", i, started)
	}
}
