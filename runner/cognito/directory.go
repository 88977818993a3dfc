package cognito

import (
	"context"
	"fmt"
	"net/http/httptrace"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go/middleware"

	"cogpass/jobs"
	"cogpass/runner"
)

// Directory is a user pool as a run acts on it: a runner.Directory and a
// runner.Looker. Every error is a *runner.Error.
type Directory struct {
	client *Client
	pool   Pool
}

// Directory returns the pool with an ID. Of pool only ID has to be known; what
// else is known of it tells Look by which attribute a user is found.
func (c *Client) Directory(pool Pool) *Directory { return &Directory{c, pool} }

// Do sends the request of a task. A task whose action has none stops the run,
// and nothing is sent.
func (d *Directory) Do(ctx context.Context, t runner.Task) (runner.Answer, error) {
	send := requests[t.Action.Spec().Operation]
	if send == nil {
		return runner.Answer{}, &runner.Error{Class: runner.Fatal, Message: fmt.Sprintf("there is no request for %v", t.Action)}
	}
	ctx, sent := watch(ctx)
	md, err := send(ctx, d.client.api, d.pool.ID, t)
	if err != nil {
		fault := classify(err, sent.Load(), t.Password)
		return fault.Answer, fault
	}
	return answerOf(md), nil
}

// Look finds a user with ListUsers, which costs nothing: AdminGetUser would
// make the user an active one on the bill.
func (d *Directory) Look(ctx context.Context, username string) (runner.Sight, error) {
	ctx, sent := watch(ctx)
	by := d.attribute(username)
	filter := fmt.Sprintf(`%s = "%s"`, by, quote.Replace(username))
	out, err := d.client.api.ListUsers(ctx, &cip.ListUsersInput{UserPoolId: &d.pool.ID, Filter: &filter, Limit: aws.Int32(2)})
	if err != nil {
		fault := classify(err, sent.Load(), jobs.Secret{})
		if strings.HasPrefix(fault.Code, "AccessDenied") { // what cannot be looked at is unknown; the run goes on
			fault.Class = runner.UserFault
		}
		return runner.Sight{Answer: fault.Answer}, fault
	}
	s := runner.Sight{Answer: answerOf(out.ResultMetadata)}
	if len(out.Users) != 1 {
		return s, nil
	}
	u := out.Users[0]
	s.Found, s.Username, s.Status = true, aws.ToString(u.Username), runner.Status(u.UserStatus)
	s.Modified = aws.ToTime(u.UserLastModifiedDate) // zero where it did not say
	for _, a := range u.Attributes {
		switch name := aws.ToString(a.Name); name {
		case "sub":
			s.Sub = aws.ToString(a.Value)
		case by:
			s.Alias = aws.ToString(a.Value)
		}
	}
	return s, nil
}

var (
	quote = strings.NewReplacer(`\`, `\\`, `"`, `\"`) // as ListUsers wants a filter's value
	sub   = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
)

// attribute returns the one that a name in a job stands for: a sub by its
// form, an alias where the pool has such, or else a username.
func (d *Directory) attribute(name string) string {
	alias := func(attribute string) bool {
		return slices.Contains(d.pool.UsernameAttributes, attribute) || slices.Contains(d.pool.AliasAttributes, attribute)
	}
	switch {
	case sub.MatchString(name):
		return "sub"
	case strings.Contains(name, "@") && alias("email"):
		return "email"
	case strings.HasPrefix(name, "+") && alias("phone_number"):
		return "phone_number"
	}
	return "username"
}

// watch tells whether any of a request was written.
func watch(ctx context.Context) (context.Context, *atomic.Bool) {
	sent := new(atomic.Bool)
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteHeaders: func() { sent.Store(true) },
	}), sent
}

func answerOf(md middleware.Metadata) (a runner.Answer) {
	a.RequestID, _ = awsmiddleware.GetRequestIDMetadata(md)
	a.Date, _ = awsmiddleware.GetServerTime(md)
	return a
}

// hide takes a password out of a message, also as oneLine has written it. AWS
// does not repeat passwords; what stands between might.
func hide(message string, password jobs.Secret) string {
	text, written := password.Reveal(), oneLine(password.Reveal())
	if written == "" {
		return message
	}
	return strings.NewReplacer(text, password.String(), written, password.String()).Replace(message)
}

// Pool is what DescribeUserPool tells of a pool.
type Pool struct {
	ID, Name           string
	Account            string   // the AWS account's number
	UsernameAttributes []string // sign-in attributes in place of a username: email, phone_number
	AliasAttributes    []string // beside a username: email, phone_number, preferred_username
	CognitoMail        bool     // sends with Cognito's own e-mail: 50 a day for the account
	Policy             jobs.Policy
}

// Describe asks for a pool. Also with an error, the Answer has the server's
// time, if it answered at all. The error is a *runner.Error.
func (c *Client) Describe(ctx context.Context, id string) (Pool, runner.Answer, error) {
	ctx, sent := watch(ctx)
	out, err := c.api.DescribeUserPool(ctx, &cip.DescribeUserPoolInput{UserPoolId: &id})
	if err != nil {
		fault := classify(err, sent.Load(), jobs.Secret{})
		return Pool{ID: id}, fault.Answer, fault
	}
	pool := Pool{ID: id}
	if p := out.UserPool; p != nil {
		pool.Name = aws.ToString(p.Name)
		if part := strings.Split(aws.ToString(p.Arn), ":"); len(part) > 4 {
			pool.Account = part[4]
		}
		for _, a := range p.UsernameAttributes {
			pool.UsernameAttributes = append(pool.UsernameAttributes, string(a))
		}
		for _, a := range p.AliasAttributes {
			pool.AliasAttributes = append(pool.AliasAttributes, string(a))
		}
		pool.CognitoMail = p.EmailConfiguration == nil || p.EmailConfiguration.EmailSendingAccount == types.EmailSendingAccountTypeCognitoDefault
		if p.Policies != nil && p.Policies.PasswordPolicy != nil {
			policy := p.Policies.PasswordPolicy
			pool.Policy = jobs.Policy{
				MinLength: int(aws.ToInt32(policy.MinimumLength)), Upper: policy.RequireUppercase, Lower: policy.RequireLowercase,
				Digit: policy.RequireNumbers, Symbol: policy.RequireSymbols,
			}
		}
	}
	return pool, answerOf(out.ResultMetadata), nil
}

// Actor returns the access key that requests are signed with, which CloudTrail
// shows too; empty where they are not signed.
func (c *Client) Actor(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if _, anonymous := c.cfg.Credentials.(aws.AnonymousCredentials); anonymous || c.cfg.Credentials == nil {
		return ""
	}
	credentials, err := c.cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return ""
	}
	return credentials.AccessKeyID
}
