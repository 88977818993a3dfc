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

// interruptible is standard input, whose end an interrupted program does not
// wait for.
type interruptible struct {
	ctx context.Context
	in  io.Reader
}

func (r interruptible) Read(p []byte) (int, error) {
	type result struct {
		n   int
		err error
	}
	own := make([]byte, len(p)) // p is the caller's again once Read has returned
	read := make(chan result, 1)
	go func() {
		n, err := r.in.Read(own)
		read <- result{n, err}
	}()
	select {
	case got := <-read:
		return copy(p, own[:got.n]), got.err
	case <-r.ctx.Done():
		return 0, context.Cause(r.ctx)
	}
}
