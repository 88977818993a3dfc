package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// serving is a server in a process of its own.
type serving struct {
	cmd    *exec.Cmd
	orders io.WriteCloser
	said   *bufio.Reader
	url    string
	start  time.Time
}

func (b *bench) serve(args ...string) (*serving, error) {
	s := &serving{cmd: exec.CommandContext(b.ctx, b.self, append([]string{"serve"}, args...)...), start: time.Now()}
	s.cmd.Stderr = os.Stderr
	var err error
	if s.orders, err = s.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	said, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	s.said = bufio.NewReader(said)
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := s.said.ReadString('\n')
	s.url = strings.TrimSpace(line)
	return s, err
}

// order has the server do something, and returns its statistics then.
func (s *serving) order(text string) (stats serverStats, err error) {
	if _, err := fmt.Fprintln(s.orders, text); err != nil {
		return stats, err
	}
	line, err := s.said.ReadBytes('\n')
	if err != nil {
		return stats, fmt.Errorf("asking the server: %w", err)
	}
	return stats, json.Unmarshal(line, &stats)
}

// close ends the server. The share is the processor time that it took of what
// all processors had while it ran.
func (s *serving) close(processors int) (stats serverStats, share float64, err error) {
	if stats, err = s.order("stats"); err != nil {
		return stats, 0, err
	}
	wall := time.Since(s.start)
	s.orders.Close()
	if err := s.cmd.Wait(); err != nil {
		return stats, 0, err
	}
	used := s.cmd.ProcessState.UserTime() + s.cmd.ProcessState.SystemTime()
	return stats, used.Seconds() / wall.Seconds() / float64(processors), nil
}
