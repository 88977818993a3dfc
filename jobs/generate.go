package jobs

import (
	"fmt"
	"math"
	"strings"
)

// The characters that passwords are made of. Left out are those that are easily
// taken for another: 0 O o, 1 l I.
const (
	upperLetters    = "ABCDEFGHJKLMNPQRSTUVWXYZ"
	lowerLetters    = "abcdefghijkmnpqrstuvwxyz"
	digitCharacters = "23456789"

	// safeSymbols mean nothing within a word to a shell, HTML, a URL, a CSV or a
	// mail client; at its ends they might.
	safeSymbols = "-._"
)

const (
	defaultLength = 20
	leastLength   = 6 // that Cognito lets a policy have
	leastEntropy  = 32
)

// Generator makes passwords. Its methods may be called from several goroutines.
type Generator struct {
	phrase *phrase // nil: passwords are of characters

	length  int
	all     string // characters that may stand anywhere
	ends    string // and first and last
	classes [128]class
	want    state // the classes that the policy asks for
	guarded bool  // against spreadsheets

	entropy float64
}

// Generator returns what makes passwords as the recipe says, fit for a policy. Where
// that cannot be the error is a Fault without a place.
func (r Recipe) Generator(p Policy) (*Generator, error) {
	g, problem := r.generator(p)
	if problem.found() {
		return nil, Fault{Message: problem.message, Hint: problem.hint}
	}
	return g, nil
}

func (r Recipe) generator(p Policy) (*Generator, problem) {
	g := new(Generator)
	var bad problem
	if r.Words != 0 {
		g.phrase, bad = r.newPhrase(p)
		if !bad.found() {
			g.entropy = g.phrase.entropy()
		}
	} else {
		bad = g.ofCharacters(r, p)
	}
	if !bad.found() && g.entropy < leastEntropy {
		bad = problem{fmt.Sprintf("passwords of %.0f bits of entropy, which are too easily guessed", g.entropy),
			"make them longer, or exclude fewer characters"}
	}
	return g, bad
}

// Password makes one.
func (g *Generator) Password() Secret {
	d := newDice()
	defer d.putBack()
	if g.phrase != nil {
		return g.phrase.password(d)
	}
	var buf [maxPassword]byte
	text := buf[:g.length]
	defer clear(text)
	for !g.fill(text, d) {
	}
	return NewSecret(string(text))
}

// Entropy returns the base-2 logarithm of how many passwords there are, each of
// which is as likely as any other.
func (g *Generator) Entropy() float64 { return g.entropy }

// Length is how many characters its passwords have; of a passphrase it is 0.
func (g *Generator) Length() int { return g.length }

// fill draws each character of a text from all that may stand there, and reports
// whether the whole is fit. Those that are not are thrown away, so each that is
// fit is as likely as any other: no class has a place of its own, and no
// character a preference. Putting in what is missing afterwards would not be so.
func (g *Generator) fill(text []byte, d *dice) bool {
	var s state
	for i := range text {
		from := g.all
		if i == 0 || i == len(text)-1 {
			from = g.ends
		}
		text[i] = from[d.roll(len(from))]
		s = s.with(g.classes[text[i]])
	}
	return g.takes(s)
}

func (g *Generator) ofCharacters(r Recipe, p Policy) problem {
	g.length = r.Length
	switch {
	case r.Length == 0:
		g.length = max(defaultLength, p.MinLength)
	case r.Length < leastLength || r.Length > maxPassword:
		return problem{fmt.Sprintf("length is not from %d to %d, which is what Cognito takes", leastLength, maxPassword), ""}
	}
	if g.length < p.MinLength {
		return problem{fmt.Sprintf("length is %d, and the policy asks for %d characters", r.Length, p.MinLength), "leave length out, or make it that long"}
	}
	of, bad := r.characters(p)
	if bad.found() {
		return bad
	}
	for c, text := range of {
		for _, one := range []byte(text) {
			g.classes[one] = class(c)
		}
	}
	letters := of[upperClass] + of[lowerClass]
	g.ends = letters + of[digitClass]
	g.all = g.ends + of[symbolClass]
	if g.all == "" {
		return problem{"exclude leaves no character", "exclude fewer"}
	}
	if g.ends == "" {
		g.ends = g.all
	}
	g.guarded = letters != ""
	for c, asked := range p.classes() {
		if asked {
			g.want |= 1 << c
		}
	}
	g.entropy = float64(g.length-2)*math.Log2(float64(len(g.all))) + 2*math.Log2(float64(len(g.ends))) + math.Log2(g.share(of))
	return problem{}
}

// characters returns those of each class that the recipe allows.
func (r Recipe) characters(p Policy) (of [classCount]string, bad problem) {
	of = [classCount]string{upperLetters, lowerLetters, digitCharacters, ""}
	switch {
	case r.Symbols == AnySymbols:
		of[symbolClass] = anySymbols
	case r.Symbols == SafeSymbols && p.Symbol:
		of[symbolClass] = safeSymbols
	case p.Symbol:
		return of, problem{"symbols is none, and the policy asks for a symbol", "write symbols: safe, which is the default"}
	}
	for i, asked := range p.classes() {
		c := class(i)
		of[c] = r.without(of[c])
		if asked && of[c] == "" {
			hint := "exclude fewer characters"
			if c == symbolClass && r.Symbols == SafeSymbols {
				hint += ", or write symbols: any"
			}
			return of, problem{"exclude leaves " + classNames[c] + " out, and the policy asks for one", hint}
		}
	}
	return of, problem{}
}

// without returns characters less those that are excluded.
func (r Recipe) without(text string) string {
	return strings.Map(func(c rune) rune {
		if strings.ContainsRune(r.Exclude, c) {
			return -1
		}
		return c
	}, text)
}
