package query

import (
	"fmt"
	"math/big"
	"slices"
	"strings"

	"cogpass/cmd/cogpass/awscli/pyval"
)

// fault is the error of a query that cannot be answered.
type fault string

func (f fault) Error() string { return string(f) }

// A function's parameters are the types each may have, of which "array-" and
// a type is an array of that; none is any. The last of a variadic function
// stands for those that follow.
type function struct {
	params   []string
	variadic bool
	do       func(args []any) (any, error)
}

var functions map[string]function

func init() { // by init, for map and the like evaluate expressions, which call functions
	functions = map[string]function{
		"abs":         {[]string{"number"}, false, abs},
		"avg":         {[]string{"array-number"}, false, average},
		"ceil":        {[]string{"number"}, false, func(a []any) (any, error) { return rounded(a[0], 1) }},
		"contains":    {[]string{"array string", ""}, false, contains},
		"ends_with":   {[]string{"string", "string"}, false, func(a []any) (any, error) { return strings.HasSuffix(a[0].(string), a[1].(string)), nil }},
		"floor":       {[]string{"number"}, false, func(a []any) (any, error) { return rounded(a[0], -1) }},
		"join":        {[]string{"string", "array-string"}, false, join},
		"keys":        {[]string{"object"}, false, func(a []any) (any, error) { return slices.Clone(a[0].(*pyval.Map).Keys()), nil }},
		"length":      {[]string{"string array object"}, false, func(a []any) (any, error) { return length(a[0]), nil }},
		"map":         {[]string{"expression", "array"}, false, mapped},
		"max":         {[]string{"array-number array-string"}, false, func(a []any) (any, error) { return extreme(a[0].([]any), a[0].([]any), 1), nil }},
		"max_by":      {[]string{"array", "expression"}, false, func(a []any) (any, error) { return extremeBy(a, 1) }},
		"merge":       {[]string{"object"}, true, merge},
		"min":         {[]string{"array-number array-string"}, false, func(a []any) (any, error) { return extreme(a[0].([]any), a[0].([]any), -1), nil }},
		"min_by":      {[]string{"array", "expression"}, false, func(a []any) (any, error) { return extremeBy(a, -1) }},
		"not_null":    {[]string{""}, true, notNull},
		"reverse":     {[]string{"array string"}, false, reverse},
		"sort":        {[]string{"array-string array-number"}, false, func(a []any) (any, error) { return sorted(a[0].([]any), a[0].([]any)), nil }},
		"sort_by":     {[]string{"array", "expression"}, false, sortBy},
		"starts_with": {[]string{"string", "string"}, false, func(a []any) (any, error) { return strings.HasPrefix(a[0].(string), a[1].(string)), nil }},
		"sum":         {[]string{"array-number"}, false, func(a []any) (any, error) { return sum(a[0].([]any)), nil }},
		"to_array":    {[]string{""}, false, toArray},
		"to_number":   {[]string{""}, false, toNumber},
		"to_string":   {[]string{""}, false, toString},
		"type":        {[]string{""}, false, typeOf},
		"values":      {[]string{"object"}, false, func(a []any) (any, error) { return valuesOf(a[0].(*pyval.Map)), nil }},
	}
}

func (n call) eval(v any) (any, error) {
	args := make([]any, len(n.args))
	for i, arg := range n.args {
		result, err := arg.eval(v)
		if err != nil {
			return nil, err
		}
		args[i] = result
	}
	f, ok := functions[n.name]
	switch {
	case !ok:
		return nil, fault("unknown function: " + n.name + "()")
	case len(args) < len(f.params), len(args) > len(f.params) && !f.variadic:
		return nil, fault(fmt.Sprintf("%s() takes %d arguments, not %d", n.name, len(f.params), len(args)))
	}
	for i, types := range f.params {
		if !accepts(types, args[i]) {
			return nil, fault(fmt.Sprintf("%s() does not take this type of value: %s", n.name, typeName(args[i])))
		}
	}
	if f.variadic && f.params[0] != "" {
		for _, arg := range args {
			if !accepts(f.params[0], arg) {
				return nil, fault(n.name + "() does not take this type of value: " + typeName(arg))
			}
		}
	}
	return f.do(args)
}

// accepts reports whether a value is of one of the types; an array of a type
// is one whose members all are.
func accepts(types string, v any) bool {
	if types == "" {
		return true
	}
	for _, t := range strings.Fields(types) {
		outer, inner, of := strings.Cut(t, "-")
		if typeName(v) != outer {
			continue
		}
		if !of || !slices.ContainsFunc(v.([]any), func(e any) bool { return typeName(e) != inner }) {
			return true
		}
	}
	return false
}

func typeName(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case []any:
		return "array"
	case *pyval.Map:
		return "object"
	case reference:
		return "expression"
	}
	return "number"
}

func typeOf(args []any) (any, error) {
	if _, is := args[0].(reference); is {
		return nil, nil
	}
	return typeName(args[0]), nil
}

func valuesOf(m *pyval.Map) []any {
	list := make([]any, 0, m.Len())
	for _, k := range m.Keys() {
		v, _ := m.Get(k)
		list = append(list, v)
	}
	return list
}

func length(v any) any {
	n := 0
	switch v := v.(type) {
	case string:
		n = len(pyval.Runes(v))
	case []any:
		n = len(v)
	case *pyval.Map:
		n = v.Len()
	}
	return pyval.Int(fmt.Sprint(n))
}

func contains(args []any) (any, error) {
	if s, ok := args[0].(string); ok {
		part, ok := args[1].(string)
		if !ok {
			return nil, fault("contains(): only a string can be in a string")
		}
		return strings.Contains(s, part), nil
	}
	return slices.ContainsFunc(args[0].([]any), func(e any) bool { return same(e, args[1]) }), nil
}

func join(args []any) (any, error) {
	parts := []string{}
	for _, e := range args[1].([]any) {
		parts = append(parts, e.(string))
	}
	return strings.Join(parts, args[0].(string)), nil
}

func mapped(args []any) (any, error) { return results(args[0], args[1]) }

// results evaluates an expression for each member of an array.
func results(expression, array any) ([]any, error) {
	list := []any{}
	for _, e := range array.([]any) {
		result, err := expression.(reference).to.eval(e)
		if err != nil {
			return nil, err
		}
		list = append(list, result)
	}
	return list, nil
}

func merge(args []any) (any, error) {
	merged := &pyval.Map{}
	for _, arg := range args {
		m := arg.(*pyval.Map)
		for _, k := range m.Keys() {
			v, _ := m.Get(k)
			merged.Set(k, v)
		}
	}
	return merged, nil
}

func notNull(args []any) (any, error) {
	for _, arg := range args {
		if arg != nil {
			return arg, nil
		}
	}
	return nil, nil
}

func reverse(args []any) (any, error) {
	if s, ok := args[0].(string); ok {
		runes := pyval.Runes(s)
		slices.Reverse(runes)
		return pyval.Text(runes), nil
	}
	list := slices.Clone(args[0].([]any))
	slices.Reverse(list)
	return list, nil
}

// sorted returns a list in the order of its keys.
func sorted(list, keys []any) []any {
	order := make([]int, len(list))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return compare(keys[a], keys[b]) })
	out := make([]any, len(list))
	for i, at := range order {
		out[i] = list[at]
	}
	return out
}

// extreme returns the first of the greatest (sign 1) or least (-1) by key.
func extreme(list, keys []any, sign int) any {
	if len(list) == 0 {
		return nil
	}
	best := 0
	for i := range keys {
		if sign*compare(keys[i], keys[best]) > 0 {
			best = i
		}
	}
	return list[best]
}

// sortKeys are the results of an expression, all numbers or all strings.
func sortKeys(args []any) ([]any, error) {
	keys, err := results(args[1], args[0])
	if err != nil {
		return nil, err
	}
	for _, k := range keys {
		if !ordered(k) || isText(k) != isText(keys[0]) {
			return nil, fault("the values to order by have to be all numbers or all strings")
		}
	}
	return keys, nil
}

func sortBy(args []any) (any, error) {
	keys, err := sortKeys(args)
	if err != nil {
		return nil, err
	}
	return sorted(args[0].([]any), keys), nil
}

func extremeBy(args []any, sign int) (any, error) {
	keys, err := sortKeys(args)
	if err != nil {
		return nil, err
	}
	return extreme(args[0].([]any), keys, sign), nil
}

func toArray(args []any) (any, error) {
	if list, ok := args[0].([]any); ok {
		return list, nil
	}
	return []any{args[0]}, nil
}

func toString(args []any) (any, error) {
	switch v := args[0].(type) {
	case string:
		return v, nil
	case reference:
		return "<expression>", nil
	}
	return pyval.Compact(args[0]), nil
}

func toNumber(args []any) (any, error) {
	switch v := args[0].(type) {
	case pyval.Int, float64:
		return v, nil
	case string:
		return pyval.ParseNumber(v), nil
	case reference:
		return nil, fault("to_number() does not take an expression")
	}
	return nil, nil
}

func abs(args []any) (any, error) {
	if n, ok := args[0].(pyval.Int); ok {
		return pyval.Int(strings.TrimPrefix(string(n), "-")), nil
	}
	f := args[0].(float64)
	return max(f, -f), nil
}

func sum(list []any) any {
	total := new(big.Int)
	for i, e := range list {
		n, ok := e.(pyval.Int)
		if !ok {
			f, _ := new(big.Float).SetInt(total).Float64()
			for _, rest := range list[i:] {
				f += toFloat(rest)
			}
			return f
		}
		total.Add(total, toBig(n))
	}
	return pyval.Int(total.String())
}

func average(args []any) (any, error) {
	list := args[0].([]any)
	if len(list) == 0 {
		return nil, nil
	}
	return toFloat(sum(list)) / float64(len(list)), nil
}
