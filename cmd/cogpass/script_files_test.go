package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// The script commands that make, change and search files.

func cmdNumbered(ts *testscript.TestScript, _ *scriptWorld, args []string) {
	need(ts, len(args) == 2, "numbered FILE N")
	var rows, secrets strings.Builder
	rows.WriteString("username,password\n")
	for i := range number64(ts, args[1]) {
		fmt.Fprintf(&rows, "u%05d,Secret-%05d-Pw\n", i+1, i+1)
		fmt.Fprintf(&secrets, "Secret-%05d-Pw\n", i+1)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(rows.String()), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".secrets"), []byte(secrets.String()), 0o600))
}

func cmdRuns(ts *testscript.TestScript, _ *scriptWorld, args []string) {
	findRuns(ts, args, "locks", "messages")
}

func cmdRunsGoing(ts *testscript.TestScript, _ *scriptWorld, args []string) {
	findRuns(ts, args, "locks", "messages", ".run-wal", ".run-shm", ".run.lock")
}

// findRuns counts the run files of the state folder, where nothing else may be
// but what ends so.
func findRuns(ts *testscript.TestScript, args []string, others ...string) {
	need(ts, len(args) == 1, "runs N")
	found, err := filepath.Glob(filepath.Join(ts.Getenv("STATE"), "*"))
	ts.Check(err)
	var runs []string
	for _, path := range found {
		if strings.HasSuffix(path, ".run") {
			runs = append(runs, path)
		} else if !slices.ContainsFunc(others, func(end string) bool { return strings.HasSuffix(path, end) }) {
			ts.Fatalf("%s was left behind", path)
		}
	}
	if len(runs) != number64(ts, args[0]) {
		ts.Fatalf("got run files %q, want %s", runs, args[0])
	}
	if len(runs) > 0 {
		ts.Setenv("RUN", runs[0])
	}
}

var numberedName = regexp.MustCompile(`u\d{5}`)

func cmdInOrder(ts *testscript.TestScript, _ *scriptWorld, args []string) {
	need(ts, len(args) == 2, "in-order FILE N")
	names := numberedName.FindAllString(ts.ReadFile(args[0]), -1)
	if n := number64(ts, args[1]); len(names) != n {
		ts.Fatalf("%s has %d names, want %d", args[0], len(names), n)
	}
	for i, name := range names {
		if want := fmt.Sprintf("u%05d", i+1); name != want {
			ts.Fatalf("%s has %s in place %d, want %s", args[0], name, i+1, want)
		}
	}
}

func cmdUnseen(ts *testscript.TestScript, w *scriptWorld, args []string) {
	need(ts, len(args) >= 1, "unseen FILE PATH…")
	wanted := newSecrets(strings.Fields(ts.ReadFile(args[0])))
	if form := wanted.in(w.printed.Bytes()); form != "" {
		ts.Fatalf("what was printed holds %q", form)
	}
	for _, root := range append(args[1:], ts.Getenv("TMPDIR")) {
		if path, form, err := wanted.inFiles(ts.MkAbs(root)); err != nil || form != "" {
			ts.Fatalf("%s holds %q (%v)", path, form, err)
		}
	}
}

func cmdFlip(ts *testscript.TestScript, _ *scriptWorld, args []string) {
	need(ts, len(args) == 2, "flip FILE TEXT")
	path := ts.MkAbs(args[0])
	text, err := os.ReadFile(path)
	ts.Check(err)
	at := bytes.Index(text, []byte(args[1]))
	if at < 0 {
		ts.Fatalf("%s does not hold %s", args[0], args[1])
	}
	text[at] ^= 1
	ts.Check(os.WriteFile(path, text, 0o600))
}

func cmdNewer(ts *testscript.TestScript, _ *scriptWorld, args []string) {
	need(ts, len(args) == 1, "newer FILE")
	file, err := os.OpenFile(ts.MkAbs(args[0]), os.O_RDWR, 0)
	ts.Check(err)
	_, err = file.WriteAt([]byte{0, 0, 0, 99}, 60) // user_version, see the format of SQLite's files
	ts.Check(errors.Join(err, file.Close()))
}
