package main

import (
	"bufio"
	"fmt"
	"io"
)

// print writes what was asked for to standard output.
func (s *system) print(format string, args ...any) error {
	if _, err := fmt.Fprintf(s.Out, format, args...); err != nil {
		return fmt.Errorf("writing to standard output: %w", err)
	}
	return nil
}

// stream writes what was asked for, and may be long, to standard output.
func (s *system) stream(write func(io.Writer) error) error {
	out := bufio.NewWriterSize(s.Out, 64<<10)
	if err := write(out); err != nil {
		return err
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("writing to standard output: %w", err)
	}
	return nil
}
