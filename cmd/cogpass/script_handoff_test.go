package main

import (
	"encoding/csv"
	"errors"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"cogpass/runner/sandbox"
)

// cmdSignIns signs in at the sandbox as each user of a list that reveal has
// written, with what it says is the password: as many as are asked for.
func cmdSignIns(ts *testscript.TestScript, w *scriptWorld, args []string) {
	need(ts, len(args) == 2, "signins COUNT FILE")
	rows, err := csv.NewReader(strings.NewReader(ts.ReadFile(args[1]))).ReadAll()
	ts.Check(err)
	if len(rows)-1 != number64(ts, args[0]) {
		ts.Fatalf("%d passwords, want %s", len(rows)-1, args[0])
	}
	for _, row := range rows[1:] {
		if err := w.server.SignIn(scriptPool, row[1], row[2]); err != nil && !errors.Is(err, sandbox.ErrNewPasswordRequired) {
			ts.Fatalf("%s cannot sign in: %v", row[1], err)
		}
	}
}
