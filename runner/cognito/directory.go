package cognito

import (
	"context"
	"fmt"
	"slices"
	"strings"
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

// Directory returns the pool with an ID. Only pool.ID is required; the rest tells
// Look which attribute a name stands for.
func (c *Client) Directory(pool Pool) *Directory { return &Directory{c, pool} }

// Do sends the request of a task. A task whose action has none stops the run,
// and nothing is sent.
func (d *Directory) Do(ctx context.Context, t runner.Task) (runner.Answer, error) {
	send := requests[t.Action.Spec().Operation]
	if send == nil {
		return runner.Answer{}, &runner.Error{Class: runner.Fatal, Message: fmt.Sprintf("there is no request for %v", t.Action)}
	}
	ctx, done, f := d.client.begin(ctx)
	defer done()
	md, err := send(ctx, d.client.strict, d.pool.ID, t)
	if err != nil {
		fault := classify(err, attempt{left: f.left(err), changes: true, password: t.Password})
		return fault.Answer, fault
	}
	return answerOf(md, t.Password), nil
}

// Look finds a user with ListUsers, which costs nothing: AdminGetUser would
// make the user an active one on the bill.
func (d *Directory) Look(ctx context.Context, username string) (runner.Sight, error) {
	ctx, done, f := d.client.begin(ctx)
	defer done()
	by := d.attribute(username)
	filter := fmt.Sprintf(`%s = "%s"`, by, quote.Replace(username))
	out, err := d.client.strict.ListUsers(ctx, &cip.ListUsersInput{UserPoolId: &d.pool.ID, Filter: &filter, Limit: aws.Int32(2)})
	if err != nil {
		fault := classify(err, attempt{left: f.left(err)})
		if strings.HasPrefix(fault.Code, "AccessDenied") { // the run goes on, and what is in doubt is unknown
			fault.Class = runner.UserFault
		}
		return runner.Sight{Answer: fault.Answer}, fault
	}
	s := runner.Sight{Answer: answerOf(out.ResultMetadata, jobs.Secret{})}
	more := aws.ToString(out.PaginationToken) != ""
	if out.Users == nil || len(out.Users) == 0 && more {
		return s, unreadable("the answer has no list of users, or one that goes on elsewhere", s.Answer)
	}
	if len(out.Users) != 1 || more && by != "username" && by != "sub" { // others may have the address too
		return s, nil
	}
	u := out.Users[0]
	if s.Status = runner.Status(fit(string(u.UserStatus), states)); s.Status == "" {
		return s, unreadable("the user's state cannot be read", s.Answer)
	}
	s.Found, s.Username = true, aws.ToString(u.Username)
	s.Modified = aws.ToTime(u.UserLastModifiedDate) // zero where it did not say
	for _, a := range u.Attributes {
		switch name := aws.ToString(a.Name); name {
		case "sub":
			s.Sub = fit(aws.ToString(a.Value), subs)
		case by:
			s.Alias = aws.ToString(a.Value)
		}
	}
	return s, nil
}

// Listed is a user as a page of the pool's users shows it.
type Listed struct {
	runner.Sight
	Names []string // all that a job may call the user by
}

// PageSize is how many users a page holds at most.
const PageSize = 60

// Page returns a page of the pool's users, from token on, which is empty at
// first, and the token of the next: empty where there is none. A page may be
// empty and not the last.
func (d *Directory) Page(ctx context.Context, token string) (users []Listed, next string, answer runner.Answer, err error) {
	ctx, done, f := d.client.begin(ctx)
	defer done()
	in := &cip.ListUsersInput{UserPoolId: &d.pool.ID, Limit: aws.Int32(PageSize)}
	if token != "" {
		in.PaginationToken = &token
	}
	out, err := d.client.strict.ListUsers(ctx, in)
	if err != nil {
		fault := classify(err, attempt{left: f.left(err)})
		return nil, "", fault.Answer, fault
	}
	answer = answerOf(out.ResultMetadata, jobs.Secret{})
	if out.Users == nil {
		return nil, "", answer, unreadable("the answer has no list of users", answer)
	}
	for _, u := range out.Users {
		users = append(users, d.listed(u))
	}
	return users, aws.ToString(out.PaginationToken), answer, nil
}

func (d *Directory) listed(u types.UserType) Listed {
	l := Listed{Sight: runner.Sight{
		Found: true, Username: aws.ToString(u.Username),
		Status: runner.Status(fit(string(u.UserStatus), states)), Modified: aws.ToTime(u.UserLastModifiedDate),
	}}
	l.Names = []string{l.Username}
	for _, a := range u.Attributes {
		name, value := aws.ToString(a.Name), aws.ToString(a.Value)
		if name == "sub" {
			l.Sub = fit(value, subs)
		}
		if value != "" && name != "username" && d.attribute(value) == name { // the name that Look would find the user by
			l.Names = append(l.Names, value)
		}
	}
	return l
}

// unreadable is the error of a success that lacks what was asked for.
func unreadable(what string, a runner.Answer) *runner.Error {
	return &runner.Error{Class: runner.Unreadable, Message: what, Answer: a}
}

// quote escapes a value for a filter of ListUsers.
var quote = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// attribute returns the attribute that a name in a job stands for: a sub by its
// form, an alias if the pool has such, or else the username.
func (d *Directory) attribute(name string) string {
	alias := func(attribute string) bool {
		return slices.Contains(d.pool.UsernameAttributes, attribute) || slices.Contains(d.pool.AliasAttributes, attribute)
	}
	switch {
	case subs.MatchString(name):
		return "sub"
	case strings.Contains(name, "@") && alias("email"):
		return "email"
	case strings.HasPrefix(name, "+") && alias("phone_number"):
		return "phone_number"
	}
	return "username"
}

func answerOf(md middleware.Metadata, password jobs.Secret) (a runner.Answer) {
	id, _ := awsmiddleware.GetRequestIDMetadata(md)
	if a.RequestID = fit(id, requestIDs); shows(a.RequestID, password) {
		a.RequestID = ""
	}
	a.Date, _ = awsmiddleware.GetServerTime(md)
	return a
}

// Pool is what DescribeUserPool says about a pool.
type Pool struct {
	ID, Name           string
	Account            string   // the AWS account's number
	UsernameAttributes []string // sign-in attributes in place of a username: email, phone_number
	AliasAttributes    []string // beside a username: email, phone_number, preferred_username
	Users              int      // about how many there are
	CognitoMail        bool     // sends with Cognito's own e-mail: 50 a day for the account
	Policy             jobs.Policy
}

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
	if p.Policies != nil && p.Policies.PasswordPolicy != nil {
		policy := p.Policies.PasswordPolicy
		pool.Policy = jobs.Policy{
			MinLength: int(aws.ToInt32(policy.MinimumLength)), Upper: policy.RequireUppercase, Lower: policy.RequireLowercase,
			Digit: policy.RequireNumbers, Symbol: policy.RequireSymbols,
		}
	}
	return pool
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
