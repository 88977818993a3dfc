package report

import (
	"math"
	"strconv"
	"strings"
)

// A chart is a figure of the HTML report: a drawing, the same in words, and
// its numbers. The drawing is stretched to whatever room there is, so its
// labels are text beside it and never grow or shrink.
type chart struct {
	ID      string
	Title   string
	Say     string // what it shows, in a sentence or two
	Note    string // how to read it
	Legend  []legend
	Shapes  []shape
	Y, X    []string   // labels: from top to bottom, from left to right
	Head    []string   // of the table of its numbers
	Rows    [][]string // the first of each is its heading
	Missing bool       // there is nothing to draw, and Say says why
}

type legend struct{ Class, Text string }

type shape struct{ Class, D string }

// The drawing's own units.
const (
	chartWide = 1000.0
	chartHigh = 200.0
)

// path writes the d of an SVG path.
type path struct{ strings.Builder }

func (p *path) to(command byte, numbers ...float64) {
	p.WriteByte(command)
	for i, x := range numbers {
		if i > 0 {
			p.WriteByte(' ')
		}
		p.WriteString(strconv.FormatFloat(math.Round(x*10)/10, 'f', -1, 64))
	}
}

// bars draws a column from low to high for each place where there is one. All
// are shares of the height.
func bars(n int, span func(i int) (low, high float64)) string {
	var p path
	wide := chartWide / float64(n)
	for i := range n {
		low, high := span(i)
		if high <= low {
			continue
		}
		// What is there can be seen, however little it is.
		high = min(1, max(high, low+1/chartHigh))
		p.to('M', float64(i)*wide, chartHigh*(1-low))
		p.to('V', chartHigh*(1-high))
		p.to('h', wide)
		p.to('V', chartHigh*(1-low))
		p.WriteByte('z')
	}
	return p.String()
}

// steps draws a line that is level over each column, and breaks where there is
// none.
func steps(n int, at func(i int) (height float64, ok bool)) string {
	var p path
	wide, drawn := chartWide/float64(n), false
	before := 0.0
	for i := range n {
		y, ok := at(i)
		y = chartHigh * (1 - min(1, max(0, y)))
		switch {
		case !ok:
		case !drawn:
			p.to('M', float64(i)*wide, y)
			p.to('H', float64(i+1)*wide)
		default:
			if y != before {
				p.to('V', y)
			}
			p.to('H', float64(i+1)*wide)
		}
		drawn, before = ok, y
	}
	return p.String()
}

// upright draws a line from top to bottom.
func upright(share float64) string {
	var p path
	p.to('M', chartWide*min(1, max(0, share)), 0)
	p.to('V', chartHigh)
	return p.String()
}

// top is the least round figure, whose half is round too, that is not below x.
func top(x float64) float64 {
	if !(x > 0) || math.IsInf(x, 1) {
		return 1
	}
	unit := math.Pow(10, math.Floor(math.Log10(x)))
	for _, f := range []float64{1, 1.2, 1.6, 2, 3, 4, 5, 6, 8, 10} {
		if f*unit >= x*(1-1e-9) {
			return f * unit
		}
	}
	return 10 * unit
}

// topCount is top for things that are counted: its half is a whole number.
func topCount(n int64) float64 {
	if n < 20 {
		return float64(max(2, n+n%2))
	}
	return top(float64(n))
}

// scale are the labels of an axis that goes up to most.
func scale(most float64) []string { return []string{figure(most), figure(most / 2), "0"} }

// figure writes a number in three figures or so.
func figure(x float64) string {
	switch {
	case math.IsInf(x, 1):
		return "max"
	case x >= 99.95 || x == math.Trunc(x):
		return Number(int64(math.Round(x)))
	}
	return strconv.FormatFloat(math.Round(x*100)/100, 'g', 3, 64)
}

// share writes a part of a whole as "12.3%", and never as none or all of it
// where it is not.
func share(part, whole int64) string {
	percent := 100 * float64(part) / float64(max(1, whole))
	switch text := strconv.FormatFloat(percent, 'f', 1, 64); {
	case part > 0 && text == "0.0":
		return "under 0.1%"
	case part < whole && text == "100.0":
		return "over 99.9%"
	default:
		return strings.TrimSuffix(text, ".0") + "%"
	}
}
