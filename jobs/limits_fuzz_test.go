package jobs_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"cogpass/jobs"
)

// FuzzRate reads any text as a rate and as a limit of failures. What is taken is
// within its bounds, and is the same when it is written and read again.
func FuzzRate(f *testing.F) {
	for _, text := range []string{"10/s", "300/m", "max", "0.000000001/m", "0.7/m", "0.000012346/s", "999999999.999999999/s", "1000000/s", "5%", "100%", "0%", "20", "-1", "1e3/s", "٣/s", "+Inf"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if rate, err := jobs.ParseRate(text); err == nil {
			if !(rate > 0) || rate < 1/86400. || rate > 1_000_000 && rate != jobs.MaxRate || math.IsInf(float64(rate), 1) != (text == "max") {
				t.Errorf("%q is %v", text, float64(rate))
			}
			if again, err := jobs.ParseRate(rate.String()); err != nil || again != rate {
				t.Errorf("%q is %v, and %q is %v, %v", text, float64(rate), rate, float64(again), err)
			}
		} else if rate != 0 || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q is %v and an error of %q", text, rate, err)
		}
		if failures, err := jobs.ParseMaxFailures(text); err == nil {
			if !failures.Given || failures.Count < 0 || failures.Share < 0 || failures.Share > 100 {
				t.Errorf("%q is %+v", text, failures)
			}
			again, err := jobs.ParseMaxFailures(failures.String())
			if err != nil || again != failures {
				t.Errorf("%q is %+v, and %q is %+v, %v", text, failures, failures, again, err)
			}
		}
	})
}

// FuzzDuration writes any text as the times and numbers of a job. It has a fault
// with a place, or times within their bounds that Go reads alike.
func FuzzDuration(f *testing.F) {
	for _, text := range []string{"30s", "1ms", "24h", "24h1ns", "1.5m", "-5s", "0", "9223372036854775807ns", "1h1h", ".5s", "1µs", "20000h"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		quoted := `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`).Replace(text) + `"`
		path := jobIn(t, head+"action: reset\nusers: [ana]\nretry: {timeout: "+quoted+", outage: "+quoted+", maxDelay: "+quoted+"}\n")
		job, err := jobs.Open(path, jobs.Options{})
		if err != nil {
			checkFaults(t, err)
			return
		}
		for _, err := range job.Tasks(t.Context()).All() {
			if err != nil {
				checkFaults(t, err)
				return
			}
		}
		want, err := time.ParseDuration(text)
		if r := job.Retry; err != nil || r.Timeout != want || r.Outage != want || r.MaxDelay != want || want < time.Millisecond || want > 24*time.Hour {
			t.Errorf("%q is %+v, and to Go %v, %v", text, r, want, err)
		}
	})
}

// FuzzGenerate makes passwords by any recipe for any policy: they are as both say,
// or there is a fault that says why not. A recipe is the same when it is written
// and read again.
func FuzzGenerate(f *testing.F) {
	f.Add(20, 0, uint8(0), "", 8, uint8(15))
	f.Add(0, 5, uint8(0), "", 12, uint8(15))
	f.Add(6, 0, uint8(2), "ABCDEFGHJKLMNPQRSTUVWXYZ", 6, uint8(14))
	f.Add(0, 24, uint8(1), "-._", 99, uint8(7))
	f.Add(256, 0, uint8(2), `^$*.[]{}()?-"!@#%&/\,><':;|_~`, 99, uint8(8))
	f.Add(0, 0, uint8(1), "abcdefghijkmnpqrstuvwxyzé\x00\xff ", 0, uint8(1))
	f.Add(-1, -1, uint8(9), "", -1, uint8(0))
	f.Fuzz(func(t *testing.T, length, words int, symbols uint8, exclude string, least int, asked uint8) {
		r := jobs.Recipe{Length: length, Words: words, Symbols: jobs.SymbolSet(symbols % 3), Exclude: exclude}
		p := jobs.Policy{MinLength: least % 100, Upper: asked&1 > 0, Lower: asked&2 > 0, Digit: asked&4 > 0, Symbol: asked&8 > 0}
		g, err := r.Generator(p)
		if err != nil {
			if fault, ok := err.(jobs.Fault); !ok || fault.Message == "" {
				t.Errorf("%+v for %+v: %v (%T)", r, p, err, err)
			}
			return
		}
		if g.Entropy() < 32 || math.IsNaN(g.Entropy()) || g.Entropy() > 256*7 {
			t.Errorf("%+v for %+v: %v bits", r, p, g.Entropy())
		}
		for range 3 {
			if err := checkMade(r, p, g.Password().Reveal()); err != nil {
				t.Errorf("%+v for %+v: %v", r, p, err)
			}
		}
		again, err := jobs.ParseRecipe(r.String())
		if err != nil || again.String() != r.String() {
			t.Errorf("%+v is written %q, and read as %+v, %v", r, r, again, err)
		}
	})
}

// FuzzRecipe reads any text as a recipe, as a run file has it.
func FuzzRecipe(f *testing.F) {
	for _, text := range []string{"symbols=safe", "symbols=any length=20 exclude=!\"#", "symbols=none words=5", "length=07", "symbols=safe symbols=safe", "symbols=safe exclude=a=b", ""} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := jobs.ParseRecipe(text)
		if err != nil {
			if r != (jobs.Recipe{}) || err.Error() != "this is not a recipe of passwords" {
				t.Errorf("%q gives %+v, %v", text, r, err)
			}
			return
		}
		if r.String() != text {
			t.Errorf("%q is read as %+v, which is written %q", text, r, r)
		}
		if g, err := r.Generator(jobs.DefaultPolicy); err == nil {
			if err := checkMade(r, jobs.DefaultPolicy, g.Password().Reveal()); err != nil {
				t.Errorf("%q: %v", text, err)
			}
		}
	})
}
