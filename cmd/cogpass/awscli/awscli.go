// Package awscli is the AWS CLI's admin-set-user-password and
// admin-reset-user-password, option for option: what they accept, send, print
// and exit with is what version 2.9 of the AWS CLI does, so that a script
// changes one word. Messages are cogpass's own, but for what the service
// answered. docs/aws-cli.md lists what differs. Begin with Run.
//
// No message shows a password, nor does --debug: every value of an option is a
// jobs.Secret until it is known to be none. What the service answers is printed
// as it came, but for control characters and what repeats the password.
package awscli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

const service = "cognito-idp"

// Streams are where a command reads and writes.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
	Terminal bool // Err is a terminal: warnings are shown

	unit time.Duration // the longest wait before the second attempt; 0 is a second
}

// Claims reports whether a command line is for this package: its first word
// that is no option is cognito-idp or one of the two commands.
func Claims(args []string) bool {
	if len(args) == 0 {
		return false
	}
	if !strings.HasPrefix(args[0], "-") {
		return isOurs(args[0])
	}
	words := globals()
	words.choices = nil
	if p, err := words.parse(args); err == nil && isOurs(p.values.text(words.positional)) {
		return true
	}
	// An option that comes first and is no global one, or is used wrongly, is
	// for Run to complain about.
	return slices.ContainsFunc(args, isOurs)
}

func isOurs(word string) bool {
	_, ok := operationOf(word)
	return ok || word == service
}

// Run carries out a command line that Claims accepts, and returns the exit
// code. Once ctx is done it ends with 130.
func Run(ctx context.Context, args []string, streams Streams) int {
	err := run(ctx, args, streams)
	var exit *exitError
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errCutOff):
		fmt.Fprintf(streams.Err, "cogpass: %v\n", err)
		return 130
	case ctx.Err() != nil:
		return 130
	case errors.Is(err, errVersion):
		fmt.Fprintln(streams.Out, "aws-cli/2.9.19 (cogpass)")
		return 0
	case !errors.As(err, &exit):
		exit = &exitError{code: exitGeneral, msg: err.Error()}
	}
	if exit.code == exitRefused {
		fmt.Fprintf(streams.Err, "\n%s\n", exit.msg)
		return exit.code
	}
	fmt.Fprintf(streams.Err, "cogpass: %s\n", exit.msg)
	if exit.hint != "" {
		fmt.Fprintf(streams.Err, "hint: %s\n", exit.hint)
	}
	return exit.code
}

func run(ctx context.Context, args []string, streams Streams) error {
	if err := checkArguments(args); err != nil {
		return err
	}
	if err := checkConfigFiles(); err != nil {
		return err
	}
	top, err := globals().parse(args)
	if err != nil {
		return err
	}
	g, err := readGlobals(top.values)
	if err != nil {
		return err
	}
	command, rest := top.values.text("command"), top.rest
	if command == service {
		p, err := operationWords().parse(rest)
		if err != nil {
			return err
		}
		command, rest = p.values.text("operation"), p.rest
	}
	op, ok := operationOf(command)
	if !ok {
		_, err := io.WriteString(streams.Out, serviceHelp)
		return err
	}
	c := &invocation{op: op, globals: g, streams: streams, line: args}
	return c.run(ctx, rest)
}

// operationWords takes the word after cognito-idp.
func operationWords() *parser {
	return &parser{positional: "operation", choices: []string{operations[0].command, operations[1].command, "help"}}
}

// plainOption is what an option's name looks like, and no password that
// Cognito's default policy takes: it may be shown.
var plainOption = regexp.MustCompile(`^--[a-z]+(?:-[a-z]+)*$`)

// checkArguments refuses what is not UTF-8: JSON cannot say it, so it would
// not arrive as it was given.
func checkArguments(args []string) error {
	for i, arg := range args {
		if utf8.ValidString(arg) {
			continue
		}
		name, _, joined := strings.Cut(arg, "=")
		if !joined && i > 0 {
			name = args[i-1]
		}
		if !plainOption.MatchString(name) {
			return usagef("argument %d is not UTF-8 text", i+1)
		}
		return usagef("the value of %s (argument %d) is not UTF-8 text", name, i+1)
	}
	return nil
}

// exitError ends the program with a code and a message.
type exitError struct {
	code int
	msg  string
	hint string
}

func (e *exitError) Error() string { return e.msg }

// The AWS CLI's exit codes.
const (
	exitUsage   = 252 // the command line, or what it stands for, is wrong
	exitConfig  = 253 // credentials or Region are missing
	exitRefused = 254 // the service said no
	exitGeneral = 255 // anything else
)

func usagef(format string, a ...any) error {
	return &exitError{code: exitUsage, msg: fmt.Sprintf(format, a...)}
}

func generalf(format string, a ...any) error {
	return &exitError{code: exitGeneral, msg: fmt.Sprintf(format, a...)}
}
