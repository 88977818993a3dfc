package awscli

import (
	"strings"

	"cogpass/cmd/cogpass/awscli/pyval"
)

// jsonSkeleton is a request of the operation to fill in, for --cli-input-json.
func (op operation) jsonSkeleton() string {
	sample := &pyval.Map{}
	for _, m := range op.members {
		switch m.kind {
		case boolean:
			sample.Set(m.name, true)
		case textMap:
			entry := &pyval.Map{}
			entry.Set("KeyName", "")
			sample.Set(m.name, entry)
		default:
			sample.Set(m.name, "")
		}
	}
	return pyval.Indented(sample) + "\n"
}

// yamlSkeleton is the same for --cli-input-yaml, with a comment on each member.
// The first comment stands one column further on, as in the AWS CLI.
func (op operation) yamlSkeleton() string {
	var b strings.Builder
	for i, m := range op.members {
		b.WriteString(m.name + ":")
		switch m.kind {
		case boolean:
			b.WriteString(" true")
		case text:
			b.WriteString(" ''")
		}
		if i == 0 {
			b.WriteString(" ")
		}
		b.WriteString(" # " + m.comment + "\n")
		if m.kind == textMap {
			b.WriteString("  KeyName: ''\n")
		}
	}
	return b.String()
}
