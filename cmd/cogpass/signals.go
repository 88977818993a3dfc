package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"cogpass/cmd/bulk"
)

// errInterrupted is the cause of a context that a signal has ended.
var errInterrupted = errors.New("interrupted")

// apart is how long after the first interrupt another one counts: supervisors,
// and a terminal with timeout(1) in it, send one twice at once.
const apart = time.Second

// withSignals returns a context that the first interrupt ends; a second one, a
// moment later, ends the process. SIGTERM is taken as SIGINT, and so is the end
// of the terminal. SIGQUIT ends the process at once.
func withSignals(ctx context.Context, sys *system) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGQUIT)
	if !signal.Ignored(syscall.SIGHUP) { // nohup is taken at its word
		signal.Notify(signals, syscall.SIGHUP)
	}
	go func() {
		var first time.Time
		for s := range signals {
			switch {
			case s == syscall.SIGQUIT:
				sys.say(slog.LevelError, "ended at once by SIGQUIT; what was in flight is in doubt")
				os.Exit(exitFatal)
			case first.IsZero():
				first = time.Now()
				cancel(errInterrupted)
			case time.Since(first) >= apart:
				sys.say(slog.LevelError, "ended at once; what was in flight is in doubt")
				os.Exit(exitInterrupted)
			}
		}
	}()
	return ctx, func() { signal.Stop(signals); cancel(nil) }
}

// steadily runs the program. A fault of its own ends it with a plain message:
// Go's would show values, which may be secrets, and its exit code says that
// nothing was sent.
func steadily(sys *system, run func() int) (code int) {
	defer func() {
		if value := recover(); value != nil {
			code = sys.exit(bulk.Broken(value))
		}
	}()
	return run()
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
