package handover_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cogpass/jobs"
	"cogpass/runner"
	"cogpass/runner/handover"
)

const password = `Se"cret/Pw+1`

var passed = runner.Handover{Seq: 7, Username: "ana", Version: "0d3c6c1e-0000-4000-8000-000000000001", Password: jobs.NewSecret(password)}

func starting(t *testing.T, args ...string) handover.Command {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return handover.Command{Args: append([]string{path, asProgram}, args...), PoolID: "us-west-2_aaaaaaaaa", Run: "nightly"}
}

type phase struct {
	name string
	do   func(context.Context, runner.Handover) (runner.Answer, error)
}

func phases(c handover.Command) []phase {
	return []phase{{"prepare", c.Prepare}, {"confirm", c.Confirm}, {"abandon", c.Abandon}}
}

// The password is on standard input, in prepare, and nowhere else.
func TestCommandIsTold(t *testing.T) {
	file := filepath.Join(t.TempDir(), "told.json")
	c := starting(t, "record", file)
	for _, phase := range phases(c) {
		if _, err := phase.do(t.Context(), passed); err != nil {
			t.Fatalf("%s: %v", phase.name, err)
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var got started
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatal(err)
		}
		if phase.name != "prepare" && strings.Contains(got.Input, "cret/Pw") {
			t.Errorf("%s has the password: %s", phase.name, got.Input)
		}
		input := map[string]any{}
		if err := json.Unmarshal([]byte(got.Input), &input); err != nil {
			t.Fatalf("%s: %v in %s", phase.name, err, got.Input)
		}
		want := map[string]any{"phase": phase.name, "username": "ana", "userPoolId": "us-west-2_aaaaaaaaa", "run": "nightly",
			"task": 7.0, "version": passed.Version}
		if phase.name == "prepare" {
			want["password"] = password
		}
		if !mapsEqual(input, want) {
			t.Errorf("%s: got %v, want %v", phase.name, input, want)
		}
		if !slices.Equal(got.Args, c.Args) {
			t.Errorf("%s: got arguments %q, want %q", phase.name, got.Args, c.Args)
		}
		if own := os.Environ(); runtime.GOOS != "windows" && !slices.Equal(got.Env, own) {
			t.Errorf("%s: got environment %q, want %q", phase.name, got.Env, own)
		}
	}
}

func mapsEqual(a, b map[string]any) bool {
	for key := range a {
		if a[key] != b[key] {
			return false
		}
	}
	return len(a) == len(b)
}

func TestCommandFails(t *testing.T) {
	nowhere := filepath.Join(t.TempDir(), "not-there")
	notExecutable := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(notExecutable, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name    string
		command handover.Command
		class   runner.Class
		want    []string // in the message
	}{
		{"exit status", starting(t, "say", "3", "stderr", "no such mount\n", "1"), runner.UserFault, []string{"at prepare: exit status 3: no such mount"}},
		{"standard output counts too", starting(t, "say", "1", "stdout", "sealed", "1"), runner.UserFault, []string{"exit status 1: sealed"}},
		{"silent", starting(t, "say", "1", "stdout", "", "0"), runner.UserFault, []string{"exit status 1"}},
		{"escapes", starting(t, "say", "1", "stderr", "\x1b[2J\u202eone\ntwo\r", "1"), runner.UserFault, []string{`exit status 1: \x1b[2J\u202eone two`}},
		{"the end of a long output", starting(t, "say", "1", "stderr", "0123456789", "100000"), runner.UserFault,
			[]string{"exit status 1: …0123456789", strings.Repeat("0123456789", 20)}},
		{"not there", handover.Command{Args: []string{nowhere}}, runner.Fatal, []string{"not-there, at prepare: ", "; hint: name an executable"}},
		{"not in PATH", handover.Command{Args: []string{"cogpass-no-such-program"}}, runner.Fatal, []string{"is not there; hint: "}},
		{"none", handover.Command{}, runner.Fatal, []string{"names no program"}},
		{"not executable", handover.Command{Args: []string{notExecutable}}, runner.Fatal, []string{"plain, at prepare: cannot be started"}},
		{"not in time", func() handover.Command {
			c := starting(t, "hold", listen(t).Addr().String())
			c.Timeout = 50 * time.Millisecond
			return c
		}(), runner.Hung, []string{"did not end within 50ms, and was killed"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tt.command.Prepare(t.Context(), passed)
			var got *runner.Error
			if !errors.As(err, &got) || got.Class != tt.class {
				t.Fatalf("got %v, want class %v", err, tt.class)
			}
			for _, want := range tt.want {
				if !strings.Contains(got.Message, want) {
					t.Errorf("got %q, want %q in it", got.Message, want)
				}
			}
			if len([]rune(got.Message)) > 400 || strings.Contains(got.Message, "\n") {
				t.Errorf("got %q, want one short line", got.Message)
			}
		})
	}
}

// A program that repeats what it was given, in some form, betrays nothing.
func TestCommandRepeatsThePassword(t *testing.T) {
	for _, text := range []string{password, "Grüße-" + strings.Repeat("1aB", 60)} {
		h := passed
		h.Password = jobs.NewSecret(text)
		_, err := starting(t, "repeat").Prepare(t.Context(), h)
		if err == nil || !strings.Contains(err.Error(), "[secret]") || !strings.HasSuffix(err.Error(), "done") {
			t.Fatalf("got %v, want the password's place", err)
		}
		for _, form := range h.Password.Forms() {
			if strings.Contains(err.Error(), form) {
				t.Errorf("got %q, which holds %q", err, form)
			}
		}
		if rest := strings.ReplaceAll(err.Error(), "[secret]", ""); strings.Contains(rest, "ret") || strings.Contains(rest, "1aB") {
			t.Errorf("got %q, which holds a part of the password", err)
		}
	}
}

// What shows half of the password, or all of it in some other way, is not shown at
// all; neither is what repeats it later, where that is known.
func TestCommandShowsAPartOfThePassword(t *testing.T) {
	const text = "Kx7pQ2mW9tZr4vNc8bLs"
	h := passed
	h.Password = jobs.NewSecret(text)
	for name, said := range map[string]string{"half of it": text[:12], "broken": "stored " + text[:10] + "\n" + text[10:], "with blanks": strings.Join(strings.Split(text, ""), " ")} {
		for _, phase := range phases(starting(t, "say", "1", "stderr", said, "1")) {
			_, err := phase.do(t.Context(), h)
			if err == nil || !strings.HasSuffix(err.Error(), "exit status 1: what it printed repeats the password, or half of it, and is not shown") {
				t.Errorf("%s, %s: got %v", name, phase.name, err)
			}
		}
	}
}

// A relative path is one from Dir; a name alone is looked up, and an absolute
// path is as it is.
func TestCommandIsFound(t *testing.T) {
	c := starting(t, "ignore")
	self := c.Args[0]
	for _, tt := range []struct {
		program, dir string
		found        bool
	}{
		{"." + string(filepath.Separator) + filepath.Base(self), filepath.Dir(self), true},
		{filepath.Join("..", filepath.Base(filepath.Dir(self)), filepath.Base(self)), filepath.Dir(self), true},
		{self, t.TempDir(), true},
		{"." + string(filepath.Separator) + filepath.Base(self), t.TempDir(), false},
		{filepath.Base(self), filepath.Dir(self), false},
	} {
		c.Args[0], c.Dir = tt.program, tt.dir
		if _, err := c.Confirm(t.Context(), passed); (err == nil) != tt.found {
			t.Errorf("%s in %s: got %v, want it found: %t", tt.program, tt.dir, err, tt.found)
		}
	}
}

// A program need not read what it does not want to know.
func TestCommandDoesNotRead(t *testing.T) {
	h := passed
	h.Username = strings.Repeat("a", 1<<20) // more than a pipe holds
	if _, err := starting(t, "ignore").Confirm(t.Context(), h); err != nil {
		t.Error(err)
	}
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener
}

func accept(t *testing.T, listener net.Listener) net.Conn {
	t.Helper()
	conn, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// The end of the run ends a program and what it has started.
func TestCommandIsKilledWithItsGroup(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no process groups")
	}
	listener := listen(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := starting(t, "hang", listener.Addr().String()).Prepare(ctx, passed)
		ended <- err
	}()
	first, second := accept(t, listener), accept(t, listener)
	cause := errors.New("interrupted")
	cancel(cause)
	var got *runner.Error
	if err := <-ended; !errors.As(err, &got) || got.Class != runner.InDoubt || !errors.Is(err, cause) {
		t.Errorf("got %v, want it in doubt, for the run has ended", err)
	}
	for _, conn := range []net.Conn{first, second} {
		_, _ = io.Copy(io.Discard, conn) // ends when the process on the other side has
	}
	if _, err := starting(t, "ignore").Prepare(ctx, passed); !errors.As(err, &got) || got.Class != runner.Transient {
		t.Errorf("after the end: got %v, want it not started", err)
	}
}

// What a program leaves behind neither holds the run up nor is killed: it may
// be the agent of a secret store.
func TestCommandLeavesAnother(t *testing.T) {
	listener := listen(t)
	if _, err := starting(t, "leave", listener.Addr().String()).Prepare(t.Context(), passed); err != nil {
		t.Error(err)
	}
	conn := accept(t, listener)
	if _, err := conn.Write([]byte("still there?")); err != nil {
		t.Error(err)
	}
	if _, err := io.ReadFull(conn, make([]byte, len("still there?"))); err != nil {
		t.Errorf("what was left behind has ended: %v", err)
	}
}

func TestCommandsSideBySide(t *testing.T) {
	c := starting(t, "say", "0", "stdout", "fine", "1")
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for _, phase := range phases(c) {
				if _, err := phase.do(t.Context(), passed); err != nil {
					t.Errorf("%s: %v", phase.name, err)
				}
			}
		})
	}
	all.Wait()
}
