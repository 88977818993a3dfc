// Package hostile is an endpoint that misbehaves, for tests. It stands before a
// handler, such as the sandbox, and spoils the answers to the requests that its
// rules name. Every other request goes to the handler. Begin with Endpoint; Ways
// lists all that it can do.
//
// A way belongs to an operation and a user, never to "the first n requests", so
// a test means the same in whatever order its requests come.
package hostile

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Rule says which requests are spoiled, and how.
type Rule struct {
	Operation string // such as "AdminResetUserPassword"; empty is every one
	User      string // as the request names it; empty is every one
	Way       Way
	Times     int // how many of these requests; 0 is all
}

// Endpoint is a handler with rules before it. The zero value has no rules and
// needs a Handler. Its methods may be called from any goroutine.
type Endpoint struct {
	Handler http.Handler
	Pace    time.Duration // between two bytes of Trickle; 0 is a second

	mu    sync.Mutex
	rules []Rule
	met   map[Way]int
}

// Add adds a rule. Of several that fit a request, the first that has not been
// used up holds.
func (e *Endpoint) Add(r Rule) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if r.Times == 0 {
		r.Times = -1
	}
	e.rules = append(e.rules, r)
}

// Clear takes all rules away.
func (e *Endpoint) Clear() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.rules = nil
}

// Met returns how many requests were spoiled in a way.
func (e *Endpoint) Met(w Way) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.met[w]
}

// rule returns the way that a request meets, if any.
func (e *Endpoint) rule(operation string, is func(user string) bool) Way {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i := range e.rules {
		r := &e.rules[i]
		if r.Times == 0 || r.Operation != "" && r.Operation != operation || r.User != "" && !is(r.User) {
			continue
		}
		if r.Times > 0 {
			r.Times--
		}
		if e.met == nil {
			e.met = map[Way]int{}
		}
		e.met[r.Way]++
		return r.Way
	}
	return ""
}

// ServeHTTP answers one request, or does not.
func (e *Endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	way := e.rule(operation, func(user string) bool { return names(body, user) })
	x := &exchange{e: e, w: w, r: r, body: body, way: way}
	if way == "" || strings.HasPrefix(r.URL.Path, "/moved") {
		// A redirect that is followed is carried out, so that tests notice.
		e.Handler.ServeHTTP(w, x.request())
		return
	}
	for _, s := range table {
		if s.Way == way {
			s.spoil(x)
			return
		}
	}
	panic("hostile: unknown way " + string(way))
}

// names reports whether a request is about a user: by its Username, or by a
// filter's value.
func names(body []byte, user string) bool {
	var in struct{ Username, Filter string }
	if json.Unmarshal(body, &in) != nil {
		return false
	}
	return in.Username == user || strings.HasSuffix(in.Filter, `"`+user+`"`)
}

// exchange is a request that is spoiled.
type exchange struct {
	e    *Endpoint
	w    http.ResponseWriter
	r    *http.Request
	body []byte
	way  Way
}

// request returns the request as it came, with its body unread.
func (x *exchange) request() *http.Request {
	r := x.r.Clone(x.r.Context())
	r.Body = io.NopCloser(bytes.NewReader(x.body))
	return r
}

// answer is what the handler says.
type answer struct {
	status int
	header http.Header
	body   bytes.Buffer
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) WriteHeader(status int)      { a.status = status }
func (a *answer) Write(p []byte) (int, error) { return a.body.Write(p) }

// do has the handler carry the request out, and keeps its answer back.
func (x *exchange) do() *answer {
	a := &answer{status: http.StatusOK, header: http.Header{}}
	x.e.Handler.ServeHTTP(a, x.request())
	return a
}

// pass writes an answer as it is.
func (x *exchange) pass(a *answer) {
	for name, values := range a.header {
		x.w.Header()[name] = values
	}
	x.w.WriteHeader(a.status)
	_, _ = x.w.Write(a.body.Bytes())
}

// close ends the connection after some bytes of an answer, with a reset or in
// good order.
func (x *exchange) close(text string, reset bool) {
	conn, _, err := http.NewResponseController(x.w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	_, _ = io.WriteString(conn, text)
	if tcp, ok := conn.(interface{ SetLinger(int) error }); ok && reset {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// wait waits until the client has gone.
func (x *exchange) wait() { <-x.r.Context().Done() }
