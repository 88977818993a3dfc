package jobs

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"cogpass/jobs/yamldoc"
)

func (d *decoder) decodeLimits(fields map[string]field) {
	j := d.job
	j.Limits = defaultLimits
	limits, ok := fields["limits"]
	if !ok {
		return
	}
	of, _ := d.fields(limits.value, "limits", limitKeys)
	if n, text, ok := d.textOf(of, "rate"); ok {
		d.decodeRate(n, text, UserAccountRecovery, &j.Limits.Rate)
	}
	if f, ok := of["rates"]; ok {
		d.decodeRates(f.value)
	}
	d.decodeCount(of, "concurrency", 1, 10_000, &j.Limits.Concurrency)
	d.decodeCount(of, "maxUsers", 1, 1_000_000_000, &j.Limits.MaxUsers)
	d.decodeCount(of, "canary", 1, 1_000_000_000, &j.Limits.Canary)
	if f, ok := of["maxUsers"]; ok {
		j.maxUsers = d.place(follow(f.value))
	}
	d.decodeMaxFailures(of)
	d.decodeMessages(of)
}

func (d *decoder) decodeRate(n *yamldoc.Node, text string, c Category, to *Rate) {
	rate, err := ParseRate(text)
	if err != nil {
		d.fault(n, "write a rate as 10/s, 300/m or max", "this is not a rate above 0 and up to %d/s", fastest)
		return
	}
	*to = rate
	if quota := c.Quota(); rate != MaxRate && float64(rate) > quota {
		d.job.warnings = append(d.job.warnings, Fault{Place: d.place(n),
			Message: fmt.Sprintf("more than the quota of %s, which is %s where AWS has not changed it", c, Rate(quota)),
			Hint:    "other requests of the account share the quota: what is above it is throttled"})
	}
}

// ratedCategories are those whose rate a job may set by name.
var ratedCategories = []string{string(SecretsManager), string(UserAuthentication), string(UserCreation), string(UserList), string(UserPoolRead), string(UserRead), string(UserUpdate)}

func (d *decoder) decodeRates(n *yamldoc.Node) {
	pairs, _ := d.pairs(n, "rates")
	for _, f := range pairs {
		name := f.key.Value
		if name == string(UserAccountRecovery) {
			d.fault(f.key, "its rate is limits.rate", "rates has no UserAccountRecovery")
			continue
		}
		if !slices.Contains(ratedCategories, name) {
			message, hint := unknown("category", name, ratedCategories)
			if hint == "" {
				hint = "the categories are " + strings.Join(ratedCategories, ", ")
			}
			d.fault(f.key, hint, "%s", message)
			continue
		}
		if text, ok := d.scalar(f.value, "the rate of "+name); ok {
			var rate Rate
			if d.decodeRate(follow(f.value), text, Category(name), &rate); rate != 0 {
				if d.job.Limits.Rates == nil {
					d.job.Limits.Rates = map[Category]Rate{}
				}
				d.job.Limits.Rates[Category(name)] = rate
			}
		}
	}
}

func (d *decoder) decodeMaxFailures(fields map[string]field) {
	n, text, ok := d.textOf(fields, "maxFailures")
	if !ok {
		return
	}
	m, err := ParseMaxFailures(text)
	if err != nil {
		d.fault(n, "write a number, as 20, or a share, as 5%", "maxFailures is neither a whole number up to %d nor a share up to 100%%", maxCount)
	}
	d.job.Limits.MaxFailures = m
}

func (d *decoder) decodeMessages(fields map[string]field) {
	n, text, ok := d.textOf(fields, "messages")
	if !ok {
		return
	}
	count, err := strconv.Atoi(strings.TrimSuffix(text, "/day"))
	if err != nil || count < 1 || count > maxCount || !digits.MatchString(strings.TrimSuffix(text, "/day")) {
		d.fault(n, "write it as 50/day", "messages is not a whole number from 1 to %d, a day", maxCount)
		return
	}
	d.job.Limits.Messages = count
}

const maxCount = 1_000_000_000

var (
	digits      = regexp.MustCompile(`^[1-9][0-9]*$`)
	accountForm = regexp.MustCompile(`^[0-9]{12}$`)
)

func (d *decoder) decodeAccount(fields map[string]field) {
	n, text, ok := d.textOf(fields, "account")
	if !ok {
		return
	}
	if !accountForm.MatchString(text) {
		d.fault(n, "it has 12 digits", "this is not the number of an AWS account")
		return
	}
	d.job.Account = text
}
