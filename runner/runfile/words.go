package runfile

import (
	"database/sql"
	"encoding/json"
	"reflect"

	"cogpass/jobs"
)

// words gives the texts, client metadata and password references that many
// rows share a number each. What it remembers is bounded: something that was
// forgotten gets a second row, or for a text is found by its index.
type words struct {
	texts       map[string]int64
	passwords   map[jobs.PasswordRef]int64
	maps        map[uintptr]metadata // by the map's address, which holds as long as the map is held here
	jsons       map[string]int64
	jsonBytes   int
	addText     *sql.Stmt
	addJSON     *sql.Stmt
	addPassword *sql.Stmt
}

type metadata struct {
	held map[string]string
	id   int64
	json string
}

const (
	keptWords     = 4096
	keptJSONBytes = 1 << 20
)

func newWords(s *session) *words {
	return &words{
		texts:       map[string]int64{},
		passwords:   map[jobs.PasswordRef]int64{},
		maps:        map[uintptr]metadata{},
		jsons:       map[string]int64{},
		addText:     s.stmt("INSERT INTO text (text) VALUES (?) ON CONFLICT (text) DO UPDATE SET text = text RETURNING id"),
		addJSON:     s.stmt("INSERT INTO metadata (json) VALUES (?) RETURNING id"),
		addPassword: s.stmt("INSERT INTO password (kind, name, line, col, mark) VALUES (?, ?, ?, ?, ?) RETURNING id"),
	}
}

// text returns the number of a text, or nil for none.
func (w *words) text(s string) (any, error) {
	if s == "" {
		return nil, nil
	}
	return remember(w.texts, s, w.addText, s)
}

// password returns the number of a reference, or nil for none.
func (w *words) password(ref jobs.PasswordRef) (any, error) {
	if ref == (jobs.PasswordRef{}) {
		return nil, nil
	}
	return remember(w.passwords, ref, w.addPassword, int64(ref.Kind), ref.Name, int64(ref.Line), int64(ref.Column), int64(ref.Mark))
}

// metadata returns the number and the encoding of client metadata, or nil
// and "" for none.
func (w *words) metadata(m map[string]string) (any, string, error) {
	if len(m) == 0 {
		return nil, "", nil
	}
	address := reflect.ValueOf(m).Pointer()
	if known, ok := w.maps[address]; ok {
		return known.id, known.json, nil
	}
	encoded, err := json.Marshal(m) // in the order of its keys
	if err != nil {
		return nil, "", err
	}
	if w.jsonBytes += len(encoded); w.jsonBytes > keptJSONBytes {
		w.jsonBytes = len(encoded)
		clear(w.jsons)
		clear(w.maps)
	}
	id, err := remember(w.jsons, string(encoded), w.addJSON, string(encoded))
	if err != nil {
		return nil, "", err
	}
	if len(w.maps) == keptWords {
		clear(w.maps)
	}
	w.maps[address] = metadata{m, id, string(encoded)}
	return id, string(encoded), nil
}

// remember returns the number of key, adding it with the statement where it
// is not known.
func remember[K comparable](known map[K]int64, key K, add *sql.Stmt, args ...any) (int64, error) {
	if id, ok := known[key]; ok {
		return id, nil
	}
	if len(known) == keptWords {
		clear(known)
	}
	var id int64
	if err := add.QueryRowContext(background, args...).Scan(&id); err != nil {
		return 0, err
	}
	known[key] = id
	return id, nil
}
