package bulk

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"cogpass/jobs"
	"cogpass/report"
	"cogpass/runner"
	"cogpass/runner/runfile"
	"cogpass/runner/sealed"
)

// Revealed is a password that was opened: the user's where the task is ok, and
// one that may be theirs where it is unknown.
type Revealed struct {
	Seq      int64
	Username string
	Password jobs.Secret
	Outcome  runner.Outcome
}

// RevealOptions say which passwords are revealed. The zero value opens none.
type RevealOptions struct {
	Identities *sealed.Identities
	User       string // as the plan names them; empty: all
}

// Opened says what has come of revealing, or resealing, passwords.
type Opened struct {
	Passwords int64
	Unknown   int64 // how many of these are of tasks that are unknown
	Elsewhere int64 // passwords that another store has
	Pending   int64 // tasks that are not done, of whose passwords none is among these
}

// A SealedToOthers is the error of passwords that none of the identities opens.
type SealedToOthers struct {
	Passwords int64
	Some      bool     // others were opened
	Readers   []string // who may read them, as sealed.Recipients.Names has them
}

func (e *SealedToOthers) Error() string {
	if e.Some {
		return fmt.Sprintf("%d of the passwords are sealed to others: %v", e.Passwords, sealed.ErrNoMatch)
	}
	return fmt.Sprintf("the passwords are sealed to others: %v", sealed.ErrNoMatch)
}

func (e *SealedToOthers) Unwrap() error { return sealed.ErrNoMatch }

// revealing is one reading of sealed passwords.
type revealing struct {
	opt     RevealOptions
	readers []string
	opened  Opened
	foreign int64
	damage  []error                    // the first of what is damaged
	damaged int                        // how much that is
	sealed  map[int64]sealed.Passwords // opened, by where they are in the run file
}

// keepOpened is how many openings are kept for the passwords that were sealed together.
const keepOpened = 256

// reveal opens passwords and hands them to write, which is not called where
// none can be opened that should be. What is damaged is left out; of that, the
// error tells the first, after write has returned nil.
func (r *revealing) reveal(ctx context.Context, rows iter.Seq2[runfile.Candidate, error], write func(iter.Seq2[Revealed, error]) error) (Opened, error) {
	next, stop := iter.Pull2(r.open(ctx, rows))
	defer stop()
	row, err, more := next() // before anything is written
	switch {
	case err != nil:
		return r.opened, err
	case !more && r.foreign == 0 && r.damaged == 0 && r.opened.Elsewhere == 0 && r.opt.User != "":
		return r.opened, fail(Refused, "the run holds no password of %s", report.Visible(r.opt.User))
	case !more && r.foreign > 0:
		return r.opened, r.failed()
	}
	err = write(func(yield func(Revealed, error) bool) {
		for more && yield(row, err) && err == nil {
			row, err, more = next()
		}
	})
	if err != nil {
		return Opened{}, err // nobody has got them
	}
	return r.opened, r.failed()
}

// open yields the passwords that the identities open. It ends with the first
// error that is not about one password.
func (r *revealing) open(ctx context.Context, rows iter.Seq2[runfile.Candidate, error]) iter.Seq2[Revealed, error] {
	return func(yield func(Revealed, error) bool) {
		for c, err := range rows {
			if ctx.Err() != nil {
				err = context.Cause(ctx)
			}
			if err != nil && r.isDamage(err) {
				continue
			}
			if err != nil {
				yield(Revealed{}, err)
				return
			}
			if password, ok := r.openOne(&c); ok && !yield(Revealed{c.Seq, c.Username, password, c.Outcome}, nil) {
				return
			}
		}
	}
}

// openOne opens a password, or counts why it cannot be.
func (r *revealing) openOne(c *runfile.Candidate) (jobs.Secret, bool) {
	if r.opt.User != "" && r.opt.User != c.Username {
		return jobs.Secret{}, false
	}
	if c.Sealed.ID == 0 {
		r.opened.Elsewhere++
		return jobs.Secret{}, false
	}
	together, err := r.openSealed(c.Sealed)
	var password jobs.Secret
	if err == nil {
		password, err = together.Of(runner.Handover{Seq: c.Seq, Username: c.Username, Version: c.Version})
	}
	switch {
	case errors.Is(err, sealed.ErrNoMatch):
		r.foreign++
		return jobs.Secret{}, false
	case err != nil:
		r.isDamage(fmt.Errorf("task %d (%s): %w", c.Seq, jobs.Visible(c.Username), err))
		return jobs.Secret{}, false
	}
	r.opened.Passwords++
	if c.Outcome == unknown {
		r.opened.Unknown++
	}
	return password, true
}

// openSealed opens passwords that were sealed together, once for all of them.
func (r *revealing) openSealed(s runfile.Sealed) (sealed.Passwords, error) {
	if opened, is := r.sealed[s.ID]; is {
		return opened, nil
	}
	opened, err := r.opt.Identities.Open(s.Bytes)
	if err != nil {
		return nil, err
	}
	if r.sealed == nil || len(r.sealed) == keepOpened {
		r.sealed = map[int64]sealed.Passwords{}
	}
	r.sealed[s.ID] = opened
	return opened, nil
}

// maxDamaged is how much of what is damaged is named.
const maxDamaged = 20

// isDamage reports whether an error is about damage, and keeps the first ones.
func (r *revealing) isDamage(err error) bool {
	if !errors.Is(err, runfile.ErrDamaged) && !errors.Is(err, sealed.ErrDamaged) {
		return false
	}
	if r.damaged++; r.damaged <= maxDamaged {
		r.damage = append(r.damage, err)
	}
	return true
}

// failed says what could not be opened.
func (r *revealing) failed() error {
	var errs []error
	if r.foreign > 0 {
		errs = append(errs, &SealedToOthers{r.foreign, r.opened.Passwords > 0, r.readers})
	}
	if r.damaged > 0 {
		errs = append(errs, &Error{Kind: Damaged, Err: &damages{r.damage, r.damaged}})
	}
	return errors.Join(errs...)
}

// damages names what is damaged, as far as there is room.
type damages struct {
	first []error
	all   int
}

func (d *damages) Error() string {
	if d.all == 1 {
		return d.first[0].Error()
	}
	parts := make([]string, 0, len(d.first)+1)
	for _, err := range d.first {
		parts = append(parts, err.Error())
	}
	if more := d.all - len(d.first); more > 0 {
		parts = append(parts, fmt.Sprintf("and %s more", report.Number(int64(more))))
	}
	return fmt.Sprintf("%s are damaged: %s", report.Number(int64(d.all)), strings.Join(parts, "; "))
}

func (d *damages) Unwrap() []error { return d.first }

// resealBatch is how many sealings are kept at a time.
const resealBatch = 100

// reseal seals passwords to other recipients and hands them to keep. It goes
// no further than the first that the identities do not open; what is damaged
// stays as it is.
func (r *revealing) reseal(ctx context.Context, rows iter.Seq2[runfile.Sealed, error], to *sealed.Recipients, keep func([]runfile.Sealed) error) (Opened, error) {
	var batch []runfile.Sealed
	for s, err := range rows {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		var passwords sealed.Passwords
		if err == nil {
			passwords, err = r.opt.Identities.Open(s.Bytes)
		}
		switch {
		case errors.Is(err, sealed.ErrNoMatch):
			r.foreign++
			return r.opened, r.failed()
		case err != nil && r.isDamage(err):
			continue
		case err != nil:
			return r.opened, err
		}
		if s.Bytes, err = to.Seal(passwords...); err != nil {
			return r.opened, err
		}
		r.opened.Passwords += int64(len(passwords))
		if batch = append(batch, s); len(batch) == resealBatch {
			if err := keep(batch); err != nil {
				return r.opened, err
			}
			batch = batch[:0]
		}
	}
	if len(batch) > 0 {
		if err := keep(batch); err != nil {
			return r.opened, err
		}
	}
	return r.opened, r.failed()
}

// moreReaders returns the readers that a run has, and others.
func moreReaders(has, more []string) (*sealed.Recipients, error) {
	added, err := sealed.ParseRecipients(more)
	if err != nil {
		return nil, err
	}
	if len(has) == 0 {
		return nil, fail(Refused, "the run seals no passwords")
	}
	present, err := sealed.ParseRecipients(has)
	if err != nil {
		return nil, fmt.Errorf("those who may read the passwords: %w", err)
	}
	return sealed.Join(present, added)
}
