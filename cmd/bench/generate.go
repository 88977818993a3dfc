package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

const mostSealedMemory = 150 << 20

// generatedJob writes a job whose passwords are generated and sealed.
func (b *bench) generatedJob(name string, n int64) (string, error) {
	return b.jobOf(name, n, "max", writeNames, fmt.Sprintf("password: {generate: {}}\nhandoff: {age: [%s]}\n", sealRecipient))
}

func writeNames(out io.Writer, n int64) error {
	w := bufio.NewWriter(out)
	w.WriteString("username\n")
	for i := range n {
		username, _ := user(i + 1)
		fmt.Fprintln(w, username)
	}
	return w.Flush()
}

// generate measures what generating and sealing passwords costs a run. Runs of
// both kinds take turns, for a machine gets slower and faster.
func (b *bench) generate() ([]line, error) {
	users := pick(b, int64(50_000), 5_000)
	plain, err := b.job("plain", users, "max")
	if err != nil {
		return nil, err
	}
	sealing, err := b.generatedJob("sealing", users)
	if err != nil {
		return nil, err
	}
	var plains, sealings side
	run := func(to *side, job string) error {
		return to.add(b.fastRun(func(url string) (measured, error) { return b.measure(b.cogpass, carryOut(url, job)...) }))
	}
	for range 3 {
		if err := run(&plains, plain); err != nil {
			return nil, err
		}
		if err := run(&sealings, sealing); err != nil {
			return nil, err
		}
	}
	rates := sealings.rate() / plains.rate()
	microseconds := func(seconds float64) string { return fmt.Sprintf("%.0f µs", seconds*1e6) }
	lines := []line{
		{what: "calls a second, passwords generated and sealed", figure: fmt.Sprintf("%.0f", sealings.rate()),
			peer: fmt.Sprintf("%.0f (passwords from a CSV)", plains.rate()), ratio: times(rates),
			want: "≥ 0.90", reached: reached(rates >= 0.9), server: percent(sealings[0].share)},
		{what: "processor time a call", figure: microseconds(sealings.cpu()), peer: microseconds(plains.cpu()) + " (passwords from a CSV)",
			ratio: times(sealings.cpu() / plains.cpu())},
	}
	large, err := b.generateMany()
	return append(lines, large...), err
}

// generateMany measures the memory of a large run whose passwords are
// generated and sealed, in each of its steps.
func (b *bench) generateMany() ([]line, error) {
	users, calls := pick(b, int64(1_000_000), 20_000), pick(b, int64(100_000), 5_000)
	job, err := b.generatedJob("generated", users)
	if err != nil {
		return nil, err
	}
	identity := filepath.Join(b.dir, "identity.txt")
	if err := os.WriteFile(identity, []byte(sealIdentity+"\n"), 0o600); err != nil {
		return nil, err
	}
	file := filepath.Join(b.dir, "generated.run")
	plan, err := b.measure(b.cogpass, "plan", job, "--out", file)
	if err != nil {
		return nil, err
	}
	lines := []line{memory(fmt.Sprintf("memory of planning for %d users", users), plan, mostSealedMemory)}
	first, _, err := b.part(file, calls, time.Now().Add(2*time.Minute), os.Interrupt)
	if err != nil {
		return lines, err
	}
	lines = append(lines, memory(fmt.Sprintf("memory of the run's first %d", first.stats.Requests), first.measured, mostSealedMemory))
	shown, err := b.measure(b.cogpass, "report", file, "--format", "json", "--out", filepath.Join(b.dir, "report"))
	if err != nil {
		return lines, err
	}
	lines = append(lines, memory("memory of its report, json", shown, mostSealedMemory))
	revealed, err := b.measure(b.cogpass, "reveal", file, "--identity", identity, "--out", filepath.Join(b.dir, "passwords.csv"))
	if err != nil {
		return lines, err
	}
	return append(lines, line{what: "revealing its passwords", figure: seconds(revealed.wall)},
		memory("memory of it", revealed, mostSealedMemory)), nil
}
