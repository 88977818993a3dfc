package bulk

import (
	"context"
	"time"

	"cogpass/jobs"
)

// controlEvery is how often the run file is asked whether somebody has changed
// the rate.
const controlEvery = 250 * time.Millisecond

// steering hands on to a run what its run file asks for.
type steering struct {
	plan       *Plan
	asked, now float64      // 0 is paused
	rates      chan float64 // to the run
}

// watch looks again and again, until ctx is done.
func (s *steering) watch(ctx context.Context) {
	tick := time.NewTicker(controlEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			s.look(ctx)
		case <-ctx.Done():
			return
		}
	}
}

func (s *steering) look(ctx context.Context) {
	control, err := s.plan.file.Control()
	if err != nil {
		return // what cannot be read changes nothing
	}
	want := s.asked
	if control.Rate > 0 {
		want = control.Rate
	}
	if control.Paused {
		want = 0
	}
	if want == s.now {
		return
	}
	s.now = want
	if want == 0 {
		s.plan.opt.event(Notice, Paused, "paused; `cogpass resume RUN_FILE` goes on")
	} else {
		s.plan.opt.event(Notice, RateChanged, "the rate is now "+jobs.Rate(want).String()+" at most", "rate", jobs.Rate(want).String())
	}
	select {
	case s.rates <- want:
	case <-ctx.Done():
	}
}
