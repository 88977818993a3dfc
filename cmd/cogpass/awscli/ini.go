package awscli

import (
	"fmt"
	"os"
	"strings"
	"unicode/utf8"
)

// readINI reads a shared config file into its sections, as Python's
// configparser does. A file that is not there is empty.
func readINI(path string) (map[string]map[string]string, error) {
	path = expandHome(expandVariables(path))
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return nil, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, generalf("reading the config file: %v", err)
	}
	if !utf8.Valid(data) {
		return nil, generalf("unable to parse config file: %s: it is not UTF-8", path)
	}
	r := &iniReader{sections: map[string]map[string]string{}}
	for i, line := range strings.Split(strings.ReplaceAll(string(data), "\r\n", "\n"), "\n") {
		if err := r.line(line); err != nil {
			return nil, generalf("unable to parse config file: %s:%d: %v", path, i+1, err)
		}
	}
	return r.sections, nil
}

type iniReader struct {
	sections map[string]map[string]string
	section  map[string]string
	option   string // the one that an indented line goes on with
	indent   int    // of that option's line
}

func (r *iniReader) line(line string) error {
	text := strings.TrimSpace(line)
	if text == "" || text[0] == '#' || text[0] == ';' {
		return nil
	}
	indent := len(line) - len(strings.TrimLeftFunc(line, isSpace))
	if r.section != nil && r.option != "" && indent > r.indent {
		r.section[r.option] += "\n" + text
		return nil
	}
	r.indent = indent
	if end := strings.LastIndexByte(text, ']'); text[0] == '[' && end > 1 {
		name := text[1:end]
		if _, twice := r.sections[name]; twice {
			return fmt.Errorf("section [%s] is there twice", name)
		}
		r.section, r.option = map[string]string{}, ""
		r.sections[name] = r.section
		return nil
	}
	if r.section == nil {
		return fmt.Errorf("no section before it")
	}
	i := strings.IndexAny(text, "=:")
	if i < 1 {
		return fmt.Errorf("neither a section nor a setting")
	}
	name := strings.ToLower(strings.TrimSpace(text[:i]))
	if _, twice := r.section[name]; twice {
		return fmt.Errorf("setting %s is there twice", name)
	}
	r.section[name], r.option = strings.TrimSpace(text[i+1:]), name
	return nil
}
