package engine

import (
	"fmt"
	"math"
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"cogpass/jobs"
)

// A Lane is a quota of an account and Region: which runs share it. It goes from one
// execution of its workflow to the next.
type Lane struct {
	Members []Member `json:"members,omitempty"`
	Factor  float64  `json:"factor,omitempty"` // what throttling leaves of the rate; 0 is all
	Cut     moment   `json:"cut,omitempty"`    // when it was cut last
}

// A Member is a run that has a part of a lane.
type Member struct {
	Workflow string  `json:"workflow"`
	Run      string  `json:"run"`
	Rate     float64 `json:"rate"`  // it asks for; 0 is as fast as answers come
	Given    float64 `json:"given"` // its share of the lane's rate, from 0 to 1: of that, it may be using it
	Asked    float64 `json:"asked"` // the share that it was told to keep to; below Given while it has not said that it does
	Heard    moment  `json:"heard"` // when it was told that
	Pace     float64 `json:"pace"`  // the lane's rate that it was told
}

// LaneSignal is the signal that a lane takes, with a LaneWord; ShareSignal is the one that
// it sends to runs, with a Share.
const (
	LaneSignal  = "lane"
	ShareSignal = "share"
)

// A LaneWord is what a run says to its lane.
type LaneWord struct {
	Workflow string  `json:"workflow"`
	Run      string  `json:"run"`
	Say      string  `json:"say"` // join, which may be said again with another rate; keep, to a share; throttled; or leave
	Rate     float64 `json:"rate,omitempty"`
	Share    float64 `json:"share,omitempty"`
}

// A Share is what a lane gives to a run: a part of the quota, and the rate of all of it.
type Share struct {
	Run   string  `json:"run"`
	Share float64 `json:"share"`
	Rate  float64 `json:"rate"` // of the whole lane; 0 is as fast as answers come
}

const (
	askAgain   = 2 * time.Minute  // after which a run that has not said that it keeps to less is told again
	stillThere = 10 * time.Minute // after which a run that shares with others is told again: where it was terminated, that fails
	cutAgain   = 30 * time.Second // between two cuts for throttling: what was sent before the first counts once
	cutTo      = 0.7
	leastLeft  = 0.05
	riseEvery  = time.Minute
	riseTo     = 1.2
	wordsAtAll = 2000 // in one execution
)

// LaneID is the ID of a lane's workflow: it is the only owner of that quota. port is that of
// a stand-in on loopback, whose accounts are others than AWS's, or empty.
func LaneID(account, region string, category jobs.Category, port string) string {
	if port != "" {
		account += ":" + port
	}
	return fmt.Sprintf("lane/%s/%s/%s", account, region, category)
}

// LaneWorkflow divides a quota among the runs that ask for it, until none does.
// The shares that runs may be using never come to more than all of it: one is given more
// only when the others have said that they keep to less.
func LaneWorkflow(ctx workflow.Context, lane Lane) error {
	words := workflow.GetSignalChannel(ctx, LaneSignal)
	for n := 0; n < wordsAtAll && !workflow.GetInfo(ctx).GetContinueAsNewSuggested(); n++ {
		if len(lane.Members) == 0 && n > 0 && words.Len() == 0 {
			return nil
		}
		var word LaneWord
		heard := true
		if wait := lane.wait(workflow.Now(ctx)); wait > 0 {
			heard, _ = words.ReceiveWithTimeout(ctx, wait, &word)
		} else {
			words.Receive(ctx, &word)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		now := workflow.Now(ctx)
		if heard {
			lane.hear(&word, now)
		} else {
			lane.rise(now)
		}
		lane.divide(ctx)
	}
	if len(lane.Members) == 0 && words.Len() == 0 {
		return nil
	}
	return workflow.NewContinueAsNewError(ctx, LaneWorkflow, lane)
}

// wait is until when something is to be done though nobody says anything; 0 is never.
func (l *Lane) wait(now time.Time) time.Duration {
	wait := time.Duration(0)
	sooner := func(at time.Time) {
		left := max(time.Second, at.Sub(now))
		if wait == 0 || left < wait {
			wait = left
		}
	}
	for n := range l.Members {
		if again := l.again(&l.Members[n]); again > 0 {
			sooner(l.Members[n].Heard.time().Add(again))
		}
	}
	if l.Factor != 0 {
		sooner(l.Cut.time().Add(riseEvery))
	}
	return wait
}

// again is after how long a run is told the same again; 0 is never.
func (l *Lane) again(m *Member) time.Duration {
	switch {
	case m.Given == 0 && m.Heard == 0: // it was told nothing yet
		return 0
	case m.Asked < m.Given:
		return askAgain
	case len(l.Members) > 1:
		return stillThere
	}
	return 0
}

// hear takes a word of a run.
func (l *Lane) hear(w *LaneWord, now time.Time) {
	n := slices.IndexFunc(l.Members, func(m Member) bool { return m.Run == w.Run })
	switch {
	case w.Say == "join" && n < 0:
		// A pool has one run at a time: one that it had has ended, whatever it could still say.
		l.Members = slices.DeleteFunc(l.Members, func(m Member) bool { return m.Workflow == w.Workflow })
		l.Members = append(l.Members, Member{Workflow: w.Workflow, Run: w.Run, Rate: w.Rate})
	case n < 0:
	case w.Say == "join":
		l.Members[n].Rate = w.Rate
	case w.Say == "keep":
		l.Members[n].Given = max(w.Share, l.Members[n].Asked)
	case w.Say == "leave":
		l.Members = slices.Delete(l.Members, n, n+1)
	case w.Say == "throttled" && now.Sub(l.Cut.time()) >= cutAgain:
		l.Factor = max(leastLeft, l.factor()*cutTo)
		l.Cut = momentOf(now)
	}
}

// rise lets the rate rise again while it is quiet.
func (l *Lane) rise(now time.Time) {
	if l.Factor == 0 || now.Sub(l.Cut.time()) < riseEvery {
		return
	}
	l.Cut = momentOf(now)
	if l.Factor *= riseTo; l.Factor >= 1 {
		l.Factor, l.Cut = 0, 0
	}
}

func (l *Lane) factor() float64 {
	if l.Factor == 0 {
		return 1
	}
	return l.Factor
}

// rate is that of the lane: the least that any of its runs asks for, less what
// throttling takes.
func (l *Lane) rate() float64 {
	rate := math.Inf(1)
	for _, m := range l.Members {
		rate = min(rate, rateOf(m.Rate))
	}
	if math.IsInf(rate, 1) {
		return 0 // whose batches slow down by themselves
	}
	return rate * l.factor()
}

// divide tells runs of their shares, as far as there is anything to tell. A run that cannot
// be told has ended.
func (l *Lane) divide(ctx workflow.Context) {
	for anew := true; anew; {
		anew = false
		fair, used, rate := 1/float64(len(l.Members)), 0.0, l.rate()
		for _, m := range l.Members {
			used += m.Given
		}
		now := workflow.Now(ctx)
		for n := range l.Members {
			m := &l.Members[n]
			share := m.Asked
			switch {
			case m.Given > fair+1e-9: // it is to keep to less
				share = fair
			case m.Asked < m.Given: // and has not said so yet
			case m.Given < fair-1e-9 && used < 1-1e-9:
				share = min(fair, m.Given+1-used)
			}
			again := l.again(m)
			late := again > 0 && now.Sub(m.Heard.time()) >= again
			if share == m.Asked && rate == m.Pace && !late {
				continue
			}
			if m.Given == 0 && share == 0 { // it waits for others
				continue
			}
			err := workflow.SignalExternalWorkflow(ctx, m.Workflow, "", ShareSignal, Share{m.Run, share, rate}).Get(ctx, nil)
			if err != nil {
				l.Members = slices.Delete(l.Members, n, n+1)
				anew = true
				break
			}
			used += max(0, share-m.Given)
			m.Asked, m.Pace, m.Heard, m.Given = share, rate, momentOf(now), max(m.Given, share)
		}
	}
}
