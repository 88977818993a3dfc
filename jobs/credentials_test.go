package jobs_test

import (
	"path/filepath"
	"strings"
	"testing"

	"cogpass/jobs"
)

// What a job says of its credentials, and what options put in its place.
func TestCredentials(t *testing.T) {
	const arn, other = "arn:aws:iam::111122223333:role/team/cogpass", "arn:aws-cn:iam::444455556666:role/other"
	tests := []struct {
		name, text string
		opt        jobs.Options
		want       jobs.Credentials
		said       string
	}{
		{name: "nothing"},
		{name: "profile", text: "profile: my tenants", want: jobs.Credentials{Profile: "my tenants"}, said: "the profile my tenants"},
		{name: "another", text: "profile: a", opt: jobs.Options{Profile: "b"}, want: jobs.Credentials{Profile: "b"}, said: "the profile b"},
		{
			name: "role", text: "role: {arn: '" + arn + "', externalId: 'a:b/c', sessionName: me@example.com}",
			want: jobs.Credentials{Role: jobs.Role{ARN: arn, ExternalID: "a:b/c", SessionName: "me@example.com"}}, said: "the role " + arn,
		},
		{
			name: "both", text: "profile: p\nrole: {arn: '" + arn + "'}",
			want: jobs.Credentials{Profile: "p", Role: jobs.Role{ARN: arn}}, said: "the role " + arn + ", assumed by the profile p",
		},
		{
			name: "another role", text: "role: {arn: '" + arn + "', externalId: abc}", opt: jobs.Options{RoleARN: other},
			want: jobs.Credentials{Role: jobs.Role{ARN: other, ExternalID: "abc"}}, said: "the role " + other,
		},
		{
			name: "a role of the options", text: "role: {sessionName: me}", opt: jobs.Options{RoleARN: other},
			want: jobs.Credentials{Role: jobs.Role{ARN: other, SessionName: "me"}}, said: "the role " + other,
		},
		{name: "its account", text: "account: '111122223333'\nrole: {arn: '" + arn + "'}", want: jobs.Credentials{Role: jobs.Role{ARN: arn}}, said: "the role " + arn},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			job := openText(t, tt.text, tt.opt)
			if job.Credentials != tt.want || job.Credentials.String() != tt.said {
				t.Errorf("got %+v, %q, want %+v, %q", job.Credentials, job.Credentials, tt.want, tt.said)
			}
		})
	}
	if got := (jobs.Role{ARN: other}).Account(); got != "444455556666" {
		t.Errorf("got account %s", got)
	}
}

func openText(t *testing.T, text string, opt jobs.Options) *jobs.Job {
	t.Helper()
	path := filepath.Join(t.TempDir(), "job.yaml")
	write(t, path, strings.Join([]string{"version: 1", "userPoolId: us-west-2_aAaaaa1", "action: reset", "users: [ana]", text, ""}, "\n"))
	job, err := jobs.Open(path, opt)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range job.Tasks(t.Context()).All() {
		if err != nil {
			t.Fatal(err)
		}
	}
	return job
}

// A job may be called by its pool, as far as a name can have the pool's ID.
func TestNameOfPool(t *testing.T) {
	tests := []struct {
		text string
		opt  jobs.Options
		want string
	}{
		{text: "name: 'reset-{pool}'", want: "reset-us-west-2-aaaaaa1"},
		{text: "name: '{pool}'", opt: jobs.Options{UserPoolID: "eu-west-1_Bbb"}, want: "eu-west-1-bbb"},
		{text: "name: plain", want: "plain"},
		{text: "name: plain", opt: jobs.Options{NamePool: true}, want: "plain-us-west-2-aaaaaa1"},
		{text: "name: 'a{pool}z'", opt: jobs.Options{NamePool: true}, want: "aus-west-2-aaaaaa1z"},
		{text: "name: " + strings.Repeat("n", 63), opt: jobs.Options{NamePool: true}, want: strings.Repeat("n", 45) + "-us-west-2-aaaaaa1"},
	}
	for _, tt := range tests {
		if got := openText(t, tt.text, tt.opt).Name; got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.text, got, tt.want)
		}
	}
}
