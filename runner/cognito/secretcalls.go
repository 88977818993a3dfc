package cognito

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sm "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"cogpass/jobs"
	"cogpass/runner"
)

// The labels of versions that mean something to Secrets Manager.
const (
	stageCurrent = "AWSCURRENT"
	stagePending = "AWSPENDING"
)

const notFound = "ResourceNotFoundException"

// secretState is what there is to know about a user's secret: the versions that
// have a label, or "".
type secretState struct {
	there            bool
	current, pending string
	answer           runner.Answer
}

// sendSecret sends one request to Secrets Manager.
func sendSecret[I, O any](ctx context.Context, s *Secrets, changes bool, password jobs.Secret, send func(context.Context, *I, ...func(*sm.Options)) (*O, error), in *I) (*O, *runner.Error) {
	ctx, done, f := s.client.begin(ctx)
	defer done()
	out, err := send(ctx, in)
	if err != nil {
		return nil, classify(err, attempt{left: f.left(err), changes: changes, secret: true, hidden: []jobs.Secret{password}})
	}
	return out, nil
}

// describe looks at a user's secret, and refuses one that is not cogpass's for
// that user of the pool.
func (s *Secrets) describe(ctx context.Context, h runner.Handover) (secretState, *runner.Error) {
	x := secretState{}
	out, err := sendSecret(ctx, s, false, h.Password, s.api.DescribeSecret, &sm.DescribeSecretInput{SecretId: aws.String(s.Name(h.Username))})
	if err != nil {
		if err.Code == notFound {
			return secretState{answer: err.Answer}, nil
		}
		return x, err
	}
	x.there, x.answer = true, answerOf(out.ResultMetadata, h.Password)
	switch {
	case !s.owns(out.Tags, h.Username):
		err = s.fault(h, "is there and is not cogpass's for this user and pool: it lacks the tags "+poolTag+" and "+userTag)
	case out.DeletedDate != nil:
		err = s.fault(h, "is marked for deletion")
	default:
		for version, stages := range out.VersionIdsToStages {
			if slices.Contains(stages, stageCurrent) {
				x.current = version
			}
			if slices.Contains(stages, stagePending) {
				x.pending = version
			}
		}
		return x, nil
	}
	err.Answer = x.answer
	return x, err
}

// own are the tags of a user's secret.
func (s *Secrets) own(username string) []types.Tag {
	return []types.Tag{
		{Key: aws.String(poolTag), Value: &s.cfg.PoolID},
		{Key: aws.String(userTag), Value: aws.String(encodeUsername(username, maxTagValue))},
	}
}

// owns reports whether a secret's tags say that it is a user's.
func (s *Secrets) owns(tags []types.Tag, username string) bool {
	for _, own := range s.own(username) {
		if !slices.ContainsFunc(tags, func(t types.Tag) bool {
			return aws.ToString(t.Key) == *own.Key && aws.ToString(t.Value) == *own.Value
		}) {
			return false
		}
	}
	return true
}

// create makes a user's secret. Its first version, which readers get at once
// whatever is asked for, holds no password. Where another was faster, it is
// looked at again.
func (s *Secrets) create(ctx context.Context, h runner.Handover) (secretState, *runner.Error) {
	in := &sm.CreateSecretInput{
		Name: aws.String(s.Name(h.Username)), SecretString: aws.String(s.value(h.Username, jobs.Secret{})),
		Description: aws.String("The password of a user of an Amazon Cognito user pool, set by cogpass."),
		Tags:        append(s.own(h.Username), s.tags...),
	}
	if s.cfg.KMSKeyID != "" {
		in.KmsKeyId = &s.cfg.KMSKeyID
	}
	out, err := sendSecret(ctx, s, true, h.Password, s.api.CreateSecret, in)
	if err == nil {
		return secretState{there: true, current: aws.ToString(out.VersionId), answer: answerOf(out.ResultMetadata, h.Password)}, nil
	}
	if err.Class != runner.Exists {
		return secretState{}, err
	}
	x, again := s.describe(ctx, h)
	if again == nil && !x.there { // what it shows lags behind
		return x, &runner.Error{Class: runner.Transient, Message: "the secret " + s.Name(h.Username) + " exists, and does not show yet", Answer: err.Answer}
	}
	return x, again
}

// placeholder gives a secret that has no version yet, as one has that was made
// by somebody else with cogpass's tags, a first one without a password.
func (s *Secrets) placeholder(ctx context.Context, h runner.Handover) *runner.Error {
	_, err := sendSecret(ctx, s, true, h.Password, s.api.PutSecretValue, &sm.PutSecretValueInput{
		SecretId: aws.String(s.Name(h.Username)), SecretString: aws.String(s.value(h.Username, jobs.Secret{})),
	})
	if err != nil {
		return lagging(err)
	}
	return nil
}

// put adds a password as a pending version, and returns the labels that this
// has: where it was there already, they may be others.
func (s *Secrets) put(ctx context.Context, h runner.Handover) ([]string, runner.Answer, *runner.Error) {
	out, err := sendSecret(ctx, s, true, h.Password, s.api.PutSecretValue, &sm.PutSecretValueInput{
		SecretId: aws.String(s.Name(h.Username)), SecretString: aws.String(s.value(h.Username, h.Password)),
		ClientRequestToken: &h.Version, VersionStages: []string{stagePending},
	})
	if err != nil {
		if err.Class == runner.Exists {
			answer := err.Answer
			err = s.fault(h, "has another value under the version "+h.Version)
			err.Answer = answer
		}
		return nil, err.Answer, lagging(err)
	}
	return out.VersionStages, answerOf(out.ResultMetadata, h.Password), nil
}

// move moves a label from one version to another; each may be "".
func (s *Secrets) move(ctx context.Context, h runner.Handover, label, from, to string) (runner.Answer, *runner.Error) {
	in := &sm.UpdateSecretVersionStageInput{SecretId: aws.String(s.Name(h.Username)), VersionStage: &label}
	if from != "" {
		in.RemoveFromVersionId = &from
	}
	if to != "" {
		in.MoveToVersionId = &to
	}
	out, err := sendSecret(ctx, s, true, h.Password, s.api.UpdateSecretVersionStage, in)
	if err != nil {
		return err.Answer, lagging(err)
	}
	return answerOf(out.ResultMetadata, h.Password), nil
}

// lagging makes an error one to try again after where a secret that was there a
// moment ago does not show: if it is gone, the next look tells.
func lagging(err *runner.Error) *runner.Error {
	if err.Code == notFound {
		err.Class = runner.Transient
	}
	return err
}

func (s *Secrets) get(ctx context.Context, h runner.Handover, version string) (*sm.GetSecretValueOutput, *runner.Error) {
	return sendSecret(ctx, s, false, jobs.Secret{}, s.api.GetSecretValue, &sm.GetSecretValueInput{
		SecretId: aws.String(s.Name(h.Username)), VersionId: &version,
	})
}

// surpassed reports whether readers have got a later password than a version's, by
// a run that has handed over since.
func (s *Secrets) surpassed(ctx context.Context, h runner.Handover, mine *sm.GetSecretValueOutput) (bool, *runner.Error) {
	if slices.Contains(mine.VersionStages, stagePending) || slices.Contains(mine.VersionStages, stageCurrent) {
		return false, nil
	}
	theirs, err := sendSecret(ctx, s, false, jobs.Secret{}, s.api.GetSecretValue, &sm.GetSecretValueInput{
		SecretId: aws.String(s.Name(h.Username)), VersionStage: aws.String(stageCurrent),
	})
	switch {
	case err != nil && err.Code == notFound: // none is current
		return false, nil
	case err != nil:
		return false, err
	}
	return !later(mine, theirs), nil
}

// later reports whether a version is surely later than another.
func later(mine, theirs *sm.GetSecretValueOutput) bool {
	return mine.CreatedDate != nil && theirs.CreatedDate != nil && mine.CreatedDate.After(*theirs.CreatedDate)
}

// unsurpassed returns an error unless a version that has lost its label to
// another password is newer than the one that readers get. Of several that one
// run has tried, an earlier one may turn out to be the user's; after a later run
// has handed over, that one's is.
func (s *Secrets) unsurpassed(ctx context.Context, h runner.Handover, x secretState) *runner.Error {
	mine, err := s.get(ctx, h, h.Version)
	if err != nil {
		if err.Code == notFound {
			err = s.fault(h, "has no version "+h.Version+" any more")
		}
		return err
	}
	if x.current == "" {
		return nil
	}
	theirs, err := s.get(ctx, h, x.current)
	switch {
	case err != nil:
		return err
	case !later(mine, theirs):
		return s.fault(h, "has a later password: another run has handed over since")
	}
	return nil
}

// secretValue is the value of a version, in the form of the rotation functions
// that AWS has. Source: Secrets Manager's user guide, "JSON structure of AWS
// Secrets Manager secrets".
type secretValue struct {
	Username   string  `json:"username"`
	Password   *string `json:"password,omitempty"`
	UserPoolID string  `json:"userPoolId"`
}

func (s *Secrets) value(username string, password jobs.Secret) string {
	v := secretValue{Username: username, UserPoolID: s.cfg.PoolID}
	if !password.IsZero() {
		text := password.Reveal()
		v.Password = &text
	}
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(v) // strings alone, which cannot fail
	return strings.TrimSuffix(b.String(), "\n")
}

// read returns the password of a value, if that is one that was written for the
// user.
func (s *Secrets) read(h runner.Handover, text string) (jobs.Secret, bool) {
	var v secretValue
	if json.Unmarshal([]byte(text), &v) != nil || v.Password == nil || v.Username != h.Username || v.UserPoolID != s.cfg.PoolID {
		return jobs.Secret{}, false
	}
	return jobs.NewSecret(*v.Password), true
}
