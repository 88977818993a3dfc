package sandbox

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Session is what AssumeRole has given.
type Session struct {
	Role       string    `json:"role"`    // its ARN
	Name       string    `json:"session"` // as asked for
	ExternalID string    `json:"externalId,omitempty"`
	Account    string    `json:"account"`
	AccessKey  string    `json:"accessKey"` // its ID
	By         string    `json:"by"`        // the ARN of who asked
	Expires    time.Time `json:"expires"`   // by the server's clock
	Expired    bool      `json:"expired"`   // before that, by ExpireSessions
}

// arn is that of the session: the role's path is not in it.
func (s *Session) arn() string {
	partition := strings.SplitN(s.Role, ":", 3)[1]
	return fmt.Sprintf("arn:%s:sts::%s:assumed-role/%s/%s", partition, s.Account, s.Role[strings.LastIndexByte(s.Role, '/')+1:], s.Name)
}

// sessions are those of roles, in the order in which they were given.
type sessions struct {
	mu    sync.Mutex
	all   []*Session
	byKey map[string]*Session
}

func (s *sessions) get(key string) (Session, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if of := s.byKey[key]; of != nil {
		return *of, true
	}
	return Session{}, false
}

func (s *sessions) add(of *Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byKey == nil {
		s.byKey = map[string]*Session{}
	}
	s.all, s.byKey[of.AccessKey] = append(s.all, of), of
}

// Sessions returns what AssumeRole has given so far, in that order.
func (s *Server) Sessions() []Session {
	s.sessions.mu.Lock()
	defer s.sessions.mu.Unlock()
	var all []Session
	for _, of := range s.sessions.all {
		all = append(all, *of)
	}
	return all
}

// ExpireSessions lets the credentials of all sessions so far expire at once.
func (s *Server) ExpireSessions() {
	s.sessions.mu.Lock()
	defer s.sessions.mu.Unlock()
	for _, of := range s.sessions.all {
		of.Expired = true
	}
}

// Patterns and bounds from the API reference of STS, AssumeRole.
var (
	rolePattern       = regexp.MustCompile(`^arn:aws[a-z-]*:iam::([0-9]{12}):role/(?:[!-~]+/)?[\w+=,.@-]{1,64}$`)
	sessionPattern    = regexp.MustCompile(`^[\w+=,.@-]{2,64}$`)
	externalIDPattern = regexp.MustCompile(`^[\w+=,.@:/-]{2,}$`)
)

var errUnsignedOfSTS = &Error{"MissingAuthenticationToken", "Request is missing Authentication Token"}

// assumeRole gives credentials of the role's account to whoever asks: there are no
// trust policies here.
func (s *Server) assumeRole(r *http.Request, who caller) (string, *Error) {
	of := &Session{Role: r.FormValue("RoleArn"), Name: r.FormValue("RoleSessionName"), ExternalID: r.FormValue("ExternalId"), By: who.arn}
	seconds, err := 3600, error(nil)
	if text := r.FormValue("DurationSeconds"); text != "" {
		seconds, err = strconv.Atoi(text)
	}
	role := rolePattern.FindStringSubmatch(of.Role)
	switch {
	case who.account == "":
		return "", errUnsignedOfSTS
	case role == nil:
		return "", &Error{"ValidationError", of.Role + " is invalid"}
	case !sessionPattern.MatchString(of.Name):
		return "", &Error{"ValidationError", "Value '" + of.Name + "' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*"}
	case of.ExternalID != "" && !externalIDPattern.MatchString(of.ExternalID):
		return "", &Error{"ValidationError", "Value at 'externalId' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@:\\/-]*"}
	case err != nil || seconds < 900 || seconds > 43_200:
		return "", &Error{"ValidationError", "Value at 'durationSeconds' failed to satisfy constraint: Member must have value between 900 and 43200"}
	}
	of.Account, of.AccessKey = role[1], "ASIA"+rand.Text()[:16]
	of.Expires = s.now().Add(time.Duration(seconds) * time.Second).UTC().Truncate(time.Second)
	s.sessions.add(of)
	secret := []byte(rand.Text() + rand.Text())
	return fmt.Sprintf(`<Credentials><AccessKeyId>%s</AccessKeyId><SecretAccessKey>%s</SecretAccessKey><SessionToken>%s</SessionToken><Expiration>%s</Expiration></Credentials>`+
		`<AssumedRoleUser><Arn>%s</Arn><AssumedRoleId>AROASANDBOX:%s</AssumedRoleId></AssumedRoleUser>`,
		of.AccessKey, secret[:40], base64.StdEncoding.EncodeToString(secret), of.Expires.Format(time.RFC3339), of.arn(), of.Name), nil
}

// putSessions lets the sessions so far expire.
func (s *Server) putSessions(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		Expired bool `json:"expired"`
	}
	if !readJSON(w, r, &asked) {
		return
	}
	if asked.Expired {
		s.ExpireSessions()
	}
	w.WriteHeader(http.StatusNoContent)
}

// ParseAccount reads KEY=ACCOUNT: an access key, and the account that it is of.
func ParseAccount(text string) (key, account string, err error) {
	at := strings.LastIndexByte(text, '=')
	if at <= 0 {
		return "", "", fmt.Errorf("account %q: want KEY=ACCOUNT, such as tenant=111122223333", text)
	}
	key, account = text[:at], text[at+1:]
	return key, account, checkAccount(key, account)
}

func checkAccount(key, account string) error {
	switch {
	case !accountPattern.MatchString(account):
		return fmt.Errorf("account %q: want 12 digits", account)
	case key == "" || strings.ContainsAny(key, "/, \t\n"):
		return fmt.Errorf("access key %q: want one without blanks, commas and slashes", key)
	}
	return nil
}

// laneOf is the lane that a request goes in: quotas are per account and Region.
func (c *call) laneOf() lane {
	if c.pool != nil {
		region, _, _ := strings.Cut(c.about.ID, "_")
		return lane{c.about.Account, region}
	}
	if c.who.account == "" {
		return lane{Account, c.region}
	}
	return lane{c.who.account, c.region}
}

// lane is an account and a Region.
type lane struct{ account, region string }

func (l lane) String() string { return l.account + "/" + l.region }
