package runfile

import (
	"database/sql"
	"encoding/json"

	"cogpass/jobs"
	"cogpass/runner"
)

// resolve fills in what the entries of the page share with others.
func (r *reader) resolve() error {
	for i := range r.page {
		e := &r.page[i]
		shared, err := lookUp(r.metadata, e.json, r.metadataByID, parseMetadata)
		if err != nil {
			return err
		}
		e.task.ClientMetadata, e.metadata = shared.held, shared.json
		mark := e.task.Password.Mark
		if e.task.Password, err = lookUp(r.passwords, e.password, r.passwordByID, parsePassword); err != nil {
			return err
		}
		if e.task.Password.Kind == jobs.RowPassword {
			e.task.Password.Mark = mark
		}
		if e.task.Place.File, err = r.text(e.file); err != nil {
			return err
		}
		if err := r.resolveResult(e); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) resolveResult(e *entry) (err error) {
	t, result := &e.task, &e.result
	result.Seq, result.Username, result.Action = t.Seq, t.Username, t.Action
	result.Source = jobs.Place{File: t.Place.File, Line: t.Place.Line}.String()
	if result.Code, err = r.text(e.code); err != nil {
		return err
	}
	if result.Reason, err = r.text(e.reason); err != nil {
		return err
	}
	status, err := r.text(e.status)
	result.StatusBefore = runner.Status(status)
	return err
}

func (r *reader) text(id int64) (string, error) {
	return lookUp(r.texts, id, r.textByID, func(f fields) (string, error) { return f.text(0), nil })
}

func parsePassword(f fields) (jobs.PasswordRef, error) {
	return jobs.PasswordRef{Kind: jobs.PasswordKind(f.int(0)), Name: f.text(1), Line: int(f.int(2)), Column: int(f.int(3)), Mark: uint32(f.int(4))}, nil
}

func parseMetadata(f fields) (metadata, error) {
	m := metadata{json: f.text(0)}
	if err := json.Unmarshal([]byte(m.json), &m.held); err != nil {
		return m, damaged("client metadata: %v", err)
	}
	return m, nil
}

// lookUp returns what has the number id, reading it where it is not known.
// What it remembers is bounded; 0 is none, and always known.
func lookUp[V any](known map[int64]V, id int64, byID *sql.Stmt, parse func(fields) (V, error)) (V, error) {
	if v, ok := known[id]; ok {
		return v, nil
	}
	if len(known) > keptWords {
		none := known[0]
		clear(known)
		known[0] = none
	}
	var v V
	found := false
	err := each(byID, func(f fields) (err error) {
		v, err = parse(f)
		found = true
		return err
	}, id)
	if err == nil && !found {
		err = damaged("something that its tasks refer to is missing")
	}
	if err == nil {
		known[id] = v
	}
	return v, err
}

// checkTasks compares the tasks of the page with the sum of their block.
func (r *reader) checkTasks(first, written int64) error {
	b := r.encoded[:0]
	for i := range r.page {
		b = appendTask(b, &r.page[i].task, r.page[i].metadata)
	}
	r.encoded = b
	if sum(b) != written {
		return damaged("its tasks %d to %d do not match their sum", first+1, first+int64(len(r.page)))
	}
	return nil
}

// checkRows compares each outcome of the page with its sum, and returns the
// first fault of any.
func (r *reader) checkRows() error {
	var first error
	for i := range r.page {
		e := &r.page[i]
		if e.result.Outcome != runner.Pending {
			var check int64
			if check, r.encoded = sumResult(r.encoded, &e.result); check != e.sum {
				e.fault = damaged("the outcome of task %d does not match its sum", e.task.Seq)
			}
		}
		if first == nil {
			first = e.fault
		}
	}
	return first
}
