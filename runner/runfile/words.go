package runfile

import (
	"database/sql"
	"encoding/json"
	"reflect"
)

// words gives texts that many rows share a number each. What it remembers is
// bounded: a text that was forgotten gets a second row.
type words struct {
	insert *sql.Stmt
	ids    map[string]int64
	bytes  int // of the texts in ids

	shared map[string]string // the client metadata of the task before
	json   string            // its encoding
}

const keptWords = 1 << 20 // bytes

func newWords(s *session) *words {
	return &words{insert: s.stmt("INSERT INTO text (text) VALUES (?) RETURNING id"), ids: map[string]int64{}}
}

// id returns the number of a text, or nil for none.
func (w *words) id(text string) (any, error) {
	if text == "" {
		return nil, nil
	}
	if id, ok := w.ids[text]; ok {
		return id, nil
	}
	var id int64
	if err := w.insert.QueryRowContext(background, text).Scan(&id); err != nil {
		return nil, err
	}
	if w.bytes += len(text); w.bytes > keptWords {
		w.bytes = len(text)
		clear(w.ids)
	}
	w.ids[text] = id
	return id, nil
}

// metadata returns the encoding of client metadata, "" for none. Most tasks
// share one map with the task before, which need not be encoded again.
func (w *words) metadata(m map[string]string) (string, error) {
	if len(m) == 0 {
		return "", nil
	}
	if reflect.ValueOf(m).Pointer() == reflect.ValueOf(w.shared).Pointer() {
		return w.json, nil
	}
	b, err := json.Marshal(m) // in the order of its keys
	w.shared, w.json = m, string(b)
	return w.json, err
}
