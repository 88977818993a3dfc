package runfile

import (
	"errors"
	"math"
	"reflect"
	"testing"
	"time"
)

func samplesOf(t *testing.T, f *File) []Sample {
	t.Helper()
	all, err := f.Samples()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestSamples(t *testing.T) {
	path := makeFile(t, 1)
	f := openFile(t, path)
	second := start.Truncate(time.Second)
	first := Sample{At: second, Span: 400 * time.Millisecond, Asked: 10, Rate: 10, Requests: 4, Throttled: 1, OK: 3,
		P50: 10 * time.Millisecond, P95: 20 * time.Millisecond, Max: 25 * time.Millisecond}
	same := Sample{At: second.Add(400 * time.Millisecond), Span: 600 * time.Millisecond, Asked: 5, Rate: 5, Requests: 12, OK: 8, Failed: 1, Unknown: 1,
		P50: 30 * time.Millisecond, P95: 40 * time.Millisecond, Max: 50 * time.Millisecond}
	later := Sample{At: second.Add(time.Hour), Span: time.Second, Asked: math.Inf(1), Rate: math.Inf(1), Skipped: 7}
	for _, s := range []Sample{first, same, later} {
		if err := errors.Join(f.Sample(s), f.Flush()); err != nil {
			t.Fatal(err)
		}
	}
	want := []Sample{{At: second, Span: time.Second, Asked: 5, Rate: 7, Requests: 16, Throttled: 1, OK: 11, Failed: 1, Unknown: 1,
		P50: 25 * time.Millisecond, P95: 35 * time.Millisecond, Max: 50 * time.Millisecond}, later}
	if got := samplesOf(t, f); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if got := samplesOf(t, openReadOnly(t, path)); !reflect.DeepEqual(got, want) {
		t.Errorf("after closing: got  %+v\nwant %+v", got, want)
	}
	f = openFile(t, path)
	if f.Sample(Sample{Rate: math.NaN()}) == nil || f.Sample(Sample{At: start, Span: -1}) == nil {
		t.Error("a sample that cannot be is taken")
	}
	if openReadOnly(t, path).Sample(later) == nil {
		t.Error("a file that is read takes a sample")
	}
}

// TestSamplesOfDaysAreBounded: of a long run, neighbours are put together, and
// nothing is lost by it; it goes on so after the file was closed.
func TestSamplesOfDaysAreBounded(t *testing.T) {
	t.Parallel()
	path := makeFile(t, 1)
	f := openFile(t, path)
	seconds := 6000
	if long() {
		seconds = 12_000
	}
	for i := range int64(seconds) {
		if i == int64(seconds)/2 {
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
			f = openFile(t, path)
		}
		s := Sample{At: start.Add(time.Duration(i) * time.Second), Span: time.Second, Asked: 10, Rate: 10, Requests: 10, OK: 9, Max: time.Duration(i) * time.Millisecond}
		if err := f.Sample(s); err != nil {
			t.Fatal(err)
		}
		if i%1000 == 0 {
			if err := f.Flush(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := f.Flush(); err != nil {
		t.Fatal(err)
	}
	all := samplesOf(t, f)
	if len(all) > maxSamples || len(all) < maxSamples/4 {
		t.Errorf("got %d samples, want %d at most", len(all), maxSamples)
	}
	var sum Sample
	for i, s := range all {
		if i > 0 && !s.At.After(all[i-1].At) {
			t.Fatalf("sample %d begins at %v, after that of %v", i, s.At, all[i-1].At)
		}
		sum = sum.plus(s)
	}
	if sum.Span != time.Duration(seconds)*time.Second || sum.Requests != int64(10*seconds) || sum.OK != int64(9*seconds) || sum.Rate != 10 || sum.Max != time.Duration(seconds-1)*time.Millisecond {
		t.Errorf("put together they are %+v", sum)
	}
}
