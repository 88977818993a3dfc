package report

import (
	"html/template"
	"iter"
	"strconv"
	"strings"

	"cogpass/runner"
)

// htmlColumns is the table of the HTML report: which columns it has, in which
// order, and what they are called there. Those that are not always there are
// left out where nothing is in them.
var htmlColumns = [...]struct {
	name, title string
	always      bool
	number      bool
	zero        bool // 0 is nothing
}{
	{name: "seq", title: "No.", always: true, number: true},
	{name: "username", title: "User", always: true},
	{name: "action", title: "Action", always: true},
	{name: "outcome", title: "Outcome", always: true},
	{name: "reason", title: "Why"}, // and the code
	{name: "attempts", title: "Tries", number: true, zero: true},
	{name: "throttled", title: "Throttled", number: true, zero: true},
	{name: "finished_at", title: "Finished (UTC)"},
	{name: "duration_ms", title: "Took, ms", number: true},
	{name: "status_before", title: "Status before"},
	{name: "created", title: "Created"},
	{name: "sign_out", title: "Sign-out"},
	{name: "check", title: "Check"},
	{name: "handoff", title: "Hand-off"},
	{name: "expires_at", title: "Password expires (UTC)"},
	{name: "sub", title: "Sub"},
	{name: "source", title: "Source"},
	{name: "request_id", title: "Request, in CloudTrail"},
}

// htmlCells are what the columns say of a task.
var htmlCells = func() (cells [len(htmlColumns)]func(*runner.Result) cell) {
	for i := range htmlColumns {
		for _, c := range columns {
			if c.name == htmlColumns[i].name {
				cells[i] = c.cell
			}
		}
	}
	cells[reasonColumn] = func(r *runner.Result) cell { return words(whyText(r)) }
	return cells
}()

const (
	userColumn    = 1
	outcomeColumn = 3
	reasonColumn  = 4
	requestColumn = len(htmlColumns) - 1
)

// htmlCell is one field of the table. It is text, whatever is in it.
type htmlCell struct {
	Text string
	Tag  template.HTMLAttr // of the cell
	User bool              // it names the row
	Link string
}

type htmlRow struct {
	cells [len(htmlColumns)]htmlCell
	shown []htmlCell
}

// fill makes the row of a task. Where used is given, shown are the cells of
// those columns.
func (row *htmlRow) fill(run *Run, r *runner.Result, used *[len(htmlColumns)]bool) {
	for i := range row.cells {
		c := &row.cells[i]
		*c = htmlCell{User: i == userColumn}
		switch v := htmlCells[i](r); v.kind {
		case textCell:
			c.Text = shortened(Visible(v.text))
		case numberCell:
			c.Text, c.Tag = strconv.FormatInt(v.number, 10), numberTag
		case timeCell:
			c.Text = v.time.Format("2006-01-02 15:04:05.000")
		}
	}
	row.cells[0].Tag = "" // its style goes by its place, as that of the reason
	row.cells[outcomeColumn].Tag = outcomeTags[min(int(r.Outcome), len(outcomeTags)-1)]
	row.cells[requestColumn].Link = trail(run, r)
	row.shown = row.shown[:0]
	for i := range row.cells {
		if used != nil && used[i] {
			row.shown = append(row.shown, row.cells[i])
		}
	}
}

const numberTag = template.HTMLAttr(" class=n")

var outcomeTags = [...]template.HTMLAttr{
	runner.Pending: " class=p", runner.OK: " class=k", runner.Failed: " class=f", runner.Skipped: " class=s", runner.Unknown: " class=u",
}

// maxText bounds a field. Nothing that cogpass makes is as long.
const maxText = 2000

func shortened(text string) string {
	if len(text) <= maxText {
		return text
	}
	cut := maxText
	for cut > 0 && text[cut]&0xc0 == 0x80 {
		cut--
	}
	return text[:cut] + "…"
}

// size is how many bytes the row takes, without those of its cells in which
// there is nothing.
func (row *htmlRow) size() int64 {
	n := len("<tr>\n")
	for i := range row.cells {
		c := &row.cells[i]
		if c.Text == "" {
			continue
		}
		n += len("<td>") + len(c.Tag) + escapedLen(c.Text)
		if c.User {
			n += len(" scope=row")
		}
		if c.Link != "" {
			n += len(`<a rel=noreferrer href=""></a>`) + escapedLen(c.Link)
		}
	}
	return int64(n)
}

// escapedLen is the length of a text in HTML.
func escapedLen(text string) int {
	n := len(text)
	for _, c := range []byte(text) {
		if strings.IndexByte(`&<>"'+`, c) >= 0 {
			n += len("&#39;") - 1
		}
	}
	return n
}

// rows are those tasks that are shown, in order. It stops at the first error,
// which it keeps.
func (p *page) rows() iter.Seq[[]htmlCell] {
	return func(yield func([]htmlCell) bool) {
		var row htmlRow
		var seen [restClass + 1]int64
		room := int64(maxBytes) + slackBytes
		for r, err := range p.results {
			if err != nil {
				p.failed = err
				return
			}
			class := classOf(&r)
			picked := p.survey.classes[class].picked(seen[class])
			seen[class]++
			if !picked {
				continue
			}
			row.fill(p.Run, &r, &p.survey.used)
			if room -= row.size(); room < 0 && p.survey.Tasks > maxRows {
				p.full++
				continue
			}
			if !yield(row.shown) {
				return
			}
		}
	}
}
