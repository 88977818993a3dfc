package engine

import (
	"context"
	"math"
	"slices"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/workflow"
)

// quietShare: where one request in so many is throttled, or more, the lane is to hear of it.
const quietShare = 50

// share tells the lane what it is to know: that the run wants a part of it, or does not
// any more; and that it keeps to a lesser one, once no batch has more.
func (r *running) share() error {
	if r.Lane == "" {
		return nil
	}
	g := &r.Going
	switch wants := g.State == "" && !g.Paused && !r.finished(); {
	case wants && (!g.Joined || r.asking):
		g.Joined, r.asking = true, false
		return r.tell(LaneWord{Say: "join", Rate: r.Rate})
	case !wants && g.Joined && len(r.flying) == 0:
		g.Joined, g.Share, r.owing = false, Share{}, false
		return r.tell(LaneWord{Say: "leave"})
	case !g.Joined:
	case r.slowing:
		r.slowing = false
		return r.tell(LaneWord{Say: "throttled"})
	case r.owing && !slices.ContainsFunc(r.flying, func(f *flight) bool { return f.share > g.Share.Share }):
		r.owing = false
		return r.tell(LaneWord{Say: "keep", Share: g.Share.Share})
	}
	return nil
}

func (r *running) tell(word LaneWord) error {
	word.Workflow, word.Run = r.WorkflowID(), r.ID
	var w *Workers
	return workflow.ExecuteActivity(r.work, w.TellLane, r.Lane, word).Get(r.work, nil)
}

// given takes a share, and reports whether what is under way is to be called back for it.
func (r *running) given(s Share) (less bool) {
	if s.Run != r.ID || !r.Going.Joined {
		return false
	}
	before := r.rate()
	lesser := s.Share < r.Going.Share.Share
	r.owing = r.owing || s.Share <= r.Going.Share.Share // also where it is told again
	r.Going.Share = s
	return lesser || rateOf(r.rate()) < rateOf(before)
}

// shareless reports whether a run waits for its lane.
func (r *running) shareless() bool { return r.Lane != "" && r.Going.Share.Share <= 0 }

// part is the run's part of the quota.
func (r *running) part() float64 {
	if r.Lane == "" {
		return 1
	}
	return r.Going.Share.Share
}

// rate is the run's; 0 is as fast as answers come.
func (r *running) rate() float64 {
	rate := min(rateOf(r.Rate), rateOf(r.Going.Share.Rate)*r.part())
	if r.Lane == "" {
		rate = rateOf(r.Rate)
	}
	if math.IsInf(rate, 1) || math.IsNaN(rate) {
		return 0
	}
	return rate
}

// TellLane has a lane hear a word, and begins it where it is not there.
func (w *Workers) TellLane(ctx context.Context, lane string, word LaneWord) error {
	_, err := w.Server.SignalWithStartWorkflow(ctx, lane, LaneSignal, word, client.StartWorkflowOptions{ID: lane, TaskQueue: Queue}, LaneWorkflow, Lane{})
	return err
}
