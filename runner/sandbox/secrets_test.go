package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"cogpass/jobs"
)

const secretID = "cognito/" + poolID + "/ana"

// version returns the nth ID of a version.
func version(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

// secret sends an operation of Secrets Manager, about ana's secret where the
// input names none, and returns the answer.
func (c *client) secret(operation string, in map[string]any) (answer, error) {
	c.t.Helper()
	if in["SecretId"] == nil && operation != "CreateSecret" && operation != "ListSecrets" {
		in["SecretId"] = secretID
	}
	body, err := json.Marshal(in)
	if err != nil {
		c.t.Fatal(err)
	}
	r, err := http.NewRequest(http.MethodPost, c.url+"/", strings.NewReader(string(body)))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("X-Amz-Target", "secretsmanager."+operation)
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=any/20310101/us-west-2/secretsmanager/aws4_request")
	return c.do(r)
}

// code returns the error code of an operation of Secrets Manager, or "".
func (c *client) code(operation string, in map[string]any) string {
	c.t.Helper()
	a, err := c.secret(operation, in)
	if err != nil {
		return "lost"
	}
	if want := http.StatusBadRequest; a.code() != "" && a.code() != codeSecretsInternal && a.status != want {
		c.t.Errorf("%s: %s has status %d, want %d", operation, a.code(), a.status, want)
	}
	return a.code()
}

// put adds version n with a value of its own, and wants no error.
func (c *client) put(n int, labels ...string) answer {
	c.t.Helper()
	a, err := c.secret("PutSecretValue", map[string]any{"ClientRequestToken": version(n), "SecretString": fmt.Sprint("value ", n), "VersionStages": labels})
	if err != nil || a.code() != "" {
		c.t.Fatalf("putting version %d: %v (%v)", n, a.body, err)
	}
	return a
}

func (c *client) create() {
	c.t.Helper()
	in := map[string]any{"Name": secretID, "ClientRequestToken": version(0), "SecretString": "value 0", "Tags": []secretTag{{"team", "a"}}}
	if code := c.code("CreateSecret", in); code != "" {
		c.t.Fatalf("creating: %s", code)
	}
}

// labels are those of versions that have any, by number.
func labels(s *Server) string {
	var all []string
	for i, v := range s.Secret(secretID).Versions {
		if len(v.Stages) > 0 {
			all = append(all, fmt.Sprintf("%d:%s", i, strings.ReplaceAll(strings.Join(v.Stages, "+"), "AWS", "")))
		}
	}
	return strings.Join(all, " ")
}

func TestStages(t *testing.T) {
	s, c := serve(t, Config{})
	move := func(label string, from, to int) string {
		in := map[string]any{"VersionStage": label}
		if from >= 0 {
			in["RemoveFromVersionId"] = version(from)
		}
		if to >= 0 {
			in["MoveToVersionId"] = version(to)
		}
		return c.code("UpdateSecretVersionStage", in)
	}
	c.create()
	const refused = codeInvalidParameter
	for _, step := range []struct {
		name string
		do   func() string
		code string
		want string
	}{
		{"a new secret", func() string { return "" }, "", "0:CURRENT"},
		{"a pending version", func() string { c.put(1, stagePending); return "" }, "", "0:CURRENT 1:PENDING"},
		{"nobody says where it is", func() string { return move(stageCurrent, -1, 1) }, refused, "0:CURRENT 1:PENDING"},
		{"it is not there", func() string { return move(stageCurrent, 1, 1) }, refused, "0:CURRENT 1:PENDING"},
		{"no such version", func() string { return move(stageCurrent, 0, 7) }, refused, "0:CURRENT 1:PENDING"},
		{"current cannot be taken off", func() string { return move(stageCurrent, 0, -1) }, refused, "0:CURRENT 1:PENDING"},
		{"current moves", func() string { return move(stageCurrent, 0, 1) }, "", "0:PREVIOUS 1:CURRENT+PENDING"},
		{"pending is put elsewhere", func() string { c.put(2, stagePending); return "" }, "", "0:PREVIOUS 1:CURRENT 2:PENDING"},
		{"pending is taken off", func() string { return move(stagePending, 2, -1) }, "", "0:PREVIOUS 1:CURRENT"},
		{"twice", func() string { return move(stagePending, 2, -1) }, refused, "0:PREVIOUS 1:CURRENT"},
		{"the same again does nothing", func() string { c.put(2, stagePending); return "" }, "", "0:PREVIOUS 1:CURRENT"},
		{"a free label is attached", func() string { return move(stagePending, -1, 2) }, "", "0:PREVIOUS 1:CURRENT 2:PENDING"},
		{"back to the previous one", func() string { return move(stageCurrent, 1, 0) }, "", "0:CURRENT 1:PREVIOUS 2:PENDING"},
		{"without labels it is current", func() string { c.put(3); return "" }, "", "0:PREVIOUS 2:PENDING 3:CURRENT"},
		{"neither from nor to", func() string { return move(stageCurrent, -1, -1) }, refused, "0:PREVIOUS 2:PENDING 3:CURRENT"},
	} {
		if code := step.do(); code != step.code {
			t.Errorf("%s: got code %q, want %q", step.name, code, step.code)
		}
		if got := labels(s); got != step.want {
			t.Fatalf("%s: got %q, want %q", step.name, got, step.want)
		}
	}
	described, err := c.secret("DescribeSecret", map[string]any{})
	if err != nil {
		t.Fatal(err)
	}
	if got := described.body["VersionIdsToStages"].(map[string]any); len(got) != 3 || got[version(1)] != nil {
		t.Errorf("got %v, want only versions with labels", got)
	}
}

// The first version of a secret without one is current, whatever labels are
// asked for.
func TestFirstVersionIsCurrent(t *testing.T) {
	s, c := serve(t, Config{})
	if code := c.code("CreateSecret", map[string]any{"Name": secretID}); code != "" {
		t.Fatal(code)
	}
	if code := c.code("GetSecretValue", map[string]any{}); code != codeResourceNotFound {
		t.Errorf("the value of a secret without one: got %q", code)
	}
	if got := c.put(1, stagePending).body["VersionStages"]; fmt.Sprint(got) != "[AWSCURRENT AWSPENDING]" || labels(s) != "0:CURRENT+PENDING" {
		t.Errorf("got %v, and %q", got, labels(s))
	}
}

func TestSecretTokens(t *testing.T) {
	s, c := serve(t, Config{})
	c.create()
	c.put(1, stagePending)
	put := func(token, value string) string {
		return c.code("PutSecretValue", map[string]any{"ClientRequestToken": token, "SecretString": value})
	}
	create := func(token, value string) string {
		return c.code("CreateSecret", map[string]any{"Name": secretID, "ClientRequestToken": token, "SecretString": value})
	}
	for name, test := range map[string]struct{ got, want string }{
		"the same":             {put(version(1), "value 1"), ""},
		"other content":        {put(version(1), "value 2"), codeResourceExists},
		"short":                {put("x", "value"), codeInvalidParameter},
		"none":                 {put("", "value"), codeInvalidRequest},
		"created again":        {create(version(0), "value 0"), ""},
		"created by another":   {create(version(9), "value 0"), codeResourceExists},
		"created with another": {create(version(0), "value"), codeResourceExists},
		"no value":             {c.code("PutSecretValue", map[string]any{"ClientRequestToken": version(5)}), codeInvalidRequest},
	} {
		if test.got != test.want {
			t.Errorf("%s: got %q, want %q", name, test.got, test.want)
		}
	}
	if n := len(s.Secret(secretID).Versions); n != 2 {
		t.Errorf("got %d versions, want 2", n)
	}
}

func TestSecretNames(t *testing.T) {
	_, c := serve(t, Config{})
	for name, want := range map[string]string{
		"a": "", "A/z_09+=.@-": "", strings.Repeat("x", 512): "",
		"": "ValidationException", "a b": "ValidationException", "ä": "ValidationException", "a\n": "ValidationException", strings.Repeat("x", 513): "ValidationException",
	} {
		if got := c.code("CreateSecret", map[string]any{"Name": name}); got != want {
			t.Errorf("%.20q: got %q, want %q", name, got, want)
		}
	}
}

func TestGetSecretValue(t *testing.T) {
	s, c := serve(t, Config{})
	c.create()
	c.put(1, stagePending)
	c.put(2, stagePending)
	get := func(in map[string]any) string {
		a, err := c.secret("GetSecretValue", in)
		if err != nil {
			t.Fatal(err)
		}
		if a.code() != "" {
			return a.code()
		}
		return a.body["SecretString"].(string)
	}
	arn := s.Secret(secretID).ARN
	if !strings.HasPrefix(arn, "arn:aws:secretsmanager:us-west-2:"+Account+":secret:"+secretID+"-") {
		t.Errorf("got ARN %s", arn)
	}
	for _, test := range []struct {
		in   map[string]any
		want string
	}{
		{map[string]any{}, "value 0"},
		{map[string]any{"SecretId": arn}, "value 0"},
		{map[string]any{"VersionStage": stagePending}, "value 2"},
		{map[string]any{"VersionId": version(1)}, "value 1"}, // deprecated, and still there
		{map[string]any{"VersionId": version(2), "VersionStage": stagePending}, "value 2"},
		{map[string]any{"VersionId": version(1), "VersionStage": stagePending}, codeInvalidRequest},
		{map[string]any{"VersionId": version(7)}, codeResourceNotFound},
		{map[string]any{"VersionStage": "NONE"}, codeResourceNotFound},
		{map[string]any{"SecretId": "nobody's"}, codeResourceNotFound},
		{map[string]any{"SecretId": strings.Replace(arn, "secret:", "secret:x", 1)}, codeResourceNotFound},
	} {
		if got := get(test.in); got != test.want {
			t.Errorf("%v: got %q, want %q", test.in, got, test.want)
		}
	}
	if got := s.Secret(secretID); got.Value != "value 0" || got.Tags["team"] != "a" {
		t.Errorf("got %+v", got)
	}
}

func TestDeletedSecret(t *testing.T) {
	s, c := serve(t, Config{})
	c.create()
	if code := c.code("DeleteSecret", map[string]any{}); code != "" {
		t.Fatal(code)
	}
	for _, operation := range []string{"GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage", "TagResource"} {
		in := map[string]any{"ClientRequestToken": version(1), "SecretString": "x"}
		if got := c.code(operation, in); got != codeInvalidRequest {
			t.Errorf("%s: got %q, want %q", operation, got, codeInvalidRequest)
		}
	}
	a, err := c.secret("DescribeSecret", map[string]any{})
	if err != nil || a.code() != "" || a.body["DeletedDate"] == nil || !s.Secret(secretID).Deleted {
		t.Errorf("got %v (%v)", a.body, err)
	}
	if got := c.code("CreateSecret", map[string]any{"Name": secretID}); got != codeInvalidRequest {
		t.Errorf("creating: got %q, want %q", got, codeInvalidRequest)
	}
	if got := c.code("DeleteSecret", map[string]any{"ForceDeleteWithoutRecovery": true}); got != "" {
		t.Errorf("deleting at once: got %q", got)
	}
	c.create()
}

func TestSecretTags(t *testing.T) {
	s, c := serve(t, Config{})
	c.create()
	tag := func(key string) string {
		return c.code("TagResource", map[string]any{"Tags": []secretTag{{key, "b"}}})
	}
	if got := []string{tag("team"), tag("aws:x"), tag("")}; !slices.Equal(got, []string{"", codeInvalidParameter, codeInvalidParameter}) {
		t.Errorf("got %q", got)
	}
	if got := s.Secret(secretID).Tags; len(got) != 1 || got["team"] != "b" {
		t.Errorf("got %v", got)
	}
}

// Faults are of an operation, of one on one secret, or shares; an answer that
// is lost after the change leaves it made.
func TestSecretFaults(t *testing.T) {
	s, c := serve(t, Config{Faults: Faults{User: map[string][]string{
		"PutSecretValue/" + secretID: {"throttle", "500", "lost-before", "lost-after"},
		"DescribeSecret":             {"AccessDeniedException: no"},
	}}})
	c.create()
	put := map[string]any{"ClientRequestToken": version(1), "SecretString": "x", "VersionStages": []string{stagePending}}
	for i, want := range []string{codeSecretsThrottled, codeSecretsInternal, "lost", "lost", ""} {
		if got := c.code("PutSecretValue", put); got != want {
			t.Errorf("request %d: got %q, want %q", i+1, got, want)
		}
		if got, want := len(s.Secret(secretID).Versions), 1+i/3; got != want {
			t.Errorf("after request %d: got %d versions, want %d", i+1, got, want)
		}
	}
	if got := []string{c.code("DescribeSecret", map[string]any{}), c.code("DescribeSecret", map[string]any{})}; !slices.Equal(got, []string{"AccessDeniedException", ""}) {
		t.Errorf("got %q", got)
	}
	s.SetFaults(Faults{LostBefore: 1})
	if got := c.code("GetSecretValue", map[string]any{}); got != "lost" {
		t.Errorf("with a share of faults: got %q", got)
	}
	if last := s.Log()[len(s.Log())-1]; last.Secret != secretID || last.Code != codeLostBefore {
		t.Errorf("got %+v", last)
	}
}

func TestSecretsQuota(t *testing.T) {
	s, c := serve(t, Config{Quotas: map[jobs.Category]float64{jobs.SecretsManager: 1e-6}, Burst: 1e6 * time.Second})
	c.create()
	c.put(1, stagePending)
	in := map[string]any{"VersionStage": stagePending, "RemoveFromVersionId": version(1)}
	if got := c.code("UpdateSecretVersionStage", in); got != codeSecretsThrottled {
		t.Errorf("got %q, want %q", got, codeSecretsThrottled)
	}
	if got := c.code("DescribeSecret", map[string]any{}); got != "" {
		t.Errorf("another quota: got %q", got)
	}
	if got := s.Stats().Operations["UpdateSecretVersionStage"]; got.Throttled != 1 {
		t.Errorf("got %+v", got)
	}
	if got := Cognito(); got[jobs.SecretsManager] != 50 || got[secretsRead] != 10_000 {
		t.Errorf("got %v", got)
	}
}

// The control path shows what a reader gets, and no other version's value.
func TestSecretsControl(t *testing.T) {
	_, c := serve(t, Config{})
	c.create()
	c.put(1, stagePending)
	response, err := c.http.Get(c.url + "/sandbox/secrets")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var got map[string]any
	if err := json.NewDecoder(response.Body).Decode(&got); err != nil {
		t.Fatal(err)
	}
	if got["name"] != secretID || got["value"] != "value 0" || strings.Contains(fmt.Sprint(got), "value 1") {
		t.Errorf("got %v", got)
	}
}

// An operation is told apart by its service too.
func TestSecretsTarget(t *testing.T) {
	_, c := serve(t, Config{})
	if a := c.call("CreateSecret", map[string]any{"Name": "x"}); a.code() != "UnknownOperationException" {
		t.Errorf("asked of Cognito: got %v", a.body)
	}
	if got := c.code("ListUsers", map[string]any{}); got != "UnknownOperationException" {
		t.Errorf("asked of Secrets Manager: got %q", got)
	}
}
