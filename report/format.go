package report

import (
	"bufio"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Format is a kind of report. The zero value is none.
type Format string

// The formats that code has to name.
const (
	JSON  Format = "json"  // one object: run, summary, results
	JSONL Format = "jsonl" // a result a line
	CSV   Format = "csv"   // a header, and a result a row
	HTML  Format = "html"  // a page to look at and to search, which loads nothing
	Text  Format = "text"  // for people: the summary, and the tasks that failed, are unknown or were skipped
)

// form is what is known of a format.
type form struct {
	Format
	extensions []string // of its files; the first is the usual one
	write      func(out *bufio.Writer, run Run, results Results) error
}

// forms is the table of formats: another one is an entry here, and a file that
// writes it.
var forms = [...]form{
	{JSON, []string{".json"}, writeJSON},
	{JSONL, []string{".jsonl"}, writeJSONL},
	{CSV, []string{".csv"}, writeCSV},
	{HTML, []string{".html", ".htm"}, writeHTML},
	{Text, []string{".txt", ".text"}, writeText},
}

// Formats returns all formats, in the order in which they are shown.
func Formats() []Format {
	var all []Format
	for _, f := range forms {
		all = append(all, f.Format)
	}
	return all
}

// FormatNames lists the formats for a help text: "json, jsonl, csv, html or text".
func FormatNames() string {
	var names []string
	for _, f := range forms {
		names = append(names, string(f.Format))
	}
	return either(names)
}

// Extensions returns those that a report's path may end in, with their dots.
func Extensions() []string {
	var all []string
	for _, f := range forms {
		all = append(all, f.extensions...)
	}
	return all
}

func (f Format) known() (form, error) {
	for _, known := range forms {
		if known.Format == f {
			return known, nil
		}
	}
	return form{}, fmt.Errorf("unknown report format %q: use %s", string(f), FormatNames())
}

// ParseFormat returns the format of that name.
func ParseFormat(name string) (Format, error) {
	known, err := Format(name).known()
	return known.Format, err
}

// FormatOf returns the format that the extension of a path asks for, in lower
// case or not. Its error does not show the path.
func FormatOf(path string) (Format, error) {
	ext := strings.ToLower(filepath.Ext(path))
	for _, f := range forms {
		if slices.Contains(f.extensions, ext) {
			return f.Format, nil
		}
	}
	var usual []string
	for _, f := range forms {
		usual = append(usual, f.extensions[0])
	}
	return "", fmt.Errorf("the name of a report ends in %s: that says its format", either(usual))
}

// CheckPath says what is wrong with the path of a report, as a job or a flag
// has it. The error does not show the path.
func CheckPath(path string) error {
	if _, err := FormatOf(path); err != nil {
		return err
	}
	_, err := ExpandPath(path, "name", "pool", time.Time{})
	return err
}

// either writes a list as "a, b or c".
func either(words []string) string {
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
