package sandbox

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// Pool describes a user pool.
type Pool struct {
	ID                    string   `json:"id"` // such as "us-west-2_aaaaaaaaa"; its part before "_" is the Region
	Name                  string   `json:"name"`
	Account               string   `json:"account,omitempty"` // in which it is; empty is Account
	Policy                Policy   `json:"policy"`
	TemporaryValidityDays int      `json:"temporaryValidityDays,omitempty"` // how long a temporary password is good; zero is 7
	UsernameAttributes    []string `json:"usernameAttributes,omitempty"`    // "email", "phone_number": users sign in with these
	AliasAttributes       []string `json:"aliasAttributes,omitempty"`       // "email", "phone_number", "preferred_username"
	Clients               []Client `json:"clients,omitempty"`               // app clients; without any, the pool gets one: ClientID(ID)
	EmailSendingAccount   string   `json:"emailSendingAccount,omitempty"`   // "COGNITO_DEFAULT" (also if empty) or "DEVELOPER"
	MFA                   string   `json:"mfa,omitempty"`                   // "OFF" (also if empty), "ON" or "OPTIONAL"
	CaseInsensitive       bool     `json:"caseInsensitive,omitempty"`       // Ana and ana are one user
	Recovery              []string `json:"recovery,omitempty"`              // by priority: "verified_email", "verified_phone_number"; or "admin_only"; empty: no such setting
	Groups                []string `json:"groups,omitempty"`                // that there are beside those of users
	SMS                   bool     `json:"sms,omitempty"`                   // has settings for sending SMS
	DeletionProtection    bool     `json:"deletionProtection,omitempty"`
}

// Policy is what a pool asks of a password. The zero value asks for six
// characters, Cognito's least.
type Policy struct {
	MinimumLength    int  `json:"minimumLength,omitempty"` // zero is 6
	RequireUppercase bool `json:"requireUppercase,omitempty"`
	RequireLowercase bool `json:"requireLowercase,omitempty"`
	RequireNumbers   bool `json:"requireNumbers,omitempty"`
	RequireSymbols   bool `json:"requireSymbols,omitempty"`
	History          int  `json:"history,omitempty"` // how many of a user's passwords, the current one among them, may not come again
}

// DefaultPolicy returns the policy of a pool that was made without one.
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
	MFA        string    // what a sign-in asks for after the password: "SMS_MFA", "SOFTWARE_TOKEN_MFA", "EMAIL_OTP", "MFA_SETUP"; empty, or any other: nothing
	Created    time.Time // zero: a day ago, as if nothing has happened of late; in milliseconds
	Modified   time.Time // zero: Created
}

// Counts says how often each action was carried out on a user.
type Counts struct {
	Resets      int `json:"resets"`      // AdminResetUserPassword that took effect
	Sets        int `json:"sets"`        // AdminSetUserPassword that took effect
	SignOuts    int `json:"signOuts"`    // AdminUserGlobalSignOut that took effect
	Disables    int `json:"disables"`    // AdminDisableUser that took effect
	Enables     int `json:"enables"`     // AdminEnableUser that took effect
	Creations   int `json:"creations"`   // 1 where AdminCreateUser made the user
	Invitations int `json:"invitations"` // that AdminCreateUser has sent
	Requests    int `json:"requests"`    // of the actions' operations, whatever came of them
	Wrong       int `json:"wrong"`       // requests to sign in with a password that is not the user's
}

// ClientID returns the ID of the app client that a pool without any gets: the
// letters and digits of the pool's ID.
func ClientID(poolID string) string {
	return strings.NewReplacer("-", "", "_", "").Replace(poolID)
}

// AddPool adds a pool, or replaces the description of the one with its ID.
func (s *Server) AddPool(p Pool) {
	p.Name, p.Account = cmp.Or(p.Name, p.ID), cmp.Or(p.Account, Account)
	p.TemporaryValidityDays = cmp.Or(p.TemporaryValidityDays, 7)
	p.Policy.MinimumLength = cmp.Or(p.Policy.MinimumLength, 6)
	p.EmailSendingAccount = cmp.Or(p.EmailSendingAccount, "COGNITO_DEFAULT")
	p.MFA = cmp.Or(p.MFA, "OFF")
	if len(p.Clients) == 0 {
		p.Clients = []Client{{ID: ClientID(p.ID)}}
	}
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	held := s.pools[p.ID]
	if held == nil {
		held = newPool(p.ID)
		held.created = now.UnixMilli()
		s.pools[p.ID] = held
	}
	maps.DeleteFunc(s.clients, func(_ string, c poolClient) bool { return c.pool == held })
	for _, c := range p.Clients {
		s.clients[c.ID] = poolClient{held, &c}
	}
	held.describe(p)
}

// AddUser adds a user to a pool, or replaces the one of that name and resets its
// counts. It adds the pool if there is none with that ID. A status that Cognito
// does not know counts as CONFIRMED.
func (s *Server) AddUser(poolID string, u User) {
	if s.pool(poolID) == nil {
		s.AddPool(Pool{ID: poolID})
	}
	if u.Created.IsZero() {
		u.Created = s.now().Add(-24 * time.Hour)
	}
	s.pool(poolID).add(s.newUser(poolID, u))
}

// newUser makes the record of a user. Without a time of creation, that is now.
func (s *Server) newUser(poolID string, u User) *user {
	if u.Created.IsZero() {
		u.Created = s.now()
	}
	if u.Modified.IsZero() {
		u.Modified = u.Created
	}
	record := &user{
		name: u.Username, sub: cmp.Or(u.Sub, deriveSub(poolID, u.Username)),
		groups: slices.Clone(u.Groups), created: u.Created.UnixMilli(),
		password: u.Password, passwordAt: u.Modified.UnixMilli(),
	}
	record.status, _ = parseStatus(u.Status)
	record.factor, _ = parseFactor(u.MFA)
	record.enabled, record.modified = u.Enabled, u.Modified.UnixMilli()
	record.attributes = make([]attribute, 0, len(u.Attributes))
	for _, name := range slices.Sorted(maps.Keys(u.Attributes)) {
		if name != "sub" {
			record.attributes = append(record.attributes, attribute{name, u.Attributes[name]})
		}
	}
	return record
}

func (s *Server) pool(id string) *pool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.pools[id]
}

// User returns a user by username, sub or alias.
func (s *Server) User(poolID, username string) (User, bool) {
	u := s.find(poolID, username)
	if u == nil {
		return User{}, false
	}
	return u.export(), true
}

func (s *Server) find(poolID, username string) *user {
	p := s.pool(poolID)
	if p == nil {
		return nil
	}
	return p.find(username)
}

func (u *user) export() User {
	attributes := make(map[string]string, len(u.attributes))
	for _, a := range u.attributes {
		attributes[a.Name] = a.Value
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	return User{
		Username: u.name, Sub: u.sub, Status: u.status.String(), Enabled: u.enabled,
		Attributes: attributes, Groups: slices.Clone(u.groups), Password: u.password, MFA: factors[u.factor],
		Created: time.UnixMilli(u.created), Modified: time.UnixMilli(u.modified),
	}
}

// Counts returns what was done to a user. For a name that no user has, it
// holds the requests.
func (s *Server) Counts(poolID, username string) Counts {
	p := s.pool(poolID)
	if p == nil {
		return Counts{}
	}
	u := p.find(username)
	if u == nil {
		u = p.stranger(username)
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.counts.export()
}

func (c *counts) export() Counts {
	return Counts{
		Resets: int(c.resets), Sets: int(c.sets), SignOuts: int(c.signOuts), Disables: int(c.disables), Enables: int(c.enables),
		Creations: int(c.creations), Invitations: int(c.invitations), Requests: int(c.requests), Wrong: int(c.wrong),
	}
}
