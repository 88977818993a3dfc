package jobs

import (
	"cmp"
	"fmt"
	"strings"
)

// task makes a user into a task, with the defaults of its source and the job.
func (r *reading) task(e *entry, of *part) {
	key := r.folder.key(e.username)
	r.names.add(key)
	t := Task{Username: strings.Clone(e.username), Place: e.place, Source: of.index} // a row holds more than the name
	t.Skip = r.guardOf(t.Username)
	r.fill(&t, e, of)
	r.emit(t)
}

// template makes the task that all users of a pool source get.
func (r *reading) template(of *part) {
	e := entry{place: of.place}
	t := Task{Place: of.place, Source: of.index}
	r.fill(&t, &e, of)
	r.templates[of.index] = t
}

// fill says in a task what is to be done.
func (r *reading) fill(t *Task, e *entry, of *part) {
	t.Action = r.action(e, of)
	spec := t.Action.Spec()
	if !t.Action.Known() {
		if !e.actionFaulty && !of.actionFaulty && !r.job.defaults.actionFaulty {
			r.report(Fault{Place: e.place, Message: "no action for this " + e.what(), Hint: "give the user, its source or the job an action"})
		}
		return
	}
	if spec.Password {
		t.Password = r.password(e, of)
	} else if e.password.ref.Kind != NoPassword {
		r.report(Fault{Place: e.at(e.password.place), Message: t.Action.String() + " takes no password", Hint: "leave it out, or choose another action"})
	}
	if spec.Password {
		t.Create = r.creation(e, of)
	}
	r.checkCreation(e, t)
	if spec.Metadata || t.Create != nil {
		t.ClientMetadata = r.merged.of(r.job.defaults.metadata, of.metadata, e.metadata)
	} else if len(e.metadata) > 0 {
		r.report(Fault{Place: e.at(e.metadataPlace), Message: t.Action.String() + " takes no clientMetadata", Hint: "leave it out, or choose another action"})
	}
	r.steps(t, e, of, &spec)
}

// steps says in a task what is to be done beside its action.
func (r *reading) steps(t *Task, e *entry, of *part, spec *ActionSpec) {
	d := &r.job.defaults
	switch {
	case !spec.SignsOut:
		t.SignOut = SignOutRule(cmp.Or(e.signOut, of.signOut, d.signOut).index())
	case e.signOut > 1 && of.index > 0: // the job file's own were told of as it was read
		r.report(Fault{Place: e.place, Message: "signOut beside " + t.Action.String() + ", which does nothing else", Hint: "leave it out"})
	}
	if !spec.Enables && !spec.Disables {
		t.Enable = cmp.Or(e.enable, of.enable, d.enable) == second
	} else if e.enable == second {
		r.report(Fault{Place: e.place, Message: t.Action.String() + " takes no enable", Hint: "leave it out, or choose another action"})
	}
	t.Recheck = r.job.Where.Recheck
	r.permanent = r.permanent || spec.Permanent
	t.Check = r.job.Check != nil && spec.Permanent
	if t.Skip != "" {
		t.Create, t.Enable, t.Recheck, t.SignOut, t.Check = nil, false, false, NoSignOut, false
	}
	r.lookUp = r.lookUp || t.Create != nil || t.Enable
}

// what is named by an entry: a user, or all users of a source.
func (e *entry) what() string {
	if e.username == "" {
		return "source"
	}
	return "user"
}

// action returns a user's action. A row must not contradict its source or the
// job: one in the form of the AWS CLI without a password would become a reset.
func (r *reading) action(e *entry, of *part) Action {
	stated := cmp.Or(of.action, r.job.defaults.action)
	if of.index > 0 && e.action != 0 && stated != 0 && e.action != stated {
		r.report(Fault{Place: e.place, Message: fmt.Sprintf("this row is for %s, and its source or the job says %s", e.action, stated),
			Hint: "let the rows say it, and neither the source nor the job; or give this row what they say"})
	}
	return cmp.Or(e.action, stated)
}

// at returns a place within the entry, or that of the username if it is not
// known.
func (e *entry) at(place Place) Place {
	if place.Line == 0 {
		return e.place
	}
	return place
}

// password returns where a user's password is. It checks one that is in a file or
// the environment, and how one is made.
func (r *reading) password(e *entry, of *part) PasswordRef {
	for _, from := range [...]*given{&e.password, &of.password, &r.job.defaults.password} {
		switch from.ref.Kind {
		case NoPassword:
			continue
		case EnvPassword, FilePassword, GeneratedPassword:
			if from.ref.Kind == GeneratedPassword && r.generated == (Place{}) {
				r.generated = e.at(from.place)
			}
			checked, known := r.checked[from.ref]
			if !known {
				checked = r.check(from.ref)
				r.checked[from.ref] = checked
				if checked.found() {
					r.report(Fault{Place: e.at(from.place), Message: checked.message, Hint: checked.hint})
				}
			}
			return checked.ref
		case RowPassword:
			return PasswordRef{Kind: RowPassword, Mark: mark(r.job.Salt, from.row)}
		}
		return from.ref
	}
	r.report(Fault{Place: e.place, Message: "no password for this " + e.what(), Hint: "give the user, its source or the job a password"})
	return PasswordRef{}
}

func (r *reading) emit(t Task) {
	r.seq++
	t.Seq = r.seq
	if t.Skip == "" {
		r.named++
	}
	switch t.Password.Kind {
	case LiteralPassword:
		r.sources[0].Passwords++
	case RowPassword:
		r.sources[t.Source].Passwords++
	}
	if r.faults.Len() == 0 && !r.stopped {
		r.stopped = !r.yield(t, nil)
	}
}
