// Package sandbox is a stand-in for the Cognito endpoint: a real HTTP server
// that speaks AWS JSON 1.1, keeps user pools in memory, and holds to Cognito's
// state rules, password policy and quotas. It can be told to be slow, throttle,
// fail and lose answers. At the same address it is a stand-in for Secrets
// Manager.
//
// Begin with New or Trial. operations.go is the table of what is served;
// passwords.go, users.go, list.go and signin.go carry it out on the store, and
// secrets.go and secretstages.go keep secrets.
//
// Invariants: the fault a request meets follows from the seed, its user and how
// many requests that user has had, never from the order in which users come (but
// where a list is for all requests of an operation, in their order); a request that is answered with an error has changed nothing; no answer, log
// or outbox shows a password, but where a secret is asked for.
package sandbox

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"cogpass/jobs"
)

// Config says how a Server behaves. The zero value has no quotas, no latency
// and no faults.
type Config struct {
	Accounts map[string]string // of access keys; of any other it is Account

	Quotas map[jobs.Category]float64 // requests a second, of each account and Region; a missing category has no limit
	Burst  time.Duration             // a quota's worth of this long may come at once; zero is a second

	Latency time.Duration // each answer takes Latency ± Jitter, evenly spread; a change is made half-way
	Jitter  time.Duration
	Faults  Faults
	Seed    uint64 // of faults and latency

	Now             func() time.Time // the server's clock; nil is time.Now. Quotas and latency go by real time
	CodeLifetime    time.Duration    // zero is an hour
	ListLag         time.Duration    // ListUsers shows users as they were this long ago
	DailyEmails     int              // messages a day, over all pools of an account that send with COGNITO_DEFAULT; zero is no limit
	Record          int              // how many requests and messages Log and Outbox keep, the latest; zero is 100,000, negative none
	RequestIDPrefix string           // of every request ID, some hexadecimal digits; empty is random
	AllowUnsigned   bool             // serve administrators' operations without an Authorization header
	AnyClientOf     string           // ID of a pool that an app client is of which no pool has; it takes any SECRET_HASH
}

// Check returns an error if a value makes no sense.
func (c Config) Check() error {
	if err := checkLatency(c.Latency, c.Jitter); err != nil {
		return err
	}
	return c.Faults.check()
}

func checkLatency(latency, jitter time.Duration) error {
	if latency < 0 || jitter < 0 {
		return fmt.Errorf("latency %v, jitter %v: want 0 or more", latency, jitter)
	}
	return nil
}

// Server is the stand-in, an http.Handler. All its methods may be called at
// any time, from any goroutine.
type Server struct {
	config   Config
	start    time.Time // in real time, for lags and statistics
	quotas   quotas
	log      requestLog
	outbox   outbox
	grants   grants
	secrets  secrets
	sessions sessions
	control  http.Handler

	mu       sync.RWMutex // of the fields below; a pool has its own lock
	pools    map[string]*pool
	clients  map[string]poolClient
	accounts map[string]string // of access keys
	faults   Faults
	latency  time.Duration
	jitter   time.Duration

	faultChanges uint32            // how often faults were set
	met          map[string]uint32 // requests that lists of a single operation were for
	ahead        time.Duration     // of the clock

	http        *http.Server // nil until Listen
	served      chan struct{}
	connections atomic.Int64
	done        chan struct{}
	closing     sync.Once
}

// New returns a Server without pools.
func New(c Config) *Server {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.CodeLifetime == 0 {
		c.CodeLifetime = time.Hour
	}
	if c.Record == 0 {
		c.Record = 100_000
	}
	s := &Server{
		config: c, start: time.Now(),
		pools: map[string]*pool{}, clients: map[string]poolClient{}, accounts: map[string]string{},
		faults: c.Faults, latency: c.Latency, jitter: c.Jitter, met: map[string]uint32{},
		done: make(chan struct{}),
	}
	maps.Copy(s.accounts, c.Accounts)
	s.quotas.init(c.Quotas, c.Burst)
	s.log.keep, s.outbox.sent.keep = c.Record, c.Record
	s.outbox.most = c.DailyEmails
	s.control = s.controlHandler()
	return s
}

// TrialPrefix begins the request IDs of a Trial, and none of AWS's in practice:
// a report can be told by it.
const TrialPrefix = "5a4db0c5"

// Trial returns a Server to try a job against, with a pool of that ID. It has
// Cognito's quotas, needs no signatures and takes any app client. The pool has Cognito's default
// policy and sends through SES, so that no daily limit of e-mails is in the way.
func Trial(poolID string) *Server {
	s := New(Config{Quotas: Cognito(), Latency: 5 * time.Millisecond, Record: -1, AllowUnsigned: true, AnyClientOf: poolID, RequestIDPrefix: TrialPrefix})
	s.AddPool(Pool{ID: poolID, Name: "sandbox", Policy: DefaultPolicy(), EmailSendingAccount: "DEVELOPER"})
	return s
}

// Listen serves in the background on a loopback address, such as
// "127.0.0.1:0", and returns the URL to reach it at. It refuses any other
// address: whoever reaches the server can do everything.
func (s *Server) Listen(addr string) (url string, err error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return "", fmt.Errorf("listening on %q: %w", addr, err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return "", fmt.Errorf("listening on %q: not a loopback address", addr)
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second, ConnState: s.countConnections}
	served := make(chan struct{})
	s.mu.Lock()
	if s.http != nil {
		s.mu.Unlock()
		return "", errors.Join(errors.New("the sandbox listens already"), listener.Close())
	}
	s.http, s.served = server, served
	s.mu.Unlock()
	go func() {
		defer close(served)
		_ = server.Serve(listener) // ends with ErrServerClosed
	}()
	return "http://" + listener.Addr().String(), nil
}

func (s *Server) countConnections(_ net.Conn, state http.ConnState) {
	if state == http.StateNew {
		s.connections.Add(1)
	}
}

// Close stops serving and closes all connections; requests that wait out
// their latency end without an answer.
func (s *Server) Close() error {
	s.closing.Do(func() { close(s.done) })
	s.mu.Lock()
	server, served := s.http, s.served
	s.mu.Unlock()
	if server == nil {
		return nil
	}
	err := server.Close()
	<-served
	return err
}

// Connections returns how many connections were opened so far, since Listen.
func (s *Server) Connections() int { return int(s.connections.Load()) }

// SetFaults replaces the faults. Each user's list begins with their next request.
func (s *Server) SetFaults(f Faults) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = f
	s.faultChanges++
	clear(s.met)
}

// SetClock sets the server's clock ahead of the one that it was made with.
func (s *Server) SetClock(ahead time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ahead = ahead
}

// now is the time by the server's clock.
func (s *Server) now() time.Time {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.config.Now().Add(s.ahead)
}

// SetDailyEmails replaces Config.DailyEmails.
func (s *Server) SetDailyEmails(most int) {
	s.outbox.mu.Lock()
	defer s.outbox.mu.Unlock()
	s.outbox.most = most
}

// SetLatency replaces how long answers take.
func (s *Server) SetLatency(latency, jitter time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.latency, s.jitter = latency, jitter
}
