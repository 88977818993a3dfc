package jobs_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"cogpass/jobs"
)

const allSymbols = "^$*.[]{}()?-\"!@#%&/\\,><':;|_~`+="

func isSymbol(c byte) bool { return strings.IndexByte(allSymbols, c) >= 0 }

func drawPolicy(t *rapid.T) jobs.Policy {
	flag := rapid.Bool()
	return jobs.Policy{MinLength: rapid.IntRange(6, 99).Draw(t, "least"), Upper: flag.Draw(t, "upper"), Lower: flag.Draw(t, "lower"),
		Digit: flag.Draw(t, "digit"), Symbol: flag.Draw(t, "symbol")}
}

func drawRecipe(t *rapid.T) jobs.Recipe {
	r := jobs.Recipe{
		Symbols: rapid.SampledFrom([]jobs.SymbolSet{jobs.SafeSymbols, jobs.NoSymbols, jobs.AnySymbols}).Draw(t, "symbols"),
		Exclude: rapid.OneOf(rapid.StringMatching(`[!-~]{0,60}`), rapid.StringMatching(`[A-Z]{0,60}[0-9é ]{0,20}`)).Draw(t, "exclude"),
	}
	switch rapid.IntRange(0, 3).Draw(t, "form") {
	case 0:
		r.Words = rapid.IntRange(3, 24).Draw(t, "words")
		r.Exclude = r.Exclude[:min(len(r.Exclude), 4)]
	case 1:
		r.Length = rapid.IntRange(6, 256).Draw(t, "length")
	}
	return r
}

// checkMade checks a password against what was asked for.
func checkMade(r jobs.Recipe, p jobs.Policy, text string) error {
	mayEnd := "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789"
	left := strings.Trim(mayEnd, r.Exclude) != ""
	switch n := len(text); {
	case p.Check(jobs.NewSecret(text)) != "":
		return errors.New("it " + p.Check(jobs.NewSecret(text)))
	case n > 256, r.Length > 0 && n != r.Length, r.Length == 0 && r.Words == 0 && n != max(20, p.MinLength):
		return fmt.Errorf("it has %d characters", n)
	case strings.ContainsAny(text, r.Exclude):
		return errors.New("it has an excluded character")
	case strings.Trim(text, " \t") != text, strings.ContainsFunc(text, func(c rune) bool { return c <= ' ' || c > '~' }):
		return errors.New("it has a character that is not graphic ASCII")
	case left && (isSymbol(text[0]) || isSymbol(text[n-1])):
		return errors.New("it begins or ends with a symbol")
	case r.Words == 0 && strings.ContainsAny(strings.Map(func(c rune) rune {
		if isSymbol(byte(c)) {
			return -1
		}
		return c
	}, text), "0O1lIo"):
		return errors.New("it has a character that is easily taken for another")
	case r.Symbols == jobs.NoSymbols && strings.ContainsAny(text, allSymbols):
		return errors.New("it has a symbol")
	case r.Symbols == jobs.SafeSymbols && strings.ContainsFunc(text, func(c rune) bool { return isSymbol(byte(c)) && !strings.ContainsRune("-._", c) }):
		return errors.New("it has a symbol that is not safe")
	case r.Symbols == jobs.SafeSymbols && !p.Symbol && r.Words == 0 && strings.ContainsAny(text, allSymbols):
		return errors.New("it has a symbol that nobody asked for")
	}
	return nil
}

// TestGenerateConforms makes 100,000 passwords in all, for random policies.
func TestGenerateConforms(t *testing.T) {
	made := 0
	for made < 100_000 {
		rapid.Check(t, func(t *rapid.T) {
			r, p := drawRecipe(t), drawPolicy(t)
			g, err := r.Generator(p)
			if err != nil {
				fault := jobs.Fault{}
				if !errors.As(err, &fault) || strings.HasPrefix(err.Error(), ":") {
					t.Fatalf("got %#v", err)
				}
				t.Skip(err)
			}
			for range 100 {
				made++
				if err := checkMade(r, p, g.Password().Reveal()); err != nil {
					t.Fatalf("%+v for %+v: %v", r, p, err)
				}
			}
			if g.Entropy() < 32 {
				t.Fatalf("got %v bits", g.Entropy())
			}
		})
	}
}

// TestGenerateOnlySymbols: where nothing else is left they stand at the ends too.
func TestGenerateOnlySymbols(t *testing.T) {
	letters := "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	g, err := jobs.Recipe{Symbols: jobs.AnySymbols, Exclude: letters}.Generator(jobs.Policy{Symbol: true})
	if err != nil {
		t.Fatal(err)
	}
	if text := g.Password().Reveal(); strings.ContainsAny(text, letters) || len(text) != 20 {
		t.Error("got another")
	}
}

func TestGenerateRefuses(t *testing.T) {
	all := jobs.DefaultPolicy
	digits := "23456789"
	for _, tt := range []struct {
		recipe jobs.Recipe
		policy jobs.Policy
		want   string
	}{
		{jobs.Recipe{Exclude: digits}, all, "exclude leaves every digit out, and the policy asks for one: exclude fewer characters"},
		{jobs.Recipe{Exclude: "-._"}, all, "exclude leaves every symbol out, and the policy asks for one: exclude fewer characters, or write symbols: any"},
		{jobs.Recipe{Exclude: allSymbols, Symbols: jobs.AnySymbols}, all, "exclude leaves every symbol out, and the policy asks for one: exclude fewer characters"},
		{jobs.Recipe{Exclude: "ABCDEFGHJKLMNPQRSTUVWXYZ"}, all, "exclude leaves every upper-case letter out, and the policy asks for one: exclude fewer characters"},
		{jobs.Recipe{Symbols: jobs.NoSymbols}, all, "symbols is none, and the policy asks for a symbol: write symbols: safe, which is the default"},
		{jobs.Recipe{Length: 7}, all, "length is 7, and the policy asks for 8 characters: leave length out, or make it that long"},
		{jobs.Recipe{Length: 5}, jobs.Policy{}, "length is not from 6 to 256, which is what Cognito takes"},
		{jobs.Recipe{Length: 257}, all, "length is not from 6 to 256, which is what Cognito takes"},
		{jobs.Recipe{Exclude: "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789"}, jobs.Policy{}, "exclude leaves no character: exclude fewer"},
		{jobs.Recipe{Length: 6, Exclude: "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz"}, jobs.Policy{},
			"passwords of 18 bits of entropy, which are too easily guessed: make them longer, or exclude fewer characters"},
		{jobs.Recipe{Words: 2}, all, "words is not from 3 to 24"},
		{jobs.Recipe{Words: 25}, all, "words is not from 3 to 24"},
		{jobs.Recipe{Words: 6, Length: 30}, all, "both length and words: a passphrase is as long as its words: leave length out"},
		{jobs.Recipe{Words: 6, Symbols: jobs.NoSymbols}, all, "symbols is none, and the policy asks for a symbol: write symbols: safe, which is the default"},
		{jobs.Recipe{Words: 6, Exclude: digits}, all, "exclude leaves every digit out, and the policy asks for one: exclude fewer characters"},
		{jobs.Recipe{Words: 6, Exclude: "aeiou"}, all, "exclude leaves too few words: exclude fewer characters, or use length in place of words"},
		{jobs.Recipe{Words: 6, Exclude: "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}, all, "words that cannot be made to fit the policy: exclude fewer characters, or use length in place of words"},
		{jobs.Recipe{Words: 6}, jobs.Policy{MinLength: 80}, "6 words are shorter than the 80 characters that the policy asks for: write words: 9, or more"},
	} {
		_, err := tt.recipe.Generator(tt.policy)
		fault := jobs.Fault{}
		if !errors.As(err, &fault) {
			t.Errorf("%+v: got %v", tt.recipe, err)
		} else if got := fault.Advice(); got != tt.want {
			t.Errorf("%+v:\n got %s\nwant %s", tt.recipe, got, tt.want)
		}
	}
}

// TestGenerateIsUniform counts 100,000 passwords: with no bias, chi-squared goes
// above these bounds once in more than 10^10 times.
func TestGenerateIsUniform(t *testing.T) {
	g := mustGenerator(t, jobs.Recipe{Length: 12}, jobs.DefaultPolicy)
	const ends = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789"
	const runs = 100_000
	byClass := map[string]*[128]float64{"upper": {}, "lower": {}, "digit": {}, "symbol": {}}
	var atPlace [12]map[string]float64
	for i := range atPlace {
		atPlace[i] = map[string]float64{}
	}
	for range runs {
		text := g.Password().Reveal()
		for i := range len(text) {
			c := classOf(text[i])
			byClass[c][text[i]]++
			atPlace[i][c]++
		}
	}
	for _, tt := range []struct{ class, of string }{{"upper", ends[:24]}, {"lower", ends[24:48]}, {"digit", ends[48:]}, {"symbol", "-._"}} {
		total, chi := 0.0, 0.0
		for _, n := range byClass[tt.class] {
			total += n
		}
		want := total / float64(len(tt.of))
		for _, c := range []byte(tt.of) {
			chi += (byClass[tt.class][c] - want) * (byClass[tt.class][c] - want) / want
		}
		if most := chiSquaredBound(len(tt.of) - 1); chi > most {
			t.Errorf("%s: chi-squared is %.1f, above %.1f", tt.class, chi, most)
		}
	}
	for _, class := range []string{"upper", "lower", "digit", "symbol"} {
		for i, n := range atPlace {
			if share := n[class] / runs; share > 0.9 || (share < 0.01) != (class == "symbol" && (i == 0 || i == 11)) {
				t.Errorf("%s is at place %d in %v of all", class, i, share)
			}
		}
	}
	// Symbols may be anywhere within, and nothing tells one place from another.
	chi, total := 0.0, 0.0
	for i := 1; i < 11; i++ {
		total += atPlace[i]["symbol"]
	}
	for i := 1; i < 11; i++ {
		chi += (atPlace[i]["symbol"] - total/10) * (atPlace[i]["symbol"] - total/10) / (total / 10)
	}
	if most := chiSquaredBound(9); chi > most {
		t.Errorf("symbols by place: chi-squared is %.1f, above %.1f", chi, most)
	}
}

func classOf(c byte) string {
	switch {
	case 'A' <= c && c <= 'Z':
		return "upper"
	case 'a' <= c && c <= 'z':
		return "lower"
	case '0' <= c && c <= '9':
		return "digit"
	}
	return "symbol"
}

// chiSquaredBound is what chi-squared of so many degrees exceeds with a probability
// below 10^-10: Wilson and Hilferty's approximation, 7 deviations out.
func chiSquaredBound(degrees int) float64 {
	k := float64(degrees)
	return k * math.Pow(1-2/(9*k)+7*math.Sqrt(2/(9*k)), 3)
}

func mustGenerator(t testing.TB, r jobs.Recipe, p jobs.Policy) *jobs.Generator {
	t.Helper()
	g, err := r.Generator(p)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// TestGenerateNeverANumber: what a spreadsheet could take for a number or a date
// is never made, though with these recipes every second drawing is one.
func TestGenerateNeverANumber(t *testing.T) {
	letters := "ABCDEFGHJKLMNPQRSTUVWXYZabcdfghijkmnpqrstuvwxyz" // leaves e
	for _, r := range []jobs.Recipe{{Length: 11, Exclude: letters}, {Length: 12, Exclude: letters, Symbols: jobs.AnySymbols}} {
		g := mustGenerator(t, r, jobs.Policy{MinLength: 6})
		for range 2000 {
			text := g.Password().Reveal()
			runs := len(strings.FieldsFunc(text, func(c rune) bool { return classOf(byte(c)) != "lower" }))
			if runs < 2 && strings.ContainsAny(text, "23456789") {
				t.Fatalf("%+v: %q may be taken for a number", r, text)
			}
		}
	}
}

// TestGenerateManyAtOnce has many goroutines make passwords, all of them different.
func TestGenerateManyAtOnce(t *testing.T) {
	g := mustGenerator(t, jobs.Recipe{}, jobs.DefaultPolicy)
	var seen sync.Map
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 2000 {
				if _, again := seen.LoadOrStore(g.Password().Reveal(), true); again {
					t.Error("a password was made twice")
				}
			}
		})
	}
	all.Wait()
}

func BenchmarkGenerate(b *testing.B) {
	for _, tt := range []struct {
		name   string
		recipe jobs.Recipe
	}{{"characters", jobs.Recipe{}}, {"short", jobs.Recipe{Length: 8}}, {"words", jobs.Recipe{Words: 6}}} {
		b.Run(tt.name+"/100000", func(b *testing.B) {
			g := mustGenerator(b, tt.recipe, jobs.DefaultPolicy)
			b.ReportAllocs()
			for b.Loop() {
				for range 100_000 {
					g.Password()
				}
			}
		})
	}
}
