package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestNamed(t *testing.T) {
	paths := []string{
		"/s/a-20260101T000000Z.run", "/s/a-20260102T000000Z.run", "/s/a-20260102T000000Z-2.run", "/s/a-b-20260101T000000Z.run",
		"/s/a-20260101.run", "/s/one.run",
	}
	for name, want := range map[string]string{
		"a":                      "a-20260101T000000Z a-20260102T000000Z a-20260102T000000Z-2",
		"a-20260102T000000Z":     "a-20260102T000000Z",
		"a-20260102T000000Z-2":   "a-20260102T000000Z-2",
		"a-20260102T000000Z.run": "a-20260102T000000Z",
		"a-b":                    "a-b-20260101T000000Z",
		"a-20260101":             "a-20260101",
		"one":                    "one",
		"on":                     "",
		"":                       "",
		"A":                      "",
		".*":                     "",
	} {
		var got []string
		for _, path := range named(paths, name) {
			got = append(got, strings.TrimSuffix(filepath.Base(path), ".run"))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: got %s, want %s", name, got, want)
		}
	}
	if got := named(paths, lastRun); !slices.Equal(got, paths) {
		t.Errorf("last: got %s", got)
	}
}

func TestLooksLike(t *testing.T) {
	for _, tt := range []struct {
		name, typed string
		want        bool
	}{
		{"inc-42-reset", "inc-42-reste", true},
		{"inc-42-reset", "inc-42", true},
		{"inc-42-reset", "reset", true},
		{"inc-42-reset", "inc42reset", true},
		{"inc-42-reset", "inc-42-reset-now", true},
		{"rotation", "rotaton", true},
		{"rotation", "onboarding", false},
		{"ab", "cd", false},
		{"a", "b", false},
		{"x", strings.Repeat("x", 5000), false},
		{"rotation", "", false},
	} {
		if got := looksLike(tt.name, tt.typed); got != tt.want {
			t.Errorf("%s for %.20s: got %v, want %v", tt.name, tt.typed, got, tt.want)
		}
	}
}

func TestAge(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Hour: "just now", 59 * time.Second: "just now", time.Minute: "1 minute ago", 59 * time.Minute: "59 minutes ago",
		time.Hour: "1 hour ago", 47 * time.Hour: "47 hours ago", 48 * time.Hour: "2 days ago", 24 * 2000 * time.Hour: "2,000 days ago",
	} {
		if got := age(d); got != want {
			t.Errorf("%s: got %s, want %s", d, got, want)
		}
	}
}

func TestOfferable(t *testing.T) {
	for name, want := range map[string]bool{
		"inc-42_a.b@c+d,e": true, "Zoë": true, "名前": true,
		"-x": false, "a b": false, "$(x)": false, "`x`": false, "a;b": false, "a\tb": false, "\x1b[1m": false, "a\u202eb": false, "\xff": false, "a'b": false, "~": false, "*": false,
	} {
		if got := offerable(name); got != want {
			t.Errorf("%q: got %v, want %v", name, got, want)
		}
	}
}

// Of a thousand runs a shell is offered the newest, whether or not there was time
// to look at them.
func TestCompletionOfManyRuns(t *testing.T) {
	dir := t.TempDir()
	sys := &system{LookupEnv: func(name string) (string, bool) { return map[string]string{"XDG_STATE_HOME": dir}[name], true }}
	if err := os.MkdirAll(sys.stateDir(), 0o700); err != nil {
		t.Fatal(err)
	}
	for n := range 1000 {
		name := time.Date(2026, 1, 1, 0, 0, n, 0, time.UTC).Format("run-20060102T150405Z.run")
		if err := os.WriteFile(filepath.Join(sys.stateDir(), name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	names := sys.runNames("")
	if len(names) != mostOffered+1 || !strings.HasPrefix(names[0], "last\t") || !strings.HasPrefix(names[1], "run-20260101T001639Z") {
		t.Errorf("got %d names, the first %q", len(names), names[:2])
	}
	if names := sys.runNames("run-20260101T000000Z"); len(names) != 1 {
		t.Errorf("got %q", names)
	}
}

func TestScalar(t *testing.T) {
	for text, want := range map[string]string{
		"ana": "ana", "ana@example.com": "ana@example.com", "../a/b.csv": "../a/b.csv", "/a": "/a", "Full Name": `"Full Name"`,
		"yes": `"yes"`, "Null": `"Null"`, "0123": `"0123"`, "+1555": `"+1555"`, ".5": `".5"`, "a: b": `"a: b"`, `a"b`: `"a\"b"`,
		"#x": `"#x"`, "<a&b>": `"<a&b>"`, "": `""`, "Zoë": `"Zoë"`,
	} {
		if got := scalar(text); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}
