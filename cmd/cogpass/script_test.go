package main

import (
	"os"
	"os/exec"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// noExitWait is the setting of the race detector under which a process ends
// without waiting for a second.
const noExitWait = "atexit_sleep_ms=0"

// TestMain lets the scripts, and the tests that kill it, run the program as a
// process of its own: this binary under the name cogpass.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"cogpass": func() { os.Exit(realMain()) },
	})
}

// TestScripts runs the scripts of testdata/script, one a theme, with the real
// program and the real SDK over the wire. script_commands_test.go says what
// they may call.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		ContinueOnError:     true,
		Setup:               setupScript,
		Cmds:                scriptCommands(),
		Condition: func(name string) (bool, error) {
			switch name {
			case "root":
				return os.Geteuid() == 0, nil
			case "tmpfs": // a small file system of one's own can be had
				return exec.Command("unshare", "-Urm", "mount", "-t", "tmpfs", "none", t.TempDir()).Run() == nil, nil
			}
			return false, nil
		},
	})
}
