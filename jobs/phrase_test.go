package jobs

import (
	"math"
	"strings"
	"sync"
	"testing"
)

// TestWordList holds what passphrases rely on: no word begins with another.
func TestWordList(t *testing.T) {
	if words := strings.Count(wordList, "\n") - strings.Count(wordList, "#"); words != 7776 {
		t.Errorf("got %d words", words)
	}
	words := allWords()
	if len(words) != 7776-4 {
		t.Errorf("got %d words without a hyphen", len(words))
	}
	for i, word := range words {
		if len(word) < 3 || len(word) > longestWord || strings.Trim(word, "abcdefghijklmnopqrstuvwxyz") != "" {
			t.Errorf("got the word %q", word)
		}
		if i > 0 && (words[i-1] >= word || strings.HasPrefix(word, words[i-1])) {
			t.Errorf("%q follows %q", word, words[i-1])
		}
	}
}

func TestPhrase(t *testing.T) {
	for _, tt := range []struct {
		recipe Recipe
		policy Policy
		gaps   string
		digits int
		capitals,
		bits float64
	}{
		{Recipe{Words: 6}, DefaultPolicy, "-", 1, 1, 6*math.Log2(7772) + 2*math.Log2(6) + 3},
		{Recipe{Words: 6}, Policy{}, "-", 0, 0, 6 * math.Log2(7772)},
		{Recipe{Words: 4, Exclude: "-"}, Policy{Symbol: true}, ".", 0, 0, 4 * math.Log2(7772)},
		{Recipe{Words: 5, Symbols: NoSymbols}, Policy{Upper: true, Digit: true}, "", 1, 5, 5*math.Log2(7772) + math.Log2(5) + 3},
		{Recipe{Words: 4, Symbols: AnySymbols, Exclude: "[]"}, DefaultPolicy, strings.NewReplacer("[", "", "]", "").Replace(anySymbols), 1, 1,
			4*math.Log2(7772) + 3*math.Log2(float64(len(anySymbols)-2)) + 2*math.Log2(4) + 3},
	} {
		g, bad := tt.recipe.generator(tt.policy)
		if bad.found() {
			t.Fatal(bad)
		}
		if math.Abs(g.Entropy()-tt.bits) > 1e-6 {
			t.Errorf("%v: got %v bits, want %v", tt.recipe, g.Entropy(), tt.bits)
		}
		var at [2][24]int // in which word the capital and the digit are
		for range 2000 {
			text := g.Password().Reveal()
			words := splitWords(text)
			capitals, digits := 0.0, 0
			for i, word := range words {
				if c := word[0]; 'A' <= c && c <= 'Z' {
					capitals++
					at[0][i]++
				}
				if strings.ContainsAny(word, digitCharacters) {
					digits++
					at[1][i]++
				}
			}
			if capitals != tt.capitals || digits != tt.digits || len(words) != tt.recipe.Words {
				t.Fatalf("%v: got %q", tt.recipe, text)
			}
			if strings.ContainsFunc(text, func(c rune) bool { return strings.ContainsRune(anySymbols, c) && !strings.ContainsRune(tt.gaps, c) }) {
				t.Fatalf("%v: got %q", tt.recipe, text)
			}
		}
		for i := range tt.recipe.Words {
			if tt.capitals > 0 && at[0][i] == 0 || tt.digits > 0 && at[1][i] == 0 {
				t.Errorf("%v: got a capital in %v, a digit in %v", tt.recipe, at[0], at[1])
			}
		}
	}
}

var isWord = sync.OnceValue(func() map[string]bool {
	known := map[string]bool{}
	for _, word := range allWords() {
		known[word] = true
	}
	return known
})

// splitWords finds the words of a passphrase by the list alone.
func splitWords(text string) (words []string) {
	lower := strings.ToLower(text)
	for from := 0; from < len(text); {
		to := from + 1
		for to < len(text) && !isWord()[lower[from:to]] {
			to++
		}
		for to < len(text) && !('a' <= lower[to] && lower[to] <= 'z') {
			to++
		}
		words = append(words, text[from:to])
		from = to
	}
	return words
}

// TestEntropyCounts holds the count of passwords against counting them one by
// one, of an alphabet that is small enough.
func TestEntropyCounts(t *testing.T) {
	of := [classCount]string{"A", "bc", "3", "-"}
	for _, want := range []state{0, 1 << upperClass, 1<<digitClass | 1<<symbolClass, 1<<classCount - 1} {
		for _, guarded := range []bool{false, true} {
			g := &Generator{length: 6, all: "Abc3-", ends: "Abc3", want: want, guarded: guarded}
			total, fit := 0, 0
			var count func(s state, i int)
			count = func(s state, i int) {
				if i == g.length {
					total++
					if g.takes(s) {
						fit++
					}
					return
				}
				for c, text := range of {
					if symbol := class(c) == symbolClass; !symbol || i > 0 && i < g.length-1 {
						for range text {
							count(s.with(class(c)), i+1)
						}
					}
				}
			}
			count(0, 0)
			if got, want := g.share(of), float64(fit)/float64(total); math.Abs(got-want) > 1e-12 {
				t.Errorf("want %b, guarded %v: got %v, and counted %v", g.want, guarded, got, want)
			}
		}
	}
}

// TestRoll holds that the lower numbers come up no more often, where bytes do not
// divide evenly.
func TestRoll(t *testing.T) {
	for _, n := range []int{1, 3, 59, 200, 256, 257, 7772, 1 << 16} {
		d := newDice()
		const draws = 100_000
		low := 0
		for range draws {
			got := d.roll(n)
			if got < 0 || got >= n {
				t.Fatalf("%d: got %d", n, got)
			}
			if got < (n+1)/2 {
				low++
			}
		}
		// Eight deviations: once in 10^15 times.
		if mean := draws * float64((n+1)/2) / float64(n); math.Abs(float64(low)-mean) > 4*math.Sqrt(draws) {
			t.Errorf("%d: the lower half came up %d times of %d, want %.0f", n, low, draws, mean)
		}
		d.putBack()
	}
}
