package sandbox

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"cogpass/jobs"
)

const (
	tenantPool    = "us-west-2_bbbbbbbbb"
	tenantAccount = "111122223333"
	tenantRole    = "arn:aws:iam::111122223333:role/team/cogpass"
)

// serveTenant serves two accounts, each with a pool and ana in it.
func serveTenant(t *testing.T, c Config) (*Server, *client) {
	c.Accounts = map[string]string{"tenant": tenantAccount}
	s, wire := serve(t, c)
	s.AddUser(poolID, User{Username: "ana", Enabled: true, Attributes: map[string]string{"email": "a@example.com", "email_verified": "true"}})
	s.AddPool(Pool{ID: tenantPool, Name: "tenant", Account: tenantAccount})
	s.AddUser(tenantPool, User{Username: "ana", Enabled: true, Attributes: map[string]string{"email": "a@example.com", "email_verified": "true"}})
	return s, wire
}

// as sends a request that is signed with an access key.
func (c *client) as(key, target, body string) answer {
	c.t.Helper()
	r, err := http.NewRequest(http.MethodPost, c.url+"/", strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("X-Amz-Target", target)
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+key+"/20260101/us-west-2/cognito-idp/aws4_request")
	a, err := c.do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	return a
}

// A pool is found with its own account's keys, and by nobody else's.
func TestPoolsOfAccounts(t *testing.T) {
	_, c := serveTenant(t, Config{})
	tests := []struct {
		key, pool string
		status    int
	}{
		{"any", poolID, 200},
		{"any", tenantPool, 400},
		{"tenant", tenantPool, 200},
		{"tenant", poolID, 400},
	}
	for _, tt := range tests {
		for _, operation := range []string{"DescribeUserPool", "ListUsers", "AdminGetUser", "AdminResetUserPassword"} {
			got := c.as(tt.key, targetPrefix+operation, fmt.Sprintf(`{"UserPoolId": %q, "Username": "ana"}`, tt.pool))
			if got.status != tt.status {
				t.Errorf("%s of %s as %s: got %d, want %d", operation, tt.pool, tt.key, got.status, tt.status)
			}
			if text := fmt.Sprint(got.body); tt.status == 400 && !strings.Contains(text, "ResourceNotFoundException") {
				t.Errorf("%s of %s as %s: got %s", operation, tt.pool, tt.key, text)
			}
		}
	}
	for key, pool := range map[string]string{"any": poolID, "tenant": tenantPool} {
		listed := fmt.Sprint(c.as(key, targetPrefix+"ListUserPools", `{"MaxResults": 60}`).body)
		if strings.Count(listed, "us-west-2_") != 1 || !strings.Contains(listed, pool) {
			t.Errorf("pools of %s: got %s", key, listed)
		}
	}
}

// A secret is found with its own account's keys, and two accounts may have secrets
// of one name.
func TestSecretsOfAccounts(t *testing.T) {
	s, c := serveTenant(t, Config{})
	const put = `{"Name": "x", "SecretString": "%s", "ClientRequestToken": "01234567890123456789012345678901"}`
	for _, key := range []string{"any", "tenant"} {
		if got := c.as(key, secretsPrefix+"GetSecretValue", `{"SecretId": "x"}`); got.status != 400 {
			t.Errorf("before, as %s: got %d", key, got.status)
		}
		if got := c.as(key, secretsPrefix+"CreateSecret", fmt.Sprintf(put, key)); got.status != 200 {
			t.Errorf("as %s: got %d, %v", key, got.status, got.body)
		}
	}
	for _, key := range []string{"any", "tenant"} {
		if got := fmt.Sprint(c.as(key, secretsPrefix+"GetSecretValue", `{"SecretId": "x"}`).body); !strings.Contains(got, key) {
			t.Errorf("as %s: got %s", key, got)
		}
		if got := fmt.Sprint(c.as(key, secretsPrefix+"ListSecrets", `{}`).body); strings.Count(got, ":secret:x-") != 1 {
			t.Errorf("as %s: got %s", key, got)
		}
	}
	if got := s.Secrets(); len(got) != 2 || got[0].ARN == got[1].ARN {
		t.Errorf("got %v", got)
	}
}

// Each account and Region has quotas of its own, each account its e-mails.
func TestQuotasOfAccounts(t *testing.T) {
	s, c := serveTenant(t, Config{Quotas: map[jobs.Category]float64{jobs.UserAccountRecovery: 1}, DailyEmails: 1})
	s.AddPool(Pool{ID: "eu-west-1_c"})
	s.AddUser("eu-west-1_c", User{Username: "ana", Enabled: true, Attributes: map[string]string{"email": "a@example.com", "email_verified": "true"}})
	reset := func(key, pool string) string {
		got := c.as(key, targetPrefix+"AdminResetUserPassword", fmt.Sprintf(`{"UserPoolId": %q, "Username": "ana"}`, pool))
		code, _ := got.body["__type"].(string)
		return code
	}
	for i, tt := range []struct{ key, pool, want string }{
		{"any", poolID, ""},
		{"tenant", tenantPool, ""},
		{"any", "eu-west-1_c", "LimitExceededException"}, // another lane, and the same account's e-mails
		{"any", poolID, codeThrottled},
		{"tenant", tenantPool, codeThrottled},
	} {
		if got := reset(tt.key, tt.pool); got != tt.want {
			t.Errorf("%d: got %q, want %q", i, got, tt.want)
		}
	}
	lanes := s.Stats().Lanes
	for at, want := range map[string]int{Account + "/us-west-2": 2, tenantAccount + "/us-west-2": 2, Account + "/eu-west-1": 1} {
		if got := lanes[at]; got.Requests != want || got.Throttled != want-1 || got.Busiest != want {
			t.Errorf("%s: got %+v, want %d requests", at, got, want)
		}
	}
	if got := s.emails(); got.Sent != 2 || got.Accounts[Account] != 1 || got.Accounts[tenantAccount] != 1 {
		t.Errorf("got %+v", got)
	}
}

// sts asks STS, signed with an access key; "" is not signed.
func (c *client) sts(key string, form url.Values) (status int, text string) {
	c.t.Helper()
	r, err := http.NewRequest(http.MethodPost, c.url+"/", strings.NewReader(form.Encode()))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if key != "" {
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+key+"/20260101/us-west-2/sts/aws4_request")
	}
	response, err := c.http.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func assumption(change ...string) url.Values {
	form := url.Values{"Action": {"AssumeRole"}, "RoleArn": {tenantRole}, "RoleSessionName": {"night"}}
	for i := 0; i+1 < len(change); i += 2 {
		form.Set(change[i], change[i+1])
	}
	return form
}

func TestAssumeRole(t *testing.T) {
	s, c := serveTenant(t, Config{Now: func() time.Time { return time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC) }})
	status, text := c.sts("any", assumption("ExternalId", "e-1", "DurationSeconds", "900"))
	var got struct {
		Result struct {
			Credentials     struct{ AccessKeyId, SecretAccessKey, SessionToken, Expiration string }
			AssumedRoleUser struct{ Arn string }
		} `xml:"AssumeRoleResult"`
	}
	if err := xml.Unmarshal([]byte(text), &got); err != nil || status != 200 {
		t.Fatalf("got %d, %s, %v", status, text, err)
	}
	key := got.Result.Credentials.AccessKeyId
	const session = "arn:aws:sts::111122223333:assumed-role/cogpass/night"
	if got.Result.AssumedRoleUser.Arn != session || got.Result.Credentials.Expiration != "2026-01-01T09:15:00Z" ||
		got.Result.Credentials.SecretAccessKey == "" || got.Result.Credentials.SessionToken == "" {
		t.Errorf("got %+v", got)
	}
	all := s.Sessions()
	if len(all) != 1 || all[0].ExternalID != "e-1" || all[0].AccessKey != key || all[0].By != "arn:aws:iam::123456789012:user/sandbox" {
		t.Errorf("got %+v", all)
	}
	if _, text := c.sts(key, url.Values{"Action": {"GetCallerIdentity"}}); !strings.Contains(text, "<Arn>"+session+"</Arn>") || !strings.Contains(text, "<Account>111122223333</Account>") {
		t.Errorf("got %s", text)
	}
	find := func() int { return c.as(key, targetPrefix+"ListUsers", `{"UserPoolId": "`+tenantPool+`"}`).status }
	if got := find(); got != 200 {
		t.Errorf("the role's account: got %d", got)
	}
	if got := c.as(key, targetPrefix+"ListUsers", `{"UserPoolId": "`+poolID+`"}`); got.status != 400 {
		t.Errorf("another account: got %d", got.status)
	}
	s.SetClock(15 * time.Minute)
	if got := find(); got != 400 {
		t.Errorf("after its time: got %d", got)
	}
	s.SetClock(0)
	request, err := http.NewRequest(http.MethodPut, c.url+"/sandbox/sessions", strings.NewReader(`{"expired": true}`))
	if err != nil {
		t.Fatal(err)
	}
	if response, err := c.http.Do(request); err != nil || response.StatusCode != http.StatusNoContent {
		t.Fatalf("got %v, %v", response, err)
	}
	if got := c.as(key, targetPrefix+"ListUsers", `{"UserPoolId": "`+tenantPool+`"}`); got.body["__type"] != "ExpiredTokenException" {
		t.Errorf("expired: got %v", got.body)
	}
	if status, text := c.sts(key, assumption()); status != 403 || !strings.Contains(text, "<Code>ExpiredToken</Code>") {
		t.Errorf("with an expired one: got %d, %s", status, text)
	}
}

func TestAssumeRoleRefuses(t *testing.T) {
	_, c := serveTenant(t, Config{Faults: Faults{User: map[string][]string{"AssumeRole/" + tenantRole + "2": {"AccessDenied: not you*"}}}})
	tests := []struct {
		key    string
		form   url.Values
		status int
		code   string
	}{
		{"", assumption(), 403, "MissingAuthenticationToken"},
		{"any", assumption("RoleArn", "arn:aws:iam::1:role/x"), 400, "ValidationError"},
		{"any", assumption("RoleSessionName", "a b"), 400, "ValidationError"},
		{"any", assumption("ExternalId", "a"), 400, "ValidationError"},
		{"any", assumption("DurationSeconds", "60"), 400, "ValidationError"},
		{"any", assumption("RoleArn", tenantRole+"2"), 403, "AccessDenied"},
	}
	for _, tt := range tests {
		if status, text := c.sts(tt.key, tt.form); status != tt.status || !strings.Contains(text, "<Code>"+tt.code+"</Code>") {
			t.Errorf("%v: got %d, %s, want %d, %s", tt.form, status, text, tt.status, tt.code)
		}
	}
}

// A file says in which accounts pools and keys are; nothing of a wrong one counts.
func TestAccountsOfFile(t *testing.T) {
	s := New(Config{})
	const right = `{"accounts": {"k": "111122223333"}, "pools": [{"id": "us-west-2_b", "account": "111122223333"}, {"id": "us-west-2_a"}]}`
	if err := s.Load(strings.NewReader(right)); err != nil {
		t.Fatal(err)
	}
	if text, _ := json.Marshal(s.descriptions()); strings.Count(string(text), `"account":"111122223333"`) != 1 || strings.Count(string(text), `"account":"123456789012"`) != 1 || s.accounts["k"] != tenantAccount {
		t.Errorf("got %s, %v", text, s.accounts)
	}
	for _, wrong := range []string{`{"accounts": {"k": "1"}}`, `{"accounts": {"a/b": "111122223333"}}`, `{"pools": [{"id": "us-west-2_b", "account": "x"}]}`} {
		if err := s.Load(strings.NewReader(wrong)); err == nil {
			t.Errorf("%s: got no error", wrong)
		}
	}
	for text, want := range map[string]string{"AKIA1=111122223333": "AKIA1 111122223333", "k": "", "=111122223333": "", "k=12": ""} {
		key, account, err := ParseAccount(text)
		if got := strings.TrimSpace(key + " " + account); (err == nil) != (want != "") || err == nil && got != want {
			t.Errorf("%s: got %s, %v", text, got, err)
		}
	}
}
