package sandbox

import (
	"sync"
	"time"
)

// Request is one line of the log.
type Request struct {
	Time      time.Time `json:"time"` // when it arrived, in real time; later lines never have an earlier one
	Operation string    `json:"operation"`
	Pool      string    `json:"pool,omitempty"`
	Username  string    `json:"username,omitempty"` // as sent
	Secret    string    `json:"secret,omitempty"`   // its name
	Code      string    `json:"code"`               // "ok", AWS's error code, "lost-before", "lost-after", or "" while it is being served
	RequestID string    `json:"requestId"`
}

// Stats counts all requests so far.
type Stats struct {
	Connections int                       `json:"connections"`
	Operations  map[string]OperationStats `json:"operations"`
	Seconds     []SecondStats             `json:"seconds"` // that had requests of a job's actions
	Busiest     int                       `json:"busiest"` // most of these requests within any one second
}

// OperationStats counts the requests of one operation.
type OperationStats struct {
	Requests  int `json:"requests"`
	OK        int `json:"ok"`
	Throttled int `json:"throttled"`
	Failed    int `json:"failed"` // with any other error
	Lost      int `json:"lost"`   // left unanswered on purpose
}

// SecondStats counts the requests that arrived within one second.
type SecondStats struct {
	Second    int `json:"second"` // since the server was made
	Requests  int `json:"requests"`
	Throttled int `json:"throttled"` // of those that arrived in it
}

// requestLog keeps the latest requests and counts all of them.
type requestLog struct {
	ring[Request]
	mu         sync.Mutex
	operations map[string]*OperationStats
	seconds    []SecondStats // in order
	window     []time.Time   // when those of the last second arrived
	busiest    int
}

// logged is a request that is being served.
type logged struct {
	number    int
	operation string
	second    int // index in seconds, or -1
}

// begin records that a request has arrived.
func (l *requestLog) begin(r Request, start time.Time, password bool) logged {
	l.mu.Lock()
	defer l.mu.Unlock()
	r.Time = time.Now() // under the lock, so that the log is in order
	entry := logged{number: l.add(r), operation: r.Operation, second: -1}
	stats := l.operations[r.Operation]
	if stats == nil {
		stats = new(OperationStats)
		if l.operations == nil {
			l.operations = map[string]*OperationStats{}
		}
		l.operations[r.Operation] = stats
	}
	stats.Requests++
	if password {
		entry.second = l.count(r.Time, int(r.Time.Sub(start)/time.Second))
	}
	return entry
}

// count counts a request of an action and returns the index of its second.
func (l *requestLog) count(now time.Time, second int) int {
	old := 0
	for old < len(l.window) && now.Sub(l.window[old]) >= time.Second {
		old++
	}
	l.window = append(l.window[old:], now)
	l.busiest = max(l.busiest, len(l.window))
	last := len(l.seconds) - 1
	if last < 0 || l.seconds[last].Second != second {
		l.seconds = append(l.seconds, SecondStats{Second: second})
		last++
	}
	l.seconds[last].Requests++
	return last
}

// end records how a request was answered.
func (l *requestLog) end(entry logged, code string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if r := l.at(entry.number); r != nil {
		r.Code = code
	}
	stats := l.operations[entry.operation]
	switch code {
	case codeOK:
		stats.OK++
	case codeThrottled, codeSecretsThrottled:
		stats.Throttled++
		if entry.second >= 0 {
			l.seconds[entry.second].Throttled++
		}
	case codeLostAfter, codeLostBefore:
		stats.Lost++
	default:
		stats.Failed++
	}
}

// Log returns the latest requests in the order in which they arrived, without
// those whose input could not be read.
func (s *Server) Log() []Request {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	return s.log.all()
}

// Stats returns the counts of all requests so far.
func (s *Server) Stats() Stats {
	l := &s.log
	l.mu.Lock()
	defer l.mu.Unlock()
	stats := Stats{
		Connections: s.Connections(), Busiest: l.busiest,
		Operations: make(map[string]OperationStats, len(l.operations)),
		Seconds:    append([]SecondStats{}, l.seconds...),
	}
	for name, operation := range l.operations {
		stats.Operations[name] = *operation
	}
	return stats
}
