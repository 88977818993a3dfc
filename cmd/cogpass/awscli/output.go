package awscli

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"cogpass/cmd/cogpass/awscli/pyval"
	"cogpass/cmd/cogpass/awscli/query"
)

// show prints an answer in the format that is asked for, after the query.
func (c *invocation) show(answer any) error {
	format := c.globals.output
	if format == "" {
		format = c.settings.output()
	}
	print, known := formats[format]
	if !known {
		return generalf("unknown output type: %s", format)
	}
	if c.globals.query != nil {
		var err error
		if answer, err = c.globals.query.Search(answer); err != nil {
			return generalf("--query: %v", err)
		}
		if query.HoldsExpression(answer) {
			return generalf("--query: there is an expression in the result")
		}
	}
	out := bufio.NewWriter(c.streams.Out)
	if err := print(out, string(c.op.api), answer); err != nil {
		return err
	}
	return out.Flush()
}

// A format prints a value; the name is the operation's.
type format func(w io.Writer, name string, v any) error

var formats = map[string]format{
	"json": printJSON, "text": printText, "table": printTable, "yaml": printYAML, "yaml-stream": printYAMLStream,
}

// isNothing reports whether a value is an empty answer, of which nothing is
// printed.
func isNothing(v any) bool {
	m, ok := v.(*pyval.Map)
	return ok && m.Len() == 0
}

func printJSON(w io.Writer, _ string, v any) error {
	if isNothing(v) {
		return nil
	}
	_, err := fmt.Fprintln(w, pyval.Indented(v))
	return err
}

// printText writes lines of values between tabs, those of an object in the
// order of their keys, with the upper-case name of the object they are in.
func printText(w io.Writer, _ string, v any) error {
	textOf(w, v, nil, nil)
	return nil
}

func isContainer(v any) bool {
	switch v.(type) {
	case []any, *pyval.Map:
		return true
	}
	return false
}

// textOf writes a value. columns, where not nil, are the keys whose values an
// object's line has, so that the lines of a list line up.
func textOf(w io.Writer, v any, name *string, columns []string) {
	switch v := v.(type) {
	case *pyval.Map:
		textOfMap(w, v, name, columns)
	case []any:
		textOfList(w, v, name)
	default:
		fmt.Fprintln(w, pyval.Str(v))
	}
}

func textOfList(w io.Writer, list []any, name *string) {
	isMap := func(v any) bool { _, ok := v.(*pyval.Map); return ok }
	switch {
	case len(list) == 0:
	case slices.ContainsFunc(list, isMap):
		columns := []string{}
		for _, e := range list {
			if m, ok := e.(*pyval.Map); ok {
				scalars, _ := splitKeys(m)
				columns = append(columns, scalars...)
			}
		}
		slices.Sort(columns)
		columns = slices.Compact(columns)
		for _, e := range list {
			textOf(w, e, name, columns)
		}
	default:
		var scalars, others []any
		for _, e := range list {
			if isContainer(e) {
				others = append(others, e)
			} else {
				scalars = append(scalars, e)
			}
		}
		textOfScalars(w, scalars, name)
		for _, e := range others {
			textOf(w, e, name, nil)
		}
	}
}

func textOfScalars(w io.Writer, scalars []any, name *string) {
	if len(scalars) == 0 {
		return
	}
	fields := make([]string, len(scalars))
	for i, s := range scalars {
		fields[i] = pyval.Str(s)
	}
	if name == nil {
		fmt.Fprintln(w, strings.Join(fields, "\t"))
		return
	}
	for _, f := range fields {
		fmt.Fprintf(w, "%s\t%s\n", strings.ToUpper(*name), f)
	}
}

func textOfMap(w io.Writer, m *pyval.Map, name *string, columns []string) {
	scalars, others := splitKeys(m)
	if columns != nil {
		others = slices.DeleteFunc(sortedKeys(m), func(k string) bool { return slices.Contains(columns, k) })
		scalars = columns
	}
	var fields []string
	for _, k := range scalars {
		v, there := m.Get(k)
		if !there {
			v = ""
		}
		fields = append(fields, pyval.Str(v))
	}
	if fields != nil && name != nil {
		fields = slices.Insert(fields, 0, strings.ToUpper(*name))
	}
	if fields != nil {
		fmt.Fprintln(w, strings.Join(fields, "\t"))
	}
	for _, k := range others {
		v, _ := m.Get(k)
		textOf(w, v, &k, nil)
	}
}

func sortedKeys(m *pyval.Map) []string {
	keys := make([]string, 0, m.Len())
	for _, k := range m.Keys() {
		keys = append(keys, pyval.Str(k))
	}
	slices.Sort(keys)
	return keys
}

// splitKeys returns the keys of scalars and of containers, each in order.
func splitKeys(m *pyval.Map) (scalars, containers []string) {
	for _, k := range sortedKeys(m) {
		if v, _ := m.Get(k); isContainer(v) {
			containers = append(containers, k)
		} else {
			scalars = append(scalars, k)
		}
	}
	return scalars, containers
}
