// Package cognito is the user pool on the AWS SDK: the Directory that a run
// acts on, the single calls of the AWS CLI's two commands, and the hand-off of
// passwords to Secrets Manager. It is the only package that imports the SDK.
//
// Begin with Open and Client.Directory. requests.go has the request of each
// action, wire.go decides what counts as an answer, classify.go says what an
// error means, and screen.go what of it may be shown; secrets.go hands over.
//
// The SDK's own retries are off in every client: its retry budget is shared
// by all requests of a client and breaks bulk work. The caller decides whether
// to send again.
package cognito

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"

	"cogpass/jobs"
)

// Config says which Cognito to talk to, as whom and how. Zero fields are taken
// from the environment and the shared config files, as in every AWS SDK.
type Config struct {
	Region, Profile, EndpointURL string

	Role jobs.Role // assumed with the credentials that there are otherwise; zero: none

	NoSign      bool   // send requests without a signature; no credentials are needed
	CABundle    string // file of the certificates to trust instead of the system's
	InsecureTLS bool   // do not verify the server's certificate

	ConnectTimeout time.Duration // 0: the SDK's default; negative: none
	ReadTimeout    time.Duration // how long a connection may stay silent; 0: the SDK's default; negative: none

	Conns int // connections kept open between requests: the requests in flight at most
}

// Client is a way to Cognito in one Region. It is safe for concurrent use.
type Client struct {
	api    *cip.Client // gives answers as they come, for Call
	strict *cip.Client // for everything else; its HTTP client is a strict
	sts    *sts.Client // for Identity
	cfg    aws.Config
	sign   bool
	role   jobs.Role
	lent   *lender // nil where requests are not signed

	// Time limits: of a request whose context has no deadline, of fetching
	// credentials, and of revoking what a check was given.
	answerIn, credentialsIn, revokeIn time.Duration
}

// Open reads the settings and makes a Client. It sends nothing. Its error is a
// *ConfigError if the settings are not enough to send anything with.
func Open(ctx context.Context, c Config) (*Client, error) {
	opts := []func(*config.LoadOptions) error{
		config.WithHTTPClient(transport(c)),
		config.WithRetryer(func() aws.Retryer { return aws.NopRetryer{} }),
		config.WithRegion(c.Region),
		config.WithLogger(logging.Nop{}), // what goes wrong is an error; the SDK's own lines are in nobody's format
	}
	if c.Profile != "" {
		opts = append(opts, config.WithSharedConfigProfile(c.Profile))
	}
	if c.NoSign {
		opts = append(opts, config.WithCredentialsProvider(aws.AnonymousCredentials{}))
	}
	if c.CABundle != "" {
		bundle, err := os.Open(c.CABundle)
		if err != nil {
			return nil, &ConfigError{Kind: BadSettings, Name: c.CABundle, Err: err}
		}
		defer bundle.Close()
		opts = append(opts, config.WithCustomCABundle(bundle))
	}
	cfg, err := config.LoadDefaultConfig(ctx, opts...)
	if err != nil {
		return nil, loadError(err)
	}
	if cfg.Region == "" {
		return nil, &ConfigError{Kind: NoRegion}
	}
	lent := (*lender)(nil)
	if cfg.Credentials != nil && !c.NoSign {
		if lent = newLender(cfg.Credentials); c.Role.ARN != "" {
			lent = newLender(assumed(cfg, c.Role))
		}
		cfg.Credentials = lent
	}
	client := func(wrap func(aws.HTTPClient) aws.HTTPClient) *cip.Client {
		return cip.NewFromConfig(cfg, func(o *cip.Options) {
			o.HTTPClient = wrap(oneHop(o.HTTPClient))
			if c.EndpointURL == "" {
				return
			}
			// Of this service alone: credentials are fetched elsewhere.
			o.BaseEndpoint = &c.EndpointURL
			// The SDK refuses these where an endpoint is given.
			o.EndpointOptions.UseFIPSEndpoint, o.EndpointOptions.UseDualStackEndpoint = aws.FIPSEndpointStateDisabled, aws.DualStackEndpointStateDisabled
		})
	}
	identity := sts.NewFromConfig(cfg, func(o *sts.Options) { o.HTTPClient = bounded{oneHop(o.HTTPClient)} })
	return &Client{
		sts:    identity,
		api:    client(func(h aws.HTTPClient) aws.HTTPClient { return bounded{h} }),
		strict: client(func(h aws.HTTPClient) aws.HTTPClient { return renewed(lent, strict{h, "Cognito"}) }),
		role:   c.Role, lent: lent,
		cfg: cfg, sign: !c.NoSign, answerIn: 30 * time.Second, credentialsIn: time.Minute, revokeIn: 5 * time.Second,
	}, nil
}

// begin returns the context of a request, with a time limit, and the record of
// how far the request came.
func (c *Client) begin(ctx context.Context) (context.Context, context.CancelFunc, *flight) {
	ctx, f := watch(ctx)
	if _, ok := ctx.Deadline(); ok {
		return ctx, func() {}, f
	}
	ctx, cancel := context.WithTimeout(ctx, c.answerIn)
	return ctx, cancel, f
}

// Endpoint returns the URL that requests go to where the settings name one,
// or "" where it is AWS's own.
func (c *Client) Endpoint() string { return aws.ToString(c.api.Options().BaseEndpoint) }

// Region returns the Region that requests go to.
func (c *Client) Region() string { return c.cfg.Region }

// MaxAttempts returns how many requests the settings (AWS_MAX_ATTEMPTS, a
// profile's max_attempts) allow for one call, or 0 where they do not say. The
// Client itself sends one.
func (c *Client) MaxAttempts() int {
	for _, source := range c.cfg.ConfigSources {
		if s, ok := source.(interface {
			GetRetryMaxAttempts(context.Context) (int, bool, error)
		}); ok {
			if n, found, err := s.GetRetryMaxAttempts(context.Background()); found && err == nil {
				return n
			}
		}
	}
	return 0
}

// Check finds out whether there are credentials to sign with; that may ask an
// instance's metadata or an identity provider, and takes a minute at most. Its
// error is a *ConfigError.
func (c *Client) Check(ctx context.Context) error {
	if !c.sign {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, c.credentialsIn)
	defer cancel()
	_, err := c.cfg.Credentials.Retrieve(ctx)
	if err == nil {
		return nil
	}
	// An instance's metadata is where the SDK looks last; a profile's role without
	// anything to assume it with it takes there too.
	var op *smithy.OperationError
	if errors.As(err, &op) && (op.ServiceID == "ec2imds" || c.role.ARN != "" && asked(err, "ec2imds")) {
		return &ConfigError{Kind: NoCredentials, Err: err}
	}
	if c.role.ARN != "" && roleRefusal(err) != "" {
		return &ConfigError{Kind: RoleRefused, Name: c.role.ARN, Err: err}
	}
	return &ConfigError{Kind: BadCredentials, Err: err}
}

// transport keeps as many idle connections as there are requests in flight:
// the default of a few would open a new one for nearly every request of a
// large run.
func transport(c Config) *awshttp.BuildableClient {
	client := awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.MaxIdleConns = max(t.MaxIdleConns, c.Conns)
		t.MaxIdleConnsPerHost = max(t.MaxIdleConnsPerHost, c.Conns)
		t.DisableCompression = true // what is packed may unpack to anything
		t.MaxResponseHeaderBytes = mostHeaders
		t.OnProxyConnectResponse = throughProxy
		if t.TLSClientConfig == nil {
			t.TLSClientConfig = &tls.Config{}
		}
		t.TLSClientConfig.MinVersion = tls.VersionTLS12
		t.TLSClientConfig.InsecureSkipVerify = c.InsecureTLS
	})
	if c.ConnectTimeout != 0 {
		client = client.WithDialerOptions(func(d *net.Dialer) { d.Timeout = max(0, c.ConnectTimeout) })
	}
	if c.ReadTimeout != 0 {
		client = client.WithReadTimeout(max(0, c.ReadTimeout))
	}
	return client
}

// ConfigKind says what is wrong with the settings.
type ConfigKind uint8

// The kinds of a ConfigError. BadSettings, the zero value, is any other.
const (
	BadSettings    ConfigKind = iota // a value or a file that cannot be used
	NoRegion                         // no Region is given anywhere
	NoCredentials                    // there are none
	BadCredentials                   // they are configured, and could not be fetched
	UnknownProfile                   // the profile Name is in no shared config file
	RoleRefused                      // STS does not let the role Name be assumed
	OneEndpoint                      // Cognito's endpoint is given, and none for Secrets Manager
)

// ConfigError says that the settings are not enough to send a request with.
type ConfigError struct {
	Kind ConfigKind
	Name string // the profile or the file; may be empty
	Err  error  // the cause; may be nil
}

func (e *ConfigError) Error() string {
	switch e.Kind {
	case NoRegion:
		return "no AWS Region is configured"
	case NoCredentials:
		return "unable to locate AWS credentials"
	case BadCredentials:
		return "fetching the AWS credentials: " + credentialsFault(e.Err)
	case RoleRefused:
		return "the role " + e.Name + " cannot be assumed: " + roleRefusal(e.Err)
	case OneEndpoint:
		return "the endpoint is given for Cognito alone, and not for Secrets Manager, to which passwords are handed over"
	case UnknownProfile:
		return fmt.Sprintf("the AWS profile %q is not in the shared config files", e.Name)
	}
	return "reading the AWS settings: " + oneLine(e.Err.Error())
}

func (e *ConfigError) Unwrap() error { return e.Err }

// Hint returns advice in one line, or "".
func (e *ConfigError) Hint() string {
	switch e.Kind {
	case NoRegion:
		return "give --region, or set AWS_REGION"
	case NoCredentials, BadCredentials:
		return "set AWS_PROFILE, sign in with `aws sso login`, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
	case RoleRefused:
		return refusedRoleHint
	case OneEndpoint:
		return "set AWS_ENDPOINT_URL_SECRETS_MANAGER to the other's, or AWS_ENDPOINT_URL to that of both"
	case UnknownProfile:
		return "`aws configure list-profiles` lists the profiles there are"
	}
	return ""
}

// credentialsFault says why credentials could not be fetched. It never shows the
// output of a process, as the SDK's error does: that may hold a key.
func credentialsFault(err error) string {
	var exit *exec.ExitError
	switch text := err.Error(); {
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	case errors.As(err, &exit):
		return "credential_process failed: " + exit.String()
	case strings.Contains(text, "process output"):
		return "credential_process did not write credentials in the form that AWS documents"
	default:
		return short(oneLine(text))
	}
}

func loadError(err error) error {
	var missing config.SharedConfigProfileNotExistError
	if errors.As(err, &missing) {
		return &ConfigError{Kind: UnknownProfile, Name: missing.Profile, Err: err}
	}
	return &ConfigError{Err: err}
}
