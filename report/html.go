package report

import (
	"bufio"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"strings"
	"time"

	"cogpass/runner"
)

//go:embed html/page.gohtml
var pageText string

//go:embed html/style.css
var pageStyle string

//go:embed html/script.js
var pageScript string

// A browser is told to run and to apply these two and nothing else, and to
// fetch nothing, so that nothing in a page can do anything but be read.
var pagePolicy = "default-src 'none'; style-src " + hashSource(pageStyle) + "; script-src " + hashSource(pageScript) + "; base-uri 'none'; form-action 'none'"

func hashSource(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// page is what the template shows.
type page struct {
	Run      *Run
	Policy   string
	Style    template.CSS
	Script   template.JS
	Outcomes []outcomeShare
	Charts   []chart
	Reasons  []reasonRow
	Skips    []reasonRow
	Facts    []fact
	Heads    []htmlHead

	survey  *survey
	results Results
	failed  error
	full    int64 // tasks that did not fit after all
}

type fact struct{ Name, Text string }

type htmlHead struct {
	Title, Name string
	Number      bool
}

// writeHTML reads the results twice: for what stands above the table, and for
// the table.
func writeHTML(out *bufio.Writer, run Run, results Results) error {
	s, err := surveyOf(&run, results)
	if err != nil {
		return err
	}
	pages, err := pageTemplate()
	if err != nil {
		return err
	}
	p := &page{
		Run: &run, Policy: pagePolicy, Style: template.CSS(pageStyle), Script: template.JS(pageScript),
		Outcomes: outcomeShares(&s.Summary), Facts: facts(&run, &s.Summary), survey: s, results: results,
	}
	a, known := timeAxis(s, run.Samples)
	p.Reasons, p.Skips = reasonRows(s.groups.Failures()), reasonRows(s.groups.skips())
	p.Charts = []chart{rateChart(&run, s, a, known), outcomeChart(s, a, known), latencyChart(s)}
	for i, c := range htmlColumns {
		if s.used[i] {
			p.Heads = append(p.Heads, htmlHead{c.title, c.name, c.number})
		}
	}
	err = pages.Execute(out, p)
	if p.failed != nil {
		return p.failed
	}
	return err
}

func pageTemplate() (*template.Template, error) {
	return template.New("page").Funcs(template.FuncMap{"number": Number, "prose": prose}).Parse(pageText)
}

// prose is a text of ours, in which commands and keys stand between backticks.
func prose(text string) template.HTML {
	parts := strings.Split(text, "`")
	for i := range parts {
		parts[i] = template.HTMLEscapeString(parts[i])
		if i%2 == 1 && i < len(parts)-1 {
			parts[i] = "<code>" + parts[i] + "</code>"
		}
	}
	return template.HTML(strings.Join(parts, ""))
}

// outcomeShare is how many tasks ended in one way.
type outcomeShare struct {
	Name  string
	Tasks int64
	Share string
	X, W  int // of the bar, of 1000
}

func outcomeShares(s *Summary) (shares []outcomeShare) {
	before := int64(0)
	for _, c := range s.outcomeCounts() {
		if c.n == 0 && (c.name == runner.Pending.String() || c.name == runner.Skipped.String()) {
			continue
		}
		x := 1000 * before / max(1, s.Tasks)
		before += c.n
		shares = append(shares, outcomeShare{c.name, c.n, share(c.n, s.Tasks), int(x), int(1000*before/max(1, s.Tasks) - x)})
	}
	return shares
}

// Title names the run.
func (p *page) Title() string {
	if p.Run.Name == "" {
		return "Report of a run"
	}
	return Visible(p.Run.Name)
}

// Redacted says that names are not those of the users.
func (p *page) Redacted() string {
	if !p.Run.Redacted {
		return ""
	}
	return "Users are shown as digests that begin with u-. Each user has one throughout this run; only who holds the run file can tell whose it is."
}

// Beside says how the steps beside the actions ended, in a line each.
func (p *page) Beside() (lines []string) {
	for _, step := range besides {
		if text := besideText(p.survey.Summary.Beside[step.step]); text != "" {
			lines = append(lines, step.words+": "+text)
		}
	}
	return lines
}

// Trail says what the links of the table are good for.
func (p *page) Trail() string {
	if !p.survey.linked {
		return ""
	}
	return "A link opens CloudTrail's event history in the AWS console, at events of that operation around that time, for 90 days. " +
		"The event history cannot be searched by request ID: the event's record has it as requestID, as does a trail that is queried in CloudTrail Lake or Athena."
}

// MoreReasons says how many reasons the page leaves out.
func (p *page) MoreReasons() string {
	if more := len(p.survey.groups.Failures()) - len(p.Reasons); more > 0 {
		return Number(int64(more)) + " more reasons have fewer tasks than these; the table below has them."
	}
	return ""
}

// Rows are those of the table.
func (p *page) Rows() any { return p.rows() }

// Shown says which tasks the table has.
func (p *page) Shown() string {
	s := p.survey
	if shown := s.shown(); shown < s.Tasks {
		wrong := s.classes[unknownClass].tasks + s.classes[failedClass].tasks
		wrongShown := s.classes[unknownClass].shown + s.classes[failedClass].shown
		text := fmt.Sprintf("%s of %s tasks: ", Number(shown), Number(s.Tasks))
		switch {
		case wrong == 0:
			text += "nothing went wrong, and this is a sample of them"
		case wrongShown == wrong:
			text += fmt.Sprintf("all %s that went wrong, and a sample of the rest", Number(wrong))
		default:
			text += fmt.Sprintf("%s of the %s that went wrong, those that are unknown first", Number(wrongShown), Number(wrong))
		}
		return text + ", spread evenly. Reports as CSV or JSON have them all."
	}
	if s.Tasks == 1 {
		return "The one task of the run."
	}
	return "All " + Number(s.Tasks) + " tasks of the run, in its order."
}

// Full says how many tasks of the table it does not have after all.
func (p *page) Full() string {
	if p.full == 0 {
		return ""
	}
	return tasks(p.full) + " more of these did not fit into the page."
}

func facts(run *Run, s *Summary) (all []fact) {
	add := func(name, text string) {
		if text != "" {
			all = append(all, fact{name, Visible(text)})
		}
	}
	add("Pool", joinKnown(" · ", run.PoolName, run.UserPoolID))
	add("Region", run.Region)
	add("Account", run.Account)
	add("Carried out as", run.Actor)
	add("Planned", textTime(run.CreatedAt))
	add("Started", textTime(run.StartedAt))
	add("Ended", textTime(run.FinishedAt))
	if run.FinishedAt.After(run.StartedAt) && !run.StartedAt.IsZero() {
		add("From start to end", textDuration(run.FinishedAt.Sub(run.StartedAt).Round(time.Millisecond)))
	}
	for _, c := range s.actionCounts() {
		if c.n > 0 {
			add("Tasks, "+c.name, Number(c.n))
		}
	}
	add("Requests for the actions", Number(s.Requests))
	add("Throttled", Number(s.Throttled))
	add("Rate asked for", textRate(run.AskedRate))
	if s.Rate() > 0 {
		add("Rate over the whole run", textRate(s.Rate()))
	}
	add("Plan digest", run.PlanDigest)
	add("Job digest", run.JobDigest)
	add("Made by", run.ToolVersion)
	return all
}

func joinKnown(between string, parts ...string) (text string) {
	for _, p := range parts {
		if p != "" && text != "" {
			text += between
		}
		text += p
	}
	return text
}
