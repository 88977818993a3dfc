package jobs

import (
	"slices"
	"strings"

	"cogpass/jobs/yamldoc"
)

// defaults are the settings that a job, a source or an entry may give for its
// tasks. One that is not given is zero.
type defaults struct {
	action        Action
	actionFaulty  bool // an action was given, and its fault is recorded
	password      given
	metadata      map[string]string
	metadataPlace Place

	signOut, enable, ifMissing, invite choice
	attributes                         map[string]string
	creationPlace                      Place // of what is said of a user that may be made
}

// given is a password and where it is asked for.
type given struct {
	ref   PasswordRef
	row   Secret // the password itself, where it stands in a row
	place Place
}

func (d *decoder) decodeDefaults(fields map[string]field) (of defaults) {
	if f, ok := fields["action"]; ok {
		of.actionFaulty = true
		if text, ok := d.scalar(f.value, "action"); ok {
			action, p := checkAction(text)
			of.action, of.actionFaulty = action, !d.problem(follow(f.value), p)
		}
	}
	if f, ok := fields["password"]; ok {
		of.password = d.decodePassword(f.value)
	}
	if f, ok := fields["clientMetadata"]; ok {
		of.metadata = d.decodeMetadata(f.value)
		of.metadataPlace = d.place(f.key)
	}
	d.decodeSteps(fields, &of)
	return of
}

// decodeSteps reads what is to be done beside the action.
func (d *decoder) decodeSteps(fields map[string]field, of *defaults) {
	of.signOut = d.decodeChoice(fields, "signOut")
	of.enable = d.decodeChoice(fields, "enable")
	of.ifMissing = d.decodeChoice(fields, "ifMissing")
	of.invite = d.decodeChoice(fields, "invite")
	if f, ok := fields["attributes"]; ok {
		of.attributes = d.decodeAttributes(f)
	}
	for _, key := range [...]string{"invite", "attributes", "ifMissing"} {
		if f, ok := fields[key]; ok {
			of.creationPlace = d.place(f.key)
		}
	}
	if of.signOut > 1 && of.action.Spec().SignsOut {
		d.fault(fields["signOut"].key, "leave it out", "signOut beside %s, which does nothing else", of.action)
	}
}

func (d *decoder) decodePassword(n *yamldoc.Node) given {
	n = follow(n)
	if n.Kind == yamldoc.Mapping {
		return given{ref: d.decodePasswordKind(n), place: d.place(n)}
	}
	text, ok := d.scalar(n, "password")
	if !ok || !d.problem(n, checkPassword(text)) {
		return given{ref: PasswordRef{Kind: faultyPassword}, place: d.place(n)}
	}
	if d.literals == 0 {
		d.literal = d.place(n)
	}
	if n.LineComment != "" && n.Style&yamldoc.QuotedStyle == 0 {
		d.job.warnings = append(d.job.warnings, Fault{Place: d.place(n), Message: "a comment follows this password",
			Hint: "put quotes around a password that holds a blank and #"})
	}
	if kind, _, cut := strings.Cut(text, ":"); cut && slices.Contains(passwordKinds, strings.ToLower(kind)) {
		d.job.warnings = append(d.job.warnings, Fault{Place: d.place(n), Message: "this password is taken as it is written",
			Hint: "to have it read from elsewhere, write {env: NAME} or {file: PATH}, with a blank after the colon"})
	}
	d.literals++
	return given{ref: PasswordRef{Kind: LiteralPassword, Line: n.Line, Column: n.Column}, place: d.place(n)}
}

// faultyPassword stands for a password whose fault is recorded, so that it is not
// reported as missing too. No task has it.
const faultyPassword PasswordKind = 255

func (d *decoder) decodePasswordKind(n *yamldoc.Node) PasswordRef {
	const hint = "a password is text, {env: NAME}, {file: PATH} or {generate: {}}"
	faulty := PasswordRef{Kind: faultyPassword}
	for i := 0; i < len(n.Content); i += 2 {
		key := follow(n.Content[i])
		if key.Value != "<<" && !slices.Contains(passwordKinds, key.Value) && nearest(key.Value, passwordKinds) == "" {
			d.fault(key, hint, "a key that password does not have") // which may be the password itself
			return faulty
		}
	}
	before := d.faults.Len()
	fields, _ := d.fields(n, "password", passwordKinds)
	env, isEnv := fields["env"]
	file := fields["file"]
	recipe, isRecipe := fields["generate"]
	switch {
	case d.faults.Len() > before:
	case len(fields) != 1:
		d.fault(n, hint, "password names no place, or more than one")
	case isRecipe:
		return d.decodeRecipe(recipe.value)
	case isEnv:
		if name, ok := d.scalar(env.value, "env"); ok && d.notEmpty(env.value, "env", name) {
			return PasswordRef{Kind: EnvPassword, Name: name}
		}
	default:
		if path, ok := d.scalar(file.value, "file"); ok && d.notEmpty(file.value, "file", path) {
			return PasswordRef{Kind: FilePassword, Name: path}
		}
	}
	return faulty
}

func (d *decoder) notEmpty(n *yamldoc.Node, what, text string) bool {
	switch {
	case text == "":
		d.fault(follow(n), "", "%s is empty", what)
	case strings.ContainsRune(text, 0):
		d.fault(follow(n), "", "%s holds a NUL", what)
	default:
		return true
	}
	return false
}

func (d *decoder) decodeMetadata(n *yamldoc.Node) map[string]string {
	pairs, _ := d.pairs(n, "clientMetadata")
	metadata := map[string]string{}
	for _, f := range pairs {
		value, ok := d.scalar(f.value, "a value of clientMetadata")
		if ok && d.problem(f.key, checkMetadata(f.key.Value, value)) {
			metadata[f.key.Value] = value
		}
	}
	return metadata
}
