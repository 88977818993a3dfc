package jobs

import (
	"slices"
	"strings"

	"cogpass/jobs/yamldoc"
)

// mask finds the scalars of a job file that a snippet must not show: the
// passwords, and the values of keys that are not known, as each may be one
// under a misspelt name. It looks at the document alone, so that nothing the
// decoder leaves out is missed.
type mask struct {
	nodes  []*yamldoc.Node // all
	secret map[*yamldoc.Node]bool
}

// maskContext says which keys are known where a walk stands.
type maskContext uint8

const (
	plainContext    maskContext = iota
	freeContext                 // any key is
	passwordContext             // those of a password are
	secretContext               // none is, and all is hidden
)

func (m *mask) walk(n *yamldoc.Node, in maskContext) {
	if in == secretContext {
		if n.Kind == yamldoc.Alias {
			m.hide(n.Alias)
		}
		m.secret[n] = true
	}
	if n.Kind == yamldoc.Scalar && in == passwordContext {
		m.secret[n] = true
	}
	if n.Kind == yamldoc.Alias && in == passwordContext {
		m.hide(n.Alias)
	}
	m.nodes = append(m.nodes, n)
	if n.Kind != yamldoc.Mapping {
		for _, child := range n.Content {
			m.walk(child, in)
		}
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		of := contextOf(follow(key).Value, follow(value), in)
		if in == passwordContext && !slices.Contains(passwordKinds, follow(key).Value) {
			m.walk(key, secretContext)
		} else {
			m.walkKey(key, in)
		}
		m.walk(value, of)
	}
}

// walkKey visits a key, which is hidden only where all is.
func (m *mask) walkKey(key *yamldoc.Node, in maskContext) {
	if in == passwordContext {
		in = freeContext
	}
	m.walk(key, in)
}

// hide marks an anchored node that a secret refers to, and all below it.
func (m *mask) hide(n *yamldoc.Node) {
	if m.secret[n] {
		return
	}
	m.secret[n] = true
	for _, child := range n.Content {
		m.hide(follow(child))
	}
}

func contextOf(key string, value *yamldoc.Node, in maskContext) maskContext {
	switch {
	case in == secretContext:
		return secretContext
	case in == passwordContext && (key == "env" || key == "file") && value.Kind == yamldoc.Scalar:
		return freeContext
	case in == passwordContext:
		return secretContext
	case key == "password" && in == plainContext:
		return passwordContext
	case likePassword(key):
		return secretContext
	case in == freeContext, key == "columns", key == "clientMetadata":
		return freeContext
	case knownKey(key):
		return plainContext
	}
	return secretContext
}

func knownKey(key string) bool {
	return slices.Contains(jobKeys, key) || slices.Contains(userKeys, key) || slices.Contains(csvKeys, key) ||
		slices.Contains(jsonlKeys, key) || slices.Contains(limitKeys, key) || slices.Contains(retryKeys, key)
}

// likePassword reports whether a key or a text may name a password.
func likePassword(text string) bool {
	text = strings.ToLower(text)
	for _, part := range [...]string{"pass", "pw", "secret"} {
		if strings.Contains(text, part) {
			return true
		}
	}
	return nearest(text, []string{"password"}) != ""
}
