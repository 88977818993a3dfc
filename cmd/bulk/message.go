package bulk

import (
	"fmt"

	"cogpass/report"
	"cogpass/runner"
)

// Message is something that a run says.
type Message struct {
	Level Level
	Event Event
	Text  string // one line, for a person, safe to print
	// Keys are what the event has beside its text, for a log: names and values in
	// turn, as log/slog takes them. Texts among the values are as they came, and
	// not safe to print.
	Keys []any
}

// Key is the value of one of the message's keys, or nil.
func (m *Message) Key(name string) any {
	for i := 0; i+1 < len(m.Keys); i += 2 {
		if m.Keys[i] == name {
			return m.Keys[i+1]
		}
	}
	return nil
}

// Level says how much a message matters.
type Level uint8

// The levels.
const (
	Detail  Level = iota // how it goes; the result has it too
	Notice               // something has changed that its user may want to act on
	Warning              // something is not as its user may believe
)

// Event names what a message is about, for who reads a log by machine.
type Event string

// The events. docs/logs.md has the keys of each.
const (
	Note          Event = "note" // whatever has no event of its own
	RunBegins     Event = "run_begins"
	TaskFailed    Event = "task_failed" // also one that is unknown; for a log alone: there may be many, and the reports have them
	RateChanged   Event = "rate_changed"
	Paused        Event = "paused"
	OutageBegins  Event = "outage_begins"
	OutageEnds    Event = "outage_ends"
	FewerInFlight Event = "fewer_in_flight"
	LaneShared    Event = "lane_shared" // another run sends to the same account
	LaneLeft      Event = "lane_left"
	ReportWritten Event = "report_written"
)

func (o *Options) detail(format string, args ...any) {
	o.event(Detail, Note, fmt.Sprintf(format, args...))
}

func (o *Options) notice(format string, args ...any) {
	o.event(Notice, Note, fmt.Sprintf(format, args...))
}

func (o *Options) warn(format string, args ...any) {
	o.event(Warning, Note, fmt.Sprintf(format, args...))
}

func (o *Options) event(l Level, e Event, text string, keys ...any) {
	o.Screen.Say(Message{l, e, text, keys})
}

// taskEnded tells of a task that has failed, or is unknown.
func (o *Options) taskEnded(r *runner.Result) {
	if r.Outcome != failed && r.Outcome != unknown {
		return
	}
	text := fmt.Sprintf("task %d, %s: %s: %s", r.Seq, report.Visible(r.Username), r.Outcome, report.Visible(r.Reason))
	o.event(Detail, TaskFailed, text, "seq", r.Seq, "username", r.Username, "action", r.Action.String(), "outcome", r.Outcome.String(),
		"code", r.Code, "reason", r.Reason, "request_id", r.RequestID, "attempts", r.Attempts)
}
