package cognito

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cogpass/jobs"
	"cogpass/runner"
)

// Pool is what DescribeUserPool says about a pool.
type Pool struct {
	ID, Name           string
	Account            string   // the AWS account's number
	UsernameAttributes []string // sign-in attributes in place of a username: email, phone_number
	AliasAttributes    []string // beside a username: email, phone_number, preferred_username
	Users              int      // about how many there are
	CognitoMail        bool     // sends with Cognito's own e-mail: 50 a day for the account
	SMS                bool     // it has settings for sending SMS
	Protected          bool     // it cannot be deleted while that is so
	TemporaryDays      int      // how long a temporary password is good; 7 is Cognito's default
	Policy             jobs.Policy
	Facts              jobs.PoolFacts
}

// aliases are the attributes that a user may be called by beside the username.
func (p *Pool) aliases() []string { return slices.Concat(p.UsernameAttributes, p.AliasAttributes) }

// Describe asks about a pool. The Answer has the server's time if there was an
// answer, an error included. The error is a *runner.Error.
func (c *Client) Describe(ctx context.Context, id string) (Pool, runner.Answer, error) {
	ctx, done, f := c.begin(ctx)
	defer done()
	out, err := c.strict.DescribeUserPool(ctx, &cip.DescribeUserPoolInput{UserPoolId: &id})
	if err != nil {
		fault := classify(err, attempt{left: f.left(err)})
		return Pool{ID: id}, fault.Answer, fault
	}
	answer := answerOf(out.ResultMetadata, jobs.Secret{})
	if out.UserPool == nil {
		return Pool{ID: id}, answer, unreadable("the answer describes no user pool", answer)
	}
	return describe(id, out.UserPool), answer, nil
}

// describe returns what a run needs to know about a pool.
func describe(id string, p *types.UserPoolType) Pool {
	pool := Pool{
		ID: id, Name: short(oneLine(aws.ToString(p.Name))), Users: int(p.EstimatedNumberOfUsers),
		CognitoMail: p.EmailConfiguration == nil || p.EmailConfiguration.EmailSendingAccount == types.EmailSendingAccountTypeCognitoDefault,
	}
	if part := strings.Split(aws.ToString(p.Arn), ":"); len(part) > 4 {
		pool.Account = fit(part[4], accounts)
	}
	for _, a := range p.UsernameAttributes {
		pool.UsernameAttributes = append(pool.UsernameAttributes, string(a))
	}
	for _, a := range p.AliasAttributes {
		pool.AliasAttributes = append(pool.AliasAttributes, string(a))
	}
	pool.SMS = p.SmsConfiguration != nil && aws.ToString(p.SmsConfiguration.SnsCallerArn) != ""
	pool.Protected = p.DeletionProtection == types.DeletionProtectionTypeActive
	pool.Facts = facts(p)
	pool.TemporaryDays = temporaryDays
	if p.Policies != nil && p.Policies.PasswordPolicy != nil {
		policy := p.Policies.PasswordPolicy
		pool.Policy = jobs.Policy{
			MinLength: int(aws.ToInt32(policy.MinimumLength)), Upper: policy.RequireUppercase, Lower: policy.RequireLowercase,
			Digit: policy.RequireNumbers, Symbol: policy.RequireSymbols,
		}
		if days := policy.TemporaryPasswordValidityDays; days > 0 {
			pool.TemporaryDays = int(days)
		}
	}
	return pool
}

// temporaryDays is how long a temporary password is good where the pool does
// not say.
const temporaryDays = 7

// facts returns what deciding about a user needs. A pool that says nothing of
// case tells names apart by it, and one that says nothing of recovery has both
// ways. Source: the API reference, UsernameConfigurationType and
// AccountRecoverySettingType.
func facts(p *types.UserPoolType) jobs.PoolFacts {
	f := jobs.PoolFacts{Known: true, CaseSensitive: true, RecoveryEmail: true, RecoveryPhone: true}
	if p.UsernameConfiguration != nil {
		f.CaseSensitive = p.UsernameConfiguration.CaseSensitive == nil || *p.UsernameConfiguration.CaseSensitive
	}
	if p.AccountRecoverySetting == nil || len(p.AccountRecoverySetting.RecoveryMechanisms) == 0 {
		return f
	}
	f.RecoveryEmail, f.RecoveryPhone = false, false
	for _, way := range p.AccountRecoverySetting.RecoveryMechanisms {
		f.RecoveryEmail = f.RecoveryEmail || way.Name == types.RecoveryOptionNameTypeVerifiedEmail
		f.RecoveryPhone = f.RecoveryPhone || way.Name == types.RecoveryOptionNameTypeVerifiedPhoneNumber
	}
	return f
}
