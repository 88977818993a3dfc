package runfile

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"cogpass/jobs"
)

// head is a Plan in JSON, which knows no infinity.
type head struct {
	*Plan
	AskedRate *float64                   `json:"asked_rate"`      // null for +Inf
	Rates     map[jobs.Category]*float64 `json:"rates,omitempty"` // likewise
}

func insertHead(s *session, p Plan) error {
	text, err := marshalHead(p)
	if err != nil {
		return err
	}
	return s.exec("INSERT INTO head VALUES (1, ?, ?)", text, sum([]byte(text)))
}

func marshalHead(p Plan) (string, error) {
	p.CreatedAt = fromMillis(millis(p.CreatedAt))
	doc := head{Plan: &p}
	doc.AskedRate = finite(p.AskedRate)
	for category, rate := range p.Rates {
		if doc.Rates == nil {
			doc.Rates = map[jobs.Category]*float64{}
		}
		doc.Rates[category] = finite(rate)
	}
	b, err := json.Marshal(doc)
	return string(b), err
}

// parseHead reads the head, which must be as it was written.
func parseHead(text string, written int64) (Plan, error) {
	p := Plan{}
	if sum([]byte(text)) != written {
		return p, damaged("the head of its plan does not match its sum")
	}
	doc := head{Plan: &p}
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		return p, damaged("the head of its plan: %v", err)
	}
	p.AskedRate = orInf(doc.AskedRate)
	for category, rate := range doc.Rates {
		if p.Rates == nil {
			p.Rates = map[jobs.Category]float64{}
		}
		p.Rates[category] = orInf(rate)
	}
	for action := range p.Counts {
		if !action.Known() {
			return p, unknownAction(action)
		}
	}
	return p, nil
}

func finite(rate float64) *float64 {
	if math.IsInf(rate, 1) {
		return nil
	}
	return &rate
}

func orInf(rate *float64) float64 {
	if rate == nil {
		return math.Inf(1)
	}
	return *rate
}

// unknownAction is the error of a sound file that has tasks of an action which
// this version does not know. None of its tasks is carried out.
func unknownAction(a jobs.Action) error { return fmt.Errorf("%w: it has tasks of %v", ErrNewer, a) }

const selectInfo = `SELECT h.json, h.sum, r.state, r.reason, coalesce(r.started_at, 0), coalesce(r.finished_at, 0),
	r.pool_name, r.account, r.actor, r.temporary_days FROM head h, run r`

func readInfo(stmt *sql.Stmt) (Info, error) {
	var i Info
	var text string
	var written, started, finished int64
	err := stmt.QueryRowContext(background).Scan(&text, &written, &i.State, &i.Reason, &started, &finished,
		&i.PoolName, &i.Account, &i.Actor, &i.TemporaryDays)
	if errors.Is(err, sql.ErrNoRows) {
		return i, damaged("it has no plan")
	}
	if err != nil {
		return i, err
	}
	i.StartedAt, i.FinishedAt = fromMillis(started), fromMillis(finished)
	i.Plan, err = parseHead(text, written)
	return i, err
}

// millis is 0 for the zero time, as is its inverse; nanos likewise.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func nullID(id int64) any {
	if id == 0 {
		return nil
	}
	return id
}

func nullMillis(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMilli()
}

func fromMillis(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMilli(n).UTC()
}

func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func fromNanos(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}
