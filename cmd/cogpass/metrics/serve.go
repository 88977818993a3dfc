package metrics

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Address is where --metrics has metrics served: on loopback, unless a host is
// named. The error says what is wanted.
func Address(text string) (string, error) {
	host, port, err := net.SplitHostPort(text)
	if err != nil || port == "" {
		return "", errors.New("want HOST:PORT, or :PORT for loopback")
	}
	if host == "" {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port), nil
}

// Serve serves the metrics at /metrics of an address, until stop is called, and
// says where.
func (r *Run) Serve(address string) (url string, stop func(), err error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return "", nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(r.registry(), promhttp.HandlerOpts{MaxRequestsInFlight: 4}))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 5 * time.Second, WriteTimeout: 10 * time.Second, MaxHeaderBytes: 16 << 10}
	go server.Serve(few{listener, make(chan struct{}, mostConnections)}) // its error is that it was closed
	return fmt.Sprintf("http://%s/metrics", listener.Addr()), func() { server.Close() }, nil
}

// mostConnections is how many may be open at a time: each takes a descriptor, of which
// the run needs some.
const mostConnections = 16

// few is a listener that accepts no more while so many connections are open.
type few struct {
	net.Listener
	open chan struct{}
}

func (l few) Accept() (net.Conn, error) {
	l.open <- struct{}{}
	conn, err := l.Listener.Accept()
	if err != nil {
		<-l.open
		return nil, err
	}
	return &oneOfFew{Conn: conn, closed: func() { <-l.open }}, nil
}

type oneOfFew struct {
	net.Conn
	once   sync.Once
	closed func()
}

func (c *oneOfFew) Close() error {
	defer c.once.Do(c.closed)
	return c.Conn.Close()
}

func (r *Run) registry() *prometheus.Registry {
	registry := prometheus.NewRegistry()
	registry.MustRegister(r)
	return registry
}
