package report

import (
	"cogpass/runner"
)

// A survey is what the HTML report has to know of all results before it shows
// the first: a fold over them, of bounded size.
type survey struct {
	Summary
	ended   timeline
	classes [restClass + 1]class
	used    [len(htmlColumns)]bool // columns in which there is something
	linked  bool                   // a task has a link
	groups  Groups
}

// class is how much a task matters to who looks for what went wrong.
type className uint8

const (
	unknownClass className = iota
	failedClass            // or a step beside the action is
	restClass
)

// class is the tasks of a class, and how many of them are shown.
type class struct {
	tasks, bytes int64
	shown        int64
}

func classOf(r *runner.Result) className {
	switch {
	case r.Outcome == runner.Unknown:
		return unknownClass
	case r.Outcome == runner.Failed || besideFails(r):
		return failedClass
	}
	return restClass
}

// surveyOf reads all results.
func surveyOf(run *Run, results Results) (*survey, error) {
	s := &survey{}
	var row htmlRow
	for r, err := range results {
		if err != nil {
			return nil, err
		}
		s.Add(&r)
		if !r.FinishedAt.IsZero() && r.Outcome != runner.Pending {
			s.ended.add(r.FinishedAt, r.Outcome)
		}
		row.fill(run, &r, nil)
		for i := range row.cells {
			c := &row.cells[i]
			s.used[i] = s.used[i] || htmlColumns[i].always || c.Text != "" && !(htmlColumns[i].zero && c.Text == "0")
		}
		s.linked = s.linked || row.cells[requestColumn].Link != ""
		s.groups.Add(&r)
		c := &s.classes[classOf(&r)]
		c.tasks++
		c.bytes += row.size()
	}
	s.choose()
	return s, nil
}

const (
	maxRows  = 10_000
	maxBytes = 4_850_000 // of rows, where not all tasks are shown

	slackBytes = 50_000 // more, for those that are shown may be longer than the others
)

// choose says how many tasks of each class are shown: all of them where there
// are few, and else first what went wrong.
func (s *survey) choose() {
	rows, room, empty := int64(maxRows), int64(maxBytes), int64(0)
	for _, used := range s.used {
		if used {
			empty += int64(len("<td>")) / 2 // about half of them have a text, and are counted
		}
	}
	all := s.Tasks <= maxRows
	for i := range s.classes {
		c := &s.classes[i]
		c.shown = c.tasks
		if all || c.tasks == 0 {
			continue
		}
		each := c.bytes/c.tasks + empty
		c.shown = max(0, min(c.tasks, rows, room/each))
		rows, room = rows-c.shown, room-c.shown*each
	}
}

// shown is how many tasks are.
func (s *survey) shown() (n int64) {
	for i := range s.classes {
		n += s.classes[i].shown
	}
	return n
}

// picked reports whether the nth task of a class, from 0, is shown: those that
// are, are spread evenly.
func (c *class) picked(n int64) bool {
	if c.shown == c.tasks {
		return true
	}
	return (n+1)*c.shown/c.tasks > n*c.shown/c.tasks
}
