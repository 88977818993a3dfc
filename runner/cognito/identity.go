package cognito

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"cogpass/jobs"
)

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

// AsksSTS reports whether Identity may be asked. Where an endpoint is given for
// Cognito alone, AWS's own STS knows nothing of who is meant.
func (c *Client) AsksSTS() bool {
	return c.sign && (c.sts.Options().BaseEndpoint != nil || c.Endpoint() == "")
}

// Identity asks STS as whom requests are signed: the ARN, and the account's
// number. It is one request, whose time limit the caller sets. Its error is a
// *runner.Error.
func (c *Client) Identity(ctx context.Context) (arn, account string, err error) {
	out, err := c.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", "", classify(err, attempt{left: givenUp(err)})
	}
	arn, account = fit(aws.ToString(out.Arn), arns), fit(aws.ToString(out.Account), accounts)
	if arn == "" || account == "" {
		return "", "", unreadable("the answer names no ARN and account", answerOf(out.ResultMetadata, jobs.Secret{}))
	}
	return arn, account, nil
}
