package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// newMan is hidden: a release calls it. The pages are written here rather than
// by cobra/doc, which knows neither exit codes nor groups, and brings two more
// modules.
func newMan() *cobra.Command {
	return &cobra.Command{
		Use: "man DIR", Short: "Write the man pages of all commands into a folder", Hidden: true,
		Example: "  cogpass man /usr/local/share/man/man1",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return err
			}
			for _, c := range append(cmd.Root().Commands(), cmd.Root()) {
				if c.Hidden {
					continue
				}
				path := filepath.Join(args[0], pageName(c)+".1")
				if err := os.WriteFile(path, []byte(manualOf(c).roff(thisBuild())), 0o644); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

func pageName(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

// roff returns the man page.
func (m manual) roff(b build) string {
	var r roffText
	name, day := pageName(m.Command), b.Time
	if len(day) > len("2006-01-02") {
		day = day[:len("2006-01-02")]
	}
	r.line(`.TH %s 1 "%s" "cogpass %s" "cogpass manual"`, quoted(strings.ToUpper(name)), roffEscape(day), roffEscape(b.Version))
	r.line(".nh\n.ad l\n.SH NAME\n%s \\- %s", roffEscape(name), roffEscape(m.Command.Short))
	if isAWS(m.Command) {
		_, text, _ := strings.Cut(m.Long, "\n") // its first line is the name
		r.line(".SH DESCRIPTION")
		r.prose(text)
	} else {
		r.line(".SH SYNOPSIS\n.B %s", roffEscape(m.usage()))
		r.line(".SH DESCRIPTION")
		r.prose(m.Long)
		r.commands(m)
		r.options(m)
		r.line(".SH EXAMPLES")
		r.verbatim(strings.Split(strings.Trim(m.Command.Example, "\n"), "\n"))
		r.line(".SH EXIT STATUS")
		for _, e := range m.Exits {
			r.line(".TP\n.B %d\n%s", e.Code, roffEscape(e.Meaning))
		}
	}
	r.line(".SH SEE ALSO")
	if m.Command.HasParent() {
		r.line(".BR cogpass (1)")
	} else {
		r.line("The files of the documentation, beside the program or in its package's folder.")
	}
	return r.String()
}

type roffText struct{ strings.Builder }

func (r *roffText) line(format string, args ...any) { fmt.Fprintf(r, format+"\n", args...) }

// prose writes paragraphs. Lines that are indented stay as they are.
func (r *roffText) prose(text string) {
	var block []string
	flush := func() {
		if len(block) > 0 {
			r.verbatim(block)
		}
		block = nil
	}
	begun := false // of a paragraph
	for line := range strings.Lines(strings.Trim(text, "\n")) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(line, " "):
			block, begun = append(block, line), false
		case line == "":
			flush()
			begun = false
		default:
			flush()
			if !begun {
				r.line(".PP")
			}
			begun = true
			r.line("%s", roffEscape(line))
		}
	}
	flush()
}

func (r *roffText) verbatim(lines []string) {
	r.line(".PP\n.EX")
	for _, line := range lines {
		r.line("%s", roffEscape(line))
	}
	r.line(".EE")
}

func (r *roffText) commands(m manual) {
	if !m.Command.HasSubCommands() {
		return
	}
	r.line(".SH COMMANDS")
	titles, groups := m.commands()
	for i, title := range titles {
		r.line(".SS %s", quoted(title))
		for _, c := range groups[i] {
			r.line(".TP\n.BR %s (1)\n%s", roffEscape(pageName(c)), roffEscape(c.Short))
		}
	}
}

func (r *roffText) options(m manual) {
	r.line(".SH OPTIONS")
	titles, groups := m.flags()
	for i, title := range titles {
		if len(titles) > 1 {
			r.line(".SS %s", quoted(title))
		}
		groups[i].VisitAll(func(f *pflag.Flag) {
			value, usage := pflag.UnquoteUsage(f)
			short := ""
			if f.Shorthand != "" {
				short = `\fB\-` + f.Shorthand + `\fR, `
			}
			if value != "" {
				value = ` \fI` + roffEscape(value) + `\fR`
			}
			r.line(".TP\n%s\\fB\\-\\-%s\\fR%s\n%s", short, roffEscape(f.Name), value, roffEscape(usage+defaultOf(f)))
		})
	}
}

// defaultOf says what a flag is unless given, where that is something.
func defaultOf(f *pflag.Flag) string {
	switch f.DefValue {
	case "", "0", "0s", "false", "[]":
		return ""
	}
	return " (default " + f.DefValue + ")"
}

func quoted(text string) string { return `"` + roffEscape(text) + `"` }

// roffEscape returns text that roff prints as it is, in ASCII.
func roffEscape(text string) string {
	var b strings.Builder
	for i, c := range text {
		switch {
		case c == '\\':
			b.WriteString(`\e`)
		case c == '-':
			b.WriteString(`\-`)
		case c == '"':
			b.WriteString(`\(dq`)
		case c == '`':
			b.WriteString(`\(ga`)
		case c == '^':
			b.WriteString(`\(ha`)
		case c == '~':
			b.WriteString(`\(ti`)
		case c == '\'' && i > 0:
			b.WriteString(`\(aq`)
		case i == 0 && (c == '.' || c == '\''):
			b.WriteString(`\&` + string(c))
		case c > 126:
			fmt.Fprintf(&b, `\[u%04X]`, c)
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}
