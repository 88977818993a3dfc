package jobs

import (
	"cmp"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"cogpass/jobs/yamldoc"
)

// The keys of a job file, by the mapping they stand in.
var (
	jobKeys = []string{"version", "name", "userPoolId", "region", "account", "profile", "role", "action", "password", "clientMetadata", "signOut", "enable",
		"ifMissing", "attributes", "invite", "handoff", "passwordPolicy", "check", "users", "exclude", "caseSensitive", "where", "onImpossible", "allowFederated",
		"limits", "retry", "report"}
	userKeys      = []string{"username", "action", "password", "clientMetadata", "signOut", "enable", "ifMissing", "attributes", "invite"}
	passwordKinds = []string{"env", "file", "generate"}
	limitKeys     = []string{"rate", "rates", "concurrency", "maxUsers", "maxFailures", "canary", "messages"}
	retryKeys     = []string{"attempts", "maxDelay", "timeout", "outage"}
)

// decodeJob reads the whole document into d.job, as far as it is right.
func (d *decoder) decodeJob(root *yamldoc.Node) {
	fields, ok := d.fields(root, "the job", jobKeys)
	if !ok {
		return
	}
	d.decodeVersion(root, fields)
	d.decodeName(fields)
	d.decodePool(root, fields)
	d.namePool(fields)
	d.decodePolicy(fields)
	d.decodeHandoff(fields)
	d.decodeCheck(fields)
	d.job.defaults = d.decodeDefaults(fields)
	if f, ok := fields["users"]; ok {
		d.decodeUsers(f.value)
	} else {
		d.fault(root, "list the users, or a source of them, under users", "no users")
	}
	if f, ok := fields["exclude"]; ok {
		d.decodeGuards(f.value, "exclude")
	}
	d.decodeBool(fields, "caseSensitive", &d.job.caseSensitive)
	d.decodeWhere(fields)
	d.job.onImpossible = d.decodeChoice(fields, "onImpossible")
	d.job.allowFederated = d.decodeChoice(fields, "allowFederated")
	d.decodeAccount(fields)
	d.decodeCredentials(fields)
	d.decodeLimits(fields)
	d.decodeRetry(fields)
	d.decodeReport(fields)
}

func (d *decoder) decodeVersion(root *yamldoc.Node, fields map[string]field) {
	f, ok := fields["version"]
	if !ok {
		d.fault(root, "begin the job with version: 1", "no version")
		return
	}
	if v, ok := d.scalar(f.value, "version"); ok && v != "1" {
		d.fault(f.value, "write version: 1", "this is not a version that this cogpass reads")
	}
}

var nameForm = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

func (d *decoder) decodeName(fields map[string]field) {
	d.job.Name = nameOfFile(d.job.Path)
	f, ok := fields["name"]
	if !ok {
		return
	}
	name, ok := d.scalar(f.value, "name")
	if ok && !nameForm.MatchString(strings.ReplaceAll(name, poolMark, "p")) {
		d.fault(f.value, "use small letters, digits and -, 63 at most, and begin with a letter or digit", "this is not a name for a job")
		return
	}
	d.job.Name = name
}

const longestName = 63

// poolMark stands in the name of a job for its pool's ID.
const poolMark = "{pool}"

// namePool puts the pool's ID into the job's name, as far as that can have it.
func (d *decoder) namePool(fields map[string]field) {
	j := d.job
	if j.UserPoolID == "" {
		return
	}
	pool := strings.Trim(notName.ReplaceAllString(strings.ToLower(j.UserPoolID), "-"), "-")
	if !strings.Contains(j.Name, poolMark) {
		if j.opt.NamePool {
			j.Name = strings.TrimRight(j.Name[:min(len(j.Name), longestName-1-len(pool))], "-") + "-" + pool
		}
		return
	}
	if j.Name = strings.ReplaceAll(j.Name, poolMark, pool); !nameForm.MatchString(j.Name) {
		d.fault(fields["name"].value, "leave the rest shorter", "with the pool's ID, this is longer than a name can be: 63 characters")
	}
}

var notName = regexp.MustCompile(`[^a-z0-9]+`)

// nameOfFile makes a job's name from that of its file.
func nameOfFile(path string) string {
	base := filepath.Base(path)
	base = strings.TrimSuffix(base, filepath.Ext(base))
	name := strings.Trim(notName.ReplaceAllString(strings.ToLower(base), "-"), "-")
	name = strings.TrimRight(name[:min(len(name), 63)], "-")
	if name == "" {
		return "job"
	}
	return name
}

func (d *decoder) decodePool(root *yamldoc.Node, fields map[string]field) {
	j := d.job
	pool, ok := fields["userPoolId"]
	if ok {
		id, ok := d.scalar(pool.value, "userPoolId")
		if ok && d.problem(follow(pool.value), checkPoolID(id)) {
			j.UserPoolID = id
		}
	} else if j.opt.UserPoolID == "" {
		d.fault(root, "name the pool with userPoolId, or with --user-pool-id", "no userPoolId")
	}
	region := fields["region"]
	if region.value != nil {
		text, ok := d.scalar(region.value, "region")
		if of := cmp.Or(j.opt.UserPoolID, j.UserPoolID); ok && poolIDForm.MatchString(of) && regionOf(of) != text {
			d.fault(region.value, "leave region out: the pool ID names it", "this is not the Region of the pool, %s", regionOf(of))
		}
	}
	d.applyPoolFlags()
}

// applyPoolFlags lets the flags win over the job.
func (d *decoder) applyPoolFlags() {
	j := d.job
	if id := j.opt.UserPoolID; id != "" {
		if p := checkPoolID(id); p.found() {
			d.faults.Add(Fault{Place: Place{File: "--user-pool-id"}, Message: p.message, Hint: p.hint})
			return
		}
		j.UserPoolID = id
	}
	if j.UserPoolID != "" {
		j.Region = regionOf(j.UserPoolID)
	}
	if r := j.opt.Region; r != "" && j.Region != "" && r != j.Region {
		d.faults.Add(Fault{Place: Place{File: "--region"},
			Message: fmt.Sprintf("this is not the Region of the pool, %s", j.Region),
			Hint:    "leave --region out: the pool ID names it"})
	}
}

func (d *decoder) decodeRetry(fields map[string]field) {
	j := d.job
	j.Retry = defaultRetry
	retry, ok := fields["retry"]
	if !ok {
		return
	}
	of, _ := d.fields(retry.value, "retry", retryKeys)
	d.decodeCount(of, "attempts", 1, 1000, &j.Retry.Attempts)
	d.decodeDuration(of, "maxDelay", &j.Retry.MaxDelay)
	d.decodeDuration(of, "timeout", &j.Retry.Timeout)
	d.decodeDuration(of, "outage", &j.Retry.Outage)
}

// textOf returns the text of a key and its node; ok is false if the key is
// missing or its value faulty.
func (d *decoder) textOf(fields map[string]field, key string) (n *yamldoc.Node, text string, ok bool) {
	f, ok := fields[key]
	if !ok {
		return nil, "", false
	}
	text, ok = d.scalar(f.value, key)
	return follow(f.value), text, ok
}

func (d *decoder) decodeBool(fields map[string]field, key string, to *bool) {
	node, text, ok := d.textOf(fields, key)
	switch {
	case !ok:
	case text != "true" && text != "false":
		d.fault(node, "", "%s is neither true nor false", key)
	default:
		*to = text == "true"
	}
}

func (d *decoder) decodeCount(fields map[string]field, key string, least, most int, to *int) {
	node, text, ok := d.textOf(fields, key)
	if !ok {
		return
	}
	if n, p := checkCount(key, text, least, most); d.problem(node, p) {
		*to = n
	}
}

const longestDuration = 24 * time.Hour

func (d *decoder) decodeDuration(fields map[string]field, key string, to *time.Duration) {
	node, text, ok := d.textOf(fields, key)
	if !ok {
		return
	}
	v, err := time.ParseDuration(text)
	if err != nil || v < time.Millisecond || v > longestDuration {
		d.fault(node, "write it as 500ms, 30s or 2m", "%s is not a time from 1ms to 24h", key)
		return
	}
	*to = v
}

const maxReports = 100

func (d *decoder) decodeReport(fields map[string]field) {
	f, ok := fields["report"]
	if !ok {
		return
	}
	paths, _ := d.list(f.value, "report")
	if len(paths) > maxReports {
		d.fault(follow(f.value), "", "%d reports; a job has %d at most", len(paths), maxReports)
		return
	}
	for _, n := range paths {
		if path, ok := d.scalar(n, "a report"); ok && d.checkReport(follow(n), path) {
			d.job.Report = append(d.job.Report, path)
		}
	}
}

func (d *decoder) checkReport(n *yamldoc.Node, path string) bool {
	before := d.faults.Len()
	if slices.Contains(d.job.Report, path) {
		d.fault(n, "", "this report is there twice")
	}
	if check := d.job.opt.CheckReport; check != nil {
		if err := check(path); err != nil {
			d.fault(n, "", "%v", err)
		}
	}
	return d.faults.Len() == before
}
