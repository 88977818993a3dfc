package engine

import (
	"slices"
	"time"

	"cogpass/jobs"
	"cogpass/runner"
)

// A moment is a time in nanoseconds since 1970; 0 is none.
type moment int64

func momentOf(t time.Time) moment {
	if t.IsZero() {
		return 0
	}
	return moment(t.UnixNano())
}

func (m moment) time() time.Time {
	if m == 0 {
		return time.Time{}
	}
	return time.Unix(0, int64(m))
}

// An entry is what is known of a task that was begun: as a run file has it, but
// for what its plan says. It names no user.
type entry struct {
	Seq       int64     `json:"q"`
	Attempts  int       `json:"a,omitempty"` // at the action
	Throttled int       `json:"t,omitempty"`
	Started   moment    `json:"b,omitempty"`
	Open      []attempt `json:"i,omitempty"` // that were not answered
	Done      []ended   `json:"d,omitempty"` // steps, of a task that goes on
	Made      []made    `json:"m,omitempty"`
	Result    *outcome  `json:"o,omitempty"` // nil: it has not ended
}

type attempt struct {
	Step      runner.Step   `json:"s"`
	Attempts  int           `json:"a"`
	Throttled int           `json:"t,omitempty"`
	Started   moment        `json:"b"`
	Began     moment        `json:"g"`
	Slack     time.Duration `json:"k,omitempty"`
}

// ended is a runner.StepResult.
type ended struct {
	Step      runner.Step    `json:"s"`
	Outcome   runner.Outcome `json:"o"`
	Attempts  int            `json:"a,omitempty"`
	Throttled int            `json:"t,omitempty"`
	Code      string         `json:"c,omitempty"`
	Reason    string         `json:"w,omitempty"`
	RequestID string         `json:"r,omitempty"`
	Started   moment         `json:"b,omitempty"`
	Finished  moment         `json:"f,omitempty"`
	Latency   time.Duration  `json:"l,omitempty"`
	Version   string         `json:"v,omitempty"`
}

// made is a generated password: which seal it is in, if any.
type made struct {
	Version string           `json:"v"`
	State   runner.MadeState `json:"s,omitempty"`
	Seal    string           `json:"k,omitempty"`
}

// outcome is a runner.Result.
type outcome struct {
	ended
	Sub    string      `json:"u,omitempty"`
	Before jobs.Status `json:"p,omitempty"`
	Beside []ended     `json:"e,omitempty"`
}

func endedOf(r *runner.StepResult) ended {
	return ended{
		Step: r.Step, Outcome: r.Outcome, Attempts: r.Attempts, Throttled: r.Throttled, Code: r.Code, Reason: r.Reason, RequestID: r.RequestID,
		Started: momentOf(r.StartedAt), Finished: momentOf(r.FinishedAt), Latency: r.Latency, Version: r.Version,
	}
}

func (e *ended) result() runner.StepResult {
	return runner.StepResult{
		Step: e.Step, Outcome: e.Outcome, Attempts: e.Attempts, Throttled: e.Throttled, Code: e.Code, Reason: e.Reason, RequestID: e.RequestID,
		StartedAt: e.Started.time(), FinishedAt: e.Finished.time(), Latency: e.Latency, Version: e.Version,
	}
}

func outcomeOf(r *runner.Result) *outcome {
	o := &outcome{Sub: r.Sub, Before: r.StatusBefore, ended: ended{
		Outcome: r.Outcome, Attempts: r.Attempts, Throttled: r.Throttled, Code: r.Code, Reason: r.Reason, RequestID: r.RequestID,
		Started: momentOf(r.StartedAt), Finished: momentOf(r.FinishedAt), Latency: r.Latency, Version: r.Version,
	}}
	for i := range r.Beside {
		o.Beside = append(o.Beside, endedOf(&r.Beside[i]))
	}
	return o
}

// result is the result of a task of the plan.
func (o *outcome) result(t jobs.Task) runner.Result {
	r := runner.Result{
		Seq: t.Seq, Username: t.Username, Action: t.Action, Source: jobs.Place{File: t.Place.File, Line: t.Place.Line}.String(),
		Sub: o.Sub, StatusBefore: o.Before, Outcome: o.Outcome, Attempts: o.Attempts, Throttled: o.Throttled, Code: o.Code, Reason: o.Reason,
		RequestID: o.RequestID, StartedAt: o.Started.time(), FinishedAt: o.Finished.time(), Latency: o.Latency, Version: o.Version,
	}
	for i := range o.Beside {
		r.Beside = append(r.Beside, o.Beside[i].result())
	}
	return r
}

// intent is the attempt as runner knows it.
func (a *attempt) intent(seq int64) runner.Intent {
	return runner.Intent{
		Seq: seq, Step: a.Step, Attempts: a.Attempts, Throttled: a.Throttled,
		StartedAt: a.Started.time(), Began: a.Began.time(), Slack: a.Slack,
	}
}

// steps are those of which an attempt may be in doubt, in their order.
var steps = []runner.Step{runner.Prepare, runner.Create, runner.Enable, runner.Act, runner.Conclude, runner.SignOut, runner.Check}

// doubt is the attempt of the last step that was begun and not answered, or nil.
func (e *entry) doubt() *runner.Intent {
	for _, step := range slices.Backward(steps) {
		if n := slices.IndexFunc(e.Open, func(a attempt) bool { return a.Step == step }); n >= 0 {
			i := e.Open[n].intent(e.Seq)
			return &i
		}
	}
	return nil
}

// recall has a task know what was done of it.
func (e *entry) recall(t *runner.Task) {
	t.Attempts, t.Throttled, t.StartedAt, t.Doubt = e.Attempts, e.Throttled, e.Started.time(), e.doubt()
	t.Done, t.Made = nil, nil
	for i := range e.Done {
		t.Done = append(t.Done, e.Done[i].result())
	}
	for _, m := range e.Made {
		t.Made = append(t.Made, runner.Made{Version: m.Version, State: m.State})
	}
}

// begins takes down an attempt that is about to be sent; seal is where its password
// is sealed.
func (e *entry) begins(i *runner.Intent, seal string) {
	e.answered(i.Step)
	e.Open = append(e.Open, attempt{i.Step, i.Attempts, i.Throttled, momentOf(i.StartedAt), momentOf(i.Began), i.Slack})
	e.tried(i)
	if i.Version == "" || i.Step == runner.Check {
		return
	}
	n := slices.IndexFunc(e.Made, func(m made) bool { return m.Version == i.Version })
	if n < 0 {
		n = len(e.Made)
		e.Made = append(slices.Clip(e.Made), made{Version: i.Version, Seal: seal})
	}
	if i.Step != runner.Prepare {
		e.Made[n].State = runner.Tried
	}
}

// ends takes down that an attempt was answered and did not change anything.
func (e *entry) ends(i *runner.Intent) {
	e.answered(i.Step)
	e.tried(i)
	for _, m := range i.Made {
		for n := range e.Made {
			if e.Made[n].Version == m.Version {
				e.Made[n].State = m.State
			}
		}
	}
}

// stepEnds takes down how a step has ended of a task that goes on.
func (e *entry) stepEnds(r *runner.StepResult) {
	e.Done = slices.DeleteFunc(slices.Clone(e.Done), func(old ended) bool { return old.Step == r.Step })
	e.Done = append(e.Done, endedOf(r))
	e.answered(r.Step)
	if r.Step == runner.Act {
		e.settles(r.Outcome, r.Version)
	}
}

// taskEnds takes down how the task has ended.
func (e *entry) taskEnds(r *runner.Result) {
	e.Result, e.Open, e.Done = outcomeOf(r), nil, nil
	e.Attempts, e.Throttled, e.Started = r.Attempts, r.Throttled, momentOf(r.StartedAt)
	e.settles(r.Outcome, r.Version)
}

// settles has an entry know which password it was.
func (e *entry) settles(o runner.Outcome, version string) {
	if o != runner.Failed && (o != runner.OK || version == "") {
		return
	}
	for n := range e.Made {
		e.Made[n].State = runner.NotSet
		if o == runner.OK && e.Made[n].Version == version {
			e.Made[n].State = runner.Set
		}
	}
}

func (e *entry) answered(step runner.Step) {
	e.Open = slices.DeleteFunc(slices.Clone(e.Open), func(a attempt) bool { return a.Step == step })
}

func (e *entry) tried(i *runner.Intent) {
	if i.Step == runner.Act {
		e.Attempts, e.Throttled, e.Started = i.Attempts, i.Throttled, momentOf(i.StartedAt)
	}
}

// brief leaves out what may say something of a user: it is for the engine's own
// database, which holds none of that.
func (e *entry) brief() entry {
	b := *e
	b.Done = briefly(e.Done)
	if e.Result != nil {
		o := *e.Result
		o.Reason, o.Sub, o.Beside = inBrief(&o.ended), "", briefly(o.Beside)
		b.Result = &o
	}
	return b
}

func briefly(all []ended) (brief []ended) {
	for _, e := range all {
		e.Reason = inBrief(&e)
		brief = append(brief, e)
	}
	return brief
}

// unsaid stands for a reason that its worker did not live to write down.
const unsaid = "its worker died before it could say why"

func inBrief(e *ended) string {
	if e.Reason == "" {
		return ""
	}
	return unsaid
}
