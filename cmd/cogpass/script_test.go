package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// noExitWait is the setting of the race detector under which a process ends
// without waiting for a second.
const noExitWait = "atexit_sleep_ms=0"

var programFolder string // for the tests' own program

func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "cogpass-test")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	programFolder = folder
	code := m.Run()
	os.RemoveAll(folder)
	os.Exit(code)
}

// program returns the path of the program for the scripts, and for the tests
// that kill it: the one that COGPASS_PROGRAM names, such as one with the race
// detector in it, else one built as make build does. Its file name is cogpass.
var program = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("COGPASS_PROGRAM"); path != "" {
		return path, nil
	}
	flags := "-s -w -X 'cogpass/runner/runfile.fixedPlace=" + filepath.Join(programFolder, "place") + "'" // not the user's own
	build := exec.Command("go", "build", "-trimpath", "-ldflags", flags, "-o", programFolder+string(filepath.Separator), ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the program: %w\n%s", err, out)
	}
	return filepath.Join(programFolder, "cogpass"), nil
})

// long reports whether to do what takes minutes, as make test-long does.
func long() bool { return os.Getenv("COGPASS_LONG") != "" }

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
			case "long":
				return long(), nil
			case "root":
				return os.Geteuid() == 0, nil
			case "tmpfs": // a small file system of one's own can be had
				return exec.Command("unshare", "-Urm", "mount", "-t", "tmpfs", "none", t.TempDir()).Run() == nil, nil
			}
			return false, nil
		},
	})
}
