package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
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

// loopResult is what a loop over the SDK came to.
type loopResult struct{ OK, Failed int64 }

// measureLoop carries a loop over the SDK out: TestBareLoop of runner/cognito.
func (b *bench) measureLoop(url string, users, concurrency int, retries string) (measured, loopResult, error) {
	return b.loopOverSDK(map[string]any{
		"endpoint": url, "pool": poolID, "users": users, "concurrency": concurrency, "retries": retries,
	})
}

func (b *bench) loopOverSDK(of map[string]any) (measured, loopResult, error) {
	settings, err := json.Marshal(of)
	if err != nil {
		return measured{}, loopResult{}, err
	}
	looping := *b
	looping.env = append(slices.Clip(b.env), "COGPASS_BARE_LOOP="+string(settings))
	m, err := looping.measure(b.loop, "-test.run", "^TestBareLoop$")
	var result loopResult
	if err == nil {
		err = json.NewDecoder(bytes.NewReader(m.out)).Decode(&result)
	}
	return m, result, err
}

// user returns the nth user's name and password.
func user(n int64) (username, password string) {
	return fmt.Sprintf("user%07d@example.com", n), fmt.Sprintf("Passw0rd-%07d", n)
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
