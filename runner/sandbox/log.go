package sandbox

import (
	"sync"
	"time"
)

// Request is one line of the log.
type Request struct {
	Time      time.Time `json:"time"` // when it arrived, in real time; later lines never have an earlier one
	Operation string    `json:"operation"`
	Account   string    `json:"account"` // whose quota it draws on
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
	Lanes       map[string]LaneStats      `json:"lanes"`   // the same of each "ACCOUNT/REGION"
}

// LaneStats counts the requests of a job's actions in one account and Region.
type LaneStats struct {
	Requests  int           `json:"requests"`
	Throttled int           `json:"throttled"`
	Seconds   []SecondStats `json:"seconds"`
	Busiest   int           `json:"busiest"`
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
	overall    tally
	lanes      map[lane]*tally
}

// tally counts requests by second.
type tally struct {
	seconds []SecondStats // in order
	window  []time.Time   // when those of the last second arrived
	busiest int
}

// logged is a request that is being served.
type logged struct {
	number    int
	operation string
	lane      lane
	second    int // index in seconds of all, or -1
	ofLane    int // the same of the lane
}

// begin records that a request has arrived.
func (l *requestLog) begin(r Request, in lane, start time.Time, password bool) logged {
	l.mu.Lock()
	defer l.mu.Unlock()
	r.Time = time.Now() // under the lock, so that the log is in order
	entry := logged{number: l.add(r), operation: r.Operation, lane: in, second: -1}
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
		second := int(r.Time.Sub(start) / time.Second)
		if l.lanes[in] == nil {
			if l.lanes == nil {
				l.lanes = map[lane]*tally{}
			}
			l.lanes[in] = new(tally)
		}
		entry.second, entry.ofLane = l.overall.count(r.Time, second), l.lanes[in].count(r.Time, second)
	}
	return entry
}

// count counts a request of an action and returns the index of its second.
func (t *tally) count(now time.Time, second int) int {
	old := 0
	for old < len(t.window) && now.Sub(t.window[old]) >= time.Second {
		old++
	}
	t.window = append(t.window[old:], now)
	t.busiest = max(t.busiest, len(t.window))
	last := len(t.seconds) - 1
	if last < 0 || t.seconds[last].Second != second {
		t.seconds = append(t.seconds, SecondStats{Second: second})
		last++
	}
	t.seconds[last].Requests++
	return last
}

func (t *tally) export() LaneStats {
	stats := LaneStats{Busiest: t.busiest, Seconds: append([]SecondStats{}, t.seconds...)}
	for _, s := range t.seconds {
		stats.Requests, stats.Throttled = stats.Requests+s.Requests, stats.Throttled+s.Throttled
	}
	return stats
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
			l.overall.seconds[entry.second].Throttled++
			l.lanes[entry.lane].seconds[entry.ofLane].Throttled++
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
	all := l.overall.export()
	stats := Stats{
		Connections: s.Connections(), Busiest: all.Busiest, Seconds: all.Seconds,
		Operations: make(map[string]OperationStats, len(l.operations)), Lanes: make(map[string]LaneStats, len(l.lanes)),
	}
	for name, operation := range l.operations {
		stats.Operations[name] = *operation
	}
	for in, counted := range l.lanes {
		stats.Lanes[in.String()] = counted.export()
	}
	return stats
}
