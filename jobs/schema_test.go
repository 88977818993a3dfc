package jobs_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"cogpass/jobs"
	"cogpass/jobs/yamldoc"
)

func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := jsonschema.UnmarshalJSON(bytes.NewReader(jobs.Schema([]string{".json", ".jsonl", ".csv", ".txt", ".html"})))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("job.json", text); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("job.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// asJSON returns a YAML text as an editor sees it: with numbers and booleans.
func asJSON(t *testing.T, text string) any {
	t.Helper()
	root, err := yamldoc.Parse([]byte(text))
	if err != nil || root == nil {
		t.Fatalf("got %v, %v", root, err)
	}
	datesAsText(root)
	var v any
	if err := root.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// datesAsText makes of dates what YAML 1.2, and so an editor, makes of them.
func datesAsText(n *yamldoc.Node) {
	if n.ShortTag() == "!!timestamp" {
		n.Tag = "!!str"
	}
	for _, child := range n.Content {
		datesAsText(child)
	}
}

func TestSchemaTakesWhatIsValid(t *testing.T) {
	schema := compileSchema(t)
	check := func(name, text string) {
		if err := schema.Validate(asJSON(t, text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	check("passwords", passwordsJob)
	check("bare", head+"users: [0123, +15551234567, yes, 1e3, ana]\n")
	check("all", `
version: 1
name: all-of-it
userPoolId: us-west-2_aaaaaaaaa
region: us-west-2
action: set-temporary
password: {env: PW}
clientMetadata: {a: b}
users:
  - {username: kim, action: reset, clientMetadata: {reason: INC-42, n: 5}}
  - {csv: "-", columns: {username: email, password: initial, action: what, clientMetadata.team: team}}
  - {jsonl: more.jsonl}
  - username: lou
    signOut: always
    enable: true
    ifMissing: create
    invite: sms
    attributes: {email: lou@example.com, email_verified: true}
  - pool: {status: CONFIRMED, enabled: true, group: staff, filter: 'email ^= "a"', createdBefore: 90d, modifiedAfter: 2026-01-31}
    action: reset
  - {pool: {}, action: reset}
  - {username: max, password: {generate: {}}}
  - {username: noa, password: {generate: {length: 30, symbols: any, exclude: "'\""}}}
  - {username: ora, password: {generate: {words: 6}}}
exclude: [break-glass, {csv: protected.csv, columns: {username: who}}, {jsonl: x}, {group: admins}, {filter: 'email ^= "root"'}]
caseSensitive: true
account: "111122223333"
where: {status: [CONFIRMED, RESET_REQUIRED], enabled: true, verified: any, createdAfter: 2026-01-31T08:00:00Z, recheck: true, lastDoneBefore: 30d}
onImpossible: skip
allowFederated: true
check: {clientId: 1example23456789, clientSecret: {env: PW}, admin: true}
passwordPolicy: {minLength: 12, upper: true, lower: true, digit: true, symbol: false}
limits: {rate: 10/s, rates: {UserUpdate: 20/s}, concurrency: 64, maxUsers: 50000, maxFailures: 5%, canary: 20, messages: 50/day}
retry: {attempts: 8, maxDelay: 1m30s, timeout: 500ms}
report: [out/report.json, "out/{name}.csv"]
`)
	for _, handoff := range handoffs {
		check(handoff.text, head+"users: [ana]\naction: reset\nhandoff: "+handoff.text+"\n")
	}
	examples, _ := filepath.Glob("../examples/*.yaml")
	for _, path := range examples {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		check(path, string(text))
		opt := jobs.Options{LookupEnv: environment}
		if strings.Contains(string(text), "{pool}") { // a list of pools names it, and the role
			opt.UserPoolID, opt.RoleARN = "us-west-2_aaaaaaaaa", "arn:aws:iam::111122223333:role/cogpass"
		}
		mustTasks(t, path, opt)
	}
}

// TestSchemaRefuses holds the cases of testdata that are wrong in a way the
// schema can tell.
func TestSchemaRefuses(t *testing.T) {
	structural := strings.Fields(`
		yaml/not-a-mapping yaml/unknown-keys yaml/null yaml/wrong-kinds yaml/masked-misplaced
		job/nothing job/version job/name job/pool-without-region job/pool-too-long job/pool-escape job/no-users
		job/empty-users job/rate-zero job/rate-negative job/rate-fast job/rate-nan job/counts job/durations
		job/misspelt-limits job/reports users/unknown-action users/metadata-kinds users/no-username users/white-space
		users/empty-username users/too-long users/just-fits-then-too-long users/misspelt users/password-too-long
		users/password-forms users/masked users/masked-alias users/sources users/exclude users/many
		csv/columns-without-username steps/choices steps/attributes steps/columns steps/where steps/where-dates steps/pool
		steps/exclude steps/limits steps/limits-more
		handoff/recipes handoff/policy-keys handoff/policy-empty handoff/nothing handoff/ways handoff/no-way handoff/age handoff/age-none
		handoff/age-empty handoff/age-passphrase handoff/age-passphrase-text handoff/age-passphrase-nowhere handoff/secrets
		handoff/secrets-names handoff/secrets-twice handoff/command handoff/command-empty handoff/command-text handoff/timeout
		check/keys check/no-client check/secret check/secret-places check/text`)
	schema := compileSchema(t)
	cases := map[string]string{}
	archives, _ := filepath.Glob("testdata/*.txtar")
	for _, path := range archives {
		for _, f := range readArchive(t, path) {
			if name, ok := strings.CutSuffix(f.name, "/job.yaml"); ok {
				cases[strings.TrimSuffix(filepath.Base(path), ".txtar")+"/"+name] = f.text
			}
		}
	}
	for _, name := range structural {
		text, ok := cases[name]
		if !ok {
			t.Errorf("there is no case %s", name)
			continue
		}
		if err := schema.Validate(asJSON(t, text)); err == nil {
			t.Errorf("%s: the schema takes it", name)
		}
	}
}

// TestSchemaHasTheTables holds that the schema completes what a job may say,
// and nothing that is refused.
func TestSchemaHasTheTables(t *testing.T) {
	var schema struct {
		Defs struct {
			Action struct{ Enum []string }
		} `json:"$defs"`
	}
	if err := json.Unmarshal(jobs.Schema([]string{".csv"}), &schema); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, a := range jobs.Actions() {
		names = append(names, a.String())
	}
	if got := schema.Defs.Action.Enum; !slices.Equal(got, names) {
		t.Errorf("got the actions %q, want %q", got, names)
	}
	compiled := compileSchema(t)
	for _, refused := range []string{"handoff: {}", "handoff: some", "password: {generate: {length: 5}}", "report: [a.pdf]", "passwordPolicy: {}",
		"limits: {rates: {UserAccountRecovery: 5/s}}", "limits: {canary: 0}", "where: {group: x}", "account: 1234", "signOut: never"} {
		text := head + "action: reset\nusers: [ana]\n" + refused + "\n"
		if faultsOf(t, jobIn(t, text), jobs.Options{CheckReport: checkReport}) == "" {
			t.Errorf("%s: got no fault", refused)
		} else if compiled.Validate(asJSON(t, text)) == nil {
			t.Errorf("%s: the schema takes it, and a job may not say it", refused)
		}
	}
}
