package report

import (
	"encoding/csv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cogpass/jobs"
	"cogpass/runner"
)

func TestCSVGuard(t *testing.T) {
	tests := []struct{ field, want string }{
		{"", ""},
		{"ana", "ana"},
		{"ana-maria", "ana-maria"},
		{"=1+1", "'=1+1"},
		{"+15551234567", "'+15551234567"},
		{"-2+3", "'-2+3"},
		{"@SUM(A1)", "'@SUM(A1)"},
		{"＝1", "'＝1"},
		{"  =1", `"'  =1"`},
		{`"=1`, `"'""=1"`},
		{"'=1", "''=1"},
		{"'ana", "''ana"},
		{"\t=1", `\x09=1`},
		{"\r=1", `\x0d=1`},
		{"\u200b=1", `\u200b=1`},
		{"a,b", `"a,b"`},
		{"a\nb", `a\x0ab`},
		{"\xff", `\xff`},
		{"Zoë,名前", `"Zoë,名前"`},
	}
	for _, tt := range tests {
		if got := string(appendCSVField(nil, tt.field)); got != tt.want {
			t.Errorf("field %q: got %s, want %s", tt.field, got, tt.want)
		}
	}
}

// readCSVField is what docs/report.md tells a machine to do with a field.
func readCSVField(field string) string { return strings.TrimPrefix(field, "'") }

func checkCSVField(t interface{ Errorf(string, ...any) }, s string) {
	line := string(appendCSVField(nil, s)) + "," + string(appendCSVField(nil, "next"))
	rows, err := csv.NewReader(strings.NewReader(line)).ReadAll()
	if err != nil || len(rows) != 1 || len(rows[0]) != 2 {
		t.Errorf("field %q: read back %q, %v from %s", s, rows, err, line)
		return
	}
	cell := rows[0][0]
	if got, want := readCSVField(cell), Visible(s); got != want {
		t.Errorf("field %q: read back %q, want %q", s, got, want)
	}
	first := strings.TrimLeft(cell, " \"\t\r\n")
	if first != "" && strings.ContainsAny(first[:1], "=+-@\t\r\n") {
		t.Errorf("field %q: cell %q may run as a formula", s, cell)
	}
}

func FuzzCSVGuard(f *testing.F) {
	for _, seed := range []string{"", "ana", "=1", " +1", `"-1`, "\t@x", "'", "\xff=", "a\"b,c;d\r\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) { checkCSVField(t, s) })
}

func drawResult(t *rapid.T) runner.Result {
	hostile := rapid.OneOf(rapid.String(), rapid.StringMatching(`[=+\-@'" ,;a]{0,5}`),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 8), func(b []byte) string { return string(b) }))
	began := time.UnixMilli(rapid.Int64Range(1, 4e12).Draw(t, "began"))
	return runner.Result{
		Seq:       rapid.Int64Range(1, 1e9).Draw(t, "seq"),
		Username:  hostile.Draw(t, "username"),
		Sub:       hostile.Draw(t, "sub"),
		Action:    rapid.SampledFrom([]jobs.Action{jobs.SetTemporary, jobs.SetPermanent, jobs.Reset}).Draw(t, "action"),
		Outcome:   runner.Outcome(rapid.IntRange(0, 4).Draw(t, "outcome")),
		Attempts:  rapid.IntRange(0, 99).Draw(t, "attempts"),
		Throttled: rapid.IntRange(0, 99).Draw(t, "throttled"),
		Code:      hostile.Draw(t, "code"),
		Reason:    hostile.Draw(t, "reason"),
		RequestID: hostile.Draw(t, "request ID"),
		StartedAt: began,
		// Also before it began, as where a clock was set back.
		FinishedAt: began.Add(time.Duration(rapid.Int64Range(-1e9, 1e12).Draw(t, "took"))),
		Latency:    time.Duration(rapid.Int64Range(0, 1e12).Draw(t, "latency")),
		Source:     hostile.Draw(t, "source"),
		Beside: []runner.StepResult{
			{Step: runner.Create, Outcome: runner.OK},
			{Step: runner.SignOut, Outcome: runner.Outcome(rapid.IntRange(0, 4).Draw(t, "sign-out")), Reason: hostile.Draw(t, "reason of sign-out")},
		},
	}
}

func TestCSVRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.Custom(drawResult), 1, 5).Draw(t, "results")
		var out strings.Builder
		if err := Write(&out, CSV, Run{}, sequence(list)); err != nil {
			t.Fatal(err)
		}
		if got, want := strings.Count(out.String(), "\n"), len(list)+1; got != want {
			t.Errorf("got %d lines, want %d", got, want)
		}
		rows, err := csv.NewReader(strings.NewReader(out.String())).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range list {
			row := rows[i+1]
			want := map[int]string{
				1: r.Username, 2: r.Sub, 3: r.Action.String(), 4: r.Outcome.String(),
				7: r.Code, 8: reason(&r), 9: r.RequestID, 14: "ok", 19: r.Source,
			}
			if o := r.Beside[1].Outcome; o != runner.Pending {
				want[15] = o.String()
			}
			for column, want := range want {
				if got := readCSVField(row[column]); got != Visible(want) {
					t.Errorf("row %d, %s: got %q, want %q", i, rows[0][column], got, Visible(want))
				}
			}
		}
	})
}
