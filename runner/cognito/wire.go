package cognito

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"cogpass/runner"
)

// The most that is read of an answer, in bytes. Cognito's are far smaller.
const (
	mostHeaders = 64 << 10
	mostBody    = 1 << 20
	mostPage    = 16 << 20 // of users: 60, with up to 50 attributes each
)

// oneHop returns the client without following any redirect. The SDK follows 307
// and 308, which would send a password elsewhere or a code twice.
func oneHop(client aws.HTTPClient) aws.HTTPClient {
	b, ok := client.(*awshttp.BuildableClient)
	if !ok {
		return client
	}
	frozen, ok := b.Freeze().(*http.Client)
	if !ok {
		return client
	}
	hop := *frozen
	hop.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return plainBody{&hop}
}

// plainBody sends a copy of a request's body. The SDK closes its own when an
// answer comes, and a closed one's WriteTo fails: where net/http has not done
// with the request by then, it would close the connection under the answer. Of a
// reader in memory net/http also knows that it need not write the headers apart.
// There is no GetBody, so it never sends a request again by itself.
type plainBody struct{ client *http.Client }

func (p plainBody) Do(r *http.Request) (*http.Response, error) {
	ctx := r.Context()
	if f, ok := ctx.Value(flightKey{}).(*flight); ok {
		// Traced here, since the call as a whole may fetch credentials too.
		ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
			GotConn:      func(httptrace.GotConnInfo) { f.connected.Store(true) },
			WroteHeaders: func() { f.sent.Store(true) },
		})
	}
	r = r.WithContext(ctx)
	if r.Body != nil {
		body, err := readWhole(r.Body, r.ContentLength, math.MaxInt64-1)
		r.Body.Close()
		if err != nil {
			return nil, err
		}
		r.Body, r.GetBody = io.NopCloser(bytes.NewReader(body)), nil
	}
	return p.client.Do(r)
}

// readWhole reads all that there is, but no more than one byte above most. It
// reads no more than length, where that is known and small: without the buffers
// that grow.
func readWhole(from io.Reader, length, most int64) ([]byte, error) {
	if length < 0 || length > 4096 || length > most {
		return io.ReadAll(io.LimitReader(from, most+1))
	}
	body := make([]byte, length)
	n, err := io.ReadFull(from, body)
	return body[:n], err
}

// bounded is the HTTP client of Call. It passes answers on as they come, up to a
// length. They are read at once: when an answer has begun, the SDK closes the
// request's body, and where that is still being written the connection with it.
type bounded struct{ next aws.HTTPClient }

func (b bounded) Do(r *http.Request) (*http.Response, error) {
	response, err := b.next.Do(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, mostBody+1))
	response.Body.Close()
	if len(body) > mostBody {
		err = fmt.Errorf("an answer of more than %d bytes", mostBody) // it came: not a fault to send again for
	}
	response.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), broken{err}))
	return response, nil
}

// broken is the end of a body that breaks off, or ends where err is nil.
type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, cmp.Or(b.err, io.EOF) }

// flight records how far a request came.
type flight struct {
	connected, sent atomic.Bool
}

type flightKey struct{}

// watch returns a context that records how far its request comes.
func watch(ctx context.Context) (context.Context, *flight) {
	f := new(flight)
	return context.WithValue(ctx, flightKey{}, f), f
}

// left reports whether any of the request may have been written. One that is
// cancelled while it has a connection may still be written a moment later.
func (f *flight) left(err error) bool {
	return f.sent.Load() || f.connected.Load() && givenUp(err)
}

// strict is the HTTP client of a run. It reads answers whole, within bounds, and
// passes on only what can be an answer of its service's.
type strict struct {
	next    aws.HTTPClient
	service string // such as "Cognito"
}

func (s strict) Do(r *http.Request) (*http.Response, error) {
	response, err := s.next.Do(r)
	if err != nil {
		return nil, err
	}
	most := int64(mostBody)
	if response.StatusCode == http.StatusOK && strings.Contains(r.Header.Get("X-Amz-Target"), ".ListUsers") {
		most = mostPage
	}
	body, err := readWhole(response.Body, response.ContentLength, most)
	response.Body.Close()
	text := content{body: body, tooLong: int64(len(body)) > most, cut: err != nil}
	if fault := text.judge(response, s.service); fault != nil {
		return nil, fault
	}
	response.Body, response.ContentLength = io.NopCloser(bytes.NewReader(text.body)), int64(len(text.body))
	return response, nil
}

// content is the body of an answer, as far as it was read.
type content struct {
	body         []byte
	tooLong, cut bool
}

// judge returns an error for what is no whole answer of a service's. A refusal
// with its type in the header needs no body: what came of it is dropped.
func (c *content) judge(r *http.Response, service string) *answerError {
	if r.StatusCode == http.StatusOK && !c.cut && !c.tooLong && isObject(c.body) {
		return nil // as nearly every answer is, without the words for the others
	}
	status := strings.TrimSpace(fmt.Sprintf("HTTP status %d %s", r.StatusCode, http.StatusText(r.StatusCode)))
	partial := c.cut || c.tooLong
	strange := "not an answer of " + service + "'s"
	refused := &answerError{class: runner.Fatal, status: r.StatusCode, service: service}
	switch {
	case r.StatusCode >= 500:
		if partial {
			c.body = []byte("{}")
		}
		return nil
	case r.StatusCode >= 400 && r.Header.Get("X-Amzn-Errortype") != "":
		if partial || !isObject(c.body) {
			c.body = []byte("{}")
		}
		return nil
	case r.StatusCode == http.StatusTooManyRequests:
		c.body = []byte("{}")
		return nil
	case r.StatusCode == http.StatusRequestTimeout: // whoever waited for it may have passed it on
		return &answerError{class: runner.InDoubt, message: status}
	case r.StatusCode >= 400 && isHTML(r, c.body):
		refused.message = status + ", with a web page: " + strange
		return refused
	case r.StatusCode >= 400 && partial:
		return &answerError{class: runner.InDoubt, message: status + ", and the rest of the answer did not come"}
	case r.StatusCode >= 400:
		if !isObject(c.body) {
			c.body = []byte("{}")
		}
		return nil
	case r.StatusCode >= 300:
		refused.message = status + place(r) + ": " + strange
		return refused
	case c.cut:
		return &answerError{class: runner.InDoubt, message: status + ", and the rest of the answer did not come"}
	case c.tooLong:
		return &answerError{class: runner.Unreadable, message: fmt.Sprintf("%s, with more than %d bytes: %s", status, len(c.body)-1, strange)}
	case r.StatusCode != http.StatusOK, !isObject(c.body):
		return &answerError{class: runner.Unreadable, message: status + ", with what is " + strange}
	}
	return nil
}

// place says where an answer redirects to, without the query, which may hold a
// secret.
func place(r *http.Response) string {
	to, err := r.Location()
	if err != nil || strings.HasSuffix(to.Path, "/badhttpredirectlocation") { // the SDK puts that where there is none
		return ", a redirect"
	}
	return ", a redirect to " + short(oneLine(to.Scheme+"://"+to.Host+to.Path))
}

func isObject(body []byte) bool {
	if string(body) == "{}" {
		return true
	}
	body = bytes.TrimSpace(body)
	return len(body) > 0 && body[0] == '{' && json.Valid(body)
}

func isHTML(r *http.Response, body []byte) bool {
	return strings.Contains(strings.ToLower(r.Header.Get("Content-Type")), "html") || bytes.HasPrefix(bytes.TrimSpace(body), []byte("<"))
}

// answerError says that an answer is not one of its service's, or not whole.
type answerError struct {
	class   runner.Class
	status  int
	message string
	hint    string // where it is not that of the status
	service string // of a redirect
}

func (e *answerError) Error() string { return e.message }

// Hint returns advice in one line, or "" where there is none to give.
func (e *answerError) Hint() string {
	switch {
	case e.hint != "", e.class != runner.Fatal:
		return e.hint
	case e.status < 400:
		return "check --endpoint-url and the proxy: " + e.service + " redirects nobody; a captive portal of the network does, until one signs in"
	}
	return "something between here and AWS answers, as a proxy, a firewall or a captive portal does: check the proxy's settings, the network and --endpoint-url"
}
