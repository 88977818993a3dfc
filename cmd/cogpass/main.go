// Cogpass does bulk password work on Amazon Cognito user pools.
//
// This package is the command line: flags, the terminal, the environment and
// exit codes live here; what a run does lives in cmd/bulk. A command is an
// options struct, a constructor that only parses, and a method that only works.
// Errors carry what they mean, and exit.go turns them into exit codes.
package main

import (
	"cmp"
	"context"
	"io"
	"log"
	"os"
	"runtime/debug"
	"strings"

	"golang.org/x/term"

	"cogpass/cmd/cogpass/awscli"
)

func main() {
	os.Exit(realMain())
}

func realMain() int {
	noCore()
	log.SetOutput(io.Discard) // net/http says things there that are in nobody's format
	if os.Getenv("GOTRACEBACK") == "" {
		debug.SetTraceback("none") // its arguments may be secrets
	}
	args := os.Args[1:]
	stderr := int(os.Stderr.Fd())
	sys := &system{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		InTerminal: term.IsTerminal(int(os.Stdin.Fd())), OutTerminal: term.IsTerminal(int(os.Stdout.Fd())),
		ErrTerminal: term.IsTerminal(stderr) && os.Getenv("TERM") != "dumb" && escapes(os.Stderr),
		Colour:      os.Getenv("NO_COLOR") == "",
		Size:        func() (columns, rows int) { return sizeOf(stderr) },
		LookupEnv:   os.LookupEnv,
	}
	aws := awscli.Claims(args)
	if !aws && wantsJSON(args) {
		sys.logJSON()
	}
	ctx, stop := withSignals(context.Background(), sys)
	defer stop()
	return steadily(sys, func() int {
		if aws {
			return awscli.Run(ctx, args, awscli.Streams{
				In: sys.In, Out: sys.Out, Err: sys.Err, Terminal: term.IsTerminal(int(os.Stderr.Fd())),
			})
		}
		sys.In = interruptible{ctx, sys.In}
		cmd := newRoot(sys)
		cmd.SetArgs(args)
		return sys.exit(cmp.Or(cmd.ExecuteContext(ctx), sys.help.err))
	})
}

// sizeOf is the size of a terminal, which is a common one where it is not known.
func sizeOf(terminal int) (columns, rows int) {
	columns, rows, err := term.GetSize(terminal)
	if err != nil || columns < 1 || rows < 1 {
		return 80, 24
	}
	return columns, rows
}

// wantsJSON reports whether the arguments ask for a log in JSON on standard error,
// and not in a file. What is wrong with them is to be told in it, so it must be
// known before they are read.
func wantsJSON(args []string) (wants bool) {
	for i, arg := range args {
		switch {
		case arg == "--":
			return wants
		case arg == "--log-file", strings.HasPrefix(arg, "--log-file="):
			return false
		case arg == "--log-format=json", arg == "json" && i > 0 && args[i-1] == "--log-format":
			wants = true
		}
	}
	return wants
}
