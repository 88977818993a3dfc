package report

import (
	"time"

	"cogpass/runner"
)

// maxColumns bounds those of a chart over time.
const maxColumns = 240

// columnWidths are the spans that a column may stand for. Each holds the one
// before a whole number of times, so that columns can be put together.
var columnWidths = [...]time.Duration{
	time.Second, 2 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 10 * time.Minute,
	30 * time.Minute, time.Hour, 2 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 7 * 24 * time.Hour,
	70 * 24 * time.Hour, 700 * 24 * time.Hour, 7000 * 24 * time.Hour, 70000 * 24 * time.Hour,
}

// A timeline counts the tasks that ended in each span of time, whatever order
// they come in. It keeps few columns: where they become too many, each becomes
// wider. The zero value is ready.
type timeline struct {
	size        int // of columnWidths
	columns     map[int64]*ended
	first, last int64 // of columns
}

// ended counts tasks by outcome.
type ended [runner.Unknown + 1]int64

func (e *ended) add(other *ended) {
	for i := range e {
		e[i] += other[i]
	}
}

// columnOf is the column that a time falls into.
func columnOf(t time.Time, width time.Duration) int64 {
	seconds, wide := t.Unix(), int64(width/time.Second)
	if rest := seconds % wide; rest < 0 {
		seconds -= rest + wide
	}
	return seconds / wide
}

func (l *timeline) width() time.Duration { return columnWidths[l.size] }

func (l *timeline) add(t time.Time, o runner.Outcome) {
	if int(o) >= len(ended{}) {
		return
	}
	at := columnOf(t, l.width())
	if l.columns == nil {
		l.columns, l.first, l.last = map[int64]*ended{}, at, at
	}
	l.first, l.last = min(l.first, at), max(l.last, at)
	l.column(at)[o]++
	for l.last-l.first >= maxColumns && l.size < len(columnWidths)-1 {
		l.widen()
	}
}

func (l *timeline) column(at int64) *ended {
	if l.columns[at] == nil {
		l.columns[at] = new(ended)
	}
	return l.columns[at]
}

// widen takes the next width.
func (l *timeline) widen() {
	narrow, old := l.width(), l.columns
	l.size++
	l.columns = map[int64]*ended{}
	again := func(at int64) int64 { return columnOf(time.Unix(at*int64(narrow/time.Second), 0), l.width()) }
	for at, counted := range old {
		l.column(again(at)).add(counted)
	}
	l.first, l.last = again(l.first), again(l.last)
}

// cover widens the columns until a span of time fits as well, and returns the
// first of them, when that begins, and how many there are.
func (l *timeline) cover(from, to time.Time) (first int64, began time.Time, n int) {
	if l.columns == nil {
		l.columns, l.first, l.last = map[int64]*ended{}, columnOf(from, l.width()), columnOf(from, l.width())
	}
	for {
		first, last := l.first, l.last
		if !from.IsZero() {
			first, last = min(first, columnOf(from, l.width())), max(last, columnOf(to, l.width()))
		}
		if last-first < maxColumns || l.size == len(columnWidths)-1 {
			return first, time.Unix(first*int64(l.width()/time.Second), 0).UTC(), int(min(last-first+1, maxColumns))
		}
		l.widen()
	}
}
