// Package metrics shows how a run goes to Prometheus: over HTTP while it lasts,
// and in a file for the node exporter.
//
// No label holds what a user of the pool is called, and each has few values: a
// code that an endpoint makes up is "other".
package metrics

import (
	"math"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"cogpass/cmd/bulk"
	"cogpass/runner"
)

// Run is the metrics of one run. It is a prometheus.Collector. Its methods may be
// called from any goroutine.
type Run struct {
	mu       sync.Mutex
	version  string
	name     string // the job's; empty before Begin
	pool     string
	sandbox  bool
	last     bulk.Progress
	before   sums // of parts of the run that are over, as while it waits for another day
	failures map[string]int64
	answers  histogram
	began    time.Time
	ended    time.Time // zero while the run goes on
	code     int
	success  float64 // when a run of this name last was a success, in seconds of Unix time; 0: not known
	now      func() time.Time
}

// sums are what counts up.
type sums struct {
	retried int64
	ended   [runner.Unknown + 1]int64
	lanes   map[string]laneSums
}

type laneSums struct{ sent, throttled int64 }

// New returns the metrics of a run of a version of the program.
func New(version string) *Run {
	return &Run{version: version, failures: map[string]int64{}, answers: newHistogram(), before: sums{lanes: map[string]laneSums{}}, now: time.Now, code: -1}
}

// Begin says which run it is, and how many tasks it has, of which some are pending.
func (r *Run) Begin(name, pool string, sandbox bool, tasks, pending int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.name, r.pool, r.sandbox, r.began = name, pool, sandbox, r.now()
	r.last.Tasks, r.last.Done, r.last.Sending.Asked = tasks, tasks-pending, 1 // not paused, as far as is known
}

// Show takes in how far the run is. It is called for each answer and each task.
func (r *Run) Show(p bulk.Progress) {
	if p.Listing {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if p.Sending.Sent > r.last.Sending.Sent && p.Sending.Latency > 0 { // else it is the same answer once more
		r.answers.add(p.Sending.Latency.Seconds())
	}
	if p.Last != nil && p.Last != r.last.Last {
		r.failures[r.codeOf(p.Last.Code)]++
	}
	if r.last = p; p.Over {
		r.before, r.last.Sending = r.sum(), runner.Stats{Asked: p.Sending.Asked, Rate: p.Sending.Rate}
	}
}

const maxCodes = 30

// codeOf is a code as a label.
func (r *Run) codeOf(code string) string {
	if code == "" {
		return "none"
	}
	_, known := r.failures[code]
	for _, c := range code {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9') {
			return "other"
		}
	}
	if !known && len(r.failures) >= maxCodes || len(code) > 64 {
		return "other"
	}
	return code
}

// End says that the run has ended, with an exit code.
func (r *Run) End(code int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended, r.code = r.now(), code
	if code == 0 {
		r.success = seconds(r.ended)
	}
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

// sum is what has been counted so far, over all parts of the run.
func (r *Run) sum() sums {
	s := &r.last.Sending
	all := sums{retried: r.before.retried + s.Retried, ended: r.before.ended, lanes: map[string]laneSums{}}
	for outcome, n := range s.Ended {
		all.ended[outcome] += n
	}
	for name, l := range r.before.lanes {
		all.lanes[name] = l
	}
	for _, l := range s.Lanes {
		before := r.before.lanes[string(l.Category)]
		all.lanes[string(l.Category)] = laneSums{before.sent + l.Sent, before.throttled + l.Throttled}
	}
	return all
}

// A histogram counts the times of answers.
type histogram struct {
	buckets map[float64]uint64 // cumulative, by upper bound in seconds
	count   uint64
	sum     float64
}

var bounds = []float64{0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30}

func newHistogram() histogram {
	h := histogram{buckets: map[float64]uint64{}}
	for _, bound := range bounds {
		h.buckets[bound] = 0
	}
	return h
}

func (h *histogram) add(v float64) {
	h.count++
	h.sum += v
	for _, bound := range bounds {
		if v <= bound {
			h.buckets[bound]++
		}
	}
}

func (h *histogram) copied() map[float64]uint64 {
	all := make(map[float64]uint64, len(h.buckets))
	for bound, n := range h.buckets {
		all[bound] = n
	}
	return all
}

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("cogpass_"+name, help, append([]string{"run"}, labels...), nil)
}

var (
	runInfo      = desc("run_info", "The run, by the job's name: always 1.", "user_pool_id", "sandbox", "version")
	runTasks     = desc("run_tasks", "Tasks of the plan.")
	runPending   = desc("run_tasks_pending", "Tasks that have not ended.")
	retrying     = desc("run_tasks_retrying", "Tasks that wait out a delay before they are tried, or looked at, again.")
	tasksEnded   = desc("tasks_ended_total", "Tasks that have ended since this run was begun or taken up again, by outcome.", "outcome")
	taskFailures = desc("task_failures_total", "Tasks that failed or are unknown, by AWS's error code.", "code")
	requests     = desc("requests_total", "Requests answered or given up, by quota category.", "lane")
	throttled    = desc("requests_throttled_total", "Requests that were throttled, by quota category.", "lane")
	retried      = desc("requests_retried_total", "Attempts beyond the first of a step.")
	inFlight     = desc("requests_in_flight", "Requests that wait for their answers.")
	duration     = desc("request_duration_seconds", "How long answers took.")
	askedRate    = desc("lane_asked_requests_per_second", "The rate that is asked for, by quota category.", "lane")
	allowedRate  = desc("lane_allowed_requests_per_second", "What throttling leaves of the rate that is asked for.", "lane")
	paused       = desc("run_paused", "Whether the run is paused.")
	waiting      = desc("run_waiting_for_service", "Whether the run waits for an outage to end.")
	remaining    = desc("run_remaining_seconds", "How long the rest will take, by the slowest lane.")
	going        = desc("run_going", "Whether the run goes on; 1 of one whose update is old was killed.")
	startTime    = desc("run_start_timestamp_seconds", "When the run was begun, or taken up again.")
	updateTime   = desc("run_update_timestamp_seconds", "When these metrics were made.")
	endTime      = desc("run_end_timestamp_seconds", "When the run ended.")
	exitCode     = desc("run_exit_code", "Exit code of the run that has ended.")
	successTime  = desc("run_last_success_timestamp_seconds", "When a run of this name last ended with exit code 0, as far as the metrics file knows.")
)

// Describe implements prometheus.Collector.
func (r *Run) Describe(ch chan<- *prometheus.Desc) { prometheus.DescribeByCollect(r, ch) }

// Collect implements prometheus.Collector. Before Begin and End there is nothing to
// collect.
func (r *Run) Collect(ch chan<- prometheus.Metric) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.name == "" {
		return
	}
	put := func(kind prometheus.ValueType, d *prometheus.Desc, value float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, kind, value, append([]string{r.name}, labels...)...)
	}
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		put(prometheus.GaugeValue, d, value, labels...)
	}
	gauge(runInfo, 1, r.pool, strconv.FormatBool(r.sandbox), r.version)
	gauge(updateTime, seconds(r.now()))
	gauge(going, truth(r.ended.IsZero()))
	if !r.ended.IsZero() {
		gauge(endTime, seconds(r.ended))
		gauge(exitCode, float64(r.code))
	}
	if r.success > 0 {
		gauge(successTime, r.success)
	}
	if r.began.IsZero() { // it did not begin
		return
	}
	gauge(startTime, seconds(r.began))
	r.collectSending(put, gauge)
	ch <- prometheus.MustNewConstHistogram(duration, r.answers.count, r.answers.sum, r.answers.copied(), r.name)
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// collectSending collects what is counted of tasks and requests.
func (r *Run) collectSending(put func(prometheus.ValueType, *prometheus.Desc, float64, ...string), gauge func(*prometheus.Desc, float64, ...string)) {
	count := func(d *prometheus.Desc, n int64, labels ...string) {
		put(prometheus.CounterValue, d, float64(n), labels...)
	}
	p, all := &r.last, r.sum()
	gauge(runTasks, float64(p.Tasks))
	gauge(runPending, float64(p.Tasks-p.Done))
	gauge(retrying, float64(p.Sending.Delayed))
	gauge(inFlight, float64(p.Sending.InFlight))
	gauge(paused, truth(p.Sending.Asked == 0 && r.ended.IsZero()))
	gauge(waiting, truth(!p.Sending.HeldSince.IsZero()))
	if left, known := p.Left(); known && !p.Over {
		gauge(remaining, math.Round(left.Seconds()))
	}
	for _, o := range []runner.Outcome{runner.OK, runner.Failed, runner.Skipped, runner.Unknown} {
		count(tasksEnded, all.ended[o], o.String())
	}
	for code, n := range r.failures {
		count(taskFailures, n, code)
	}
	count(retried, all.retried)
	for name, l := range all.lanes {
		count(requests, l.sent, name)
		count(throttled, l.throttled, name)
	}
	for _, l := range p.Sending.Lanes {
		gauge(askedRate, l.Asked, string(l.Category))
		gauge(allowedRate, l.Rate, string(l.Category))
	}
}
