// Package yamldoc reads one YAML document into nodes that know their place.
// It is the only import of a YAML library, so that the rules on what a
// document may be (one, and no anchor bomb) are kept in one place.
package yamldoc

import (
	"bytes"
	"fmt"
	"io"

	"gopkg.in/yaml.v3"
)

// Node is a node of a document, with its kind, tag, value and place.
type Node = yaml.Node

// The kinds of a Node.
const (
	Document = yaml.DocumentNode
	Sequence = yaml.SequenceNode
	Mapping  = yaml.MappingNode
	Scalar   = yaml.ScalarNode
	Alias    = yaml.AliasNode
)

// Bits in the Style of a Node: TaggedStyle where it has a tag of its own,
// FlowStyle in braces or brackets, and one of QuotedStyle for a scalar in
// quotes, or in a block.
const (
	TaggedStyle = yaml.TaggedStyle
	FlowStyle   = yaml.FlowStyle
	QuotedStyle = yaml.DoubleQuotedStyle | yaml.SingleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle
)

// Error is why a text cannot be used as a document.
type Error struct {
	Line, Column int    // from 1; Column is 0 where it is not known
	Message      string // without any of the text
	Hint         string // may be empty
}

func (e *Error) Error() string {
	if e.Column == 0 {
		return fmt.Sprintf("line %d: %s", e.Line, e.Message)
	}
	return fmt.Sprintf("line %d:%d: %s", e.Line, e.Column, e.Message)
}

// Parse reads the one document of a text. It returns nil and no error where
// the text holds none; its error is an *Error. Aliases are not expanded: a
// Node of kind Alias points to what it names. What they would expand to is
// bounded, so a walk that follows them ends soon.
func Parse(text []byte) (doc *Node, err error) {
	defer func() {
		if r := recover(); r != nil { // the parser panics on some broken texts
			doc, err = nil, &Error{Line: 1, Message: "this is not YAML"}
		}
	}()
	dec := yaml.NewDecoder(bytes.NewReader(text))
	var first, second Node
	if err := dec.Decode(&first); err == io.EOF {
		return nil, nil
	} else if err != nil {
		return nil, syntaxError(text, err)
	}
	if err := dec.Decode(&second); err == nil {
		return nil, &Error{Line: second.Line, Column: second.Column,
			Message: "a second YAML document", Hint: "a job is one document: put the other into a file of its own"}
	} else if err != io.EOF {
		return nil, syntaxError(text, err)
	}
	if len(first.Content) == 0 {
		return nil, nil
	}
	if err := checkAliases(&first); err != nil {
		return nil, err
	}
	return first.Content[0], nil
}

// Bounds on what aliases may add: enough for defaults that many users share, and
// too little for a small text to become a large job.
const (
	expandFactor = 10
	expandFree   = 10_000
)

func checkAliases(doc *Node) error {
	c := expansion{sizes: map[*Node]int{}}
	c.size(doc)
	if c.cycle != nil {
		return &Error{Line: c.cycle.Line, Column: c.cycle.Column, Message: "an anchor that contains itself"}
	}
	if c.alias != nil && c.sizes[doc] > expandFactor*c.nodes+expandFree {
		return &Error{Line: c.alias.Line, Column: c.alias.Column,
			Message: "aliases that expand to too much", Hint: "write the values out, or put the users into a csv or jsonl source"}
	}
	return nil
}

// expansion counts the nodes of a document with all aliases followed.
type expansion struct {
	sizes        map[*Node]int // -1 while a node is being counted
	nodes        int           // without following
	alias, cycle *Node         // the alias that adds most; one that leads back to its own anchor
	most         int
}

const countLimit = 1 << 40 // far above any bound, far below overflow

func (e *expansion) size(n *Node) int {
	if n.Kind == Alias {
		e.nodes++
		return e.followed(n)
	}
	if size, known := e.sizes[n]; known {
		return size
	}
	e.sizes[n] = -1
	e.nodes++
	total := 1
	for _, child := range n.Content {
		total = min(total+e.size(child), countLimit)
	}
	e.sizes[n] = total
	return total
}

func (e *expansion) followed(n *Node) int {
	size := e.size(n.Alias)
	if size < 0 {
		e.cycle = n
		return 1
	}
	if size > e.most {
		e.most, e.alias = size, n
	}
	return size
}
