package bulk

import (
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"cogpass/report"
)

// PasswordFormat is how revealed passwords are written.
type PasswordFormat string

// The formats. Each writes a password exactly as it is, also one that a
// spreadsheet would take for a formula.
const (
	PasswordCSV       PasswordFormat = "csv"
	PasswordJSONLines PasswordFormat = "jsonl"
)

// PasswordFormats are all formats.
var PasswordFormats = []PasswordFormat{PasswordCSV, PasswordJSONLines}

// ParsePasswordFormat reads the name of a format.
func ParsePasswordFormat(name string) (PasswordFormat, error) {
	if f := PasswordFormat(name); slices.Contains(PasswordFormats, f) {
		return f, nil
	}
	return "", fmt.Errorf("unknown format %q", name)
}

// WritePasswords writes passwords.
func WritePasswords(w io.Writer, f PasswordFormat, rows iter.Seq2[Revealed, error]) error {
	out, err := newPasswordWriter(w, f)
	for row, bad := range rows {
		if err == nil {
			err = bad
		}
		if err == nil {
			err = out.write(&row)
		}
		if err != nil {
			return err
		}
	}
	return errors.Join(err, out.flush())
}

// WritePasswordFile writes passwords to a file that it makes, with mode 0600.
// A file that is there already is left alone, and one that could not be written
// whole is removed.
func WritePasswordFile(path string, f PasswordFormat, rows iter.Seq2[Revealed, error]) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return placeError(path, err)
	}
	file, err := createPrivate(path)
	if err != nil {
		return placeError(path, err)
	}
	err = WritePasswords(file, f, rows)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		_ = os.Remove(path) // it may hold passwords; the first error says what is wrong
	}
	return err
}

// SplitPasswords writes a file for each user, with mode 0600, into a folder that
// it makes, with mode 0700. A folder that is there already is left alone, and
// one that could not be filled is removed.
func SplitPasswords(dir string, f PasswordFormat, rows iter.Seq2[Revealed, error]) (err error) {
	dir = filepath.Clean(dir)
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return placeError(dir, err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return placeError(dir, err)
	}
	defer func() {
		if err != nil {
			_ = os.RemoveAll(dir)
		}
	}()
	var file *os.File
	var out *passwordWriter
	end := func() error {
		if file == nil {
			return nil
		}
		return errors.Join(out.flush(), file.Close())
	}
	last := int64(-1)
	for row, err := range rows {
		if err == nil && row.Seq != last { // those of one task follow each other
			if err = end(); err == nil {
				file, out, err = newUserFile(dir, row.Username, f)
			}
			last = row.Seq
		}
		if err == nil {
			err = out.write(&row)
		}
		if err != nil {
			return errors.Join(err, end())
		}
	}
	return end()
}

func newUserFile(dir, username string, f PasswordFormat) (*os.File, *passwordWriter, error) {
	file, err := createPrivate(filepath.Join(dir, userFileName(username)+"."+string(f)))
	if err != nil {
		return nil, nil, err
	}
	out, err := newPasswordWriter(file, f)
	if err != nil {
		return nil, nil, errors.Join(err, file.Close())
	}
	return file, out, nil
}

func createPrivate(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
}

// placeError is the error of a file or folder that cannot be made.
func placeError(path string, err error) error {
	if errors.Is(err, fs.ErrExist) {
		return fail(BadReport, "%s is there already", report.Visible(path))
	}
	return fmt.Errorf("writing passwords: %w", err)
}

// maxUserFileName leaves room for an extension in the 255 bytes that most file
// systems have for a name.
const maxUserFileName = 200

// userFileName returns a name for a user's file, another for each user, also
// where file systems take upper and lower case or forms of a letter for the same. Lower
// case letters, digits and some marks stand for themselves, any other byte
// is %xx; a long one is cut, and ends in %% and a digest of the whole.
func userFileName(username string) string {
	var b strings.Builder
	for i := range len(username) {
		c := username[i]
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', i > 0 && (c == '.' || c == '-'), c == '@', c == '_', c == '+':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02x", c)
		}
	}
	name := b.String()
	if stem, _, _ := strings.Cut(name, "."); isDeviceName(stem) {
		name = fmt.Sprintf("%%%02x", name[0]) + name[1:]
	}
	if len(name) > maxUserFileName {
		digest := sha256.Sum256([]byte(username))
		end := "%%" + hex.EncodeToString(digest[:])
		name = name[:maxUserFileName-len(end)] + end
	}
	return name
}

// isDeviceName reports whether Windows takes a name for a device, whatever its
// extension.
func isDeviceName(stem string) bool {
	if len(stem) == 4 && stem[3] >= '0' && stem[3] <= '9' {
		stem = stem[:3] + "0"
	}
	return slices.Contains([]string{"con", "prn", "aux", "nul", "com0", "lpt0"}, stem)
}

// passwordWriter writes passwords in a format.
type passwordWriter struct {
	csv  *csv.Writer
	json *json.Encoder
}

func newPasswordWriter(w io.Writer, f PasswordFormat) (*passwordWriter, error) {
	if f == PasswordJSONLines {
		encoder := json.NewEncoder(w)
		encoder.SetEscapeHTML(false)
		return &passwordWriter{json: encoder}, nil
	}
	out := &passwordWriter{csv: csv.NewWriter(w)}
	return out, out.csv.Write([]string{"seq", "username", "password", "outcome"})
}

func (p *passwordWriter) write(r *Revealed) error {
	if p.json != nil {
		return p.json.Encode(struct {
			Seq      int64  `json:"seq"`
			Username string `json:"username"`
			Password string `json:"password"`
			Outcome  string `json:"outcome"`
		}{r.Seq, r.Username, r.Password.Reveal(), r.Outcome.String()})
	}
	return p.csv.Write([]string{strconv.FormatInt(r.Seq, 10), r.Username, r.Password.Reveal(), r.Outcome.String()})
}

func (p *passwordWriter) flush() error {
	if p.csv == nil {
		return nil
	}
	p.csv.Flush()
	return p.csv.Error()
}
