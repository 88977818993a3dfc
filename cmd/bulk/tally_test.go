package bulk

import (
	"strings"
	"testing"

	"cogpass/jobs"
	"cogpass/runner/runfile"
)

// A plan's policy names the pool in the part of AWS that it is in.
func TestPolicyPartition(t *testing.T) {
	for region, want := range map[string]string{
		"us-west-2": "arn:aws:cognito-idp:us-west-2:", "cn-north-1": "arn:aws-cn:cognito-idp:cn-north-1:",
		"us-gov-west-1": "arn:aws-us-gov:cognito-idp:us-gov-west-1:",
	} {
		p := &Plan{Info: runfile.Info{Plan: runfile.Plan{Region: region, UserPoolID: region + "_aaaaaaaaa"}}}
		if got := p.Policy(); !strings.Contains(got, want) {
			t.Errorf("%s: got %s, want %s", region, got, want)
		}
	}
}

// A plan's policy allows each operation that its actions need, once.
func TestPolicyOperations(t *testing.T) {
	all := map[jobs.Action]int64{}
	for _, action := range jobs.Actions() {
		all[action] = 1
	}
	p := &Plan{Tally: Tally{Actions: all}}
	for _, action := range jobs.Actions() {
		if got := strings.Count(p.Policy(), `"cognito-idp:`+action.Spec().Operation+`"`); got != 1 {
			t.Errorf("%s: got its operation %d times, want once: %s", action, got, p.Policy())
		}
	}
}
