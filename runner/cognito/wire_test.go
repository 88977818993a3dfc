package cognito

import (
	"errors"
	"io"
	"net/http"
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
