package awscli

import "strings"

// jsonSkeleton is a request of the operation to fill in, for --cli-input-json.
func (op operation) jsonSkeleton() string {
	samples := map[kind]string{text: `""`, boolean: "true", textMap: "{\n        \"KeyName\": \"\"\n    }"}
	var lines []string
	for _, m := range op.members {
		lines = append(lines, `    "`+m.name+`": `+samples[m.kind])
	}
	return "{\n" + strings.Join(lines, ",\n") + "\n}\n"
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
