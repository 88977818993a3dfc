package bulk

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"cogpass/jobs"
	"cogpass/report"
	"cogpass/runner"
	"cogpass/runner/cognito"
	"cogpass/runner/handover"
	"cogpass/runner/runfile"
	"cogpass/runner/sealed"
)

// A workshop makes the generated passwords of a plan, and knows who is to have
// them.
type workshop struct {
	policy  jobs.Policy
	makers  map[string]*jobs.Generator // by recipe
	kind    string                     // of the hand-off, as a job has it
	handoff runner.Handoff             // nil: the run file keeps them, or nobody
	seal    *sealed.Recipients         // nil: the run file does not keep them
	lane    jobs.Category
	timeout time.Duration
}

// generates reports whether the plan makes passwords.
func (p *Plan) generates() bool {
	return p.Tally.Steps[runner.Prepare] > 0 || p.Info.Steps[runner.Prepare] > 0
}

// openWorkshop makes ready what makes passwords and hands them over. Where the
// pool's policy cannot be met, the error has the places.
func (p *Plan) openWorkshop(ctx context.Context, t *target) (*workshop, error) {
	w := &workshop{policy: p.passwordPolicy(&t.pool, t.known), makers: map[string]*jobs.Generator{}}
	if !p.generates() {
		return w, nil
	}
	if err := w.tools(p.tasks(ctx)); err != nil {
		return nil, err
	}
	return w, p.handTo(w, t.client)
}

// handTo has a workshop know who is to have the passwords.
func (p *Plan) handTo(w *workshop, client *cognito.Client) error {
	h := &p.Info.Handoff
	w.kind = h.Kind()
	switch {
	case h.None:
	case h.Age != nil:
		return p.sealing(w, h.Age)
	case h.SecretsManager != nil:
		return p.storing(w, client, h.SecretsManager)
	case h.Command != nil:
		w.lane, w.timeout = commandLane, h.Command.Timeout+commandOver
		dir := p.Info.JobDir // as all that the job names is relative to it
		if _, err := os.Stat(dir); err != nil {
			dir = ""
		}
		w.handoff = handover.Command{Dir: dir, Args: h.Command.Args, Timeout: h.Command.Timeout, PoolID: p.Info.UserPoolID, Run: p.Info.Name}
		if p.opt.Sandbox {
			p.opt.notice("in the sandbox no password is handed to %s", report.Visible(h.Command.Args[0]))
			w.handoff = nowhere{}
		}
	default:
		return fail(Refused, "passwords are to be generated, and the plan does not say who gets them")
	}
	return nil
}

// commandLane is that of programs, which have no quota.
const commandLane jobs.Category = "command"

// commandOver is how much later than its own timeout a program is given up: it is
// to be said that the program took too long.
const commandOver = 5 * time.Second

// passwordPolicy is what the pool asks of passwords, as far as is known.
func (p *Plan) passwordPolicy(pool *cognito.Pool, known bool) jobs.Policy {
	switch {
	case known:
		return pool.Policy
	case p.Info.PasswordPolicy != nil:
		return *p.Info.PasswordPolicy
	}
	return jobs.DefaultPolicy
}

// tools makes a generator for each recipe of the tasks.
func (w *workshop) tools(tasks func(func(jobs.Task, error) bool)) error {
	faults := new(jobs.Faults)
	for task, err := range tasks {
		if err != nil {
			return err
		}
		if task.Password.Kind != jobs.GeneratedPassword || w.makers[task.Password.Name] != nil {
			continue
		}
		maker, err := w.maker(task.Password.Name)
		if err != nil {
			fault := jobs.Fault{Message: err.Error()}
			errors.As(err, &fault)
			fault.Place = task.Place
			faults.Add(fault)
		}
		w.makers[task.Password.Name] = maker
	}
	return faults.OrNil()
}

func (w *workshop) maker(recipe string) (*jobs.Generator, error) {
	r, err := jobs.ParseRecipe(recipe)
	if err != nil {
		return nil, err
	}
	return r.Generator(w.policy)
}

// make is runner.Options.Generate.
func (w *workshop) make(t runner.Task) (version string, password jobs.Secret, err error) {
	maker := w.makers[t.Recipe]
	if maker == nil {
		if maker, err = w.maker(t.Recipe); err != nil {
			return "", jobs.Secret{}, fmt.Errorf("making a password: %w", err)
		}
		w.makers[t.Recipe] = maker
	}
	return newVersion(), maker.Password(), nil
}

// newVersion returns a random UUID.
func newVersion() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// sealing has the run file keep passwords for recipients of age.
func (p *Plan) sealing(w *workshop, h *jobs.AgeHandoff) (err error) {
	if h.PassphraseEnv == "" {
		w.seal, err = sealed.ParseRecipients(h.Recipients) // as was approved; who was added since gets what there is by then
		return err
	}
	text, ok := "", false
	if p.opt.LookupEnv != nil {
		text, ok = p.opt.LookupEnv(h.PassphraseEnv)
	}
	if !ok {
		return fail(Refused, "the environment has no variable %s, whose passphrase seals the passwords", report.Visible(h.PassphraseEnv))
	}
	w.seal, err = sealed.Passphrase(jobs.NewSecret(text))
	return err
}

// keep has a run file keep the passwords that are sealed.
func (w *workshop) keep(file *runfile.File) {
	if w.seal == nil {
		return
	}
	file.SealWith(func(attempts []runner.Intent) ([]byte, error) {
		passwords := make([]runner.Handover, len(attempts))
		for n := range attempts {
			i := &attempts[n]
			passwords[n] = runner.Handover{Seq: i.Seq, Username: i.Username, Version: i.Version, Password: i.Password}
		}
		return w.seal.Seal(passwords...)
	})
}

// equip gives the engine what it needs for passwords.
func (w *workshop) equip(opt *runner.Options, p *Plan) {
	opt.Generate, opt.Handoff, opt.HandoffLane, opt.HandoffTimeout = w.make, w.handoff, w.lane, w.timeout
	if w.lane == jobs.SecretsManager {
		opt.Lanes = maps.Clone(opt.Lanes)
		if opt.Lanes == nil {
			opt.Lanes = map[jobs.Category]float64{}
		}
		opt.Lanes[w.lane] = p.RateOf(w.lane)
	}
}

// fill gives a task the password that it is to have, where that is generated: now,
// where nobody is to have it.
func (w *workshop) fill(task *runner.Task, ref jobs.PasswordRef) (err error) {
	task.Recipe = ref.Name
	if w.kind != "none" {
		task.Generated = true
		return nil
	}
	_, task.Password, err = w.make(*task)
	return err
}

// nowhere is the hand-off to a program that is not to be started.
type nowhere struct{}

func (nowhere) Prepare(context.Context, runner.Handover) (runner.Answer, error) {
	return runner.Answer{}, nil
}

func (nowhere) Confirm(context.Context, runner.Handover) (runner.Answer, error) {
	return runner.Answer{}, nil
}

func (nowhere) Abandon(context.Context, runner.Handover) (runner.Answer, error) {
	return runner.Answer{}, nil
}

// resolved is a job's hand-off as a run file keeps it: without files that may
// change.
func resolved(job *jobs.Job) (jobs.Handoff, error) {
	h := job.Handoff
	if h.Age == nil || h.Age.File == "" {
		return h, nil
	}
	age := *h.Age
	path := age.File
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(job.Path), path)
	}
	file, err := os.Open(path)
	if err != nil {
		return h, jobs.Fault{Place: jobs.Place{File: age.File}, Message: "the recipients cannot be read: " + err.Error()}
	}
	defer file.Close()
	found, err := sealed.ReadRecipients(file)
	if err != nil {
		return h, jobs.Fault{Place: jobs.Place{File: age.File}, Message: err.Error()}
	}
	age.Recipients, age.File = append(age.Recipients[:len(age.Recipients):len(age.Recipients)], found.Strings()...), ""
	h.Age = &age
	return h, nil
}

// A Recipe says how many passwords a plan makes in one way, and how hard they are
// to guess.
type Recipe struct {
	Passwords int64
	Permanent bool // some of them are for good
	Bits      float64
	Words     int // of a passphrase; 0: characters
	Length    int
}

// LeastBits is how hard to guess a password should be.
func (r *Recipe) LeastBits() float64 {
	if r.Permanent {
		return 80
	}
	return 64
}

// Recipes are the ways in which the plan makes passwords, for the policy as far as
// it is known.
func (p *Plan) Recipes() (all []Recipe) {
	w := workshop{policy: p.passwordPolicy(&p.reached.pool, p.reached.known)}
	for _, text := range slices.Sorted(maps.Keys(p.Tally.recipes)) {
		uses := p.Tally.recipes[text]
		recipe, err := jobs.ParseRecipe(text)
		if err != nil {
			continue
		}
		maker, err := w.maker(text)
		if err != nil {
			continue // who runs it is told
		}
		all = append(all, Recipe{uses.passwords, uses.permanent, math.Floor(maker.Entropy()), recipe.Words, maker.Length()})
	}
	return all
}

// HandedTo says where the passwords that the plan makes go, after a "go".
func (p *Plan) HandedTo() string {
	switch h := &p.Info.Handoff; {
	case h.None:
		return "to nobody: they are thrown away"
	case h.Age != nil && h.Age.PassphraseEnv != "":
		return "into the run file, sealed with age by a passphrase"
	case h.Age != nil:
		names := h.Age.Recipients
		if r, err := sealed.ParseRecipients(names); err == nil {
			names = r.Names()
		}
		return "into the run file, sealed with age to " + strings.Join(names, ", ")
	case h.SecretsManager != nil:
		return "to AWS Secrets Manager, as " + h.SecretsManager.Name
	case h.Command != nil:
		return "to the program " + h.Command.Args[0]
	}
	return ""
}

// storing has AWS Secrets Manager keep passwords.
func (p *Plan) storing(w *workshop, client *cognito.Client, h *jobs.SecretsManagerHandoff) error {
	cfg := cognito.SecretsConfig{PoolID: p.Info.UserPoolID, NameTemplate: h.Name, KMSKeyID: h.KMSKeyID, Tags: h.Tags, Region: h.Region}
	if p.opt.Sandbox {
		cfg.EndpointURL = client.Endpoint()
	}
	store, err := client.Secrets(cfg)
	if err != nil {
		return err
	}
	w.handoff, w.lane = store, jobs.SecretsManager
	return nil
}

// checking is how the plan's new passwords are tried.
func (p *Plan) checking() (cognito.Check, error) {
	c := p.Info.Check
	if c == nil {
		return cognito.Check{}, nil
	}
	secret, err := p.passwords.Get(jobs.Task{Password: c.ClientSecret})
	return cognito.Check{ClientID: c.ClientID, ClientSecret: secret, Admin: c.Admin}, err
}
