package jobs

import (
	"encoding/json"
	"testing"
)

// TestSchemaDefaults holds the defaults that the schema names to those of a job.
func TestSchemaDefaults(t *testing.T) {
	type keys map[string]struct{ Default any }
	var s struct {
		Properties struct {
			Limits, Retry struct{ Properties keys }
		}
	}
	if err := json.Unmarshal(schema, &s); err != nil {
		t.Fatal(err)
	}
	limits, retry := s.Properties.Limits.Properties, s.Properties.Retry.Properties
	if rate, err := ParseRate(limits["rate"].Default.(string)); err != nil || rate != defaultLimits.Rate {
		t.Errorf("got the rate %v, %v, want %v", rate, err, defaultLimits.Rate)
	}
	for _, of := range []struct{ got, want any }{
		{limits["concurrency"].Default, float64(defaultLimits.Concurrency)},
		{retry["attempts"].Default, float64(defaultRetry.Attempts)},
		{retry["maxDelay"].Default, "30s"}, {defaultRetry.MaxDelay.String(), "30s"},
		{retry["timeout"].Default, "30s"}, {defaultRetry.Timeout.String(), "30s"},
		{retry["outage"].Default, "5m"}, {defaultRetry.Outage.String(), "5m0s"},
	} {
		if of.got != of.want {
			t.Errorf("got %v, want %v", of.got, of.want)
		}
	}
}
