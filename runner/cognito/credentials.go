package cognito

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"cogpass/jobs"
	"cogpass/runner"
)

const (
	roleLife   = time.Hour        // what any role allows, and the most where a role assumes it
	roleEarly  = time.Minute      // before its end it is assumed again
	assumeTime = 20 * time.Second // for a request to STS
)

// assumed returns the credentials of a role, which it assumes anew before they
// expire. A request for them is tried up to three times by the SDK: nothing but
// these shares its budget for that.
func assumed(cfg aws.Config, role jobs.Role) *aws.CredentialsCache {
	client := sts.NewFromConfig(cfg, func(o *sts.Options) {
		o.HTTPClient = bounded{oneHop(o.HTTPClient)}
		o.Retryer = retry.NewStandard()
	})
	provider := stscreds.NewAssumeRoleProvider(client, role.ARN, func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName, o.Duration = role.SessionName, roleLife
		if role.ExternalID != "" {
			o.ExternalID = &role.ExternalID
		}
	})
	return aws.NewCredentialsCache(timely{provider}, func(o *aws.CredentialsCacheOptions) { o.ExpiryWindow = roleEarly })
}

// timely bounds how long a provider takes: the cache leaves out the time limit of
// the request that needs the credentials, and lets all others wait.
type timely struct{ aws.CredentialsProvider }

func (t timely) Retrieve(ctx context.Context) (aws.Credentials, error) {
	ctx, cancel := context.WithTimeout(ctx, assumeTime)
	defer cancel()
	return t.CredentialsProvider.Retrieve(ctx)
}

// lender lends the credentials that requests are signed with. Its errors are a
// *lendingError.
type lender struct {
	from *aws.CredentialsCache

	mu   sync.Mutex
	gone string // the access key that was given up last
}

func newLender(from aws.CredentialsProvider) *lender {
	cache, ok := from.(*aws.CredentialsCache)
	if !ok {
		cache = aws.NewCredentialsCache(from)
	}
	return &lender{from: cache}
}

func (l *lender) Retrieve(ctx context.Context) (aws.Credentials, error) {
	// What is sent for credentials is no part of the request that needs them.
	c, err := l.from.Retrieve(context.WithValue(ctx, flightKey{}, nil))
	if err != nil {
		return c, &lendingError{err}
	}
	return c, nil
}

// renewed reports whether there are other credentials in the place of some that
// have expired, or may be in a moment.
func (l *lender) renewed(ctx context.Context, expired string) bool {
	l.mu.Lock()
	if l.gone != expired { // the first of those who met it; the others have what that one fetches
		l.gone = expired
		l.from.Invalidate()
	}
	l.mu.Unlock()
	c, err := l.Retrieve(ctx)
	return err != nil || c.AccessKeyID != expired // the next request says what the error means
}

// lendingError is that there were no credentials to sign a request with, which so
// has not left.
type lendingError struct{ err error }

func (e *lendingError) Error() string { return e.err.Error() }
func (e *lendingError) Unwrap() error { return e.err }

// renewing is the HTTP client of requests whose credentials may expire while they
// are used. An answer that says so is about none of what was asked: where there
// are others, the request can be sent again with these.
type renewing struct {
	next aws.HTTPClient
	from *lender
}

// renewed returns the client, for credentials of a lender where there is one.
func renewed(from *lender, next aws.HTTPClient) aws.HTTPClient {
	if from == nil {
		return next
	}
	return renewing{next, from}
}

// renewal is what becomes of a request that has to be sent again.
var renewal = &answerError{class: runner.Transient, message: "the credentials have expired, and are fetched anew"}

var signedWith = regexp.MustCompile(`Credential=([^/,\s]+)/`)

func (n renewing) Do(r *http.Request) (*http.Response, error) {
	response, err := n.next.Do(r)
	if err != nil || response.StatusCode < 400 || response.StatusCode >= 500 || !saysExpired(response) {
		return response, err
	}
	key := signedWith.FindStringSubmatch(r.Header.Get("Authorization"))
	if key == nil || !n.from.renewed(r.Context(), key[1]) {
		return response, nil
	}
	response.Body.Close()
	return nil, renewal
}

// saysExpired reads an answer, which is left as it was.
func saysExpired(r *http.Response) bool {
	if strings.HasPrefix(r.Header.Get("X-Amzn-Errortype"), "ExpiredToken") {
		return true
	}
	body, err := io.ReadAll(r.Body) // the client beneath has bounded it
	r.Body.Close()
	r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), broken{err}))
	var said struct {
		Type string `json:"__type"`
	}
	_ = json.Unmarshal(body, &said)
	return strings.HasPrefix(said.Type[strings.LastIndexByte(said.Type, '#')+1:], "ExpiredToken")
}

// asked reports whether an error has come from a request to a service.
func asked(err error, service string) bool {
	for op := (*smithy.OperationError)(nil); errors.As(err, &op); err = op.Err {
		if op.ServiceID == service {
			return true
		}
	}
	return false
}

// roleRefusal returns what STS has said instead of letting a role be assumed, in
// one line that may be shown; "" where it did not answer so.
func roleRefusal(err error) string {
	var api smithy.APIError
	if !asked(err, "STS") || !errors.As(err, &api) {
		return ""
	}
	return strings.TrimSuffix(fit(api.ErrorCode(), codes)+": "+message(api.ErrorMessage()), ": ")
}

const refusedRoleHint = "the role's trust policy has to allow whose credentials assume it, with the external ID if it asks for one, and these need sts:AssumeRole on the role; " +
	"`aws sts get-caller-identity` tells whose they are"
