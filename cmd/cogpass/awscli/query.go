package awscli

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/jmespath/go-jmespath"
)

// quoted is what stands in quotes in a JMESPath expression.
var quoted = regexp.MustCompile("(?s)`(?:[^`\\\\]|\\\\.)*`|'(?:[^'\\\\]|\\\\.)*'|\"(?:[^\"\\\\]|\\\\.)*\"")

// compileQuery reads an expression of --query. It accepts nothing that the AWS
// CLI's JMESPath refuses: with such an expression no request may be sent.
func compileQuery(text string) (q *jmespath.JMESPath, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			q, err = nil, errors.New("it is not JMESPath")
		}
	}()
	// The AWS CLI's JMESPath takes text without quotes for a literal.
	text = quoted.ReplaceAllStringFunc(text, func(part string) string {
		inner := part[1 : len(part)-1]
		if part[0] != '`' || json.Valid([]byte(strings.ReplaceAll(inner, "\\`", "`"))) {
			return part
		}
		return "`\"" + strings.TrimLeft(inner, " \t\n\r") + "\"`"
	})
	// The library takes an index for closed where the expression ends.
	if bare := quoted.ReplaceAllString(text, ""); strings.Count(bare, "[") != strings.Count(bare, "]") {
		return nil, errors.New("it is not JMESPath: a bracket is not closed")
	}
	q, err = jmespath.Compile(text)
	var syntax jmespath.SyntaxError
	if errors.As(err, &syntax) {
		return nil, fmt.Errorf("it is not JMESPath at character %d", syntax.Offset+1)
	} else if err != nil {
		return nil, errors.New("it is not JMESPath")
	}
	return q, nil
}

// search asks an expression of a value. The library panics on a few calls of
// merge.
func search(q *jmespath.JMESPath, of any) (answer any, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			answer, err = nil, generalf("--query: a function is called with what it does not take")
		}
	}()
	if answer, err = q.Search(of); err == nil && fmt.Sprintf("%T", answer) == "jmespath.expRef" {
		err = errors.New("the result is an expression")
	}
	if err != nil {
		return nil, generalf("--query: %v", err)
	}
	return answer, nil
}
