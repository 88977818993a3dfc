package sandbox

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"cogpass/jobs"
)

// operation is how one operation is served. One that acts on a single user has
// a rule; any other has do.
type operation struct {
	category jobs.Category // its requests draw on this quota
	signed   bool          // it is for administrators: signed, with a UserPoolId
	token    bool          // it takes an access token and names no pool
	user     bool          // it takes a Username
	secret   bool          // it is of Secrets Manager, and names no pool
	region   bool          // it is about a Region, and names no pool

	// rule carries out the operation on its user, who exists and is locked.
	rule func(*Server, *call, *user) (any, *Error)
	do   func(*Server, *call) (any, *Error)
}

// operations is the table of all that is served. The shares of faults apply to
// those that are the operation of an action in jobs, and to Secrets Manager's.
var operations = map[string]operation{
	"AdminCreateUser":        {category: jobs.UserCreation, signed: true, user: true, do: (*Server).adminCreateUser},
	"AdminGetUser":           {category: jobs.UserRead, signed: true, user: true, rule: (*Server).adminGetUser},
	"AdminSetUserPassword":   {category: jobs.UserAccountRecovery, signed: true, user: true, rule: (*Server).adminSetUserPassword},
	"AdminResetUserPassword": {category: jobs.UserAccountRecovery, signed: true, user: true, rule: (*Server).adminResetUserPassword},
	"AdminUserGlobalSignOut": {category: jobs.UserUpdate, signed: true, user: true, rule: (*Server).adminUserGlobalSignOut},
	"AdminDisableUser":       {category: jobs.UserUpdate, signed: true, user: true, rule: (*Server).adminDisableUser},
	"AdminEnableUser":        {category: jobs.UserUpdate, signed: true, user: true, rule: (*Server).adminEnableUser},
	"DescribeUserPool":       {category: jobs.UserPoolRead, signed: true, do: (*Server).describeUserPool},
	"ListUserPools":          {category: jobs.UserPoolRead, signed: true, region: true, do: (*Server).listUserPools},
	"ListUsers":              {category: jobs.UserList, signed: true, do: (*Server).listUsers},
	"ListUsersInGroup":       {category: jobs.UserList, signed: true, do: (*Server).listUsersInGroup},
	"InitiateAuth":           {category: jobs.UserAuthentication, do: (*Server).initiateAuth},
	"AdminInitiateAuth":      {category: jobs.UserAuthentication, signed: true, do: (*Server).initiateAuth},
	"RevokeToken":            {category: jobs.UserToken, do: (*Server).revokeToken},
	"RespondToAuthChallenge": {category: jobs.UserAccountRecovery, do: (*Server).respondToAuthChallenge},
	"ForgotPassword":         {category: jobs.UserAccountRecovery, user: true, rule: (*Server).forgotPassword},
	"ConfirmForgotPassword":  {category: jobs.UserAccountRecovery, user: true, do: (*Server).confirmForgotPassword},
	"ChangePassword":         {category: jobs.UserAccountRecovery, token: true, do: (*Server).changePassword},

	"CreateSecret":             {category: secretsCreate, signed: true, secret: true, do: (*Server).createSecret},
	"DeleteSecret":             {category: secretsDelete, signed: true, secret: true, do: (*Server).deleteSecret},
	"DescribeSecret":           {category: secretsRead, signed: true, secret: true, do: (*Server).describeSecret},
	"GetSecretValue":           {category: secretsRead, signed: true, secret: true, do: (*Server).getSecretValue},
	"ListSecrets":              {category: secretsList, signed: true, secret: true, do: (*Server).listSecrets},
	"PutSecretValue":           {category: jobs.SecretsManager, signed: true, secret: true, do: (*Server).putSecretValue},
	"TagResource":              {category: secretsTag, signed: true, secret: true, do: (*Server).tagSecret},
	"UpdateSecretVersionStage": {category: jobs.SecretsManager, signed: true, secret: true, do: (*Server).updateSecretVersionStage},
}

// actions holds the operations of a job's actions.
var actions = func() map[string]bool {
	all := map[string]bool{}
	for _, a := range jobs.Actions() {
		all[a.Spec().Operation] = true
	}
	return all
}()

// Categories returns the categories of all operations, sorted.
func Categories() []jobs.Category {
	all := map[jobs.Category]bool{}
	for _, op := range operations {
		all[op.category] = true
	}
	return slices.Sorted(maps.Keys(all))
}

// parseCategory returns the category of that name.
func parseCategory(name string) (jobs.Category, error) {
	if c := jobs.Category(name); slices.Contains(Categories(), c) {
		return c, nil
	}
	var names []string
	for _, c := range Categories() {
		names = append(names, string(c))
	}
	return "", fmt.Errorf("no quota category %q; the categories are %s", name, strings.Join(names, ", "))
}

// input has the parameters of all operations together.
type input struct {
	UserPoolId, Username, GroupName string
	Password, TemporaryPassword     string
	Permanent                       bool
	MessageAction                   string
	DesiredDeliveryMediums          []string
	UserAttributes                  []attribute
	ClientMetadata                  map[string]string

	Filter          string
	AttributesToGet []string
	Limit           *int
	MaxResults      int
	PaginationToken string
	NextToken       string

	ClientId           string
	ClientSecret       string
	Token              string
	AuthFlow           string
	AuthParameters     map[string]string
	ChallengeName      string
	ChallengeResponses map[string]string
	Session            string
	ConfirmationCode   string
	AccessToken        string
	PreviousPassword   string
	ProposedPassword   string

	secretInput
}

// Patterns and lengths from the API reference.
var (
	poolIDPattern   = regexp.MustCompile(`^[\w-]+_[0-9a-zA-Z]+$`)
	usernamePattern = regexp.MustCompile(`^[\p{L}\p{M}\p{S}\p{N}\p{P}]+$`)
	passwordPattern = regexp.MustCompile(`^\S(?s:.*\S)?$`)
)

const (
	maxPoolID   = 55
	maxUsername = 128
	maxPassword = 256
	maxMetadata = 131_072
)

// check checks an input against the API reference, as far as operations share
// their parameters.
func (in *input) check(op operation) *Error {
	var wrong violations
	if op.signed {
		wrong.text("userPoolId", in.UserPoolId, maxPoolID, poolIDPattern)
	}
	if op.user {
		wrong.text("username", in.Username, maxUsername, usernamePattern)
	}
	if in.Password != "" {
		wrong.secret("password", in.Password)
	}
	if in.TemporaryPassword != "" {
		wrong.secret("temporaryPassword", in.TemporaryPassword)
	}
	for key, value := range in.ClientMetadata {
		if utf8.RuneCountInString(key) > maxMetadata || utf8.RuneCountInString(value) > maxMetadata {
			wrong.add("Value at 'clientMetadata' failed to satisfy constraint: Map value must satisfy constraint: [Member must have length less than or equal to %d]", maxMetadata)
			break
		}
	}
	if in.Limit != nil && (*in.Limit < 0 || *in.Limit > maxPage) {
		wrong.add("Value '%d' at 'limit' failed to satisfy constraint: Member must have value between 0 and %d", *in.Limit, maxPage)
	}
	return wrong.err()
}

// violations collects what is wrong with an input.
type violations []string

func (v *violations) add(format string, args ...any) { *v = append(*v, fmt.Sprintf(format, args...)) }

func (v *violations) text(name, value string, longest int, pattern *regexp.Regexp) {
	switch length := utf8.RuneCountInString(value); {
	case length == 0:
		v.add("Value '' at '%s' failed to satisfy constraint: Member must have length greater than or equal to 1", name)
	case length > longest:
		v.add("Value '%s' at '%s' failed to satisfy constraint: Member must have length less than or equal to %d", value, name, longest)
	case !pattern.MatchString(value):
		v.add("Value '%s' at '%s' failed to satisfy constraint: Member must satisfy regular expression pattern: %s", value, name, strings.Trim(pattern.String(), "^$"))
	}
}

// secret checks a password without repeating it.
func (v *violations) secret(name, value string) {
	switch {
	case utf8.RuneCountInString(value) > maxPassword:
		v.add("Value at '%s' failed to satisfy constraint: Member must have length less than or equal to %d", name, maxPassword)
	case !passwordPattern.MatchString(value):
		v.add(`Value at '%s' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[\S]+.*[\S]+$`, name)
	}
}

func (v violations) err() *Error {
	switch len(v) {
	case 0:
		return nil
	case 1:
		return invalidParameter("1 validation error detected: %s", v[0])
	}
	return invalidParameter("%d validation errors detected: %s", len(v), strings.Join(v, "; "))
}
