package main

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"cogpass/cmd/bulk"
	"cogpass/jobs"
	"cogpass/report"
	"cogpass/runner"
)

// planDuration says how long a plan takes, by its slowest lane.
func planDuration(p *bulk.Plan) string {
	long, by := p.HowLong()
	switch {
	case long > 0 && by != jobs.UserAccountRecovery:
		return fmt.Sprintf("about %s, by %s at %g/s", roughly(long), by, p.RateOf(by))
	case math.IsInf(float64(p.Rate()), 1):
		return "as fast as answers come"
	}
	return fmt.Sprintf("about %s at %s", roughly(long), p.Rate())
}

// decided says what was decided about users: who is left out, who cannot
// succeed, and in which states they were seen.
func decided(t *bulk.Tally) (lines []string) {
	lines = skips(t.Why)
	for _, why := range byCount(t.Failing) {
		lines = append(lines, fmt.Sprintf("fail without a request: %s, %s", report.Number(t.Failing[why]), cmp.Or(report.Visible(why), "for other reasons")))
	}
	if len(t.Statuses) > 0 {
		var seen []string
		for _, status := range byCount(t.Statuses) {
			seen = append(seen, report.Number(t.Statuses[status])+" "+string(status))
		}
		lines = append(lines, "seen: "+strings.Join(seen, ", "))
	}
	return lines
}

// shownSkips is how many reasons are told apart: a ledger has one for each day.
const shownSkips = 12

func skips(why map[string]int64) (lines []string) {
	rest := int64(0)
	for i, reason := range byCount(why) {
		if i >= shownSkips || reason == "" {
			rest += why[reason]
			continue
		}
		lines = append(lines, fmt.Sprintf("skipped: %s, %s", report.Number(why[reason]), report.Visible(reason)))
	}
	if rest > 0 {
		lines = append(lines, fmt.Sprintf("skipped: %s, for other reasons", report.Number(rest)))
	}
	return lines
}

// byCount returns the keys of counts, the greatest first.
func byCount[K cmp.Ordered](counts map[K]int64) []K {
	return slices.SortedFunc(maps.Keys(counts), func(a, b K) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
}

// overlaps says who was asked for more than once, and whose they are.
func overlaps(p *bulk.Plan) (lines []string) {
	named, again := p.Overlaps()
	if named > 0 {
		lines = append(lines, "named, and found by a pool source too: "+plural(named, "user")+", of the entry that names them")
	}
	if again > 0 {
		lines = append(lines, "found by more than one pool source: "+plural(again, "user")+", of the first")
	}
	return lines
}

// stepWords say what the steps beside an action do.
var stepWords = []struct {
	step  runner.Step
	words string
}{
	{runner.Recheck, "looked at again just before it"},
	{runner.Create, "made first, for the pool does not have them"},
	{runner.Enable, "enabled first"},
	{runner.SignOut, "signed out everywhere after it"},
	{runner.Check, "signed in as, with the new password, after it"},
}

func besides(t *bulk.Tally) (lines []string) {
	for _, s := range stepWords {
		if n := t.Steps[s.step]; n > 0 {
			lines = append(lines, plural(n, "user")+" "+s.words)
		}
	}
	return lines
}

// lanes says what a plan takes of each quota, where it takes of more than one;
// and what of the users' own it leaves them.
func lanes(p *bulk.Plan) (lines []string) {
	requests := p.Requests()
	for _, category := range byCount(requests) {
		n, rate := requests[category], p.RateOf(category)
		if n == 0 || len(requests) == 1 && category == jobs.UserAccountRecovery {
			continue
		}
		pace := fmt.Sprintf("at %g/s", rate)
		if math.IsInf(rate, 1) {
			pace = "as fast as answers come"
		}
		lines = append(lines, fmt.Sprintf("%s: %s %s, of its %g", category, plural(n, "request"), pace, category.Quota()))
	}
	if p.Tally.Requests[jobs.UserAccountRecovery] > 0 {
		quota, rate := jobs.UserAccountRecovery.Quota(), float64(p.Rate())
		if rate >= quota {
			lines = append(lines, fmt.Sprintf("takes all %g requests a second that users need to choose new passwords", quota))
		} else {
			lines = append(lines, fmt.Sprintf("leaves %.3g of %g requests a second to users who choose new passwords", quota-rate, quota))
		}
	}
	return lines
}

// passwordsOf says which passwords a plan makes, and who gets them.
func passwordsOf(p *bulk.Plan) (lines []string) {
	for _, r := range p.Recipes() {
		what := plural(int64(r.Length), "character")
		if r.Words > 0 {
			what = plural(int64(r.Words), "word")
		}
		lines = append(lines, fmt.Sprintf("makes %s of %s, %g bits", plural(r.Passwords, "password"), what, r.Bits))
	}
	if to := p.HandedTo(); len(lines) > 0 && to != "" {
		lines = append(lines, "passwords go "+report.Visible(to))
	}
	return lines
}

// weak warns of passwords that are too easy to guess.
func weak(p *bulk.Plan) (lines []string) {
	for _, r := range p.Recipes() {
		if least := r.LeastBits(); r.Bits < least {
			kind := "temporary"
			if r.Permanent {
				kind = "permanent"
			}
			lines = append(lines, fmt.Sprintf("%s would have %g bits: a %s password should have %g; make it longer", plural(r.Passwords, "password"), r.Bits, kind, least))
		}
	}
	return lines
}

// messageDays says how many days the messages of a plan take.
func messageDays(p *bulk.Plan) string {
	n, aDay := p.Tally.Messages(), int64(p.Info.Messages)
	if aDay == 0 || n <= aDay {
		return ""
	}
	return fmt.Sprintf("%s at %s a day: %s", plural(n, "message"), report.Number(aDay), plural((n+aDay-1)/aDay, "day"))
}

// aboutPool says what a plan's reader may want to know of the pool, where it was
// asked.
func aboutPool(p *bulk.Plan) string {
	pool := p.Pool()
	if !pool.Facts.Known {
		return ""
	}
	words := []string{"the pool " + report.Visible(pool.Name) + " has about " + plural(int64(pool.Users), "user")}
	if pool.CognitoMail {
		words = append(words, fmt.Sprintf("sends with Cognito's own e-mail, %d a day for the account", bulk.CognitoMail))
	}
	if p.Tally.Actions[jobs.SetTemporary] > 0 {
		words = append(words, "temporary passwords are good for "+plural(int64(pool.TemporaryDays), "day"))
	}
	if !pool.Protected {
		words = append(words, "is not protected against deletion")
	}
	return strings.Join(words, "; ")
}

// planJSON is the plan as `cogpass plan --format json` prints it.
type planJSON struct {
	Name       string                  `json:"name"`
	UserPoolID string                  `json:"user_pool_id"`
	Profile    string                  `json:"profile"`
	Role       string                  `json:"role"`
	RunFile    string                  `json:"run_file"`
	Digest     string                  `json:"digest"`
	Tasks      int64                   `json:"tasks"`
	Actions    map[string]int64        `json:"actions"`
	Skipped    map[string]int64        `json:"skipped"`
	Impossible map[string]int64        `json:"impossible"`
	Statuses   map[jobs.Status]int64   `json:"statuses"`
	Steps      map[string]int64        `json:"steps"`
	Requests   map[jobs.Category]int64 `json:"requests"`
	Seconds    float64                 `json:"seconds"`
	Lookups    int64                   `json:"lookups"`
	Messages   int64                   `json:"messages"`
	Active     int64                   `json:"active"`
	Passwords  []passwordsJSON         `json:"passwords"`
	Handoff    string                  `json:"handoff"`
	Operations []string                `json:"operations"`
	Warnings   []string                `json:"warnings"`
}

// passwordsJSON is passwords that a plan makes in one way.
type passwordsJSON struct {
	Passwords int64   `json:"passwords"`
	Length    int     `json:"length"` // in characters; 0 of passphrases
	Words     int     `json:"words"`
	Bits      float64 `json:"bits"`
}

var stepNames = map[runner.Step]string{runner.Recheck: "recheck", runner.Create: "create", runner.Enable: "enable", runner.SignOut: "sign_out",
	runner.Prepare: "handoff", runner.Check: "check"}

func planDocument(p *bulk.Plan, out string) planJSON {
	t := &p.Tally
	long, _ := p.HowLong()
	doc := planJSON{
		Name: p.Info.Name, UserPoolID: p.Info.UserPoolID, Profile: p.Credentials().Profile, Role: p.Info.Credentials.Role.ARN, RunFile: out, Digest: p.Info.PlanDigest, Tasks: t.Tasks,
		Actions: map[string]int64{}, Skipped: t.Why, Impossible: t.Failing, Statuses: t.Statuses, Steps: map[string]int64{},
		Requests: p.Requests(), Seconds: long.Seconds(), Lookups: p.Lookups(), Messages: t.Messages(), Active: t.Active,
		Operations: p.Operations(), Warnings: []string{}, Passwords: []passwordsJSON{},
	}
	for _, r := range p.Recipes() {
		doc.Passwords, doc.Handoff = append(doc.Passwords, passwordsJSON{r.Passwords, r.Length, r.Words, r.Bits}), p.HandedTo()
	}
	for action, n := range t.Actions {
		doc.Actions[action.String()] = n
	}
	for step, n := range t.Steps {
		doc.Steps[stepNames[step]] = n
	}
	for _, w := range p.Warnings {
		doc.Warnings = append(doc.Warnings, w.Advice())
	}
	return doc
}
