package sandbox

import "time"

// Pool describes a user pool.
type Pool struct {
	ID                    string // such as "us-west-2_aaaaaaaaa"; its part before "_" is the Region
	Name                  string
	Policy                Policy
	TemporaryValidityDays int      // how long a temporary password is good; zero is 7
	UsernameAttributes    []string // "email", "phone_number": users sign in with these
	AliasAttributes       []string // "email", "phone_number", "preferred_username"
	Clients               []string // app client IDs; without any, the pool gets ClientID(ID)
	EmailSendingAccount   string   // "COGNITO_DEFAULT" (also if empty) or "DEVELOPER"
	MFA                   string   // "OFF" (also if empty), "ON" or "OPTIONAL"
}

// Policy is what a pool asks of a password. The zero value asks for six
// characters, Cognito's least.
type Policy struct {
	MinimumLength                                                      int // zero is 6
	RequireUppercase, RequireLowercase, RequireNumbers, RequireSymbols bool
	History                                                            int // passwords that may not come again, the current one among them
}

// DefaultPolicy returns the policy of a pool made without one.
func DefaultPolicy() Policy {
	return Policy{MinimumLength: 8, RequireUppercase: true, RequireLowercase: true, RequireNumbers: true, RequireSymbols: true}
}

// User is a user of a pool.
type User struct {
	Username   string
	Sub        string // empty: derived from pool and username
	Status     string // empty: CONFIRMED
	Enabled    bool
	Attributes map[string]string // such as "email"; without "sub"
	Groups     []string
	Password   string    // may be empty: no password fits
	Created    time.Time // zero: now
	Modified   time.Time // zero: Created
}

// Counts says how often a user was acted on.
type Counts struct {
	Resets   int // AdminResetUserPassword that took effect
	Sets     int // AdminSetUserPassword that took effect
	SignOuts int // AdminUserGlobalSignOut that took effect
	Requests int // AdminSetUserPassword and AdminResetUserPassword that came, however they ended
}

// Request is one line of the log.
type Request struct {
	Time      time.Time `json:"time"` // of its arrival, by the machine's clock; never runs back within a log
	Operation string    `json:"operation"`
	Pool      string    `json:"pool,omitempty"`
	Username  string    `json:"username,omitempty"` // as sent
	Code      string    `json:"code"`               // "ok", AWS's error code, "lost-before", "lost-after", or "" while it goes on
	RequestID string    `json:"requestId"`
}

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

// AddPool adds a pool, or replaces the description of the one with its ID.
func (s *Server) AddPool(p Pool) {}

// AddUser adds a user to a pool, or replaces the one of that name. A pool that
// is not there is made.
func (s *Server) AddUser(poolID string, u User) {}

// User returns a user by username, sub or alias.
func (s *Server) User(poolID, username string) (User, bool) { return User{}, false }

// Counts returns what was done to a user; zero for one that is not there.
func (s *Server) Counts(poolID, username string) Counts { return Counts{} }

// SignIn tries a password, as InitiateAuth would: nil where it gives tokens,
// ErrNewPasswordRequired where the password is right and temporary, else an
// *Error.
func (s *Server) SignIn(poolID, username, password string) error { return nil }

// Log returns the latest requests, in the order of their arrival.
func (s *Server) Log() []Request { return nil }

// Outbox returns the latest messages, oldest first.
func (s *Server) Outbox() []Message { return nil }

// Connections returns how many connections were opened so far, since Listen.
func (s *Server) Connections() int { return 0 }

// SetQuota sets a category's quota, in requests a second; zero or less is none.
func (s *Server) SetQuota(category string, rps float64) {}

// SetFaults replaces the faults. Where a user is in their list stays.
func (s *Server) SetFaults(f Faults) {}

// SetLatency replaces how long answers take.
func (s *Server) SetLatency(latency, jitter time.Duration) {}

// ClientID returns the ID of the app client that a pool without any gets: the
// letters and digits of the pool's ID.
func ClientID(poolID string) string { return poolID }
