package main

import (
	"bytes"
	"cmp"
	"embed"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/template"

	"cogpass/report"
)

//go:embed stories
var storyFiles embed.FS

var storyTemplates = template.Must(template.ParseFS(storyFiles, "stories/*.yaml"))

// A story is a kind of job that init writes. Its template is in stories.
type story struct {
	name, about string
	sources     string // what --source may be
	source      string // where nothing is said; empty: it is to be filled in
}

// stories are what people come with.
var stories = []story{
	{"incident", "passwords have leaked: everyone has to choose a new one", "pool, group NAME, a list (.csv, .jsonl) or usernames", "pool"},
	{"onboarding", "new users get accounts and temporary passwords", "a list (.csv, .jsonl) or usernames", "new-users.csv"},
	{"rotation", "service users get new passwords every month", "group NAME, a list (.csv, .jsonl) or usernames", ""},
}

func storyOf(name string) (story, bool) {
	i := slices.IndexFunc(stories, func(s story) bool { return s.name == name })
	return stories[max(i, 0)], i >= 0
}

func storyNames() (names []string) {
	for _, s := range stories {
		names = append(names, s.name)
	}
	return names
}

// A draft is what is known of a job that is to be written.
type draft struct {
	story
	JobName   string
	PoolID    string // empty: to be filled in
	Source    string // as sources says; empty: to be filled in
	Recipient string // of sealed passwords; empty: to be filled in
	Out       string // the job file; empty: standard output
}

// text renders the job.
func (d *draft) text() (string, error) {
	users, err := d.users()
	if err != nil {
		return "", err
	}
	file := "JOB"
	if d.Out != "" {
		file = strings.TrimPrefix(report.Command(d.Out), "cogpass ")
	}
	pool := `# userPoolId: us-west-2_aaaaaaaaa    # to fill in; the Region is its first part`
	if d.PoolID != "" {
		pool = fmt.Sprintf("%-36s# the Region is its first part", "userPoolId: "+d.PoolID)
	}
	seal := "handoff: {age: [" + scalar(cmp.Or(d.Recipient, "TO-FILL-IN")) + "]}"
	var b bytes.Buffer
	err = storyTemplates.ExecuteTemplate(&b, d.name+".yaml", map[string]string{
		"File": file, "Name": d.JobName, "Pool": pool, "Users": users, "Seal": seal,
	})
	return b.String(), err
}

// users renders the source of users, as lines of a list.
func (d *draft) users() (string, error) {
	group, isGroup := strings.CutPrefix(d.Source+" ", "group ")
	group = strings.TrimSpace(group)
	switch {
	case !printable(d.Source):
		return "", usage("a source has control characters in it")
	case d.Source == "":
		return "  []                                # to fill in: usernames, or a list such as - csv: users.csv\n", nil
	case isGroup && group == "": // a variable that is not set
		return "", usage("--source group: it names no group: want %s", d.sources)
	case d.name == "onboarding" && (isGroup || d.Source == "pool"):
		return "", usage("--source %s: who is to be made is not in the pool yet: want %s", d.Source, d.sources)
	case d.name == "rotation" && d.Source == "pool":
		return "", usage("--source pool: this would give everybody a new password: want %s", d.sources)
	case d.Source == "pool":
		return "  - pool: {status: [CONFIRMED]}     # everyone in this state; external users have no password here\n", nil
	case isGroup:
		return "  - pool: {group: " + scalar(group) + ", status: [CONFIRMED]}\n", nil
	case isList(d.Source):
		return d.list()
	}
	var b strings.Builder
	for name := range strings.SplitSeq(d.Source, ",") {
		name = strings.TrimSpace(name)
		switch {
		case name == "":
		case d.name == "onboarding" && strings.Contains(name, "@"):
			fmt.Fprintf(&b, "  - {username: %s, attributes: {email: %[1]s}}\n", scalar(name))
		default:
			fmt.Fprintf(&b, "  - %s\n", scalar(name))
		}
	}
	if b.Len() == 0 {
		return "", usage("--source names nobody: want %s", d.sources)
	}
	return b.String(), nil
}

func isList(source string) bool {
	ext := strings.ToLower(filepath.Ext(source))
	return !strings.Contains(source, ",") && (ext == ".csv" || ext == ".jsonl")
}

// list renders a list of users. Its path is relative to the job file.
func (d *draft) list() (string, error) {
	path := d.Source
	if d.Out != "" && !filepath.IsAbs(path) {
		dir, err := filepath.Abs(filepath.Dir(d.Out))
		if err != nil {
			return "", err
		}
		from, err := filepath.Abs(path)
		if err != nil {
			return "", err
		}
		if path, err = filepath.Rel(dir, from); err != nil {
			path = from
		}
	}
	path = filepath.ToSlash(path)
	if strings.EqualFold(filepath.Ext(path), ".jsonl") {
		return "  - jsonl: " + scalar(path) + "\n", nil
	}
	columns := d.columns(header(d.Source))
	if columns == nil {
		return "  - csv: " + scalar(path) + "               # its header: username\n", nil
	}
	text := "  - csv: " + scalar(path) + "\n    columns:                        # which column of the file is what; others are not read\n"
	for _, c := range columns {
		text += "      " + c[0] + ": " + scalar(c[1]) + "\n"
	}
	return text, nil
}

// columns are what to read of a list with this header, or nil where it says so
// itself. Where there is no header to be seen, it is what the job expects.
func (d *draft) columns(header []string) (columns [][2]string) {
	find := func(names ...string) string {
		for _, name := range names {
			for _, column := range header {
				if strings.EqualFold(strings.TrimSpace(column), name) {
					return column
				}
			}
		}
		return ""
	}
	if header == nil {
		header = []string{"email"}
		if d.name != "onboarding" {
			return nil
		}
	}
	if len(header) == 1 && header[0] == "username" {
		return nil
	}
	columns = [][2]string{{"username", cmp.Or(find("username", "user", "login", "email", "e-mail", "mail"), header[0])}}
	if email := find("email", "e-mail", "mail"); email != "" && d.name == "onboarding" {
		columns = append(columns, [2]string{"attributes.email", email})
	}
	if name := find("name", "full name"); name != "" && d.name == "onboarding" {
		columns = append(columns, [2]string{"attributes.name", name})
	}
	return columns
}

// header is the first line of a list, where it can be read.
func header(path string) []string {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	text := make([]byte, 64<<10)
	n, _ := f.Read(text)
	line, _, _ := strings.Cut(strings.TrimPrefix(string(text[:n]), "\ufeff"), "\n")
	line, _, _ = strings.Cut(line, "\r")
	if !printable(line) || line == "" {
		return nil
	}
	var fields []string
	for field := range strings.SplitSeq(line, ",") {
		fields = append(fields, strings.Trim(strings.TrimSpace(field), `"`))
	}
	return fields
}

func printable(s string) bool { return report.Visible(s) == s }

var (
	plainScalar = regexp.MustCompile(`^([A-Za-z_]|\.{0,2}/)[A-Za-z0-9_./@+-]*$`)
	notString   = regexp.MustCompile(`(?i)^(y|n|yes|no|on|off|true|false|null)$`)
)

// scalar writes a text as a scalar of YAML: as it is, or quoted as in JSON.
func scalar(s string) string {
	if plainScalar.MatchString(s) && !notString.MatchString(s) {
		return s
	}
	var b bytes.Buffer
	quoted := json.NewEncoder(&b)
	quoted.SetEscapeHTML(false)
	_ = quoted.Encode(s) // a string can be
	return strings.TrimSpace(b.String())
}
