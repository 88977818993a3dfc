package sandbox

import (
	"strings"
	"unicode/utf8"
)

// filter is a parsed Filter of ListUsers. The zero value takes every user.
type filter struct {
	attribute string
	value     string
	prefix    bool // ^=, else =
}

// filterAttributes are the attributes that ListUsers can search by.
var filterAttributes = map[string]bool{
	"username": true, "email": true, "phone_number": true, "name": true, "given_name": true, "family_name": true,
	"preferred_username": true, "cognito:user_status": true, "status": true, "sub": true,
}

// parseFilter reads `attribute = "value"` or `attribute ^= "value"`, where a
// backslash stands before a quotation mark or a backslash of the value.
func parseFilter(text string) (filter, *Error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return filter{}, nil
	}
	name, rest, ok := strings.Cut(text, "=")
	name, prefix := strings.CutSuffix(name, "^")
	f := filter{attribute: strings.Trim(strings.TrimSpace(name), `"`), prefix: prefix}
	if !ok {
		return filter{}, invalidParameter("Error while parsing filter.")
	}
	if !filterAttributes[f.attribute] {
		return filter{}, invalidParameter("Invalid search attribute: %s", f.attribute)
	}
	if f.value, ok = unquote(strings.TrimSpace(rest)); !ok {
		return filter{}, invalidParameter("Error while parsing filter.")
	}
	return f, nil
}

// unquote reads a value in quotation marks that ends with the text.
func unquote(text string) (string, bool) {
	if len(text) < 2 || text[0] != '"' || !utf8.ValidString(text) {
		return "", false
	}
	var value strings.Builder
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '"':
			return value.String(), i == len(text)-1
		case '\\':
			if i++; i == len(text) {
				return "", false
			}
		}
		value.WriteByte(text[i])
	}
	return "", false
}

// takes reports whether the filter takes a user in that state, in a pool that
// ignores case or does not. A search by username never does. Source: the API
// reference of ListUsers.
func (f filter) takes(u *user, at state, folded bool) bool {
	value, want := "", f.value
	switch f.attribute {
	case "":
		return true
	case "username":
		value = u.name
	case "status":
		value = "Disabled"
		if at.enabled {
			value = "Enabled"
		}
	case "cognito:user_status":
		value, want = at.status.String(), strings.ToUpper(want)
	default:
		given := false
		if value, given = u.attribute(f.attribute); !given {
			return false
		}
	}
	if folded && (f.attribute == "email" || f.attribute == "preferred_username") {
		value, want = strings.ToLower(value), strings.ToLower(want)
	}
	if f.prefix {
		return strings.HasPrefix(value, want)
	}
	return value == want
}
