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
	Rate        Rate
	Concurrency int // requests in flight at most
	MaxUsers    int // refuse to start with more; 0 is no limit
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
	if n > fastest {
		return 0, fmt.Errorf("a rate of %s is above %d/s; max has no limit", quote(text), fastest)
	}
	return Rate(n), nil
}

// String returns the rate in the form that ParseRate reads.
func (r Rate) String() string {
	second, minute := float64(r), math.Round(float64(r)*60)
	switch {
	case math.IsInf(second, 1):
		return "max"
	case second != math.Trunc(second) && minute/60 == second:
		return strconv.FormatFloat(minute, 'f', -1, 64) + "/m"
	}
	return strconv.FormatFloat(second, 'f', -1, 64) + "/s"
}
