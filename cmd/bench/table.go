package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// A line of the table. What is empty does not apply.
type line struct {
	what, figure, peer, ratio, want string
	reached                         verdict
	server                          string // the server's share of the processors
}

type verdict int

const (
	notAsked verdict = iota
	yes
	no
)

func reached(is bool) verdict {
	if is {
		return yes
	}
	return no
}

func (v verdict) String() string { return [...]string{"", "yes", "**no**"}[v] }

func markdown(rows []*row) string {
	var out strings.Builder
	out.WriteString("| row | what | cogpass | peer | ratio | to reach | reached | server |\n|---|---|---|---|---|---|---|---|\n")
	for _, r := range rows {
		for _, l := range r.lines {
			fmt.Fprintf(&out, "| %s | %s | %s | %s | %s | %s | %s | %s |\n", r.name, l.what, l.figure, l.peer, l.ratio, l.want, l.reached, l.server)
		}
	}
	return out.String()
}

// document is docs/benchmarks.md.
func document(ctx context.Context, at time.Time, load, table string) string {
	return fmt.Sprintf(`# Benchmarks

Written by %[1]smake bench%[1]s, which runs %[1]sgo run ./cmd/bench%[1]s; %[1]s-rows max%[1]s measures some rows alone, %[1]s-quick%[1]s less of each.

%[2]s, %[3]d processors, %[4]s/%[5]s, %[6]s; %[7]s%[8]s.

%[9]s
- Each client and each server is a process of its own, on loopback. The server answers at the least cost, is for one row's one
  client alone, and its share of all processors is in the last column.
- A ratio is cogpass's figure over its peer's, or the other way round where it says "less" or "faster". Both were measured in
  the same run. The SDK's loop keeps as many connections as it has requests in flight, and is given no work but the calls.
- Processor time is that of the whole process, planning and starting included; memory is the most that was resident.
- pace: %[1]s25/s%[1]s, answers take 80 to 120 ms; a machine that is busy with other work lets requests that were sent evenly
  arrive in clumps. quota: the server allows 15 a second, the job 30. fall: the server allows 30 a
  second, then 10 for 20 s, then 30 again. several: three jobs at %[1]s10/s%[1]s, of two pools of one account and one of another, as one
  command and as two, which begin at once; of an account's lane, the lesser share and the busier second. max, million: %[1]srate: max%[1]s, concurrency 64, answers take 5 ms, passwords from a CSV.
  one: %[1]sadmin-set-user-password%[1]s beside the AWS CLI's, the least of 10. thousand: a job of 1,000 users; answers take 5 ms;
  the least of 5, but for %[1]sxargs%[1]s. list: a plan of the confirmed users of a pool, %[1]sUserList: max%[1]s, 60 users a page, answers
  come at once; pages a second are from the first page asked for to the last, and the SDK's paginator keeps no user.
  seal: passwords of 20 characters to one native recipient, on all processors, the least of 3; age is given one that is there.
  generate: as max, with %[1]spassword: {generate: {}}%[1]s sealed to one native recipient, beside the same with passwords from a CSV, the
  mean of 3 runs each, taken in turn; its large run is planned whole, and carried out as far as it says.
`, "`", processorName(), processors(), runtime.GOOS, runtime.GOARCH, goVersion(ctx), at.UTC().Format("2006-01-02 15:04 UTC"), load, table)
}

func goVersion(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "go", "env", "GOVERSION").Output()
	if err != nil {
		return runtime.Version()
	}
	return strings.TrimSpace(string(out))
}

// processorName returns what the processor is called, where that is easy to know.
func processorName() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(text)) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "processor unknown"
}

// otherLoad says how busy the machine is, where that is easy to know.
func otherLoad() string {
	text, _ := os.ReadFile("/proc/loadavg")
	if load, _, ok := strings.Cut(string(text), " "); ok {
		return ", with a load of " + load + " from other work as it began"
	}
	return ""
}

func percent(share float64) string       { return fmt.Sprintf("%.1f%%", 100*share) }
func times(ratio float64) string         { return fmt.Sprintf("%.2f", ratio) }
func mebibytes(n int64) string           { return fmt.Sprintf("%.0f MiB", float64(n)/(1<<20)) }
func seconds(d time.Duration) string     { return fmt.Sprintf("%.1f s", d.Seconds()) }
func thousandths(d time.Duration) string { return fmt.Sprintf("%.1f ms", d.Seconds()*1e3) }
func ratio(a, b time.Duration) float64   { return a.Seconds() / b.Seconds() }

// skipped is the line of a peer that is not installed.
func skipped(what, missing string) line {
	return line{what: what, figure: "skipped: " + missing + " is not installed"}
}

// memory is the line of the most memory that something took.
func memory(what string, m measured, most int64) line {
	l := line{what: what, figure: mebibytes(m.rss), want: "≤ " + mebibytes(most), reached: reached(m.rss <= most)}
	if m.rss == 0 {
		l.figure, l.reached = "not known here", notAsked
	}
	return l
}
