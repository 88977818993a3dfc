package sandbox

import (
	"fmt"
	"hash/fnv"
	"math"
	"regexp"
	"strconv"
	"strings"

	"cogpass/jobs"
)

// Faults says what goes wrong with the operations of a job's actions, with
// lists of users and with secrets. The shares, from 0 to 1 and at most 1 together, are of the
// requests that no list in User covers. A request over the quota is throttled and meets no fault.
type Faults struct {
	Throttle   float64 `json:"throttle"`   // TooManyRequestsException
	Fail       float64 `json:"fail"`       // InternalErrorException
	LostAfter  float64 `json:"lostAfter"`  // the change is made, the connection closed without an answer
	LostBefore float64 `json:"lostBefore"` // the connection is closed and nothing changed

	// User lists, by username, what happens to the user's first, second and
	// later requests: "ok", "throttle", "500", "lost-after", "lost-before", or
	// an error such as "UserNotFoundException" or "CODE: text". A "*3" at the
	// end of one means three times, "*" for ever. After the list the shares apply.
	// A list of "OPERATION" or "OPERATION/USERNAME" is for requests of that
	// operation alone, whichever it is, and goes before the others. For an
	// operation of Secrets Manager, USERNAME is the secret's name.
	User map[string][]string `json:"user,omitempty"`
}

// fault is what happens to one request. The zero value is no fault.
type fault struct {
	lost  lost
	error *Error
}

type lost uint8

const (
	lostBefore lost = iota + 1
	lostAfter
)

// of returns the fault of a user's nth request, counted from 0.
func (f *Faults) of(seed uint64, username string, nth uint32) fault {
	if what, ok := nthFault(f.User[username], nth); ok {
		return what
	}
	switch at := roll(seed, username, nth, "fault"); {
	case at < f.Throttle:
		return fault{error: errThrottled}
	case at < f.Throttle+f.Fail:
		return fault{error: errInternal}
	case at < f.Throttle+f.Fail+f.LostAfter:
		return fault{lost: lostAfter}
	case at < f.Throttle+f.Fail+f.LostAfter+f.LostBefore:
		return fault{lost: lostBefore}
	}
	return fault{}
}

// nthFault returns the fault that a list has for the nth request, from 0; false
// where the list is over.
func nthFault(list []string, nth uint32) (fault, bool) {
	left := uint64(nth)
	for _, step := range list {
		what, times, err := parseStep(step)
		if err != nil {
			return fault{error: &Error{codeInternal, err.Error()}}, true
		}
		if left < times {
			return what, true
		}
		left -= times
	}
	return fault{}, false
}

// roll returns a number in [0, 1) that depends on its arguments alone.
func roll(seed uint64, username string, nth uint32, what string) float64 {
	h := fnv.New64a()
	var number [12]byte
	for i := range 8 {
		number[i] = byte(seed >> (8 * i))
	}
	for i := range 4 {
		number[8+i] = byte(nth >> (8 * i))
	}
	h.Write(number[:])
	h.Write([]byte(what))
	h.Write([]byte(username))
	// FNV's high bits hardly depend on the last bytes: mix them (splitmix64).
	x := h.Sum64()
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	x ^= x >> 31
	return float64(x>>11) / (1 << 53)
}

var (
	stepTimes = regexp.MustCompile(`^(.*?)\*([0-9]*)$`)
	errorCode = regexp.MustCompile(`^[A-Z][A-Za-z0-9]*$`)
)

// parseStep reads one fault of a list, and how many requests it is for.
func parseStep(text string) (f fault, times uint64, err error) {
	times = 1
	if m := stepTimes.FindStringSubmatch(text); m != nil {
		text, times = m[1], math.MaxUint64
		if m[2] != "" {
			if times, err = strconv.ParseUint(m[2], 10, 32); err != nil || times == 0 {
				return fault{}, 0, fmt.Errorf("fault %q: *%s is not a number of times", text, m[2])
			}
		}
	}
	switch text {
	case "ok":
		return fault{}, times, nil
	case "throttle":
		return fault{error: errThrottled}, times, nil
	case "500":
		return fault{error: errInternal}, times, nil
	case "lost-after":
		return fault{lost: lostAfter}, times, nil
	case "lost-before":
		return fault{lost: lostBefore}, times, nil
	}
	code, message, _ := strings.Cut(text, ":")
	if !errorCode.MatchString(code) {
		return fault{}, 0, fmt.Errorf("unknown fault %q: want ok, throttle, 500, lost-after, lost-before, or an error code such as UserNotFoundException", text)
	}
	return fault{error: &Error{code, strings.TrimSpace(message)}}, times, nil
}

func (f *Faults) shares() float64 { return f.Throttle + f.Fail + f.LostAfter + f.LostBefore }

// check says what is wrong with the faults, if anything.
func (f *Faults) check() error {
	sum := 0.0
	for _, share := range []float64{f.Throttle, f.Fail, f.LostAfter, f.LostBefore} {
		if !(share >= 0 && share <= 1) {
			return fmt.Errorf("share %v: want 0 to 1", share)
		}
		sum += share
	}
	if sum > 1+1e-9 {
		return fmt.Errorf("the shares of the faults add up to %.4g%%, more than 100%%", 100*sum)
	}
	for username, steps := range f.User {
		for _, step := range steps {
			if _, _, err := parseStep(step); err != nil {
				return fmt.Errorf("faults of user %q: %w", username, err)
			}
		}
	}
	return nil
}

// ParseShare reads a share: "10%" or "0.1".
func ParseShare(text string) (float64, error) {
	number, percent := strings.CutSuffix(text, "%")
	share, err := strconv.ParseFloat(number, 64)
	if percent {
		share /= 100
	}
	if err != nil || !(share >= 0 && share <= 1) {
		return 0, fmt.Errorf("share %q: want 0%% to 100%%, such as 10%% or 0.1", text)
	}
	return share, nil
}

// ParseUserFault reads NAME=FAULT,FAULT… into a username and its list, as
// Faults.User has it. The text of an error cannot hold a comma here.
func ParseUserFault(text string) (username string, faults []string, err error) {
	// A username may hold "=", a fault's name cannot; its text may.
	list := text
	if colon := strings.Index(text, ":"); colon >= 0 && strings.Contains(text[:colon], "=") {
		list = text[:colon]
	}
	at := strings.LastIndex(list, "=")
	if at <= 0 {
		return "", nil, fmt.Errorf("user fault %q: want NAME=FAULT,FAULT…, such as ana=throttle,500*2,lost-after", text)
	}
	faults = strings.Split(text[at+1:], ",")
	for _, step := range faults {
		if _, _, err := parseStep(step); err != nil {
			return "", nil, fmt.Errorf("user fault %q: %w", text, err)
		}
	}
	return text[:at], faults, nil
}

// ParseQuota reads CATEGORY=N, with N in requests a second; 0 is none.
func ParseQuota(text string) (category jobs.Category, rps float64, err error) {
	name, number, ok := strings.Cut(text, "=")
	rps, err = strconv.ParseFloat(number, 64)
	if !ok || err != nil || !(rps >= 0) || math.IsInf(rps, 0) {
		return "", 0, fmt.Errorf("quota %q: want CATEGORY=N in requests a second, such as UserAccountRecovery=30", text)
	}
	if category, err = parseCategory(name); err != nil {
		return "", 0, fmt.Errorf("quota %q: %w", text, err)
	}
	return category, rps, nil
}
