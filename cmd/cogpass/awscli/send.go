package awscli

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"regexp"
	"strings"
	"time"

	"cogpass/cmd/cogpass/awscli/pyval"
	"cogpass/runner/cognito"
)

// send makes a client, checks the request, sends it and shows the answer. If
// it is only to show what an answer looks like, nothing is sent.
func (c *invocation) send(ctx context.Context, params *pyval.Map, sample bool) error {
	client, err := c.client(ctx)
	if err != nil {
		return err
	}
	for _, key := range params.Keys() {
		if _, isText := key.(string); !isText {
			return generalf("parameter names have to be str, not of type %s", pyval.TypeName(key))
		}
	}
	if err := c.op.validate(params); err != nil {
		return err
	}
	if sample {
		return c.show(&pyval.Map{})
	}
	if !c.globals.noSign {
		if err := c.settings.checkCredentials(c.globals.profile != ""); err != nil {
			return err
		}
	}
	if err := c.attempt(ctx, client, []byte(pyval.ASCII(params))); err != nil {
		return err
	}
	return c.show(&pyval.Map{})
}

var regionPattern = regexp.MustCompile(`^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$`)

// client opens the way to Cognito that the options and the settings ask for.
func (c *invocation) client(ctx context.Context) (*cognito.Client, error) {
	g := c.globals
	if err := c.settings.use(g.profile); err != nil {
		return nil, err
	}
	region := g.region
	if region == "" {
		region = c.settings.region()
	}
	if region == "" {
		return nil, &exitError{exitConfig, "you must specify a region", "give --region, or set AWS_REGION"}
	}
	if !regionPattern.MatchString(region) {
		return nil, generalf("the region %q is not of a supported form", region)
	}
	if err := c.settings.checkRetryMode(); err != nil {
		return nil, err
	}
	if _, err := c.settings.attempts(); err != nil {
		return nil, err
	}
	if g.endpoint != "" {
		u, err := url.Parse(g.endpoint)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.Fragment != "" {
			return nil, generalf("invalid endpoint: %s", g.endpoint)
		}
		if u.Scheme == "http" {
			g.caBundle = "" // there is nothing to verify: the file need not exist
		}
	}
	if g.connectTimeout < 0 || g.readTimeout < 0 {
		return nil, generalf("a timeout cannot be negative")
	}
	client, err := cognito.Open(ctx, cognito.Config{
		Region: region, Profile: g.profile, EndpointURL: g.endpoint,
		NoSign: g.noSign, CABundle: g.caBundle, InsecureTLS: g.noVerify,
		ConnectTimeout: seconds(g.connectTimeout), ReadTimeout: seconds(g.readTimeout),
	})
	return client, configured(err)
}

// seconds turns the options' 0, which is no limit, into a Config's.
func seconds(n int) time.Duration {
	if n == 0 {
		return -1
	}
	return time.Duration(n) * time.Second
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

const longestWait = 20 * time.Second

// waitUnit is how long the wait before the second attempt is at most; that
// before each further one is twice as long.
var waitUnit = time.Second

// attempt sends a request until it is answered with something that is not
// worth another attempt, or the attempts are used up.
func (c *invocation) attempt(ctx context.Context, client *cognito.Client, body []byte) error {
	most, err := c.settings.attempts()
	if err != nil {
		return err
	}
	for n := 1; ; n++ {
		c.debugf("%s: attempt %d, to Region %s", c.op.api, n, client.Region())
		answer, err := client.Call(ctx, c.op.api, body)
		var no *refusal
		if err == nil {
			c.debugf("%s: HTTP status %d, request ID %s", c.op.api, answer.Status, answer.Header.Get("X-Amzn-Requestid"))
			if no, err = readAnswer(answer); err != nil {
				return err
			}
		}
		switch again := answer == nil && retryable(err) || answer != nil && worthRetrying(answer, no); {
		case again && n < most:
		case err != nil:
			return c.unanswered(err)
		case no != nil:
			return refused(c.op.api, no, n, most)
		default:
			return nil
		}
		wait := min(longestWait, time.Duration(rand.Float64()*float64(waitUnit<<min(n-1, 5))))
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func retryable(err error) bool {
	var fault *cognito.CallError
	return errors.As(err, &fault) && fault.Fault != cognito.NotSent
}

var unansweredFormats = map[cognito.CallFault]string{
	cognito.Unreachable: "could not connect to the endpoint URL: %q",
	cognito.DialTimeout: "connect timeout on endpoint URL: %q",
	cognito.ReadTimeout: "read timeout on endpoint URL: %q",
	cognito.Closed:      "the connection was closed before a valid response came from endpoint URL: %q",
	cognito.BadTLS:      "SSL validation failed for %s",
}

// unanswered is the error of a request that got no answer.
func (c *invocation) unanswered(err error) error {
	var fault *cognito.CallError
	if !errors.As(err, &fault) {
		return configured(err)
	}
	format, known := unansweredFormats[fault.Fault]
	if !known || c.globals.endpoint == "" {
		return generalf("%v", err)
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
