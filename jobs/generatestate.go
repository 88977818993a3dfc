package jobs

// class is a class of characters that a policy may ask for.
type class uint8

const (
	upperClass class = iota
	lowerClass
	digitClass
	symbolClass
	classCount
)

var classNames = [classCount]string{"every upper-case letter", "every lower-case letter", "every digit", "every symbol"}

// classes says which classes the policy asks for.
func (p Policy) classes() [classCount]bool {
	return [classCount]bool{p.Upper, p.Lower, p.Digit, p.Symbol}
}

// state is what matters of the beginning of a password: a bit for each class that
// it has and, above them, how far it is from having two runs of letters: 0 before
// the first, 1 in it, 2 behind it, 3 from the second on.
type state uint8

const (
	runShift   = classCount
	twoRuns    = 3
	stateCount = (twoRuns + 1) << runShift
)

// with returns the state after one more character.
func (s state) with(c class) state {
	run := s >> runShift
	switch letter := c == upperClass || c == lowerClass; {
	case letter && run%2 == 0:
		run++
	case !letter && run == 1:
		run++
	}
	return run<<runShift | s&(1<<runShift-1) | 1<<c
}

// takes reports whether a password that ends in a state is fit. One that has a
// digit has two runs of letters as well, if it can have any: what spreadsheets
// take for a number or a date, and change, as 23E45678, 3-4-25 or 2Mar2027, has
// one at most.
func (g *Generator) takes(s state) bool {
	return s&g.want == g.want && (!g.guarded || s>>runShift == twoRuns || s&(1<<digitClass) == 0)
}

// share returns which part of all texts that fill draws is fit. It is never so
// small that drawing takes long: a password has room for every class.
func (g *Generator) share(of [classCount]string) float64 {
	now := [stateCount]float64{0: 1}
	for i := range g.length {
		from := g.all
		if i == 0 || i == g.length-1 {
			from = g.ends
		}
		var next [stateCount]float64
		for s, p := range now {
			for c, text := range of {
				if p > 0 && text != "" && (len(from) == len(g.all) || class(c) != symbolClass) {
					next[state(s).with(class(c))] += p * float64(len(text)) / float64(len(from))
				}
			}
		}
		now = next
	}
	fit := 0.0
	for s, p := range now {
		if g.takes(state(s)) {
			fit += p
		}
	}
	return fit
}
