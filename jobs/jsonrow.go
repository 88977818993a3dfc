package jobs

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"
)

// jsonRow reads one line of a JSONL source. The places of its faults have a
// column only.
type jsonRow struct {
	jsonScanner
	poolID string // that the row must have; "": any
	entry  *entry
	faults []Fault

	aws       bool // it is the input of an AWS CLI command
	permanent bool
	keyAt     map[string]int // where each key stands
}

// The keys of a row, in cogpass's form and in the AWS CLI's.
var (
	awsKeys = []string{"UserPoolId", "Username", "Password", "Permanent", "ClientMetadata"}
	rowKeys = slices.Concat(userKeys, awsKeys)
)

func (r *jsonRow) fault(at int, message, hint string) {
	r.faults = append(r.faults, Fault{Place: Place{Column: columnOf(r.text, at)}, Message: message, Hint: hint})
}

func (r *jsonRow) problem(at int, p problem) {
	if p.found() {
		r.fault(at, p.message, p.hint)
	}
}

func (r *jsonRow) parse() {
	if !json.Valid(r.text) {
		hint := `write one object a line, as {"username": "ana"}`
		if begins := bytes.TrimSpace(r.text); begins[0] == '[' || len(begins) == 1 && begins[0] == '{' {
			hint = "is this one JSON document on several lines? write one object a line, as jq -c '.[]' does of a list"
		}
		r.fault(jsonErrorAt(r.text), "this line is not JSON", hint)
		return
	}
	at := r.start()
	switch r.text[at] {
	case '"':
		if name, ok := r.scalar(at, "username"); ok {
			r.username(at, name)
		}
	case '{':
		r.object(at)
	default:
		hint := ""
		if r.text[at] == '[' {
			hint = "write one object a line, as jq -c '.[]' does of a list"
		}
		r.fault(at, "a user is an object or a username, and this is "+r.kind(), hint)
	}
}

func jsonErrorAt(text []byte) int {
	var syntax *json.SyntaxError
	var value json.RawMessage
	if errors.As(json.Unmarshal(text, &value), &syntax) {
		return int(syntax.Offset) - 1
	}
	return 0
}

// keys calls do for each key of an object; do must read the value. A repeated key
// is a fault.
func (r *jsonRow) keys(seen map[string]int, do func(at int, key string)) {
	r.open()
	for r.more() {
		at := r.start()
		key := r.str(rowKeys...)
		if _, again := seen[key]; again {
			r.fault(at, "this key is there twice", "")
			r.skip()
			continue
		}
		seen[key] = at
		do(at, key)
	}
}

func (r *jsonRow) object(at int) {
	r.keys(r.keyAt, func(at int, key string) {
		if len(r.keyAt) == 1 {
			r.aws = slices.Contains(awsKeys, key)
		}
		r.field(at, key)
	})
	name := "username"
	if r.aws {
		name = "Username"
		r.awsAction(at)
	}
	if _, ok := r.keyAt[name]; !ok && len(r.faults) == 0 {
		r.fault(at, "a user without "+name, "")
	}
}

func (r *jsonRow) field(at int, key string) {
	known := userKeys
	if r.aws {
		known = awsKeys
	}
	if !slices.Contains(known, key) {
		r.unknown(at, key, known)
		return
	}
	value := r.start()
	switch key {
	case "signOut", "enable", "ifMissing", "invite":
		r.choice(at, value, key)
	case "attributes":
		r.attributes(at)
	case "password", "Password":
		r.password(value)
	case "clientMetadata", "ClientMetadata":
		r.metadata(at)
	case "Permanent":
		if r.expect(key, "true or false") {
			r.permanent = r.text[value] == 't'
			r.skip()
		}
	default:
		if text, ok := r.scalar(value, key); ok {
			r.plain(value, key, text)
		}
	}
}

func (r *jsonRow) plain(at int, key, text string) {
	switch key {
	case "username", "Username":
		r.username(at, text)
	case "action":
		action, p := checkAction(text)
		r.entry.action = action
		r.problem(at, p)
	case "UserPoolId":
		if r.poolID != "" && text != r.poolID {
			r.fault(at, "another user pool than that of the job, "+r.poolID, "a job is for one pool")
		}
	}
}

func (r *jsonRow) username(at int, name string) {
	r.entry.username = name
	r.entry.place.Column = columnOf(r.text, at)
	r.problem(at, checkUsername(name))
}

func (r *jsonRow) unknown(at int, key string, known []string) {
	r.skip()
	message, hint := unknown("key", key, known)
	if slices.Contains(awsKeys, key) || slices.Contains(userKeys, key) {
		message, hint = "unknown key "+quote(key), "a line is either all in the form of the AWS CLI or all in cogpass's"
	} else if key == "Users" || r.aws && hint == "" {
		hint = "a line is the input of one command; of what list-users prints, jq -c '.Users[] | {Username}' makes such lines"
	} else if hint == "" {
		hint = "the keys here are " + strings.Join(known, ", ")
	}
	r.fault(at, message, hint)
}

// scalar reads a value that is text.
func (r *jsonRow) scalar(at int, what string) (string, bool) {
	if !r.expect(what, "text") {
		return "", false
	}
	text := r.str()
	if strings.ContainsRune(text, utf8.RuneError) && bytes.Contains(bytes.ToLower(r.text[at:r.at]), []byte(`\ud`)) {
		r.fault(at, what+" holds half of a surrogate pair", "")
		return "", false
	}
	return text, true
}

// expect reports whether the next value is of a kind. If not, it records a fault
// and skips the value.
func (r *jsonRow) expect(what, kind string) bool {
	at, is := r.start(), r.kind()
	if is != kind {
		r.skip()
		r.fault(at, what+" is "+is+", not "+kind, "")
	}
	return is == kind
}

func (r *jsonRow) metadata(at int) {
	metadata := map[string]string{}
	if !r.expect("clientMetadata", "an object") {
		return
	}
	r.keys(map[string]int{}, func(at int, key string) {
		value := r.start()
		if text, ok := r.scalar(value, "a value of clientMetadata"); ok {
			r.problem(at, checkMetadata(key, text))
			metadata[key] = text
		}
	})
	r.entry.metadata = metadata
	r.entry.metadataPlace = Place{r.entry.place.File, r.entry.place.Line, columnOf(r.text, at)}
}

func (r *jsonRow) password(at int) {
	r.entry.password.place = Place{r.entry.place.File, r.entry.place.Line, columnOf(r.text, at)}
	if r.text[at] == '{' && !r.aws {
		r.entry.password.ref = r.passwordKind(at)
		return
	}
	text, ok := r.scalar(at, "password")
	if ok {
		r.problem(at, checkPassword(text))
	}
	r.entry.password.ref.Kind = RowPassword
	r.entry.password.row = NewSecret(text)
}

// passwordKind reads {"env": NAME}, {"file": PATH} or {"generate": {…}}.
func (r *jsonRow) passwordKind(at int) PasswordRef {
	var ref PasswordRef
	count := 0
	r.keys(map[string]int{}, func(at int, key string) {
		count++
		value := r.start()
		switch {
		case key == "generate":
			ref = r.recipe()
		case key == "env" || key == "file":
			ref.Kind = map[string]PasswordKind{"env": EnvPassword, "file": FilePassword}[key]
			ref.Name, _ = r.scalar(value, key)
			if ref.Name == "" || strings.ContainsRune(ref.Name, 0) {
				r.fault(value, key+" is empty or holds a NUL", "")
			}
		default:
			r.skip()
			r.fault(at, "a key that password does not have", `a password is text, {"env": NAME}, {"file": PATH} or {"generate": {}}`)
		}
	})
	if count != 1 {
		r.fault(at, "password names no place, or more than one", "")
	}
	return ref
}

// awsAction finds the action that the input of an AWS CLI command asks for.
func (r *jsonRow) awsAction(at int) {
	_, sets := r.keyAt["Password"]
	permanentAt, permanent := r.keyAt["Permanent"]
	switch {
	case sets && r.permanent:
		r.entry.action = SetPermanent
	case sets:
		r.entry.action = SetTemporary
	case permanent:
		r.fault(permanentAt, "Permanent without Password", "")
	default:
		r.entry.action = Reset
	}
}
