package sandbox

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"cogpass/jobs"
)

// controlPath is where tests and tools read and change the server's state. AWS
// serves nothing there.
const controlPath = "/sandbox/"

func (s *Server) controlHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /sandbox/{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, Help)
	})
	mux.HandleFunc("GET /sandbox/pools", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, s.descriptions()) })
	mux.HandleFunc("PUT /sandbox/pools", s.putPools)
	mux.HandleFunc("GET /sandbox/users", s.getUsers)
	mux.HandleFunc("PUT /sandbox/users", s.putUsers)
	mux.HandleFunc("GET /sandbox/outbox", func(w http.ResponseWriter, _ *http.Request) { writeLines(w, s.Outbox()) })
	mux.HandleFunc("GET /sandbox/secrets", func(w http.ResponseWriter, _ *http.Request) { writeLines(w, s.Secrets()) })
	mux.HandleFunc("GET /sandbox/sessions", func(w http.ResponseWriter, _ *http.Request) { writeLines(w, s.Sessions()) })
	mux.HandleFunc("PUT /sandbox/sessions", s.putSessions)
	mux.HandleFunc("GET /sandbox/log", func(w http.ResponseWriter, _ *http.Request) { writeLines(w, s.Log()) })
	mux.HandleFunc("GET /sandbox/stats", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, s.Stats()) })
	mux.HandleFunc("GET /sandbox/tokens", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, s.Tokens()) })
	mux.HandleFunc("GET /sandbox/quotas", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, s.quotas.all()) })
	mux.HandleFunc("PUT /sandbox/quotas", s.putQuotas)
	mux.HandleFunc("GET /sandbox/faults", s.getFaults)
	mux.HandleFunc("PUT /sandbox/faults", s.putFaults)
	mux.HandleFunc("GET /sandbox/latency", s.getLatency)
	mux.HandleFunc("PUT /sandbox/latency", s.putLatency)
	mux.HandleFunc("GET /sandbox/clock", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, s.clock()) })
	mux.HandleFunc("PUT /sandbox/clock", s.putClock)
	mux.HandleFunc("GET /sandbox/emails", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, s.emails()) })
	mux.HandleFunc("PUT /sandbox/emails", s.putEmails)
	return mux
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(v) // fails only where the client has gone
}

func writeLines[T any](w http.ResponseWriter, values []T) {
	w.Header().Set("Content-Type", "application/jsonl")
	out := bufio.NewWriter(w)
	encoder := json.NewEncoder(out)
	for _, v := range values {
		if encoder.Encode(v) != nil {
			return
		}
	}
	_ = out.Flush()
}

// readJSON reads the body into v and reports whether it could. If not, it has
// sent the error.
func readJSON(w http.ResponseWriter, r *http.Request, v any) bool {
	text, err := io.ReadAll(r.Body)
	if err == nil {
		err = decodeStrictly(text, v)
	}
	return accept(w, err)
}

// accept reports whether err is nil. If not, it sends err as the answer.
func accept(w http.ResponseWriter, err error) bool {
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
	return err == nil
}

// descriptions returns the descriptions of all pools, sorted by ID.
func (s *Server) descriptions() []Pool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	list := make([]Pool, 0, len(s.pools))
	for _, p := range s.pools {
		list = append(list, p.description())
	}
	slices.SortFunc(list, func(a, b Pool) int { return strings.Compare(a.ID, b.ID) })
	return list
}

func (s *Server) putPools(w http.ResponseWriter, r *http.Request) {
	if accept(w, s.Load(r.Body)) {
		w.WriteHeader(http.StatusNoContent)
	}
}

// userReport is how the control path shows a user: without the password.
type userReport struct {
	Pool     string    `json:"pool"`
	Username string    `json:"username"`
	Sub      string    `json:"sub"`
	Status   string    `json:"status"`
	Enabled  bool      `json:"enabled"`
	Modified time.Time `json:"modified"`
	Counts
	Tokens int `json:"tokens"` // refresh tokens that hold
}

// getUsers writes users as JSON lines in the order in which they were added:
// those of ?pool=, or of all pools. ?username= asks for one.
func (s *Server) getUsers(w http.ResponseWriter, r *http.Request) {
	id, username := r.URL.Query().Get("pool"), r.URL.Query().Get("username")
	if id != "" && s.pool(id) == nil {
		http.Error(w, fmt.Sprintf("there is no pool %q", id), http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "application/jsonl")
	out := bufio.NewWriter(w)
	encoder := json.NewEncoder(out)
	holders := s.grants.holders()
	for _, about := range s.descriptions() {
		if id != "" && about.ID != id {
			continue
		}
		for _, u := range s.pool(about.ID).report(username) {
			u.mu.Lock()
			line := userReport{
				Pool: about.ID, Username: u.name, Sub: u.sub, Status: u.status.String(), Enabled: u.enabled,
				Modified: time.UnixMilli(u.modified).UTC(), Counts: u.counts.export(), Tokens: holders[u],
			}
			u.mu.Unlock()
			if encoder.Encode(line) != nil {
				return
			}
		}
	}
	_ = out.Flush()
}

// report returns the pool's users, or the one of that name.
func (p *pool) report(username string) []*user {
	if username != "" {
		if u := p.find(username); u != nil {
			return []*user{u}
		}
		return nil
	}
	p.mu.RLock()
	defer p.mu.RUnlock()
	return slices.Clone(p.order)
}

// putUsers adds users from JSON lines, all or none.
func (s *Server) putUsers(w http.ResponseWriter, r *http.Request) {
	pool := r.URL.Query().Get("pool") // not FormValue, which reads the body where curl calls it a form
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	var pools []string
	var users []User
	for n := 1; ; n++ {
		line := userLine{Pool: pool}
		err := decoder.Decode(&line)
		if errors.Is(err, io.EOF) {
			break
		}
		var u User
		if err == nil {
			u, err = line.user()
		}
		if err == nil {
			err = checkPool(Pool{ID: line.Pool})
		}
		if err != nil {
			accept(w, fmt.Errorf("user %d: %w", n, err))
			return
		}
		pools, users = append(pools, line.Pool), append(users, u)
	}
	for i, u := range users {
		s.AddUser(pools[i], u)
	}
	w.WriteHeader(http.StatusNoContent)
}

// putQuotas sets the quotas of the categories that the body names.
func (s *Server) putQuotas(w http.ResponseWriter, r *http.Request) {
	var rates map[string]float64
	if !readJSON(w, r, &rates) {
		return
	}
	for name := range rates {
		if _, err := parseCategory(name); !accept(w, err) {
			return
		}
	}
	for name, rate := range rates {
		s.SetQuota(jobs.Category(name), rate)
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) getFaults(w http.ResponseWriter, _ *http.Request) {
	s.mu.RLock()
	faults := s.faults
	s.mu.RUnlock()
	writeJSON(w, faults)
}

func (s *Server) putFaults(w http.ResponseWriter, r *http.Request) {
	var faults Faults
	if readJSON(w, r, &faults) && accept(w, faults.check()) {
		s.SetFaults(faults)
		w.WriteHeader(http.StatusNoContent)
	}
}

// latency is how the control path shows and takes the time that answers take.
type latency struct {
	Latency string `json:"latency"` // as "100ms"
	Jitter  string `json:"jitter"`
}

func (s *Server) getLatency(w http.ResponseWriter, _ *http.Request) {
	s.mu.RLock()
	now := latency{s.latency.String(), s.jitter.String()}
	s.mu.RUnlock()
	writeJSON(w, now)
}

func (s *Server) putLatency(w http.ResponseWriter, r *http.Request) {
	now := latency{"0s", "0s"}
	if !readJSON(w, r, &now) {
		return
	}
	middle, err := time.ParseDuration(now.Latency)
	if !accept(w, err) {
		return
	}
	jitter, err := time.ParseDuration(now.Jitter)
	if !accept(w, err) || !accept(w, checkLatency(middle, jitter)) {
		return
	}
	s.SetLatency(middle, jitter)
	w.WriteHeader(http.StatusNoContent)
}
