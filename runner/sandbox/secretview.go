package sandbox

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Secret is a secret of the stand-in of Secrets Manager.
type Secret struct {
	Name        string            `json:"name"`
	ARN         string            `json:"arn"`
	Description string            `json:"description,omitempty"`
	KMSKey      string            `json:"kmsKeyId,omitempty"`
	Tags        map[string]string `json:"tags,omitempty"`
	Deleted     bool              `json:"deleted,omitempty"` // marked for deletion
	Value       string            `json:"value"`             // of AWSCURRENT: what a reader gets
	Versions    []SecretVersion   `json:"versions"`          // in the order in which they were made
}

// SecretVersion is one version of a Secret.
type SecretVersion struct {
	ID      string    `json:"id"`
	Stages  []string  `json:"stages"` // sorted
	Created time.Time `json:"created"`
	Value   string    `json:"-"`
}

// Secrets returns all secrets, sorted by name.
func (s *Server) Secrets() []Secret {
	s.secrets.mu.Lock()
	defer s.secrets.mu.Unlock()
	all := make([]Secret, 0, len(s.secrets.byName))
	for _, x := range s.secrets.sorted() {
		all = append(all, x.export())
	}
	return all
}

// sorted returns all secrets, by their names and then their accounts.
func (s *secrets) sorted() []*secret {
	return slices.SortedFunc(maps.Values(s.byName), func(a, b *secret) int {
		return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.account, b.account))
	})
}

// Secret returns the secret of that name, of whatever account, or the zero Secret.
func (s *Server) Secret(name string) Secret {
	s.secrets.mu.Lock()
	defer s.secrets.mu.Unlock()
	for id, x := range s.secrets.byName {
		if id.name == name {
			return x.export()
		}
	}
	return Secret{}
}

func (x *secret) export() Secret {
	out := Secret{
		Name: x.name, ARN: x.arn, Description: x.description, KMSKey: x.kmsKey, Tags: maps.Clone(x.tags),
		Deleted: x.deleted != 0, Versions: []SecretVersion{},
	}
	for id, v := range x.versions {
		out.Versions = append(out.Versions, SecretVersion{ID: id, Stages: x.stagesOf(id), Created: time.UnixMilli(v.created).UTC(), Value: v.value})
	}
	slices.SortFunc(out.Versions, func(a, b SecretVersion) int { return a.Created.Compare(b.Created) })
	if current := x.versions[x.stages[stageCurrent]]; current != nil {
		out.Value = current.value
	}
	return out
}

// describeSecret works for a secret that is marked for deletion too.
func (s *Server) describeSecret(c *call) (any, *Error) {
	x, err := s.secrets.find(c)
	if err != nil {
		return nil, err
	}
	return x.describe(), nil
}

// listSecrets returns all secrets of the caller's account in one page.
func (s *Server) listSecrets(c *call) (any, *Error) {
	list := []any{}
	for _, x := range s.secrets.sorted() {
		if x.account == c.home() && x.deleted == 0 {
			list = append(list, x.describe())
		}
	}
	return map[string]any{"SecretList": list}, nil
}

func (x *secret) describe() map[string]any {
	out := map[string]any{"ARN": x.arn, "Name": x.name, "CreatedDate": epoch(x.created), "VersionIdsToStages": x.labelled()}
	if x.description != "" {
		out["Description"] = x.description
	}
	if x.kmsKey != "" {
		out["KmsKeyId"] = x.kmsKey
	}
	if x.deleted != 0 {
		out["DeletedDate"] = epoch(x.deleted)
	}
	tags := []secretTag{}
	for _, key := range slices.Sorted(maps.Keys(x.tags)) {
		tags = append(tags, secretTag{key, x.tags[key]})
	}
	out["Tags"] = tags
	return out
}
