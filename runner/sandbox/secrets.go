package sandbox

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"strings"
	"sync"

	"cogpass/jobs"
)

// secrets is what is kept of Secrets Manager, by account: names, tags, and versions with
// their staging labels. There is no KMS, rotation or replica.
type secrets struct {
	mu     sync.Mutex
	byName map[secretRef]*secret
	clock  int64 // ms; of the latest version: no two have the same time

	faultsMu sync.Mutex
	met      map[string]uint32 // requests that reached the faults, by operation and name
	faults   uint32            // the faultChanges that met counts for
}

// secretRef is by what a secret is found.
type secretRef struct{ account, name string }

// secret is one with its versions and the labels of these.
type secret struct {
	secretRef
	arn                 string
	description, kmsKey string
	tags                map[string]string
	created, deleted    int64 // ms; deleted is zero unless it is marked for deletion
	versions            map[string]*secretVersion
	stages              map[string]string // the version that a label is attached to: one at most
}

type secretVersion struct {
	value   string
	created int64 // ms
}

// secretInput has the parameters of Secrets Manager's operations together.
type secretInput struct {
	SecretId, Name             string
	Description, KmsKeyId      string
	SecretString               *string
	SecretBinary               string
	ClientRequestToken         string
	Tags                       []secretTag
	VersionId                  string
	VersionStage               string
	VersionStages              []string
	MoveToVersionId            string
	RemoveFromVersionId        string
	ForceDeleteWithoutRecovery bool
}

type secretTag struct{ Key, Value string }

// The categories of Secrets Manager's quotas beside jobs.SecretsManager. Source:
// the user guide, "AWS Secrets Manager quotas".
const (
	secretsCreate jobs.Category = "SecretsManagerCreate"
	secretsDelete jobs.Category = "SecretsManagerDelete"
	secretsList   jobs.Category = "SecretsManagerList"
	secretsRead   jobs.Category = "SecretsManagerRead"
	secretsTag    jobs.Category = "SecretsManagerTag"
)

var secretsQuotas = map[jobs.Category]float64{secretsCreate: 50, secretsDelete: 50, secretsList: 100, secretsRead: 10_000, secretsTag: 50}

// The codes of Secrets Manager that are not Cognito's too.
const (
	codeSecretsThrottled = "ThrottlingException"
	codeSecretsInternal  = "InternalServiceError"
	codeInvalidRequest   = "InvalidRequestException"
	codeResourceExists   = "ResourceExistsException"
)

var (
	errSecretNotFound = &Error{codeResourceNotFound, "Secrets Manager can't find the specified secret."}
	errSecretDeleted  = &Error{codeInvalidRequest, "You can't perform this operation on the secret because it was marked for deletion."}
)

// inSecretsWords returns a fault as Secrets Manager says it.
func inSecretsWords(err *Error) *Error {
	switch err {
	case errThrottled:
		return &Error{codeSecretsThrottled, "Rate exceeded"}
	case errInternal:
		return &Error{codeSecretsInternal, "An error occurred on the server side."}
	}
	return err
}

// meet counts a request and returns its number among those that have reached
// the faults since these were set.
func (s *secrets) meet(request string, reaches bool, faults uint32) uint32 {
	s.faultsMu.Lock()
	defer s.faultsMu.Unlock()
	if s.faults != faults || s.met == nil {
		s.met, s.faults = map[string]uint32{}, faults
	}
	nth := s.met[request]
	if reaches {
		s.met[strings.Clone(request)]++
	}
	return nth
}

var arnPattern = regexp.MustCompile(`^arn:[^:]*:secretsmanager:[^:]*:[0-9]*:secret:(.*)-[A-Za-z0-9]{6}$`)

// secretName returns the name of the secret that a request is about.
func (in *secretInput) secretName() string {
	if m := arnPattern.FindStringSubmatch(in.SecretId); m != nil {
		return m[1]
	}
	return cmp.Or(in.SecretId, in.Name)
}

var signedScope = regexp.MustCompile(`Credential=[^/,]+/[0-9]+/([a-z0-9-]+)/`)

// signedFor returns the Region that a request is signed for.
func signedFor(r *http.Request) string {
	if m := signedScope.FindStringSubmatch(r.Header.Get("Authorization")); m != nil {
		return m[1]
	}
	return "us-east-1"
}

var secretNames = regexp.MustCompile(`^[A-Za-z0-9/_+=.@!-]+$`)

const (
	maxSecretName  = 512
	maxSecretValue = 65_536
)

// createSecret makes a secret. Its first version is AWSCURRENT.
func (s *Server) createSecret(c *call) (any, *Error) {
	in, all := &c.in.secretInput, &s.secrets
	switch {
	case len(in.Name) > maxSecretName || in.Name == "":
		return nil, &Error{"ValidationException", fmt.Sprintf("1 validation error detected: Value at 'name' failed to satisfy constraint: Member must have length between 1 and %d", maxSecretName)}
	case !secretNames.MatchString(in.Name):
		return nil, &Error{"ValidationException", "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!"}
	}
	if in.SecretString != nil {
		if err := in.checkValue(); err != nil {
			return nil, err
		}
	}
	if x := all.byName[secretRef{c.home(), in.Name}]; x != nil {
		switch v := x.versions[in.ClientRequestToken]; {
		case x.deleted != 0:
			return nil, &Error{codeInvalidRequest, "You can't create this secret because a secret with this name is already scheduled for deletion."}
		case v != nil && in.SecretString != nil && v.value == *in.SecretString:
			return x.answer(in.ClientRequestToken), nil
		}
		return nil, &Error{codeResourceExists, fmt.Sprintf("The operation failed because the secret %s already exists.", in.Name)}
	}
	tags, err := addTags(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	x := s.newSecret(secretRef{c.home(), in.Name}, c.region)
	x.description, x.kmsKey, x.tags = in.Description, in.KmsKeyId, tags
	if in.SecretString != nil {
		x.put(in.ClientRequestToken, *in.SecretString, s.secretTime(), nil)
	}
	return x.answer(in.ClientRequestToken), nil
}

// secretTime returns the time of a new version: no two have the same.
func (s *Server) secretTime() int64 {
	s.secrets.clock = max(s.now().UnixMilli(), s.secrets.clock+1)
	return s.secrets.clock
}

// checkValue checks the value of a version and its token, as far as that does
// not depend on the secret.
func (in *secretInput) checkValue() *Error {
	switch {
	case in.SecretBinary != "":
		return invalidParameter("The sandbox keeps no SecretBinary.")
	case in.SecretString == nil:
		return &Error{codeInvalidRequest, "You must provide either SecretString or SecretBinary."}
	case len(*in.SecretString) > maxSecretValue:
		return &Error{"ValidationException", fmt.Sprintf("1 validation error detected: Value at 'secretString' failed to satisfy constraint: Member must have length less than or equal to %d", maxSecretValue)}
	case in.ClientRequestToken == "":
		return &Error{codeInvalidRequest, "You must provide a ClientRequestToken value. We recommend a UUID-type value."}
	case len(in.ClientRequestToken) < 32 || len(in.ClientRequestToken) > 64:
		return invalidParameter("ClientRequestToken must be 32-64 characters long.")
	}
	return nil
}

// addTags returns tags with others, in the place of those with the same key.
func addTags(to map[string]string, tags []secretTag) (map[string]string, *Error) {
	all := map[string]string{}
	maps.Copy(all, to)
	for _, t := range tags {
		switch {
		case t.Key == "" || len(t.Key) > 128 || len(t.Value) > 256:
			return nil, invalidParameter("The tag key or value is empty or too long.")
		case strings.HasPrefix(strings.ToLower(t.Key), "aws:"):
			return nil, invalidParameter("Tag keys that begin with aws: are reserved.")
		}
		all[t.Key] = t.Value
	}
	if len(all) > 50 {
		return nil, invalidParameter("A secret can have 50 tags at most.")
	}
	return all, nil
}

// find returns the secret that a request is about.
func (s *secrets) find(c *call) (*secret, *Error) {
	in := &c.in.secretInput
	x := s.byName[secretRef{c.home(), in.secretName()}]
	if x == nil || in.SecretId == "" || in.SecretId != x.name && in.SecretId != x.arn {
		return nil, errSecretNotFound
	}
	return x, nil
}

// living returns the secret that a request is about, unless it is marked for
// deletion.
func (s *secrets) living(c *call) (*secret, *Error) {
	x, err := s.find(c)
	if err == nil && x.deleted != 0 {
		err = errSecretDeleted
	}
	return x, err
}

func (s *Server) tagSecret(c *call) (any, *Error) {
	x, err := s.secrets.living(c)
	if err != nil {
		return nil, err
	}
	tags, err := addTags(x.tags, c.in.Tags)
	if err == nil {
		x.tags = tags
	}
	return nil, err
}

// deleteSecret marks a secret for deletion, or deletes it at once.
func (s *Server) deleteSecret(c *call) (any, *Error) {
	x, err := s.secrets.find(c)
	if err != nil {
		return nil, err
	}
	x.deleted = s.now().UnixMilli()
	if c.in.ForceDeleteWithoutRecovery {
		delete(s.secrets.byName, x.secretRef)
	}
	return map[string]any{"ARN": x.arn, "Name": x.name, "DeletionDate": epoch(x.deleted)}, nil
}

// answer is what a request that makes a version is answered.
func (x *secret) answer(version string) map[string]any {
	out := map[string]any{"ARN": x.arn, "Name": x.name}
	if x.versions[version] != nil {
		out["VersionId"], out["VersionStages"] = version, x.stagesOf(version)
	}
	return out
}

// PutSecret makes a secret with these tags, and a version with that value where
// there is one, in the place of one of the same name. It is in us-east-1.
func (s *Server) PutSecret(about Secret) {
	all := &s.secrets
	all.mu.Lock()
	defer all.mu.Unlock()
	x := s.newSecret(secretRef{Account, about.Name}, "us-east-1")
	x.description, x.kmsKey, x.tags = about.Description, about.KMSKey, maps.Clone(about.Tags)
	if about.Value != "" {
		x.put(s.requestID(), about.Value, s.secretTime(), nil)
	}
	if about.Deleted {
		x.deleted = s.now().UnixMilli()
	}
}

// newSecret adds a secret without a version.
func (s *Server) newSecret(id secretRef, region string) *secret {
	digest := sha256.Sum256([]byte(id.name)) // the same each time
	x := &secret{
		secretRef: id, created: s.now().UnixMilli(), tags: map[string]string{}, versions: map[string]*secretVersion{}, stages: map[string]string{},
		arn: fmt.Sprintf("arn:aws:secretsmanager:%s:%s:secret:%s-%s", region, id.account, id.name, hex.EncodeToString(digest[:3])),
	}
	if s.secrets.byName == nil {
		s.secrets.byName = map[secretRef]*secret{}
	}
	s.secrets.byName[id] = x
	return x
}

// home is the account whose secrets a request is about.
func (c *call) home() string { return cmp.Or(c.who.account, Account) }
