package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
)

// print writes what was asked for to standard output.
func (s *system) print(format string, args ...any) error {
	_, err := fmt.Fprintf(standardOutput{s.Out}, format, args...)
	return err
}

// stream writes what was asked for, and may be long, to standard output.
func (s *system) stream(write func(io.Writer) error) error {
	out := bufio.NewWriterSize(standardOutput{s.Out}, 64<<10)
	if err := write(out); err != nil {
		return err
	}
	return out.Flush()
}

// helpOutput is standard output for what cobra prints, which does not look at what
// becomes of it.
type helpOutput struct {
	out io.Writer
	err error // the first
}

func (h *helpOutput) Write(p []byte) (int, error) {
	n, err := standardOutput{h.out}.Write(p)
	h.err = cmp.Or(h.err, err)
	return n, err
}

// standardOutput says in its errors what could not be written.
type standardOutput struct{ io.Writer }

func (o standardOutput) Write(p []byte) (int, error) {
	n, err := o.Writer.Write(p)
	if err != nil {
		err = fmt.Errorf("writing to standard output: %w", err)
	}
	return n, err
}
