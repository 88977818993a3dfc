package report

import (
	"regexp"
	"strings"
	"time"

	"cogpass/runner"
)

var regionForm = regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+){1,3}-[0-9]{1,2}$`)

// consoles are the console's domains outside of the aws partition, by how the
// Region begins.
var consoles = [...]struct{ region, domain string }{
	{"cn-", "console.amazonaws.cn"},
	{"us-gov-", "console.amazonaws-us-gov.com"},
	{"", "console.aws.amazon.com"},
}

// slack is how far CloudTrail's clock and ours may be apart.
const slack = 5 * time.Second

// trail is where to look for a task's event: the console's event history, at
// events of that name around the time of the task's requests. It has no filter
// for request IDs; the event's record has it as requestID. It is empty where
// there is nothing to look for.
//
// That event history can be filtered by event name and time is documented, and
// where the console is; the rest of the address is not: it is what the console
// shows when that is done.
func trail(run *Run, r *runner.Result) string {
	operation := r.Action.Spec().Operation
	if r.RequestID == "" || operation == "" || r.StartedAt.IsZero() || r.FinishedAt.IsZero() || run.Sandbox || !regionForm.MatchString(run.Region) {
		return ""
	}
	domain := ""
	for _, c := range consoles {
		if strings.HasPrefix(run.Region, c.region) {
			domain = c.domain
			break
		}
	}
	moment := func(t time.Time) string { return t.UTC().Truncate(time.Second).Format("2006-01-02T15:04:05Z") }
	return "https://" + domain + "/cloudtrailv2/home?region=" + run.Region + "#/events?EventName=" + operation +
		"&StartTime=" + moment(r.StartedAt.Add(-slack)) + "&EndTime=" + moment(r.FinishedAt.Add(slack+time.Second))
}
