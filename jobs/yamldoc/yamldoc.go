// Package yamldoc reads one YAML document into nodes that know their place.
// It is the only import of a YAML library, so that the rules on what a
// document may be (one, and no anchor bomb) are kept in one place.
package yamldoc

import (
	"bytes"
	"errors"
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

// ErrManyDocuments is the error of a text that holds more than one document.
var ErrManyDocuments = errors.New("more than one YAML document")

// Parse reads the one document of a text. It returns nil and no error where
// the text holds none. Aliases are not expanded: a Node of kind Alias points
// to what it names.
func Parse(text []byte) (*Node, error) {
	dec := yaml.NewDecoder(bytes.NewReader(text))
	var doc, second Node
	if err := dec.Decode(&doc); err == io.EOF {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	if err := dec.Decode(&second); err != io.EOF {
		if err != nil {
			return nil, err
		}
		return nil, ErrManyDocuments
	}
	if len(doc.Content) == 0 {
		return nil, nil
	}
	return doc.Content[0], nil
}
