package bulk_test

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cogpass/cmd/bulk"
	"cogpass/runner/sandbox"
)

var update = flag.Bool("update", false, "write what the tests got as what they want")

// judged are jobs over a pool of users in all states, with aliases, groups and
// external providers.
var judged = map[string]string{
	"everybody":           "action: reset\nusers: [{pool: {}}]",
	"everybody, skip":     "action: reset\nonImpossible: skip\nusers: [{pool: {}}]",
	"one state":           "action: reset\nsignOut: true\nusers: [{pool: {status: [CONFIRMED]}}]",
	"where":               "action: reset\nusers: [{pool: {}}]\nwhere: {status: [CONFIRMED, RESET_REQUIRED], enabled: true, verified: any}",
	"disabled":            "action: enable\nusers: [{pool: {enabled: false}}]",
	"enable and reset":    "action: reset\nenable: true\nusers: [{pool: {enabled: false, status: [CONFIRMED]}}]",
	"a group":             "action: sign-out\nusers: [{pool: {group: admins}}]",
	"a group and a state": "action: disable\nusers: [{pool: {group: staff, status: [UNCONFIRMED, EXTERNAL_PROVIDER]}}]",
	"a filter":            "action: sign-out\nusers: [{pool: {filter: 'given_name = \"Ana\"'}}]",
	"by age":              "action: disable\nusers: [{pool: {createdBefore: 600d, modifiedBefore: 90d}}]",
	"two sources":         "users: [{pool: {status: [RESET_REQUIRED]}, action: reset}, {pool: {enabled: false}, action: sign-out}]",
	"a named user first":  "users: [{username: ben.almeida@example.com, action: sign-out}, {pool: {status: [CONFIRMED]}, action: reset}]",
	"excluded":            "action: reset\nusers: [{pool: {status: [CONFIRMED]}}]\nexclude: [{group: staff}, ben.almeida@example.com]",
	"passwords":           "action: set-permanent\npassword: {env: PW}\nusers: [{pool: {}}]",
	"federated":           "action: set-permanent\npassword: {env: PW}\nallowFederated: true\nusers: [{pool: {status: [EXTERNAL_PROVIDER]}}]",
	"reinvite":            "action: reinvite\nusers: [{pool: {status: [FORCE_CHANGE_PASSWORD, CONFIRMED]}}]",
	"missing":             "action: set-temporary\npassword: {env: PW}\nifMissing: create\nusers: [nobody, ben.almeida@example.com]",
	"missing, refused":    "action: set-temporary\npassword: {env: PW}\nonImpossible: fail\nusers: [nobody, ben.almeida@example.com]",
}

// Each job gives the tasks, skips and reasons that it is to, of 5,000 users.
func TestJudged(t *testing.T) {
	s := sandbox.New(sandbox.Config{})
	s.AddPool(sandbox.Pool{ID: surveyed, EmailSendingAccount: "DEVELOPER", AliasAttributes: []string{"email", "phone_number"}, CaseInsensitive: true})
	s.Invent(surveyed, 5000)
	opt := serve(t, s)
	opt.LookupEnv = func(string) (string, bool) { return "Correct-Horse-7", true }
	var all strings.Builder
	golden := filepath.Join("testdata", "judged.txt")
	want, missing := os.ReadFile(golden)
	for i, name := range slices.Sorted(maps.Keys(judged)) {
		if !*update && os.Getenv("COGPASS_LONG") == "" && i%5 != 2 { // a listing is slow with the race detector
			continue
		}
		var out strings.Builder
		plan, err := bulk.DryRun(t.Context(), jobFile(t, judged[name]+"\nlimits: {rates: {UserList: 1000/s}}\n"), opt)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		counts := map[string]int{}
		first := map[string]string{}
		for task, err := range plan.Tasks(t.Context(), false) {
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			what := task.Action.String()
			for words, is := range map[string]bool{", made": task.Create != nil, ", enabled": task.Enable, ", signed out": task.SignOut > 0} {
				if is {
					what += words
				}
			}
			what += cmp.Or(map[bool]string{true: ": skipped, " + task.Skip}[task.Skip != ""], map[bool]string{true: ": fails, " + task.Fail}[task.Fail != ""])
			if counts[what]++; counts[what] == 1 {
				first[what] = task.Username
			}
		}
		fmt.Fprintf(&out, "%s\n", name)
		for _, what := range slices.Sorted(maps.Keys(counts)) {
			fmt.Fprintf(&out, "%6d  %s (%s, ...)\n", counts[what], what, first[what])
		}
		if named, again := plan.Overlaps(); named+again > 0 {
			fmt.Fprintf(&out, "        named too: %d, of another source too: %d\n", named, again)
		}
		if err := plan.Close(); err != nil {
			t.Error(err)
		}
		all.WriteString(out.String())
		if !*update && (missing != nil || !strings.Contains("\n"+string(want), "\n"+out.String())) {
			t.Errorf("%v; go test -update writes it anew; got\n%s", missing, out.String())
		}
	}
	if *update {
		if err := errors.Join(os.MkdirAll("testdata", 0o755), os.WriteFile(golden, []byte(all.String()), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
}
