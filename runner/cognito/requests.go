package cognito

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/smithy-go/middleware"

	"cogpass/runner"
)

// A request sends what a task asks for. The metadata is valid only without an
// error.
type request func(ctx context.Context, api *cip.Client, pool string, t runner.Task) (middleware.Metadata, error)

// requests are the requests of all actions, by operation.
var requests = map[string]request{
	"AdminSetUserPassword":   setPassword,
	"AdminResetUserPassword": resetPassword,
}

func setPassword(ctx context.Context, api *cip.Client, pool string, t runner.Task) (middleware.Metadata, error) {
	out, err := api.AdminSetUserPassword(ctx, &cip.AdminSetUserPasswordInput{
		UserPoolId: &pool, Username: &t.Username, Password: aws.String(t.Password.Reveal()),
		Permanent: t.Action.Spec().Permanent,
	})
	if err != nil {
		return middleware.Metadata{}, err
	}
	return out.ResultMetadata, nil
}

func resetPassword(ctx context.Context, api *cip.Client, pool string, t runner.Task) (middleware.Metadata, error) {
	out, err := api.AdminResetUserPassword(ctx, &cip.AdminResetUserPasswordInput{
		UserPoolId: &pool, Username: &t.Username, ClientMetadata: t.ClientMetadata,
	})
	if err != nil {
		return middleware.Metadata{}, err
	}
	return out.ResultMetadata, nil
}
