package jobs

import (
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// Handoff says how generated passwords get to their readers. One of its fields is
// set; of the zero value none: the job does not say. It may be stored as JSON.
type Handoff struct {
	None           bool                   `json:",omitempty"` // nobody gets them
	Age            *AgeHandoff            `json:",omitempty"`
	SecretsManager *SecretsManagerHandoff `json:",omitempty"`
	Command        *CommandHandoff        `json:",omitempty"`
}

// AgeHandoff seals passwords to recipients, with age. Either there are Recipients,
// a File or both, or there is a passphrase.
type AgeHandoff struct {
	Recipients    []string `json:",omitempty"` // native ones and SSH public keys
	File          string   `json:",omitempty"` // with one recipient a line; relative to the job file
	PassphraseEnv string   `json:",omitempty"` // the environment variable that has it; for tests only
}

// SecretsManagerHandoff stores passwords in AWS Secrets Manager.
type SecretsManagerHandoff struct {
	Name     string            // of a secret, with {username} in it once, and {pool} where wanted
	KMSKeyID string            `json:",omitempty"` // of new secrets; empty: AWS's own key
	Tags     map[string]string `json:",omitempty"` // of new secrets
	Region   string            `json:",omitempty"` // empty: the pool's
}

// CommandHandoff gives passwords to a program.
type CommandHandoff struct {
	Args    []string      // the program and its arguments
	Timeout time.Duration // of each start
}

// Kind returns the word that a job has for the hand-off, or "" for the zero value.
func (h *Handoff) Kind() string {
	switch {
	case h.None:
		return "none"
	case h.Age != nil:
		return "age"
	case h.SecretsManager != nil:
		return "secretsManager"
	case h.Command != nil:
		return "command"
	}
	return ""
}

const (
	defaultSecretName     = "cognito/{pool}/{username}"
	defaultCommandTimeout = 30 * time.Second
	usernameMark          = "{username}"

	// Of the 512 characters of a secret's name and its 50 tags. Source: API
	// reference, CreateSecret. The rest is for usernames and for tags of our own.
	maxSecretName = 256
	maxSecretTags = 48
	maxKMSKeyID   = 2048
)

var (
	secretNameForm = regexp.MustCompile(`^[A-Za-z0-9/_+=.@-]*$`)
	secretNameEnd  = regexp.MustCompile(`-.{6}$`)
	tagKeyForm     = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$`)
	tagValueForm   = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$`)
	regionForm     = regexp.MustCompile(`^[a-z]{2,}(-[a-z]+)+-[0-9]$`)
)

func checkSecretName(template string) problem {
	before, after, _ := strings.Cut(template, usernameMark)
	literal := strings.ReplaceAll(before+after, "{pool}", "")
	switch {
	case strings.Count(template, usernameMark) != 1:
		return problem{"the name of a secret has to have {username} in it, once", "each user has a secret, as " + defaultSecretName}
	case !secretNameForm.MatchString(literal):
		return problem{"the name of a secret has ASCII letters, digits and /_+=.@- beside {username} and {pool}", ""}
	case len(literal) > maxSecretName-maxPoolID:
		return problem{"the name of a secret is too long to leave room for usernames", ""}
	case secretNameEnd.MatchString(after):
		return problem{"the name of a secret ends in a hyphen and six characters", "AWS adds such an end of its own"}
	}
	return problem{}
}

func checkTag(key, value string) problem {
	low := strings.ToLower(key)
	switch {
	case strings.HasPrefix(low, "aws:") || strings.HasPrefix(low, "cogpass:"):
		return problem{"this tag's name is reserved", ""}
	case !tagKeyForm.MatchString(key) || !tagValueForm.MatchString(value):
		return problem{"a tag has letters, digits, spaces and _.:/=+-@: 1 to 128 in its name, 256 at most in its value", ""}
	}
	return problem{}
}

// checkRecipient refuses what is no recipient of age by its looks alone.
func checkRecipient(text string) problem {
	low := strings.ToLower(strings.TrimSpace(text))
	switch {
	case strings.HasPrefix(low, "age-secret-key-"), strings.Contains(low, "private key"):
		return problem{"this is a secret key, which stays with its owner", "name the recipient, age1…, that age-keygen -y prints for it"}
	case !utf8.ValidString(text) || !strings.HasPrefix(low, "age1") && !strings.HasPrefix(low, "ssh-ed25519 ") && !strings.HasPrefix(low, "ssh-rsa "):
		return problem{"this is no recipient of age", "one begins with age1, ssh-ed25519 or ssh-rsa"}
	}
	return problem{}
}
