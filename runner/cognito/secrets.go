package cognito

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	sm "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"cogpass/jobs"
	"cogpass/runner"
)

// SecretsConfig says where in Secrets Manager passwords go.
type SecretsConfig struct {
	PoolID       string
	NameTemplate string            // with {username} in it once, and {pool} where wanted; "": DefaultSecretName
	KMSKeyID     string            // of new secrets; "": AWS's own key
	Tags         map[string]string // of new secrets, beside cogpass's own: cogpass:pool and cogpass:username
	Region       string            // "": the Client's
	EndpointURL  string            // "": as the settings say
}

// The tags by which a secret is known to be cogpass's for a user of a pool.
const (
	poolTag = "cogpass:pool"
	userTag = "cogpass:username"
)

func (c SecretsConfig) name() (secretName, error) {
	if c.NameTemplate == "" {
		c.NameTemplate = DefaultSecretName
	}
	return newSecretName(c.NameTemplate, c.PoolID)
}

// Secrets hands passwords over to Secrets Manager: a runner.Handoff and a
// runner.Fetcher, whose errors are all a *runner.Error. A user has a secret, a
// password is a version of it, and the label AWSCURRENT is at the version that
// readers get.
//
// Prepare and Confirm are each a DescribeSecret, of a quota of 10,000 a second,
// and one request of the quota jobs.SecretsManager; a user's first Prepare is a
// CreateSecret and a DescribeSecret more at most. Abandon and Fetch come to
// the same or less. AWSPENDING stays at a version that has become AWSCURRENT, as
// rotation by Secrets Manager leaves it, until the next Prepare: taking it off
// would be another request of that quota for every user.
type Secrets struct {
	client *Client
	api    *sm.Client
	cfg    SecretsConfig
	name   secretName
	tags   []types.Tag
}

// Secrets returns a way to the secrets of a pool's users. It sends nothing. Its
// error says what of NameTemplate cannot be, or is that of SecretsEndpoint.
func (c *Client) Secrets(cfg SecretsConfig) (*Secrets, error) {
	name, err := cfg.name()
	if err != nil {
		return nil, err
	}
	if _, err := c.SecretsEndpoint(cfg); err != nil {
		return nil, err
	}
	s := &Secrets{client: c, api: c.secretsAPI(cfg), cfg: cfg, name: name}
	for _, key := range slices.Sorted(maps.Keys(cfg.Tags)) {
		s.tags = append(s.tags, types.Tag{Key: &key, Value: aws.String(cfg.Tags[key])})
	}
	return s, nil
}

func (c *Client) secretsAPI(cfg SecretsConfig) *sm.Client {
	return sm.NewFromConfig(c.cfg, func(o *sm.Options) {
		o.HTTPClient = renewed(c.lent, strict{oneHop(o.HTTPClient), "Secrets Manager"})
		if cfg.Region != "" {
			o.Region = cfg.Region
		}
		if cfg.EndpointURL != "" {
			o.BaseEndpoint = &cfg.EndpointURL
			o.EndpointOptions.UseFIPSEndpoint, o.EndpointOptions.UseDualStackEndpoint = aws.FIPSEndpointStateDisabled, aws.DualStackEndpointStateDisabled
		}
	})
}

// SecretsEndpoint returns the URL that passwords are sent to where cfg or the
// settings name one, or "" where it is AWS's own. Where an endpoint is given for
// Cognito, and none for Secrets Manager, passwords of whatever pool is there
// would go to AWS: that is a *ConfigError.
func (c *Client) SecretsEndpoint(cfg SecretsConfig) (string, error) {
	endpoint := aws.ToString(c.secretsAPI(cfg).Options().BaseEndpoint)
	if endpoint == "" && c.Endpoint() != "" {
		return "", &ConfigError{Kind: OneEndpoint}
	}
	return endpoint, nil
}

// Name returns the name of a user's secret.
func (s *Secrets) Name(username string) string { return s.name.of(username) }

// Prepare stores a password as a version with the label AWSPENDING, and makes
// the user's secret where there is none.
func (s *Secrets) Prepare(ctx context.Context, h runner.Handover) (runner.Answer, error) {
	x, err := s.describe(ctx, h)
	if err == nil && !x.there {
		x, err = s.create(ctx, h)
	}
	if err == nil && x.current == "" {
		err = s.placeholder(ctx, h)
	}
	if err != nil {
		return err.Answer, err
	}
	stages, answer, err := s.put(ctx, h)
	if err != nil {
		return err.Answer, err
	}
	if slices.Contains(stages, stagePending) || slices.Contains(stages, stageCurrent) {
		return answer, nil
	}
	// It was there, and its label has gone on to another since.
	return orFault(s.move(ctx, h, stagePending, x.pending, h.Version))
}

// Confirm gives a version AWSCURRENT, unless a later one has had it since.
func (s *Secrets) Confirm(ctx context.Context, h runner.Handover) (runner.Answer, error) {
	x, err := s.describe(ctx, h)
	switch {
	case err != nil:
	case !x.there:
		err = s.fault(h, "is not there any more")
	case x.current == h.Version:
		return x.answer, nil
	case x.pending == h.Version:
	default:
		err = s.unsurpassed(ctx, h, x)
	}
	if err != nil {
		return err.Answer, err
	}
	return orFault(s.move(ctx, h, stageCurrent, x.current, h.Version))
}

// Abandon takes AWSPENDING off a version.
func (s *Secrets) Abandon(ctx context.Context, h runner.Handover) (runner.Answer, error) {
	x, err := s.describe(ctx, h)
	switch {
	case err != nil:
		return err.Answer, err
	case x.pending != h.Version || x.current == h.Version:
		return x.answer, nil
	}
	return orFault(s.move(ctx, h, stagePending, h.Version, ""))
}

// Fetch returns the password of a version. One after which readers have got a later
// password is as good as not there: set again, it would be the user's and nobody
// would have it.
func (s *Secrets) Fetch(ctx context.Context, h runner.Handover) (jobs.Secret, runner.Answer, error) {
	out, err := s.get(ctx, h, h.Version)
	if err != nil {
		if err.Code == notFound {
			return jobs.Secret{}, err.Answer, nil
		}
		return jobs.Secret{}, err.Answer, err
	}
	password, ok := s.read(h, aws.ToString(out.SecretString))
	answer := answerOf(out.ResultMetadata, password)
	if !ok {
		err := s.fault(h, "has a version "+h.Version+" that cogpass has not written")
		err.Answer = answer
		return jobs.Secret{}, answer, err
	}
	if surpassed, err := s.surpassed(ctx, h, out); err != nil || surpassed {
		answer, err := orFault(answer, err)
		return jobs.Secret{}, answer, err
	}
	return password, answer, nil
}

// orFault returns an error as what it is, so that none is nil.
func orFault(a runner.Answer, err *runner.Error) (runner.Answer, error) {
	if err != nil {
		return err.Answer, err
	}
	return a, nil
}

// fault says what is wrong with a user's secret.
func (s *Secrets) fault(h runner.Handover, what string) *runner.Error {
	return &runner.Error{Class: runner.UserFault, Message: "the secret " + s.Name(h.Username) + " " + what}
}
