package main

import "time"

// busiest returns the most arrivals in any second, whenever it begins.
func busiest(list []arrival) int {
	most, first := 0, 0
	for i, a := range list {
		for a.At-list[first].At >= int64(time.Second) {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

// span returns the time from the first arrival to the last.
func span(list []arrival) time.Duration {
	if len(list) == 0 {
		return 0
	}
	return time.Duration(list[len(list)-1].At - list[0].At)
}

// quotaUsed returns the share of a quota that was used: of its rate from the
// first arrival to the last, and of the second's worth that it held before.
func quotaUsed(list []arrival, quota float64) float64 {
	return float64(accepted(list)) / (quota * (span(list).Seconds() + 1))
}

func accepted(list []arrival) (n int) {
	for _, a := range list {
		if !a.Throttled {
			n++
		}
	}
	return n
}

func throttledShare(list []arrival) float64 {
	return float64(len(list)-accepted(list)) / float64(max(1, len(list)))
}

// recovery returns how long after a moment it took until a whole second had
// brought that many accepted requests, to the end of that second.
func recovery(list []arrival, moment time.Time, wanted int) (after time.Duration, ok bool) {
	var second []int64
	for _, a := range list {
		if a.Throttled || a.At < moment.UnixNano() {
			continue
		}
		second = append(second, a.At)
		for a.At-second[0] >= int64(time.Second) {
			second = second[1:]
		}
		if len(second) >= wanted {
			return time.Duration(a.At - moment.UnixNano()), true
		}
	}
	return 0, false
}
