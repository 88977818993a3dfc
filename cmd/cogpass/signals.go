package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// errInterrupted is the cause of a context that a signal has ended.
var errInterrupted = errors.New("interrupted")

// withSignals returns a context that the first interrupt ends; the second ends
// the process. SIGTERM is taken as SIGINT, and so is the end of the terminal.
func withSignals(ctx context.Context, stderr io.Writer) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // nohup is taken at its word
		signal.Notify(signals, syscall.SIGHUP)
	}
	go func() {
		<-signals
		cancel(errInterrupted)
		<-signals
		fmt.Fprintln(stderr, "cogpass: ended at once; what was in flight is in doubt")
		os.Exit(exitInterrupted)
	}()
	return ctx, func() { signal.Stop(signals); cancel(nil) }
}

// outliveReader keeps a run going when nobody reads its messages any more:
// without this, a closed pipe on standard error would end the process.
func outliveReader() { signal.Ignore(syscall.SIGPIPE) }
