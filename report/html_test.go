package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cogpass/jobs"
	"cogpass/runner"
)

// A browser compares what it runs and applies with the digests of the policy,
// byte by byte, and everything else is refused.
func TestHTMLPolicy(t *testing.T) {
	page := string(render(t, HTML, sampleRun(), sequence(sampleResults())))
	policy := html.UnescapeString(regexp.MustCompile(`Content-Security-Policy" content="([^"]*)"`).FindStringSubmatch(page)[1])
	for _, kind := range []string{"style", "script"} {
		found := regexp.MustCompile(`(?s)<`+kind+`[^>]*>(.*?)</`+kind+`>`).FindAllStringSubmatch(page, -1)
		if len(found) != 1 {
			t.Fatalf("%d of %s, want 1", len(found), kind)
		}
		sum := sha256.Sum256([]byte(found[0][1]))
		want := fmt.Sprintf("%s-src 'sha256-%s'", kind, base64.StdEncoding.EncodeToString(sum[:]))
		if !strings.Contains(policy, want) {
			t.Errorf("policy %s, want in it %s", policy, want)
		}
	}
	if !strings.HasPrefix(policy, "default-src 'none';") || strings.Contains(policy, "unsafe") || strings.Contains(policy, "http") {
		t.Errorf("policy %s", policy)
	}
	if found := regexp.MustCompile(`(?i)<[^>]*\s(style|src|on\w+|srcset|action)=`).FindString(page); found != "" {
		t.Errorf("the page has %s", found)
	}
}

var (
	tags  = regexp.MustCompile(`<[^>]*>`)
	links = regexp.MustCompile(`href="[^"]*"`)
)

// tableTags is the markup of the table of tasks, without its text.
func tableTags(t *rapid.T, list []runner.Result) string {
	var out bytes.Buffer
	if err := Write(&out, HTML, sampleRun(), sequence(list)); err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(out.String(), `<table class="tasks"`)
	table, _, _ = strings.Cut(table, "<script>")
	return links.ReplaceAllString(strings.Join(tags.FindAllString(table, -1), ""), "")
}

// No text makes markup, whatever it is.
func TestHTMLText(t *testing.T) {
	nasty := rapid.OneOf(rapid.String(), rapid.SampledFrom(hostileNames))
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.Custom(drawResult), 1, 4).Draw(t, "results")
		plain := make([]runner.Result, len(list))
		for i := range list {
			list[i].Beside, list[i].Code = nil, ""
			list[i].Username, list[i].Sub, list[i].Source = nasty.Draw(t, "name"), nasty.Draw(t, "sub"), nasty.Draw(t, "source")
			list[i].Reason, list[i].RequestID, list[i].StatusBefore = nasty.Draw(t, "reason"), nasty.Draw(t, "request"), runner.Status(nasty.Draw(t, "status"))
			plain[i] = list[i]
			for _, text := range []*string{&plain[i].Username, &plain[i].Sub, &plain[i].Source, &plain[i].Reason, &plain[i].RequestID, (*string)(&plain[i].StatusBefore)} {
				if *text != "" {
					*text = "x"
				}
			}
		}
		if got, want := tableTags(t, list), tableTags(t, plain); got != want {
			t.Errorf("got %s\nwant %s", got, want)
		}
	})
}

// hostileNames are usernames that would do something where they are not text.
var hostileNames = []string{
	`<script>document.title='hit'</script>`, `"><img src=x onerror=document.title='hit'>`, `</td></table><h1>hit</h1>`, `' onfocus='document.title="hit"' autofocus='`,
	`javascript:document.title='hit'`, `</script><script>document.title='hit'</script>`, `</style><style>body{display:none}</style>`, `<svg/onload=document.title='hit'>`,
	`{{.Run}}`, `${document.title='hit'}`, `<!--`, `-->`, `]]>`, `&lt;b&gt;`, `<a href="https://example.com">x</a>`, "\u202egnp.exe", "\x1b]8;;http://example.com\x07x", `<base href="//example.com">`,
	`<meta http-equiv=refresh content="0;url=//example.com">`, `'; DROP TABLE task; --`, "=HYPERLINK(\"http://x\")", "x\x00<b>", strings.Repeat("𝔘", 128), `<`, `>`, `"`, `'`, "`", `&`, `+`,
}

// Where not all tasks are shown, all that went wrong is, as far as there is
// room, and a sample of the rest; the page says so, and stays small.
func TestHTMLSelection(t *testing.T) {
	const n = 25_000
	tests := []struct {
		name            string
		failed, unknown int // one in so many; 0: none
		long            bool
		want            string
		rows            [2]int
	}{
		{"few fail", 50, 10_000, false, "10,000 of 25,000 tasks: all 500 that went wrong, and a sample of the rest, spread evenly. Reports as CSV or JSON have them all.", [2]int{10_000, 10_000}},
		{"none fails", 0, 0, false, "10,000 of 25,000 tasks: nothing went wrong, and this is a sample of them, spread evenly. Reports as CSV or JSON have them all.", [2]int{10_000, 10_000}},
		{"many fail", 2, 30, false, "10,000 of the 12,500 that went wrong, those that are unknown first", [2]int{10_000, 10_000}},
		{"long names", 2, 30, true, " that went wrong, those that are unknown first", [2]int{1_000, 10_000}},
	}
	for _, tt := range tests {
		results := func(yield func(runner.Result, error) bool) {
			for r := range generated(n) {
				i := int(r.Seq)
				r.Outcome, r.Code, r.Reason = runner.OK, "", ""
				switch {
				case tt.unknown > 0 && i%tt.unknown == 0:
					r.Outcome, r.Reason = runner.Unknown, "no answer"
				case tt.failed > 0 && i%tt.failed == 0:
					r.Outcome, r.Code, r.Reason = runner.Failed, "UserNotFoundException", "User does not exist."
				}
				if tt.long {
					r.Username = strings.Repeat("𝔘", 124) + fmt.Sprint(i%10_000)
				}
				if !yield(r, nil) {
					return
				}
			}
		}
		page := render(t, HTML, sampleRun(), results)
		if len(page) > 5_000_000 {
			t.Errorf("%s: %d bytes, want 5 MB at most", tt.name, len(page))
		}
		if !bytes.Contains(page, []byte(tt.want)) {
			said := regexp.MustCompile(`[0-9,]+ of 25,000 tasks:[^<]*`).Find(page)
			t.Errorf("%s: says %q, want %q", tt.name, said, tt.want)
		}
		if rows := bytes.Count(page, []byte("\n<tr><td>")); rows < tt.rows[0] || rows > tt.rows[1] {
			t.Errorf("%s: %d rows, want %d to %d", tt.name, rows, tt.rows[0], tt.rows[1])
		}
		if tt.failed == 2 && !tt.long {
			if unknown := bytes.Count(page, []byte("<td class=u>")); unknown != n/30 {
				t.Errorf("%s: %d unknown, want all %d", tt.name, unknown, n/30)
			}
		}
	}
}

// Those that are shown of a class are spread evenly over it.
func TestPicked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tasks := rapid.Int64Range(1, 3000).Draw(t, "tasks")
		c := class{tasks: tasks, shown: rapid.Int64Range(0, tasks).Draw(t, "shown")}
		got := int64(0)
		for n := range tasks {
			if c.picked(n) {
				got++
			}
			if even := float64(n+1) * float64(c.shown) / float64(tasks); float64(got) < even-1 || float64(got) > even+1 {
				t.Fatalf("of the first %d, %d are shown, want about %g", n+1, got, even)
			}
		}
		if got != c.shown {
			t.Errorf("%d are shown, want %d", got, c.shown)
		}
	})
}

// Every column of the other reports is in the table, but for when a task began,
// which its end and its duration tell.
func TestHTMLColumns(t *testing.T) {
	have := map[string]bool{"started_at": true, "code": true} // the code stands before the reason
	for _, c := range htmlColumns {
		have[c.name] = true
	}
	for _, c := range columns {
		if !have[c.name] {
			t.Errorf("column %s is not in the table", c.name)
		}
	}
	for i, cell := range htmlCells {
		if cell == nil {
			t.Errorf("column %s is in no other report", htmlColumns[i].name)
		}
	}
	if htmlColumns[userColumn].name != "username" || htmlColumns[outcomeColumn].name != "outcome" || htmlColumns[reasonColumn].name != "reason" || htmlColumns[requestColumn].name != "request_id" {
		t.Error("a column is not where it is said to be")
	}
}

func TestTrail(t *testing.T) {
	at := time.Date(2026, 3, 1, 9, 0, 2, 345e6, time.UTC)
	r := runner.Result{Action: jobs.Reset, RequestID: "x", StartedAt: at, FinishedAt: at.Add(700 * time.Millisecond)}
	const query = "#/events?EventName=AdminResetUserPassword&StartTime=2026-03-01T08:59:57Z&EndTime=2026-03-01T09:00:09Z"
	for region, want := range map[string]string{
		"us-west-2":     "https://console.aws.amazon.com/cloudtrailv2/home?region=us-west-2" + query,
		"us-gov-west-1": "https://console.amazonaws-us-gov.com/cloudtrailv2/home?region=us-gov-west-1" + query,
		"cn-north-1":    "https://console.amazonaws.cn/cloudtrailv2/home?region=cn-north-1" + query,
		"":              "", "evil.example/?": "", "us-west-2.evil": "",
	} {
		if got := trail(&Run{Region: region}, &r); got != want {
			t.Errorf("%s: got %s, want %s", region, got, want)
		}
	}
	if got := trail(&Run{Region: "us-west-2", Sandbox: true}, &r); got != "" {
		t.Errorf("in the sandbox: got %s, want none", got)
	}
}

// A page of a run that goes on, that has sent nothing, or of which nothing is
// known, is a page all the same.
func TestHTMLOfLittle(t *testing.T) {
	for _, run := range []Run{{}, {State: "planned", Tasks: 1}, {State: "running", Tasks: 1, Samples: []Sample{{At: time.Unix(1e9, 0)}}}} {
		for _, list := range [][]runner.Result{nil, {{Seq: 1, Username: "ana", Action: jobs.Reset}}} {
			if err := Write(io.Discard, HTML, run, sequence(list)); err != nil {
				t.Errorf("%+v: %v", run, err)
			}
		}
	}
}
