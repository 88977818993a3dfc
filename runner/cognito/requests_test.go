package cognito

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"cogpass/jobs"
	"cogpass/runner"
	"cogpass/runner/sandbox"
)

// The request of each action and step is exactly this.
func TestRequests(t *testing.T) {
	secret := jobs.NewSecret("Secret-1!")
	metadata := map[string]string{"reason": "INC-42"}
	attributes := map[string]string{"phone_number": "+15550100", "email": "ana@example.com"}
	const user = `"UserPoolId":"us-west-2_aaaaaaaaa","Username":"ana"`
	const named = `,"UserAttributes":[{"Name":"email","Value":"ana@example.com"},{"Name":"phone_number","Value":"+15550100"}]`
	for name, tt := range map[string]struct {
		task runner.Task
		want string
	}{
		"set-temporary": {runner.Task{Action: jobs.SetTemporary, Password: secret}, `AdminSetUserPassword {"Password":"Secret-1!",` + user + `}`},
		"set-permanent": {runner.Task{Action: jobs.SetPermanent, Password: secret}, `AdminSetUserPassword {"Password":"Secret-1!","Permanent":true,` + user + `}`},
		"reset":         {runner.Task{Action: jobs.Reset, ClientMetadata: metadata}, `AdminResetUserPassword {"ClientMetadata":{"reason":"INC-42"},` + user + `}`},
		"sign-out":      {runner.Task{Action: jobs.SignOut}, `AdminUserGlobalSignOut {` + user + `}`},
		"disable":       {runner.Task{Action: jobs.Disable}, `AdminDisableUser {` + user + `}`},
		"enable":        {runner.Task{Action: jobs.Enable}, `AdminEnableUser {` + user + `}`},
		"reinvite": {runner.Task{Action: jobs.Reinvite, ClientMetadata: metadata},
			`AdminCreateUser {"ClientMetadata":{"reason":"INC-42"},"MessageAction":"RESEND",` + user + `}`},

		"enable, then a reset":   {runner.Task{Action: jobs.Reset, Step: runner.Enable, ClientMetadata: metadata}, `AdminEnableUser {` + user + `}`},
		"sign-out, after a set":  {runner.Task{Action: jobs.SetPermanent, Step: runner.SignOut, Password: secret}, `AdminUserGlobalSignOut {` + user + `}`},
		"create, then permanent": {runner.Task{Action: jobs.SetPermanent, Step: runner.Create, Password: secret, Create: &jobs.Creation{}}, `AdminCreateUser {"MessageAction":"SUPPRESS",` + user + `}`},
		"create with a temporary password": {
			runner.Task{Action: jobs.SetTemporary, Step: runner.Create, Password: secret, ClientMetadata: metadata, Create: &jobs.Creation{Attributes: attributes}},
			`AdminCreateUser {"ClientMetadata":{"reason":"INC-42"},"MessageAction":"SUPPRESS","TemporaryPassword":"Secret-1!"` + named + `,` + user + `}`},
		"create, invited by e-mail": {
			runner.Task{Action: jobs.SetTemporary, Step: runner.Create, Password: secret, Create: &jobs.Creation{Invite: jobs.InviteByEmail}},
			`AdminCreateUser {"DesiredDeliveryMediums":["EMAIL"],"TemporaryPassword":"Secret-1!",` + user + `}`},
		"create, invited by SMS": {
			runner.Task{Action: jobs.SetPermanent, Step: runner.Create, Password: secret, Create: &jobs.Creation{Invite: jobs.InviteBySMS}},
			`AdminCreateUser {"DesiredDeliveryMediums":["SMS"],` + user + `}`},
	} {
		got := ""
		d := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			var fields map[string]any
			_ = json.Unmarshal(body, &fields)
			sorted, _ := json.Marshal(fields)
			_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
			got += operation + " " + string(sorted)
			_, _ = io.WriteString(w, "{}")
		}))
		tt.task.Username = "ana"
		if _, err := d.Do(t.Context(), tt.task); err != nil || got != tt.want {
			t.Errorf("%s: got %s (%v)\nwant %s", name, got, err, tt.want)
		}
	}
}

// The creation of a user with a temporary password sets it, without another
// request; and what comes back of a creation hides it.
func TestCreationSetsTheTemporaryPassword(t *testing.T) {
	const password = "Temporary-1!"
	s := newSandbox(sandbox.Config{})
	d := serve(t, s)
	task := runner.Task{Username: "new", Action: jobs.SetTemporary, Step: runner.Create, Password: jobs.NewSecret(password), Create: &jobs.Creation{}}
	if _, err := d.Do(t.Context(), task); err != nil {
		t.Fatal(err)
	}
	if err := s.SignIn(testPool, "new", password); err != sandbox.ErrNewPasswordRequired {
		t.Errorf("signing in: %v", err)
	}
	if counts := s.Counts(testPool, "new"); counts.Creations != 1 || counts.Sets != 0 || counts.Invitations != 0 {
		t.Errorf("got %+v", counts)
	}
	s.SetFaults(sandbox.Faults{User: map[string][]string{"other": {"InvalidPasswordException: " + password + " is weak"}}})
	task.Username = "other"
	_, err := d.Do(t.Context(), task)
	if fault := mustFault(t, err); fault.Class != runner.PasswordFault || strings.Contains(err.Error(), "Temporary-1") {
		t.Errorf("got class %d (%v), want the password hidden", fault.Class, err)
	}
}

// A creation is told from what it means for anybody else.
func TestClassesOfCreation(t *testing.T) {
	for code, want := range map[string]runner.Class{
		"UsernameExistsException": runner.Exists, "CodeDeliveryFailureException": runner.Undelivered, "AliasExistsException": runner.UserFault,
		"UnsupportedUserStateException": runner.UserFault, "InvalidParameterException": runner.UserFault, "PreconditionNotMetException": runner.UserFault,
		"UserLambdaValidationException": runner.UserFault, "InvalidPasswordException": runner.PasswordFault, "TooManyRequestsException": runner.Throttled,
		"InvalidSmsRoleAccessPolicyException": runner.Budget, "InternalErrorException": runner.InDoubt,
	} {
		d := serve(t, refuseWith(code))
		for name, task := range map[string]runner.Task{
			"create":   {Step: runner.Create, Action: jobs.SetTemporary, Password: jobs.NewSecret("Secret-1!"), Create: &jobs.Creation{}},
			"reinvite": {Action: jobs.Reinvite}, "sign-out": {Action: jobs.SignOut}, "disable": {Action: jobs.Disable}, "enable": {Step: runner.Enable, Action: jobs.Reset},
		} {
			task.Username = "ana"
			_, err := d.Do(t.Context(), task)
			if fault := mustFault(t, err); fault.Class != want && code != "InternalErrorException" {
				t.Errorf("%s, %s: got class %d, want %d", name, code, fault.Class, want)
			}
		}
	}
}
