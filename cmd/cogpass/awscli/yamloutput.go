package awscli

import (
	"fmt"
	"io"
	"strings"

	"cogpass/cmd/cogpass/awscli/pyval"
)

func printYAML(w io.Writer, _ string, v any) error {
	if isNothing(v) {
		return nil
	}
	if !isContainer(v) {
		_, err := fmt.Fprintln(w, pyval.Indented(v))
		return err
	}
	blockYAML(w, v, 0, false)
	return nil
}

func printYAMLStream(w io.Writer, name string, v any) error {
	if isNothing(v) {
		return nil
	}
	return printYAML(w, name, []any{v})
}

// blockYAML writes a container in block style. inline is that its first line
// goes on a line that is begun.
func blockYAML(w io.Writer, v any, indent int, inline bool) {
	pad := func() {
		if !inline {
			io.WriteString(w, strings.Repeat(" ", indent))
		}
		inline = false
	}
	switch v := v.(type) {
	case []any:
		if len(v) == 0 {
			fmt.Fprintln(w, "[]")
		}
		for _, e := range v {
			pad()
			io.WriteString(w, "- ")
			yamlMember(w, e, indent+2, true)
		}
	case *pyval.Map:
		if v.Len() == 0 {
			fmt.Fprintln(w, "{}")
		}
		for _, k := range sortedKeys(v) {
			pad()
			e, _ := v.Get(k)
			io.WriteString(w, yamlScalar(k)+":")
			yamlMember(w, e, indent, false)
		}
	}
}

// yamlMember writes what follows "- " or "key:".
func yamlMember(w io.Writer, v any, indent int, inList bool) {
	nested := false
	switch c := v.(type) {
	case []any:
		nested = len(c) > 0
	case *pyval.Map:
		nested = c.Len() > 0
	}
	switch {
	case nested && inList:
		blockYAML(w, v, indent, true)
	case nested:
		io.WriteString(w, "\n")
		if _, isMap := v.(*pyval.Map); isMap {
			indent += 2
		}
		blockYAML(w, v, indent, false)
	default:
		if !inList {
			io.WriteString(w, " ")
		}
		if isContainer(v) {
			blockYAML(w, v, 0, true)
			return
		}
		fmt.Fprintln(w, yamlScalar(v))
	}
}

func yamlScalar(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case float64:
		return yamlFloatOf(v)
	case string:
		return yamlText(v)
	}
	return strings.ToLower(pyval.Str(v))
}

func yamlFloatOf(f float64) string {
	switch s := pyval.FormatFloat(f); s {
	case "nan":
		return ".nan"
	case "inf", "Inf":
		return ".inf"
	case "-inf", "-Inf":
		return "-.inf"
	default:
		if strings.Contains(s, "e") && !strings.Contains(s, ".") {
			return strings.Replace(s, "e", ".0e", 1)
		}
		return s
	}
}

// yamlText writes a string plain where it reads back as the same string, else
// in single quotes, or in double quotes where it has control characters.
func yamlText(s string) string {
	plain := s != "" && !strings.ContainsAny(s[:1], "-?:,[]{}#&*!|>'\"%@` ") || startsPlain(s)
	reader := &yamlReader{}
	switch {
	case strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\n' || r == 0x7F || r == 0xFEFF }):
		return pyval.Indented(s)
	case strings.Contains(s, "\n"):
		return "'" + strings.ReplaceAll(strings.ReplaceAll(s, "'", "''"), "\n", "\n\n") + "'"
	case plain && reader.implicit(s) == "!!str" && !strings.Contains(s, ": ") && !strings.Contains(s, " #") &&
		!strings.HasSuffix(s, ":") && !strings.HasSuffix(s, " "):
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}

// startsPlain reports whether a string that begins with an indicator can be
// plain all the same: one that no space follows.
func startsPlain(s string) bool {
	return len(s) > 1 && strings.ContainsAny(s[:1], "-?:") && s[1] != ' '
}
