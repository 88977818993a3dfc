package report

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cogpass/jobs"
	"cogpass/runner"
)

// pageFile writes a report for a browser to open.
func pageFile(t testing.TB, run Run, results Results) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(path, render(t, HTML, run, results), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// hostileResults have each hostile text in each field that takes one.
func hostileResults() (list []runner.Result) {
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	for i, name := range hostileNames {
		list = append(list, runner.Result{
			Seq: int64(i + 1), Username: name, Sub: name, Action: jobs.Reset, Outcome: runner.Outcome(1 + i%4), Attempts: 1, Code: name, Reason: name + name, RequestID: name,
			StartedAt: at, FinishedAt: at.Add(time.Second), StatusBefore: runner.Status(name), Source: name,
			Beside: []runner.StepResult{{Step: runner.SignOut, Outcome: runner.Failed, Code: name, Reason: name}},
		})
	}
	return list
}

// TestPageHostile looks at a page on which every text is hostile: nothing is
// run, fetched or said, and each name is shown as it is.
func TestPageHostile(t *testing.T) {
	b := openBrowser(t)
	run := sampleRun()
	run.Name, run.PoolName, run.Actor, run.StopReason, run.File = hostileNames[0], hostileNames[1], hostileNames[2], hostileNames[5], hostileNames[7]
	b.look(pageFile(t, run, sequence(hostileResults())), 1280, "light")
	for i, name := range hostileNames {
		if got, want := b.eval("document.getElementById('table').tBodies[0].rows[%d].cells[1].textContent", i), Visible(name); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	b.eval("document.querySelectorAll('thead button').forEach((b) => b.click())")
	for _, name := range hostileNames {
		b.eval("(() => { const s = document.getElementById('search'); s.value = %q; s.dispatchEvent(new Event('input')) })()", Visible(name))
	}
	if title := b.eval("document.title"); title != Visible(run.Name) {
		t.Errorf("the title has become %q", title)
	}
	if n := b.eval("document.querySelectorAll('script').length + document.querySelectorAll('style').length"); n != 2.0 {
		t.Errorf("%v scripts and styles, want 2", n)
	}
	if n := b.eval("document.querySelectorAll('img, iframe, object, embed, base, form, link, body h1:not(header h1), [onload], [onerror], [onfocus]').length"); n != 0.0 {
		t.Errorf("%v elements that no page has", n)
	}
	if len(b.said) > 0 {
		t.Errorf("the browser says: %s", strings.Join(b.said, "\n"))
	}
}

// shownRows are the first cells of those rows that are shown.
const shownRows = `Array.from(document.getElementById('table').tBodies[0].rows).filter((r) => !r.hidden).map((r) => r.cells[0].textContent).join(' ')`

// settled waits for what a page does a moment later.
const settled = `new Promise((done) => setTimeout(() => requestAnimationFrame(done), 0))`

// TestPageTable searches, filters and sorts, with the mouse and the keyboard.
func TestPageTable(t *testing.T) {
	b := openBrowser(t)
	b.look(pageFile(t, sampleRun(), sequence(sampleResults())), 1280, "light")
	shows := func(what, want string) {
		t.Helper()
		b.eval(settled)
		if got := b.eval(shownRows); got != want {
			t.Errorf("%s: rows %v, want %s", what, got, want)
		}
		if got, want := b.eval("document.getElementById('count').textContent"), fmt.Sprintf("%d of 7 rows", len(strings.Fields(want))); got != want {
			t.Errorf("%s: says %q, want %q", what, got, want)
		}
	}
	search := func(text string) {
		b.eval("(() => { const s = document.getElementById('search'); s.value = %q; s.dispatchEvent(new Event('input')) })()", text)
	}
	choose := func(id, value string) {
		b.eval("(() => { const s = document.getElementById('by-%s'); s.value = %q; s.dispatchEvent(new Event('change')) })()", id, value)
	}
	shows("at first", "1 2 3 4 5 6 7")
	search("NEW-hires exist")
	shows("search", "3")
	search("")
	choose("outcome", "failed")
	shows("outcome", "3 5")
	choose("action", "set-temporary")
	shows("and action", "")
	choose("outcome", "")
	shows("action", "1")
	choose("action", "")

	sorted := func(what, want string) {
		t.Helper()
		if got := b.eval("document.querySelector('[aria-sort=ascending], [aria-sort=descending]').textContent + ' ' + document.querySelectorAll('#table [aria-sort=none]').length"); got != want {
			t.Errorf("%s: sorted by %v, want %s", what, got, want)
		}
	}
	click := func(title string) {
		b.eval("Array.from(document.querySelectorAll('thead button')).find((b) => b.textContent === %q).click()", title)
	}
	others := int(b.eval("document.querySelectorAll('#table thead th').length").(float64)) - 1
	click("No.")
	shows("the other way round", "7 6 5 4 3 2 1")
	click("Took, ms")
	shows("by duration, those without one last", "1 3 5 2 4 6 7")
	sorted("by duration", fmt.Sprint("Took, ms ", others))
	b.eval("Array.from(document.querySelectorAll('thead button')).find((b) => b.textContent === 'No.').focus()")
	b.press("Enter", 13)
	shows("by number, with the keyboard", "1 2 3 4 5 6 7")
	b.press("Tab", 9)
	b.press("Enter", 13)
	sorted("with the keyboard", fmt.Sprint("User ", others))
	if len(b.said) > 0 {
		t.Errorf("the browser says: %s", strings.Join(b.said, "\n"))
	}
}

// A long table begins with few rows, and has them all when asked to, or on
// paper.
func TestPageOfMany(t *testing.T) {
	b := openBrowser(t)
	const count = "Array.from(document.querySelectorAll('#table tbody tr')).filter((r) => !r.hidden).length"
	path := pageFile(t, sampleRun(), generated(900))
	for what, do := range map[string]string{"asked": "document.getElementById('more').click()", "printed": "window.dispatchEvent(new Event('beforeprint'))"} {
		b.look(path, 1280, "light")
		if got, said := b.eval(count), b.eval("document.getElementById('count').textContent"); got != 500.0 || said != "900 of 900 rows, the first 500 shown" {
			t.Errorf("%v rows, want 500; it says %v", got, said)
		}
		b.eval("%s", do)
		if got := b.eval(count); got != 900.0 {
			t.Errorf("%s: %v rows, want 900", what, got)
		}
	}
}

// TestPageWithoutScript reads the table where scripts are off, and finds
// nothing that only they would make work.
func TestPageWithoutScript(t *testing.T) {
	b := openBrowser(t)
	b.call("Emulation.setScriptExecutionDisabled", object{"value": true}, nil)
	b.look(pageFile(t, sampleRun(), sequence(sampleResults())), 1280, "light")
	if got := b.eval(shownRows); got != "1 2 3 4 5 6 7" {
		t.Errorf("rows %v", got)
	}
	if n := b.eval("Array.from(document.querySelectorAll('button, input, select')).filter((e) => e.checkVisibility()).length"); n != 0.0 {
		t.Errorf("%v things to press or fill in", n)
	}
}

// TestPageAccessible has axe look at pages, wide and light, narrow and dark, with
// all that can be opened open.
func TestPageAccessible(t *testing.T) {
	path := os.Getenv("COGPASS_AXE")
	if path == "" {
		t.Skip("COGPASS_AXE names no axe.min.js")
	}
	axe, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b := openBrowser(t)
	run, results := incident()
	run.Tasks, results = 300, results[:300]
	pages := map[string]string{"an incident": pageFile(t, run, sequence(results)), "all kinds": pageFile(t, sampleRun(), sequence(append(sampleResults(), besideResults()...))),
		"nothing": pageFile(t, Run{}, sequence(nil)), "hostile": pageFile(t, sampleRun(), sequence(hostileResults()))}
	for name, page := range pages {
		for scheme, width := range map[string]int{"light": 1280, "dark": 390} {
			b.look(page, width, scheme)
			b.eval("document.querySelectorAll('details').forEach((d) => { d.open = true })")
			b.call("Runtime.evaluate", object{"expression": string(axe)}, nil)
			found := b.eval(`axe.run({resultTypes: ["violations"]}).then((r) => r.violations.map((v) => v.id + ": " + v.help + ": " + v.nodes.slice(0, 3).map((n) => n.html + " " + n.failureSummary).join(" | ")).join("\n"))`)
			if found != "" {
				t.Errorf("%s, %d wide, %s: %v", name, width, scheme, found)
			}
			if wide := b.eval("document.documentElement.scrollWidth"); wide != float64(width) {
				t.Errorf("%s: %v wide in a window of %d", name, wide, width)
			}
			if len(b.said) > 0 {
				t.Errorf("%s: the browser says: %s", name, strings.Join(b.said, "\n"))
			}
		}
	}
}
