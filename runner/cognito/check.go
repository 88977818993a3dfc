package cognito

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go/middleware"

	"cogpass/jobs"
	"cogpass/runner"
)

// Check says how a new password is tried: by signing in with it at an app client
// of the pool. With its zero value there is no check: a step that is one stops
// the run.
type Check struct {
	ClientID     string
	ClientSecret jobs.Secret // zero: the client has none

	// Admin: AdminInitiateAuth, which needs a permission and the flow
	// ADMIN_USER_PASSWORD_AUTH. Without it InitiateAuth, which is not signed and
	// needs USER_PASSWORD_AUTH.
	Admin bool
}

// WithCheck returns the same pool, whose Do carries out runner.Check so.
func (d *Directory) WithCheck(c Check) *Directory { return &Directory{d.client, d.pool, c} }

// proofs are the challenges that follow upon the right password, and upon no
// other. Any other challenge asks for the password itself, or for something in
// its place.
var proofs = []types.ChallengeNameType{
	types.ChallengeNameTypeSmsMfa, types.ChallengeNameTypeEmailOtp, types.ChallengeNameTypeSoftwareTokenMfa,
	types.ChallengeNameTypeSelectMfaType, types.ChallengeNameTypeMfaSetup, types.ChallengeNameTypeDeviceSrpAuth,
	types.ChallengeNameTypeNewPasswordRequired, // of a temporary one
}

// check signs in, and revokes at once what it was given. A sign-in whose answer
// is lost leaves a refresh token that nobody holds, until it expires or the user
// is signed out.
func check(ctx context.Context, d *Directory, t runner.Task) (middleware.Metadata, error) {
	parameters := map[string]string{"USERNAME": t.Username, "PASSWORD": t.Password.Reveal()}
	if hash := d.check.hash(t.Username).Reveal(); hash != "" {
		parameters["SECRET_HASH"] = hash
	}
	var challenge types.ChallengeNameType
	var given *types.AuthenticationResultType
	var md middleware.Metadata
	if d.check.Admin {
		out, err := d.client.strict.AdminInitiateAuth(ctx, &cip.AdminInitiateAuthInput{
			UserPoolId: &d.pool.ID, ClientId: &d.check.ClientID, AuthFlow: types.AuthFlowTypeAdminUserPasswordAuth, AuthParameters: parameters,
		})
		if err != nil {
			return middleware.Metadata{}, err
		}
		challenge, given, md = out.ChallengeName, out.AuthenticationResult, out.ResultMetadata
	} else {
		out, err := d.client.strict.InitiateAuth(ctx, &cip.InitiateAuthInput{
			ClientId: &d.check.ClientID, AuthFlow: types.AuthFlowTypeUserPasswordAuth, AuthParameters: parameters,
		})
		if err != nil {
			return middleware.Metadata{}, err
		}
		challenge, given, md = out.ChallengeName, out.AuthenticationResult, out.ResultMetadata
	}
	switch {
	case given != nil && aws.ToString(given.AccessToken) != "":
		if note := d.revoke(ctx, jobs.NewSecret(aws.ToString(given.RefreshToken)), t); note != "" {
			md.Set(noteKey{}, note)
		}
		return md, nil
	case slices.Contains(proofs, challenge):
		return md, nil
	case challenge != "":
		return middleware.Metadata{}, &answerError{class: runner.UserFault,
			message: fmt.Sprintf("the sign-in leads to the challenge %s, which does not tell whether the password is right", fit(string(challenge), states))}
	}
	return middleware.Metadata{}, &answerError{class: runner.Unreadable, message: "the answer has neither tokens nor a challenge"}
}

// noteKey is where the metadata of a success has what is to be said of it.
type noteKey struct{}

// revoke revokes a refresh token, and returns in one line why it could not. The
// category of these requests, UserToken, has the quota of sign-ins and nothing
// else of ours in it: the lane of the sign-ins paces both.
func (d *Directory) revoke(ctx context.Context, token jobs.Secret, t runner.Task) string {
	if token.Reveal() == "" {
		return ""
	}
	// Also where the run is cut off meanwhile: a token must not outlive its check.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), d.client.revokeIn)
	defer cancel()
	in := &cip.RevokeTokenInput{ClientId: &d.check.ClientID, Token: aws.String(token.Reveal())}
	if secret := d.check.ClientSecret.Reveal(); secret != "" {
		in.ClientSecret = &secret
	}
	var fault *runner.Error
	for range 2 { // for it may be lost as any other; doing it twice is doing it once
		_, err := d.client.strict.RevokeToken(ctx, in)
		if err == nil {
			return ""
		}
		fault = classify(err, attempt{left: true, changes: true, hidden: append(d.hidden(t), token)})
		if fault.Class != runner.InDoubt && fault.Class != runner.Unreadable || ctx.Err() != nil {
			break
		}
	}
	return short("the password is right, but the sign-in's refresh token could not be revoked: " + fault.Error())
}

// hash returns the SECRET_HASH for a username as it is sent; zero where the
// client has no secret. Developer guide, "Computing secret hash values".
func (c *Check) hash(username string) jobs.Secret {
	if c.ClientSecret.Reveal() == "" {
		return jobs.Secret{}
	}
	mac := hmac.New(sha256.New, []byte(c.ClientSecret.Reveal()))
	mac.Write([]byte(username + c.ClientID))
	return jobs.NewSecret(base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}

// hidden returns what of a task's request no answer may show: its password first.
func (d *Directory) hidden(t runner.Task) []jobs.Secret {
	if t.Step != runner.Check || d.check.ClientSecret.Reveal() == "" {
		return []jobs.Secret{t.Password}
	}
	return []jobs.Secret{t.Password, d.check.ClientSecret, d.check.hash(t.Username)}
}
