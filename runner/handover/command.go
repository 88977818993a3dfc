// Package handover hands passwords over to their readers through a program of
// the user's own, such as a script around a secret store's command line.
//
// A password is on the program's standard input and nowhere else: not on its
// command line, not in its environment, and not in what is told of its output.
package handover

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"cogpass/jobs"
	"cogpass/runner"
)

const (
	defaultTimeout = 30 * time.Second

	// outputWait is for what a program has started and left behind, which
	// may hold its output open for ever.
	outputWait = 500 * time.Millisecond
)

// errTimeout is the cause of a context that a Command's Timeout has ended.
var errTimeout = errors.New("the hand-off took too long")

// Command is a runner.Handoff that starts a program for each phase, with this
// object on its standard input:
//
//	{"phase": "prepare", "username": "ana", "userPoolId": "us-west-2_aaaaaaaaa", "run": "…",
//	 "task": 1, "version": "…", "password": "…"}
//
// The phases are prepare, confirm and abandon; only prepare has the password.
// Exit status 0 is done, and any other a runner.UserFault whose reason has the
// end of what the program printed. One that does not end in time is killed,
// with all that it has started in its process group (on Windows: alone):
// runner.Hung. One that cannot be started is Fatal. The program gets this process's
// working directory and environment.
type Command struct {
	Args    []string      // the program, found as a shell would, and its arguments
	Dir     string        // that a program with a relative path is in, such as ./hand-off; empty: the working directory
	Timeout time.Duration // how long a phase may take; 0 is 30 seconds
	PoolID  string        // for the program to know
	Run     string        // the run's name, for the program to know
}

var _ runner.Handoff = Command{}

// Prepare gives the program the password.
func (c Command) Prepare(ctx context.Context, h runner.Handover) (runner.Answer, error) {
	return c.phase(ctx, "prepare", h)
}

// Confirm has the program give readers the password of that Version.
func (c Command) Confirm(ctx context.Context, h runner.Handover) (runner.Answer, error) {
	return c.phase(ctx, "confirm", h)
}

// Abandon has the program drop the password of that Version.
func (c Command) Abandon(ctx context.Context, h runner.Handover) (runner.Answer, error) {
	return c.phase(ctx, "abandon", h)
}

// message is what a program reads.
type message struct {
	Phase    string `json:"phase"`
	Username string `json:"username"`
	PoolID   string `json:"userPoolId"`
	Run      string `json:"run"`
	Task     int64  `json:"task"`
	Version  string `json:"version"`
	Password string `json:"password,omitempty"`
}

// phase runs the program to its end. No program has a request ID or a date.
func (c Command) phase(ctx context.Context, phase string, h runner.Handover) (none runner.Answer, err error) {
	if len(c.Args) == 0 {
		return none, &runner.Error{Class: runner.Fatal, Message: "the hand-off names no program"}
	}
	m := message{phase, h.Username, c.PoolID, c.Run, h.Seq, h.Version, ""}
	if phase == "prepare" {
		m.Password = h.Password.Reveal()
	}
	input, err := json.Marshal(m)
	if err != nil {
		return none, &runner.Error{Class: runner.UserFault, Message: c.place(phase) + "its message cannot be written"}
	}
	return none, c.start(ctx, c.place(phase), append(input, '\n'), h.Password)
}

// Tell starts the program once, with something on its standard input, and waits for
// its end, as for a phase. Its error begins with what the program is to be called.
func (c Command) Tell(ctx context.Context, called string, input []byte) error {
	return c.start(ctx, called+": ", input, jobs.Secret{})
}

// start runs the program to its end. What is told of its output is without the secret.
func (c Command) start(ctx context.Context, place string, input []byte, secret jobs.Secret) error {
	timeout := c.Timeout
	if timeout == 0 {
		timeout = defaultTimeout
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, errTimeout)
	defer cancel()
	out := tail{most: keep}
	cmd := exec.CommandContext(ctx, c.program(), c.Args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(input), &out, &out
	cmd.WaitDelay = outputWait
	ownGroup(cmd)
	err := cmd.Run()
	switch {
	case cmd.ProcessState == nil:
		return c.notStarted(place, err)
	case cmd.ProcessState.Success(): // whatever became of its output, or of the time
		return nil
	case errors.Is(context.Cause(ctx), errTimeout):
		return &runner.Error{Class: runner.Hung, Err: errTimeout, Message: fmt.Sprintf("%sdid not end within %v, and was killed", place, timeout)}
	case ctx.Err() != nil:
		return &runner.Error{Err: context.Cause(ctx), Message: place + "was killed, for the run has ended"}
	}
	text := place + cmd.ProcessState.String()
	if said := out.shown(secret); said != "" {
		text += ": " + said
	}
	return &runner.Error{Class: runner.UserFault, Message: text}
}

// program returns where the program is, or its name for PATH to have.
func (c Command) program() string {
	name := c.Args[0]
	if c.Dir == "" || filepath.IsAbs(name) || filepath.Base(name) == name {
		return name
	}
	return filepath.Join(c.Dir, name)
}

// notStarted classes what has kept a program from being started.
func (c Command) notStarted(place string, err error) error {
	for _, want := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, syscall.EAGAIN, syscall.ETXTBSY} {
		if errors.Is(err, want) {
			return &runner.Error{Class: runner.Host, Err: err, Message: place + "cannot be started: " + want.Error()}
		}
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return &runner.Error{Class: runner.Transient, Err: err, Message: place + "was not started, for the run has ended"}
	}
	reason := "cannot be started" // err itself has the whole path, and is nobody's hint
	var number syscall.Errno
	if errors.As(err, &number) {
		reason += ": " + number.Error()
	}
	if errors.Is(err, exec.ErrNotFound) {
		reason = "is not there"
	}
	return &runner.Error{Class: runner.Fatal, Err: err,
		Message: place + reason + "; hint: name an executable file, by its path or as PATH has it where cogpass runs"}
}

// place says whose fault it is.
func (c Command) place(phase string) string {
	name := []rune(jobs.Visible(filepath.Base(c.Args[0])))
	return fmt.Sprintf("the hand-off's program %s, at %s: ", string(name[:min(len(name), 60)]), phase)
}
