// Cogpass does bulk password work on Amazon Cognito user pools.
//
// This package is the command line: flags, the terminal, the environment and
// exit codes live here; what a run does lives in cmd/bulk. A command is an
// options struct, a constructor that only parses, and a method that only works.
// Errors carry what they mean, and exit.go turns them into exit codes.
package main

import (
	"context"
	"os"

	"golang.org/x/term"

	"cogpass/cmd/cogpass/awscli"
)

func main() {
	os.Exit(realMain())
}

func realMain() int {
	ctx, stop := withSignals(context.Background(), os.Stderr)
	defer stop()
	args := os.Args[1:]
	if awscli.Claims(args) {
		return awscli.Run(ctx, args, awscli.Streams{
			In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Terminal: term.IsTerminal(int(os.Stderr.Fd())),
		})
	}
	sys := &system{
		In: interruptible{ctx, os.Stdin}, Out: os.Stdout, Err: os.Stderr,
		InTerminal: term.IsTerminal(int(os.Stdin.Fd())), ErrTerminal: term.IsTerminal(int(os.Stderr.Fd())) && os.Getenv("TERM") != "dumb",
		LookupEnv: os.LookupEnv,
	}
	cmd := newRoot(sys)
	cmd.SetArgs(args)
	return sys.exit(cmd.ExecuteContext(ctx))
}
