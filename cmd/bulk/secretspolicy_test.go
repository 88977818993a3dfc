package bulk

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"cogpass/jobs"
	"cogpass/runner"
	"cogpass/runner/runfile"
)

func TestSecretsPolicy(t *testing.T) {
	const key = "1234abcd-12ab-34cd-56ef-1234567890ab"
	for name, test := range map[string]struct {
		handoff              jobs.SecretsManagerHandoff
		region               string
		secrets, key, others string
	}{
		"plain":          {jobs.SecretsManagerHandoff{Name: "cognito/{pool}/{username}"}, "us-west-2", "arn:aws:secretsmanager:us-west-2:*:secret:cognito/POOL/*", "", ""},
		"another Region": {jobs.SecretsManagerHandoff{Name: "{username}", Region: "cn-north-1"}, "us-west-2", "arn:aws-cn:secretsmanager:cn-north-1:*:secret:*", "", ""},
		"an end":         {jobs.SecretsManagerHandoff{Name: "x/{username}/y"}, "us-west-2", "arn:aws:secretsmanager:us-west-2:*:secret:x/*/y*", "", ""},
		"AWS's key":      {jobs.SecretsManagerHandoff{Name: "x/{username}", KMSKeyID: "alias/aws/secretsmanager"}, "us-west-2", "arn:aws:secretsmanager:us-west-2:*:secret:x/*", "", ""},
		"a key":          {jobs.SecretsManagerHandoff{Name: "x/{username}", KMSKeyID: key}, "us-west-2", "arn:aws:secretsmanager:us-west-2:*:secret:x/*", "arn:aws:kms:us-west-2:*:key/" + key, ""},
		"a key's ARN": {jobs.SecretsManagerHandoff{Name: "x/{username}", KMSKeyID: "arn:aws:kms:us-west-2:111122223333:key/" + key}, "us-west-2",
			"arn:aws:secretsmanager:us-west-2:*:secret:x/*", "arn:aws:kms:us-west-2:111122223333:key/" + key, ""},
		"an alias": {jobs.SecretsManagerHandoff{Name: "x/{username}", KMSKeyID: "alias/mine"}, "us-west-2",
			"arn:aws:secretsmanager:us-west-2:*:secret:x/*", "arn:aws:kms:us-west-2:*:key/*", "alias/mine"},
		"an alias's ARN": {jobs.SecretsManagerHandoff{Name: "x/{username}", KMSKeyID: "arn:aws:kms:us-west-2:111122223333:alias/mine"}, "us-west-2",
			"arn:aws:secretsmanager:us-west-2:*:secret:x/*", "arn:aws:kms:us-west-2:111122223333:key/*", "alias/mine"},
	} {
		text := secretsPolicy(&test.handoff, test.region, "POOL")
		var got []struct {
			Effect, Resource string
			Action           []string
			Condition        map[string]map[string]string
		}
		if err := json.Unmarshal([]byte("["+strings.TrimPrefix(text, ",")+"]"), &got); err != nil {
			t.Fatalf("%s: %v: %s", name, err, text)
		}
		if got[0].Resource != test.secrets || len(got[0].Action) != 6 || (len(got) == 2) != (test.key != "") {
			t.Errorf("%s: got %s", name, text)
		}
		if len(got) < 2 {
			continue
		}
		via, alias := got[1].Condition["StringEquals"]["kms:ViaService"], got[1].Condition["ForAnyValue:StringEquals"]["kms:ResourceAliases"]
		if !slices.Equal(got[1].Action, []string{"kms:GenerateDataKey", "kms:Decrypt"}) || got[1].Resource != test.key || via != "secretsmanager.us-west-2.amazonaws.com" || alias != test.others {
			t.Errorf("%s: got %s", name, text)
		}
	}
}

// A plan's policy has what secrets need where the plan hands passwords over to
// them, and only there.
func TestPolicyOfSecrets(t *testing.T) {
	for prepared, want := range map[int64]bool{0: false, 1: true} {
		p := &Plan{Info: runfile.Info{Plan: runfile.Plan{Region: "us-west-2", UserPoolID: "us-west-2_aaaaaaaaa"}}, Tally: newTally()}
		p.Info.Handoff.SecretsManager = &jobs.SecretsManagerHandoff{Name: "cognito/{pool}/{username}"}
		p.Tally.Steps[runner.Prepare] = prepared
		got := p.Policy()
		if !json.Valid([]byte(got)) || strings.Contains(got, "secret:cognito/us-west-2_aaaaaaaaa/*") != want {
			t.Errorf("%d passwords: got %s", prepared, got)
		}
	}
}
