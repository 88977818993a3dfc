package runfile

import (
	"errors"
	"math"
	"time"
)

// Sample is what a span of a run was like, for its charts. A run takes one a
// second; of a long one, neighbours are put together.
type Sample struct {
	At    time.Time     // when the span began
	Span  time.Duration // of the run's work in it; a run that was down in between is not counted
	Asked float64       // requests a second that were asked for; +Inf for max; 0 is paused
	Rate  float64       // what the pace was, a second; may be +Inf

	Requests, Throttled          int64 // answered; how many of them were throttled
	OK, Failed, Skipped, Unknown int64 // tasks that ended

	P50, P95, Max time.Duration // latencies of answers; of neighbours put together, P50 and P95 are means
}

// maxSamples bounds the samples of a file. One more halves their number.
const maxSamples = 4096

// Sample notes what a span of the run was like. It becomes durable with what
// is recorded next. There is one row a second at most: a sample that falls
// into the second of the one before is added to it.
func (f *File) Sample(s Sample) error {
	w, err := f.writable()
	if err != nil {
		return err
	}
	if math.IsNaN(s.Asked) || math.IsNaN(s.Rate) || s.Span < 0 || s.At.UnixMilli() < 0 {
		return errors.New("a sample that cannot be")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.errLocked(); err != nil {
		return err
	}
	w.waiting.samples = append(w.waiting.samples, s)
	return nil
}

// Samples returns what was sampled, in order of time.
func (f *File) Samples() ([]Sample, error) {
	var all []Sample
	err := f.look(func(l *looks) error {
		return each(l.samples, func(row fields) error {
			all = append(all, sampleOf(row))
			return nil
		})
	})
	return all, err
}

// plus returns two neighbours as one.
func (s Sample) plus(next Sample) Sample {
	s.Rate = mean(s.Rate, float64(s.Span), next.Rate, float64(next.Span))
	s.P50 = time.Duration(mean(float64(s.P50), float64(s.Requests), float64(next.P50), float64(next.Requests)))
	s.P95 = time.Duration(mean(float64(s.P95), float64(s.Requests), float64(next.P95), float64(next.Requests)))
	s.Max = max(s.Max, next.Max)
	s.Asked = next.Asked
	s.Span += next.Span
	s.Requests, s.Throttled = s.Requests+next.Requests, s.Throttled+next.Throttled
	s.OK, s.Failed, s.Skipped, s.Unknown = s.OK+next.OK, s.Failed+next.Failed, s.Skipped+next.Skipped, s.Unknown+next.Unknown
	return s
}

// mean weighs two figures; where nothing weighs, it is the second.
func mean(a, weightA, b, weightB float64) float64 {
	if weightA+weightB == 0 || math.IsInf(b, 1) {
		return b
	}
	if math.IsInf(a, 1) {
		return a
	}
	return (a*weightA + b*weightB) / (weightA + weightB)
}

// samples writes samples.
type samples struct {
	session *session
	put     bulk
	width   int64 // of a row, in milliseconds; 0 before the first
	rows    int
}

const selectSamples = `SELECT at, width, span, asked, rate, requests, throttled, ok, failed, skipped, unknown, p50, p95, slowest FROM sample`

func sampleOf(f fields) Sample {
	asked, _ := f[3].(float64)
	rate, _ := f[4].(float64)
	micros := func(i int) time.Duration { return time.Duration(f.int(i)) * time.Microsecond }
	return Sample{
		At: time.UnixMilli(f.int(0)).UTC(), Span: time.Duration(f.int(2)) * time.Millisecond, Asked: asked, Rate: rate,
		Requests: f.int(5), Throttled: f.int(6), OK: f.int(7), Failed: f.int(8), Skipped: f.int(9), Unknown: f.int(10),
		P50: micros(11), P95: micros(12), Max: micros(13),
	}
}

func (s *samples) columns(at int64, v Sample) []any {
	return []any{at, s.width, v.Span.Milliseconds(), v.Asked, v.Rate, v.Requests, v.Throttled, v.OK, v.Failed, v.Skipped, v.Unknown,
		v.P50.Microseconds(), v.P95.Microseconds(), v.Max.Microseconds()}
}

// write adds samples to the transaction that is open.
func (s *samples) write(list []Sample) error {
	for _, v := range list {
		if s.width == 0 {
			s.width, s.put = 1000, bulk{session: s.session, head: "INSERT OR REPLACE INTO sample VALUES ", columns: 14}
			err := s.each("", func(row fields) { s.width, s.rows = max(s.width, row.int(1)), s.rows+1 })
			if err != nil {
				return err
			}
		}
		at := v.At.UnixMilli()
		at -= at % s.width
		s.rows++
		err := s.each(" WHERE at = ?", func(row fields) { v, s.rows = sampleOf(row).plus(v), s.rows-1 }, at)
		if err == nil {
			err = s.put.exec(s.columns(at, v))
		}
		if err == nil && s.rows > maxSamples {
			err = s.thin()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *samples) each(where string, do func(fields), args ...any) error {
	stmt, err := s.session.conn.PrepareContext(background, selectSamples+where)
	if err != nil {
		return err
	}
	defer stmt.Close()
	return each(stmt, func(row fields) error {
		do(row)
		return nil
	}, args...)
}

// thin doubles the width of the rows until half of them are left.
func (s *samples) thin() error {
	for s.rows > maxSamples/2 {
		s.width *= 2
		var starts []int64
		var merged []Sample
		err := s.each("", func(row fields) {
			at, v := row.int(0)-row.int(0)%s.width, sampleOf(row)
			if n := len(starts) - 1; n >= 0 && starts[n] == at {
				merged[n] = merged[n].plus(v)
				return
			}
			starts, merged = append(starts, at), append(merged, v)
		})
		if err == nil {
			err = s.session.exec("DELETE FROM sample")
		}
		for i := 0; err == nil && i < len(starts); i++ {
			err = s.put.exec(s.columns(starts[i], merged[i]))
		}
		if err != nil {
			return err
		}
		s.rows = len(starts)
	}
	return nil
}
