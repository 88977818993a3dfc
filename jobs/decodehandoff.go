package jobs

import (
	"bufio"
	"errors"
	"io"
	"strings"

	"cogpass/jobs/yamldoc"
)

// The keys of handoff.
var (
	handoffKeys = []string{"age", "secretsManager", "command", "timeout"}
	ageKeys     = []string{"recipients", "file", "passphrase"}
	secretKeys  = []string{"name", "kmsKeyId", "tags", "region"}
)

const handoffHint = "write {age: [recipients]}, {secretsManager: {}} or {command: [program, args]}; or none, to throw passwords away"

func (d *decoder) decodeHandoff(fields map[string]field) {
	f, ok := fields["handoff"]
	if !ok {
		return
	}
	d.job.handoffAt = d.place(f.key)
	n := follow(f.value)
	if n.Kind != yamldoc.Mapping {
		if text, ok := d.scalar(n, "handoff"); ok && text != "none" {
			d.fault(n, handoffHint, "handoff is neither none nor a mapping")
		}
		d.job.Handoff.None = true
		return
	}
	before := d.faults.Len()
	of, _ := d.fields(n, "handoff", handoffKeys)
	h := &d.job.Handoff
	ways := 0
	if f, ok := of["age"]; ok {
		ways++
		h.Age = d.decodeAge(f.value)
	}
	if f, ok := of["secretsManager"]; ok {
		ways++
		h.SecretsManager = d.decodeSecretsManager(f.value)
	}
	if f, ok := of["command"]; ok {
		ways++
		h.Command = &CommandHandoff{Args: d.decodeCommand(f.value), Timeout: defaultCommandTimeout}
		d.decodeDuration(of, "timeout", &h.Command.Timeout)
	} else if f, ok := of["timeout"]; ok {
		d.fault(f.key, "leave it out", "timeout is for a command")
	}
	if ways != 1 && d.faults.Len() == before {
		d.fault(n, handoffHint, "handoff names no way, or more than one")
	}
}

func (d *decoder) decodeAge(n *yamldoc.Node) *AgeHandoff {
	a := new(AgeHandoff)
	if follow(n).Kind == yamldoc.Sequence {
		a.Recipients = d.decodeRecipients(n)
		return a
	}
	of, ok := d.fields(n, "age", ageKeys)
	if !ok {
		return a
	}
	if f, ok := of["recipients"]; ok {
		a.Recipients = d.decodeRecipients(f.value)
	}
	if n, path, ok := d.textOf(of, "file"); ok && d.notEmpty(n, "file", path) {
		a.File = path
		d.checkRecipientsFile(n, path)
	}
	_, recipients := of["recipients"]
	_, file := of["file"]
	switch f, ok := of["passphrase"]; {
	case ok:
		d.decodePassphrase(f, a)
		if recipients || file {
			d.fault(f.key, "a password is sealed with a passphrase or to recipients", "passphrase beside recipients")
		}
	case !recipients && !file:
		d.fault(follow(n), "name recipients, or a file of them", "age without recipients")
	}
	return a
}

func (d *decoder) decodePassphrase(f field, a *AgeHandoff) {
	before := d.faults.Len()
	of, _ := d.fields(f.value, "passphrase", []string{"env"})
	n, name, ok := d.textOf(of, "env")
	if !ok || !d.notEmpty(n, "env", name) {
		if d.faults.Len() == before {
			d.fault(follow(f.value), "write {env: NAME}", "passphrase names no place")
		}
		return
	}
	a.PassphraseEnv = name
	d.job.warnings = append(d.job.warnings, Fault{Place: d.place(f.key), Message: "passwords are sealed with a passphrase, which takes a second for each",
		Hint: "it is for tests: use recipients"})
}

func (d *decoder) decodeRecipients(n *yamldoc.Node) (all []string) {
	list, ok := d.list(n, "recipients")
	if ok && len(list) == 0 {
		d.fault(follow(n), "name one at least", "no recipients")
	}
	for _, n := range list {
		if text, ok := d.scalar(n, "a recipient"); ok && d.problem(follow(n), d.recipient(text)) {
			all = append(all, text)
		}
	}
	return all
}

func (d *decoder) recipient(text string) problem {
	check := d.job.opt.CheckRecipient
	if p := checkRecipient(text); p.found() || check == nil {
		return p
	}
	message, hint := check(text)
	return problem{message, hint}
}

// checkRecipientsFile checks the recipients in a file, one a line. It reports the
// first that is none.
func (d *decoder) checkRecipientsFile(n *yamldoc.Node, path string) {
	f, err := openFile(d.job.resolve(path))
	if err != nil {
		d.fault(n, hintOf(err), "cannot read the file of recipients: %s", reasonOf(err))
		return
	}
	defer f.Close()
	lines := bufio.NewScanner(io.NewSectionReader(f, 0, maxRecipientsFile))
	some := false
	for number := 1; lines.Scan(); number++ {
		text := strings.TrimSpace(strings.TrimPrefix(lines.Text(), string(byteOrderMark)))
		if text == "" || text[0] == '#' {
			continue
		}
		some = true
		if p := d.recipient(text); p.found() {
			d.faults.Add(Fault{Place: Place{File: path, Line: number}, Message: p.message, Hint: p.hint})
			return
		}
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		d.fault(n, "", "a line of the file is too long for a recipient")
	case err != nil:
		d.fault(n, "", "cannot read the file of recipients: %s", reasonOf(err))
	case !some:
		d.fault(n, "write one a line", "the file has no recipients")
	}
}

const maxRecipientsFile = 1 << 20

func (d *decoder) decodeSecretsManager(n *yamldoc.Node) *SecretsManagerHandoff {
	s := &SecretsManagerHandoff{Name: defaultSecretName}
	of, _ := d.fields(n, "secretsManager", secretKeys)
	if n, text, ok := d.textOf(of, "name"); ok && d.problem(n, checkSecretName(text)) {
		s.Name = text
	}
	if n, text, ok := d.textOf(of, "kmsKeyId"); ok && d.notEmpty(n, "kmsKeyId", text) {
		if s.KMSKeyID = text; len(text) > maxKMSKeyID || !isGraphic(text) {
			d.fault(n, "name its ID, its ARN or an alias", "this is not the name of a key of KMS")
		}
	}
	if n, text, ok := d.textOf(of, "region"); ok {
		if s.Region = text; !regionForm.MatchString(text) {
			d.fault(n, "as us-west-2", "this is not a Region")
		}
	}
	f, ok := of["tags"]
	if !ok {
		return s
	}
	pairs, _ := d.pairs(f.value, "tags")
	if len(pairs) > maxSecretTags {
		d.fault(f.key, "", "%d tags; a secret can have %d beside cogpass's own", len(pairs), maxSecretTags)
	}
	s.Tags = map[string]string{}
	for _, f := range pairs {
		if value, ok := d.scalar(f.value, "the value of a tag"); ok && d.problem(f.key, checkTag(f.key.Value, value)) {
			s.Tags[f.key.Value] = value
		}
	}
	return s
}

func (d *decoder) decodeCommand(n *yamldoc.Node) (args []string) {
	list, ok := d.list(n, "command")
	if ok && len(list) == 0 {
		d.fault(follow(n), "write [program, args]", "command is empty")
	}
	for i, n := range list {
		text, ok := d.scalar(n, "an argument of command")
		switch {
		case !ok:
		case i == 0 && text == "":
			d.fault(follow(n), "", "the program is empty")
		case strings.ContainsRune(text, 0):
			d.fault(follow(n), "", "an argument of command holds a NUL")
		default:
			args = append(args, text)
		}
	}
	return args
}

// checkHandoff holds what is generated and the hand-off against each other.
func (r *reading) checkHandoff() {
	j := r.job
	said := j.handoffAt
	switch {
	case r.generated != (Place{}) && said == (Place{}):
		r.report(Fault{Place: r.generated, Message: "passwords are generated, and the job does not say who gets them", Hint: "give the job a handoff: " + handoffHint})
	case r.generated == (Place{}) && said != (Place{}):
		r.warn(Fault{Place: said, Message: "a handoff, and no password is generated"})
	}
}
