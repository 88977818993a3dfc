package sandbox

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// Message is a code or an invitation that Cognito would have sent.
type Message struct {
	Time           time.Time         `json:"time"` // by the server's clock
	Pool           string            `json:"pool"`
	Username       string            `json:"username"`
	Kind           string            `json:"kind"`   // "reset", "forgot" or "invitation"
	Medium         string            `json:"medium"` // "EMAIL" or "SMS"
	To             string            `json:"to"`
	Code           string            `json:"code,omitempty"`
	ClientMetadata map[string]string `json:"clientMetadata,omitempty"`
}

// outbox keeps the latest messages and counts the e-mails of the day.
type outbox struct {
	mu     sync.Mutex
	sent   ring[Message]
	day    int64
	emails map[string]int // sent that day by pools that use Cognito's own sender, by account
	most   int            // of these a day and account; 0 is no limit
}

// Outbox returns the latest messages, oldest first.
func (s *Server) Outbox() []Message {
	s.outbox.mu.Lock()
	defer s.outbox.mu.Unlock()
	return s.outbox.sent.all()
}

// send puts a message to a user into the outbox.
func (s *Server) send(p Pool, u *user, m Message) *Error {
	m.Pool, m.Username, m.Time = p.ID, u.name, s.now()
	o := &s.outbox
	o.mu.Lock()
	defer o.mu.Unlock()
	if m.Medium == "EMAIL" && p.EmailSendingAccount == "COGNITO_DEFAULT" {
		// A day of Cognito's e-mail quota begins at 09:00 UTC.
		if day := m.Time.Add(-9*time.Hour).Unix() / (24 * 60 * 60); day != o.day {
			o.day, o.emails = day, map[string]int{}
		}
		if o.most > 0 && o.emails[p.Account] >= o.most {
			return errTooManyEmails
		}
		o.emails[p.Account]++
	}
	o.sent.add(m)
	return nil
}

func newCode() string { return fmt.Sprintf("%06d", rand.IntN(1_000_000)) }
