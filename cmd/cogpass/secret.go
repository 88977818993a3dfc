package main

import (
	"context"
	"fmt"
	"os"
	"runtime"

	"golang.org/x/term"

	"cogpass/jobs"
)

// askSecret asks for what is not to be seen, on the terminal itself: standard
// input and error may be elsewhere. An interrupt ends it.
func askSecret(ctx context.Context, prompt string) (jobs.Secret, error) {
	in, out, err := openTerminal()
	if err != nil {
		return jobs.Secret{}, withHint(exitUsage, "run it on a terminal, or give an identity that has no passphrase", "there is no terminal to ask on")
	}
	defer in.Close()
	defer out.Close()
	fd := int(in.Fd())
	state, err := term.GetState(fd)
	if err != nil {
		return jobs.Secret{}, fmt.Errorf("asking on the terminal: %w", err)
	}
	fmt.Fprint(out, prompt)
	type result struct {
		text []byte
		err  error
	}
	typed := make(chan result, 1)
	go func() {
		text, err := term.ReadPassword(fd)
		typed <- result{text, err}
	}()
	defer fmt.Fprintln(out) // the line's own end was not shown
	select {
	case r := <-typed:
		if r.err != nil {
			return jobs.Secret{}, usage("nothing was typed")
		}
		return jobs.NewSecret(string(r.text)), nil
	case <-ctx.Done():
		_ = term.Restore(fd, state) // what is typed after the program is to be seen again
		return jobs.Secret{}, context.Cause(ctx)
	}
}

// openTerminal opens the terminal to read from and to write to.
func openTerminal() (in, out *os.File, err error) {
	reads, writes := "/dev/tty", "/dev/tty"
	if runtime.GOOS == "windows" {
		reads, writes = "CONIN$", "CONOUT$"
	}
	if in, err = os.OpenFile(reads, os.O_RDWR, 0); err != nil {
		return nil, nil, err
	}
	if out, err = os.OpenFile(writes, os.O_RDWR, 0); err != nil {
		in.Close()
		return nil, nil, err
	}
	return in, out, nil
}
