package jobs

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"time"
)

// Limits bounds what a run of a job may do.
type Limits struct {
	Rate        Rate              // of UserAccountRecovery
	Rates       map[Category]Rate // of other categories, where the job gives one
	Concurrency int               // requests in flight at most
	MaxUsers    int               // refuse to start with more; 0 is no limit
	MaxFailures MaxFailures       // stop when more have failed
	Canary      int               // stop after so many; 0 is no limit
	Messages    int               // resets and invitations a day; 0 is no limit
}

// Retry says how long a task is tried.
type Retry struct {
	Attempts int           // requests for a task at most
	MaxDelay time.Duration // between two attempts
	Timeout  time.Duration // of an attempt
	Outage   time.Duration // how long an outage is waited for before the run stops
}

// Defaults of a job.
var (
	defaultLimits = Limits{Rate: 10, Concurrency: 64}
	defaultRetry  = Retry{Attempts: 8, MaxDelay: 30 * time.Second, Timeout: 30 * time.Second, Outage: 5 * time.Minute}
)

// Rate is a number of requests a second. MaxRate, +Inf, is as fast as
// answers come.
type Rate float64

// MaxRate is the rate that a job writes as "max".
var MaxRate = Rate(math.Inf(1))

// fastest is the highest rate below MaxRate: far above any quota, and low enough
// that requests are still some nanoseconds apart.
const fastest = 1_000_000

// slowest is one request a day. Far below it, the time between two is longer than
// a time.Duration.
const slowest = 1.0 / (24 * 60 * 60)

var rateForm = regexp.MustCompile(`^([0-9]{1,9}(?:\.[0-9]{1,9})?)/([sm])$`)

// ParseRate reads "10/s", "300/m" or "max".
func ParseRate(text string) (Rate, error) {
	if text == "max" {
		return MaxRate, nil
	}
	m := rateForm.FindStringSubmatch(text)
	if m == nil {
		return 0, fmt.Errorf("%s is not a rate such as 10/s, 300/m or max", quote(text))
	}
	n, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		return 0, fmt.Errorf("%s is not a rate such as 10/s, 300/m or max", quote(text))
	}
	if m[2] == "m" {
		n /= 60
	}
	if n <= 0 {
		return 0, fmt.Errorf("a rate of %s would never send anything", quote(text))
	}
	if n < slowest {
		return 0, fmt.Errorf("a rate of %s is less than one request a day", quote(text))
	}
	if n > fastest {
		return 0, fmt.Errorf("a rate of %s is above %d/s; max has no limit", quote(text), fastest)
	}
	return Rate(n), nil
}

// String returns the rate in the form that ParseRate reads: of one that it has
// returned, the same.
func (r Rate) String() string {
	if r == MaxRate {
		return "max"
	}
	second := float64(r)
	for _, decimals := range []int{0, 9} {
		for _, unit := range []struct {
			seconds float64
			name    string
		}{{1, "/s"}, {60, "/m"}} {
			text := strconv.FormatFloat(second*unit.seconds, 'f', decimals, 64)
			if n, err := strconv.ParseFloat(text, 64); err == nil && n/unit.seconds == second {
				return strconv.FormatFloat(n, 'f', -1, 64) + unit.name
			}
		}
	}
	return strconv.FormatFloat(second, 'f', -1, 64) + "/s"
}

// MaxFailures is how many tasks of a run may fail. The zero value is any number.
type MaxFailures struct {
	Given bool
	Count int64   // where Share is 0
	Share float64 // in per cent of those done
}

// leastDone is how many tasks have to be done before a share says anything.
const leastDone = 100

// Exceeded reports whether more have failed than may.
func (m MaxFailures) Exceeded(failed, done int64) bool {
	switch {
	case !m.Given:
		return false
	case m.Share > 0:
		return done >= leastDone && float64(failed)*100 > m.Share*float64(done)
	}
	return failed > m.Count
}

var shareForm = regexp.MustCompile(`^([0-9]{1,3}(?:\.[0-9]{1,6})?)%$`)

// ParseMaxFailures reads "20" or "5%".
func ParseMaxFailures(text string) (MaxFailures, error) {
	if m := shareForm.FindStringSubmatch(text); m != nil {
		share, err := strconv.ParseFloat(m[1], 64)
		if err == nil && share <= 100 {
			return MaxFailures{Given: true, Share: share}, nil // 0% is none at all, as 0 is
		}
	}
	count, err := strconv.Atoi(text)
	if err != nil || count < 0 || count > maxCount || strconv.Itoa(count) != text {
		return MaxFailures{}, fmt.Errorf("%s is neither a number of failures nor a share such as 5%%", quote(text))
	}
	return MaxFailures{Given: true, Count: int64(count)}, nil
}

// String returns the form that ParseMaxFailures reads, or "" for the zero value.
func (m MaxFailures) String() string {
	switch {
	case !m.Given:
		return ""
	case m.Share > 0:
		return strconv.FormatFloat(m.Share, 'f', -1, 64) + "%"
	}
	return strconv.FormatInt(m.Count, 10)
}
