package main

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A server answers as Cognito does, at the least cost: it knows the wire and a
// quota, and of users only how many it has invented. It serves loopback until its standard input ends; each
// line there is an order: "quota N" sets the requests a second, "stats" has
// its statistics printed as a line of JSON.
type server struct {
	latency, jitter time.Duration
	remember        bool // every arrival
	users           int  // that it lists
	now             time.Time

	mu    sync.Mutex
	quota bucket
	stats serverStats
}

// serverStats are of password requests, but for the connections and the pages
// of users. Times are Unix nanoseconds.
type serverStats struct {
	Connections, Requests, Throttled int
	Pages                            int
	FirstPage, LastPage              int64
	First, Last                      int64     // arrivals
	Arrivals                         []arrival `json:",omitempty"`
}

// An arrival is a password request.
type arrival struct {
	At        int64
	Throttled bool   `json:",omitempty"`
	Pool      string `json:",omitempty"` // where the pools of several runs are served
}

// A bucket holds a second's worth of its rate.
type bucket struct {
	rate, tokens float64 // a rate of 0 is no limit
	filled       time.Time
}

func (b *bucket) set(rate float64, now time.Time) { *b = bucket{rate, min(b.tokens, rate), now} }

func (b *bucket) take(now time.Time) bool {
	if b.rate == 0 {
		return true
	}
	b.tokens = min(b.rate, b.tokens+now.Sub(b.filled).Seconds()*b.rate)
	b.filled = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}

func serve(args []string) error {
	s := &server{now: time.Now()}
	flags := flag.NewFlagSet("serve", flag.ExitOnError)
	flags.DurationVar(&s.latency, "latency", 0, "")
	flags.DurationVar(&s.jitter, "jitter", 0, "")
	flags.BoolVar(&s.remember, "remember", false, "")
	flags.IntVar(&s.users, "users", 0, "")
	quota := flags.Float64("quota", 0, "")
	certificate := flags.String("tls", "", "file for the certificate")
	flags.Parse(args)
	s.quota = bucket{*quota, *quota, time.Now()}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	scheme := "http://"
	if *certificate != "" {
		config, err := certify(*certificate)
		if err != nil {
			return err
		}
		scheme, listener = "https://", tls.NewListener(listener, config)
	}
	go s.accept(listener)
	fmt.Println(scheme + listener.Addr().String())
	return s.obey(os.Stdin)
}

func (s *server) accept(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.stats.Connections++
		s.mu.Unlock()
		go s.converse(conn)
	}
}

func (s *server) obey(orders io.Reader) error {
	out := json.NewEncoder(os.Stdout)
	lines := bufio.NewScanner(orders)
	for lines.Scan() {
		order, number, _ := strings.Cut(lines.Text(), " ")
		s.mu.Lock()
		if order == "quota" {
			rate, _ := strconv.ParseFloat(number, 64)
			s.quota.set(rate, time.Now())
		}
		err := out.Encode(s.stats)
		s.mu.Unlock()
		if err != nil {
			return err
		}
	}
	return lines.Err()
}

// converse answers the requests of a connection, until either side is done.
func (s *server) converse(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	var out []byte
	for {
		r, err := readRequest(in, s.remember)
		if err != nil {
			return
		}
		throttled := r.operation == "AdminSetUserPassword" && s.arrive(r.pool())
		if d := s.latency + time.Duration((2*rand.Float64()-1)*float64(s.jitter)); d > 0 {
			time.Sleep(d)
		}
		body, err := s.answer(r, throttled)
		if err != nil {
			return
		}
		out = appendAnswer(out[:0], body, throttled)
		if _, err := conn.Write(out); err != nil {
			return
		}
	}
}

// arrive notes a password request, and reports whether the quota throttles it.
func (s *server) arrive(pool string) (throttled bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	throttled = !s.quota.take(now)
	s.stats.Requests++
	if throttled {
		s.stats.Throttled++
	}
	s.stats.Last = now.UnixNano()
	if s.stats.First == 0 {
		s.stats.First = s.stats.Last
	}
	if s.remember {
		s.stats.Arrivals = append(s.stats.Arrivals, arrival{s.stats.Last, throttled, pool})
	}
	return throttled
}

type request struct {
	operation string
	body      []byte // of a listing, or where all are kept
}

// severalPool is what the pools of the row of that name are called: its account is the
// digit, twelve times.
var severalPool = regexp.MustCompile(`us-west-2_several([0-9])[a-z]`)

// pool is that of the request, where it is one of several.
func (r *request) pool() string { return string(severalPool.Find(r.body)) }

// readRequest reads a request to its end.
func readRequest(in *bufio.Reader, keep bool) (r request, err error) {
	length := 0
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return r, err
		}
		name, value, header := strings.Cut(strings.TrimSpace(string(line)), ":")
		switch {
		case name == "" && (keep || r.operation == "ListUsers"):
			r.body = make([]byte, length)
			_, err = io.ReadFull(in, r.body)
			return r, err
		case name == "":
			_, err = in.Discard(length)
			return r, err
		case header && strings.EqualFold(name, "Content-Length"):
			if length, err = strconv.Atoi(strings.TrimSpace(value)); err != nil {
				return r, err
			}
		case header && strings.EqualFold(name, "X-Amz-Target"):
			_, r.operation, _ = strings.Cut(value, ".")
		}
	}
}

// answer returns the body of an answer.
func (s *server) answer(r request, throttled bool) (string, error) {
	switch {
	case throttled:
		return `{"__type":"TooManyRequestsException","message":"Rate exceeded"}`, nil
	case r.operation == "AdminSetUserPassword":
		return `{}`, nil
	case r.operation == "ListUsers":
		return s.page(r.body)
	}
	if found := severalPool.FindSubmatch(r.body); found != nil {
		arn := fmt.Sprintf("arn:aws:cognito-idp:us-west-2:%s:userpool/%s", strings.Repeat(string(found[1]), 12), found[0])
		return fmt.Sprintf(`{"UserPool":{"Id":"%s","Name":"bench","Arn":"%s"}}`, found[0], arn), nil
	}
	return fmt.Sprintf(`{"UserPool":{"Id":"%s","Name":"bench","EstimatedNumberOfUsers":%d}}`, poolID, s.users), nil
}

func appendAnswer(out []byte, body string, throttled bool) []byte {
	status := "200 OK"
	if throttled {
		status = "400 Bad Request"
	}
	out = fmt.Appendf(out, "HTTP/1.1 %s\r\nDate: ", status)
	out = time.Now().UTC().AppendFormat(out, "Mon, 02 Jan 2006 15:04:05 GMT")
	hi, lo := rand.Uint64(), rand.Uint64()
	return fmt.Appendf(out, "\r\nX-Amzn-Requestid: %08x-%04x-%04x-%04x-%012x\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: %d\r\n\r\n%s",
		hi>>32, hi>>16&0xffff, hi&0xffff, lo>>48, lo&0xffffffffffff, len(body), body)
}
