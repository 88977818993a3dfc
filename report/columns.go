package report

import (
	"time"

	"cogpass/runner"
)

// A column is what every report of single tasks says of each.
type column struct {
	name string
	cell func(r *runner.Result) cell
}

// columns is the table of columns, in their order.
var columns = [...]column{
	{"seq", func(r *runner.Result) cell { return number(r.Seq) }},
	{"username", func(r *runner.Result) cell { return cell{kind: textCell, text: r.Username} }},
	{"sub", func(r *runner.Result) cell { return words(r.Sub) }},
	{"action", func(r *runner.Result) cell { return words(r.Action.String()) }},
	{"outcome", func(r *runner.Result) cell { return words(r.Outcome.String()) }},
	{"attempts", func(r *runner.Result) cell { return number(int64(r.Attempts)) }},
	{"throttled", func(r *runner.Result) cell { return number(int64(r.Throttled)) }},
	{"code", func(r *runner.Result) cell { return words(r.Code) }},
	{"reason", func(r *runner.Result) cell { return words(reason(r)) }},
	{"request_id", func(r *runner.Result) cell { return words(r.RequestID) }},
	{"started_at", func(r *runner.Result) cell { return moment(r.StartedAt) }},
	{"finished_at", func(r *runner.Result) cell { return moment(r.FinishedAt) }},
	{"duration_ms", took},
	{"status_before", func(r *runner.Result) cell { return words(string(r.StatusBefore)) }},
	{"created", func(r *runner.Result) cell { return beside(r, runner.Create) }},
	{"sign_out", func(r *runner.Result) cell { return beside(r, runner.SignOut) }},
	{"check", func(r *runner.Result) cell { return beside(r, runner.Check) }},
	{"handoff", handoff},
	{"expires_at", func(r *runner.Result) cell { return moment(r.ExpiresAt) }},
	{"source", func(r *runner.Result) cell { return words(r.Source) }},
}

// A cell is one value of a row. The zero value is one that is not known.
type cell struct {
	kind   cellKind
	text   string
	number int64
	time   time.Time
}

type cellKind uint8

const (
	unknownCell cellKind = iota
	textCell
	numberCell
	timeCell
)

func number(n int64) cell { return cell{kind: numberCell, number: n} }

// words is a text that is not known where it is empty.
func words(s string) cell {
	if s == "" {
		return cell{}
	}
	return cell{kind: textCell, text: s}
}

func moment(t time.Time) cell {
	if t.IsZero() {
		return cell{}
	}
	return cell{kind: timeCell, time: t.UTC()}
}

// handoff is whether a generated password has got to its reader's store: what
// came of telling it so, or of handing it over where that has failed.
func handoff(r *runner.Result) cell {
	for i := range r.Beside {
		if s := &r.Beside[i]; s.Step == runner.Prepare && fails(s.Outcome) {
			return words(s.Outcome.String())
		}
	}
	return beside(r, runner.Conclude)
}

// took is the time from a task's first request to its end, in the
// milliseconds that the report shows for both; a clock set back gives 0.
func took(r *runner.Result) cell {
	if r.StartedAt.IsZero() || r.FinishedAt.IsZero() {
		return cell{}
	}
	return number(max(0, r.FinishedAt.UnixMilli()-r.StartedAt.UnixMilli()))
}

// timeForm is RFC 3339 in UTC with milliseconds; 24 characters in all.
const timeForm = "2006-01-02T15:04:05.000Z"
