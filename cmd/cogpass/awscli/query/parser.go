package query

import (
	"fmt"
	"strconv"
)

// node is a step of an expression: it makes a value of the current one.
type node interface {
	eval(current any) (any, error)
}

// The nodes of an expression.
type (
	field      struct{ name any }
	constant   struct{ value any }
	current    struct{}
	sequence   struct{ steps []node } // each works on what the one before made
	index      struct{ at int }
	slice      struct{ start, stop, step *int }
	flatten    struct{ of node }
	projection struct{ of, each node }
	values     struct{ of, each node } // a projection of an object's values
	filter     struct{ of, each, where node }
	selectList struct{ items []node }
	selectHash struct{ items []pair }
	not        struct{ of node }
	or         struct{ left, right node }
	and        struct{ left, right node }
	comparison struct {
		op          kind
		left, right node
	}
	call struct {
		name string
		args []node
	}
	reference struct{ to node } // an expression given to a function
)

type pair struct {
	key   any
	value node
}

// How strongly a token binds what stands to its left. Those below
// endsProjection end one.
var power = map[kind]int{
	"|": 1, "||": 2, "&&": 3, "==": 5, ">": 5, "<": 5, ">=": 5, "<=": 5, "!=": 5,
	"[]": 9, "*": 20, "[?": 21, ".": 40, "!": 45, "{": 50, "[": 55, "(": 60,
}

const endsProjection = 10

// parser reads an expression by precedence climbing. It gives up by a panic
// with a *syntaxError.
type parser struct {
	tokens []token
	at     int
}

func (p *parser) current() token { return p.tokens[min(p.at, len(p.tokens)-1)] }
func (p *parser) peek() kind     { return p.current().kind }

func (p *parser) following() kind { return p.tokens[min(p.at+1, len(p.tokens)-1)].kind }

func (p *parser) fail(t token) {
	what := fmt.Sprintf("unexpected %s", t.kind)
	if t.kind == eof {
		what = "incomplete expression"
	}
	panic(&syntaxError{t.at, what})
}

func (p *parser) take() token {
	t := p.current()
	p.at++
	return t
}

func (p *parser) match(k kind) {
	if p.peek() != k {
		p.fail(p.current())
	}
	p.at++
}

func (p *parser) expression(binding int) node {
	left := p.prefix(p.take())
	for binding < power[p.peek()] {
		left = p.infix(left, p.take())
	}
	return left
}

// prefix reads what begins with a token.
func (p *parser) prefix(t token) node {
	switch t.kind {
	case literal:
		return constant{t.value}
	case identifier:
		return field{t.value}
	case quotedName:
		if p.peek() == "(" {
			p.fail(p.current())
		}
		return field{t.value}
	case "*":
		if p.peek() == "]" {
			return values{current{}, current{}}
		}
		return values{current{}, p.projected(power["*"])}
	case "[?":
		return p.filter(current{})
	case "{":
		return p.selectHash()
	case "(":
		inner := p.expression(0)
		p.match(")")
		return inner
	case "[]":
		return projection{flatten{current{}}, p.projected(power["[]"])}
	case "!":
		return not{p.expression(power["!"])}
	case "[":
		return p.bracket()
	case "@":
		return current{}
	case "&":
		return reference{p.expression(0)}
	}
	p.fail(t)
	return nil
}

// bracket reads what follows a "[" that nothing stands before.
func (p *parser) bracket() node {
	switch {
	case p.peek() == number || p.peek() == ":":
		return p.index(current{})
	case p.peek() == "*" && p.following() == "]":
		p.at += 2
		return projection{current{}, p.projected(power["*"])}
	}
	return p.selectList()
}

// infix reads what follows an expression and a token.
func (p *parser) infix(left node, t token) node {
	switch t.kind {
	case ".":
		if p.peek() == "*" {
			p.at++
			return values{left, p.projected(power["."])}
		}
		return sequence{[]node{left, p.afterDot(power["."])}}
	case "|":
		return sequence{[]node{left, p.expression(power["|"])}}
	case "||":
		return or{left, p.expression(power["||"])}
	case "&&":
		return and{left, p.expression(power["&&"])}
	case "(":
		return p.call(left, t)
	case "[?":
		return p.filter(left)
	case "==", "!=", "<", "<=", ">", ">=":
		return comparison{t.kind, left, p.expression(power[t.kind])}
	case "[]":
		return projection{flatten{left}, p.projected(power["[]"])}
	case "[":
		if p.peek() == number || p.peek() == ":" {
			return p.index(left)
		}
		p.match("*")
		p.match("]")
		return projection{left, p.projected(power["*"])}
	}
	p.fail(t)
	return nil
}

func (p *parser) call(left node, t token) node {
	function, ok := left.(field)
	if !ok {
		p.fail(t)
	}
	c := call{name: function.name.(string)}
	for p.peek() != ")" {
		c.args = append(c.args, p.expression(0))
		if p.peek() == "," {
			p.at++
		}
	}
	p.match(")")
	return c
}

func (p *parser) filter(of node) node {
	where := p.expression(0)
	p.match("]")
	if p.peek() == "[]" {
		return filter{of, current{}, where}
	}
	return filter{of, p.projected(power["[?"]), where}
}

// index reads [number] or a slice, which is a projection.
func (p *parser) index(of node) node {
	if p.peek() != ":" && p.following() != ":" {
		at := p.integer()
		p.match("]")
		return sequence{[]node{of, index{at}}}
	}
	var parts [3]*int
	for i := 0; p.peek() != "]"; {
		switch t := p.current(); {
		case t.kind == ":" && i < 2:
			i++
			p.at++
		case t.kind == number:
			n := p.integer()
			parts[i] = &n
		default:
			p.fail(t)
		}
	}
	p.match("]")
	return projection{sequence{[]node{of, slice{parts[0], parts[1], parts[2]}}}, p.projected(power["*"])}
}

func (p *parser) integer() int {
	t := p.take()
	n, err := strconv.Atoi(t.value.(string))
	if err != nil {
		p.fail(t)
	}
	return n
}

func (p *parser) selectList() node {
	list := selectList{}
	for {
		list.items = append(list.items, p.expression(0))
		if p.peek() == "]" {
			p.at++
			return list
		}
		p.match(",")
	}
}

func (p *parser) selectHash() node {
	hash := selectHash{}
	for {
		key := p.take()
		if key.kind != identifier && key.kind != quotedName {
			p.fail(key)
		}
		p.match(":")
		hash.items = append(hash.items, pair{key.value, p.expression(0)})
		switch p.peek() {
		case ",":
			p.at++
		case "}":
			p.at++
			return hash
		}
	}
}

// projected reads what a projection does to each value.
func (p *parser) projected(binding int) node {
	switch t := p.current(); {
	case power[t.kind] < endsProjection:
		return current{}
	case t.kind == "[" || t.kind == "[?":
		return p.expression(binding)
	case t.kind == ".":
		p.at++
		return p.afterDot(binding)
	default:
		p.fail(t)
		return nil
	}
}

func (p *parser) afterDot(binding int) node {
	switch t := p.current(); t.kind {
	case identifier, quotedName, "*":
		return p.expression(binding)
	case "[":
		p.at++
		return p.selectList()
	case "{":
		p.at++
		return p.selectHash()
	default:
		p.fail(t)
		return nil
	}
}
