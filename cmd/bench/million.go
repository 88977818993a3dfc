package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"cogpass/report"
)

const (
	mostMemory = 100 << 20
	mostLarge  = 256 << 20 // of ten million users, whose names are told apart by a few bytes each
	exitOK     = 0
	exitBroken = 130 // cogpass was interrupted
	exitKilled = -1  // by a signal
)

// million measures a large run in each step: planning, half of it, going on,
// and reports.
func (b *bench) million() ([]line, error) {
	users := pick(b, int64(1_000_000), 20_000)
	job, err := b.job("million", users, "max")
	if err != nil {
		return nil, err
	}
	file := filepath.Join(b.dir, "million.run")
	plan, err := b.measure(b.cogpass, "plan", job, "--out", file)
	if err != nil {
		return nil, err
	}
	lines := []line{
		{what: "planning", figure: seconds(plan.wall), want: "≤ 20 s", reached: reached(plan.wall <= 20*time.Second)},
		memory("memory of planning", plan, mostMemory),
	}
	const forReports = 90 * time.Second
	left := time.Until(b.until) - forReports
	first, log, err := b.part(file, users/2, time.Now().Add(left/2), os.Interrupt)
	if err != nil {
		return lines, err
	}
	second, more, err := b.part(file, users, time.Now().Add(left/2), os.Interrupt)
	if err != nil {
		return lines, err
	}
	begun := time.Duration(second.stats.First - second.began.UnixNano())
	done := first.stats.Requests + second.stats.Requests
	perUser := float64(b.fileSize(file)) / float64(users)
	lines = append(lines,
		line{what: fmt.Sprintf("calls a second, of %d", done), figure: fmt.Sprintf("%.0f", second.rate()), server: percent(second.share)},
		memory(fmt.Sprintf("memory of the run's first %d", first.stats.Requests), first.measured, mostMemory),
		memory(fmt.Sprintf("memory of going on, %d more", second.stats.Requests), second.measured, mostMemory),
		line{what: fmt.Sprintf("from going on to the first request, %d done", first.stats.Requests), figure: seconds(begun),
			want: "≤ 2 s", reached: reached(begun <= 2*time.Second)},
		line{what: "run file, bytes a user", figure: fmt.Sprintf("%.0f", perUser), want: "≤ 250", reached: reached(perUser <= 250)},
		line{what: "its log while it runs, at most", figure: mebibytes(max(log, more))},
	)
	reports, err := b.reports(file)
	return append(lines, reports...), err
}

// part is a part of a run.
type part struct {
	fast
	began time.Time
}

// part goes on with a run until it is done, or has made that many calls, or
// there is no time left; then it gets the signal. It returns the largest size of
// the run file's log too.
func (b *bench) part(file string, calls int64, until time.Time, end os.Signal) (p part, log int64, err error) {
	s, err := b.serve("-latency", "5ms")
	if err != nil {
		return p, 0, err
	}
	p.began = time.Now()
	client, err := b.start(b.cogpass, carryOut(s.url, file)...)
	if err != nil {
		return p, 0, err
	}
	over := make(chan struct{})
	watched := make(chan error, 1)
	go func() {
		watched <- func() error {
			for {
				select {
				case <-over:
					return nil
				case <-time.After(50 * time.Millisecond):
				}
				log = max(log, b.fileSize(file+"-wal"))
				stats, err := s.order("stats")
				if err != nil {
					return err
				}
				if int64(stats.Requests) >= calls || time.Now().After(until) {
					return client.cmd.Process.Signal(end)
				}
			}
		}()
	}()
	p.measured, err = client.wait(exitOK, exitBroken, exitKilled)
	close(over)
	if watching := <-watched; err == nil && watching != nil {
		err = watching
	}
	if err != nil {
		return p, log, err
	}
	p.stats, p.share, err = s.close(processors())
	return p, log, err
}

// large measures the largest run that there may be: planned whole, carried out in
// part, killed, gone on with and reported.
func (b *bench) large() ([]line, error) {
	users, calls := pick(b, int64(10_000_000), 50_000), pick(b, int64(100_000), 5_000)
	job, err := b.job("large", users, "max")
	if err != nil {
		return nil, err
	}
	file := filepath.Join(b.dir, "large.run")
	defer os.Remove(file)
	plan, err := b.measure(b.cogpass, "plan", job, "--out", file)
	if err != nil {
		return nil, err
	}
	lines := []line{
		{what: fmt.Sprintf("planning for %d users", users), figure: seconds(plan.wall)},
		memory("memory of planning", plan, mostLarge),
		{what: "run file", figure: mebibytes(b.fileSize(file))},
	}
	first, _, err := b.part(file, calls, time.Now().Add(time.Minute), os.Kill)
	if err != nil {
		return lines, err
	}
	second, _, err := b.part(file, calls, time.Now().Add(time.Minute), os.Interrupt)
	if err != nil {
		return lines, err
	}
	lines = append(lines,
		memory(fmt.Sprintf("memory of the run's first %d, then killed", first.stats.Requests), first.measured, mostLarge),
		memory(fmt.Sprintf("memory of going on, %d more", second.stats.Requests), second.measured, mostLarge),
		line{what: "from going on to the first request", figure: seconds(time.Duration(second.stats.First - second.began.UnixNano()))},
	)
	for _, format := range []string{"csv", "text"} {
		m, err := b.measure(b.cogpass, "report", file, "--format", format, "--out", filepath.Join(b.dir, "report"))
		if err != nil {
			return lines, err
		}
		lines = append(lines, line{what: "report, " + format, figure: seconds(m.wall)}, memory("memory of it", m, mostLarge))
	}
	return lines, nil
}

// reports measures a report of a run in each format.
func (b *bench) reports(file string) ([]line, error) {
	var lines []line
	for _, format := range report.Formats() {
		m, err := b.measure(b.cogpass, "report", file, "--format", string(format), "--out", filepath.Join(b.dir, "report"))
		if err != nil {
			return lines, err
		}
		lines = append(lines,
			line{what: "report, " + string(format), figure: seconds(m.wall), want: "≤ 20 s", reached: reached(m.wall <= 20*time.Second)},
			memory("memory of it", m, mostMemory))
	}
	return lines, nil
}
