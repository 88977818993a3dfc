package main

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the scripts, and the tests that kill it, run the program as a
// process of its own: this binary under the name cogpass.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"cogpass": func() { os.Exit(realMain()) },
	})
}

// TestScripts runs the scripts of testdata/script, one a theme, with the real
// program and the real SDK over the wire.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("XDG_STATE_HOME", env.WorkDir+"/state")
			env.Setenv("AWS_EC2_METADATA_DISABLED", "true")
			return nil
		},
	})
}
