package jobs

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"

	"cogpass/jobs/yamldoc"
)

// literals are the passwords of a job file, by their place.
type literals map[[2]int]string

func openLiterals(from readerAt, s Source) (passwordSource, error) {
	defer from.Close()
	text, err := io.ReadAll(io.NewSectionReader(from, 0, s.Size))
	if err != nil {
		return nil, sourceFault(s, "cannot read the source: "+reasonOf(err), "")
	}
	root, err := yamldoc.Parse(bytes.TrimPrefix(text, byteOrderMark))
	if err != nil || root == nil {
		return nil, sourceFault(s, "the job can no longer be read", "")
	}
	found := literals{}
	found.collect(root)
	return found, nil
}

func (l literals) collect(n *yamldoc.Node) {
	if n.Kind == yamldoc.Scalar {
		l[[2]int{n.Line, n.Column}] = n.Value
	}
	for _, child := range n.Content {
		l.collect(child)
	}
}

func (l literals) get(t Task) (string, error) {
	text, ok := l[[2]int{t.Password.Line, t.Password.Column}]
	if !ok {
		return "", errors.New("it is not in the job")
	}
	return text, nil
}

func (l literals) Close() error { return nil }

// near is how far a reader goes on rather than begin anew, in bytes.
const near = window

// csvPasswords reads on from the row it read last.
type csvPasswords struct {
	from   readerAt
	column int
	r      *csv.Reader // nil before the first row
	in     *input
	base   int64 // where r began
}

func (c *csvPasswords) get(t Task) (string, error) {
	if c.r == nil || t.Offset < c.at() || t.Offset-c.at() > near {
		c.in = newInput(c.from, t.Offset, false)
		c.r, c.base = newCSVReader(c.in), t.Offset
	}
	for {
		at := c.at()
		c.in.nextRow()
		record, err := c.r.Read()
		switch {
		case err != nil:
			c.r = nil
			return "", errors.New("the row cannot be read")
		case at < t.Offset:
			continue
		case at > t.Offset || c.column < 0 || c.column >= len(record):
			c.r = nil
			return "", errors.New("no row with a password begins there")
		}
		return string([]byte(record[c.column])), nil
	}
}

// at returns where the next row begins.
func (c *csvPasswords) at() int64 { return c.base + c.r.InputOffset() }

func (c *csvPasswords) Close() error { return c.from.Close() }

// jsonlPasswords reads on from the line it read last.
type jsonlPasswords struct {
	from  readerAt
	lines *lineReader // nil before the first row
}

func (j *jsonlPasswords) get(t Task) (string, error) {
	if j.lines == nil || t.Offset < j.lines.at || t.Offset-j.lines.at > near {
		j.lines = &lineReader{in: newInput(j.from, t.Offset, false), at: t.Offset}
	}
	for {
		text, err := j.lines.next()
		if err != nil || j.lines.began > t.Offset {
			j.lines = nil
			return "", errors.New("the row cannot be read")
		}
		if j.lines.began == t.Offset {
			return rowPasswordOf(text)
		}
	}
}

func (j *jsonlPasswords) Close() error { return j.from.Close() }
