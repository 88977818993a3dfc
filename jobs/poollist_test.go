package jobs_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cogpass/jobs"
)

func TestReadPoolList(t *testing.T) {
	const arn = "arn:aws:iam::111122223333:role/cogpass"
	at := func(line, column int) jobs.Place { return jobs.Place{Line: line, Column: column} }
	tests := []struct {
		name, text string
		want       []jobs.PoolRow
		faults     []string
	}{
		{name: "pools", text: "userPoolId\nus-west-2_a\neu-west-1_b\n", want: []jobs.PoolRow{{UserPoolID: "us-west-2_a", Place: at(2, 1)}, {UserPoolID: "eu-west-1_b", Place: at(3, 1)}}},
		{
			name: "all", text: "\ufeffrate,roleArn,profile,userPoolId\r\n120/m," + arn + ",tenants,us-west-2_a\r\n,,,us-west-2_b",
			want: []jobs.PoolRow{{UserPoolID: "us-west-2_a", Profile: "tenants", RoleARN: arn, Rate: 2, Place: at(2, 54)}, {UserPoolID: "us-west-2_b", Place: at(3, 4)}},
		},
		{name: "CR", text: "userPoolId\rus-west-2_a\r", want: []jobs.PoolRow{{UserPoolID: "us-west-2_a", Place: at(2, 1)}}},
		{name: "nothing", text: "", faults: []string{"list.csv:1:1: the CSV is empty"}},
		{name: "only a header", text: "userPoolId\n", faults: []string{"list.csv: this list names no pool"}},
		{name: "no header", text: "us-west-2_a\nus-west-2_b\n", faults: []string{`list.csv:1:1: no column "userPoolId"`}},
		{name: "semicolons", text: "userPoolId;rate\nus-west-2_a;1/s\n", faults: []string{`list.csv:1:1: no column "userPoolId"`}},
		{name: "unknown", text: "userPoolId,rates,secret\nus-west-2_a,,\n", faults: []string{`list.csv:1:12: unknown column "rates" (number 2)`, "list.csv:1:18: unknown column (number 3)"}},
		{name: "column twice", text: "userPoolId,rate,rate\nus-west-2_a,,\n", faults: []string{"list.csv:1:17: the column for rate is there twice"}},
		{
			name: "values", text: "userPoolId,rate,roleArn,profile\n,,,\nhere,,,\nus-west-2_a,fast,me,[x]\n",
			faults: []string{"list.csv:2:1: this is not a user pool ID", "list.csv:3:1: this is not a user pool ID", `list.csv:4:13: "fast" is not a rate`,
				"list.csv:4:18: this is not the ARN of a role", "list.csv:4:21: this is not the name of a profile"},
		},
		{name: "pool twice", text: "userPoolId\nus-west-2_a\nus-west-2_b\nus-west-2_a\n", faults: []string{"list.csv:4:1: this pool is there twice; the first is on line 2"}},
		{name: "fields", text: "userPoolId,rate\nus-west-2_a\nus-west-2_b,1/s\n", faults: []string{"list.csv:2:1: 1 field in this row, and 2 columns in the header"}},
		{name: "a NUL", text: "userPoolId\nus-west-2_a\x00\n", faults: []string{"list.csv:2:12: a NUL: this is no text"}},
		{name: "UTF-16", text: "\xff\xfeu\x00", faults: []string{"list.csv:1:1: this is UTF-16, not UTF-8"}},
		{name: "a quote", text: "userPoolId\nus-west-2_\"a\"\n", faults: []string{"list.csv:2: a quote in a field that is not quoted"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "list.csv")
			write(t, path, tt.text)
			got, err := jobs.ReadPoolList(path)
			var faults []string
			if err != nil {
				for line := range strings.Lines(strings.ReplaceAll(err.Error(), dir+string(filepath.Separator), "")) {
					if !strings.HasPrefix(line, " ") {
						faults = append(faults, strings.TrimSpace(line))
					}
				}
			}
			for i := range got {
				got[i].Place.File = ""
			}
			if !slices.Equal(got, tt.want) || !slices.EqualFunc(faults, tt.faults, strings.HasPrefix) {
				t.Errorf("got %v, %q, want %v, %q", got, faults, tt.want, tt.faults)
			}
		})
	}
	if _, err := jobs.ReadPoolList(filepath.Join(t.TempDir(), "none.csv")); err == nil || !strings.Contains(err.Error(), "cannot read the list of pools: no such file") {
		t.Errorf("got %v", err)
	}
}
