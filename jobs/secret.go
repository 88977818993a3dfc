package jobs

// Secret holds a password. However it is printed, logged or encoded, what
// comes out is "[secret]"; only Reveal gives the text. The zero value is no
// password. It is a struct around a pointer because fmt does not call the
// methods of a value in an unexported field: a string would print in full.
type Secret struct{ text *string }

// NewSecret wraps a password.
func NewSecret(text string) Secret { return Secret{&text} }

// Reveal returns the password, or "" where there is none.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// IsZero reports whether there is no password.
func (s Secret) IsZero() bool { return s.text == nil }

const redacted = "[secret]"

func (s Secret) String() string               { return redacted }
func (s Secret) GoString() string             { return redacted }
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
