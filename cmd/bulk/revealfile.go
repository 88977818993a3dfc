package bulk

import (
	"context"
	"errors"
	"iter"

	"cogpass/runner"
	"cogpass/runner/runfile"
	"cogpass/runner/sealed"
)

// Reveal opens the passwords that are sealed in the run file and hands them to
// write, in the order of the plan: those of tasks that are ok, and every one
// that may be the user's of tasks that are unknown. It does not call write where
// none of them can be opened (*SealedToOthers) or the user has none (*Error of
// kind Refused). What is damaged is left out; of that, the error names the first
// 20, of kind Damaged, after write has returned nil.
func (r *Recorded) Reveal(ctx context.Context, opt RevealOptions, write func(iter.Seq2[Revealed, error]) error) (Opened, error) {
	if err := r.file.Freeze(); err != nil {
		return Opened{}, err
	}
	one := &revealing{opt: opt, readers: readerNames(r.Info.Readers)}
	one.opened.Pending = r.Counts.ByOutcome[runner.Pending]
	return one.reveal(ctx, r.file.Candidates(), write)
}

// Reseal seals all passwords that a run file has, also those that Reveal does not
// show, to more readers, who are named as sealed.ParseRecipients takes them. Those who could read
// them still can. Where it ends early, some are sealed anew and some are not, and it
// can be done again. A run that is going on has a *runfile.HeldError.
func Reseal(ctx context.Context, path string, ids *sealed.Identities, more []string) (_ Opened, err error) {
	file, err := runfile.Open(path, runfile.OpenOptions{})
	if err != nil {
		return Opened{}, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	info, err := file.Info()
	if err != nil {
		return Opened{}, err
	}
	to, err := moreReaders(info.Readers, more)
	if err != nil {
		return Opened{}, err
	}
	one := &revealing{opt: RevealOptions{Identities: ids}, readers: readerNames(info.Readers)}
	return one.reseal(ctx, file.Seals(), to, func(batch []runfile.Sealed) error { return file.Reseal(to.Strings(), batch) })
}

func readerNames(readers []string) []string {
	if r, err := sealed.ParseRecipients(readers); err == nil {
		return r.Names()
	}
	return nil
}
