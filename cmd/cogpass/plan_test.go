package main

import (
	"strings"
	"testing"
)

// A plan's policy names the pool in the part of AWS that it is in.
func TestPolicyPartition(t *testing.T) {
	for region, want := range map[string]string{
		"us-west-2": "arn:aws:cognito-idp:us-west-2:", "cn-north-1": "arn:aws-cn:cognito-idp:cn-north-1:",
		"us-gov-west-1": "arn:aws-us-gov:cognito-idp:us-gov-west-1:",
	} {
		if got := policy(region, region+"_aaaaaaaaa", new(tally)); !strings.Contains(got, want) {
			t.Errorf("%s: got %s, want %s", region, got, want)
		}
	}
}

// A rate next to nothing does not overflow the time that a job takes.
func TestHowLongIsBounded(t *testing.T) {
	if got, want := howLong(1_000_000_000, 1e-9), "about 36500.0 days at "; !strings.HasPrefix(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := howLong(36_000, 10), "about 1h0m at 10/s"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
