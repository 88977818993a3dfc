package cognito

import (
	"fmt"
	"net/http"
	"reflect"
	"testing"

	"cogpass/jobs"
	"cogpass/runner/sandbox"
)

func TestDescribe(t *testing.T) {
	plain := jobs.PoolFacts{Known: true, CaseSensitive: true, RecoveryEmail: true, RecoveryPhone: true}
	facts := func(change func(*jobs.PoolFacts)) jobs.PoolFacts {
		f := plain
		change(&f)
		return f
	}
	for name, tt := range map[string]struct {
		says string
		want Pool
	}{
		"nothing": {`{}`, Pool{CognitoMail: true, TemporaryDays: 7, Facts: plain}},
		"all": {`{"Id": "us-west-2_aaaaaaaaa", "Name": "staff\u001b[31m\n", "Arn": "arn:aws:cognito-idp:us-west-2:111122223333:userpool/us-west-2_aaaaaaaaa",
			"EstimatedNumberOfUsers": 1000000, "DeletionProtection": "ACTIVE", "UsernameAttributes": ["email"], "AliasAttributes": ["phone_number"],
			"EmailConfiguration": {"EmailSendingAccount": "DEVELOPER"}, "SmsConfiguration": {"SnsCallerArn": "arn:aws:iam::111122223333:role/sms"},
			"UsernameConfiguration": {"CaseSensitive": false}, "AccountRecoverySetting": {"RecoveryMechanisms": [{"Priority": 1, "Name": "verified_email"}]},
			"Policies": {"PasswordPolicy": {"MinimumLength": 12, "RequireUppercase": true, "RequireSymbols": true, "TemporaryPasswordValidityDays": 3}}}`,
			Pool{Name: "staff[31m", Account: "111122223333", Users: 1_000_000, Protected: true, UsernameAttributes: []string{"email"}, AliasAttributes: []string{"phone_number"},
				SMS: true, TemporaryDays: 3, Policy: jobs.Policy{MinLength: 12, Upper: true, Symbol: true},
				Facts: jobs.PoolFacts{Known: true, RecoveryEmail: true}}},
		"Cognito's mail":       {`{"EmailConfiguration": {"EmailSendingAccount": "COGNITO_DEFAULT"}}`, Pool{CognitoMail: true, TemporaryDays: 7, Facts: plain}},
		"an ARN that is none":  {`{"Arn": "arn:aws:cognito-idp:us-west-2:mine:userpool/x"}`, Pool{CognitoMail: true, TemporaryDays: 7, Facts: plain}},
		"case-sensitive":       {`{"UsernameConfiguration": {"CaseSensitive": true}}`, Pool{CognitoMail: true, TemporaryDays: 7, Facts: plain}},
		"a case left open":     {`{"UsernameConfiguration": {}}`, Pool{CognitoMail: true, TemporaryDays: 7, Facts: plain}},
		"administrators alone": {`{"AccountRecoverySetting": {"RecoveryMechanisms": [{"Priority": 1, "Name": "admin_only"}]}}`, Pool{CognitoMail: true, TemporaryDays: 7, Facts: facts(func(f *jobs.PoolFacts) { f.RecoveryEmail, f.RecoveryPhone = false, false })}},
		"by phone":             {`{"AccountRecoverySetting": {"RecoveryMechanisms": [{"Priority": 1, "Name": "verified_phone_number"}]}}`, Pool{CognitoMail: true, TemporaryDays: 7, Facts: facts(func(f *jobs.PoolFacts) { f.RecoveryEmail = false })}},
		"by both":              {`{"AccountRecoverySetting": {"RecoveryMechanisms": [{"Priority": 2, "Name": "verified_email"}, {"Priority": 1, "Name": "verified_phone_number"}]}}`, Pool{CognitoMail: true, TemporaryDays: 7, Facts: plain}},
		"no way of recovery":   {`{"AccountRecoverySetting": {}}`, Pool{CognitoMail: true, TemporaryDays: 7, Facts: plain}},
	} {
		d := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, `{"UserPool": %s}`, tt.says) }))
		got, _, err := d.client.Describe(t.Context(), testPool)
		if tt.want.ID = testPool; err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: got %+v (%v)\nwant %+v", name, got, err, tt.want)
		}
	}
}

// The sandbox describes itself so that all of that can be tried.
func TestDescribeSandbox(t *testing.T) {
	s := newSandbox(sandbox.Config{}, "ana")
	s.AddPool(sandbox.Pool{
		ID: testPool, Name: "staff", TemporaryValidityDays: 3, EmailSendingAccount: "DEVELOPER", CaseInsensitive: true,
		Recovery: []string{"verified_phone_number"}, AliasAttributes: []string{"email"}, SMS: true, DeletionProtection: true,
	})
	got, answer, err := serve(t, s).client.Describe(t.Context(), testPool)
	want := Pool{
		ID: testPool, Name: "staff", Account: sandbox.Account, AliasAttributes: []string{"email"}, Users: 1, SMS: true, Protected: true,
		TemporaryDays: 3, Policy: jobs.Policy{MinLength: 6}, Facts: jobs.PoolFacts{Known: true, RecoveryPhone: true},
	}
	if err != nil || answer.Date.IsZero() || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v at %v (%v)\nwant %+v", got, answer.Date, err, want)
	}
}
