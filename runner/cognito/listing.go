package cognito

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cogpass/jobs"
	"cogpass/runner"
)

// Query is what the pool itself selects users by: a group, or a filter of
// ListUsers. The zero value selects all.
type Query struct {
	Group  string
	Filter string // in Cognito's syntax; not with Group
}

// Page is a part of a listing.
type Page struct {
	runner.Answer
	Users []jobs.User // may be empty, and the page not the last
	Next  string      // the token of the next page; empty where there is none
}

// PageSize is how many users a page holds at most.
const PageSize = 60

// Page returns a page of a listing, from a token on, which is empty at first.
// A user may be on several pages, and a listing need not end: both are for the
// caller to see to. Its error is a *runner.Error; see TokenExpired.
//
// It asks for all attributes: AttributesToGet is an error for whoever lacks one
// (API reference, ListUsers), and ListUsersInGroup has no such parameter.
func (d *Directory) Page(ctx context.Context, q Query, token string) (Page, error) {
	ctx, done, f := d.client.begin(ctx)
	defer done()
	var at *string
	if token != "" {
		at = &token
	}
	var page Page
	var users []types.UserType
	if q.Group != "" {
		out, err := d.client.strict.ListUsersInGroup(ctx, &cip.ListUsersInGroupInput{
			UserPoolId: &d.pool.ID, GroupName: &q.Group, Limit: aws.Int32(PageSize), NextToken: at,
		})
		if err != nil {
			return unlisted(classify(err, attempt{left: f.left(err)}), token)
		}
		page.Answer, page.Next, users = answerOf(out.ResultMetadata, jobs.Secret{}), aws.ToString(out.NextToken), out.Users
	} else {
		in := &cip.ListUsersInput{UserPoolId: &d.pool.ID, Limit: aws.Int32(PageSize), PaginationToken: at}
		if q.Filter != "" {
			in.Filter = &q.Filter
		}
		out, err := d.client.strict.ListUsers(ctx, in)
		if err != nil {
			return unlisted(classify(err, attempt{left: f.left(err)}), token)
		}
		page.Answer, page.Next, users = answerOf(out.ResultMetadata, jobs.Secret{}), aws.ToString(out.PaginationToken), out.Users
	}
	switch {
	case users == nil:
		return page, unreadable("the answer has no list of users", page.Answer)
	case page.Next != "" && page.Next == token:
		return page, unreadable("the list goes on where it began", page.Answer)
	}
	page.Users = make([]jobs.User, len(users))
	for i := range users {
		if page.Users[i] = d.user(users[i]); page.Users[i].Status == "" || !usernames.MatchString(page.Users[i].Username) {
			return page, unreadable("a user of the list cannot be read", page.Answer)
		}
	}
	return page, nil
}

// errToken is in the error of a page whose token is no good any more.
var errToken = errors.New("the page token has expired")

// TokenExpired reports whether Page has failed for want of a good token: the
// listing has to begin anew. The caller sees to it that this has an end.
func TokenExpired(err error) bool { return errors.Is(err, errToken) }

// unlisted returns the error of a page. Where a token was given, that is what is
// wrong with the parameters, whatever the words: the API reference has none, and
// "Invalid pagination token" and "Paging marker … is invalid" have been seen. Any
// other parameter would have been refused with the first page.
func unlisted(fault *runner.Error, token string) (Page, error) {
	if token != "" && fault.Code == "InvalidParameterException" {
		fault.Err = errToken
	}
	return Page{Answer: fault.Answer}, fault
}

// longestAttribute is how many bytes an attribute's value has at most: 2048
// characters. Source: the API reference, AttributeType.
const longestAttribute = 4 * 2048

// filtered are the attributes by which ListUsers can search.
var filtered = map[string]bool{
	"email": true, "phone_number": true, "name": true, "given_name": true, "family_name": true, "preferred_username": true,
}

// user is a user as a list shows it. Its Status is empty where that cannot be
// read.
func (d *Directory) user(u types.UserType) jobs.User {
	is := jobs.User{
		Username: aws.ToString(u.Username), Status: jobs.Status(fit(string(u.UserStatus), states)), Enabled: u.Enabled,
		Created: aws.ToTime(u.UserCreateDate), Modified: aws.ToTime(u.UserLastModifiedDate), // zero where it did not say
		Attributes: map[string]string{},
	}
	verified := map[string]bool{}
	for _, a := range u.Attributes {
		switch name, value := aws.ToString(a.Name), aws.ToString(a.Value); {
		case name == "sub":
			is.Sub = fit(value, subs)
		case filtered[name] && value != "" && len(value) <= longestAttribute:
			is.Attributes[name] = value
		case name == "email_verified" || name == "phone_number_verified":
			verified[strings.TrimSuffix(name, "_verified")] = value == "true"
		}
	}
	is.VerifiedEmail = verified["email"] && is.Attributes["email"] != ""
	is.VerifiedPhone = verified["phone_number"] && is.Attributes["phone_number"] != ""
	is.Names = []string{is.Username}
	if is.Sub != "" {
		is.Names = append(is.Names, is.Sub)
	}
	for _, alias := range d.pool.aliases() {
		if value := is.Attributes[alias]; value != "" {
			is.Names = append(is.Names, value)
		}
	}
	return is
}

// Find is Look, for who wants all of the user: nil where there is none, or more
// than one.
func (d *Directory) Find(ctx context.Context, username string) (*jobs.User, runner.Answer, error) {
	s, err := d.Look(ctx, username)
	return s.User, s.Answer, err
}
