package jobs_test

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"cogpass/jobs"
)

// BenchmarkTasks reads jobs of many users, and reports the memory that the
// process had from the system at the end.
func BenchmarkTasks(b *testing.B) {
	for _, users := range []int{10_000, 1_000_000} {
		for _, kind := range []string{"csv", "jsonl"} {
			b.Run(fmt.Sprintf("%s/%d", kind, users), func(b *testing.B) { benchmarkTasks(b, kind, users) })
		}
	}
}

func benchmarkTasks(b *testing.B, kind string, users int) {
	path := manyUsers(b, kind, users)
	b.ReportAllocs()
	for b.Loop() {
		job, err := jobs.Open(path, jobs.Options{})
		if err != nil {
			b.Fatal(err)
		}
		var last int64
		for task, err := range job.Tasks(b.Context()).All() {
			if err != nil {
				b.Fatal(err)
			}
			last = task.Seq
		}
		if last != int64(users) {
			b.Fatalf("got %d tasks, want %d", last, users)
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.Sys-m.HeapReleased)/(1<<20), "MiB-held")
	b.ReportMetric(float64(users)*float64(b.N)/b.Elapsed().Seconds(), "users/s")
}

// BenchmarkPasswords reads the password of each row, in order.
func BenchmarkPasswords(b *testing.B) {
	for _, kind := range []string{"csv", "jsonl"} {
		b.Run(kind, func(b *testing.B) { benchmarkPasswords(b, kind, 100_000) })
	}
}

func benchmarkPasswords(b *testing.B, kind string, users int) {
	path := manyUsers(b, kind, users)
	job, tasks := mustTasks(b, path, jobs.Options{})
	for b.Loop() {
		p := job.passwords(b, jobs.Options{})
		for _, task := range tasks {
			if s, err := p.Get(task); err != nil || s.IsZero() {
				b.Fatalf("%s: got %v, %v", task.Username, s, err)
			}
		}
	}
	b.ReportMetric(float64(users)*float64(b.N)/b.Elapsed().Seconds(), "passwords/s")
}

// manyUsers writes a job of that many users and returns its path.
func manyUsers(tb testing.TB, kind string, users int) string {
	tb.Helper()
	dir := tb.TempDir()
	path := filepath.Join(dir, "job.yaml")
	text := "version: 1\nuserPoolId: us-west-2_aaaaaaaaa\naction: set-permanent\nusers: [{" + kind + ": users}]\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	f, err := os.Create(filepath.Join(dir, "users"))
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	format := `{"username": "user%08d@example.com", "password": "Pw-%08d-x"}` + "\n"
	if kind == "csv" {
		fmt.Fprintln(w, "username,password")
		format = "user%08d@example.com,Pw-%08d-x\n"
	}
	for i := range users {
		fmt.Fprintf(w, format, i, i)
	}
	if err := w.Flush(); err != nil {
		tb.Fatal(err)
	}
	return path
}

// readJob is a job whose tasks were read, and what was found on the way.
type readJob struct {
	*jobs.Job
	Sources  []jobs.Source
	Warnings []jobs.Fault
}

// passwords opens those of the job, beside it.
func (j *readJob) passwords(tb testing.TB, opt jobs.Options) *jobs.Passwords {
	tb.Helper()
	opt.Salt = j.Salt
	p, err := jobs.OpenPasswords(tb.Context(), []string{filepath.Dir(j.Path)}, j.Sources, opt)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { p.Close() })
	return p
}

// mustTasks reads a job that is right.
func mustTasks(tb testing.TB, path string, opt jobs.Options) (*readJob, []jobs.Task) {
	tb.Helper()
	job, err := jobs.Open(path, opt)
	if err != nil {
		tb.Fatal(err)
	}
	var list []jobs.Task
	tasks := job.Tasks(tb.Context())
	for task, err := range tasks.All() {
		if err != nil {
			tb.Fatal(err)
		}
		list = append(list, task)
	}
	return &readJob{job, tasks.Sources(), tasks.Warnings()}, list
}
