package cognito

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"cogpass/jobs"
	"cogpass/runner"
)

// roundTrip is a transport of a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// net/http writes the headers with a body that it knows to be in memory: a
// request is one write.
func TestOneWriteARequest(t *testing.T) {
	plain := oneHop(awshttp.NewBuildableClient()).(plainBody)
	near, far := net.Pipe()
	plain.client.Transport = &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return near, nil }}
	first := make(chan string, 1)
	go func() {
		text := make([]byte, 4096)
		n, _ := far.Read(text) // a pipe gives one write at most
		first <- string(text[:n])
		far.Close()
	}()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://pool.test/", strings.NewReader("the body"))
	if err != nil {
		t.Fatal(err)
	}
	r.Body = struct{ io.ReadCloser }{r.Body} // of a type that net/http does not know, as the SDK's is
	if _, err := plain.Do(r); err == nil {
		t.Error("got an answer from a connection that ended")
	}
	if got := <-first; !strings.HasSuffix(got, "\r\n\r\nthe body") {
		t.Errorf("the first write is %q, want headers and body", got)
	}
}

// The connection under an answer that comes quickly is not closed by what is
// left to do for its request.
func TestQuickAnswers(t *testing.T) {
	client := oneHop(awshttp.NewBuildableClient())
	plain, ok := client.(plainBody)
	if !ok {
		t.Fatalf("got a %T", client)
	}
	errSeen := errors.New("seen")
	plain.client.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
		if _, err := io.ReadAll(r.Body); err != nil {
			t.Error(err)
		}
		r.Body.Close()
		if n, err := io.Copy(io.Discard, r.Body); n != 0 || err != nil { // as net/http looks for what is too much
			t.Errorf("after its end the body gives %d bytes and %v, want none and no error", n, err)
		}
		return nil, errSeen
	})
	d := openAt(t, "http://127.0.0.1:1")
	d.client.strict = cip.NewFromConfig(d.client.cfg, func(o *cip.Options) { o.HTTPClient = plain; o.BaseEndpoint = aws.String("http://127.0.0.1:1") })
	_, err := d.Do(t.Context(), runner.Task{Username: "ana", Action: jobs.SetPermanent, Password: jobs.NewSecret("Secret-1")})
	if !errors.Is(err, errSeen) {
		t.Errorf("got %v", err)
	}
}
