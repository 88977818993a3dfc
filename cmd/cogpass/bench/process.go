package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// process is a client that is measured.
type process struct {
	cmd      *exec.Cmd
	out, err bytes.Buffer
	start    time.Time
}

// measured is what a process took.
type measured struct {
	wall, cpu time.Duration // cpu is that of its children too
	rss       int64         // bytes at most, or 0 where that is not known
	out       []byte
}

// start starts a client. It sees no settings but the bench's own.
func (b *bench) start(name string, args ...string) (*process, error) {
	p := &process{cmd: exec.CommandContext(b.ctx, name, args...)}
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.err
	p.cmd.Dir, p.cmd.Env = b.dir, b.env
	p.start = time.Now()
	return p, p.cmd.Start()
}

// wait waits for the process; an exit code of those named is no error.
func (p *process) wait(codes ...int) (m measured, err error) {
	err = p.cmd.Wait()
	m.wall, m.out = time.Since(p.start), p.out.Bytes()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		for _, code := range codes {
			if exit.ExitCode() == code {
				err = nil
			}
		}
	}
	if err != nil {
		return m, fmt.Errorf("%s: %w: %s", strings.Join(p.cmd.Args[:min(3, len(p.cmd.Args))], " "), err, strings.TrimSpace(p.err.String()))
	}
	state := p.cmd.ProcessState
	m.cpu, m.rss = state.UserTime()+state.SystemTime(), maxResident(state)
	return m, nil
}

// measure carries a client out.
func (b *bench) measure(name string, args ...string) (measured, error) {
	p, err := b.start(name, args...)
	if err != nil {
		return measured{}, err
	}
	return p.wait()
}

// measureLoop carries a loop over the SDK out.
func (b *bench) measureLoop(url string, users, concurrency int, retries string) (measured, loopResult, error) {
	var result loopResult
	m, err := b.measure(b.self, "loop", "-endpoint", url, "-users", fmt.Sprint(users),
		"-concurrency", fmt.Sprint(concurrency), "-retries", retries)
	if err == nil {
		err = json.Unmarshal(m.out, &result)
	}
	return m, result, err
}

// best carries a client out some times, and returns the least of what it took:
// what was more had other causes.
func (b *bench) best(times int, name string, args ...string) (measured, error) {
	var best measured
	for i := range times {
		m, err := b.measure(name, args...)
		if err != nil {
			return m, err
		}
		if i == 0 {
			best = m
		}
		best.wall, best.cpu = min(best.wall, m.wall), min(best.cpu, m.cpu)
	}
	return best, nil
}

// fileSize returns the size of a file in the bench's folder, or 0.
func (b *bench) fileSize(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}
