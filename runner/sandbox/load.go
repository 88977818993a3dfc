package sandbox

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// poolFile is the format that Load reads.
type poolFile struct {
	Accounts map[string]string `json:"accounts"` // of access keys
	Pools    []struct {
		Pool
		Users []userLine `json:"users"`
	} `json:"pools"`
}

// userLine is a user as Load and the control path take them.
type userLine struct {
	Pool       string            `json:"pool"` // on the control path
	Username   string            `json:"username"`
	Sub        string            `json:"sub"`
	Status     string            `json:"status"`
	Enabled    *bool             `json:"enabled"` // missing is true
	Attributes map[string]string `json:"attributes"`
	Groups     []string          `json:"groups"`
	Password   string            `json:"password"`
	MFA        string            `json:"mfa"`
}

func (l *userLine) user() (User, error) {
	if l.Username == "" {
		return User{}, errors.New("a user without a username")
	}
	if _, ok := parseStatus(l.Status); !ok {
		return User{}, fmt.Errorf("user %q: unknown status %q", l.Username, l.Status)
	}
	if _, err := parseFactor(l.MFA); err != nil {
		return User{}, fmt.Errorf("user %q: mfa %q: %w", l.Username, l.MFA, err)
	}
	return User{
		Username: l.Username, Sub: l.Sub, Status: l.Status, Enabled: l.Enabled == nil || *l.Enabled,
		Attributes: l.Attributes, Groups: l.Groups, Password: l.Password, MFA: l.MFA,
	}, nil
}

// Load adds the pools and users of a JSON description, whose format is in
// docs/sandbox.md. It adds nothing if any of it is wrong.
func (s *Server) Load(r io.Reader) error {
	text, err := readObject(r)
	if err != nil {
		return err
	}
	var file poolFile
	if err := decodeStrictly(text, &file); err != nil {
		return err
	}
	for key, account := range file.Accounts {
		if err := checkAccount(key, account); err != nil {
			return err
		}
	}
	users := make([][]User, len(file.Pools))
	for i, p := range file.Pools {
		if err := checkPool(p.Pool); err != nil {
			return err
		}
		seen := map[string]bool{}
		for _, line := range p.Users {
			u, err := line.user()
			if err == nil && seen[u.Username] {
				err = fmt.Errorf("user %q is there twice", u.Username)
			}
			if err != nil {
				return fmt.Errorf("pool %s: %w", p.ID, err)
			}
			seen[u.Username] = true
			users[i] = append(users[i], u)
		}
	}
	for key, account := range file.Accounts {
		s.SetAccount(key, account)
	}
	for i, p := range file.Pools {
		s.AddPool(p.Pool)
		for _, u := range users[i] {
			s.AddUser(p.ID, u)
		}
	}
	return nil
}

const maxDescription = 1 << 30 // bytes that Load reads at most; enough for millions of users

// readObject reads a JSON object. Of anything else it reads only the beginning:
// a device has no end.
func readObject(r io.Reader) ([]byte, error) {
	in := bufio.NewReader(io.LimitReader(r, maxDescription+1))
	head, _ := in.Peek(512)
	if first := bytes.TrimLeft(head, " \t\r\n"); len(first) > 0 && first[0] != '{' {
		return nil, errors.New("line 1: want a JSON object, which begins with {")
	}
	text, err := io.ReadAll(in)
	if len(text) > maxDescription {
		return nil, fmt.Errorf("more than %d bytes", maxDescription)
	}
	return text, err
}

func checkPool(p Pool) error {
	var wrong violations
	wrong.text("id", p.ID, maxPoolID, poolIDPattern)
	if err := wrong.err(); err != nil {
		return fmt.Errorf("pool %q: want an ID such as us-west-2_aaaaaaaaa", p.ID)
	}
	if p.Account != "" && !accountPattern.MatchString(p.Account) {
		return fmt.Errorf("pool %s: account %q: want 12 digits", p.ID, p.Account)
	}
	if err := checkClients(p); err != nil {
		return err
	}
	for _, way := range p.Recovery {
		if _, ok := media[way]; !ok && way != "admin_only" {
			return fmt.Errorf("pool %s: recovery %q: want verified_email, verified_phone_number or admin_only", p.ID, way)
		}
	}
	return nil
}

// decodeStrictly decodes one JSON value, without unknown fields.
func decodeStrictly(text []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		line := 1 + bytes.Count(text[:min(int(decoder.InputOffset()), len(text))], []byte("\n"))
		return fmt.Errorf("line %d: %w", line, err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return errors.New("more than one JSON value")
	}
	return nil
}
