package report

import (
	"maps"
	"slices"
	"time"

	"cogpass/jobs"
	"cogpass/runner"
)

// Summary is a run's results in figures: a fold over them, of bounded size.
// The zero value is a summary of nothing.
type Summary struct {
	Tasks     int64
	Outcomes  map[runner.Outcome]int64
	Actions   map[jobs.Action]int64
	Codes     map[string]int64                         // error codes of the tasks that are not ok; OtherCodes beyond the first 100
	Beside    map[runner.Step]map[runner.Outcome]int64 // steps beside the action that have ended
	Requests  int64                                    // attempts of all tasks' actions
	Throttled int64                                    // how many of them were throttled
	Began     time.Time                                // of the first request
	Ended     time.Time                                // of the last task that ended

	latency    histogram
	besideOnly int64 // tasks that are ok or skipped, and a step beside the action is not
}

// OtherCodes stands in Summary.Codes for all codes beyond the first 100.
const OtherCodes = "(other)"

const maxCodes = 100

// Summarize folds results into a summary. An action that is not known is an
// error.
func Summarize(results Results) (Summary, error) {
	var s Summary
	for r, err := range checked(results) {
		if err != nil {
			return s, err
		}
		s.Add(&r)
	}
	return s, nil
}

// Add counts a result, whose action is to be a known one.
func (s *Summary) Add(r *runner.Result) {
	if s.Outcomes == nil {
		s.Outcomes = make(map[runner.Outcome]int64)
		s.Actions = make(map[jobs.Action]int64)
		s.Codes = make(map[string]int64)
	}
	s.Tasks++
	s.Outcomes[r.Outcome]++
	s.Actions[r.Action]++
	if r.Code != "" && r.Outcome != runner.OK {
		s.addCode(r.Code)
	}
	s.addBeside(r.Beside)
	if (r.Outcome == runner.OK || r.Outcome == runner.Skipped) && besideFails(r) {
		s.besideOnly++
	}
	s.Requests += int64(r.Attempts)
	s.Throttled += int64(r.Throttled)
	if !r.StartedAt.IsZero() && (s.Began.IsZero() || r.StartedAt.Before(s.Began)) {
		s.Began = r.StartedAt
	}
	if r.Attempts > 0 && r.FinishedAt.After(s.Ended) {
		s.Ended = r.FinishedAt
	}
	if r.Latency > 0 {
		s.latency.add(r.Latency)
	}
}

// addCode bounds the number of codes: an endpoint may answer anything.
func (s *Summary) addCode(code string) {
	if _, known := s.Codes[code]; !known && len(s.Codes) >= maxCodes {
		code = OtherCodes
	}
	s.Codes[code]++
}

// Rate is the actual rate: requests a second from the first request to the end
// of the last task, with the time in which the run was stopped. The first
// request does not count, as it is the intervals between them that are paced.
// It is 0 where it is not known.
func (s *Summary) Rate() float64 {
	if s.Began.IsZero() || !s.Ended.After(s.Began) {
		return 0
	}
	return float64(s.Requests-1) / s.Ended.Sub(s.Began).Seconds()
}

// Latency is the q-th quantile of the tasks' latencies, 0 < q <= 1, within 1%;
// Latency(1) is the exact maximum. It is 0 where there are none.
func (s *Summary) Latency(q float64) time.Duration { return s.latency.quantile(q) }

var quantiles = [...]struct {
	name string
	q    float64
}{{"p50", 0.50}, {"p95", 0.95}, {"p99", 0.99}, {"max", 1}}

type count struct {
	name string
	n    int64
}

func (s *Summary) outcomeCounts() (counts []count) {
	for _, o := range [...]runner.Outcome{runner.OK, runner.Failed, runner.Unknown, runner.Skipped, runner.Pending} {
		counts = append(counts, count{o.String(), s.Outcomes[o]})
	}
	return counts
}

func (s *Summary) actionCounts() (counts []count) {
	for _, a := range jobs.Actions() {
		counts = append(counts, count{a.String(), s.Actions[a]})
	}
	return counts
}

func (s *Summary) codeCounts() (counts []count) {
	for _, code := range slices.Sorted(maps.Keys(s.Codes)) {
		counts = append(counts, count{code, s.Codes[code]})
	}
	return counts
}
