package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"cogpass/jobs"
)

const (
	targetPrefix  = "AWSCognitoIdentityProviderService."
	secretsPrefix = "secretsmanager."
	maxBody       = 8 << 20

	// Codes of the log that are not AWS's.
	codeOK         = "ok"
	codeLostBefore = "lost-before"
	codeLostAfter  = "lost-after"
)

// call is a request that is being served.
type call struct {
	name string
	op   operation
	in   input

	pool   *pool // named by its ID or by an app client; nil if there is no such pool
	about  Pool
	client *Client // of that pool; nil if none is named, or there is none

	region string // that the request is signed for
	who    caller
}

// ServeHTTP serves one request: an operation, or the control path.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, controlPath) {
		s.control.ServeHTTP(w, r)
		return
	}
	if isSTS(r) {
		s.serveSTS(w, r)
		return
	}
	id := s.requestID()
	w.Header()["X-Amzn-Requestid"] = []string{id}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.Header().Set("Date", s.now().UTC().Format(http.TimeFormat))
	c, err := s.read(w, r)
	if err != nil {
		refuse(w, err)
		return
	}
	s.findPool(c)
	entry := s.log.begin(Request{
		Operation: c.name, Pool: c.in.UserPoolId, Username: c.in.Username, Secret: c.in.secretName(), Account: c.laneOf().account, RequestID: id,
	}, c.laneOf(), s.start, actions[c.name])
	out, code, err := s.answer(c)
	s.log.end(entry, code)
	switch {
	case code == codeLostAfter || code == codeLostBefore:
		// Closes the connection without a byte.
		panic(http.ErrAbortHandler)
	case err != nil:
		refuse(w, err)
	case out == nil:
		_, _ = io.WriteString(w, "{}")
	default:
		_ = json.NewEncoder(w).Encode(out) // fails only where the client has gone
	}
}

// read reads the operation and input of a request.
func (s *Server) read(w http.ResponseWriter, r *http.Request) (*call, *Error) {
	c := &call{region: signedFor(r)}
	name, secret := strings.CutPrefix(r.Header.Get("X-Amz-Target"), secretsPrefix)
	c.name = strings.TrimPrefix(name, targetPrefix)
	known := false
	if c.op, known = operations[c.name]; !known || c.op.secret != secret || r.Method != http.MethodPost {
		return nil, &Error{"UnknownOperationException", ""}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return nil, &Error{"RequestEntityTooLargeException", fmt.Sprintf("Request size exceeded %d bytes", maxBody)}
	} else if err != nil {
		return nil, &Error{"SerializationException", "The request's body ends early"}
	}
	if c.op.signed && !s.config.AllowUnsigned && r.Header.Get("Authorization") == "" {
		return nil, errUnsigned
	}
	if who, holds := s.callerOf(r); !c.op.signed {
		// whoever signs in is told apart by the client
	} else if c.who = who; !holds {
		return nil, errExpiredToken
	}
	if err := json.Unmarshal(body, &c.in); err != nil {
		message := ""
		if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) {
			message = fmt.Sprintf("%s cannot be converted to %s", strings.ToUpper(wrong.Value)+"_VALUE", wrong.Type)
		}
		return nil, &Error{"SerializationException", message}
	}
	s.nameSigned(c)
	return c, nil
}

// nameSigned names the user of a request about a sign-in, which has no Username.
func (s *Server) nameSigned(c *call) {
	if name := c.in.AuthParameters["USERNAME"]; name != "" {
		c.in.Username = name
	} else if _, u, ok := s.holder(c.in.Token, "refresh"); ok {
		c.in.Username = u.name
	}
}

// answer carries out a request, with its faults and latency. The code is for the
// log. A change is made half-way through the latency, even if the client has
// gone by then: who gives up early cannot know what happened.
func (s *Server) answer(c *call) (out any, code string, err *Error) {
	met, delay := s.meet(c)
	if !s.wait(delay / 2) {
		return nil, codeLostBefore, nil
	}
	switch {
	case met.lost == lostBefore:
		code = codeLostBefore
	case met.error != nil:
		err = met.error
	default:
		out, err = s.do(c)
	}
	if !s.wait(delay-delay/2) || met.lost == lostAfter {
		return nil, codeLostAfter, nil
	}
	switch {
	case err != nil:
		code = err.Code
	case code == "":
		code = codeOK
	}
	return out, code, err
}

// meet decides the fault of a request and how long it takes.
func (s *Server) meet(c *call) (fault, time.Duration) {
	s.mu.RLock()
	faults, changes, latency, jitter := s.faults, s.faultChanges, s.latency, s.jitter
	s.mu.RUnlock()
	allowed := s.quotas.allow(c.laneOf(), c.op.category, time.Now())
	name, nth := c.in.Username, uint32(0)
	met := fault{}
	if c.pool != nil && (c.op.user || name != "") {
		u := c.pool.find(name)
		if u == nil {
			u = c.pool.stranger(name)
		}
		name = u.name
		if actions[c.name] {
			nth = u.meet(allowed, changes)
			met = faults.of(s.config.Seed, name, nth)
		}
	}
	if question := c.question(name); question != "" && c.pool != nil && faults.shares() > 0 {
		u := c.pool.stranger(question)
		met = faults.of(s.config.Seed, u.name, u.meet(allowed, changes))
	}
	if c.op.secret {
		name = c.in.secretName()
		request := c.name + "/" + name
		nth = s.secrets.meet(request, allowed, changes)
		met = faults.of(s.config.Seed, request, nth)
	}
	if len(faults.User) > 0 {
		if listed, ok := s.listedFault(c.name, name, allowed); ok {
			met = listed
		}
	}
	if !allowed {
		met = fault{error: errThrottled}
	}
	if c.op.secret {
		met.error = inSecretsWords(met.error)
	}
	if jitter > 0 {
		at := roll(s.config.Seed, name, nth, "latency"+c.name+c.in.Filter)
		latency += time.Duration((2*at - 1) * float64(jitter))
	}
	return met, max(0, latency)
}

// question is what shares of faults know a request by that is no action's: a page
// is asked for by its filter and its token, a sign-in by its user. It is empty for
// requests that shares are not for.
func (c *call) question(user string) string {
	switch {
	case c.op.category == jobs.UserList:
		return strings.Join([]string{c.name, c.in.Filter, c.in.GroupName, c.in.PaginationToken, c.in.NextToken}, "\x00")
	case len(flows[c.name]) > 0 || c.name == "RevokeToken":
		return c.name + "\x00" + user
	}
	return ""
}

// listedFault returns the fault that a list of a single operation has for its
// next request; false where there is no such list, or it is over.
func (s *Server) listedFault(operation, name string, reaches bool) (fault, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range []string{operation + "/" + name, operation} {
		list, ok := s.faults.User[key]
		if !ok {
			continue
		}
		nth := s.met[key]
		if reaches {
			s.met[key]++
		}
		return nthFault(list, nth)
	}
	return fault{}, false
}

// findPool finds the pool of a request, which has to be of the caller's account.
func (s *Server) findPool(c *call) {
	if c.pool, c.client = s.poolOf(c); c.pool == nil {
		return
	}
	if c.about = c.pool.description(); !c.who.mine(c.about.Account) {
		c.pool, c.client = nil, nil
	}
}

// poolOf returns the pool that a request is for, and the app client; nil where
// there is none.
func (s *Server) poolOf(c *call) (*pool, *Client) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	in, known := s.clients[c.in.ClientId]
	if held := s.pools[s.config.AnyClientOf]; !known && held != nil && c.in.ClientId != "" {
		in = poolClient{held, &Client{ID: c.in.ClientId, any: true}}
	}
	if !c.op.signed {
		return in.pool, in.client
	}
	held := s.pools[c.in.UserPoolId]
	if in.pool != held {
		in.client = nil
	}
	return held, in.client
}

// do checks a request and carries out its operation.
func (s *Server) do(c *call) (any, *Error) {
	if c.op.secret {
		s.secrets.mu.Lock()
		defer s.secrets.mu.Unlock()
		return c.op.do(s, c)
	}
	if c.op.region {
		return c.op.do(s, c)
	}
	if err := c.in.check(c.op); err != nil {
		return nil, err
	}
	switch {
	case c.pool != nil, c.op.token:
	case c.op.signed:
		return nil, errPoolNotFound(c.in.UserPoolId)
	default:
		return nil, errClientNotFound(c.in.ClientId)
	}
	if c.op.rule == nil {
		return c.op.do(s, c)
	}
	u := c.pool.find(c.in.Username)
	if u == nil {
		return nil, errUserNotFound
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	return c.op.rule(s, c, u)
}

// wait waits and reports whether the server is still open.
func (s *Server) wait(d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.done:
		return false
	}
}

// refuse answers with an error.
func refuse(w http.ResponseWriter, err *Error) {
	w.Header()["X-Amzn-Errortype"] = []string{err.Code + ":"}
	w.WriteHeader(err.status())
	answer := map[string]string{"__type": err.Code}
	if err.Message != "" {
		answer["message"] = err.Message
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// status returns the HTTP status of the error. It is 400 for all but internal
// errors, throttling included.
func (e *Error) status() int {
	switch e.Code {
	case codeInternal, codeSecretsInternal:
		return http.StatusInternalServerError
	case "ServiceUnavailableException":
		return http.StatusServiceUnavailable
	case "RequestEntityTooLargeException":
		return http.StatusRequestEntityTooLarge
	}
	return http.StatusBadRequest
}

// requestID returns a random UUID, but for the beginning that is configured.
func (s *Server) requestID() string {
	hi, lo := rand.Uint64()&^0xf000|0x4000, rand.Uint64()&^(3<<62)|2<<62
	id := fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", hi>>32, hi>>16&0xffff, hi&0xffff, lo>>48, lo&0xffffffffffff)
	return s.config.RequestIDPrefix + id[len(s.config.RequestIDPrefix):]
}

// epoch is a time in milliseconds. As JSON it is in seconds, as Cognito has it.
type epoch int64

func (e epoch) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, "%d.%03d", e/1000, e%1000), nil
}
