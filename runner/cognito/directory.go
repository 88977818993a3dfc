package cognito

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/smithy-go/middleware"

	"cogpass/jobs"
	"cogpass/runner"
)

// Directory is a user pool as a run acts on it: a runner.Directory and a
// runner.Looker. Every error is a *runner.Error.
type Directory struct {
	client *Client
	pool   Pool
	check  Check
}

// Directory returns the pool with an ID. Only pool.ID is required; the rest tells
// Look which attribute a name stands for.
func (c *Client) Directory(pool Pool) *Directory { return &Directory{c, pool, Check{}} }

// Do sends the request of a task's step. A task whose step or action has none
// stops the run, and nothing is sent. A check has a second request, which revokes
// what the first was given.
func (d *Directory) Do(ctx context.Context, t runner.Task) (runner.Answer, error) {
	send := requestOf(&t)
	if send == nil || t.Step == runner.Create && t.Create == nil || t.Step == runner.Check && d.check.ClientID == "" {
		return runner.Answer{}, &runner.Error{Class: runner.Fatal, Message: fmt.Sprintf("there is no request for step %d of %v", t.Step, t.Action)}
	}
	ctx, done, f := d.client.begin(ctx)
	defer done()
	md, err := send(ctx, d, t)
	if err != nil {
		fault := classify(err, attempt{left: f.left(err), changes: true, signIn: t.Step == runner.Check, hidden: d.hidden(t)})
		return fault.Answer, fault
	}
	return answerOf(md, d.hidden(t)...), nil
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
	s := runner.Sight{Answer: answerOf(out.ResultMetadata)}
	more := aws.ToString(out.PaginationToken) != ""
	if out.Users == nil || len(out.Users) == 0 && more {
		return s, unreadable("the answer has no list of users, or one that goes on elsewhere", s.Answer)
	}
	if len(out.Users) != 1 || more && by != "username" && by != "sub" { // others may have the address too
		return s, nil
	}
	u := d.user(out.Users[0])
	if u.Status == "" {
		return s, unreadable("the user's state cannot be read", s.Answer)
	}
	s.Found, s.User = true, &u
	s.Username, s.Sub, s.Status, s.Modified = u.Username, u.Sub, u.Status, u.Modified
	s.Alias, s.Enabled, s.KnowsEnabled = u.Attributes[by], u.Enabled, true
	return s, nil
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
	alias := func(attribute string) bool { return slices.Contains(d.pool.aliases(), attribute) }
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

func answerOf(md middleware.Metadata, hidden ...jobs.Secret) (a runner.Answer) {
	id, _ := awsmiddleware.GetRequestIDMetadata(md)
	if a.RequestID = fit(id, requestIDs); showsAny(a.RequestID, hidden) {
		a.RequestID = ""
	}
	a.Note, _ = md.Get(noteKey{}).(string)
	a.Date, _ = awsmiddleware.GetServerTime(md)
	return a
}
