package jobs

import (
	"bytes"
	_ "embed"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
)

// wordList is the EFF's long list. Its head says where it is from and under which
// licence.
//
//go:embed words.txt
var wordList string

// allWords are the words of the list but for those few that have a hyphen.
var allWords = sync.OnceValue(func() (words []string) {
	for line := range strings.Lines(wordList) {
		word := strings.TrimSuffix(line, "\n")
		if !strings.ContainsAny(word, "# -") && word != "" {
			words = append(words, word)
		}
	}
	return words
})

const (
	fewestWords = 3
	mostWords   = 24   // with all that is put between them, still within what Cognito takes
	fewWords    = 1000 // a list of fewer is too short to draw from
	longestWord = 9
)

// phrase makes passphrases. No word of the list begins with another, so that two
// different drawings never give the same text, also where nothing stands between
// the words.
type phrase struct {
	words   []string
	count   int
	least   int    // length in characters
	gaps    string // one of which stands between two words; "": nothing does, and each begins with a capital
	capital bool   // one of the words, by lot, begins with a capital
	digits  string // one of which stands behind one of the words; "": none does
	exclude string
	fit     float64 // the share of what is drawn that is fit
}

func (r Recipe) newPhrase(p Policy) (*phrase, problem) {
	if r.Words < fewestWords || r.Words > mostWords {
		return nil, problem{fmt.Sprintf("words is not from %d to %d", fewestWords, mostWords), ""}
	}
	if r.Length != 0 {
		return nil, problem{"both length and words", "a passphrase is as long as its words: leave length out"}
	}
	f := &phrase{count: r.Words, least: p.MinLength, exclude: r.Exclude}
	of, bad := r.characters(Policy{Digit: p.Digit, Symbol: p.Symbol})
	if bad.found() {
		return nil, bad
	}
	if p.Digit {
		f.digits = of[digitClass]
	}
	switch r.Symbols {
	case AnySymbols:
		f.gaps = of[symbolClass]
	case SafeSymbols:
		safe := r.without(safeSymbols)
		f.gaps = safe[:min(len(safe), 1)]
	}
	f.capital = p.Upper && f.gaps != ""
	f.words = slices.DeleteFunc(slices.Clone(allWords()), func(word string) bool {
		return strings.ContainsAny(word, r.Exclude) || f.gaps == "" && !f.mayBeCapital(word)
	})
	if len(f.words) < fewWords {
		return nil, problem{"exclude leaves too few words", "exclude fewer characters, or use length in place of words"}
	}
	return f, f.measure()
}

// measure finds out how often what is drawn is fit, and refuses what seldom is.
func (f *phrase) measure() problem {
	const often = 0.01
	if f.fit = f.share(f.count); f.fit >= often {
		return problem{}
	}
	for more := f.count + 1; more <= mostWords; more++ {
		if f.share(more) >= often {
			return problem{fmt.Sprintf("%d words are shorter than the %d characters that the policy asks for", f.count, f.least),
				fmt.Sprintf("write words: %d, or more", more)}
		}
	}
	return problem{"words that cannot be made to fit the policy", "exclude fewer characters, or use length in place of words"}
}

func (f *phrase) mayBeCapital(word string) bool {
	return !strings.ContainsRune(f.exclude, rune(word[0]-'a'+'A'))
}

// share returns which part of all passphrases of so many words is fit: long
// enough, with a capital that is not excluded.
func (f *phrase) share(count int) float64 {
	var plain, capital [longestWord + 1]float64 // by length, words as a share of all
	for _, word := range f.words {
		plain[len(word)] += 1 / float64(len(f.words))
		if f.mayBeCapital(word) {
			capital[len(word)] += 1 / float64(len(f.words))
		}
	}
	lengths := []float64{1}
	for i := range count {
		each := plain
		if i == 0 && f.capital { // whichever it is: the order does not matter for the sum
			each = capital
		}
		next := make([]float64, len(lengths)+longestWord)
		for a, p := range lengths {
			for b, q := range each {
				next[a+b] += p * q
			}
		}
		lengths = next
	}
	fit := 0.0
	for n, p := range lengths {
		if n+f.extra(count) >= f.least {
			fit += p
		}
	}
	return fit
}

// extra is how many characters stand beside the words.
func (f *phrase) extra(count int) int {
	n := 0
	if f.gaps != "" {
		n = count - 1
	}
	if f.digits != "" {
		n++
	}
	return n
}

func (f *phrase) entropy() float64 {
	ways := float64(f.count) * math.Log2(float64(len(f.words)))
	if f.gaps != "" {
		ways += float64(f.count-1) * math.Log2(float64(len(f.gaps)))
	}
	if f.capital {
		ways += math.Log2(float64(f.count))
	}
	if f.digits != "" {
		ways += math.Log2(float64(f.count * len(f.digits)))
	}
	return ways + math.Log2(f.fit)
}

// password draws until the whole is fit, so that each that is fit is as likely as
// any other.
func (f *phrase) password(d *dice) Secret {
	var buf [maxPassword]byte
	defer clear(buf[:])
	for {
		text, ok := f.draw(buf[:0], d)
		if ok && len(text) >= f.least {
			return NewSecret(string(text))
		}
	}
}

func (f *phrase) draw(text []byte, d *dice) ([]byte, bool) {
	capital, digit := -1, -1
	if f.capital {
		capital = d.roll(f.count)
	}
	if f.digits != "" {
		digit = d.roll(f.count)
	}
	ok := true
	for i := range f.count {
		if i > 0 && f.gaps != "" {
			text = append(text, f.gaps[d.roll(len(f.gaps))])
		}
		word := f.words[d.roll(len(f.words))]
		text = append(text, word...)
		if i == capital || f.gaps == "" {
			first := text[len(text)-len(word):][:1]
			copy(first, bytes.ToUpper(first))
			ok = ok && f.mayBeCapital(word)
		}
		if i == digit {
			text = append(text, f.digits[d.roll(len(f.digits))])
		}
	}
	return text, ok
}
