// Package query is JMESPath, the language of the AWS CLI's --query, as the
// AWS CLI's own implementation has it: https://jmespath.org/specification.html
// with string literals in backquotes that need not be JSON.
package query

import (
	"slices"

	"cogpass/cmd/cogpass/awscli/pyval"
)

// Expression is a query that can be asked. It is not changed by asking.
type Expression struct{ root node }

// Compile reads an expression.
func Compile(expression string) (e *Expression, err error) {
	tokens, err := tokenize(expression)
	if err != nil {
		return nil, err
	}
	if expression == "" {
		return nil, &syntaxError{0, "empty expression"}
	}
	defer func() {
		switch fault := recover().(type) {
		case nil:
		case *syntaxError:
			e, err = nil, fault
		default:
			panic(fault)
		}
	}()
	p := &parser{tokens: tokens}
	root := p.expression(0)
	if p.peek() != eof {
		p.fail(p.current())
	}
	return &Expression{root}, nil
}

// Search asks the query of a value. Its error is a call of a function that is
// not there, or with arguments it does not take.
func (e *Expression) Search(value any) (any, error) { return e.root.eval(value) }

func (n field) eval(v any) (any, error) {
	if m, ok := v.(*pyval.Map); ok {
		found, _ := m.Get(n.name)
		return found, nil
	}
	return nil, nil
}

func (n constant) eval(any) (any, error)  { return n.value, nil }
func (n current) eval(v any) (any, error) { return v, nil }

// eval returns the expression itself, for a function to use.
func (n reference) eval(any) (any, error) { return n, nil }

func (n sequence) eval(v any) (result any, err error) {
	result = v
	for _, step := range n.steps {
		if result, err = step.eval(result); err != nil {
			return nil, err
		}
	}
	return result, nil
}

func (n index) eval(v any) (any, error) {
	list, ok := v.([]any)
	at := n.at
	if at < 0 {
		at += len(list)
	}
	if !ok || at < 0 || at >= len(list) {
		return nil, nil
	}
	return list[at], nil
}

func (n slice) eval(v any) (any, error) {
	list, ok := v.([]any)
	if !ok {
		return nil, nil
	}
	step := 1
	if n.step != nil {
		step = *n.step
	}
	if step == 0 {
		return nil, fault("slice step cannot be zero")
	}
	low, high := 0, len(list)
	start, stop := low, high
	if step < 0 {
		low, high = -1, len(list)-1
		start, stop = high, low
	}
	bound := func(given *int, otherwise int) int {
		if given == nil {
			return otherwise
		}
		at := *given
		if at < 0 {
			at += len(list)
		}
		return max(low, min(high, at))
	}
	start, stop = bound(n.start, start), bound(n.stop, stop)
	part := []any{}
	for i := start; step > 0 && i < stop || step < 0 && i > stop; i += step {
		part = append(part, list[i])
	}
	return part, nil
}

func (n flatten) eval(v any) (any, error) {
	base, err := n.of.eval(v)
	list, ok := base.([]any)
	if err != nil || !ok {
		return nil, err
	}
	flat := []any{}
	for _, e := range list {
		if inner, ok := e.([]any); ok {
			flat = append(flat, inner...)
		} else {
			flat = append(flat, e)
		}
	}
	return flat, nil
}

func (n projection) eval(v any) (any, error) {
	base, err := n.of.eval(v)
	list, ok := base.([]any)
	if err != nil || !ok {
		return nil, err
	}
	return project(list, n.each)
}

func (n values) eval(v any) (any, error) {
	base, err := n.of.eval(v)
	m, ok := base.(*pyval.Map)
	if err != nil || !ok {
		return nil, err
	}
	return project(valuesOf(m), n.each)
}

func project(list []any, each node) (any, error) {
	results := []any{}
	for _, e := range list {
		result, err := each.eval(e)
		if err != nil {
			return nil, err
		}
		if result != nil {
			results = append(results, result)
		}
	}
	return results, nil
}

func (n filter) eval(v any) (any, error) {
	base, err := n.of.eval(v)
	list, ok := base.([]any)
	if err != nil || !ok {
		return nil, err
	}
	kept := []any{}
	for _, e := range list {
		match, err := n.where.eval(e)
		if err != nil {
			return nil, err
		}
		if truth(match) {
			kept = append(kept, e)
		}
	}
	return project(kept, n.each)
}

func (n selectList) eval(v any) (any, error) {
	if v == nil {
		return nil, nil
	}
	list := []any{}
	for _, item := range n.items {
		result, err := item.eval(v)
		if err != nil {
			return nil, err
		}
		list = append(list, result)
	}
	return list, nil
}

func (n selectHash) eval(v any) (any, error) {
	if v == nil {
		return nil, nil
	}
	hash := &pyval.Map{}
	for _, item := range n.items {
		result, err := item.value.eval(v)
		if err != nil {
			return nil, err
		}
		hash.Set(item.key, result)
	}
	return hash, nil
}

func (n not) eval(v any) (any, error) {
	result, err := n.of.eval(v)
	return !truth(result), err
}

func (n or) eval(v any) (any, error) {
	left, err := n.left.eval(v)
	if err != nil || truth(left) {
		return left, err
	}
	return n.right.eval(v)
}

func (n and) eval(v any) (any, error) {
	left, err := n.left.eval(v)
	if err != nil || !truth(left) {
		return left, err
	}
	return n.right.eval(v)
}

// truth is false of nothing, false and what is empty. A number is true.
func truth(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case string:
		return v != ""
	case []any:
		return len(v) > 0
	case *pyval.Map:
		return v.Len() > 0
	}
	return true
}

func (n comparison) eval(v any) (any, error) {
	left, err := n.left.eval(v)
	if err != nil {
		return nil, err
	}
	right, err := n.right.eval(v)
	if err != nil {
		return nil, err
	}
	switch n.op {
	case "==":
		return equal(left, right), nil
	case "!=":
		return !equal(left, right), nil
	}
	if !ordered(left) || !ordered(right) {
		return nil, nil
	}
	if isText(left) != isText(right) {
		return nil, fault("a number and a string have no order")
	}
	c := compare(left, right)
	return n.op == "<" && c < 0 || n.op == "<=" && c <= 0 || n.op == ">" && c > 0 || n.op == ">=" && c >= 0, nil
}

// HoldsExpression reports whether a result is not a value, because there is an
// expression in it, such as `&name` has.
func HoldsExpression(v any) bool {
	switch v := v.(type) {
	case reference:
		return true
	case []any:
		return slices.ContainsFunc(v, HoldsExpression)
	case *pyval.Map:
		return slices.ContainsFunc(valuesOf(v), HoldsExpression)
	}
	return false
}
