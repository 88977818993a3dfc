package report

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cogpass/runner"
)

// row is a line of JSONL as a program would read it.
type row struct {
	Seq        int64   `json:"seq"`
	Username   string  `json:"username"`
	Sub        *string `json:"sub"`
	Action     string  `json:"action"`
	Outcome    string  `json:"outcome"`
	Attempts   int     `json:"attempts"`
	Throttled  int     `json:"throttled"`
	Code       *string `json:"code"`
	Reason     *string `json:"reason"`
	RequestID  *string `json:"request_id"`
	StartedAt  *string `json:"started_at"`
	FinishedAt *string `json:"finished_at"`
	Duration   *int64  `json:"duration_ms"`
	Status     *string `json:"status_before"`
	Created    *string `json:"created"`
	SignOut    *string `json:"sign_out"`
	Check      *string `json:"check"`
	Handoff    *string `json:"handoff"`
	ExpiresAt  *string `json:"expires_at"`
	Source     *string `json:"source"`
}

func TestJSONRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.Custom(drawResult), 0, 5).Draw(t, "results")
		run := sampleRun()
		run.PoolName = rapid.String().Draw(t, "pool name")

		var out strings.Builder
		if err := Write(&out, JSON, run, sequence(list)); err != nil {
			t.Fatal(err)
		}
		var whole struct {
			Run     map[string]any
			Summary map[string]any
			Results []row
		}
		decoder := json.NewDecoder(strings.NewReader(out.String()))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&whole); err != nil {
			t.Fatalf("%v in:\n%s", err, out.String())
		}
		if len(whole.Results) != len(list) {
			t.Fatalf("got %d results, want %d", len(whole.Results), len(list))
		}
		for i, r := range list {
			got := whole.Results[i]
			if want := asJSON(r.Username); got.Seq != r.Seq || got.Username != want {
				t.Errorf("result %d: got %d %q, want %d %q", i, got.Seq, got.Username, r.Seq, want)
			}
			why := reason(&r)
			if (got.Reason == nil) != (why == "") || got.Reason != nil && *got.Reason != asJSON(why) {
				t.Errorf("result %d: got reason %v, want %q", i, got.Reason, why)
			}
			if o := r.Beside[1].Outcome; *got.Created != "ok" || (got.SignOut == nil) != (o == runner.Pending) || got.SignOut != nil && *got.SignOut != o.String() {
				t.Errorf("result %d: got %v and %v, want ok and %v", i, got.Created, got.SignOut, o)
			}
			began, err := time.Parse(time.RFC3339, *got.StartedAt)
			if err != nil || !began.Equal(r.StartedAt) {
				t.Errorf("result %d: got started_at %s, want %s", i, *got.StartedAt, r.StartedAt)
			}
			if *got.Duration < 0 {
				t.Errorf("result %d: got duration %d ms", i, *got.Duration)
			}
		}
	})
}

// asJSON is how JSON can hold s.
func asJSON(s string) string { return string([]rune(s)) }

func FuzzJSONString(f *testing.F) {
	for _, seed := range []string{"", "ana", `"\`, "\x00\x1b\x7f\u0080", "\u202e\u2028", "\U0001F600\U000E0001", "\xff\xed\xa0\x80"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		text := string(appendJSONString(nil, s))
		var got string
		if err := json.Unmarshal([]byte(text), &got); err != nil || got != asJSON(s) {
			t.Errorf("%q: got %q, %v from %s", s, got, err, text)
		}
		if !isVisible(text) {
			t.Errorf("%q: %q has characters that do not print", s, text)
		}
	})
}

// A reader of lines may rely on every row having every column of the CSV.
func TestJSONKeysAreTheColumns(t *testing.T) {
	header, _, _ := strings.Cut(string(render(t, CSV, Run{}, sequence(nil))), "\n")
	want := strings.Split(header, ",")
	for line := range strings.Lines(string(render(t, JSONL, Run{}, sequence(sampleResults())))) {
		decoder := json.NewDecoder(strings.NewReader(line))
		var got []string
		decoder.Token()
		for decoder.More() {
			key, _ := decoder.Token()
			got = append(got, key.(string))
			var value any
			if err := decoder.Decode(&value); err != nil {
				t.Fatalf("%v in %s", err, line)
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("got keys %v, want %v", got, want)
		}
	}
}

func TestJSONFigures(t *testing.T) {
	tests := []struct {
		figure float64
		want   string
	}{
		{10, "10"}, {9.98765, "9.988"}, {1e6, "1000000"}, {0.0001, "0"},
		{0, "null"}, {-1, "null"}, {math.Inf(1), "null"}, {math.NaN(), "null"},
	}
	for _, tt := range tests {
		if got := string(appendJSONFigure(nil, tt.figure)); got != tt.want {
			t.Errorf("figure %v: got %s, want %s", tt.figure, got, tt.want)
		}
	}
}
