package jobs_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cogpass/jobs"
)

// drawnUser is a user of a random job.
type drawnUser struct {
	name, password string
	action         jobs.Action
	metadata       map[string]string
	attributes     map[string]string // of one that may be made
	signOut        jobs.SignOutRule
}

var (
	drawnName     = rapid.StringMatching(`[\p{L}\p{N}\p{P}\p{S}]{1,20}`)
	drawnPassword = rapid.StringMatching(`[!-~é]([ -~ü]{0,20}[!-~])?`)
	drawnText     = rapid.StringMatching(`[ -~é\n]{1,10}`)
)

func drawUsers(t *rapid.T) []drawnUser {
	names := rapid.SliceOfNDistinct(drawnName, 1, 20, rapid.ID[string]).Draw(t, "names")
	users := make([]drawnUser, len(names))
	for i, name := range names {
		u := drawnUser{name: name, action: rapid.SampledFrom([]jobs.Action{jobs.SetTemporary, jobs.SetPermanent, jobs.Reset}).Draw(t, "action")}
		if u.action.Sets() {
			u.password = drawnPassword.Draw(t, "password")
		} else if rapid.Bool().Draw(t, "has metadata") {
			u.metadata = map[string]string{"k": drawnText.Draw(t, "value")}
		}
		if u.action.Sets() && rapid.Bool().Draw(t, "may be made") {
			u.attributes = map[string]string{"email": drawnText.Draw(t, "email")}
		}
		u.signOut = rapid.SampledFrom([]jobs.SignOutRule{jobs.NoSignOut, jobs.SignOutIfOK, jobs.SignOutAlways}).Draw(t, "sign out")
		users[i] = u
	}
	return users
}

// signOutWords are the rules as a job writes them.
var signOutWords = [...]string{jobs.NoSignOut: "false", jobs.SignOutIfOK: "true", jobs.SignOutAlways: "always"}

func asYAML(users []drawnUser) string {
	var b strings.Builder
	for _, u := range users {
		name, _ := json.Marshal(u.name) // a JSON string is one of YAML too
		fmt.Fprintf(&b, "  - username: %s\n    action: %s\n", name, u.action)
		if u.password != "" {
			password, _ := json.Marshal(u.password)
			fmt.Fprintf(&b, "    password: %s\n", password)
		}
		for k, v := range u.metadata {
			fmt.Fprintf(&b, "    clientMetadata: {%s: %s}\n", k, strconv.QuoteToASCII(v))
		}
		fmt.Fprintf(&b, "    signOut: %s\n", signOutWords[u.signOut])
		for k, v := range u.attributes {
			fmt.Fprintf(&b, "    ifMissing: create\n    attributes: {%s: %s}\n", k, strconv.QuoteToASCII(v))
		}
	}
	return b.String()
}

func asCSV(users []drawnUser) string {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Write([]string{"username", "action", "password", "clientMetadata.k", "signOut", "attributes.email"})
	for _, u := range users {
		w.Write([]string{u.name, u.action.String(), u.password, u.metadata["k"], signOutWords[u.signOut], u.attributes["email"]})
	}
	w.Flush()
	return b.String()
}

func asJSONL(users []drawnUser, aws bool) string {
	var b strings.Builder
	for _, u := range users {
		row := map[string]any{"username": u.name, "action": u.action.String(), "signOut": signOutWords[u.signOut]}
		if u.attributes != nil {
			row["attributes"], row["ifMissing"] = u.attributes, "create"
		}
		if aws {
			row = map[string]any{"Username": u.name}
		}
		keys := map[bool][2]string{false: {"password", "clientMetadata"}, true: {"Password", "ClientMetadata"}}[aws]
		if u.password != "" {
			row[keys[0]] = u.password
		}
		if u.metadata != nil {
			row[keys[1]] = u.metadata
		}
		if aws && u.action.Sets() {
			row["Permanent"] = u.action == jobs.SetPermanent
		}
		text, _ := json.Marshal(row)
		b.Write(append(text, '\n'))
	}
	return b.String()
}

// TestRoundTrip writes random users in each form a job may have, and reads
// the same users back, with their passwords.
func TestRoundTrip(t *testing.T) {
	path := jobIn(t, "")
	users := filepath.Join(filepath.Dir(path), "users")
	rapid.Check(t, func(rt *rapid.T) {
		want := drawUsers(rt)
		for form, text := range map[string]string{"csv": asCSV(want), "jsonl": asJSONL(want, false), "aws": asJSONL(want, true), "yaml": asYAML(want)} {
			job := map[string]string{"csv": "  - {csv: users, ifMissing: create}\n", "jsonl": "  - jsonl: users\n", "aws": "  - jsonl: users\n", "yaml": text}[form]
			write(t, path, head+"caseSensitive: true\nusers:\n"+job)
			write(t, users, text)
			if err := sameUsers(path, want, form); err != nil {
				rt.Errorf("%s: %v\n%s", form, err, text)
			}
		}
	})
}

func sameUsers(path string, want []drawnUser, form string) error {
	job, err := jobs.Open(path, jobs.Options{})
	if err != nil {
		return err
	}
	var tasks []jobs.Task
	reading := job.Tasks(context.Background())
	for task, err := range reading.All() {
		if err != nil {
			return err
		}
		tasks = append(tasks, task)
	}
	p, err := jobs.OpenPasswords(context.Background(), []string{filepath.Dir(path)}, reading.Sources(), jobs.Options{Salt: job.Salt})
	if err != nil {
		return err
	}
	defer p.Close()
	if len(tasks) != len(want) {
		return fmt.Errorf("got %d tasks, want %d", len(tasks), len(want))
	}
	for i, task := range tasks {
		u := want[i]
		got, err := p.Get(task)
		if err != nil || task.Username != u.name || task.Action != u.action || !maps.Equal(task.ClientMetadata, u.metadata) || got.Reveal() != u.password {
			return fmt.Errorf("got %s, %q, %v, want %v", describe(task), got.Reveal(), err, u)
		}
		if form == "aws" { // which has no steps beside the action
			continue
		}
		made := u.attributes != nil || form == "csv" && u.action.Sets() // a CSV's source says it of all
		if (task.Create != nil) != made || made && !maps.Equal(task.Create.Attributes, u.attributes) || task.SignOut != u.signOut {
			return fmt.Errorf("got %s, %d, want %v", describe(task), task.SignOut, u)
		}
	}
	return nil
}
