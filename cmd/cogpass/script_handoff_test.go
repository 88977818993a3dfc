package main

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"cogpass/runner/sandbox"
)

// cmdSignIns signs in at the sandbox as each user of a list that reveal has
// written, or of the sandbox's secrets, with what it says is the password: as
// many as are asked for.
func cmdSignIns(ts *testscript.TestScript, w *scriptWorld, args []string) {
	need(ts, len(args) == 2, "signins COUNT FILE")
	rows := [][]string{nil}
	if args[1] == "secrets" {
		for _, secret := range w.server.Secrets() {
			var value struct{ Username, Password string }
			ts.Check(json.Unmarshal([]byte(secret.Value), &value))
			rows = append(rows, []string{"", value.Username, value.Password})
		}
	} else {
		var err error
		rows, err = csv.NewReader(strings.NewReader(ts.ReadFile(args[1]))).ReadAll()
		ts.Check(err)
	}
	if len(rows)-1 != number64(ts, args[0]) {
		ts.Fatalf("%d passwords, want %s", len(rows)-1, args[0])
	}
	for _, row := range rows[1:] {
		if err := w.server.SignIn(scriptPool, row[1], row[2]); err != nil && !errors.Is(err, sandbox.ErrNewPasswordRequired) {
			ts.Fatalf("%s cannot sign in: %v", row[1], err)
		}
	}
}

// cmdTokens says how many tokens of sign-ins the sandbox has given, and how many of
// these are still good.
func cmdTokens(ts *testscript.TestScript, w *scriptWorld, args []string) {
	need(ts, len(args) == 2, "tokens GIVEN LIVE")
	got := w.server.Tokens()
	if got.Given != number64(ts, args[0]) || got.Live != number64(ts, args[1]) {
		ts.Fatalf("got %+v, want %s given and %s live", got, args[0], args[1])
	}
}
