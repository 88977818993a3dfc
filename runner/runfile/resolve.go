package runfile

import (
	"encoding/json"
	"fmt"

	"cogpass/jobs"
	"cogpass/runner"
)

// resolve fills in what an entry shares with others.
func (r *reader) resolve(e *entry) (err error) {
	t, result := &e.task, &e.result
	if e.metadata, err = r.text(e.ids.metadata); err != nil {
		return err
	}
	if t.ClientMetadata, err = r.parseMetadata(e.metadata); err != nil {
		return err
	}
	if e.ref, err = r.text(e.ids.ref); err != nil {
		return err
	}
	if err := setRef(&t.Password, e.ref); err != nil {
		return err
	}
	if t.Place.File, err = r.text(e.ids.file); err != nil {
		return err
	}
	if err := r.resolveExtras(e); err != nil {
		return err
	}
	result.Seq, result.Username, result.Action = t.Seq, t.Username, t.Action
	result.Source = jobs.Place{File: t.Place.File, Line: t.Place.Line}.String()
	if result.Code, err = r.text(e.ids.code); err != nil {
		return err
	}
	if result.Reason, err = r.text(e.ids.reason); err != nil {
		return err
	}
	status, err := r.text(e.ids.status)
	result.StatusBefore = runner.Status(status)
	return err
}

func (r *reader) resolveExtras(e *entry) (err error) {
	x := &e.extras
	if x.skip, err = r.text(e.ids.skip); err != nil {
		return err
	}
	if x.fail, err = r.text(e.ids.fail); err != nil {
		return err
	}
	if x.creation, err = r.text(e.ids.creation); err != nil {
		return err
	}
	return x.into(&e.task)
}

// refOf is what a task's row says of where its password is, beside the kind.
func refOf(p jobs.PasswordRef) string {
	if p.Kind == jobs.LiteralPassword {
		return fmt.Sprintf("%d:%d", p.Line, p.Column)
	}
	return p.Name
}

// setRef is the inverse of refOf.
func setRef(p *jobs.PasswordRef, ref string) error {
	if p.Kind != jobs.LiteralPassword {
		p.Name = ref
		return nil
	}
	if _, err := fmt.Sscanf(ref, "%d:%d", &p.Line, &p.Column); err != nil {
		return damaged("a password stands at %q", ref)
	}
	return nil
}

// text returns the text with that number; what it remembers is bounded.
func (r *reader) text(id int64) (string, error) {
	if id == 0 {
		return "", nil
	}
	if text, ok := r.texts[id]; ok {
		return text, nil
	}
	var text string
	found := false
	err := each(r.textByID, func(f fields) error {
		text, found = f.text(0), true
		return nil
	}, id)
	if err == nil && !found {
		err = damaged("a text that its rows refer to is missing")
	}
	if err != nil {
		return "", err
	}
	if r.textBytes += len(text); r.textBytes > keptWords {
		r.textBytes = len(text)
		clear(r.texts)
	}
	r.texts[id] = text
	return text, nil
}

// parseMetadata returns client metadata. Tasks one after another that have
// the same share one map.
func (r *reader) parseMetadata(text string) (map[string]string, error) {
	if text == "" {
		return nil, nil
	}
	if text == r.json {
		return r.shared, nil
	}
	var m map[string]string
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		return nil, damaged("client metadata: %v", err)
	}
	r.shared, r.json = m, text
	return m, nil
}

// checkTasks compares the tasks of the page with the sum of their block.
func (r *reader) checkTasks(first, written int64) error {
	b := r.encoded[:0]
	for i := range r.page {
		e := &r.page[i]
		b = appendRest(appendDeed(b, &e.task, e.metadata, &e.extras), &e.task, e.ref)
	}
	r.encoded = b
	if sum(b) != written {
		return damaged("its tasks %d to %d do not match their sum", first+1, first+int64(len(r.page)))
	}
	return nil
}

// complete fills into a result what stands elsewhere.
func (e *entry) complete() {
	for _, s := range e.steps {
		if s.Step == runner.Act {
			e.madeSoFar(s.Attempts, s.Throttled, s.StartedAt)
			continue
		}
		e.result.Beside = append(e.result.Beside, s)
	}
	if u := e.task.Before; u != nil {
		if e.result.Sub == "" {
			e.result.Sub = u.Sub
		}
		if e.result.StatusBefore == "" {
			e.result.StatusBefore = u.Status
		}
	}
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
		e.complete()
		if first == nil {
			first = e.fault
		}
	}
	return first
}
