package sandbox

import (
	"maps"
	"net/http"
	"time"
)

// clock is how the control path shows and takes the server's clock.
type clock struct {
	Ahead string    `json:"ahead"`        // of the real one, as "24h"
	Now   time.Time `json:"now,omitzero"` // shown only
}

func (s *Server) clock() clock {
	s.mu.RLock()
	ahead := s.ahead
	s.mu.RUnlock()
	return clock{ahead.String(), s.now().UTC()}
}

func (s *Server) putClock(w http.ResponseWriter, r *http.Request) {
	asked := clock{Ahead: "0s"}
	if !readJSON(w, r, &asked) {
		return
	}
	ahead, err := time.ParseDuration(asked.Ahead)
	if accept(w, err) {
		s.SetClock(ahead)
		w.WriteHeader(http.StatusNoContent)
	}
}

// emails is how the control path shows and takes the daily limit of e-mails.
type emails struct {
	Most     int            `json:"most"`               // a day, over all pools of an account that send with COGNITO_DEFAULT; 0 is no limit
	Sent     int            `json:"sent"`               // of the day of the last one, by all accounts; shown only
	Accounts map[string]int `json:"accounts,omitempty"` // the same by account; shown only
}

func (s *Server) emails() emails {
	s.outbox.mu.Lock()
	defer s.outbox.mu.Unlock()
	now := emails{Most: s.outbox.most, Accounts: maps.Clone(s.outbox.emails)}
	for _, sent := range now.Accounts {
		now.Sent += sent
	}
	return now
}

func (s *Server) putEmails(w http.ResponseWriter, r *http.Request) {
	var asked emails
	if readJSON(w, r, &asked) {
		s.SetDailyEmails(max(0, asked.Most))
		w.WriteHeader(http.StatusNoContent)
	}
}
