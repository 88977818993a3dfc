package report

import (
	"fmt"
	"math"
)

// rateChart shows the rate that was asked for, what throttling left of it, and
// what was answered.
func rateChart(run *Run, s *survey, a axis, known bool) chart {
	c := chart{ID: "rate", Title: "Requests a second"}
	if len(run.Samples) == 0 || !known {
		c.Missing, c.Say = true, rateWords(run, s)+" How fast it went over time was not recorded."
		return c
	}
	columns := paces(run.Samples, a.began, a.width, a.n)
	var most, asked, worst float64
	worstAt := -1
	for i := range columns {
		p := &columns[i]
		if most = max(most, p.answered()); !math.IsInf(p.asked, 1) {
			asked = max(asked, p.asked)
		}
		if p.throttled > worst {
			worst, worstAt = p.throttled, i
		}
	}
	far := asked > 5*most && most > 0 // it would press all else to the floor
	high := most
	if !far {
		high = max(most, asked)
	}
	high = top(high)
	c.Y, c.X = scale(high), a.labels()
	c.Legend = []legend{{"answered", "answered"}}
	if worstAt >= 0 {
		c.Legend = append(c.Legend, legend{"throttled", "of these, throttled"})
	}
	c.Shapes = answeredShapes(columns, high)
	if !far && asked > 0 {
		c.Legend = append(c.Legend, legend{"asked", "asked"}, legend{"pace", "pace"})
		c.Shapes = append(c.Shapes, paceShapes(columns, high)...)
	}

	c.Say = rateWords(run, s)
	if worstAt >= 0 && s.Throttled > 0 {
		c.Say += " It was worst at " + a.label(worstAt) + "."
	}
	if answeredIn(run.Samples) > s.Requests+s.Requests/10 {
		c.Note = "All requests are counted, also looks and sign-outs, which have a rate of their own. "
	}
	c.Note += "The pace is what throttling has left of the rate asked for."
	if far {
		c.Note += " The rate asked for, " + figure(asked) + " a second, is far above this."
	}
	c.Head = []string{"From (UTC)", "Asked", "Pace", "Answered", "Throttled, in all"}
	a.spans(func(label string, from, to int) { c.Rows = append(c.Rows, paceRow(label, columns[from:to])) })
	return c
}

func answeredShapes(columns []pace, high float64) []shape {
	throttled := func(i int) float64 { return ratio(columns[i].throttled, columns[i].work*high) }
	return []shape{
		{"answered", bars(len(columns), func(i int) (float64, float64) { return throttled(i), columns[i].answered() / high })},
		{"throttled", bars(len(columns), func(i int) (float64, float64) { return 0, throttled(i) })},
	}
}

// paceShapes are the lines of what was asked for and what was left of it. Where
// that is without bound there is no line.
func paceShapes(columns []pace, high float64) []shape {
	line := func(value func(p *pace) float64) string {
		return steps(len(columns), func(i int) (float64, bool) {
			v := value(&columns[i])
			return v / high, columns[i].work > 0 && !math.IsInf(v, 1)
		})
	}
	return []shape{{"asked", line(func(p *pace) float64 { return p.asked })}, {"pace", line((*pace).left)}}
}

func answeredIn(samples []Sample) (n int64) {
	for _, s := range samples {
		n += s.Requests
	}
	return n
}

func ratio(a, b float64) float64 {
	if b <= 0 {
		return 0
	}
	return a / b
}

func paceRow(label string, columns []pace) []string {
	var all pace
	for _, p := range columns {
		if p.work > 0 {
			all.plus(&p)
		}
	}
	if all.work == 0 {
		return []string{label, "not at work", "", "", ""}
	}
	return []string{label, figure(all.asked), figure(all.left()), figure(all.answered()), Number(int64(math.Round(all.throttled)))}
}

func rateWords(run *Run, s *survey) string {
	say := "Asked for " + figure(run.AskedRate) + " a second"
	switch {
	case math.IsInf(run.AskedRate, 1):
		say = "Asked for as many as get answers"
	case run.AskedRate == 0:
		say = "The rate asked for is not known"
	}
	if rate := s.Rate(); rate > 0 && s.Requests >= 20 { // or it says nothing
		say += "; " + figure(rate) + " were sent on average"
	}
	if s.Throttled == 0 {
		return say + ". Nothing was throttled."
	}
	return say + fmt.Sprintf(". %s of %s requests were throttled (%s).", Number(s.Throttled), Number(s.Requests), share(s.Throttled, s.Requests))
}
