package jobs

import (
	"bytes"
	"errors"

	"cogpass/jobs/yamldoc"
)

// literals are the passwords of a job file, by their place.
type literals map[[2]int]string

func openLiterals(text []byte, s *Source) (passwordSource, error) {
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

func (l literals) get(_ string, _ Place, ref PasswordRef) (Secret, error) {
	text, ok := l[[2]int{ref.Line, ref.Column}]
	if !ok {
		return Secret{}, errors.New("the password is not in the job")
	}
	return NewSecret(text), nil
}

func (l literals) Close() error { return nil }

// rowPasswords reads the rows of a source again. Plans are in the order of rows,
// so it reads on from the last row; for an earlier one it starts over.
type rowPasswords struct {
	source *Source
	from   readerAt
	rows   rowReader // nil before the first row
	last   entry     // read last
}

func (p *rowPasswords) get(username string, at Place, _ PasswordRef) (Secret, error) {
	if p.rows == nil || after(p.last.place, at) {
		rows, ok := p.source.openRows(p.from)
		if !ok {
			return Secret{}, changed(at)
		}
		p.rows, p.last = rows, entry{}
	}
	for after(at, p.last.place) {
		ok, err := p.rows.next(&p.last)
		if err != nil {
			p.rows = nil
			return Secret{}, changed(at)
		}
		if !ok {
			p.last = entry{}
		}
	}
	if p.last.username != username || after(p.last.place, at) || p.last.password.ref.Kind != RowPassword {
		return Secret{}, changed(at)
	}
	return p.last.password.row, nil
}

func after(a, b Place) bool { return comparePlaces(a, b) > 0 }

// changed returns the fault of a row that is not as it was.
func changed(at Place) error {
	return Fault{Place: at, Message: "the row is not as it was when the plan was made",
		Hint: "put the list back as it was, and run the run file again; or make a new plan"}
}

func (p *rowPasswords) Close() error { return p.from.Close() }
