package cognito

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go/middleware"

	"cogpass/jobs"
	"cogpass/runner"
)

// A request sends what a task asks for. The metadata is valid only without an
// error.
type request func(ctx context.Context, d *Directory, t runner.Task) (middleware.Metadata, error)

// requests are the requests of all actions, by operation.
var requests = map[string]request{
	"AdminSetUserPassword":   setPassword,
	"AdminResetUserPassword": resetPassword,
	"AdminUserGlobalSignOut": signOut,
	"AdminDisableUser":       disable,
	"AdminEnableUser":        enable,
	"AdminCreateUser":        reinvite, // as an action: the user is there
}

// steps are those of the steps beside an action.
var steps = map[runner.Step]request{
	runner.Create:  create,
	runner.Enable:  enable,
	runner.SignOut: signOut,
	runner.Check:   check,
}

// requestOf returns the request of a task's step, or nil where there is none.
func requestOf(t *runner.Task) request {
	if t.Step == runner.Act {
		return requests[t.Action.Spec().Operation]
	}
	return steps[t.Step]
}

func setPassword(ctx context.Context, d *Directory, t runner.Task) (middleware.Metadata, error) {
	out, err := d.client.strict.AdminSetUserPassword(ctx, &cip.AdminSetUserPasswordInput{
		UserPoolId: &d.pool.ID, Username: &t.Username, Password: aws.String(t.Password.Reveal()),
		Permanent: t.Action.Spec().Permanent,
	})
	if err != nil {
		return middleware.Metadata{}, err
	}
	return out.ResultMetadata, nil
}

func resetPassword(ctx context.Context, d *Directory, t runner.Task) (middleware.Metadata, error) {
	out, err := d.client.strict.AdminResetUserPassword(ctx, &cip.AdminResetUserPasswordInput{
		UserPoolId: &d.pool.ID, Username: &t.Username, ClientMetadata: t.ClientMetadata,
	})
	if err != nil {
		return middleware.Metadata{}, err
	}
	return out.ResultMetadata, nil
}

func signOut(ctx context.Context, d *Directory, t runner.Task) (middleware.Metadata, error) {
	out, err := d.client.strict.AdminUserGlobalSignOut(ctx, &cip.AdminUserGlobalSignOutInput{UserPoolId: &d.pool.ID, Username: &t.Username})
	if err != nil {
		return middleware.Metadata{}, err
	}
	return out.ResultMetadata, nil
}

func disable(ctx context.Context, d *Directory, t runner.Task) (middleware.Metadata, error) {
	out, err := d.client.strict.AdminDisableUser(ctx, &cip.AdminDisableUserInput{UserPoolId: &d.pool.ID, Username: &t.Username})
	if err != nil {
		return middleware.Metadata{}, err
	}
	return out.ResultMetadata, nil
}

func enable(ctx context.Context, d *Directory, t runner.Task) (middleware.Metadata, error) {
	out, err := d.client.strict.AdminEnableUser(ctx, &cip.AdminEnableUserInput{UserPoolId: &d.pool.ID, Username: &t.Username})
	if err != nil {
		return middleware.Metadata{}, err
	}
	return out.ResultMetadata, nil
}

func reinvite(ctx context.Context, d *Directory, t runner.Task) (middleware.Metadata, error) {
	return createUser(ctx, d, &cip.AdminCreateUserInput{
		UserPoolId: &d.pool.ID, Username: &t.Username, MessageAction: types.MessageActionTypeResend, ClientMetadata: t.ClientMetadata,
	})
}

// create makes a user that is missing. A temporary password is given at once,
// so that there never is another; without one Cognito makes one that nobody
// learns of, unless there is an invitation.
func create(ctx context.Context, d *Directory, t runner.Task) (middleware.Metadata, error) {
	in := &cip.AdminCreateUserInput{
		UserPoolId: &d.pool.ID, Username: &t.Username, ClientMetadata: t.ClientMetadata, MessageAction: types.MessageActionTypeSuppress,
	}
	for _, name := range slices.Sorted(maps.Keys(t.Create.Attributes)) {
		in.UserAttributes = append(in.UserAttributes, types.AttributeType{Name: &name, Value: aws.String(t.Create.Attributes[name])})
	}
	if medium := map[jobs.Invite]types.DeliveryMediumType{
		jobs.InviteByEmail: types.DeliveryMediumTypeEmail, jobs.InviteBySMS: types.DeliveryMediumTypeSms,
	}[t.Create.Invite]; medium != "" {
		in.MessageAction, in.DesiredDeliveryMediums = "", []types.DeliveryMediumType{medium}
	}
	if spec := t.Action.Spec(); spec.Password && !spec.Permanent {
		in.TemporaryPassword = aws.String(t.Password.Reveal())
	}
	return createUser(ctx, d, in)
}

func createUser(ctx context.Context, d *Directory, in *cip.AdminCreateUserInput) (middleware.Metadata, error) {
	out, err := d.client.strict.AdminCreateUser(ctx, in)
	if err != nil {
		return middleware.Metadata{}, err
	}
	return out.ResultMetadata, nil
}
