package report

import (
	"fmt"
	"math"
	"strings"
	"time"

	"cogpass/runner"
)

// An axis is the time that charts over time show, in columns.
type axis struct {
	first int64 // column of the timeline
	began time.Time
	width time.Duration
	n     int
}

// timeAxis is one for all charts over time, so that what stands one below the
// other happened at the same time. It is false where no time is known.
func timeAxis(s *survey, samples []Sample) (axis, bool) {
	from, to := s.Began, s.Ended
	for _, sample := range samples {
		if from.IsZero() || sample.At.Before(from) {
			from = sample.At
		}
		if end := sample.At.Add(max(0, sample.Span-time.Nanosecond)); end.After(to) {
			to = end
		}
	}
	if to.Before(from) {
		to = from
	}
	if from.IsZero() && s.ended.columns == nil {
		return axis{}, false
	}
	first, began, n := s.ended.cover(from, to)
	return axis{first, began, s.ended.width(), n}, true
}

func (a axis) at(i int) time.Time { return a.began.Add(time.Duration(i) * a.width) }

// label names the beginning of a column, in as few words as tell it from the
// others.
func (a axis) label(i int) string {
	form := "15:04"
	if a.width < time.Minute {
		form = "15:04:05"
	}
	switch first, last := a.at(0), a.at(a.n); {
	case a.width >= 24*time.Hour:
		form = "2 Jan 2006"
	case first.YearDay() != last.YearDay() || first.Year() != last.Year():
		form = "2 Jan " + form
	}
	return a.at(i).Format(form)
}

// labels are those of the x axis.
func (a axis) labels() []string {
	if a.n < 4 {
		return []string{a.label(0), a.label(a.n)}
	}
	return []string{a.label(0), a.label(a.n / 2), a.label(a.n)}
}

// maxFigures bounds the rows of a chart's numbers.
const maxFigures = 12

// spans calls do for a few spans of columns, from from on and before to.
func (a axis) spans(do func(label string, from, to int)) {
	each := (a.n + maxFigures - 1) / maxFigures
	for from := 0; from < a.n; from += each {
		do(a.label(from), from, min(a.n, from+each))
	}
}

// spanWords writes a duration in its two largest units: "2 h", "1 min 30 s".
func spanWords(d time.Duration) string {
	var parts []string
	for _, unit := range []struct {
		size time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}} {
		if n := d / unit.size; n > 0 && len(parts) < 2 {
			parts = append(parts, fmt.Sprintf("%d %s", n, unit.name))
			d -= n * unit.size
		}
	}
	return strings.Join(parts, " ")
}

// shownOutcomes are those of the chart over time, from the floor up.
var shownOutcomes = [...]runner.Outcome{runner.OK, runner.Skipped, runner.Unknown, runner.Failed}

// outcomeChart shows when tasks ended, and how.
func outcomeChart(s *survey, a axis, known bool) chart {
	c := chart{ID: "outcomes", Title: "Tasks that ended"}
	if !known || s.ended.columns == nil {
		c.Missing, c.Say = true, "No task has ended yet, or not at a time that is known."
		return c
	}
	columns := make([]ended, a.n)
	var all ended
	most, mostAt := int64(0), 0
	for i := range columns {
		if counted := s.ended.columns[a.first+int64(i)]; counted != nil {
			columns[i] = *counted
			all.add(counted)
		}
		if n := total(&columns[i]); n > most {
			most, mostAt = n, i
		}
	}
	high := topCount(most)
	c.Y, c.X = scale(high), a.labels()
	var below [maxColumns]float64
	for _, o := range shownOutcomes {
		if all[o] == 0 {
			continue
		}
		c.Shapes = append(c.Shapes, shape{o.String(), bars(a.n, func(i int) (float64, float64) {
			low := below[i]
			below[i] += float64(columns[i][o]) / high
			return low, below[i]
		})})
		c.Legend = append(c.Legend, legend{o.String(), o.String()})
	}
	c.Note = "A column is " + spanWords(a.width) + "."
	c.Say = fmt.Sprintf("%s ended, at most %s in %s, at %s.", tasks(total(&all)), Number(most), spanWords(a.width), a.label(mostAt))
	if bad := all[runner.Failed] + all[runner.Unknown]; bad > 0 {
		c.Say += " " + failureWords(columns, a, bad)
	}
	c.Head = []string{"From (UTC)"}
	for _, o := range shownOutcomes {
		c.Head = append(c.Head, o.String())
	}
	a.spans(func(label string, from, to int) {
		row, sum := []string{label}, ended{}
		for i := from; i < to; i++ {
			sum.add(&columns[i])
		}
		for _, o := range shownOutcomes {
			row = append(row, Number(sum[o]))
		}
		c.Rows = append(c.Rows, row)
	})
	return c
}

// failureWords says whether failures came at one time or all along.
func failureWords(columns []ended, a axis, bad int64) string {
	most, at := int64(0), 0
	for i := range columns {
		if n := columns[i][runner.Failed] + columns[i][runner.Unknown]; n > most {
			most, at = n, i
		}
	}
	return fmt.Sprintf("Of these, %s failed or are unknown, at most %s in %s, at %s.", Number(bad), Number(most), spanWords(a.width), a.label(at))
}

func total(e *ended) (n int64) {
	for _, o := range shownOutcomes {
		n += e[o]
	}
	return n
}

func tasks(n int64) string {
	if n == 1 {
		return "1 task"
	}
	return Number(n) + " tasks"
}

// latencyBins is how many bars the chart of latencies has at most.
const latencyBins = 40

// latencyChart shows how long answers took.
func latencyChart(s *survey) chart {
	c := chart{ID: "latency", Title: "How long answers took"}
	low, high := s.latency.least(), s.Latency(1)
	if high <= 0 {
		c.Missing, c.Say = true, "No answer has come yet."
		return c
	}
	low = max(low, 1)
	span := math.Log(float64(high) / float64(low))
	n := min(latencyBins, 1+int(span/math.Log(1.02)))
	counts := make([]int64, n)
	place := func(d time.Duration) float64 {
		if span == 0 {
			return 0.5
		}
		return math.Log(float64(max(d, low))/float64(low)) / span
	}
	most := int64(0)
	for i, count := range s.latency.buckets {
		if count > 0 {
			bin := min(n-1, int(place(min(bucketMiddle(i), high))*float64(n)))
			counts[bin] += count
			most = max(most, counts[bin])
		}
	}
	tall := topCount(most)
	c.Y = scale(tall)
	c.Shapes = []shape{{"answered", bars(n, func(i int) (float64, float64) { return 0, float64(counts[i]) / tall })}}
	c.Legend = []legend{{"answered", "tasks"}}
	c.X = []string{textDuration(low), textDuration(high)}
	if n > 3 {
		middle := time.Duration(math.Sqrt(float64(low) * float64(high)))
		c.X = []string{c.X[0], textDuration(roundTo3(middle)), c.X[1]}
	}
	c.Head = []string{"Share of the tasks", "Answered within"}
	for _, q := range []struct {
		name, words string
		q           float64
	}{{"p50", "50%", 0.5}, {"", "75%", 0.75}, {"", "90%", 0.9}, {"p95", "95%", 0.95}, {"p99", "99%", 0.99}, {"", "100%", 1}} {
		if q.name != "" && s.latency.count >= 20 && n > 3 {
			c.Shapes = append(c.Shapes, shape{q.name, upright(place(s.Latency(q.q)))})
			c.Legend = append(c.Legend, legend{q.name, q.name + " " + textDuration(s.Latency(q.q))})
		}
		c.Rows = append(c.Rows, []string{q.words, textDuration(s.Latency(q.q))})
	}
	c.Say = fmt.Sprintf("Half of the answers took %s or less, 95%% of them %s or less, and the slowest %s.",
		textDuration(s.Latency(0.5)), textDuration(s.Latency(0.95)), textDuration(high))
	c.Note = "The last answer of each task is counted; to the right, each step takes longer by the same factor."
	return c
}

func roundTo3(d time.Duration) time.Duration {
	unit := time.Duration(1)
	for d/unit >= 1000 {
		unit *= 10
	}
	return d.Round(unit)
}
