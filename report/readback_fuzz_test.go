package report_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"cogpass/jobs"
	"cogpass/report"
	"cogpass/runner"
)

// canBeAUser reports whether Cognito takes a name, by the pattern of its API.
func canBeAUser(name string) bool {
	n := utf8.RuneCountInString(name)
	return utf8.ValidString(name) && n > 0 && n <= 128 && !strings.ContainsFunc(name, func(r rune) bool {
		return !unicode.In(r, unicode.L, unicode.M, unicode.S, unicode.N, unicode.P)
	})
}

// FuzzReportAsList reports on users of any names, with any text beside them, and
// reads the report as the list of a job. Users who can be are the same again.
func FuzzReportAsList(f *testing.F) {
	for _, name := range []string{"ana", "'=1", "''", "+15551234567", "a,\"b", "\xff", "\u202eevil", "a\r\nb", "\U0001F600", "ＡＮＡ", `\x41`, "\\", "#", "\ufeffana", "e\u0301va"} {
		f.Add(name, "ben", "new-hires.csv:7\n=1", true)
		f.Add("'"+name, name+name, "\x1b[2J\x00,\"", false)
	}
	f.Fuzz(func(t *testing.T, first, second, beside string, lines bool) {
		names := []string{first, second}
		results := func(yield func(runner.Result, error) bool) {
			for i, name := range names {
				r := runner.Result{Seq: int64(i + 1), Username: name, Action: jobs.Reset, Outcome: runner.Failed, Code: beside, Reason: beside,
					RequestID: beside, Sub: beside, StatusBefore: runner.Status(beside), Source: beside}
				if !yield(r, nil) {
					return
				}
			}
		}
		var text bytes.Buffer
		if err := report.Write(&text, report.CSV, report.Run{}, results); err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(text.Bytes(), []byte("\n")); n != 1+len(names) {
			t.Errorf("a report of %d users has %d lines", len(names), n)
		}
		content := text.Bytes()
		if lines { // as a program on Windows may leave it
			content = bytes.ReplaceAll(content, []byte("\n"), []byte("\r\n"))
		}
		got, err := readBack(t, content)
		if fault := (*jobs.Faults)(nil); err != nil && !errors.As(err, &fault) {
			t.Errorf("%q: got %v (%T)", names, err, err)
		}
		if !canBeAUser(first) || !canBeAUser(second) { // and no job has had them: they are read as they are shown
			if want := []string{report.Visible(first), report.Visible(second)}; err == nil && !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
			return
		}
		if jobs.FoldName(first) == jobs.FoldName(second) {
			if err == nil {
				t.Errorf("%q are one user, and are read as %q", names, got)
			}
			return
		}
		if err != nil || !slices.Equal(got, names) {
			t.Errorf("got %q, %v, want %q", got, err, names)
		}
	})
}

// readBack returns the users of a report, as a job reads them.
func readBack(t *testing.T, report []byte) (names []string, err error) {
	t.Helper()
	dir := t.TempDir()
	job := "version: 1\nuserPoolId: us-west-2_aaaaaaaaa\naction: reset\nusers: [{csv: report.csv, columns: {username: username}}]\n"
	for name, text := range map[string][]byte{"report.csv": report, "job.yaml": []byte(job)} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	opened, err := jobs.Open(filepath.Join(dir, "job.yaml"), jobs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for task, err := range opened.Tasks(t.Context()).All() {
		if err != nil {
			return names, err
		}
		names = append(names, task.Username)
	}
	return names, nil
}
