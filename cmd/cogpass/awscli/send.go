package awscli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"regexp"
	"strings"
	"time"

	"cogpass/jobs"
	"cogpass/runner/cognito"
)

// send makes a client, checks the request, sends it and shows the answer. If
// it is only to show what an answer looks like, nothing is sent.
func (c *invocation) send(ctx context.Context, r request, sample bool) error {
	client, err := c.client(ctx)
	if err != nil {
		return err
	}
	if err := c.op.validate(r); err != nil {
		return err
	}
	if sample {
		return c.show()
	}
	if err := c.attempt(ctx, client, r); err != nil {
		return err
	}
	return c.show()
}

// body is the request as it is sent: the one place where the password is text.
func (r request) body() ([]byte, error) {
	open := map[string]any{}
	for name, value := range r {
		if secret, is := value.(jobs.Secret); is {
			value = secret.Reveal()
		}
		open[name] = value
	}
	return json.Marshal(open)
}

var regionPattern = regexp.MustCompile(`^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$`)

// client opens the way to Cognito that the options and the settings ask for.
func (c *invocation) client(ctx context.Context) (*cognito.Client, error) {
	g := c.globals
	if g.endpoint != "" {
		u, err := url.Parse(g.endpoint)
		if err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.Fragment != "" {
			return nil, generalf("invalid endpoint: --endpoint-url has to be of the form http://HOST/ or https://HOST/")
		}
		if u.Scheme == "http" {
			g.caBundle = "" // there is nothing to verify: the file need not exist
		}
	}
	if err := checkEnvironment(g); err != nil {
		return nil, err
	}
	client, err := cognito.Open(ctx, cognito.Config{
		Region: g.region, Profile: g.profile, EndpointURL: g.endpoint,
		NoSign: g.noSign, CABundle: g.caBundle, InsecureTLS: g.noVerify,
		ConnectTimeout: g.connectTimeout, ReadTimeout: g.readTimeout,
	})
	if err != nil {
		return nil, configured(err)
	}
	if !regionPattern.MatchString(client.Region()) {
		return nil, generalf("the region %q is not of a supported form", client.Region())
	}
	if client.MaxAttempts() < 0 {
		return nil, generalf("max_attempts has to be a whole number from 1")
	}
	return client, nil
}

func hasScheme(endpoint string) bool {
	scheme, _, ok := strings.Cut(endpoint, ":")
	return ok && schemePattern.MatchString(scheme)
}

var schemePattern = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*$`)

// configured gives an error of the settings the AWS CLI's exit code.
func configured(err error) error {
	var conf *cognito.ConfigError
	if !errors.As(err, &conf) {
		return err
	}
	code := exitGeneral
	if conf.Kind == cognito.NoCredentials || conf.Kind == cognito.NoRegion {
		code = exitConfig
	}
	return &exitError{code, conf.Error(), conf.Hint()}
}

const (
	defaultAttempts = 3
	longestWait     = 20 * time.Second
)

// attempt sends a request until it is answered with something that is not
// worth another attempt, or the attempts are used up.
func (c *invocation) attempt(ctx context.Context, client *cognito.Client, r request) error {
	body, err := r.body()
	if err != nil {
		return err
	}
	password, _ := r["Password"].(jobs.Secret)
	most := cmp.Or(client.MaxAttempts(), defaultAttempts)
	for n := 1; ; n++ {
		c.debugf("%s: attempt %d, to Region %s", c.op.api, n, client.Region())
		answer, err := client.Call(ctx, c.op.api, body)
		if err != nil && ctx.Err() != nil {
			return errCutOff
		}
		var no *refusal
		if err == nil {
			c.debugf("%s: HTTP status %d, request ID %s", c.op.api, answer.Status, shown(answer.Header.Get("X-Amzn-Requestid"), password))
			if no, err = readAnswer(answer); err != nil {
				return err
			}
		}
		switch again := answer == nil && retryable(err) || answer != nil && worthRetrying(answer, no); {
		case again && n < most:
		case err != nil:
			return c.unanswered(err, password)
		case no != nil:
			return refused(c.op.api, &refusal{shown(no.code, password), shown(no.message, password)}, n, most)
		default:
			return nil
		}
		unit := cmp.Or(c.streams.unit, time.Second)
		wait := min(longestWait, time.Duration(rand.Float64()*float64(unit<<min(n-1, 5))))
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// errCutOff is that an interrupt came while a request was on its way.
var errCutOff = errors.New("interrupted; the request may have been carried out")

func retryable(err error) bool {
	var fault *cognito.CallError
	return errors.As(err, &fault) && fault.Fault != cognito.NotSent
}

// unanswered is the error of a request that got no answer.
func (c *invocation) unanswered(err error, password jobs.Secret) error {
	formats := map[cognito.CallFault]string{
		cognito.Unreachable: "could not connect to the endpoint URL: %q",
		cognito.DialTimeout: "connect timeout on endpoint URL: %q",
		cognito.ReadTimeout: "read timeout on endpoint URL: %q",
		cognito.Closed:      "the connection was closed before a valid response came from endpoint URL: %q",
		cognito.BadTLS:      "SSL validation failed for %s",
	}
	var fault *cognito.CallError
	if !errors.As(err, &fault) {
		return configured(err)
	}
	format, known := formats[fault.Fault]
	if !known || c.globals.endpoint == "" {
		return generalf("%s", shown(err.Error(), password))
	}
	return generalf(format, strings.TrimSuffix(c.globals.endpoint, "/")+"/")
}

// debugf says what happens, where --debug asks for it. It is never given a
// request's body.
func (c *invocation) debugf(format string, a ...any) {
	if c.globals.debug {
		fmt.Fprintf(c.streams.Err, "debug: "+format+"\n", a...)
	}
}
