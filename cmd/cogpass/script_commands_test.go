package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"cogpass/runner/sandbox"
)

// scriptPool is the pool that the scripts' sandboxes have.
const scriptPool = "us-west-2_aaaaaaaaa"

// scriptCommands are what the scripts may call besides testscript's own.
//
//	exits CODE PROGRAM ARG…     runs to its end, with that exit code
//	start NAME PROGRAM ARG…     runs in the background
//	signal NAME INT|TERM|HUP|QUIT|KILL
//	signal-until-over NAME INT|TERM  again and again, until it has ended
//	finish NAME CODE            waits for its end, with that exit code
//	sandbox [FLAG…] USER…       serves a pool with these users, and points the program at it
//	requests [N]                so many password requests have come to the sandbox; without N, sets REQUESTS
//	await requests N            waits until so many have come
//	await file PATTERN          waits until there is such a file
//	await stdout|stderr NAME RE waits until a background program has written that
//	user NAME FIELD=VALUE…      resets, sets, requests or status at the sandbox; NAME may be *
//	[!] signs-in USER PASSWORD
//	latency D                   how long the sandbox's answers take from now on
//	numbered FILE N             a CSV of users u00001…, each with a password of their own
//	runs N                      so many run files, and nothing else, are in the state folder; RUN is the first
//	runs-going N                the same, where some may be going on
//	in-order FILE N             names u00001… to N, each once, in this order
//	unseen FILE PATH…           no line of FILE is, in any form, in what programs have printed, nor in a file under PATH or a temporary one
//	flip FILE TEXT              changes a bit of the first such text
//	newer FILE                  makes it a run file of a later version
//	sealed-run FILE             a run file with sealed passwords: of tasks that are ok, ok, unknown, failed and pending; makes key.txt
//	signins N FILE              the users of a list of reveal's, or of secrets, can sign in as it says; there are N
//	tokens N M                  sign-ins have got N tokens, of which M are still good
//	log FILE EVENT…             its lines have the keys that docs/logs.md says, and these events are among them
//	endpoint NAME               sets ENDPOINT to what the background program has printed
func scriptCommands() map[string]func(*testscript.TestScript, bool, []string) {
	commands := map[string]func(*testscript.TestScript, *scriptWorld, []string){
		"exits": cmdExits, "start": cmdStart, "signal": cmdSignal, "finish": cmdFinish,
		"sandbox": cmdSandbox, "requests": cmdRequests, "await": cmdAwait, "user": cmdUser, "signins": cmdSignIns, "tokens": cmdTokens, "latency": cmdLatency, "faults": cmdFaults, "sessions": cmdSessions,
		"numbered": cmdNumbered, "runs": cmdRuns, "runs-going": cmdRunsGoing, "unseen": cmdUnseen, "flip": cmdFlip,
		"signal-until-over": cmdSignalUntilOver, "newer": cmdNewer, "in-order": cmdInOrder, "endpoint": cmdEndpoint,
		"sealed-run": cmdSealedRun, "log": cmdLog,
	}
	all := map[string]func(*testscript.TestScript, bool, []string){"signs-in": cmdSignsIn}
	for name, command := range commands {
		all[name] = func(ts *testscript.TestScript, neg bool, args []string) {
			if neg {
				ts.Fatalf("%s takes no !", name)
			}
			command(ts, worldOf(ts), args)
		}
	}
	return all
}

// scriptWorld is what a script has besides its files.
type scriptWorld struct {
	server    *sandbox.Server
	listener  *httptest.Server
	started   map[string]*startedProgram
	printed   bytes.Buffer // by all programs that have ended
	variables []string     // names of those that programs get
}

type worldKey struct{}

func worldOf(ts *testscript.TestScript) *scriptWorld { return ts.Value(worldKey{}).(*scriptWorld) }

func setupScript(env *testscript.Env) error {
	world := &scriptWorld{started: map[string]*startedProgram{}}
	env.Values[worldKey{}] = world
	env.Defer(func() {
		for _, p := range world.started {
			_ = p.cmd.Process.Kill() // it may have ended
			<-p.ended
		}
		if world.server != nil {
			world.server.Close() // ends what waits out its latency
			world.listener.Close()
		}
	})
	path, err := program()
	if err != nil {
		return err
	}
	env.Setenv("PATH", filepath.Dir(path)+string(filepath.ListSeparator)+env.Getenv("PATH"))
	for name, value := range map[string]string{
		"XDG_STATE_HOME": filepath.Join(env.WorkDir, "state"), "STATE": filepath.Join(env.WorkDir, "state", "cogpass"),
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_ACCESS_KEY_ID": "AKIDSCRIPT", "AWS_SECRET_ACCESS_KEY": "script-key", "SCRIPT_PASSWORD": "Secret-device-Pw1",
		"GORACE": noExitWait, "EXAMPLES": examplesFolder(env.T()),
		"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": "", // the sandbox's, once there is one
	} {
		env.Setenv(name, value)
	}
	for _, variable := range env.Vars {
		name, _, _ := strings.Cut(variable, "=")
		world.variables = append(world.variables, name)
	}
	return nil
}

func examplesFolder(t testscript.T) string {
	path, err := filepath.Abs("../../examples")
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func need(ts *testscript.TestScript, ok bool, usage string) {
	if !ok {
		ts.Fatalf("usage: %s", usage)
	}
}

func number64(ts *testscript.TestScript, text string) int {
	n, err := strconv.Atoi(text)
	ts.Check(err)
	return n
}

func cmdExits(ts *testscript.TestScript, w *scriptWorld, args []string) {
	need(ts, len(args) >= 2, "exits CODE PROGRAM ARG…")
	err := ts.Exec(args[1], args[2:]...)
	w.printed.WriteString(ts.ReadFile("stdout") + ts.ReadFile("stderr"))
	wantExit(ts, err, args[0])
}

func wantExit(ts *testscript.TestScript, err error, want string) {
	code := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if code != number64(ts, want) {
		ts.Fatalf("got exit code %d (%v), want %s", code, err, want)
	}
}

// startedProgram is a program that runs in the background.
type startedProgram struct {
	cmd            *exec.Cmd
	stdout, stderr output
	ended          chan struct{}
	err            error // once ended is closed
}

// output is what a program has written so far.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

func cmdStart(ts *testscript.TestScript, w *scriptWorld, args []string) {
	need(ts, len(args) >= 2 && w.started[args[0]] == nil, "start NAME PROGRAM ARG…")
	path := args[1]
	if filepath.Base(path) == path {
		for _, folder := range filepath.SplitList(ts.Getenv("PATH")) {
			if at, err := exec.LookPath(filepath.Join(folder, path)); err == nil {
				path = at
				break
			}
		}
	}
	p := &startedProgram{cmd: exec.Command(path, args[2:]...), ended: make(chan struct{})}
	p.cmd.Dir, p.cmd.Env = ts.MkAbs("."), w.environment(ts)
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	_, err := p.cmd.StdinPipe() // open and silent until the program ends
	ts.Check(err)
	ts.Check(p.cmd.Start())
	w.started[args[0]] = p
	go func() {
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
}

// environment is the script's own: testscript hands it to its own commands only.
func (w *scriptWorld) environment(ts *testscript.TestScript) []string {
	var env []string
	for _, name := range w.variables {
		env = append(env, name+"="+ts.Getenv(name))
	}
	return env
}

func (w *scriptWorld) program(ts *testscript.TestScript, name string) *startedProgram {
	p := w.started[name]
	if p == nil {
		ts.Fatalf("no program %s was started", name)
	}
	return p
}

func cmdSignal(ts *testscript.TestScript, w *scriptWorld, args []string) {
	need(ts, len(args) == 2, "signal NAME INT|TERM|HUP|KILL")
	signal := map[string]os.Signal{"INT": os.Interrupt, "TERM": syscall.SIGTERM, "HUP": syscall.SIGHUP, "QUIT": syscall.SIGQUIT, "KILL": os.Kill}[args[1]]
	need(ts, signal != nil, "signal NAME INT|TERM|HUP|KILL")
	if err := w.program(ts, args[0]).cmd.Process.Signal(signal); !errors.Is(err, os.ErrProcessDone) {
		ts.Check(err)
	}
}

// cmdSignalUntilOver sends a signal that counts only some time after the one
// before.
func cmdSignalUntilOver(ts *testscript.TestScript, w *scriptWorld, args []string) {
	need(ts, len(args) == 2, "signal-until-over NAME INT|TERM|HUP|KILL")
	p := w.program(ts, args[0])
	w.waitFor(ts, "the end of "+args[0], func() bool {
		cmdSignal(ts, w, args)
		select {
		case <-p.ended:
			return true
		default:
			return false
		}
	})
}

func cmdFinish(ts *testscript.TestScript, w *scriptWorld, args []string) {
	need(ts, len(args) == 2, "finish NAME CODE")
	p := w.program(ts, args[0])
	select {
	case <-p.ended:
	case <-time.After(waitMost):
		ts.Fatalf("%s did not end; it wrote:\n%s%s", args[0], p.stdout.String(), p.stderr.String())
	}
	delete(w.started, args[0])
	fmt.Fprint(ts.Stdout(), p.stdout.String())
	fmt.Fprint(ts.Stderr(), p.stderr.String())
	w.printed.WriteString(p.stdout.String() + p.stderr.String())
	wantExit(ts, p.err, args[1])
}

// waitMost is how long a script waits for anything.
const waitMost = 4 * time.Minute // a busy machine, and a program under the detector

// waitFor waits until done, or until there is nothing left to wait for.
func (w *scriptWorld) waitFor(ts *testscript.TestScript, what string, done func() bool) {
	for end := time.Now().Add(waitMost); ; time.Sleep(2 * time.Millisecond) {
		over := time.Now().After(end) || !w.running() // before done is asked for the last time
		switch {
		case done():
			return
		case over:
			ts.Fatalf("waited in vain for %s", what)
		}
	}
}

// running reports whether any program in the background has not ended.
func (w *scriptWorld) running() bool {
	for _, p := range w.started {
		select {
		case <-p.ended:
		default:
			return true
		}
	}
	return false
}

func cmdAwait(ts *testscript.TestScript, w *scriptWorld, args []string) {
	usage := "await requests N | await file PATTERN | await stdout|stderr NAME REGEXP"
	need(ts, len(args) >= 2, usage)
	what := strings.Join(args, " ")
	switch {
	case args[0] == "requests" && len(args) == 2:
		n := number64(ts, args[1])
		w.waitFor(ts, what, func() bool { return w.requests() >= n })
	case args[0] == "file" && len(args) == 2:
		w.waitFor(ts, what, func() bool {
			found, err := filepath.Glob(ts.MkAbs(args[1]))
			return err == nil && len(found) > 0
		})
	case len(args) == 3:
		p, re := w.program(ts, args[1]), regexp.MustCompile("(?m)"+args[2])
		written := map[string]*output{"stdout": &p.stdout, "stderr": &p.stderr}[args[0]]
		need(ts, written != nil, usage)
		w.waitFor(ts, what, func() bool { return re.MatchString(written.String()) })
	default:
		need(ts, false, usage)
	}
}

func cmdEndpoint(ts *testscript.TestScript, w *scriptWorld, args []string) {
	need(ts, len(args) == 1, "endpoint NAME")
	ts.Setenv("ENDPOINT", strings.TrimSpace(w.program(ts, args[0]).stdout.String()))
}
