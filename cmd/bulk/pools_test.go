package bulk

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cogpass/jobs"
)

func writeFile(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// What a list says takes the place of what the job says, and each pool has names of
// its own.
func TestOnPools(t *testing.T) {
	dir := t.TempDir()
	const arn = "arn:aws:iam::111122223333:role/"
	list := writeFile(t, filepath.Join(dir, "list.csv"), "userPoolId,profile,roleArn,rate\nus-west-2_Aa,,,\neu-west-1_b,other,"+arn+"b,2/s\n")
	job := writeFile(t, filepath.Join(dir, "job.yaml"), "version: 1\nname: night\nuserPoolId: us-west-2_own\nprofile: own\nrole: {arn: '"+arn+"own', externalId: abc}\n"+
		"action: reset\nusers: [ana]\nreport: ['{pool}.csv']\nlimits: {rate: 5/s}\n")
	each, err := OnPools(list, Options{RunFile: "{pool}.run", Stdin: strings.NewReader("x")})
	if err != nil || len(each) != 2 {
		t.Fatalf("got %v, %v", each, err)
	}
	want := []struct {
		pool, name, region, runFile string
		as                          jobs.Credentials
		rate                        float64
	}{
		{"us-west-2_Aa", "night-us-west-2-aa", "us-west-2", "us-west-2_Aa.run", jobs.Credentials{Profile: "own", Role: jobs.Role{ARN: arn + "own", ExternalID: "abc"}}, 5},
		{"eu-west-1_b", "night-eu-west-1-b", "eu-west-1", "eu-west-1_b.run", jobs.Credentials{Profile: "other", Role: jobs.Role{ARN: arn + "b", ExternalID: "abc"}}, 2},
	}
	for i, w := range want {
		o := each[i].withDefaults()
		read, err := o.openJob(job)
		if err != nil {
			t.Fatal(err)
		}
		info := o.infoOf(read)
		if info.UserPoolID != w.pool || info.Name != w.name || info.Region != w.region || o.RunFile != w.runFile || info.Credentials != w.as || info.AskedRate != w.rate || PoolOf(&o) != w.pool {
			t.Errorf("%s: got %+v, run file %s", w.pool, info.Plan, o.RunFile)
		}
		if _, err := o.Stdin.Read(make([]byte, 1)); err == nil {
			t.Errorf("%s: standard input was read", w.pool)
		}
	}
}

func TestOnPoolsRefuses(t *testing.T) {
	dir := t.TempDir()
	list := writeFile(t, filepath.Join(dir, "list.csv"), "userPoolId,profile,rate\nus-west-2_a,,\nus-west-2_b,p,1/s\n")
	tests := map[string]struct {
		list string
		opt  Options
		want string
	}{
		"pool":     {list, Options{UserPoolID: "us-west-2_c"}, "no other pool or Region"},
		"Region":   {list, Options{Region: "us-west-2"}, "no other pool or Region"},
		"run file": {list, Options{RunFile: "x.run"}, "write {pool} into the run file's path"},
		"profile":  {list, Options{Profile: "q"}, "list.csv:3:1: the list gives this pool a profile, and so does an option"},
		"rate":     {list, Options{Rate: 1}, "list.csv:3:1: the list gives this pool a rate, and so does an option"},
		"no list":  {filepath.Join(dir, "none.csv"), Options{}, "cannot read the list of pools"},
	}
	for name, tt := range tests {
		if got, err := OnPools(tt.list, tt.opt); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, %v, want %q", name, got, err, tt.want)
		}
	}
	each, err := OnPools(list, Options{})
	if err != nil {
		t.Fatal(err)
	}
	job := writeFile(t, filepath.Join(dir, "job.yaml"), "version: 1\naction: reset\nusers: [ana]\nreport: [all.csv]\n")
	if _, err := each[0].openJob(job); err == nil || !strings.Contains(err.Error(), "report all.csv: each pool's run would write it: put {pool} into its path") {
		t.Errorf("got %v", err)
	}
}

// A session is called by the job, as far as STS takes a name.
func TestSessionName(t *testing.T) {
	for name, want := range map[string]string{"night": "cogpass-night", strings.Repeat("n", 63): "cogpass-" + strings.Repeat("n", 56)} {
		if got := sessionName(name); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
