// Package sandbox is a stand-in for the Cognito endpoint: a real HTTP server
// that speaks AWS JSON 1.1, keeps user pools in memory, and holds to Cognito's
// state rules, password policy and quotas. It can be slow, throttle, fail and
// lose answers, as told.
//
// Invariants: what happens to a request follows from the seed, its user and how
// many requests that user has had, never from the order in which users come;
// a request that is answered with an error has changed nothing.
package sandbox

import (
	"errors"
	"net/http"
	"time"
)

// Config says how a Server behaves. The zero value has no quotas, no latency
// and no faults.
type Config struct {
	Quotas map[string]float64 // requests a second by category, such as "UserAccountRecovery"; a missing one has no limit
	Burst  time.Duration      // how much of a quota may come at once, as time at its rate; zero is a second

	Latency time.Duration // each answer takes Latency ± Jitter, evenly spread
	Jitter  time.Duration
	Faults  Faults
	Seed    uint64 // of faults and latency

	Now           func() time.Time // the server's clock; nil is time.Now. Quotas and latency go by real time
	CodeLifetime  time.Duration    // zero is an hour
	ListLag       time.Duration    // ListUsers shows users as they were this long ago
	DailyEmails   int              // messages a day, over all pools that send with COGNITO_DEFAULT; zero is no limit
	Record        int              // how many requests and messages Log and Outbox keep, the latest; zero is 100,000, negative none
	AllowUnsigned bool             // serve administrators' operations without an Authorization header
}

// Cognito returns Cognito's default quotas, in requests a second by category.
func Cognito() map[string]float64 {
	return map[string]float64{
		"UserAccountRecovery": 30, "UserUpdate": 25, "UserList": 30, "UserRead": 120, "UserPoolRead": 15,
	}
}

// Server is the stand-in, an http.Handler. All its methods may be called at
// any time, from any goroutine.
type Server struct{ config Config }

// New returns a Server without pools.
func New(c Config) *Server { return &Server{config: c} }

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	http.Error(w, "not yet", http.StatusNotImplemented)
}

// Listen serves in the background on a loopback address, such as
// "127.0.0.1:0", and returns the URL to reach it at. It refuses any other.
func (s *Server) Listen(addr string) (url string, err error) { return "", errors.New("not yet") }

// Close stops serving, ends what waits, and returns once nothing runs any more.
func (s *Server) Close() error { return nil }
